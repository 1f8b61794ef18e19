// metav1: what every object and every answer has. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_types.h"

namespace spotkeeper::kube::wire {

struct OwnerReference {
  Text kind;
  Text name;
  Text uid;
  Text api_version;
  std::optional<bool> controller;
  std::optional<bool> block_owner_deletion;
};
constexpr auto fields(const OwnerReference*) {
  return std::tuple{Field{1, "kind", &OwnerReference::kind},
                    Field{3, "name", &OwnerReference::name},
                    Field{4, "uid", &OwnerReference::uid},
                    Field{5, "apiVersion", &OwnerReference::api_version},
                    Field{6, "controller", &OwnerReference::controller},
                    Field{7, "blockOwnerDeletion", &OwnerReference::block_owner_deletion}};
}

struct ObjectMeta {
  Text name;
  Text generate_name;
  Text ns;
  Text uid;
  Text resource_version;
  std::int64_t generation = 0;
  Time creation_timestamp;
  Time deletion_timestamp;
  std::optional<std::int64_t> deletion_grace_period_seconds;
  Map labels;
  Map annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<Text> finalizers;
};
constexpr auto fields(const ObjectMeta*) {
  return std::tuple{Field{1, "name", &ObjectMeta::name},
                    Field{2, "generateName", &ObjectMeta::generate_name},
                    Field{3, "namespace", &ObjectMeta::ns},
                    Field{5, "uid", &ObjectMeta::uid},
                    Field{6, "resourceVersion", &ObjectMeta::resource_version},
                    Field{7, "generation", &ObjectMeta::generation},
                    Field{8, "creationTimestamp", &ObjectMeta::creation_timestamp},
                    Field{9, "deletionTimestamp", &ObjectMeta::deletion_timestamp},
                    Field{10, "deletionGracePeriodSeconds", &ObjectMeta::deletion_grace_period_seconds},
                    Field{11, "labels", &ObjectMeta::labels},
                    Field{12, "annotations", &ObjectMeta::annotations},
                    Field{13, "ownerReferences", &ObjectMeta::owner_references},
                    Field{14, "finalizers", &ObjectMeta::finalizers}};
}

struct ListMeta {
  Text resource_version;
  Text continue_token;
  std::optional<std::int64_t> remaining_item_count;
};
constexpr auto fields(const ListMeta*) {
  return std::tuple{Field{2, "resourceVersion", &ListMeta::resource_version},
                    Field{3, "continue", &ListMeta::continue_token},
                    Field{4, "remainingItemCount", &ListMeta::remaining_item_count}};
}

struct LabelSelectorRequirement {
  Text key;
  Text op;
  std::vector<Text> values;
};
constexpr auto fields(const LabelSelectorRequirement*) {
  return std::tuple{Field{1, "key", &LabelSelectorRequirement::key},
                    Field{2, "operator", &LabelSelectorRequirement::op},
                    Field{3, "values", &LabelSelectorRequirement::values}};
}

struct LabelSelector {
  Map match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;
};
constexpr auto fields(const LabelSelector*) {
  return std::tuple{Field{1, "matchLabels", &LabelSelector::match_labels},
                    Field{2, "matchExpressions", &LabelSelector::match_expressions}};
}

struct StatusCause {
  Text reason;
  Text message;
  Text field;
};
constexpr auto fields(const StatusCause*) {
  return std::tuple{Field{1, "reason", &StatusCause::reason}, Field{2, "message", &StatusCause::message},
                    Field{3, "field", &StatusCause::field}};
}

struct StatusDetails {
  Text name;
  Text group;
  Text kind;
  std::vector<StatusCause> causes;
  std::int32_t retry_after_seconds = 0;
  Text uid;
};
constexpr auto fields(const StatusDetails*) {
  return std::tuple{Field{1, "name", &StatusDetails::name},
                    Field{2, "group", &StatusDetails::group},
                    Field{3, "kind", &StatusDetails::kind},
                    Field{4, "causes", &StatusDetails::causes},
                    Field{5, "retryAfterSeconds", &StatusDetails::retry_after_seconds},
                    Field{6, "uid", &StatusDetails::uid}};
}

struct Status {
  ListMeta metadata;
  Text status;
  Text message;
  Text reason;
  std::optional<StatusDetails> details;
  std::int32_t code = 0;
};
constexpr auto fields(const Status*) {
  return std::tuple{Field{1, "metadata", &Status::metadata}, Field{2, "status", &Status::status},
                    Field{3, "message", &Status::message},   Field{4, "reason", &Status::reason},
                    Field{5, "details", &Status::details},   Field{6, "code", &Status::code}};
}

struct Condition {
  Text type;
  Text status;
  std::int64_t observed_generation = 0;
  Time last_transition_time;
  Text reason;
  Text message;
};
constexpr auto fields(const Condition*) {
  return std::tuple{Field{1, "type", &Condition::type},
                    Field{2, "status", &Condition::status},
                    Field{3, "observedGeneration", &Condition::observed_generation},
                    Field{4, "lastTransitionTime", &Condition::last_transition_time},
                    Field{5, "reason", &Condition::reason},
                    Field{6, "message", &Condition::message}};
}

struct ObjectReference {
  Text kind;
  Text ns;
  Text name;
  Text uid;
  Text api_version;
  Text resource_version;
  Text field_path;
};
constexpr auto fields(const ObjectReference*) {
  return std::tuple{Field{1, "kind", &ObjectReference::kind},
                    Field{2, "namespace", &ObjectReference::ns},
                    Field{3, "name", &ObjectReference::name},
                    Field{4, "uid", &ObjectReference::uid},
                    Field{5, "apiVersion", &ObjectReference::api_version},
                    Field{6, "resourceVersion", &ObjectReference::resource_version},
                    Field{7, "fieldPath", &ObjectReference::field_path}};
}

}  // namespace spotkeeper::kube::wire
