// Plans as documents: what they are worth, and what Karpenter's scheduler makes of the same pods, machines and prices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/plan_mixes.h"
#include "control/planning/documents.h"
#include "tests/property/checker/documents.h"
#include "tests/property/checker/judge.h"

namespace spotkeeper::bench {

/// What can be bought: the types, and what each costs where.
struct Market {
  std::string csv;
  Catalog catalog;
  control::PlanningOptions options;
  std::vector<checker::Offering> offerings;
};

inline void offer(Market& market, const InstanceType& type, std::string_view zone, bool spot, Money price) {
  market.options.market.prices.push_back(
      {type.name.str(), std::string(zone), spot ? plan::CapacityType::Spot : plan::CapacityType::OnDemand, price});
  market.offerings.push_back({type.name.str(), std::string(zone), spot ? "spot" : "on-demand", price.micros, true});
}

/// The figures of a plan, whoever made it.
struct Figures {
  std::size_t nodes = 0;
  std::size_t left_out = 0;
  double cost = 0;          // dollars an hour
  double most_on_node = 0;  // of a workload of at least ten pods, in percent of it
  double most_in_pool = 0;  // the same, in one Spot pool
  std::int64_t liked = 0;   // weight of what preference_mix's pods would rather have, and have
  std::string verdict = "not asked";
};

/// "default/w3-17" is of "default/w3"; a lone pod is of nobody.
[[nodiscard]] inline std::string workload_of(const std::string& pod) {
  const std::size_t dash = pod.rfind('-');
  return dash == std::string::npos ? std::string() : pod.substr(0, dash);
}

[[nodiscard]] inline Figures figures_of(const JsonValue& document) {
  constexpr double kFew = 10;
  const checker::Answer answer = checker::read_answer(document);
  std::map<std::string, double> sizes;
  std::map<std::pair<std::string, std::string>, double> pools;
  for (const checker::PlannedNode& node : answer.nodes)
    for (const std::string& pod : node.pods) ++sizes[workload_of(pod)];
  for (const auto& [pod, reason] : answer.unplaced) ++sizes[workload_of(pod)];
  sizes.erase("");
  std::map<std::string, std::int64_t> by_zone;
  for (const checker::PlannedNode& node : answer.nodes)
    by_zone[node.zone] += static_cast<std::int64_t>(node.pods.size());
  Figures out{.nodes = answer.nodes.size(), .left_out = answer.unplaced.size(), .cost = answer.cost};
  for (const checker::PlannedNode& node : answer.nodes) {
    const auto pods_here = static_cast<std::int64_t>(node.pods.size());
    if (node.zone == kZones[0]) out.liked += pods_here;
    if (pods_here == 1) out.liked += 1;
    if (by_zone[node.zone] == 1) out.liked += 10;
    std::map<std::string, double> here;
    for (const std::string& pod : node.pods) ++here[workload_of(pod)];
    for (const auto& [workload, pods] : here) {
      const auto size = sizes.find(workload);
      if (size == sizes.end() || size->second < kFew) continue;
      out.most_on_node = std::max(out.most_on_node, 100 * pods / size->second);
      if (node.capacity_type != "spot") continue;
      double& together = pools[{workload, node.type + " " + node.zone}];
      together += pods;
      out.most_in_pool = std::max(out.most_in_pool, 100 * together / size->second);
    }
  }
  return out;
}

[[nodiscard]] inline std::string verdict_on(const Market& market, const std::vector<JsonValue>& documents,
                                            const JsonValue& answer) {
  checker::Problem problem = checker::read_documents(documents);
  problem.machines = checker::read_catalogue(market.csv);
  problem.offerings = market.offerings;
  checker::JudgeOptions options;
  options.completeness = false;
  const auto wrong = checker::judge(problem, checker::read_answer(answer), options);
  return wrong.empty() ? "kept every rule" : fmt::format("{} violations, such as: {}", wrong.size(), wrong.front());
}

/// The program tests/peers/karpenter, where there is one.
class Karpenter {
 public:
  Karpenter() {
    const char* folder = std::getenv("SPOTKEEPER_PEERS_BIN");
    if (folder != nullptr && std::filesystem::exists(std::string(folder) + "/karpenter"))
      program_ = std::string(folder) + "/karpenter";
    std::string made = (std::filesystem::temp_directory_path() / "bench_plan.XXXXXX").string();
    if (mkdtemp(made.data()) != nullptr) folder_ = made;
  }
  ~Karpenter() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  Karpenter(const Karpenter&) = delete;
  Karpenter& operator=(const Karpenter&) = delete;

  [[nodiscard]] bool is_there() const { return !program_.empty() && !folder_.empty(); }

  /// Its plan; nothing if it fails. It fills the largest machine that its NodePool allows, whatever that costs: with
  /// `spot_types_alone`, only types that can be had as Spot are shown to it.
  [[nodiscard]] std::optional<JsonValue> plan(const Market& market, const std::vector<JsonValue>& documents,
                                              bool preferences, bool spot_types_alone) const {
    const std::string input = folder_ + "/case.json";
    const std::string output = folder_ + "/plan.json";
    std::ofstream(input) << format::write_json(case_of(market, documents, spot_types_alone));
    const std::string command =
        fmt::format("'{}' {} '{}' > '{}'", program_, preferences ? "" : "--ignore-preferences", input, output);
    // NOLINTNEXTLINE(cert-env33-c,bugprone-command-processor): the words are this program's own
    if (std::system(command.c_str()) != 0) return std::nullopt;
    std::stringstream text;
    text << std::ifstream(output).rdbuf();
    auto parsed = format::parse_json(text.str());
    return parsed ? std::optional(std::move(parsed).value()) : std::nullopt;
  }

 private:
  static JsonObject case_of(const Market& market, const std::vector<JsonValue>& documents, bool spot_types_alone) {
    JsonArray types;
    for (const InstanceType& each : market.catalog.types()) {
      if (spot_types_alone && !each.spot_price()) continue;
      JsonObject type;
      type["name"] = each.name.str();
      type["arch"] = name_of(each.arch);
      type["vcpu"] = each.vcpus;
      type["memory_mib"] = each.memory.value >> 20U;
      type["allocatable_cpu_millis"] = each.allocatable_cpu.value;
      type["allocatable_memory_mib"] = each.allocatable_memory.value >> 20U;
      type["max_pods"] = each.max_pods;
      types.emplace_back(std::move(type));
    }
    JsonArray offerings;
    for (const checker::Offering& each : market.offerings) {
      JsonObject offering;
      offering["type"] = each.type;
      offering["zone"] = each.zone;
      offering["capacity_type"] = each.capacity_type;
      offering["micros"] = each.micros;
      offerings.emplace_back(std::move(offering));
    }
    JsonObject out;
    out["documents"] = JsonArray(documents.begin(), documents.end());
    out["types"] = std::move(types);
    out["offerings"] = std::move(offerings);
    return out;
  }

  std::string program_;
  std::string folder_;
};

}  // namespace spotkeeper::bench
