#include "tests/property/checker/read_pod.h"

#include <algorithm>

#include <boost/json/object.hpp>

#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

using Exact = std::map<std::string, Nanos>;

void add(Exact& to, const Exact& more) {
  for (const auto& [resource, amount] : more) to[resource] += amount;
}
void raise(Exact& to, const Exact& least) {
  for (const auto& [resource, amount] : least) to[resource] = std::max(to[resource], amount);
}

// Requests, with limits where a request is missing: what the API server makes of it.
Exact requests_of(const Json& container, Complaints& broken, Complaints& doubtful) {
  Exact out = exact_amounts(container, {"resources", "requests"}, broken);
  for (const auto& [resource, amount] : exact_amounts(container, {"resources", "limits"}, broken)) {
    if (out.emplace(resource, amount).first->second > amount)
      doubtful.push_back("less " + resource + " than it asks for");
  }
  return out;
}

// What a running container holds: the largest of what was asked for, allocated and is in force.
Exact held_by(const Json& container, const Json& status, Complaints& broken, Complaints& doubtful) {
  Exact out = requests_of(container, broken, doubtful);
  for (const Json* one : list(status, {"containerStatuses"})) {
    if (text(*one, {"name"}) != text(container, {"name"})) continue;
    raise(out, exact_amounts(*one, {"allocatedResources"}, broken));
    raise(out, exact_amounts(*one, {"resources", "requests"}, broken));
  }
  return out;
}

bool counts(const std::string& resource) {
  if (resource == "cpu" || resource == "memory" || resource == "ephemeral-storage") return true;
  if (resource.starts_with("hugepages-") || resource.starts_with("attachable-volumes-")) return true;
  return resource.find('/') != std::string::npos && resource.find("kubernetes.io/") == std::string::npos;
}

Amounts pod_requests(const Json& spec, const Json& status, Complaints& broken, Complaints& doubtful) {
  Exact sum;
  for (const Json* container : list(spec, {"containers"})) add(sum, held_by(*container, status, broken, doubtful));
  Exact sidecars;
  Exact peak;
  for (const Json* container : list(spec, {"initContainers"})) {
    const Exact own = requests_of(*container, broken, doubtful);
    if (text(*container, {"restartPolicy"}) == "Always") {
      add(sidecars, own);
      raise(peak, sidecars);
    } else {
      Exact use = sidecars;
      add(use, own);
      raise(peak, use);
    }
  }
  add(sum, sidecars);
  raise(sum, peak);
  for (const auto& [resource, amount] : exact_amounts(spec, {"resources", "requests"}, broken)) {
    if (resource == "cpu" || resource == "memory" || resource.starts_with("hugepages-")) sum[resource] = amount;
  }
  add(sum, exact_amounts(spec, {"overhead"}, broken));
  Amounts out;
  for (const auto& [resource, amount] : sum) {
    if (counts(resource)) out[resource] = rounded(resource, amount);
  }
  return out;
}

void read_ports(Pod& pod, const Json& container) {
  for (const Json* port : list(container, {"ports"})) {
    const std::int64_t number = whole(*port, {"hostPort"}).value_or(0);
    if (number == 0) continue;
    if (number < 0 || number > 65535) {
      pod.broken.emplace_back("a hostPort out of range");
      continue;
    }
    pod.ports.push_back({text(*port, {"hostIP"}, "0.0.0.0"), text(*port, {"protocol"}, "TCP"), number});
  }
}

void read_tolerations(Pod& pod, const Json& spec) {
  for (const Json* one : list(spec, {"tolerations"})) {
    Toleration t{text(*one, {"key"}), text(*one, {"operator"}, "Equal"), text(*one, {"value"}), text(*one, {"effect"})};
    if (t.op != "Equal" && t.op != "Exists") pod.broken.push_back("a toleration's operator '" + t.op + "'");
    if (t.key.empty() && t.op != "Exists") pod.broken.emplace_back("a toleration of every key that is not Exists");
    if (!t.effect.empty() && t.effect != "NoSchedule" && t.effect != "NoExecute" && t.effect != "PreferNoSchedule") {
      pod.broken.push_back("a toleration's effect '" + t.effect + "'");
    }
    pod.tolerations.push_back(std::move(t));
  }
}

// matchLabelKeys (In) and mismatchLabelKeys (NotIn): the value that the pod itself has.
void merge_keys(const Pod& pod, Selector& selector, const std::vector<std::string>& keys, const std::string& op,
                Complaints& broken) {
  if (keys.empty()) return;
  if (!selector) {
    broken.emplace_back("matchLabelKeys without labelSelector");
    return;
  }
  for (const std::string& key : keys) {
    if (!is_qualified_name(key)) broken.push_back("'" + key + "' in matchLabelKeys is no label's name");
    if (const auto found = pod.labels.find(key); found != pod.labels.end()) {
      selector->push_back({key, op, {found->second}, 0});
    }
  }
}

bool is_policy(const std::string& name) { return name == "Honor" || name == "Ignore"; }

void read_spread(Pod& pod, const Json& one) {
  const std::string when = text(one, {"whenUnsatisfiable"});
  Complaints wrong;
  Spread spread;
  spread.key = text(one, {"topologyKey"});
  spread.max_skew = whole(one, {"maxSkew"}).value_or(0);
  spread.selector = read_selector(one, {"labelSelector"}, wrong);
  merge_keys(pod, spread.selector, strings(one, {"matchLabelKeys"}), "In", wrong);
  if (spread.max_skew <= 0) wrong.emplace_back("maxSkew must be greater than zero");
  if (!is_qualified_name(spread.key)) wrong.emplace_back("a spread without a topologyKey");
  if (find(one, {"minDomains"}) != nullptr) {
    spread.min_domains = whole(one, {"minDomains"}).value_or(0);
    if (spread.min_domains <= 0) wrong.emplace_back("minDomains must be greater than zero");
    if (when != "DoNotSchedule") wrong.emplace_back("minDomains without DoNotSchedule");
  }
  const std::string affinity = text(one, {"nodeAffinityPolicy"}, "Honor");
  const std::string taints = text(one, {"nodeTaintsPolicy"}, "Ignore");
  if (!is_policy(affinity) || !is_policy(taints)) wrong.emplace_back("an unknown policy of a spread");
  spread.honor_affinity = affinity == "Honor";
  spread.honor_taints = taints == "Honor";
  if (when == "DoNotSchedule") {
    for (const Spread& other : pod.spreads) {
      if (other.key == spread.key) pod.doubtful.emplace_back("two spreads over one key");
    }
    pod.spreads.push_back(std::move(spread));
  }
  const bool must = when != "ScheduleAnyway";
  if (must && when != "DoNotSchedule") wrong.push_back("whenUnsatisfiable '" + when + "'");
  Complaints& to = must ? pod.broken : pod.doubtful;
  to.insert(to.end(), wrong.begin(), wrong.end());
}

PodTerm read_pod_term(const Pod& pod, const Json& one, Complaints& wrong) {
  PodTerm term;
  term.key = text(one, {"topologyKey"});
  if (!is_qualified_name(term.key)) wrong.emplace_back("pod affinity without a topologyKey");
  term.selector = read_selector(one, {"labelSelector"}, wrong);
  merge_keys(pod, term.selector, strings(one, {"matchLabelKeys"}), "In", wrong);
  merge_keys(pod, term.selector, strings(one, {"mismatchLabelKeys"}), "NotIn", wrong);
  for (const std::string& name : strings(one, {"namespaces"})) term.namespaces.insert(name);
  term.namespace_selector = read_selector(one, {"namespaceSelector"}, wrong);
  if (term.namespaces.empty() && !term.namespace_selector) term.namespaces.insert(pod.space);
  return term;
}

std::vector<PodTerm> read_pod_terms(Pod& pod, const Json& spec, std::string_view kind) {
  std::vector<PodTerm> out;
  for (const Json* one : list(spec, {"affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"})) {
    out.push_back(read_pod_term(pod, *one, pod.broken));
  }
  for (const Json* one : list(spec, {"affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"})) {
    const std::int64_t weight = whole(*one, {"weight"}).value_or(0);
    if (weight < 1 || weight > 100) pod.doubtful.emplace_back("a weight that is not of 1 to 100");
    if (const Json* term = find(*one, {"podAffinityTerm"})) {
      (void)read_pod_term(pod, *term, pod.doubtful);
    } else {
      pod.doubtful.emplace_back("a preference without a term");
    }
  }
  return out;
}

bool names(const std::vector<Expression>& expressions, std::string_view key) {
  return std::any_of(expressions.begin(), expressions.end(), [&](const Expression& e) { return e.key == key; });
}

void read_node_affinity(Pod& pod, const Json& spec) {
  constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  if (find(spec, {"affinity", "nodeAffinity", kRequired}) != nullptr) {
    pod.node_terms =
        read_node_terms(spec, {"affinity", "nodeAffinity", kRequired, "nodeSelectorTerms"}, pod.broken, pod.doubtful);
    if (pod.node_terms->empty()) pod.broken.emplace_back("required node affinity without terms");
  }
  for (const Json* one : list(spec, {"affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"})) {
    const std::int64_t weight = whole(*one, {"weight"}).value_or(0);
    if (weight < 1 || weight > 100) pod.doubtful.emplace_back("a weight that is not of 1 to 100");
    (void)read_expressions(*one, {"preference", "matchExpressions"},
                           {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}, pod.doubtful);
  }
  pod.node_selector = labels(spec, {"nodeSelector"});
  constexpr std::string_view kArch = "kubernetes.io/arch";
  pod.names_arch = pod.node_selector.contains(std::string(kArch));
  for (const NodeTerm& term : pod.node_terms.value_or(std::vector<NodeTerm>())) {
    if (names(term.labels, kArch)) pod.names_arch = true;
  }
}

void read_volumes(Pod& pod, const Json& spec, const std::string& name) {
  for (const Json* volume : list(spec, {"volumes"})) {
    if (const Json* claim = find(*volume, {"persistentVolumeClaim"})) {
      pod.claims.push_back(pod.space + "/" + text(*claim, {"claimName"}));
    } else if (find(*volume, {"ephemeral"}) != nullptr) {
      pod.claims.push_back(pod.space + "/" + name + "-" + text(*volume, {"name"}));
    }
  }
}

// A preStop hook's own length is not in the specification, except where it is a sleep.
bool outlasts_notice(const Json& spec) {
  if (whole(spec, {"terminationGracePeriodSeconds"}).value_or(30) > kNoticeSeconds) return true;
  const std::vector<const Json*> containers = list(spec, {"containers"});
  return std::any_of(containers.begin(), containers.end(), [](const Json* container) {
    return whole(*container, {"lifecycle", "preStop", "sleep", "seconds"}).value_or(0) > kNoticeSeconds;
  });
}

}  // namespace

std::vector<Taint> read_taints(const Json& value, Path path) {
  std::vector<Taint> out;
  for (const Json* one : list(value, path)) {
    out.push_back({text(*one, {"key"}), text(*one, {"value"}), text(*one, {"effect"})});
  }
  return out;
}

Pod read_pod(const std::string& space, const std::string& name, const Json& metadata, const Json& spec,
             const Json& status) {
  Pod pod;
  pod.space = space;
  pod.name = space + "/" + name;
  pod.labels = labels(metadata, {"labels"});
  pod.requests = pod_requests(spec, status, pod.broken, pod.doubtful);
  read_node_affinity(pod, spec);
  read_tolerations(pod, spec);
  for (const Json* container : list(spec, {"containers"})) read_ports(pod, *container);
  for (const Json* container : list(spec, {"initContainers"})) {
    if (text(*container, {"restartPolicy"}) == "Always") read_ports(pod, *container);
  }
  for (const Json* spread : list(spec, {"topologySpreadConstraints"})) read_spread(pod, *spread);
  pod.affinity = read_pod_terms(pod, spec, "podAffinity");
  pod.anti_affinity = read_pod_terms(pod, spec, "podAntiAffinity");
  read_volumes(pod, spec, name);
  pod.priority = whole(spec, {"priority"}).value_or(0);
  pod.node = text(spec, {"nodeName"});
  pod.gated = !list(spec, {"schedulingGates"}).empty();
  pod.terminating = find(metadata, {"deletionTimestamp"}) != nullptr;
  pod.nominated = find(status, {"nominatedNodeName"}) != nullptr;
  const std::string phase = text(status, {"phase"});
  pod.finished = phase == "Succeeded" || phase == "Failed";
  pod.too_slow_for_spot = outlasts_notice(spec);
  return pod;
}

}  // namespace spotkeeper::checker
