#include "sim/manifests/object_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "kube/codec/documents.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

constexpr std::int32_t kMostReplicas = 100'000;

Result<std::string> annotation(const JsonField& object, std::string_view key) {
  return object["metadata"]["annotations"][key].get_or("");
}

Result<std::int32_t> count_in(const JsonField& field, std::int32_t fallback) {
  SK_TRY(const auto count, field.get_or(fallback));
  if (count < 0 || count > kMostReplicas) return fail(field.error("out of range: 0 to 100000"));
  return count;
}

/// "ip", "instance"; anything else, and nothing: `fallback`.
TargetType targets_in(const std::string& text, TargetType fallback) {
  if (text == "ip") return TargetType::Ip;
  return text == "instance" ? TargetType::Instance : fallback;
}

/// One metric of autoscaling/v2: the utilisation of CPU that it wants, or its name where it wants something else.
Result<void> read_metric(const JsonField& metric, FoundAutoscaler& into) {
  SK_TRY(const auto type, metric["type"].get_or(""));
  if (type == "Resource" || type == "ContainerResource") {
    const JsonField source = metric[type == "Resource" ? "resource" : "containerResource"];
    SK_TRY(const auto name, source["name"].get_or(""));
    const JsonField target = source["target"]["averageUtilization"];
    SK_TRY(const auto percent, target.maybe<std::int32_t>());
    if (percent && (*percent < 1 || *percent > 100'000)) return fail(target.error("out of range: 1 to 100000"));
    if (name == "cpu" && percent) {
      into.cpu = static_cast<double>(*percent) / 100;
    } else {
      into.unmodelled.push_back(name == "cpu" ? "cpu's value" : name);
    }
    return {};
  }
  const std::string key = lower(type);
  SK_TRY(const auto name, metric[key]["metric"]["name"].get_or(""));
  into.unmodelled.push_back(name.empty() ? type : name);
  return {};
}

Result<void> check_resources(const JsonField& resources) {
  SK_CHECK(kube::check_amounts(resources["requests"]));
  return kube::check_amounts(resources["limits"]);
}

}  // namespace

Result<void> read_load_balancer(const JsonField& service, FoundService& into) {
  SK_TRY(const auto type, service["spec"]["type"].get_or(""));
  into.load_balancer = type == "LoadBalancer";
  SK_TRY(const auto alb, annotation(service, "alb.ingress.kubernetes.io/target-type"));
  if (!alb.empty()) into.alb_override = targets_in(alb, TargetType::Instance);
  if (!into.load_balancer) return {};
  SK_TRY(const auto asked, annotation(service, "service.beta.kubernetes.io/aws-load-balancer-type"));
  SK_TRY(const auto targets, annotation(service, "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"));
  SK_TRY(const auto by_class, service["spec"]["loadBalancerClass"].get_or(""));
  if (asked == "nlb-ip") {
    into.network = TargetType::Ip;
  } else if (asked == "external" || asked == "nlb" || by_class.ends_with("/nlb")) {
    into.network = targets_in(targets, TargetType::Instance);
  }
  return {};
}

Result<FoundIngress> read_ingress(const JsonField& object) {
  FoundIngress found;
  SK_TRY(found.ingress_class, object["spec"]["ingressClassName"].get_or(""));
  if (found.ingress_class.empty()) {
    SK_TRY(found.ingress_class, annotation(object, "kubernetes.io/ingress.class"));
  }
  SK_TRY(const auto targets, annotation(object, "alb.ingress.kubernetes.io/target-type"));
  found.targets = targets_in(targets, TargetType::Instance);
  const auto add = [&](const JsonField& backend) -> Result<void> {
    SK_TRY(auto service, backend["service"]["name"].get_or(""));
    const bool known = std::find(found.services.begin(), found.services.end(), service) != found.services.end();
    if (!service.empty() && !known) found.services.push_back(std::move(service));
    return {};
  };
  SK_CHECK(add(object["spec"]["defaultBackend"]));
  SK_TRY(const auto rules, object["spec"]["rules"].elements());
  for (const JsonField& rule : rules) {
    SK_TRY(const auto paths, rule["http"]["paths"].elements());
    for (const JsonField& path : paths) SK_CHECK(add(path["backend"]));
  }
  return found;
}

Result<FoundAutoscaler> read_autoscaler(const JsonField& object) {
  FoundAutoscaler found;
  const JsonField spec = object["spec"];
  SK_TRY(found.target_kind, spec["scaleTargetRef"]["kind"].as<std::string>());
  SK_TRY(found.target, spec["scaleTargetRef"]["name"].as<std::string>());
  SK_TRY(const auto least, count_in(spec["minReplicas"], 1));
  SK_TRY(const auto most, spec["maxReplicas"].as<std::int32_t>());
  if (most < std::max(least, 1) || most > kMostReplicas) {
    return fail(spec["maxReplicas"].error("expected minReplicas, or more, to 100000"));
  }
  found.least = std::max(least, 1);
  found.most = most;
  const JsonField percent = spec["targetCPUUtilizationPercentage"];
  SK_TRY(const auto cpu, percent.maybe<std::int32_t>());
  if (cpu && (*cpu < 1 || *cpu > 100'000)) return fail(percent.error("out of range: 1 to 100000"));
  if (cpu) found.cpu = static_cast<double>(*cpu) / 100;
  SK_TRY(const auto metrics, spec["metrics"].elements());
  for (const JsonField& metric : metrics) SK_CHECK(read_metric(metric, found));
  if (!found.cpu && metrics.empty()) found.cpu = 0.8;  // what the API server puts where nothing stands
  return found;
}

Result<FoundPriorityClass> read_priority_class(const JsonField& object) {
  FoundPriorityClass found;
  SK_TRY(found.value, object["value"].get_or(std::int32_t{0}));
  SK_TRY(found.global_default, object["globalDefault"].get_or(false));
  SK_TRY(const auto policy, object["preemptionPolicy"].get_or(""));
  found.preempts = policy != "Never";
  return found;
}

Result<JobSettings> read_job_settings(const JsonField& object) {
  const JsonField spec = object["spec"];
  JobSettings job;
  SK_TRY(job.parallelism, count_in(spec["parallelism"], 1));
  SK_TRY(job.completions, count_in(spec["completions"], std::max(job.parallelism, 1)));
  SK_TRY(job.backoff_limit, spec["backoffLimit"].get_or(std::int32_t{6}));
  if (job.backoff_limit < 0) return fail(spec["backoffLimit"].error("expected 0 or more"));
  return job;
}

Result<void> check_amounts(const JsonField& pod_spec) {
  SK_CHECK(kube::check_amounts(pod_spec["overhead"]));
  SK_CHECK(check_resources(pod_spec["resources"]));
  for (const std::string_view which : {"initContainers", "containers"}) {
    SK_TRY(const auto containers, pod_spec[which].elements());
    for (const JsonField& container : containers) SK_CHECK(check_resources(container["resources"]));
  }
  return {};
}

}  // namespace spotkeeper::sim
