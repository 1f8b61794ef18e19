// Lost requests one by one: who sent them where, who was wrong about what since when, and how many seconds were
// missing.
//
// Facts only: each was true in the world at the moment of the loss, or, for `heard`, when it came about afterwards. The
// remedy that a fact points to is in the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "format/json.h"
#include "model/names.h"
#include "sim/traffic.h"

namespace spotkeeper::sim {

/// Why the client did not try again.
enum class NoRetry : std::uint8_t {
  NeverTries,  // no client of this load does
  MayTry,      // it did
  MayBeDone,   // the request may have been carried out, and nobody says that it could be twice
  UsedUp,      // it had tried as often as it may
  OverBudget,  // all clients together had
};

/// Of a request that was tried several times the last try, except where it says otherwise.
struct LostRequest {
  std::uint64_t id = 0;  // in the order in which requests were sent, from 1
  Instant sent;          // its first try
  Instant tried;         // its last one
  Instant lost;
  std::uint32_t tries = 1;
  NoRetry no_retry = NoRetry::NeverTries;
  ClientStyle style = ClientStyle::New;
  Outcome outcome = Outcome::Refused;
  ObjectName service;
  std::optional<ObjectName> pod;  // none: the proxy knew no endpoint
  NodeName pod_node;              // where it ran
  bool machine_gone = false;      // that machine is dead
  /// Whose proxy chose the pod; none: a load balancer did, or a kept connection to it was open already.
  std::optional<NodeName> proxy;
  std::string balancer;                // that chose it: "the NLB of shop/web"; else empty
  std::optional<Instant> told_to_end;  // when the API accepted the pod's end
  std::optional<Instant> termed;       // its SIGTERM
  /// Since when whoever sent the request there was wrong: the pod answered no more (or the proxy knew no endpoint).
  std::optional<Instant> wrong_since;
  /// When that proxy heard of it; none: not within the run, or no proxy was wrong.
  std::optional<Instant> heard;
  /// What was missing: of a proxy, from the pod's last answer until it heard; of a request that was cut, what it still
  /// needed; of a late answer, what it came too late. None: no length of time would have kept the request.
  std::optional<Duration> missing;
  std::uint32_t serving = 0;  // requests that the pod was answering
  std::uint32_t waiting = 0;  // and that waited in its queue
};

/// One or two sentences: "proxy on b-3 heard 2.1 s after the pod had stopped answering: a preStop 2.1 s longer would
/// have kept it".
[[nodiscard]] std::string explain(const LostRequest& lost);

/// Times in seconds after `start`.
[[nodiscard]] format::JsonValue to_json(const LostRequest& lost, Instant start);

}  // namespace spotkeeper::sim
