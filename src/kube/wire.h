// Objects as they come over the wire, in either encoding, and what every object has.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "format/json.h"
#include "model/names.h"
#include "model/uid.h"

namespace spotkeeper::kube {

/// One object, not decoded yet: its protobuf message (without an envelope), or JSON. Points into what was read.
struct WireObject {
  std::string_view message;
  const format::JsonValue* json = nullptr;  // nullptr: `message` holds it

  [[nodiscard]] static WireObject of(const format::JsonValue& value) { return {{}, &value}; }
};

/// The part of ObjectMeta that book-keeping needs.
struct WireMeta {
  std::string ns;
  std::string name;
  Uid uid;
  std::string version;
  bool initial_events_end = false;  // annotation k8s.io/initial-events-end: "true" (on a bookmark)
};
Result<WireMeta> meta_of(const WireObject& object);
[[nodiscard]] ObjectName name_of(const WireMeta& meta);

struct ListMeta {
  std::string version;
  std::string next;  // the continue token; empty: this was the last page
};

/// Hands on every item of a list; `body` is JSON or enveloped protobuf. An error of `on_item` ends the reading.
Result<ListMeta> read_list(std::string_view body, const std::function<Result<void>(const WireObject&)>& on_item);

/// The object in the body of an answer, in either encoding; `use` sees it while it lives.
Result<void> read_object(std::string_view body, const std::function<Result<void>(const WireObject&)>& use);

}  // namespace spotkeeper::kube
