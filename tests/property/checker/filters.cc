#include "tests/property/checker/filters.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

bool conflict(const HostPort& a, const HostPort& b) {
  const auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0"; };
  return a.port == b.port && a.protocol == b.protocol && (any(a.ip) || any(b.ip) || a.ip == b.ip);
}

Refusal port_refusal(const Pod& pod, const Host& host) {
  for (const HostPort& wanted : pod.ports) {
    for (const Pod* other : host.pods) {
      const bool taken = std::any_of(other->ports.begin(), other->ports.end(),
                                     [&](const HostPort& port) { return conflict(wanted, port); });
      if (taken) return "hostPort " + std::to_string(wanted.port) + " is taken by " + other->name;
    }
  }
  return std::nullopt;
}

std::int64_t amount(const Amounts& of, const std::string& resource) {
  const auto found = of.find(resource);
  return found != of.end() ? found->second : 0;
}

// A new machine of a type that the pod would not choose: an image is never taken to be of several architectures.
Refusal arch_refusal(const State& state, const Pod& pod, const Host& host) {
  if (pod.names_arch || pod.daemon) return std::nullopt;
  const auto arch = host.labels.find("kubernetes.io/arch");
  if (arch == host.labels.end() || arch->second == state.problem->default_arch) return std::nullopt;
  return "it names no architecture, and this is " + arch->second;
}

// Its workload says how much of it may be on Spot, and that much is there.
Refusal share_refusal(const State& state, const Pod& pod, const Host& host) {
  const auto share = state.problem->spot_shares.find(pod.owner);
  if (share == state.problem->spot_shares.end() || !is_spot(host)) return std::nullopt;
  std::int64_t all = 0;
  for (const Pod& each : state.problem->pods) {
    if (each.owner == pod.owner && !each.finished && !each.terminating) ++all;
  }
  std::int64_t on_spot = 0;
  for (const Host& each : state.hosts) {
    if (!is_spot(each)) continue;
    on_spot += std::count_if(each.pods.begin(), each.pods.end(),
                             [&](const Pod* other) { return other->owner == pod.owner && !other->terminating; });
  }
  const std::int64_t beyond = std::max<std::int64_t>(0, all - share->second.base);
  if (on_spot < beyond * share->second.percent / 100) return std::nullopt;
  return fmt::format("{} of {}'s {} pods are on Spot already", on_spot, pod.owner, all);
}

// Of the pods on hosts that count for a constraint: how many match, by domain.
struct Tally {
  std::map<std::string, std::int64_t> counts;
  std::int64_t least(std::int64_t min_domains) const {
    if (static_cast<std::int64_t>(counts.size()) < min_domains || counts.empty()) return 0;
    return std::min_element(counts.begin(), counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->second;
  }
};

bool empty(const Selector& selector) { return selector && selector->empty(); }

Tally tally(const State& state, const Pod& pod, const Spread& spread) {
  Tally out;
  for (const Host& host : state.hosts) {
    if (!counts_for(pod, spread, host)) continue;
    std::int64_t& count = out.counts[host.labels.at(spread.key)];
    count += std::count_if(host.pods.begin(), host.pods.end(),
                           [&](const Pod* other) { return counts_pod(pod, spread, *other); });
  }
  return out;
}

bool in_namespaces(const Problem& problem, const PodTerm& term, const std::string& space) {
  if (term.namespaces.contains(space)) return true;
  const auto found = problem.namespaces.find(space);
  return matches(term.namespace_selector, found != problem.namespaces.end() ? found->second : Labels());
}

Refusal required_affinity_refusal(const State& state, const Pod& pod, const Host& host) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const Host& each : state.hosts) {
    for (const Pod* other : each.pods) {
      if (!selects_all(*state.problem, pod.affinity, *other)) continue;
      for (const PodTerm& term : pod.affinity) {
        if (const std::string* value = value_at(each, term.key)) ++counts[{term.key, *value}];
      }
    }
  }
  bool near = true;
  for (const PodTerm& term : pod.affinity) {
    const std::string* value = value_at(host, term.key);
    if (value == nullptr) return "required pod affinity: the node has no label " + term.key;
    if (!counts.contains({term.key, *value})) near = false;
  }
  const bool first_of_its_kind = counts.empty() && selects_all(*state.problem, pod.affinity, pod);
  if (near || first_of_its_kind) return std::nullopt;
  return "required pod affinity: no pod that it selects is near";
}

bool together(const Host& a, const Host& b, const std::string& key) {
  const std::string* left = value_at(a, key);
  const std::string* right = value_at(b, key);
  return left != nullptr && right != nullptr && *left == *right;
}

}  // namespace

bool is_spot(const Host& host) {
  const auto found = host.labels.find("karpenter.sh/capacity-type");
  return found != host.labels.end() && found->second == "spot";
}

const std::string* value_at(const Host& host, const std::string& key) {
  const auto found = host.labels.find(key);
  return found != host.labels.end() ? &found->second : nullptr;
}

bool counts_pod(const Pod& pod, const Spread& spread, const Pod& other) {
  return !empty(spread.selector) && other.space == pod.space && !other.terminating &&
         matches(spread.selector, other.labels);
}

bool selects(const Problem& problem, const PodTerm& term, const Pod& other) {
  return in_namespaces(problem, term, other.space) && matches(term.selector, other.labels);
}

bool selects_all(const Problem& problem, const std::vector<PodTerm>& terms, const Pod& other) {
  return std::all_of(terms.begin(), terms.end(), [&](const PodTerm& term) { return selects(problem, term, other); });
}

bool counts_for(const Pod& pod, const Spread& spread, const Host& host) {
  for (const Spread& each : pod.spreads) {
    if (!host.labels.contains(each.key)) return false;
  }
  if (spread.honor_affinity && !wants_node(pod, host.name, host.labels)) return false;
  return !spread.honor_taints || untolerated(pod, host.taints) == nullptr;
}

Refusal label_refusal(const State& state, const Pod& pod, const Host& host) {
  if (host.unschedulable && !tolerates(pod, {"node.kubernetes.io/unschedulable", "", "NoSchedule"})) {
    return "the node is cordoned";
  }
  if (const Taint* taint = untolerated(pod, host.taints)) return "taint " + taint->key + " is not tolerated";
  if (!wants_node(pod, host.name, host.labels)) return "node selector or required node affinity";
  return arch_refusal(state, pod, host);
}

Refusal room_refusal(const Pod& pod, const Host& host) {
  if (static_cast<std::int64_t>(host.pods.size()) + 1 > amount(host.allocatable, "pods")) {
    return "no more pods fit";
  }
  for (const auto& [resource, wanted] : pod.requests) {
    if (wanted == 0) continue;
    const std::int64_t left = amount(host.allocatable, resource) - amount(host.used, resource);
    if (wanted > left) {
      return resource + ": " + std::to_string(wanted) + " asked for, " + std::to_string(left) + " left";
    }
  }
  return std::nullopt;
}

Refusal host_refusal(const State& state, const Pod& pod, const Host& host) {
  if (auto why = label_refusal(state, pod, host)) return why;
  if (auto why = port_refusal(pod, host)) return why;
  if (auto why = room_refusal(pod, host)) return why;
  if (auto why = share_refusal(state, pod, host)) return why;
  return volume_refusal(state, pod, host);
}

Refusal spread_refusal(const State& state, const Pod& pod, const Host& host, Domains domains,
                       const std::vector<Host>& possible) {
  for (const Spread& spread : pod.spreads) {
    const std::string* value = value_at(host, spread.key);
    if (value == nullptr) return "spread: the node has no label " + spread.key;
    Tally counted = tally(state, pod, spread);
    if (domains == Domains::AlsoPossible) {
      for (const Host& each : possible) {
        if (counts_for(pod, spread, each)) counted.counts.try_emplace(each.labels.at(spread.key), 0);
      }
    }
    std::int64_t least = counted.least(spread.min_domains);
    if (domains == Domains::AlsoPossible && spread.key == "kubernetes.io/hostname") least = 0;
    const auto found = counted.counts.find(*value);
    const std::int64_t there = found != counted.counts.end() ? found->second : 0;
    const std::int64_t self = matches(spread.selector, pod.labels) ? 1 : 0;
    if (there + self - least > spread.max_skew) {
      return "spread over " + spread.key + ": " + std::to_string(there) + " in " + *value + ", the least is " +
             std::to_string(least) + ", maxSkew " + std::to_string(spread.max_skew);
    }
  }
  return std::nullopt;
}

Refusal affinity_refusal(const State& state, const Pod& pod, const Host& host) {
  for (const Host& each : state.hosts) {
    for (const Pod* other : each.pods) {
      for (const PodTerm& term : pod.anti_affinity) {
        if (selects(*state.problem, term, *other) && together(host, each, term.key)) {
          return "anti-affinity: " + other->name + " is in the same " + term.key;
        }
      }
      for (const PodTerm& term : other->anti_affinity) {
        if (selects(*state.problem, term, pod) && together(host, each, term.key)) {
          return "the anti-affinity of " + other->name + " over " + term.key;
        }
      }
    }
  }
  return pod.affinity.empty() ? std::nullopt : required_affinity_refusal(state, pod, host);
}

Refusal refusal(const State& state, const Pod& pod, const Host& host) {
  if (auto why = host_refusal(state, pod, host)) return why;
  if (auto why = spread_refusal(state, pod, host, Domains::OfNodes, {})) return why;
  return affinity_refusal(state, pod, host);
}

}  // namespace spotkeeper::checker
