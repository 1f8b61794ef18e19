// Lists and document streams give the same however they are cut, and the same as reading them in one piece.
// Links: spotkeeper_format
#include <optional>
#include <string>
#include <vector>

#include "format/json_stream.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;          // NOLINT(google-build-using-namespace)
using namespace spotkeeper::format;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

struct Listed {
  std::vector<JsonValue> elements;
  std::optional<JsonValue> rest;
  friend bool operator==(const Listed&, const Listed&) = default;
};

Listed read_list(std::string_view text, std::optional<std::uint32_t> seed) {
  Listed out;
  JsonListReader reader({"items"}, [&](JsonValue element) {
    out.elements.push_back(std::move(element));
    return Result<void>();
  });
  const auto feed = [&](std::string_view piece) { return reader.feed(piece).has_value(); };
  if (seed ? fuzz::in_pieces(text, *seed, feed) : feed(text))
    if (auto rest = reader.finish()) out.rest = std::move(*rest);
  return out;
}

std::pair<std::vector<std::string>, bool> split_documents(std::string_view text, std::optional<std::uint32_t> seed) {
  std::pair<std::vector<std::string>, bool> out;
  JsonSplitter splitter([&](std::string_view document) {
    out.first.emplace_back(document);
    return Result<void>();
  });
  const auto feed = [&](std::string_view piece) { return splitter.feed(piece).has_value(); };
  out.second = (seed ? fuzz::in_pieces(text, *seed, feed) : feed(text)) && splitter.finish();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint32_t seed = data[0];
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  const Listed whole = read_list(text, std::nullopt);
  require(whole == read_list(text, seed));
  const auto document = parse_json(text);
  if (whole.rest) {
    require(document.has_value());
    if (const auto* object = document->if_object(); object->at("items").is_array()) {
      const auto& items = object->at("items").get_array();
      require(items.size() <= whole.elements.size());  // more if the key came twice: the last list counts in a document
      require(std::equal(items.rbegin(), items.rend(), whole.elements.rbegin()));
    }
  }
  const auto documents = split_documents(text, std::nullopt);
  require(documents == split_documents(text, seed));
  if (document && (document->is_object() || document->is_array()))
    require(documents.second && documents.first.size() == 1 && parse_json(documents.first[0]).value() == *document);
  return 0;
}
