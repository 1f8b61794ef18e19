#include "sim/scenario_parts.h"

#include <algorithm>

#include "sim/scenario_fields.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

Result<LoadBalancerType> type_of(const JsonField& field) {
  return one_of<LoadBalancerType>(field, LoadBalancerType::Alb,
                                  {{"alb", LoadBalancerType::Alb}, {"nlb", LoadBalancerType::Nlb}}, true);
}

/// "[5s, 25s]", or one duration.
Result<DelayRange> range_in(const JsonField& field, DelayRange fallback) {
  note(field, "duration, or the least and the most", "0s to 1h",
       "[" + format_duration(fallback.least) + ", " + format_duration(fallback.most) + "]");
  if (!field.present()) return fallback;
  std::vector<JsonField> ends{field, field};
  if (field.value()->is_array()) {
    SK_TRY(ends, field.elements());
  }
  if (ends.size() != 2) return fail(field.error("expected a duration, or the least and the most as in [5s, 25s]"));
  DelayRange range;
  SK_TRY(range.least, ends[0].as<Duration>());
  SK_TRY(range.most, ends[1].as<Duration>());
  if (range.least < 0s || range.most > 1h) return fail(field.error("out of range: 0s to 1h"));
  if (range.most < range.least) return fail(field.error("the second is less than the first"));
  return range;
}

LabelSelector selector_of(const Labels& labels) {
  LabelSelector selector;
  for (const auto& [key, value] : labels) selector.requirements.push_back({key, SelectorOperator::In, {value}});
  return selector;
}

Result<std::string> topology_in(const JsonField& field) {
  return one_of<std::string>(field, "topology.kubernetes.io/zone",
                             {{"zone", "topology.kubernetes.io/zone"}, {"node", "kubernetes.io/hostname"}});
}

/// One of "nodes" and "prefer-nodes": a label that a node has, has with one of these values, or has not so.
Result<SelectorRequirement> requirement_in(const JsonField& field) {
  SelectorRequirement requirement;
  SK_TRY(requirement.key, text_in(field["key"]));
  requirement.op = SelectorOperator::Exists;
  SK_TRY(auto in, texts_in(field["in"]));
  SK_TRY(auto not_in, texts_in(field["not-in"]));
  if (!in.empty() && !not_in.empty()) return fail(field.error("expected either in or not-in"));
  if (!in.empty()) {
    requirement.op = SelectorOperator::In;
    requirement.values = std::move(in);
  } else if (!not_in.empty()) {
    requirement.op = SelectorOperator::NotIn;
    requirement.values = std::move(not_in);
  }
  return requirement;
}

Result<std::int32_t> weight_in(const JsonField& field) { return number_in<std::int32_t>(field, 100, 1, 100); }

/// One of "near", "apart" and what is preferred of them. Without a selector it is about the workload's own pods.
Result<PodAffinityTerm> neighbours_in(const JsonField& field, const Labels& labels) {
  PodAffinityTerm term;
  SK_TRY(term.topology_key, topology_in(field["over"]));
  SK_TRY(const auto selector, labels_in(field["selector"]));
  term.selector = selector_of(field["selector"].present() ? selector : labels);
  return term;
}

Result<std::vector<PodAffinityTerm>> required_in(const JsonField& field, const Labels& labels) {
  std::vector<PodAffinityTerm> terms;
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) {
    SK_CHECK(keys_in(element, {"over", "selector"}));
    SK_TRY(auto term, neighbours_in(element, labels));
    terms.push_back(std::move(term));
  }
  return terms;
}

Result<std::vector<PreferredPodTerm>> preferred_in(const JsonField& field, const Labels& labels) {
  std::vector<PreferredPodTerm> terms;
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) {
    SK_CHECK(keys_in(element, {"weight", "over", "selector"}));
    PreferredPodTerm term;
    SK_TRY(term.weight, weight_in(element["weight"]));
    SK_TRY(term.term, neighbours_in(element, labels));
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace

Result<Affinity> affinity_in(const JsonField& field, const Labels& labels) {
  SK_CHECK(keys_in(field, {"nodes", "prefer-nodes", "near", "prefer-near", "apart", "prefer-apart"}));
  Affinity affinity;
  SK_TRY(const auto required, field["nodes"].elements());
  NodeSelectorTerm all;
  for (const JsonField& element : required) {
    SK_CHECK(keys_in(element, {"key", "in", "not-in"}));
    SK_TRY(auto requirement, requirement_in(element));
    all.labels.push_back(std::move(requirement));
  }
  affinity.has_node_required = !all.labels.empty();
  if (affinity.has_node_required) affinity.node_required.push_back(std::move(all));
  SK_TRY(const auto preferred, field["prefer-nodes"].elements());
  for (const JsonField& element : preferred) {
    SK_CHECK(keys_in(element, {"weight", "key", "in", "not-in"}));
    PreferredNodeTerm term;
    SK_TRY(term.weight, weight_in(element["weight"]));
    SK_TRY(auto requirement, requirement_in(element));
    term.term.labels.push_back(std::move(requirement));
    affinity.node_preferred.push_back(std::move(term));
  }
  SK_TRY(affinity.pod_required, required_in(field["near"], labels));
  SK_TRY(affinity.pod_preferred, preferred_in(field["prefer-near"], labels));
  SK_TRY(affinity.anti_required, required_in(field["apart"], labels));
  SK_TRY(affinity.anti_preferred, preferred_in(field["prefer-apart"], labels));
  return affinity;
}

Result<std::vector<TopologySpread>> spread_in(const JsonField& field, const Labels& labels) {
  std::vector<TopologySpread> spreads;
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) {
    SK_CHECK(keys_in(element, {"over", "max-skew", "required", "min-domains"}));
    TopologySpread spread;
    SK_TRY(spread.topology_key, topology_in(element["over"]));
    SK_TRY(spread.max_skew, number_in<std::int32_t>(element["max-skew"], 1, 1, 1000));
    SK_TRY(spread.hard, flag_in(element["required"], true));
    SK_TRY(spread.min_domains, maybe_number_in<std::int32_t>(element["min-domains"], 1, 1000));
    if (spread.min_domains && !spread.hard) {
      return fail(element["min-domains"].error("only of a spread that is required"));
    }
    spread.selector = selector_of(labels);
    spreads.push_back(std::move(spread));
  }
  return spreads;
}

Result<JobPart> job_in(const JsonField& workload, Kind kind) {
  JobPart part;
  if (kind != Kind::Job) {
    for (const std::string_view key : {"completions", "parallelism", "backoff-limit", "works-for", "at"}) {
      if (workload[key].present()) return fail(workload[key].error("only a Job has it"));
    }
    return part;
  }
  if (workload["replicas"].present()) {
    return fail(workload["replicas"].error("a Job has completions and parallelism instead"));
  }
  SK_TRY(part.settings.completions, number_in<std::int32_t>(workload["completions"], 1, 1, 100'000));
  SK_TRY(part.settings.parallelism, number_in<std::int32_t>(workload["parallelism"], 1, 1, 100'000));
  SK_TRY(part.settings.backoff_limit, number_in<std::int32_t>(workload["backoff-limit"], 6, 0, 1'000'000));
  SK_TRY(part.begins, duration_in(workload["at"], 0s));
  if (!workload["works-for"].present())
    return fail(workload["works-for"].error("missing: how long a pod's work takes"));
  SK_TRY(part.works_for, duration_in(workload["works-for"], 0s, 1ms, 24h));
  return part;
}

Result<std::optional<AutoscaleSettings>> autoscale_in(const JsonField& field, Kind kind) {
  if (!field.present()) return std::nullopt;
  if (kind != Kind::Deployment) return fail(field.error("only a Deployment has it"));
  SK_CHECK(keys_in(field, {"min", "max", "busy", "tolerance", "period", "down-window"}));
  AutoscaleSettings settings;
  SK_TRY(settings.least, number_in<std::int32_t>(field["min"], settings.least, 1, 100'000));
  SK_TRY(settings.most, number_in<std::int32_t>(field["max"], std::max(settings.most, settings.least), 1, 100'000));
  if (settings.most < settings.least) return fail(field["max"].error("less than min"));
  SK_TRY(settings.utilisation, share_in(field["busy"], settings.utilisation));
  if (settings.utilisation <= 0) return fail(field["busy"].error("out of range: more than 0%, up to 100%"));
  SK_TRY(settings.tolerance, share_in(field["tolerance"], settings.tolerance));
  SK_TRY(settings.period, duration_in(field["period"], settings.period, 1s, 1h));
  SK_TRY(settings.down_window, duration_in(field["down-window"], settings.down_window, 0s, 24h));
  return settings;
}

Result<VolumeDelays> volume_delays_in(const JsonField& field) {
  SK_CHECK(keys_in(field, {"attach", "detach", "force-detach", "freed-by-node-deletion"}));
  VolumeDelays delays;
  SK_TRY(delays.attach, duration_in(field["attach"], delays.attach, 1ms, 1h));
  SK_TRY(delays.detach, duration_in(field["detach"], delays.detach, 1ms, 1h));
  SK_TRY(delays.force_detach, duration_in(field["force-detach"], delays.force_detach, 0s, 24h));
  SK_TRY(delays.freed_by_node_deletion, flag_in(field["freed-by-node-deletion"], delays.freed_by_node_deletion));
  return delays;
}

Result<std::vector<std::string>> claims_in(const JsonField& field, Kind kind, std::int32_t replicas) {
  std::vector<std::string> claims;
  SK_TRY(const auto elements, field.elements());
  const bool own = kind == Kind::StatefulSet;
  if (!elements.empty() && !own && (kind == Kind::DaemonSet || replicas > 1)) {
    return fail(
        field.error("a volume is on one node at a time: several pods can't share it (a StatefulSet's pods have "
                    "one each)"));
  }
  for (const JsonField& element : elements) {
    SK_TRY(auto name, name_in(element));
    claims.push_back(own ? name + "-*" : std::move(name));
  }
  return claims;
}

Result<std::optional<LoadBalancerSettings>> load_balancer_in(const JsonField& field) {
  if (!field.present()) return std::nullopt;
  if (field.value()->is_string()) {
    SK_TRY(const auto type, type_of(field));
    return usual(type);
  }
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"type", "controller", "api", "join", "leave", "unhealthy-after"}));
  SK_TRY(const auto type, type_of(field["type"]));
  LoadBalancerSettings settings = usual(type);
  SK_TRY(settings.controller, range_in(field["controller"], settings.controller));
  SK_TRY(settings.api, range_in(field["api"], settings.api));
  SK_TRY(settings.join, range_in(field["join"], settings.join));
  SK_TRY(settings.leave, range_in(field["leave"], settings.leave));
  SK_TRY(settings.unhealthy_after, duration_in(field["unhealthy-after"], settings.unhealthy_after, 1s, 1h));
  return settings;
}

}  // namespace spotkeeper::sim
