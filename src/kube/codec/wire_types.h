// The few shapes that Kubernetes' API fields have, and how a field is named on either wire.
//
// A message is a plain struct with a table of its fields (codec/objects.h): number in protobuf, name in JSON, member.
// The four translations (codec/translate.h) are written once over those tables, so that protobuf and JSON cannot differ
// in anything but what the tables say. All text is views: into the bytes or the document that was decoded, or into an
// Arena.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.h"
#include "format/protobuf.h"

namespace spotkeeper::kube::wire {

/// Owns text that no document owns, for as long as the views into it are used.
class Arena {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

 private:
  std::deque<std::string> texts_;
};

using Text = std::string_view;
using Map = std::vector<std::pair<Text, Text>>;

/// Resource amounts by name, as text (model/quantity.h reads it).
struct Quantities {
  std::vector<std::pair<Text, Text>> entries;
};
/// metav1.Time, whole seconds. In protobuf an empty message is the zero time, in JSON null: both are none here.
struct Time {
  std::optional<Instant> at;
};
/// metav1.MicroTime: written with exactly six decimals, because the API server refuses anything else.
struct MicroTime {
  std::optional<Instant> at;
};
/// Times by name (PodDisruptionBudgetStatus.disruptedPods).
struct Times {
  std::vector<std::pair<Text, Time>> entries;
};
using IntOrString = format::ProtoIntOrString;

/// One field. `name` empty: a message of its own in protobuf, its fields among the parent's in JSON (Go's embedding).
template <class Message, class Member>
struct Field {
  std::uint32_t number;
  std::string_view name;
  Member Message::* member;
};

}  // namespace spotkeeper::kube::wire
