#include "control/planning/workloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/planning/pod_rules.h"
#include "kube/codec/decode.h"
#include "kube/codec/translate.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::int32_t kMostReplicas = 200'000;

Result<std::int32_t> number_in(const JsonField& field, std::int32_t fallback) {
  SK_TRY(const auto number, field.get_or(fallback));
  if (number < 0 || number > kMostReplicas) return fail(field.error("out of range: 0 to 200000"));
  return number;
}

Result<bool> has_ended(const Object& job) {
  SK_TRY(const auto conditions, job.field["status"]["conditions"].elements());
  for (const JsonField& condition : conditions) {
    SK_TRY(const auto type, condition["type"].get_or(""));
    SK_TRY(const auto status, condition["status"].get_or(""));
    if (status == "True" && (type == "Complete" || type == "Failed")) return true;
  }
  return false;
}

/// Another object that is here makes its pods: a ReplicaSet's Deployment.
bool is_made_by_another(const Object& object, const Objects& objects) {
  const auto owners = object.field["metadata"]["ownerReferences"].elements();
  if (!owners) return false;
  return std::ranges::any_of(*owners, [&](const JsonField& owner) {
    const auto controller = owner["controller"].get_or(false);
    const auto kind = owner["kind"].get_or("");
    const auto name = owner["name"].get_or("");
    return controller && *controller && kind && name && objects.contains(*kind, object.ns + "/" + *name);
  });
}

bool is_going(const Object& object) { return object.field["metadata"]["deletionTimestamp"].present(); }

/// A StatefulSet's pods have a claim for each of its templates, too.
Result<void> add_template_claims(const JsonField& templates, const std::string& pod, std::vector<ClaimUse>& claims) {
  SK_TRY(const auto elements, templates.elements());
  for (const JsonField& each : elements) {
    SK_TRY(const auto name, each["metadata"]["name"].as<std::string>());
    claims.push_back({fmt::format("{}-{}", name, pod), each});
  }
  return {};
}

/// What the pods of a template share; an error is the reason why they can't be placed.
Result<plan::Shape> template_shape(const Object& object, kube::TemplateOf of, Reading& into) {
  const JsonField made = object.field["spec"]["template"];
  SK_CHECK(made.is_object());
  SK_CHECK(check_pod_spec(made["spec"], SpecOf::Template));
  kube::wire::Arena arena;
  // What is read of the others stands where a Deployment has it.
  SK_TRY(const auto wire, kube::from_json<kube::wire::Deployment>(*object.field.value(), arena));
  SK_TRY(PodTemplate spec, kube::template_from(wire.spec.pod_template, of));
  spec.priority = into.priorities.of(made["spec"], into.problem);
  plan::Shape shape;
  shape.ns = NamespaceName(object.ns);
  shape.spec = into.shared.intern(std::move(spec));
  Labels labels = kube::labels_from(wire.spec.pod_template.metadata.labels);
  if (object.kind == "Job") labels.set("batch.kubernetes.io/job-name", object.name);
  shape.labels = into.shared.intern(std::move(labels));
  shape.workload = WorkloadRef{shape.ns, object.kind, object.name};
  return shape;
}

Result<plan::VolumeNeeds> copy_needs(const Object& object, const std::string& name, Volumes& volumes) {
  SK_TRY(auto claims, claims_of(object.field["spec"]["template"]["spec"], name));
  if (object.kind == "StatefulSet") {
    SK_CHECK(add_template_claims(object.field["spec"]["volumeClaimTemplates"], name, claims));
  }
  return volumes.needs_of(object.ns, claims);
}

void add_copy(const Object& object, const plan::Shape& like, const std::string& name, Reading& into) {
  plan::Shape shape = like;
  if (shape.refused.empty()) {
    const auto needs = copy_needs(object, name, into.volumes);
    if (needs) {
      shape.volumes = *needs;
    } else {
      shape.refused = needs.error().message;
    }
  }
  into.problem.pods.push_back({{NamespaceName(object.ns), name}, into.shapes.add(std::move(shape))});
}

void read_workload(const Object& object, const LivePods& all_live, Reading& into) {
  const auto copies = copies_of(object);
  if (!copies) return into.unreadable(object, copies.error());
  const WorkloadRef workload{NamespaceName(object.ns), object.kind, object.name};
  auto shape = template_shape(object, kube::TemplateOf::Workload, into);
  if (!shape) {
    plan::Shape broken = into.shapes.empty_shape(object.ns);
    broken.refused = shape.error().message;
    broken.workload = workload;
    shape = std::move(broken);
  }
  static const std::set<std::string> nobody;
  const auto known = all_live.find(workload.str());
  const std::set<std::string>& live = known == all_live.end() ? nobody : known->second;
  std::int32_t missing = *copies - static_cast<std::int32_t>(live.size());
  for (std::int32_t number = 0; missing > 0; ++number) {
    const std::string name = fmt::format("{}-{}", object.name, number);
    if (live.contains(name)) continue;
    --missing;
    add_copy(object, *shape, name, into);
  }
}

}  // namespace

Result<std::int32_t> copies_of(const Object& workload) {
  const JsonField spec = workload.field["spec"];
  if (workload.kind != "Job") return number_in(spec["replicas"], 1);
  SK_TRY(const auto suspended, spec["suspend"].get_or(false));
  SK_TRY(const auto ended, has_ended(workload));
  if (suspended || ended) return 0;
  SK_TRY(const auto parallelism, number_in(spec["parallelism"], 1));
  SK_TRY(const auto completions, number_in(spec["completions"], std::max(parallelism, 1)));
  SK_TRY(const auto done, number_in(workload.field["status"]["succeeded"], 0));
  return std::clamp(completions - done, 0, parallelism);
}

void read_workloads(const Objects& objects, const LivePods& live, Reading& into) {
  for (const std::string_view kind : workload_kinds())
    for (const Object& each : objects.of(kind))
      if (!is_made_by_another(each, objects) && !is_going(each)) read_workload(each, live, into);
}

void read_daemon_sets(const Objects& objects, Reading& into) {
  for (const Object& each : objects.of("DaemonSet")) {
    if (is_going(each)) continue;
    auto shape = template_shape(each, kube::TemplateOf::DaemonSet, into);
    if (shape) {
      into.problem.daemons.push_back(into.shapes.add(*std::move(shape)));
    } else {
      into.problem.remarks.push_back(
          fmt::format("DaemonSet {} takes no room here: {}.", each.str(), shape.error().message));
    }
  }
}

}  // namespace spotkeeper::control
