#include "control/planning/objects.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "kube/codec/documents.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::array<std::string_view, 4> kWorkloads = {"Deployment", "ReplicaSet", "StatefulSet", "Job"};

struct KnownKind {
  std::string_view group;  // "" is core's
  bool namespaced = false;
};

const std::map<std::string_view, KnownKind>& known_kinds() {
  static const std::map<std::string_view, KnownKind> known = {
      {"Pod", {"", true}},
      {"Node", {"", false}},
      {"Namespace", {"", false}},
      {"PersistentVolume", {"", false}},
      {"PersistentVolumeClaim", {"", true}},
      {"Deployment", {"apps", true}},
      {"ReplicaSet", {"apps", true}},
      {"StatefulSet", {"apps", true}},
      {"DaemonSet", {"apps", true}},
      {"Job", {"batch", true}},
      {"PodDisruptionBudget", {"policy", true}},
      {"PriorityClass", {"scheduling.k8s.io", false}},
      {"StorageClass", {"storage.k8s.io", false}},
      {"CSINode", {"storage.k8s.io", false}},
      {"NodePool", {"karpenter.sh", false}},
  };
  return known;
}

}  // namespace

std::span<const std::string_view> workload_kinds() { return kWorkloads; }

Result<void> Objects::collect(const format::JsonValue& document) {
  return kube::each_object(JsonField(document),
                           [this](const JsonField& object, const std::string& kind) { return take(object, kind); });
}

Result<void> Objects::take(const JsonField& object, const std::string& kind) {
  const auto known = known_kinds().find(kind);
  SK_TRY(const auto version, object["apiVersion"].get_or(""));
  const auto group = split_once(version, '/');
  if (known == known_kinds().end()) return {};
  if (!version.empty() && (group ? group->first : std::string_view()) != known->second.group) return {};
  Object out{kind, "", "", object};
  SK_TRY(out.name, object["metadata"]["name"].as<std::string>());
  SK_TRY(const auto ns, object["metadata"]["namespace"].get_or("default"));
  if (known->second.namespaced) {
    out.ns = ns.empty() ? "default" : ns;
    namespaces_.insert(out.ns);
  }
  if (!names_.emplace(kind, out.str()).second)
    return fail(object["metadata"]["name"].error(fmt::format("a second {} called {}", kind, quote(out.str()))));
  by_kind_[kind].push_back(std::move(out));
  return {};
}

const std::vector<Object>& Objects::of(std::string_view kind) const {
  static const std::vector<Object> none;
  const auto found = by_kind_.find(kind);
  return found == by_kind_.end() ? none : found->second;
}

bool Objects::contains(const std::string& kind, const std::string& full_name) const {
  return names_.contains({kind, full_name});
}

}  // namespace spotkeeper::control
