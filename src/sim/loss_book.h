// Keeps every lost request with what was true at that moment, and waits for the proxies that were wrong to hear so.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "sim/losses.h"
#include "sim/state.h"

namespace spotkeeper::sim {

class LossBook {
 public:
  explicit LossBook(World::State& world) : world_(world) {}

  /// Whose request it was, and where it went.
  struct Way {
    std::uint64_t id = 0;
    Instant sent;
    Instant tried;
    std::uint32_t tries = 1;
    NoRetry no_retry = NoRetry::NeverTries;
    ClientStyle style = ClientStyle::New;
    ServiceId service = kNone;
    MachineId proxy = kNone;  // or kLoadBalancer; kNone: over a kept connection
    PodId pod = kNone;        // kNone: the proxy knew no endpoint
  };
  /// `missing` where the caller knows it (losses.h); of a proxy that was wrong it is found later.
  void note(const Way& way, Outcome outcome, std::optional<Duration> missing);
  /// A proxy has just been asked: those of its beliefs that cost something may be over.
  void asked(ServiceId service, MachineId proxy);
  /// What has been noted so far, in the order in which it was sent, with what every proxy has heard by now.
  [[nodiscard]] const std::vector<LostRequest>& losses();

 private:
  using Belief = std::tuple<ServiceId, MachineId, PodId>;
  void close(const Belief& belief, const std::vector<std::size_t>& held);
  [[nodiscard]] Instant heard_at(ServiceId service, MachineId proxy, PodId pod) const;

  World::State& world_;
  std::vector<LostRequest> losses_;                   // in the order in which they were lost
  std::vector<LostRequest> ordered_;                  // as of the last call of losses()
  std::map<Belief, std::vector<std::size_t>> wrong_;  // places in `losses_`
};

}  // namespace spotkeeper::sim
