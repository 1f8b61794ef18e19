#include "planned.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/planning/report.h"
#include "format/yaml.h"

namespace spotkeeper::control::testing {

const Catalog& small_catalog() {
  static const Catalog catalog =
      Catalog::parse(
          "instance_type,arch,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,max_pods,"
          "on_demand_usd_per_hour,spot_savings_percent,interruption_rate\n"
          "small.large,amd64,2,4096,2000,4096,20,0.1,50,<5%\n"
          "wide.xlarge,amd64,4,8192,4000,8192,40,0.18,50,<5%\n"
          "arm.large,arm64,2,4096,2000,4096,20,0.05,,\n",
          "test")
          .value();
  return catalog;
}

std::string deployment(std::string_view name, int replicas, std::string_view cpu, std::string_view spec) {
  return fmt::format(R"(
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {0}, namespace: shop}}
spec:
  replicas: {1}
  selector: {{matchLabels: {{app: {0}}}}}
  template:
    metadata: {{labels: {{app: {0}}}}}
    spec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: {2}, memory: 1Gi}}}}}}]{3}{4}}}
)",
                     name, replicas, cpu, spec.empty() ? "" : ", ", spec);
}

std::string node(std::string_view name, std::string_view zone, std::string_view cpu) {
  return fmt::format(R"(
---
apiVersion: v1
kind: Node
metadata: {{name: {0}, labels: {{topology.kubernetes.io/zone: {1}, kubernetes.io/hostname: {0}}}}}
status: {{allocatable: {{cpu: "{2}", memory: 8Gi, pods: "10"}}}}
)",
                     name, zone, cpu);
}

namespace {

plan::Problem read(const std::string& yaml, const Catalog& catalog, const PlanningOptions& options) {
  const auto documents = format::parse_yaml_stream(yaml);
  EXPECT_TRUE(documents) << documents.error().message;
  std::vector<format::JsonValue> values;
  for (const auto& each : documents.value()) values.push_back(each.value());
  auto problem = read_problem(values, catalog, options);
  EXPECT_TRUE(problem) << problem.error().message;
  return std::move(problem).value();
}

format::JsonObject plan_of(const plan::Problem& problem) {
  return plan_json(problem, plan::make_plan(problem, {}, {}), 0);
}

}  // namespace

plan::Problem problem_of(const std::string& yaml, const PlanningOptions& options) {
  return read(yaml, small_catalog(), options);
}

format::JsonObject planned(const std::string& yaml, const PlanningOptions& options) {
  return plan_of(problem_of(yaml, options));
}

format::JsonObject planned_with(const std::string& yaml, const Catalog& catalog) {
  return plan_of(read(yaml, catalog, {}));
}

std::vector<std::size_t> pods_by_node(const format::JsonObject& plan) {
  std::vector<std::size_t> out;
  for (const char* const which : {"nodes", "existing"})
    for (const auto& node : plan.at(which).as_array()) out.push_back(node.at("pods").as_array().size());
  return out;
}

std::vector<std::string> of_nodes(const format::JsonObject& plan, std::string_view field) {
  std::vector<std::string> out;
  for (const auto& node : plan.at("nodes").as_array()) out.emplace_back(node.at(field).as_string());
  return out;
}

std::vector<std::string> unplaced(const format::JsonObject& plan) {
  std::vector<std::string> out;
  for (const auto& each : plan.at("unplaced").as_array()) {
    out.push_back(std::string(each.at("pod").as_string()) + ": " + std::string(each.at("reason").as_string()));
  }
  return out;
}

}  // namespace spotkeeper::control::testing
