#include "sim/deaths.h"

#include <fmt/format.h>

#include <utility>

namespace spotkeeper::sim {
namespace {

constexpr std::array<std::string_view, death_moment_count> kNames{"told_to_end_seconds",   "endpoint_not_ready_seconds",
                                                                  "pre_stop_seconds",      "pre_stop_over_seconds",
                                                                  "sigterm_seconds",       "ended_seconds",
                                                                  "proxies_left_seconds",  "load_balancer_left_seconds",
                                                                  "endpoint_gone_seconds", "object_gone_seconds"};

/// As people are told of them, after "told at".
constexpr std::array<std::string_view, death_moment_count> kWords{"told",
                                                                  "not ready for its service",
                                                                  "preStop begun",
                                                                  "preStop over",
                                                                  "SIGTERM",
                                                                  "ended",
                                                                  "left by the last proxy",
                                                                  "left by the load balancer",
                                                                  "gone from the EndpointSlice",
                                                                  "gone"};

}  // namespace

std::string_view name_of(DeathMoment moment) { return kNames.at(static_cast<std::size_t>(moment)); }

std::string describe(const PodDeath& death, Instant start) {
  const auto& told = death.when(DeathMoment::Told);
  std::string text = fmt::format("{} on {}: {}", death.pod.str(), death.node.str(),
                                 told ? fmt::format("told at {:.1f} s", seconds_of(*told - start)) : "not told");
  std::string_view separator = "; ";
  for (std::size_t i = 1; i < kWords.size(); ++i) {
    if (!death.at[i]) continue;
    const double when = seconds_of(*death.at[i] - told.value_or(start));
    text += fmt::format("{}{} {} {:.1f} s", std::exchange(separator, ", "), kWords[i], told ? "after" : "at", when);
  }
  return text;
}

format::JsonValue to_json(const PodDeath& death, Instant start) {
  format::JsonObject object{{"pod", death.pod.str()}, {"node", death.node.str()}};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    object[kNames[i]] = death.at[i] ? format::JsonValue(seconds_of(*death.at[i] - start)) : nullptr;
  }
  return object;
}

}  // namespace spotkeeper::sim
