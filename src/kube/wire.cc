#include "kube/wire.h"

#include <optional>
#include <utility>

#include "format/json_stream.h"
#include "format/protobuf.h"

namespace spotkeeper::kube {
namespace {

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

Result<WireMeta> meta_of_message(std::string_view message) {
  WireMeta out;
  format::ProtoReader object(message);
  while (object.next()) {
    if (object.field() != 1) continue;
    format::ProtoReader meta = object.message();
    while (meta.next()) {
      switch (meta.field()) {
        case 1: out.name = meta.text(); break;
        case 3: out.ns = meta.text(); break;
        case 5: out.uid = Uid(meta.text()); break;
        case 6: out.version = meta.text(); break;
        case 12: {
          const auto [key, value] = meta.string_entry();
          if (key == kInitialEventsEnd) out.initial_events_end = value == "true";
          break;
        }
        default: break;
      }
    }
  }
  SK_CHECK(object.status());
  return out;
}

Result<WireMeta> meta_of_json(const format::JsonValue& value) {
  const format::JsonField meta = format::JsonField(value)["metadata"];
  WireMeta out;
  SK_TRY(out.name, meta["name"].get_or(""));
  SK_TRY(out.ns, meta["namespace"].get_or(""));
  SK_TRY(const auto uid, meta["uid"].get_or(""));
  out.uid = Uid(uid);
  SK_TRY(out.version, meta["resourceVersion"].get_or(""));
  SK_TRY(const auto mark, meta["annotations"][kInitialEventsEnd].get_or(""));
  out.initial_events_end = mark == "true";
  return out;
}

Result<ListMeta> read_protobuf_list(std::string_view body,
                                    const std::function<Result<void>(const WireObject&)>& on_item) {
  ListMeta out;
  format::ProtoListReader reader(
      [&](std::string_view message) -> Result<void> {
        format::ProtoReader meta(message);
        while (meta.next()) {
          if (meta.field() == 2) out.version = meta.text();
          if (meta.field() == 3) out.next = meta.text();
        }
        return meta.status();
      },
      [&](std::string_view message) { return on_item(WireObject{message, nullptr}); });
  SK_CHECK(reader.feed(body));
  SK_CHECK(reader.finish());
  return out;
}

Result<ListMeta> read_json_list(std::string_view body, const std::function<Result<void>(const WireObject&)>& on_item) {
  format::JsonListReader reader({"items"},
                                [&](const format::JsonValue& item) { return on_item(WireObject::of(item)); });
  SK_CHECK(reader.feed(body));
  SK_TRY(const auto rest, reader.finish());
  const format::JsonField meta = format::JsonField(rest)["metadata"];
  ListMeta out;
  SK_TRY(out.version, meta["resourceVersion"].get_or(""));
  SK_TRY(out.next, meta["continue"].get_or(""));
  return out;
}

}  // namespace

Result<WireMeta> meta_of(const WireObject& object) {
  return object.json != nullptr ? meta_of_json(*object.json) : meta_of_message(object.message);
}

Result<ListMeta> read_list(std::string_view body, const std::function<Result<void>(const WireObject&)>& on_item) {
  return format::is_envelope(body) ? read_protobuf_list(body, on_item) : read_json_list(body, on_item);
}

Result<void> read_object(std::string_view body, const std::function<Result<void>(const WireObject&)>& use) {
  if (format::is_envelope(body)) {
    SK_TRY(const auto envelope, format::read_envelope(body));
    return use(WireObject{envelope.raw, nullptr});
  }
  SK_TRY(const auto document, format::parse_json(body));
  return use(WireObject::of(document));
}

ObjectName name_of(const WireMeta& meta) { return {NamespaceName(meta.ns), meta.name}; }

}  // namespace spotkeeper::kube
