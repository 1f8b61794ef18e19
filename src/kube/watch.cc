#include "kube/watch.h"

#include <utility>

namespace spotkeeper::kube {
namespace {

WatchType type_of(std::string_view name) {
  if (name == "ADDED") return WatchType::Added;
  if (name == "MODIFIED") return WatchType::Modified;
  if (name == "DELETED") return WatchType::Deleted;
  if (name == "BOOKMARK") return WatchType::Bookmark;
  if (name == "ERROR") return WatchType::Error;
  return WatchType::Unknown;
}

Result<void> hand_on_error(const WatchDecoder::OnEvent& on_event, std::string_view body) {
  WatchEvent event;
  event.type = WatchType::Error;
  SK_TRY(event.status, parse_status(body));
  return on_event(event);
}

}  // namespace

WatchDecoder::WatchDecoder(std::string_view content_type, OnEvent on_event)
    : on_event_(std::move(on_event)),
      splitter_(std::in_place_type<format::JsonSplitter>,
                [this](std::string_view document) { return on_document(document); }) {
  if (content_type.find("application/vnd.kubernetes.protobuf") != std::string_view::npos)
    splitter_.emplace<format::WatchFrameSplitter>([this](std::string_view frame) { return on_frame(frame); });
}

Result<void> WatchDecoder::feed(std::string_view chunk) {
  return std::visit([&](auto& splitter) { return splitter.feed(chunk); }, splitter_);
}

Result<void> WatchDecoder::finish() const {
  return std::visit([](const auto& splitter) { return splitter.finish(); }, splitter_);
}

Result<void> WatchDecoder::on_frame(std::string_view frame) {
  SK_TRY(const auto event, format::read_watch_event(frame));
  const WatchType type = type_of(event.type);
  if (type == WatchType::Unknown) return on_event_(WatchEvent{});
  if (type == WatchType::Error) return hand_on_error(on_event_, event.object);
  SK_TRY(const auto envelope, format::read_envelope(event.object));
  return hand_on(type, WireObject{envelope.raw, nullptr});
}

Result<void> WatchDecoder::on_document(std::string_view document) {
  SK_TRY(const auto value, format::parse_json(document));
  const format::JsonField root(value);
  SK_TRY(const auto name, root["type"].as<std::string_view>());
  const WatchType type = type_of(name);
  if (type == WatchType::Unknown) return on_event_(WatchEvent{});
  SK_CHECK(root["object"].is_object());
  const format::JsonValue& object = *root["object"].value();
  if (type == WatchType::Error) return hand_on_error(on_event_, format::write_json(object));
  return hand_on(type, WireObject::of(object));
}

Result<void> WatchDecoder::hand_on(WatchType type, const WireObject& object) {
  WatchEvent event;
  event.type = type;
  event.object = object;
  SK_TRY(event.meta, meta_of(object));
  return on_event_(event);
}

}  // namespace spotkeeper::kube
