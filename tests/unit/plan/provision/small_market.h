// A problem of a few machines and kinds of pods, put together by hand.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plan/provision/purchase.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::plan::testing {

/// A machine of a size: 1 GiB of memory for each half core.
inline InstanceType machine_type(const std::string& name, std::int64_t cores) {
  InstanceType out;
  out.name = InstanceTypeName(name);
  out.vcpus = cores;
  out.memory = Bytes{cores << 31};
  out.allocatable_cpu = MilliCpu{cores * 1000};
  out.allocatable_memory = out.memory;
  out.max_pods = 20;
  return out;
}

/// m.large (2 cores, 0.10 $/h) and m.xlarge (4 cores, 0.19 $/h) in zones a and b, as Spot at half the price, for one
/// NodePool that takes all of them.
inline Problem small_market() {
  Problem out;
  out.types = {machine_type("m.large", 2), machine_type("m.xlarge", 4)};
  out.zones = {"a", "b"};
  for (std::uint32_t type = 0; type < 2; ++type) {
    for (std::uint32_t zone = 0; zone < 2; ++zone) {
      const Money price{type == 0 ? 100'000 : 190'000};
      out.offerings.push_back({type, zone, CapacityType::OnDemand, price});
      out.offerings.push_back({type, zone, CapacityType::Spot, price.percent(50)});
    }
  }
  out.pools.emplace_back().name = "any";
  out.policy.pool_share = 1;
  return out;
}

/// Pods with the label app, of that many thousandths of a core.
inline Shape pods_of(const std::string& app, std::int64_t milli_cpu, PodTemplate spec = {}) {
  Shape out;
  out.ns = NamespaceName("shop");
  spec.requests.cpu = MilliCpu{milli_cpu};
  out.spec = std::make_shared<const PodTemplate>(std::move(spec));
  out.labels = std::make_shared<const Labels>(Labels{{"app", app}});
  return out;
}

inline ShapeId add_shape(Problem& problem, Shape shape) {
  problem.shapes.push_back(std::move(shape));
  return static_cast<ShapeId>(problem.shapes.size() - 1);
}

/// So many pending pods of the shape.
inline std::vector<PodId> add_pods(Problem& problem, ShapeId shape, int count) {
  std::vector<PodId> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(static_cast<PodId>(problem.pods.size()));
    problem.pods.push_back({{NamespaceName("shop"), "pod-" + std::to_string(out.back())}, shape});
  }
  return out;
}

/// A node that is there, with room for everything.
inline ExistingNode node_in(const std::string& name, const std::string& zone) {
  ExistingNode out;
  out.node.name = NodeName(name);
  out.node.labels = Labels{{std::string(kHostnameLabel), name}, {std::string(kZoneLabel), zone}};
  out.node.allocatable.cpu = MilliCpu{64'000};
  out.node.allocatable.memory = Bytes{64LL << 30};
  return out;
}

inline LabelSelector selecting(const std::string& app) { return {{{"app", SelectorOperator::In, {app}}}, {}}; }

/// No two zones differ by more than one pod of the app.
inline PodTemplate spread_over_zones(const std::string& app) {
  PodTemplate out;
  TopologySpread spread;
  spread.topology_key = std::string(kZoneLabel);
  spread.selector = selecting(app);
  out.spread.push_back(std::move(spread));
  return out;
}

inline PodAffinityTerm near(const std::string& app, std::string_view key) {
  PodAffinityTerm out;
  out.selector = selecting(app);
  out.topology_key = std::string(key);
  return out;
}

inline PodTemplate beside(const std::string& app, std::string_view key) {
  PodTemplate out;
  out.affinity.pod_required.push_back(near(app, key));
  return out;
}

inline PodTemplate away_from(const std::string& app, std::string_view key) {
  PodTemplate out;
  out.affinity.anti_required.push_back(near(app, key));
  return out;
}

/// The candidate of that type, zone and capacity type.
inline CandidateId candidate(const Purchase& purchase, std::string_view type, std::string_view zone,
                             CapacityType capacity) {
  const Problem& problem = purchase.board().problem();
  for (CandidateId id = 0; id < purchase.candidates().size(); ++id) {
    const Offering& each = problem.offerings[purchase.candidates()[id].offering];
    if (problem.types[each.type].name.str() == type && problem.zones[each.zone] == zone && each.capacity == capacity)
      return id;
  }
  return static_cast<CandidateId>(-1);
}

}  // namespace spotkeeper::plan::testing
