// A scenario: a cluster, what runs on it, who asks it for something, and what goes wrong, read from YAML.
//
// Everything that can be written is in docs/scenarios.md. Unknown keys, wrong types and values out of range are errors
// with file, line, reason and, where there is one, the key that was probably meant. The seed decides everything that is
// drawn; nothing is drawn here, so the same text is the same scenario.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/catalog.h"
#include "sim/market/settings.h"
#include "sim/world.h"

namespace spotkeeper::sim {

struct ScenarioWorkload {
  Kind kind = Kind::Deployment;  // or StatefulSet, DaemonSet, Job
  NewWorkload workload;
  JobSettings job;
  Duration begins{};  // of a Job: after the clock starts
  std::optional<AutoscaleSettings> autoscale;
};

struct ScenarioService {
  ObjectName name;
  Labels selector;
  std::optional<LoadBalancerSettings> load_balancer;
};

struct ScenarioBudget {
  DisruptionBudget budget;
};

/// Something that happens to machines.
struct ScenarioEvent {
  enum class What {
    Spot,       // interruption notice; the machine dies at the deadline
    Rebalance,  // a recommendation, which nothing need follow
    Scheduled,  // a maintenance event; the machine reboots or stops then
    Lifecycle,  // its Auto Scaling group terminates it
    Death,      // it dies without a word
    Reboot,
  };
  Duration at{};  // after the clock starts
  What what = What::Spot;
  // Whom: by zone, by name, or a share of all nodes, chosen by the seed.
  std::string zone;
  std::vector<std::string> nodes;
  double share = 0;
  Duration deadline = 120s;  // after `at`
  InterruptionEffect effect = InterruptionEffect::Terminate;
  std::optional<Duration> cancelled_after;  // the notice is withdrawn, and nothing happens at the deadline
  Duration down = 60s;                      // of a reboot
};

struct Scenario;

/// The same scenario with something changed.
struct ScenarioVariant {
  std::string name;
  std::string description;
  std::shared_ptr<const Scenario> scenario;  // called "scenario/variant", without variants of its own
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  Duration duration = 5min;
  Duration warm_up = 5min;  // at most, until every pod is Ready
  Instant start{Duration{1'767'225'600s}};
  Delays delays;
  std::vector<NodeSpec> nodes;  // the groups' first ones among them
  market::MarketSettings market;
  std::vector<ScenarioWorkload> workloads;
  std::vector<ScenarioService> services;
  std::vector<ScenarioBudget> budgets;
  std::vector<Load> loads;
  std::vector<ScenarioEvent> events;
  ApiFaults api_faults;
  MetadataFaults metadata_faults;
  /// How far the machines' clocks are ahead of the world's; one in three is right, one ahead, one behind by it.
  Duration clock_skew{};
  bool grace_may_yield = false;  // the agents' option of that name
  /// What is run instead of the scenario itself, side by side; none: the scenario itself.
  std::vector<ScenarioVariant> variants;
};

/// `file` names the text in errors: "storm.yaml: line 12, column 5: /cluster/nodes/0: unknown key 'typ'; did you mean
/// 'type'?". Types, and with them sizes and prices, are looked up in `catalog`.
Result<Scenario> parse_scenario(std::string_view yaml, std::string_view file, const Catalog& catalog);

struct ShippedScenario {
  std::string_view name;
  std::string_view yaml;
};
/// Those inside the binary, by name.
[[nodiscard]] std::span<const ShippedScenario> shipped_scenarios();

/// A shipped scenario's name, or else a file; either of them followed by a slash and the name of one of its variants.
Result<Scenario> load_scenario(const std::string& name_or_path, const Catalog& catalog);

/// The world of the scenario as it is before its first pod runs. No load yet: `Run` adds it when the clock starts.
[[nodiscard]] std::unique_ptr<World> build_world(const Scenario& scenario, std::uint64_t seed);

/// The machines that an event is about, in the order of their names; the same for the same seed.
[[nodiscard]] std::vector<NodeName> targets_of(const Scenario& scenario, const ScenarioEvent& event,
                                               std::uint64_t seed);

}  // namespace spotkeeper::sim
