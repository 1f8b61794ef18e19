#include "format/protobuf.h"

#include <protozero/exception.hpp>

#include <fmt/format.h>

#include "base/text.h"

namespace spotkeeper::format {
namespace {

constexpr std::string_view kMagic("k8s\0", 4);
constexpr std::int64_t kGoZeroSeconds = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kFurthestSeconds = 9'223'372'035;  // what an Instant can hold, either way
constexpr std::int64_t kMostNanos = 999'999'999;

std::int64_t floor_seconds(Instant t) { return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count(); }

}  // namespace

ProtoReader::ProtoReader(std::string_view message)
    : problem_(&own_problem_), base_(message.data()), start_(base_), reader_(message.data(), message.size()) {}

ProtoReader::ProtoReader(std::string_view message, ProtoReader& parent)
    : problem_(parent.problem_), base_(parent.base_), start_(message.data()), reader_(message.data(), message.size()) {}

bool ProtoReader::next() {
  if (failed()) return false;
  try {
    if (!taken_) reader_.skip();
    start_ = reader_.data().data();
    taken_ = !reader_.next();
    field_ = taken_ ? 0 : reader_.tag();
    return !taken_;
  } catch (const protozero::exception& malformed) {
    reject(malformed.what());
    return false;
  }
}

template <class Get>
auto ProtoReader::take(protozero::pbf_wire_type type, std::string_view expected, Get get) {
  using Value = decltype(get(reader_));
  if (failed()) return Value{};
  if (taken_ || reader_.wire_type() != type) {
    reject(fmt::format("expected {}", expected));
    return Value{};
  }
  try {
    taken_ = true;
    return get(reader_);
  } catch (const protozero::exception& malformed) {
    reject(malformed.what());
    return Value{};
  }
}

std::string_view ProtoReader::bytes() {
  return take(protozero::pbf_wire_type::length_delimited, "bytes", [](protozero::pbf_reader& reader) {
    const protozero::data_view view = reader.get_view();
    return std::string_view(view.data(), view.size());
  });
}

std::int64_t ProtoReader::int64() {
  return take(protozero::pbf_wire_type::varint, "a whole number",
              [](protozero::pbf_reader& reader) { return reader.get_int64(); });
}

double ProtoReader::float64() {
  return take(protozero::pbf_wire_type::fixed64, "a number of 64 bits",
              [](protozero::pbf_reader& reader) { return reader.get_double(); });
}

ProtoReader ProtoReader::message() {
  const std::string_view nested = bytes();
  return {nested, *this};
}

std::optional<Instant> ProtoReader::time() {
  std::int64_t seconds = kGoZeroSeconds;
  std::int64_t nanos = 0;
  bool present = false;
  for (ProtoReader parts = message(); parts.next();) {
    if (!present) seconds = 0;
    present = true;
    if (parts.field() == 1) seconds = parts.int64();
    if (parts.field() == 2) nanos = parts.int32();
  }
  if (seconds == kGoZeroSeconds) return std::nullopt;
  if (seconds < -kFurthestSeconds || seconds > kFurthestSeconds || nanos < 0 || nanos > kMostNanos) {
    reject("a time beyond the years 1677 to 2262");
    return std::nullopt;
  }
  return Instant(std::chrono::seconds(seconds) + Duration(nanos / 1000 * 1000));
}

std::string_view ProtoReader::quantity() {
  std::string_view text;
  for (ProtoReader parts = message(); parts.next();)
    if (parts.field() == 1) text = parts.bytes();
  return text;
}

ProtoIntOrString ProtoReader::int_or_string() {
  std::int64_t type = 0;
  std::int32_t number = 0;
  std::string_view text;
  for (ProtoReader parts = message(); parts.next();) switch (parts.field()) {
      case 1: type = parts.int64(); break;
      case 2: number = parts.int32(); break;
      case 3: text = parts.bytes(); break;
      default: break;
    }
  if (type == 0) return number;
  if (type != 1) reject("an IntOrString that is neither");
  return text;
}

std::pair<std::string_view, std::string_view> ProtoReader::string_entry() {
  std::pair<std::string_view, std::string_view> entry;
  for (ProtoReader parts = message(); parts.next();) {
    if (parts.field() == 1) entry.first = parts.bytes();
    if (parts.field() == 2) entry.second = parts.bytes();
  }
  return entry;
}

std::pair<std::string_view, std::string_view> ProtoReader::quantity_entry() {
  std::pair<std::string_view, std::string_view> entry;
  for (ProtoReader parts = message(); parts.next();) {
    if (parts.field() == 1) entry.first = parts.bytes();
    if (parts.field() == 2) entry.second = parts.quantity();
  }
  return entry;
}

void ProtoReader::reject(std::string_view what) {
  if (failed()) return;
  const auto offset = start_ == nullptr ? 0 : start_ - base_;
  *problem_ = field_ == 0 ? fmt::format("protobuf: {} at byte {}", what, offset)
                          : fmt::format("protobuf: {} in field {} at byte {}", what, field_, offset);
}

Result<void> ProtoReader::status() const {
  if (failed()) return fail(ErrorCode::InvalidInput, *problem_);
  return {};
}

void ProtoWriter::time(std::uint32_t field, std::optional<Instant> value) {
  message(field, [&](ProtoWriter& parts) {
    if (!value) return;
    parts.int64(1, floor_seconds(*value));
    parts.int64(2, 0);
  });
}

void ProtoWriter::micro_time(std::uint32_t field, std::optional<Instant> value) {
  message(field, [&](ProtoWriter& parts) {
    if (!value) return;
    const std::int64_t seconds = floor_seconds(*value);
    const std::int64_t nanos = (value->time_since_epoch() - std::chrono::seconds(seconds)).count();
    parts.int64(1, seconds);
    parts.int64(2, nanos / 1000 * 1000);
  });
}

void ProtoWriter::quantity(std::uint32_t field, std::string_view value) {
  message(field, [&](ProtoWriter& parts) { parts.text(1, value); });
}

void ProtoWriter::int_or_string(std::uint32_t field, const ProtoIntOrString& value) {
  const auto* number = std::get_if<std::int32_t>(&value);
  const auto* text = std::get_if<std::string_view>(&value);
  message(field, [&](ProtoWriter& parts) {
    parts.int64(1, number != nullptr ? 0 : 1);
    parts.int64(2, number != nullptr ? *number : 0);
    parts.text(3, text != nullptr ? *text : std::string_view());
  });
}

void ProtoWriter::string_entry(std::uint32_t field, std::string_view key, std::string_view value) {
  message(field, [&](ProtoWriter& parts) {
    parts.text(1, key);
    parts.text(2, value);
  });
}

void ProtoWriter::quantity_entry(std::uint32_t field, std::string_view key, std::string_view value) {
  message(field, [&](ProtoWriter& parts) {
    parts.text(1, key);
    parts.quantity(2, value);
  });
}

bool is_envelope(std::string_view bytes) { return bytes.starts_with(kMagic); }

namespace {

Result<ProtoType> read_type(std::string_view message) {
  ProtoType type;
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.field() == 1) type.api_version = reader.text();
    if (reader.field() == 2) type.kind = reader.text();
  }
  SK_CHECK(reader.status());
  return type;
}

std::string write_type(const ProtoType& type) {
  std::string out;
  ProtoWriter writer(out);
  writer.text(1, type.api_version);
  writer.text(2, type.kind);
  return out;
}

}  // namespace

Result<ProtoEnvelope> read_envelope(std::string_view bytes) {
  if (!is_envelope(bytes))
    return fail(ErrorCode::InvalidInput, "protobuf: expected the envelope 'k8s', got " + quote(bytes, 16));
  ProtoEnvelope envelope;
  std::string_view type;
  ProtoReader reader(bytes.substr(kMagic.size()));
  while (reader.next()) switch (reader.field()) {
      case 1: type = reader.bytes(); break;
      case 2: envelope.raw = reader.bytes(); break;
      case 3:
        if (!reader.text().empty()) reader.reject("a content encoding that is not supported");
        break;
      default: break;
    }
  SK_CHECK(reader.status().within("the envelope"));
  SK_TRY(envelope.type, read_type(type).within("the envelope's type"));
  return envelope;
}

std::string write_envelope(const ProtoType& type, std::string_view raw) {
  std::string out(kMagic);
  ProtoWriter writer(out);
  writer.bytes(1, write_type(type));
  writer.bytes(2, raw);
  writer.text(3, "");
  writer.text(4, "");
  return out;
}

std::string write_list(const ProtoType& type, std::string_view metadata, const std::vector<std::string>& items) {
  std::string raw;
  ProtoWriter writer(raw);
  writer.bytes(1, metadata);
  for (const std::string& item : items) writer.bytes(2, item);
  return write_envelope(type, raw);
}

ProtoListReader::ProtoListReader(Piece on_metadata, Piece on_item, std::size_t longest_item)
    : on_metadata_(std::move(on_metadata)), on_item_(std::move(on_item)), longest_(longest_item) {}

Result<void> ProtoListReader::feed(std::string_view chunk) {
  while (!failed_ && !chunk.empty()) {
    auto done = step(chunk);
    if (!done) failed_ = std::move(done).error();
    if (in_list_ && offset_ == list_end_ && state_ == State::Tag && varint_shift_ == 0) in_list_ = false;
  }
  if (failed_) return fail(*failed_);
  return {};
}

Result<ProtoType> ProtoListReader::finish() {
  if (failed_) return fail(*failed_);
  if (state_ != State::Tag || varint_shift_ != 0 || in_list_ || !had_list_)
    return fail(ErrorCode::Unavailable, fmt::format("protobuf: the list is cut short after {} bytes", offset_));
  return type_;
}

Result<void> ProtoListReader::step(std::string_view& chunk) {
  switch (state_) {
    case State::Magic: return magic(chunk);
    case State::Piece: return piece(chunk);
    case State::Skip:
      wanted_ -= advance(chunk, wanted_).size();
      if (wanted_ == 0) state_ = State::Tag;
      return {};
    case State::Tag:
    case State::Number:
    case State::Length: break;
  }
  SK_TRY(const auto number, varint(chunk));
  if (!number) return {};
  if (state_ == State::Tag) return tag(*number);
  if (state_ == State::Length) return length(*number);
  state_ = State::Tag;
  return {};
}

std::string_view ProtoListReader::advance(std::string_view& chunk, std::uint64_t most) {
  const std::string_view front = chunk.substr(0, most);
  chunk.remove_prefix(front.size());
  offset_ += front.size();
  return front;
}

Result<void> ProtoListReader::magic(std::string_view& chunk) {
  buffer_ += advance(chunk, kMagic.size() - buffer_.size());
  if (!kMagic.starts_with(buffer_)) return malformed("expected the envelope 'k8s'");
  if (buffer_.size() < kMagic.size()) return {};
  buffer_.clear();
  state_ = State::Tag;
  return {};
}

Result<std::optional<std::uint64_t>> ProtoListReader::varint(std::string_view& chunk) {
  constexpr unsigned kLastShift = 63;
  while (!chunk.empty()) {
    if (in_list_ && offset_ == list_end_) return malformed("a number that runs over the list's end");
    const auto byte = static_cast<unsigned char>(advance(chunk, 1).front());
    if (varint_shift_ == kLastShift && byte > 1) return malformed("a number of more than 64 bits");
    varint_ |= std::uint64_t{byte & 0x7FU} << varint_shift_;
    if (byte < 0x80) {
      varint_shift_ = 0;
      return std::exchange(varint_, 0);
    }
    varint_shift_ += 7;
  }
  return std::nullopt;
}

Result<void> ProtoListReader::tag(std::uint64_t key) {
  constexpr std::uint64_t kMostKey = 0xFFFF'FFFF;
  if (key > kMostKey || key >> 3 == 0) return malformed("an invalid field number");
  field_ = static_cast<std::uint32_t>(key >> 3);
  const bool known = field_ == 1 || field_ == 2 || (field_ == 3 && !in_list_);
  const auto type = static_cast<protozero::pbf_wire_type>(key & 7U);
  if (known && type != protozero::pbf_wire_type::length_delimited) return malformed("a field of the wrong type");
  switch (type) {
    case protozero::pbf_wire_type::varint: state_ = State::Number; return {};
    case protozero::pbf_wire_type::length_delimited: state_ = State::Length; return {};
    case protozero::pbf_wire_type::fixed64: wanted_ = 8; break;
    case protozero::pbf_wire_type::fixed32: wanted_ = 4; break;
    default: return malformed("a field of an unknown type");
  }
  if (in_list_ && list_end_ - offset_ < wanted_) return malformed("a field that runs over the list's end");
  state_ = State::Skip;
  return {};
}

Result<void> ProtoListReader::length(std::uint64_t value) {
  constexpr std::uint64_t kMostLength = std::uint64_t{1} << 40;
  if (in_list_ && list_end_ - offset_ < value) return malformed("a field that runs over the list's end");
  if (value > kMostLength) return malformed("an impossible length");
  wanted_ = value;
  if (!in_list_ && field_ == 2) {
    if (had_list_) return malformed("a second list");
    had_list_ = true;
    in_list_ = true;
    list_end_ = offset_ + value;
    state_ = State::Tag;
    return {};
  }
  const bool known = field_ <= 2 || (field_ == 3 && !in_list_);
  if (known && value > longest_) return malformed(fmt::format("an item of more than {} bytes", longest_));
  if (known && value == 0) return whole({});
  state_ = known ? State::Piece : value == 0 ? State::Tag : State::Skip;
  return {};
}

Result<void> ProtoListReader::piece(std::string_view& chunk) {
  const std::string_view part = advance(chunk, wanted_);
  wanted_ -= part.size();
  if (wanted_ == 0 && buffer_.empty()) return whole(part);
  buffer_ += part;
  if (wanted_ > 0) return {};
  auto done = whole(buffer_);
  buffer_.clear();
  return done;
}

Result<void> ProtoListReader::whole(std::string_view message) {
  state_ = State::Tag;
  if (in_list_) return field_ == 1 ? on_metadata_(message) : on_item_(message);
  if (field_ == 3) {
    if (!message.empty()) return malformed("a content encoding that is not supported");
    return {};
  }
  SK_TRY(type_, read_type(message).within("the envelope's type"));
  return {};
}

tl::unexpected<Error> ProtoListReader::malformed(std::string_view what) const {
  return fail(ErrorCode::InvalidInput, fmt::format("protobuf: {} at byte {}", what, offset_));
}

Result<ProtoWatchEvent> read_watch_event(std::string_view frame) {
  ProtoWatchEvent event;
  ProtoReader reader(frame);
  while (reader.next()) {
    if (reader.field() == 1) event.type = reader.text();
    if (reader.field() == 2)
      for (ProtoReader extension = reader.message(); extension.next();)
        if (extension.field() == 1) event.object = extension.bytes();
  }
  SK_CHECK(reader.status().within("a watch event"));
  return event;
}

std::string write_watch_frame(std::string_view type, std::string_view enveloped_object) {
  std::string event;
  ProtoWriter writer(event);
  writer.text(1, type);
  writer.message(2, [&](ProtoWriter& extension) { extension.bytes(1, enveloped_object); });
  std::string frame;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) frame += static_cast<char>(event.size() >> shift & 0xFFU);
  return frame + event;
}

namespace {

constexpr std::size_t kFrameHead = 4;

// What the frame at the front takes with its length, or 0 as long as the length is not there.
std::size_t frame_size(std::string_view front) {
  if (front.size() < kFrameHead) return 0;
  std::size_t length = 0;
  for (const char c : front.substr(0, kFrameHead)) length = length << 8 | static_cast<unsigned char>(c);
  return kFrameHead + length;
}

}  // namespace

WatchFrameSplitter::WatchFrameSplitter(OnFrame on_frame, std::size_t longest_frame)
    : on_frame_(std::move(on_frame)), longest_(longest_frame) {}

Result<void> WatchFrameSplitter::feed(std::string_view chunk) {
  while (!failed_ && !chunk.empty()) {
    // A frame that lies in one chunk as a whole is handed on from there; else the buffer gathers it.
    if (const std::size_t size = frame_size(chunk); buffer_.empty() && size > 0 && size <= chunk.size()) {
      hand_on(chunk.substr(0, size));
      chunk.remove_prefix(size);
      continue;
    }
    const std::size_t known = frame_size(buffer_);
    const std::string_view part = chunk.substr(0, (known > 0 ? known : kFrameHead) - buffer_.size());
    buffer_ += part;
    chunk.remove_prefix(part.size());
    const std::size_t size = frame_size(buffer_);
    if (size > kFrameHead + longest_ || size == buffer_.size()) {
      hand_on(buffer_);
      buffer_.clear();
    }
  }
  if (failed_) return fail(*failed_);
  return {};
}

void WatchFrameSplitter::hand_on(std::string_view frame) {
  const std::size_t length = frame_size(frame) - kFrameHead;
  if (length > longest_) {
    const std::string what =
        fmt::format("watch: a frame of {} bytes at byte {}; at most {} are read", length, offset_, longest_);
    failed_ = Error{ErrorCode::InvalidInput, what};
    return;
  }
  offset_ += frame.size();
  if (auto done = on_frame_(frame.substr(kFrameHead)); !done) failed_ = std::move(done).error();
}

Result<void> WatchFrameSplitter::finish() const {
  if (failed_) return fail(*failed_);
  if (!buffer_.empty())
    return fail(ErrorCode::Unavailable, fmt::format("watch: the stream ends inside a frame at byte {}", offset_));
  return {};
}

}  // namespace spotkeeper::format
