#include "control/planning/pods.h"

#include <fmt/format.h>

#include <utility>

#include "control/planning/pod_rules.h"
#include "kube/codec/decode.h"
#include "kube/codec/translate.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

plan::Shape shape_of(const Pod& pod, std::int32_t priority, Snapshot& shared) {
  plan::Shape shape;
  shape.ns = pod.name.ns;
  shape.spec = pod.spec;
  if (pod.spec->priority != priority) {
    PodTemplate with = *pod.spec;
    with.priority = priority;
    shape.spec = shared.intern(std::move(with));
  }
  shape.labels = pod.labels;
  if (pod.owner) shape.workload = *pod.owner;
  return shape;
}

/// One that can't be decoded: a pending pod is refused; on a node it takes nobody knows how much.
void read_broken(const Object& object, const std::string& node, const Error& error, Reading& into) {
  if (node.empty()) {
    plan::Shape shape = into.shapes.empty_shape(object.ns);
    shape.refused = error.message;
    into.problem.pods.push_back({{NamespaceName(object.ns), object.name}, into.shapes.add(std::move(shape))});
    return;
  }
  plan::ExistingNode* const at = into.node_named(node);
  if (at == nullptr) return;
  at->node.max_pods = 0;
  into.problem.remarks.push_back(fmt::format("Node {} takes no pods here: what its pod {} uses can't be read ({}).",
                                             node, object.str(), error.message));
}

void read(const Object& object, Reading& into, LivePods& live) {
  const JsonField spec = object.field["spec"];
  const std::string node = spec["nodeName"].get_or("").value_or("");
  const auto defaulted = with_default_requests(*object.field.value());
  auto pod = kube::decode_pod(kube::WireObject::of(defaulted ? *defaulted : *object.field.value()), into.shared);
  if (!pod) return read_broken(object, node, pod.error(), into);
  pod->name = {NamespaceName(object.ns), object.name};
  if (pod->owner) live[pod->owner->str()].insert(object.name);
  plan::Shape shape = shape_of(*pod, into.priorities.of(spec, into.problem), into.shared);
  const auto claims = claims_of(spec, object.name);
  auto needs = claims ? into.volumes.needs_of(object.ns, *claims) : Result<plan::VolumeNeeds>(fail(claims.error()));
  if (needs) {
    shape.volumes = *std::move(needs);
  } else if (node.empty()) {
    shape.refused = needs.error().message;
  }
  const auto checked = check_pod_spec(spec, SpecOf::Pod);
  if (!checked && node.empty()) shape.refused = checked.error().message;
  if (node.empty()) {
    if (!pod->terminating()) into.problem.pods.push_back({pod->name, into.shapes.add(std::move(shape))});
  } else if (plan::ExistingNode* const at = into.node_named(node); at != nullptr) {
    at->pods.push_back({pod->name, into.shapes.add(std::move(shape)), pod->terminating()});
  }
}

}  // namespace

bool is_over(const Object& pod) {
  const auto phase = pod.field["status"]["phase"].get_or("");
  return phase && (*phase == "Succeeded" || *phase == "Failed");
}

Result<std::vector<ClaimUse>> claims_of(const JsonField& spec, const std::string& pod) {
  std::vector<ClaimUse> out;
  SK_TRY(const auto elements, spec["volumes"].elements());
  for (const JsonField& volume : elements) {
    if (volume["persistentVolumeClaim"].present()) {
      SK_TRY(auto claim, volume["persistentVolumeClaim"]["claimName"].as<std::string>());
      out.push_back({std::move(claim), {}});
    }
    if (volume["ephemeral"].present()) {
      SK_TRY(const auto name, volume["name"].as<std::string>());
      out.push_back({fmt::format("{}-{}", pod, name), volume["ephemeral"]["volumeClaimTemplate"]});
    }
  }
  return out;
}

LivePods read_pods(const Objects& objects, Reading& into) {
  LivePods live;
  for (const Object& pod : objects.of("Pod"))
    if (!is_over(pod)) read(pod, into, live);
  return live;
}

}  // namespace spotkeeper::control
