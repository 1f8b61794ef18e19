#include "tests/property/checker/new_hosts.h"

#include <algorithm>

#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

void collect(const std::vector<Expression>& expressions, const std::string& key, std::set<std::string>& values) {
  for (const Expression& e : expressions) {
    if (e.key != key) continue;
    for (const std::string& value : e.values) {
      values.insert(value);
      if (const auto number = parse_int<std::int64_t>(value)) {
        values.insert(std::to_string(*number - 1));
        values.insert(std::to_string(*number + 1));
      }
    }
  }
}

// Values of a label that could make a difference to anybody.
std::set<std::string> interesting_values(const Problem& problem, const NodePool& pool, const std::string& key) {
  std::set<std::string> out = {"anything"};
  collect(pool.requirements, key, out);
  for (const Pod& pod : problem.pods) {
    if (const auto found = pod.node_selector.find(key); found != pod.node_selector.end()) out.insert(found->second);
    for (const NodeTerm& term : pod.node_terms.value_or(std::vector<NodeTerm>())) collect(term.labels, key, out);
  }
  return out;
}

bool allows(const NodePool& pool, const std::string& key, const Labels& labels) {
  return std::all_of(pool.requirements.begin(), pool.requirements.end(),
                     [&](const Expression& e) { return e.key != key || holds(e, labels); });
}

std::vector<Labels> with_choices(const Problem& problem, const NodePool& pool, const Labels& fixed) {
  std::set<std::string> open;
  for (const Expression& e : pool.requirements) {
    if (is_well_known(e.key) || fixed.contains(e.key)) {
      if (!holds(e, fixed)) return {};
    } else {
      open.insert(e.key);
    }
  }
  std::vector<Labels> out = {fixed};
  for (const std::string& key : open) {
    std::vector<Labels> more;
    for (const Labels& so_far : out) {
      if (allows(pool, key, so_far)) more.push_back(so_far);
      for (const std::string& value : interesting_values(problem, pool, key)) {
        Labels one = so_far;
        one[key] = value;
        if (allows(pool, key, one)) more.push_back(std::move(one));
      }
    }
    out = std::move(more);
  }
  return out;
}

// What the node carries whatever is chosen. Nothing if a label of the pool's contradicts what the machine says of
// itself.
std::optional<Labels> fixed_labels(const NodePool& pool, const Machine& machine, const std::string& zone,
                                   const std::string& capacity_type, const std::string& name) {
  Labels own = machine.labels;
  const std::string region = !zone.empty() && zone.back() >= 'a' ? zone.substr(0, zone.size() - 1) : zone;
  own["topology.kubernetes.io/zone"] = own["failure-domain.beta.kubernetes.io/zone"] = zone;
  own["topology.kubernetes.io/region"] = own["failure-domain.beta.kubernetes.io/region"] = region;
  own["beta.kubernetes.io/arch"] = own["kubernetes.io/arch"];
  own["beta.kubernetes.io/os"] = own["kubernetes.io/os"];
  own["beta.kubernetes.io/instance-type"] = machine.name;
  own["karpenter.sh/capacity-type"] = capacity_type;
  own["karpenter.sh/nodepool"] = pool.name;
  own["kubernetes.io/hostname"] = name;
  if (!pool.node_class.empty()) own["karpenter.k8s.aws/ec2nodeclass"] = pool.node_class;
  for (const auto& [key, value] : pool.labels) {
    if (own.emplace(key, value).first->second != value) return std::nullopt;
  }
  return own;
}

Host host_of(const Problem& problem, const NodePool& pool, const Machine& machine, const std::string& name,
             Labels labels) {
  Host host;
  host.name = name;
  host.labels = std::move(labels);
  host.taints = pool.taints;
  host.allocatable = machine.allocatable;
  host.capacity = machine.capacity;
  host.pool = &pool;
  host.pool_name = pool.name;
  for (const DaemonSet& daemon : problem.daemons) {
    if (wants_node(daemon.pod, host.name, host.labels) && untolerated(daemon.pod, host.taints) == nullptr) {
      host.come(daemon.pod);
    }
  }
  return host;
}

}  // namespace

bool is_well_known(const std::string& key) {
  static const std::set<std::string> known = {"kubernetes.io/arch",          "kubernetes.io/os",
                                              "kubernetes.io/hostname",      "node.kubernetes.io/instance-type",
                                              "topology.kubernetes.io/zone", "karpenter.sh/capacity-type",
                                              "karpenter.sh/nodepool"};
  return known.contains(key) || key.starts_with("karpenter.k8s.aws/");
}

std::vector<Host> new_hosts(const Problem& problem, const NodePool& pool, const Machine& machine,
                            const std::string& zone, const std::string& capacity_type, const std::string& name) {
  std::vector<Host> out;
  const auto fixed = fixed_labels(pool, machine, zone, capacity_type, name);
  if (!fixed) return out;
  for (Labels& labels : with_choices(problem, pool, *fixed)) {
    out.push_back(host_of(problem, pool, machine, name, std::move(labels)));
  }
  return out;
}

std::optional<Host> promised_host(const Problem& problem, const NodePool& pool, const Machine& machine,
                                  const std::string& zone, const std::string& capacity_type, const std::string& name,
                                  Labels promised) {
  const auto fixed = fixed_labels(pool, machine, zone, capacity_type, name);
  if (!fixed) return std::nullopt;
  promised["kubernetes.io/hostname"] = name;
  for (const auto& [key, value] : *fixed) {
    if (!promised.contains(key) || promised.at(key) != value) return std::nullopt;
  }
  for (const auto& [key, value] : promised) {
    const bool named = std::any_of(pool.requirements.begin(), pool.requirements.end(),
                                   [&, &label = key](const Expression& e) { return e.key == label; });
    if (!fixed->contains(key) && (is_well_known(key) || !named)) return std::nullopt;
  }
  for (const Expression& e : pool.requirements) {
    if (!holds(e, promised)) return std::nullopt;
  }
  return host_of(problem, pool, machine, name, std::move(promised));
}

std::optional<Host> stand_in_host(const Problem& problem, const NodePool& pool, const Machine& machine,
                                  const std::string& zone, const std::string& capacity_type, const std::string& name,
                                  const Labels& promised) {
  auto labels = fixed_labels(pool, machine, zone, capacity_type, name);
  if (!labels) return std::nullopt;
  for (const auto& [key, value] : promised) {
    if (!is_well_known(key)) labels->emplace(key, value);
  }
  return promised_host(problem, pool, machine, zone, capacity_type, name, *std::move(labels));
}

std::vector<Host> possible_hosts(const Problem& problem) {
  std::vector<Host> out;
  for (const NodePool& pool : problem.pools) {
    for (const Offering& offering : problem.offerings) {
      const auto machine = problem.machines.find(offering.type);
      if (!offering.available || machine == problem.machines.end()) continue;
      const std::string name = "possible-" + std::to_string(out.size());
      for (Host& host : new_hosts(problem, pool, machine->second, offering.zone, offering.capacity_type, name)) {
        out.push_back(std::move(host));
      }
    }
  }
  return out;
}

Amounts used_of_limits(const NodePool& pool, const std::vector<Host>& hosts) {
  Amounts out;
  for (const Host& host : hosts) {
    if (host.pool_name != pool.name) continue;
    ++out["nodes"];
    for (const auto& [resource, amount] : host.capacity) out[resource] += amount;
  }
  return out;
}

std::string exceeded_limit(const NodePool& pool, const Amounts& used) {
  for (const auto& [resource, limit] : pool.limits) {
    const auto found = used.find(resource);
    if (found != used.end() && found->second > limit) return resource;
  }
  return "";
}

const NodePool* find_pool(const Problem& problem, const std::string& name) {
  for (const NodePool& pool : problem.pools) {
    if (pool.name == name) return &pool;
  }
  return nullptr;
}

const Offering* find_offering(const Problem& problem, const std::string& type, const std::string& zone,
                              const std::string& capacity_type) {
  for (const Offering& offering : problem.offerings) {
    if (offering.type == type && offering.zone == zone && offering.capacity_type == capacity_type) {
      return offering.available ? &offering : nullptr;
    }
  }
  return nullptr;
}

}  // namespace spotkeeper::checker
