// JSON that arrives in chunks cut anywhere: long lists one element at a time, and documents one after the other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/json.h"

namespace spotkeeper::format {

/// The longest document or list element that is read: client-go's limit of a watch frame.
inline constexpr std::size_t kLongestJson = std::size_t{16} << 20;

/// Reads one document and hands on each element of one array in it as soon as it is whole, holding one element at most.
///
///   JsonListReader pods({"items"}, [&](JsonValue pod) { return store(pod); });
///   while (…) SK_CHECK(pods.feed(chunk));
///   SK_TRY(const auto rest, pods.finish());   // {"kind":…, "metadata":…, "items":[]}
class JsonListReader {
 public:
  using OnElement = std::function<Result<void>(JsonValue element)>;

  /// `path`: the object keys that lead to the array; empty if the document is the array itself. An error that
  /// `on_element` returns ends the reading and is returned. `longest`: bytes that one element, or all that is around
  /// the array, may take in memory.
  JsonListReader(std::vector<std::string> path, OnElement on_element, std::size_t longest = kLongestJson);
  JsonListReader(JsonListReader&&) noexcept;
  JsonListReader& operator=(JsonListReader&&) noexcept;
  ~JsonListReader();

  Result<void> feed(std::string_view chunk);
  /// To be called at the end of the body. Everything but the elements, which may have come before or after them. An
  /// error if the document is cut short, or has at the path nothing, or something else than an array or null (Go's
  /// empty list).
  Result<JsonValue> finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Cuts a stream into documents, each an object or array (a JSON watch: objects, as a rule one a line). Only braces and
/// strings are looked at: what is handed on is to be parsed still. The view given to `on_document` ends with the call.
class JsonSplitter {
 public:
  using OnDocument = std::function<Result<void>(std::string_view document)>;

  explicit JsonSplitter(OnDocument on_document, std::size_t longest_document = kLongestJson);

  /// A document is handed on with the chunk that holds its last byte.
  Result<void> feed(std::string_view chunk);
  /// To be called at the end of the stream: an error if it ended inside a document.
  [[nodiscard]] Result<void> finish() const;

 private:
  Result<void> hand_on(std::string_view chunk, std::size_t begin, std::size_t end);
  [[nodiscard]] bool whole_after(char c);

  OnDocument on_document_;
  std::size_t longest_;
  std::optional<Error> failed_;
  std::uint64_t offset_ = 0;  // of the next chunk, from the stream's start
  std::string buffer_;        // of a document that began in an earlier chunk
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace spotkeeper::format
