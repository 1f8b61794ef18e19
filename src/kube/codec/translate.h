// Bytes and documents to the structs of codec/objects.h and back, by their tables of fields.
//
// Unknown fields are skipped. Wrong types are errors naming the field: "/spec/taints/2/effect: expected a string, got a
// number". Nothing here throws. Instantiated in translate.cc for the objects that are read or written whole, so that
// the tables are compiled once.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "format/json.h"
#include "kube/codec/objects.h"

namespace spotkeeper::kube {

/// What an object is called in the API.
struct KindName {
  std::string_view api_version;  // "v1", "policy/v1"
  std::string_view kind;         // "Pod"
  std::string_view resource;     // "pods"
  bool namespaced = true;
  /// "/api/v1" or "/apis/policy/v1".
  [[nodiscard]] std::string prefix() const;
};

/// Of every object that stands alone.
template <class T>
KindName kind_name_of();
template <>
KindName kind_name_of<wire::Status>();
template <>
KindName kind_name_of<wire::Node>();
template <>
KindName kind_name_of<wire::Namespace>();
template <>
KindName kind_name_of<wire::Pod>();
template <>
KindName kind_name_of<wire::CoreEvent>();
template <>
KindName kind_name_of<wire::Event>();
template <>
KindName kind_name_of<wire::PodDisruptionBudget>();
template <>
KindName kind_name_of<wire::Lease>();
template <>
KindName kind_name_of<wire::EndpointSlice>();
template <>
KindName kind_name_of<wire::Deployment>();
template <>
KindName kind_name_of<wire::ReplicaSet>();
template <>
KindName kind_name_of<wire::StatefulSet>();
template <>
KindName kind_name_of<wire::DaemonSet>();

/// The object in a protobuf message (without its envelope). The text in it are views into `message`.
template <class T>
Result<T> from_protobuf(std::string_view message);

/// The object in a JSON document; its kind and apiVersion are not looked at (items of lists have none). The text in it
/// are views into `document` and, for amounts written as numbers, into `arena`.
template <class T>
Result<T> from_json(const format::JsonValue& document, wire::Arena& arena);
template <class T>
Result<T> from_json(const format::JsonValue&& document, wire::Arena& arena) = delete;  // the views would outlive it

/// The object's message. What is zero or empty is left out, which every decoder reads as zero or empty.
template <class T>
std::string to_protobuf(const T& object);

/// The object's fields, without kind and apiVersion.
template <class T>
format::JsonObject to_json(const T& object);

/// The object's fields behind its kind and apiVersion.
template <class T>
format::JsonObject to_json_document(const T& object) {
  const KindName name = kind_name_of<T>();
  format::JsonObject out{{"kind", name.kind}, {"apiVersion", name.api_version}};
  for (auto& [key, value] : to_json(object)) out[key] = std::move(value);
  return out;
}
/// The object's message in its envelope.
template <class T>
std::string to_protobuf_document(const T& object) {
  const KindName name = kind_name_of<T>();
  return format::write_envelope({std::string(name.api_version), std::string(name.kind)}, to_protobuf(object));
}

}  // namespace spotkeeper::kube
