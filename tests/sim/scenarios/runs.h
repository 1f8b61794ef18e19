// Running scenarios in tests: a shipped one by name, or YAML put together on the spot.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/log.h"
#include "cloud/aws/embedded_catalog.h"
#include "format/json.h"
#include "sim/run.h"

namespace spotkeeper::sim {

inline const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

inline Scenario shipped(const std::string& name) {
  auto scenario = load_scenario(name, catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return std::move(*scenario);
}

/// A shipped scenario with more lines behind it (a second `faults:` would be a duplicate key: the shipped have none).
inline Scenario shipped_with(std::string_view name, std::string_view more) {
  for (const ShippedScenario& known : shipped_scenarios()) {
    if (known.name != name) continue;
    auto scenario = parse_scenario(std::string(known.yaml) + "\n" + std::string(more), name, catalog());
    EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
    return std::move(*scenario);
  }
  ADD_FAILURE() << "no scenario " << name;
  return {};
}

/// The seeds of a test that normally goes through twenty of them: SPOTKEEPER_SEEDS, where it is set. Under a sanitizer
/// a run takes six times as long, and what it finds depends on the paths taken and not on how often.
inline std::uint64_t seeds_of(std::uint64_t normally) {
  const char* wanted = std::getenv("SPOTKEEPER_SEEDS");
  if (wanted == nullptr) return normally;
  return std::clamp<std::uint64_t>(std::strtoull(wanted, nullptr, 10), 1, normally);
}
/// Of so many points of a run every how many-th is tried, by the same measure: all of them, normally.
inline std::size_t stride() { return static_cast<std::size_t>(20 / seeds_of(20)); }

/// What the agents log goes nowhere while this lives.
class Quiet {
 public:
  Quiet() { log::capture(&sink_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() { log::capture(nullptr); }

 private:
  std::string sink_;
};

inline Report run_with(const Scenario& scenario, const RunOptions& options) {
  const Quiet quiet;
  auto report = run(scenario, options);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? std::move(*report) : Report{};
}

inline Report run_with(const Scenario& scenario, Policy policy, std::uint64_t seed) {
  RunOptions options;
  options.policy = policy;
  options.seed = seed;
  return run_with(scenario, options);
}

/// The report, and the command that makes it again.
inline std::string told(const Report& report) {
  return "replay: spotkeeper simulate " + report.scenario + " --seed " + std::to_string(report.seed) + " --policy " +
         std::string(name_of(report.policy)) + "\n" + format::write_json(to_json(report), format::JsonStyle::Pretty);
}

inline std::uint64_t lost(const Report& report, ClientStyle style) {
  return report.traffic.styles[static_cast<std::size_t>(style)].lost();
}

}  // namespace spotkeeper::sim
