// Reads what a scenario says about its machines: "cluster", "groups" and "market".
#include <algorithm>
#include <set>

#include "base/text.h"
#include "sim/market/reader.h"
#include "sim/scenario_fields.h"
#include "sim/scenario_parts.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

Result<void> read_nodes(const JsonField& field, const Catalog& catalog, Scenario& into) {
  SK_CHECK(keys_in(field, {"count", "name", "zone", "type", "capacity-type", "labels", "taints"}));
  NodeSpec spec;
  SK_TRY(const auto name, name_in(field["name"]));
  SK_TRY(const auto count, number_in<std::int64_t>(field["count"], 1, 1, 10'000));
  SK_TRY(spec.zone, zone_in(field["zone"], spec.zone));
  SK_TRY(const InstanceType* type, type_in(field["type"], spec.instance_type, catalog));
  spec.instance_type = type->name.str();
  SK_TRY(spec.capacity_type,
         one_of<std::string>(field["capacity-type"], spec.capacity_type,
                             {{"spot", "spot"}, {"on-demand", "on-demand"}, {"reserved", "reserved"}}));
  SK_TRY(spec.labels, labels_in(field["labels"]));
  SK_TRY(spec.taints, taints_in(field["taints"]));
  spec.allocatable = {.cpu = type->allocatable_cpu, .memory = type->allocatable_memory, .other = {}};
  spec.max_pods = type->max_pods;
  const Money price = spec.capacity_type == "spot" ? type->spot_price().value_or(type->on_demand) : type->on_demand;
  spec.price = static_cast<double>(price.micros) / 1e6;
  spec.on_demand_price = static_cast<double>(type->on_demand.micros) / 1e6;
  spec.labels.set("kubernetes.io/arch", name_of(type->arch));
  if (into.nodes.size() + static_cast<std::size_t>(count) > 10'000) {
    return fail(field["count"].error("more than 10000 nodes"));
  }
  for (std::int64_t i = 1; i <= count; ++i) {
    spec.name = name + "-" + std::to_string(i);
    into.nodes.push_back(spec);
  }
  return {};
}

}  // namespace

Result<void> read_cluster(const JsonField& field, const Catalog& catalog, Scenario& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"nodes", "start", "endpoint-delay", "controller-delay", "scheduler-delay", "kubelet-delay",
                           "node-monitor-grace", "cloud-deletes-nodes", "volumes"}));
  SK_TRY(into.start, instant_in(field["start"], into.start));
  SK_TRY(const auto groups, field["nodes"].elements());
  for (const JsonField& group : groups) SK_CHECK(read_nodes(group, catalog, into));
  Delays& delays = into.delays;
  SK_TRY(delays.controller, duration_in(field["controller-delay"], delays.controller, 1ms, 1min));
  SK_TRY(delays.scheduler, duration_in(field["scheduler-delay"], delays.scheduler, 1ms, 1min));
  SK_TRY(delays.kubelet, duration_in(field["kubelet-delay"], delays.kubelet, 1ms, 1min));
  SK_TRY(delays.node_monitor_grace, duration_in(field["node-monitor-grace"], delays.node_monitor_grace, 10s, 10min));
  SK_TRY(delays.cloud_deletes_nodes, flag_in(field["cloud-deletes-nodes"], delays.cloud_deletes_nodes));
  SK_TRY(delays.volumes, volume_delays_in(field["volumes"]));
  const JsonField proxy = field["endpoint-delay"];
  SK_CHECK(keys_in(proxy, {"median", "p99", "at-most", "straggler"}));
  SK_TRY(delays.proxy_median, duration_in(proxy["median"], delays.proxy_median, 1ms, 1min));
  SK_TRY(delays.proxy_p99, duration_in(proxy["p99"], std::max(delays.proxy_p99, delays.proxy_median), 1ms, 5min));
  if (delays.proxy_p99 < delays.proxy_median) return fail(proxy["p99"].error("less than the median"));
  SK_TRY(delays.proxy_most, duration_in(proxy["at-most"], delays.proxy_most, 1ms, 10min));
  SK_TRY(delays.straggler, duration_in(proxy["straggler"], delays.straggler, 0s, 10min));
  return {};
}

Result<void> read_groups(const JsonField& root, const Catalog& catalog, Scenario& into) {
  SK_TRY(into.market, market::read_market(root["market"], root["groups"], catalog));
  for (NodeSpec& node : market::first_nodes(into.market)) into.nodes.push_back(std::move(node));
  const JsonField nodes = root["cluster"]["nodes"];
  if (into.nodes.empty()) return fail(nodes.error("expected at least one node, here or in groups"));
  if (into.nodes.size() > 10'000) return fail(root["groups"].error("more than 10000 nodes"));
  std::set<std::string> names;
  for (const NodeSpec& node : into.nodes) {
    if (!names.insert(node.name).second) return fail(nodes.error("two nodes are called " + quote(node.name)));
  }
  return {};
}

}  // namespace spotkeeper::sim
