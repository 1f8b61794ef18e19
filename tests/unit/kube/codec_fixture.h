// Objects for tests, given as JSON and read from both wires.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "format/json.h"
#include "kube/codec/decode.h"
#include "kube/codec/translate.h"
#include "model/snapshot.h"

namespace spotkeeper::kube {

inline Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

/// The protobuf message of an object given as JSON.
template <class T>
std::string message_of(std::string_view json) {
  const auto document = format::parse_json(json);
  EXPECT_TRUE(document) << document.error().message;
  wire::Arena arena;
  const auto object = from_json<T>(*document, arena);
  EXPECT_TRUE(object) << object.error().message;
  return to_protobuf(*object);
}
inline std::string pod_message(std::string_view json) { return message_of<wire::Pod>(json); }

inline void expect_same(const Pod& a, const Pod& b) {
  EXPECT_EQ(a.ref(), b.ref());
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.node, b.node);
  EXPECT_EQ(a.nominated_node, b.nominated_node);
  EXPECT_EQ(a.spec, b.spec) << "equal templates are one object";
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(std::tie(a.mirror, a.phase, a.ready, a.unschedulable, a.ordinal),
            std::tie(b.mirror, b.phase, b.ready, b.unschedulable, b.ordinal));
  EXPECT_EQ(std::tie(a.created, a.started, a.ready_since, a.deletion, a.deletion_grace),
            std::tie(b.created, b.started, b.ready_since, b.deletion, b.deletion_grace));
}

/// The pod in `json`; fails the test unless its protobuf says the same.
inline Pod pod_of(std::string_view json) {
  Snapshot shared;
  const auto document = format::parse_json(json);
  EXPECT_TRUE(document) << document.error().message;
  auto from_text = decode_pod(WireObject::of(*document), shared);
  EXPECT_TRUE(from_text) << from_text.error().message;
  const std::string message = pod_message(json);
  const auto from_bytes = decode_pod(WireObject{message, nullptr}, shared);
  EXPECT_TRUE(from_bytes) << from_bytes.error().message;
  expect_same(*from_text, *from_bytes);
  return *std::move(from_text);
}

inline Error pod_json_error(std::string_view json) {
  Snapshot shared;
  const auto document = format::parse_json(json);
  EXPECT_TRUE(document) << document.error().message;
  const auto pod = decode_pod(WireObject::of(*document), shared);
  EXPECT_FALSE(pod);
  return pod ? Error{} : pod.error();
}

/// The same error from both wires.
inline Error pod_error(std::string_view json) {
  const Error error = pod_json_error(json);
  Snapshot shared;
  const std::string message = pod_message(json);
  const auto pod = decode_pod(WireObject{message, nullptr}, shared);
  EXPECT_FALSE(pod);
  EXPECT_EQ(pod ? Error{} : pod.error(), error);
  return error;
}

}  // namespace spotkeeper::kube
