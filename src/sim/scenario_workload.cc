// Reads what a scenario says about a workload and its pods.
#include <cmath>
#include <limits>

#include "sim/scenario_fields.h"
#include "sim/scenario_parts.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

Result<Resources> resources_in(const JsonField& field) {
  SK_CHECK(keys_in(field, {"cpu", "memory"}));
  Resources resources;
  SK_TRY(const auto cpu, quantity_in(field["cpu"]));
  SK_TRY(const auto memory, quantity_in(field["memory"]));
  resources.cpu = {cpu.ceil_milli()};
  resources.memory = {memory.ceil()};
  return resources;
}

Result<Behaviour> behaviour_in(const JsonField& field) {
  Behaviour behaviour;
  SK_TRY(behaviour.image_pull, duration_in(field["image-pull"], behaviour.image_pull, 0s, 1h));
  SK_TRY(behaviour.start, duration_in(field["start"], behaviour.start, 1ms, 1h));
  SK_TRY(behaviour.ready_after, duration_in(field["ready-after"], behaviour.ready_after, 0s, 1h));
  SK_TRY(behaviour.probe_period, duration_in(field["probe-period"], behaviour.probe_period, 1ms, 10min));
  SK_TRY(behaviour.exec_hook, maybe_duration_in(field["pre-stop-exec"], 0s, 1h));
  const JsonField server = field["server"];
  SK_CHECK(keys_in(server, {"concurrency", "queue", "service-time", "service-sigma", "answers-after-term", "abrupt",
                            "ignores-term"}));
  SK_TRY(behaviour.concurrency, number_in<std::uint32_t>(server["concurrency"], behaviour.concurrency, 1, 100'000));
  SK_TRY(behaviour.queue, number_in<std::uint32_t>(server["queue"], behaviour.queue, 0, 1'000'000));
  SK_TRY(behaviour.service_time, duration_in(server["service-time"], behaviour.service_time, 1us, 10min));
  SK_TRY(behaviour.service_sigma, number_in(server["service-sigma"], behaviour.service_sigma, 0.0, 3.0));
  SK_TRY(behaviour.answers_after_term, duration_in(server["answers-after-term"], behaviour.answers_after_term, 0s, 1h));
  SK_TRY(behaviour.abrupt, flag_in(server["abrupt"], false));
  SK_TRY(behaviour.ignores_term, flag_in(server["ignores-term"], false));
  return behaviour;
}

/// The annotations a wish is written as, so that the served API shows what the decisions saw.
Result<Labels> wishes_in(const JsonField& field, PodWishes& wishes) {
  Labels annotations;
  SK_TRY(wishes.do_not_disrupt, flag_in(field["do-not-disrupt"], false));
  if (wishes.do_not_disrupt) annotations.set("karpenter.sh/do-not-disrupt", "true");
  SK_TRY(wishes.longest_request, maybe_duration_in(field["longest-request"], 0s, 1h));
  if (wishes.longest_request) {
    annotations.set("spotkeeper.dev/longest-request", format_duration(*wishes.longest_request));
  }
  SK_TRY(wishes.min_serving, maybe_share_in(field["min-serving"]));
  if (wishes.min_serving) {
    if (*wishes.min_serving <= 0) return fail(field["min-serving"].error("out of range: more than 0%, up to 100%"));
    annotations.set("spotkeeper.dev/min-serving",
                    std::to_string(static_cast<int>(std::lround(*wishes.min_serving * 100))) + "%");
  }
  return annotations;
}

}  // namespace

Result<ScenarioWorkload> read_workload(const JsonField& field) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"kind",
                           "name",
                           "namespace",
                           "replicas",
                           "labels",
                           "requests",
                           "image-pull",
                           "start",
                           "ready-after",
                           "probe-period",
                           "grace",
                           "pre-stop",
                           "pre-stop-exec",
                           "priority",
                           "node-selector",
                           "spread",
                           "affinity",
                           "volumes",
                           "preempts",
                           "autoscale",
                           "completions",
                           "parallelism",
                           "backoff-limit",
                           "works-for",
                           "at",
                           "tolerates-everything",
                           "longest-request",
                           "min-serving",
                           "do-not-disrupt",
                           "server"}));
  ScenarioWorkload read;
  NewWorkload& workload = read.workload;
  SK_TRY(read.kind, one_of<Kind>(field["kind"], Kind::Deployment,
                                 {{"Deployment", Kind::Deployment},
                                  {"StatefulSet", Kind::StatefulSet},
                                  {"DaemonSet", Kind::DaemonSet},
                                  {"Job", Kind::Job}}));
  SK_TRY(workload.name, object_name(field));
  SK_TRY(const auto job, job_in(field, read.kind));
  read.job = job.settings;
  read.begins = job.begins;
  SK_TRY(read.autoscale, autoscale_in(field["autoscale"], read.kind));
  SK_TRY(workload.replicas, number_in<std::int32_t>(field["replicas"], 1, 0, 100'000));
  SK_TRY(auto labels, labels_in(field["labels"]));
  labels.set("app", workload.name.name);
  workload.labels = {{"app", workload.name.name}};
  PodTemplate spec;
  SK_TRY(const auto grace, seconds_in(field["grace"], 30s));
  spec.grace = GracePeriod(grace);
  SK_TRY(const auto sleep, maybe_seconds_in(field["pre-stop"]));
  if (sleep) {
    spec.pre_stop = PreStop{sleep};
  } else if (field["pre-stop-exec"].present()) {
    spec.pre_stop = PreStop{};
  }
  SK_TRY(spec.requests, resources_in(field["requests"]));
  SK_TRY(spec.priority,
         number_in<std::int32_t>(field["priority"], 0, std::numeric_limits<std::int32_t>::min(), 2'000'001'000));
  SK_TRY(spec.node_selector, labels_in(field["node-selector"]));
  SK_TRY(spec.spread, spread_in(field["spread"], labels));
  SK_TRY(spec.affinity, affinity_in(field["affinity"], labels));
  SK_TRY(spec.claims, claims_in(field["volumes"], read.kind, workload.replicas));
  SK_TRY(const auto tolerates, flag_in(field["tolerates-everything"], read.kind == Kind::DaemonSet));
  if (tolerates) {
    Toleration everything;
    everything.exists = true;
    spec.tolerations.push_back(std::move(everything));
  }
  SK_TRY(auto annotations, wishes_in(field, spec.wishes));
  SK_TRY(auto behaviour, behaviour_in(field));
  behaviour.works_for = job.works_for;
  SK_TRY(workload.blueprint.preempts, flag_in(field["preempts"], true));
  workload.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
  workload.blueprint.labels = std::make_shared<const Labels>(std::move(labels));
  workload.blueprint.annotations = std::make_shared<const Labels>(std::move(annotations));
  workload.blueprint.behaviour = std::make_shared<const Behaviour>(behaviour);
  return read;
}

}  // namespace spotkeeper::sim
