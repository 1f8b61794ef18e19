// Clients and what became of their requests.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/names.h"

namespace spotkeeper::sim {

/// How one request ended. Everything but Answered is a loss.
enum class Outcome : std::uint8_t {
  Answered,
  Refused,      // no endpoint, or nothing listens at the address any more
  Reset,        // the connection went before any byte of an answer: queued in, or kept open by, a program that ended
  Cut,          // it was being answered when the program or the machine died
  Error5xx,     // 503: the pod's queue was full
  Timeout,      // no answer within the client's limit
  Unreachable,  // no connection: the machine is gone
};
inline constexpr std::size_t outcome_count = 7;
[[nodiscard]] std::string_view name_of(Outcome outcome);  // as in the report: "refused", "5xx", …

enum class ClientStyle : std::uint8_t { New, Kept };  // a connection for every request; a pool of kept connections

enum class LoadBalancerType : std::uint8_t { Alb, Nlb };
[[nodiscard]] std::string_view name_of(LoadBalancerType type);  // "ALB", "NLB"

/// Evenly spread over it.
struct DelayRange {
  Duration least{};
  Duration most{};
};

/// What stands before a service for clients outside the cluster (sim/load_balancers.h).
struct LoadBalancerSettings {
  LoadBalancerType type = LoadBalancerType::Alb;
  DelayRange controller{1s, 5s};   // from a changed EndpointSlice to the call of the API
  DelayRange api{500ms, 2s};       // that call
  DelayRange join{15s, 30s};       // from the call to the first request
  DelayRange leave{5s, 25s};       // from the call to the last new connection, or request
  Duration unhealthy_after = 30s;  // of a target that does not answer: its failed health checks
};
/// As in practice.
[[nodiscard]] LoadBalancerSettings usual(LoadBalancerType type);

/// Clients that try again (sim/retries.h). Those of one load share a budget.
struct RetrySettings {
  std::uint32_t most = 0;       // retries of one request; 0: nobody tries again
  double budget = 0.2;          // retries of the last ten seconds, as a share of the first tries in them
  Duration after = 100ms;       // before the first retry; twice as long before each further one, half of it by chance
  Duration connect_limit = 1s;  // a connection to a machine that is gone is given up after it
  bool idempotent = false;      // also what may have been carried out already: cut, or timed out
};

/// Of a load: those that take long by what they are, on any pod.
struct LongRequests {
  double share = 0;
  Duration time{};  // the longest; each takes between half of it and all of it
};

/// Open loop: requests come by a Poisson process whether earlier ones have been answered or not, from clients on all
/// living machines alike. Each goes to an endpoint that the proxy of the client's machine knows at that moment, or,
/// from outside, to a target of the load balancer.
struct Load {
  ObjectName service;
  double rate = 100;                             // requests a second
  double kept_share = 0.5;                       // of them on kept connections
  std::uint32_t connections = 200;               // in the pool of kept connections
  std::uint32_t requests_per_connection = 1000;  // then the client opens a new one
  Duration time_limit = 10s;                     // a client waits so long
  bool from_outside = false;                     // through the service's load balancer, which there is then
  RetrySettings retries;
  LongRequests longs;
};

struct StyleCounts {
  std::uint64_t sent = 0;
  std::array<std::uint64_t, outcome_count> ended{};
  [[nodiscard]] std::uint64_t answered() const { return ended[0]; }
  [[nodiscard]] std::uint64_t lost() const;
};

/// Requests sent between `begin_measuring` and `stop_load`. One that is tried several times is one request: answered,
/// or lost as its last try was.
struct TrafficReport {
  std::array<StyleCounts, 2> styles;                 // by ClientStyle
  std::map<std::string, std::uint64_t> lost_by_pod;  // "namespace/name", "" where there was no endpoint
  Duration slowest{};                                // of the answered ones, from the first try
  std::uint64_t retries = 0;                         // tries after the first
  std::uint64_t saved = 0;                           // requests that one of them got answered
  std::uint64_t over_budget = 0;                     // requests lost because there was no budget for another
  std::optional<Instant> first_loss;
  std::optional<Instant> last_loss;
  [[nodiscard]] std::uint64_t sent() const { return styles[0].sent + styles[1].sent; }
  [[nodiscard]] std::uint64_t answered() const { return styles[0].answered() + styles[1].answered(); }
  [[nodiscard]] std::uint64_t lost() const { return styles[0].lost() + styles[1].lost(); }
  [[nodiscard]] std::uint64_t ended(Outcome outcome) const {
    return styles[0].ended[static_cast<std::size_t>(outcome)] + styles[1].ended[static_cast<std::size_t>(outcome)];
  }
};

}  // namespace spotkeeper::sim
