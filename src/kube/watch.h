// The body of a watch as events: length-prefixed protobuf frames, or JSON documents one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "format/json_stream.h"
#include "format/protobuf.h"
#include "kube/status.h"
#include "kube/wire.h"

namespace spotkeeper::kube {

enum class WatchType {
  Added,
  Modified,
  Deleted,   // with a selector: it no longer matches, which does not mean that it is gone
  Bookmark,  // only metadata.resourceVersion means something
  Error,     // `status` says what; the stream ends
  Unknown,   // from a newer server: to be ignored
};

/// Valid during the call that hands it on.
struct WatchEvent {
  WatchType type = WatchType::Unknown;
  WireObject object;  // of all but Error and Unknown
  WireMeta meta;      // the same object's
  ApiStatus status;   // of Error
};

/// Single-use: one decoder a stream. An event longer than 16 MiB or malformed is an error, after which the stream is to
/// be given up.
class WatchDecoder {
 public:
  using OnEvent = std::function<Result<void>(const WatchEvent&)>;

  /// `content_type` as the answer's header has it ("application/vnd.kubernetes.protobuf;stream=watch").
  WatchDecoder(std::string_view content_type, OnEvent on_event);
  WatchDecoder(const WatchDecoder&) = delete;
  WatchDecoder& operator=(const WatchDecoder&) = delete;

  Result<void> feed(std::string_view chunk);
  /// An error if the stream ended inside an event.
  [[nodiscard]] Result<void> finish() const;

 private:
  Result<void> on_frame(std::string_view frame);
  Result<void> on_document(std::string_view document);
  Result<void> hand_on(WatchType type, const WireObject& object);

  OnEvent on_event_;
  std::variant<format::JsonSplitter, format::WatchFrameSplitter> splitter_;
};

}  // namespace spotkeeper::kube
