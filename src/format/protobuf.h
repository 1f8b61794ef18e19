// Kubernetes' protobuf: the envelope, lists as a stream, watch frames, and readers and writers of single messages.
//
// No schema is compiled in: who decodes a kind names the field numbers. Every malformed input is an error with the
// offset of the field that is wrong; nothing here throws. Formats: apimachinery's runtime/serializer/protobuf
// (envelope "k8s\0" + runtime.Unknown), util/framer (watch frames), meta/v1/generated.proto (Time, WatchEvent).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::format {

/// The longest list item, watch frame or other buffered piece that is read: client-go's limit of a watch frame.
inline constexpr std::size_t kLongestMessage = std::size_t{16} << 20;

/// An IntOrString: 5 or "50%".
using ProtoIntOrString = std::variant<std::int32_t, std::string_view>;

/// Reads the fields of one message in the order they come. Values point into the bytes given.
///
///   ProtoReader pod(bytes);
///   while (pod.next()) switch (pod.field()) {
///     case 1: for (ProtoReader meta = pod.message(); meta.next();) … break;
///     case 7: name = pod.text(); break;
///   }                                            // what is not taken is skipped
///   SK_CHECK(pod.status());
///
/// After the first error every `next()`, of this reader, its parents and its children, is false, every value is empty
/// or zero, and `status()` says what was wrong. A value that is asked for as what it is not is such an error.
/// A reader outlives those that `message()` returns.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view message);
  ProtoReader(const ProtoReader&) = delete;
  ProtoReader& operator=(const ProtoReader&) = delete;
  ~ProtoReader() = default;

  /// Moves to the next field. False at the end, or after an error.
  bool next();
  [[nodiscard]] std::uint32_t field() const { return field_; }

  [[nodiscard]] std::string_view bytes();
  [[nodiscard]] std::string_view text() { return bytes(); }  // not checked to be UTF-8
  [[nodiscard]] std::int64_t int64();
  /// Truncated to 32 bits as every protobuf decoder does.
  [[nodiscard]] std::int32_t int32() { return static_cast<std::int32_t>(int64()); }
  [[nodiscard]] bool boolean() { return int64() != 0; }
  [[nodiscard]] double float64();
  [[nodiscard]] ProtoReader message();

  /// Time or MicroTime. An empty message is the zero time, which stands for "unset"; so does Go's year 1.
  [[nodiscard]] std::optional<Instant> time();
  /// The text of a Quantity: {1: string}.
  [[nodiscard]] std::string_view quantity();
  [[nodiscard]] ProtoIntOrString int_or_string();
  /// One entry of a map<string, string>; what is missing is empty.
  [[nodiscard]] std::pair<std::string_view, std::string_view> string_entry();
  /// One entry of a map<string, Quantity>: the key and the quantity's text.
  [[nodiscard]] std::pair<std::string_view, std::string_view> quantity_entry();

  /// Makes an error of the caller's own about the field read last, unless there is one already.
  void reject(std::string_view what);
  [[nodiscard]] Result<void> status() const;

 private:
  ProtoReader(std::string_view message, ProtoReader& parent);
  [[nodiscard]] bool failed() const { return !problem_->empty(); }
  template <class Get>
  auto take(protozero::pbf_wire_type type, std::string_view expected, Get get);

  std::string own_problem_;
  std::string* problem_;  // the outermost reader's; empty: none
  const char* base_;      // the outermost message's first byte, for offsets
  const char* start_;     // the current field's
  std::uint32_t field_ = 0;
  bool taken_ = true;
  protozero::pbf_reader reader_;
};

/// Writes fields in the order of the calls, behind what `out` holds already. `out` outlives the writer.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : writer_(out) {}

  void bytes(std::uint32_t field, std::string_view value) { writer_.add_bytes(field, value.data(), value.size()); }
  void text(std::uint32_t field, std::string_view value) { bytes(field, value); }
  void int64(std::uint32_t field, std::int64_t value) { writer_.add_int64(field, value); }
  void boolean(std::uint32_t field, bool value) { writer_.add_bool(field, value); }
  void float64(std::uint32_t field, double value) { writer_.add_double(field, value); }
  /// A nested message: `body(ProtoWriter&)` writes its fields.
  template <class Body>
  void message(std::uint32_t field, Body&& body) {
    ProtoWriter nested(writer_, field);
    std::forward<Body>(body)(nested);
  }

  /// Whole seconds: the API server drops the rest. No time is an empty message.
  void time(std::uint32_t field, std::optional<Instant> value);
  /// Whole microseconds.
  void micro_time(std::uint32_t field, std::optional<Instant> value);
  void quantity(std::uint32_t field, std::string_view value);
  void int_or_string(std::uint32_t field, const ProtoIntOrString& value);
  void string_entry(std::uint32_t field, std::string_view key, std::string_view value);
  void quantity_entry(std::uint32_t field, std::string_view key, std::string_view value);

 private:
  ProtoWriter(protozero::pbf_writer& parent, std::uint32_t field) : writer_(parent, field) {}
  protozero::pbf_writer writer_;
};

/// What an envelope says about the object in it.
struct ProtoType {
  std::string api_version;
  std::string kind;
  friend bool operator==(const ProtoType&, const ProtoType&) = default;
};

struct ProtoEnvelope {
  ProtoType type;
  std::string_view raw;  // the object's own message; points into what was read
};

/// Whether the bytes begin as an envelope does ("k8s\0").
[[nodiscard]] bool is_envelope(std::string_view bytes);
/// An object on the wire. A raw part in some encoding other than plain protobuf is an error.
Result<ProtoEnvelope> read_envelope(std::string_view bytes);
[[nodiscard]] std::string write_envelope(const ProtoType& type, std::string_view raw);

/// A list on the wire from the messages of its metadata (ListMeta) and items.
[[nodiscard]] std::string write_list(const ProtoType& type, std::string_view metadata,
                                     const std::vector<std::string>& items);

/// Reads an enveloped list from chunks cut anywhere and hands on each item as soon as it is whole, holding one item at
/// most. The views given to the functions end with the call; an error returned by one ends the reading.
class ProtoListReader {
 public:
  using Piece = std::function<Result<void>(std::string_view message)>;

  /// `on_metadata` gets the ListMeta message (it stands before the items), `on_item` one item's message.
  ProtoListReader(Piece on_metadata, Piece on_item, std::size_t longest_item = kLongestMessage);

  Result<void> feed(std::string_view chunk);
  /// To be called at the end of the body: an error if the list is cut short, else its type.
  Result<ProtoType> finish();

 private:
  enum class State { Magic, Tag, Number, Length, Piece, Skip };

  Result<void> step(std::string_view& chunk);
  Result<void> magic(std::string_view& chunk);
  /// The varint at the front of the chunk, or nothing as long as its end is not there.
  Result<std::optional<std::uint64_t>> varint(std::string_view& chunk);
  Result<void> tag(std::uint64_t key);
  Result<void> length(std::uint64_t value);
  Result<void> piece(std::string_view& chunk);
  Result<void> whole(std::string_view message);
  std::string_view advance(std::string_view& chunk, std::uint64_t most);
  [[nodiscard]] tl::unexpected<Error> malformed(std::string_view what) const;

  Piece on_metadata_;
  Piece on_item_;
  std::size_t longest_;
  std::optional<Error> failed_;
  State state_ = State::Magic;
  ProtoType type_;
  bool in_list_ = false;
  bool had_list_ = false;
  std::uint64_t offset_ = 0;    // of the next byte, from the body's start
  std::uint64_t list_end_ = 0;  // the offset behind the list's message
  std::uint64_t varint_ = 0;
  unsigned varint_shift_ = 0;
  std::uint32_t field_ = 0;
  std::uint64_t wanted_ = 0;  // bytes of the piece, or of what is skipped, that are still to come
  std::string buffer_;        // the front of a piece that began in an earlier chunk
};

/// What a watch tells: the type as text ("ADDED"…) and the object with its own envelope.
struct ProtoWatchEvent {
  std::string_view type;
  std::string_view object;
};
Result<ProtoWatchEvent> read_watch_event(std::string_view frame);
/// One frame, its length included, for an object that has its envelope already.
[[nodiscard]] std::string write_watch_frame(std::string_view type, std::string_view enveloped_object);

/// Cuts a watch stream into frames. The view given to `on_frame` ends with the call.
class WatchFrameSplitter {
 public:
  using OnFrame = std::function<Result<void>(std::string_view frame)>;

  explicit WatchFrameSplitter(OnFrame on_frame, std::size_t longest_frame = kLongestMessage);

  Result<void> feed(std::string_view chunk);
  /// To be called at the end of the stream: an error if it ended inside a frame.
  [[nodiscard]] Result<void> finish() const;

 private:
  void hand_on(std::string_view frame);

  OnFrame on_frame_;
  std::size_t longest_;
  std::optional<Error> failed_;
  std::uint64_t offset_ = 0;  // of the frame that is being read
  std::string buffer_;        // a frame, with its length, that began in an earlier chunk
};

}  // namespace spotkeeper::format
