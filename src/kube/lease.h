// One leader among several candidates, by a Lease object (coordination.k8s.io/v1), compatible with client-go's leader
// election.
//
// Nobody's clock is compared with anybody else's: a lease is held to be expired when its record has not changed for its
// own duration on *our* steady clock, which goes on while a machine is suspended. A leader believes in itself only up
// to the fence: the start of its last successful renewal + the lease's duration − a margin. What must not be done
// twice is checked against the fence when it is done, because nothing else stops a leader that was out cold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "model/names.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::kube {

/// LeaseSpec as far as election reads and writes it. What else the object has stays as it is (preferredHolder,
/// strategy, labels): updates are patches.
struct LeaseRecord {
  std::string holder;  // empty: released
  std::chrono::seconds duration{15};
  std::optional<Instant> acquired;
  std::optional<Instant> renewed;
  std::int32_t transitions = 0;
  ResourceVersion version;  // of the object that was read
  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

/// How leases are read and written; the client's own implementation bypasses its limiter and has its own connection.
class LeaseApi {
 public:
  LeaseApi() = default;
  LeaseApi(const LeaseApi&) = delete;
  LeaseApi& operator=(const LeaseApi&) = delete;
  virtual ~LeaseApi() = default;

  virtual net::Task<Result<LeaseRecord>> get_lease(ObjectName lease, Duration limit) = 0;
  /// Conflict if there is one already.
  virtual net::Task<Result<LeaseRecord>> create_lease(ObjectName lease, LeaseRecord record, Duration limit) = 0;
  /// Conflict unless the object still has `record.version`.
  virtual net::Task<Result<LeaseRecord>> update_lease(ObjectName lease, LeaseRecord record, Duration limit) = 0;
};

struct ElectionOptions {
  ObjectName lease;
  std::string identity;           // unique among the candidates and over restarts: host name and a random part
  Duration duration = 15s;        // whole seconds
  Duration renew_deadline = 10s;  // a leader that could not renew for so long steps down
  Duration retry = 2s;
  Duration fence_margin = 1s;
};
/// Names what is wrong: duration > renew_deadline > 1.2 × retry must hold, nothing may be empty.
Result<void> check(const ElectionOptions& options);

class LeaderElector {
 public:
  /// `options` have been checked. The runtime and the API must outlive this object.
  LeaderElector(net::Runtime& runtime, LeaseApi& api, ElectionOptions options, Random random);
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  /// Takes part until it is destroyed: waits for the lease, renews it, and after losing it waits again.
  net::Task<void> run();

  /// True from winning to the fence.
  [[nodiscard]] bool leading() const;
  /// Before this instant nobody else can be leading; none while not leading.
  [[nodiscard]] std::optional<Steady> fence() const;
  /// Who holds the lease as far as is known; empty: nobody.
  [[nodiscard]] const std::string& holder() const { return observed_.holder; }
  /// How often leadership has passed on: a number that grows with each term.
  [[nodiscard]] std::int32_t term() const { return observed_.transitions; }
  /// Notified when leading() changes to true, and when it is given up. That the fence has passed is seen by the clock.
  [[nodiscard]] net::Signal& changed() { return changed_; }

  /// Gives the lease back so that the next leader need not wait for its end. To be called after run()'s task has been
  /// destroyed and all guarded work has stopped. Tries until `limit`; failing is harmless.
  net::Task<void> release(Duration limit);

 private:
  /// One try to win or to keep the lease; true: it is ours.
  net::Task<bool> try_once();
  net::Task<bool> win(LeaseRecord seen, Steady started);
  net::Task<bool> renew_fast(Steady started);
  net::Task<bool> create(Steady started);
  void observe(const LeaseRecord& record);
  void ours(const LeaseRecord& record, Steady started);
  void step_down();
  [[nodiscard]] LeaseRecord our_record(const LeaseRecord& before) const;
  [[nodiscard]] Duration call_limit() const { return options_.renew_deadline / 2; }

  net::Runtime& runtime_;
  LeaseApi& api_;
  ElectionOptions options_;
  Random random_;
  net::Signal changed_;
  LeaseRecord observed_;
  Steady observed_at_{};
  bool seen_ = false;
  bool won_ = false;
  Steady fence_{};
};

}  // namespace spotkeeper::kube
