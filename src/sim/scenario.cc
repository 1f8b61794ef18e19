#include "sim/scenario.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/text.h"

namespace spotkeeper::sim {

std::unique_ptr<World> build_world(const Scenario& scenario, std::uint64_t seed) {
  WorldConfig config;
  config.start = scenario.start;
  config.seed = seed;
  config.delays = scenario.delays;
  config.api_faults = scenario.api_faults;
  config.metadata_faults = scenario.metadata_faults;
  auto world = std::make_unique<World>(config);
  std::vector<std::string> namespaces{"default", "kube-system"};
  for (const auto& workload : scenario.workloads) namespaces.push_back(workload.workload.name.ns.str());
  std::sort(namespaces.begin(), namespaces.end());
  namespaces.erase(std::unique(namespaces.begin(), namespaces.end()), namespaces.end());
  for (std::string& name : namespaces) world->add_namespace(std::move(name));
  for (const NodeSpec& node : scenario.nodes) world->add_node(node);
  // The reader has refused names that are used twice, so none of these can be refused.
  for (const auto& service : scenario.services) {
    (void)world->create_service(service.name, service.selector, 80, 8080);
    if (service.load_balancer) world->add_load_balancer(service.name, *service.load_balancer);
  }
  for (const auto& budget : scenario.budgets) (void)world->create_budget(budget.budget);
  for (const auto& workload : scenario.workloads) {
    if (workload.kind == Kind::Deployment) (void)world->create_deployment(workload.workload);
    if (workload.kind == Kind::StatefulSet) (void)world->create_stateful_set(workload.workload);
    if (workload.kind == Kind::DaemonSet) (void)world->create_daemon_set(workload.workload);
    // A Job is made when the clock has started (sim/script.h).
  }
  return world;
}

std::vector<NodeName> targets_of(const Scenario& scenario, const ScenarioEvent& event, std::uint64_t seed) {
  std::vector<NodeName> chosen;
  if (event.share > 0) {
    std::vector<std::string> all;
    all.reserve(scenario.nodes.size());
    for (const NodeSpec& node : scenario.nodes) all.push_back(node.name);
    Random random = Random(seed).fork(0xE7 + static_cast<std::uint64_t>(event.at.count()));
    const auto wanted = static_cast<std::size_t>(std::ceil(event.share * static_cast<double>(all.size())));
    for (std::size_t i = 0; i < wanted && i < all.size(); ++i) {
      std::swap(all[i], all[i + random.below(all.size() - i)]);
      chosen.emplace_back(all[i]);
    }
  }
  for (const NodeSpec& node : scenario.nodes) {
    const bool named = std::find(event.nodes.begin(), event.nodes.end(), node.name) != event.nodes.end();
    if (named || (!event.zone.empty() && node.zone == event.zone)) chosen.emplace_back(node.name);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

namespace {

constexpr std::size_t kMostBytes = 1 << 20;

const ShippedScenario* find_shipped(std::string_view name) {
  const auto shipped = shipped_scenarios();
  const auto found = std::ranges::find_if(shipped, [&](const ShippedScenario& one) { return one.name == name; });
  return found == shipped.end() ? nullptr : &*found;
}

Result<Scenario> load_whole(const std::string& name_or_path, const Catalog& catalog) {
  if (const ShippedScenario* shipped = find_shipped(name_or_path)) {
    return parse_scenario(shipped->yaml, std::string(shipped->name) + ".yaml", catalog);
  }
  SK_TRY(const auto text, read_file(name_or_path, kMostBytes));
  return parse_scenario(text, name_or_path, catalog);
}

Result<Scenario> variant_of(const Scenario& scenario, const std::string& name) {
  std::vector<std::string_view> names;
  for (const ScenarioVariant& variant : scenario.variants) {
    if (variant.name == name) return *variant.scenario;
    names.push_back(variant.name);
  }
  if (names.empty()) return fail(ErrorCode::NotFound, scenario.name + " has no variants");
  return fail(ErrorCode::NotFound, scenario.name + " has no variant " + quote(name) + did_you_mean(name, names) +
                                       " (it has " + join(names, ", ") + ")");
}

}  // namespace

Result<Scenario> load_scenario(const std::string& name_or_path, const Catalog& catalog) {
  auto whole = load_whole(name_or_path, catalog);
  if (whole || whole.error().code != ErrorCode::NotFound) return whole;
  if (const std::size_t slash = name_or_path.rfind('/'); slash != std::string::npos && slash > 0) {
    const auto around = load_whole(name_or_path.substr(0, slash), catalog);
    if (around) return variant_of(*around, name_or_path.substr(slash + 1));
  }
  const bool looks_like_name = name_or_path.find('/') == std::string::npos && !name_or_path.ends_with(".yaml");
  if (!looks_like_name) return whole;
  std::vector<std::string_view> names;
  names.reserve(shipped_scenarios().size());
  for (const ShippedScenario& shipped : shipped_scenarios()) names.push_back(shipped.name);
  return fail(ErrorCode::NotFound, "no scenario " + quote(name_or_path) + did_you_mean(name_or_path, names) +
                                       " (shipped: " + join(names, ", ") + "; or a file)");
}

}  // namespace spotkeeper::sim
