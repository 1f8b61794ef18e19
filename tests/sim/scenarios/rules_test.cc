// Every shipped scenario, and each of its variants, keeps the invariants of sim/invariants under every policy; so does
// a world that is made of manifests. One seed each, and the first minutes of those that take long: what comes later
// there is more of the same.
#include <algorithm>
#include <iterator>
#include <ranges>
#include <string>
#include <vector>

#include "sim/manifests/build.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kLongest = 4min;

struct Case {
  std::string scenario;
  Policy policy = Policy::None;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ShippedScenario& known : shipped_scenarios()) {
    const Scenario whole = shipped(std::string(known.name));
    std::vector<std::string> names;
    names.reserve(whole.variants.size() + 1);
    for (const ScenarioVariant& variant : whole.variants) names.push_back(variant.scenario->name);
    if (names.empty()) names.push_back(whole.name);
    for (const std::string& name : names) {
      std::ranges::transform(std::views::iota(std::size_t{0}, policy_names.size()), std::back_inserter(all),
                             [&](std::size_t policy) { return Case{name, static_cast<Policy>(policy)}; });
    }
  }
  return all;
}

void expect_every_rule_kept(const Scenario& scenario, Policy policy) {
  Scenario brief = scenario;
  brief.duration = std::min(brief.duration, kLongest);
  std::vector<Violation> violations;
  RunOptions options;
  options.policy = policy;
  options.violations = &violations;
  const Report report = run_with(brief, options);
  std::string told_of;
  for (const Violation& violation : violations) told_of += "\n  " + violation.str();
  EXPECT_TRUE(violations.empty()) << scenario.name << " under " << name_of(policy) << told_of;
  EXPECT_GT(report.traffic.sent(), 0U) << scenario.name;
}

class ShippedUnderPolicy : public testing::TestWithParam<Case> {};

TEST_P(ShippedUnderPolicy, KeepsEveryRule) { expect_every_rule_kept(shipped(GetParam().scenario), GetParam().policy); }

INSTANTIATE_TEST_SUITE_P(All, ShippedUnderPolicy, testing::ValuesIn(cases()), [](const auto& of) {
  std::string name = of.param.scenario + "_" + std::string(name_of(of.param.policy));
  std::ranges::replace_if(name, [](char c) { return c == '-' || c == '/'; }, '_');
  return name;
});

constexpr std::string_view kManifests =
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: web, namespace: shop}\n"
    "spec:\n"
    "  replicas: 6\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec:\n"
    "      terminationGracePeriodSeconds: 40\n"
    "      containers:\n"
    "        - name: app\n"
    "          image: registry.local/web:1\n"
    "          resources: {requests: {cpu: 250m, memory: 128Mi}}\n"
    "          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 5}\n"
    "          lifecycle: {preStop: {sleep: {seconds: 15}}}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: shop}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
    "---\n"
    "apiVersion: policy/v1\n"
    "kind: PodDisruptionBudget\n"
    "metadata: {name: web, namespace: shop}\n"
    "spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}\n";

TEST(WorldOfManifests, KeepsEveryRuleUnderEveryPolicy) {
  const auto found = read_manifests(std::vector<ManifestText>{{"web.yaml", std::string(kManifests)}});
  ASSERT_TRUE(found) << found.error().message;
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built) << built.error().message;
  for (std::size_t policy = 0; policy < policy_names.size(); ++policy)
    expect_every_rule_kept(built->scenario, static_cast<Policy>(policy));
}

}  // namespace
}  // namespace spotkeeper::sim
