// How pods ended: when what their end consists of took place. Facts of the world, for who compares it with a real
// cluster or wants to see where a pod's grace went.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "format/json.h"
#include "model/names.h"

namespace spotkeeper::sim {

/// What a pod's end consists of, in the order in which it happens to a pod that has all the time it wants.
enum class DeathMoment : std::uint8_t {
  Told,              // the API accepted its end: deletionTimestamp
  EndpointNotReady,  // its EndpointSlice said that it terminates
  HookBegun,         // the kubelet began with its end: the preStop hook, where there is one
  HookOver,          // the hook was done, or the grace was; absent without a hook
  Sigterm,
  Ended,         // its program, by itself or not
  ProxiesLeft,   // the last proxy of a machine that lives stopped sending to it
  BalancerLeft,  // the load balancer before its service did
  EndpointGone,  // it left its EndpointSlice
  ObjectGone,    // it left the API
};
inline constexpr std::size_t death_moment_count = 10;
/// As in the report: "told_to_end_seconds", "sigterm_seconds", …
[[nodiscard]] std::string_view name_of(DeathMoment moment);

struct PodDeath {
  ObjectName pod;
  NodeName node;
  /// None: it did not happen, or not in the run.
  std::array<std::optional<Instant>, death_moment_count> at;

  [[nodiscard]] const std::optional<Instant>& when(DeathMoment moment) const {
    return at[static_cast<std::size_t>(moment)];
  }
};

/// "shop/web-x on a-1: told at 10.2 s; SIGTERM after 15.1 s, ended after 20.2 s": what did not happen is left out.
[[nodiscard]] std::string describe(const PodDeath& death, Instant start);

/// Times in seconds after `start`, null where there is none.
[[nodiscard]] format::JsonValue to_json(const PodDeath& death, Instant start);

}  // namespace spotkeeper::sim
