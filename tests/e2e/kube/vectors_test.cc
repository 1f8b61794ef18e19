// Our reading of Kubernetes' objects against the official Go types: tests/peers/vectors fills every field of every kind
// that we know and writes each object as JSON and as protobuf; both must say the same to us. No server is asked.
// $SPOTKEEPER_VECTORS names the file that it printed.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "format/json.h"
#include "format/protobuf.h"
#include "kube/codec/decode.h"
#include "kube/codec/translate.h"

namespace spotkeeper::kube {
namespace {

struct Vector {
  std::string kind;  // "v1 Pod"
  std::string json;
  std::string protobuf;
};

std::string_view take(std::string_view& rest, std::size_t size) {
  const std::string_view piece = rest.substr(0, size);
  rest.remove_prefix(piece.size());
  return piece;
}

std::string next_part(std::string_view& rest) {
  std::size_t length = 0;
  for (const char byte : take(rest, 4)) length = length << 8 | static_cast<unsigned char>(byte);
  return std::string(take(rest, length));
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::vector<Vector> out;
    const char* path = std::getenv("SPOTKEEPER_VECTORS");
    std::ostringstream content;
    content << std::ifstream(path == nullptr ? "" : path, std::ios::binary).rdbuf();
    const std::string bytes = content.str();
    for (std::string_view rest = bytes; !rest.empty();) {
      Vector next{next_part(rest), next_part(rest), next_part(rest)};
      out.push_back(std::move(next));
    }
    return out;
  }();
  return all;
}

template <class T>
void expect_same_object(const Vector& vector) {
  const auto document = format::parse_json(vector.json);
  ASSERT_TRUE(document) << document.error().message;
  const auto envelope = format::read_envelope(vector.protobuf);
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->type.api_version + " " + envelope->type.kind, vector.kind);

  wire::Arena arena;
  const auto from_text = from_json<T>(*document, arena);
  const auto from_bytes = from_protobuf<T>(envelope->raw);
  ASSERT_TRUE(from_text) << from_text.error().message << "\n" << vector.json;
  ASSERT_TRUE(from_bytes) << from_bytes.error().message << "\n" << vector.json;
  ASSERT_EQ(format::JsonValue(to_json(*from_text)), format::JsonValue(to_json(*from_bytes))) << vector.json;

  // What we write is read back the same, from both.
  const std::string written = to_protobuf(*from_bytes);
  const auto again = from_protobuf<T>(written);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_protobuf(*again), written);
  EXPECT_EQ(format::JsonValue(to_json(*again)), format::JsonValue(to_json(*from_bytes)));
}

using Check = std::function<void(const Vector&)>;
const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> all{
      {"v1 Pod", expect_same_object<wire::Pod>},
      {"v1 Node", expect_same_object<wire::Node>},
      {"v1 Namespace", expect_same_object<wire::Namespace>},
      {"v1 Event", expect_same_object<wire::CoreEvent>},
      {"v1 Status", expect_same_object<wire::Status>},
      {"events.k8s.io/v1 Event", expect_same_object<wire::Event>},
      {"policy/v1 PodDisruptionBudget", expect_same_object<wire::PodDisruptionBudget>},
      {"coordination.k8s.io/v1 Lease", expect_same_object<wire::Lease>},
      {"discovery.k8s.io/v1 EndpointSlice", expect_same_object<wire::EndpointSlice>},
      {"apps/v1 Deployment", expect_same_object<wire::Deployment>},
      {"apps/v1 ReplicaSet", expect_same_object<wire::ReplicaSet>},
      {"apps/v1 StatefulSet", expect_same_object<wire::StatefulSet>},
      {"apps/v1 DaemonSet", expect_same_object<wire::DaemonSet>},
  };
  return all;
}

TEST(OfficialTypes, SayTheSameToUsInJsonAndProtobuf) {
  std::map<std::string, int> seen;
  for (const Vector& vector : vectors()) {
    const auto check = checks().find(vector.kind);
    ASSERT_NE(check, checks().end()) << vector.kind;
    check->second(vector);
    ++seen[vector.kind];
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(seen.size(), checks().size()) << "SPOTKEEPER_VECTORS must name the output of tests/peers/vectors";
}

// No value that JSON has and that we know may be missing from what we read of protobuf: every field of ours that the Go
// types wrote is in our own JSON with the same value.
void expect_contained(const format::JsonValue& ours, const format::JsonValue& theirs, const std::string& path) {
  if (const auto* object = ours.if_object()) {
    ASSERT_TRUE(theirs.is_object()) << path;
    for (const auto& [key, value] : *object) {
      const auto* found = theirs.as_object().if_contains(key);
      ASSERT_NE(found, nullptr) << path << "/" << std::string_view(key);
      expect_contained(value, *found, path + "/" + std::string(key));
    }
  } else if (const auto* array = ours.if_array()) {
    ASSERT_TRUE(theirs.is_array() && theirs.as_array().size() == array->size()) << path;
    for (std::size_t i = 0; i < array->size(); ++i)
      expect_contained((*array)[i], theirs.as_array()[i], path + "/" + std::to_string(i));
  } else {
    EXPECT_EQ(ours, theirs) << path;
  }
}

TEST(OfficialTypes, HaveEveryFieldThatWeReadFromTheirProtobuf) {
  int pods = 0;
  for (const Vector& vector : vectors()) {
    if (vector.kind != "v1 Pod" && vector.kind != "v1 Node") continue;
    const auto envelope = format::read_envelope(vector.protobuf).value();
    const format::JsonValue ours = vector.kind == "v1 Pod" ? to_json(from_protobuf<wire::Pod>(envelope.raw).value())
                                                           : to_json(from_protobuf<wire::Node>(envelope.raw).value());
    expect_contained(ours, format::parse_json(vector.json).value(), "");
    ++pods;
    if (HasFailure()) return;
  }
  EXPECT_GT(pods, 0);
}

TEST(OfficialTypes, GiveTheSamePodsNodesAndBudgets) {
  int decoded = 0;
  for (const Vector& vector : vectors()) {
    const auto document = format::parse_json(vector.json).value();
    const auto envelope = format::read_envelope(vector.protobuf).value();
    const WireObject text = WireObject::of(document);
    const WireObject bytes{envelope.raw, nullptr};
    if (vector.kind == "v1 Pod") {
      Snapshot shared;
      const auto a = decode_pod(text, shared);
      const auto b = decode_pod(bytes, shared);
      ASSERT_EQ(a.has_value(), b.has_value());
      if (!a) continue;
      ++decoded;
      EXPECT_EQ(a->ref(), b->ref());
      EXPECT_EQ(a->spec, b->spec);
      EXPECT_EQ(a->labels, b->labels);
      EXPECT_EQ(a->owner, b->owner);
      EXPECT_EQ(std::tie(a->ready, a->ready_since, a->deletion, a->deletion_grace, a->created, a->started, a->mirror),
                std::tie(b->ready, b->ready_since, b->deletion, b->deletion_grace, b->created, b->started, b->mirror));
    } else if (vector.kind == "policy/v1 PodDisruptionBudget") {
      const auto a = decode_budget(text);
      const auto b = decode_budget(bytes);
      ASSERT_EQ(a.has_value(), b.has_value());
      if (!a) continue;
      EXPECT_EQ(std::tie(a->selector, a->min_available, a->max_unavailable, a->disrupted),
                std::tie(b->selector, b->min_available, b->max_unavailable, b->disrupted));
    } else if (vector.kind == "v1 Node") {
      const auto a = decode_node(text);
      const auto b = decode_node(bytes);
      ASSERT_EQ(a.has_value(), b.has_value());
      if (!a) continue;
      EXPECT_EQ(std::tie(a->labels, a->taints, a->allocatable, a->max_pods, a->created),
                std::tie(b->labels, b->taints, b->allocatable, b->max_pods, b->created));
    }
    if (HasFailure()) {
      ADD_FAILURE() << vector.json;
      return;
    }
  }
  EXPECT_GT(decoded, 50);
}

}  // namespace
}  // namespace spotkeeper::kube
