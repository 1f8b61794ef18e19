// Envelopes, lists and watch frames: nothing malformed does harm, and cuts make no difference.
// Links: spotkeeper_format
#include <optional>
#include <string>
#include <vector>

#include "format/protobuf.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;          // NOLINT(google-build-using-namespace)
using namespace spotkeeper::format;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

// Reads every field as something, chosen by its number, down to the bottom.
void read_all(ProtoReader& reader) {
  while (reader.next()) switch (reader.field() % 11) {
      case 0: (void)reader.bytes(); break;
      case 1:
        for (ProtoReader nested = reader.message(); nested.next();)
          if (nested.field() == 1) (void)nested.int64();
        break;
      case 2: (void)reader.int64(); break;
      case 3: (void)reader.float64(); break;
      case 4: (void)reader.time(); break;
      case 5: (void)reader.quantity(); break;
      case 6: (void)reader.int_or_string(); break;
      case 7: (void)reader.string_entry(); break;
      case 8: (void)reader.quantity_entry(); break;
      case 9: (void)reader.boolean(); break;
      default: break;
    }
  require(!reader.next());
}

struct Listed {
  std::vector<std::string> metadata;
  std::vector<std::string> items;
  std::optional<ProtoType> type;
  friend bool operator==(const Listed&, const Listed&) = default;
};

Listed read_list(std::string_view body, std::optional<std::uint32_t> seed) {
  Listed out;
  const auto into = [](std::vector<std::string>& pieces) {
    return [&pieces](std::string_view piece) {
      pieces.emplace_back(piece);
      return Result<void>();
    };
  };
  ProtoListReader reader(into(out.metadata), into(out.items));
  const auto feed = [&](std::string_view piece) { return reader.feed(piece).has_value(); };
  if (seed ? fuzz::in_pieces(body, *seed, feed) : feed(body))
    if (auto type = reader.finish()) out.type = std::move(*type);
  return out;
}

std::pair<std::vector<std::string>, bool> read_frames(std::string_view stream, std::optional<std::uint32_t> seed) {
  std::pair<std::vector<std::string>, bool> out;
  WatchFrameSplitter splitter([&](std::string_view frame) -> Result<void> {
    out.first.emplace_back(frame);
    SK_TRY(const auto event, read_watch_event(frame));
    (void)read_envelope(event.object);
    return {};
  });
  const auto feed = [&](std::string_view piece) { return splitter.feed(piece).has_value(); };
  out.second = (seed ? fuzz::in_pieces(stream, *seed, feed) : feed(stream)) && splitter.finish();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint32_t seed = data[0];
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);

  ProtoReader reader(bytes);
  read_all(reader);

  if (const auto envelope = read_envelope(bytes)) {
    const std::string written = write_envelope(envelope->type, envelope->raw);
    const auto again = read_envelope(written);
    require(again && again->type == envelope->type && again->raw == envelope->raw);
  }

  for (const std::string& body : {std::string(bytes), write_envelope({"v1", "List"}, bytes)}) {
    const Listed whole = read_list(body, std::nullopt);
    require(whole == read_list(body, seed));
    if (!whole.type) continue;
    const std::string metadata = whole.metadata.empty() ? std::string() : whole.metadata.back();
    require(read_list(write_list(*whole.type, metadata, whole.items), seed).items == whole.items);
  }
  require(read_frames(bytes, std::nullopt) == read_frames(bytes, seed));
  return 0;
}
