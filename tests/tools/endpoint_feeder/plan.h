// When a load balancer does what the EndpointSlices say, and where it keeps each endpoint. Pure: time is an argument.
//
// An Application Load Balancer hears of an endpoint that goes after its controller's reaction, the API's, and a
// propagation in which it still sends new requests (aws-load-balancer-controller issues 1064, 1719, 2106); of one that
// comes after its health checks, too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "tests/tools/command_line.h"
#include "tests/tools/endpoint_feeder/endpoints.h"

namespace spotkeeper::tools {

/// Each is drawn anew, evenly, for every change of one endpoint; for those that leave and for those that come apart, so
/// that from one seed the first, second, … that leaves is as late whatever comes in between.
struct DelayModel {
  DurationRange controller{1s, 5s};
  DurationRange api{500ms, 2s};
  DurationRange propagation{5s, 25s};
  DurationRange joining{};  // health checks of an endpoint that comes, on top
};

struct Change {
  bool added = false;  // else removed
  Endpoint endpoint;
  Steady seen;
  Duration controller{};
  Duration api{};
  Duration propagation{};
  Duration joining{};
  Steady due;
};

class FeedPlan {
 public:
  FeedPlan(DelayModel model, std::uint64_t seed) : model_(model), leaving_(seed), coming_(~seed) {}

  /// What has changed since the last call, each with the time at which the balancer is to act; never before an earlier
  /// change of the same endpoint. The endpoints of the first call are due at once: the balancer was there before.
  std::vector<Change> observe(const Endpoints& now_there, Steady now);

 private:
  Change change(bool added, const Endpoint& endpoint, Steady now);

  DelayModel model_;
  Random leaving_;
  Random coming_;
  bool first_ = true;
  Endpoints there_;
  std::map<Endpoint, Steady> last_due_;
};

/// The balancer's servers are made before it starts; each is a slot that an endpoint takes.
class SlotTable {
 public:
  /// An endpoint that has left keeps its slot for `drain`, for requests that are under way.
  SlotTable(std::size_t slots, Duration drain) : slots_(slots), drain_(drain) {}

  /// The slot that `endpoint` has got: one that has been free for longest, else the one whose drain began first.
  /// Nothing: all are taken by endpoints that are there.
  std::optional<std::size_t> assign(const Endpoint& endpoint, Steady now);
  /// The slot that is to be drained; nothing: it has none.
  std::optional<std::size_t> release(const Endpoint& endpoint, Steady now);
  /// Slots whose drain is over: free from now on.
  std::vector<std::size_t> expire(Steady now);
  /// When expire() has something to do next.
  [[nodiscard]] std::optional<Steady> next_expiry() const;
  [[nodiscard]] std::size_t used() const;

 private:
  struct Slot {
    enum class State { Free, Used, Draining };
    State state = State::Free;
    Endpoint endpoint;
    Steady since{};
  };
  [[nodiscard]] std::optional<std::size_t> oldest(Slot::State state) const;

  std::vector<Slot> slots_;
  Duration drain_;
};

}  // namespace spotkeeper::tools
