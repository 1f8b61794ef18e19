#include "control/planning/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "control/planning/objects.h"
#include "control/planning/pods.h"
#include "control/planning/pools.h"
#include "control/planning/reading.h"
#include "control/planning/spot_shares.h"
#include "control/planning/workloads.h"
#include "kube/codec/decode.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::string_view kAssumedZones[] = {"us-east-1a", "us-east-1b", "us-east-1c"};

void read_namespaces(const Objects& objects, Reading& into) {
  auto& namespaces = into.problem.namespaces;
  for (const Object& each : objects.of("Namespace")) {
    const auto labels = each.field["metadata"]["labels"].string_map();
    if (!labels) {
      into.unreadable(each, labels.error());
      continue;
    }
    Labels& known = namespaces[NamespaceName(each.name)];
    for (const auto& [key, value] : *labels) known.set(key, value);
  }
  for (const std::string& name : objects.namespaces()) namespaces.try_emplace(NamespaceName(name));
  for (auto& [name, labels] : namespaces) labels.set("kubernetes.io/metadata.name", name.str());
}

/// A claim that several pods use is one volume for all of them.
void count_claims(const Objects& objects, Volumes& volumes) {
  const auto count = [&](const Object& object, const JsonField& spec, std::int64_t pods) {
    const auto elements = spec["volumes"].elements();
    if (!elements) return;
    for (const JsonField& volume : *elements) {
      const auto claim = volume["persistentVolumeClaim"]["claimName"].get_or("");
      if (claim && !claim->empty()) volumes.count_use(object.ns, *claim, pods);
    }
  };
  for (const Object& pod : objects.of("Pod"))
    if (!is_over(pod)) count(pod, pod.field["spec"], 1);
  for (const std::string_view kind : workload_kinds())
    for (const Object& each : objects.of(kind))
      count(each, each.field["spec"]["template"]["spec"], copies_of(each).value_or(1));
}

void read_storage(const Objects& objects, Reading& into) {
  const auto read_all = [&](std::string_view kind, Result<void> (Volumes::*keep)(const JsonField&)) {
    for (const Object& each : objects.of(kind))
      if (const auto done = (into.volumes.*keep)(each.field); !done) into.unreadable(each, done.error());
  };
  read_all("StorageClass", &Volumes::add_class);
  read_all("PersistentVolume", &Volumes::add_volume);
  read_all("PersistentVolumeClaim", &Volumes::add_claim);
  count_claims(objects, into.volumes);
}

void read_pools(const Objects& objects, plan::Problem& problem) {
  for (const Object& each : objects.of("NodePool")) {
    if (each.field["metadata"]["deletionTimestamp"].present()) continue;
    auto pool = read_node_pool(each.field);
    if (pool) {
      problem.pools.push_back(*std::move(pool));
    } else {
      problem.remarks.push_back(fmt::format("NodePool {} is set aside: {}.", each.name, pool.error().message));
    }
  }
  std::ranges::sort(problem.pools, {}, &NodePool::name);
}

std::set<std::string> zones_named(const Objects& objects, const PlanningOptions& options, const Reading& read) {
  std::set<std::string> zones = read.volumes.zones();
  for (const NodePool& pool : read.problem.pools) zones.merge(zones_of(pool));
  for (const PriceRow& row : options.market.prices)
    if (!row.zone.empty()) zones.insert(row.zone);
  for (const Object& each : objects.of("Node")) {
    const auto zone = each.field["metadata"]["labels"][plan::kZoneLabel].get_or("");
    if (zone && !zone->empty()) zones.insert(*zone);
  }
  return zones;
}

void read_market(const Objects& objects, const Catalog& catalog, const PlanningOptions& options, Reading& into) {
  plan::Problem& problem = into.problem;
  std::set<std::string> zones(options.zones.begin(), options.zones.end());
  if (zones.empty()) zones = zones_named(objects, options, into);
  if (zones.empty() && !problem.pools.empty()) {
    zones.insert(std::begin(kAssumedZones), std::end(kAssumedZones));
    problem.remarks.push_back(fmt::format("Nothing names a zone: {} are assumed.", join(zones, ", ")));
  }
  problem.zones.assign(zones.begin(), zones.end());
  problem.types.assign(catalog.types().begin(), catalog.types().end());
  problem.offerings = offerings_of(problem.types, problem.zones, options.market);
}

Result<std::vector<std::pair<std::string, std::int64_t>>> attach_limits(const JsonField& csi_node) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  SK_TRY(const auto drivers, csi_node["spec"]["drivers"].elements());
  for (const JsonField& driver : drivers) {
    SK_TRY(auto name, driver["name"].as<std::string>());
    SK_TRY(const auto count, driver["allocatable"]["count"].maybe<std::int64_t>());
    if (count) out.emplace_back(std::move(name), *count);
  }
  std::ranges::sort(out);
  return out;
}

void read_nodes(const Objects& objects, Reading& into) {
  auto& nodes = into.problem.nodes;
  for (const Object& each : objects.of("Node")) {
    auto node = kube::decode_node(kube::WireObject::of(*each.field.value()));
    if (node) {
      nodes.push_back({*std::move(node), {}, {}});
    } else {
      into.unreadable(each, node.error());
    }
  }
  std::ranges::sort(nodes, {}, [](const plan::ExistingNode& each) { return each.node.name; });
  for (const Object& each : objects.of("CSINode")) {
    plan::ExistingNode* const node = into.node_named(each.name);
    if (node == nullptr) continue;
    const auto limits = attach_limits(each.field);
    if (limits) {
      node->attach_limits = *limits;
    } else {
      into.unreadable(each, limits.error());
    }
  }
}

void read_budgets(const Objects& objects, plan::Problem& problem) {
  for (const Object& each : objects.of("PodDisruptionBudget")) {
    auto budget = kube::decode_budget(kube::WireObject::of(*each.field.value()));
    if (!budget) {
      problem.remarks.push_back(
          fmt::format("PodDisruptionBudget {} is passed over: {}.", each.str(), budget.error().message));
      continue;
    }
    budget->name = {NamespaceName(each.ns), each.name};
    problem.budgets.push_back(*std::move(budget));
  }
  std::ranges::sort(problem.budgets, {}, &DisruptionBudget::name);
}

}  // namespace

Result<plan::Problem> read_problem(std::span<const format::JsonValue> documents, const Catalog& catalog,
                                   const PlanningOptions& options) {
  Objects objects;
  for (const format::JsonValue& document : documents) SK_CHECK(objects.collect(document));
  Reading into;
  into.problem.policy = options.policy;
  read_namespaces(objects, into);
  into.priorities.read(objects, into.problem);
  read_storage(objects, into);
  read_pools(objects, into.problem);
  read_market(objects, catalog, options, into);
  read_nodes(objects, into);
  const LivePods live = read_pods(objects, into);
  read_workloads(objects, live, into);
  keep_off_spot(objects, into);
  read_daemon_sets(objects, into);
  read_budgets(objects, into.problem);
  into.problem.shapes = into.shapes.take();
  return std::move(into.problem);
}

}  // namespace spotkeeper::control
