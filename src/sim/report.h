// What a run found, as a value; its JSON form is documented in docs/simulate.md and stable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "format/json.h"
#include "sim/deaths.h"
#include "sim/losses.h"
#include "sim/market/market.h"
#include "sim/policy.h"
#include "sim/series.h"
#include "sim/world.h"

namespace spotkeeper::sim {

struct Report {
  std::string scenario;
  std::uint64_t seed = 0;
  Policy policy = Policy::None;
  Duration measured{};
  TrafficReport traffic;
  PodCounts pods;
  std::uint64_t budget_overrides = 0;
  std::vector<JobReport> jobs;
  std::uint64_t interruptions = 0;    // machines that were told to go, died or rebooted, each once
  std::uint64_t recommendations = 0;  // machines with a rebalance recommendation, each once
  /// The longest stretch in which a Deployment or StatefulSet that had been complete had fewer replicas serving than it
  /// wants. Zero: none ever. None: at the end one still had.
  std::optional<Duration> recovered_after;
  market::MarketReport market;
  Instant clock_started;
  std::uint64_t events = 0;                     // things that happened in the world; not part of the JSON
  std::uint64_t plans = 0;                      // drains planned by the agents; not part of the JSON either
  Series series;                                // where it was asked for; in the CSV and the HTML page
  std::vector<LostRequest> losses;              // every lost request, where they were asked for
  bool losses_explained = false;                // they were
  std::vector<PodDeath> deaths;                 // how each pod ended, where that was asked for
  bool deaths_explained = false;                // it was
  std::optional<std::uint64_t> agent_restarts;  // of a served run: agents that had ended, and were started anew
};

/// A client tried a request again, or would have, had its budget lasted.
[[nodiscard]] bool tries_again(const Report& report);

/// The same report gives the same bytes.
[[nodiscard]] format::JsonValue to_json(const Report& report);

/// The series of all reports (of one scenario), one line a second and policy; columns: docs/simulate.md.
[[nodiscard]] std::string to_csv(const std::vector<Report>& reports);

}  // namespace spotkeeper::sim
