#include "format/json_stream.h"

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include "format/json_handler.h"

namespace spotkeeper::format {
namespace {

boost::json::parse_options stream_options() {
  boost::json::parse_options options;
  options.max_depth = kJsonDepth;
  return options;
}

}  // namespace

struct JsonListReader::Parts {
  Parts(std::vector<std::string> path_to, OnElement on_element, std::size_t longest)
      : path(path_to),
        parser(stream_options(), false, detail::JsonHandler::List{std::move(path_to), std::move(on_element), longest}) {
  }

  Result<void> write(bool more, std::string_view chunk) {
    if (failed) return fail(*failed);
    boost::json::error_code problem;
    const std::size_t read = parser.write_some(more, chunk.data(), chunk.size(), problem);
    offset += read;
    if (!problem && read < chunk.size()) problem = boost::json::make_error_code(boost::json::error::extra_data);
    if (!problem) return {};
    failed = parser.handler().failure();
    if (!failed) failed = Error{ErrorCode::InvalidInput, problem.message()};
    if (problem == boost::json::error::incomplete) failed = Error{ErrorCode::Unavailable, "the document is cut short"};
    failed = std::move(*failed).within(fmt::format("JSON: at byte {}", offset));
    return fail(*failed);
  }

  std::vector<std::string> path;
  boost::json::basic_parser<detail::JsonHandler> parser;
  std::optional<Error> failed;
  std::uint64_t offset = 0;
};

JsonListReader::JsonListReader(std::vector<std::string> path, OnElement on_element, std::size_t longest)
    : parts_(std::make_unique<Parts>(std::move(path), std::move(on_element), longest)) {}
JsonListReader::JsonListReader(JsonListReader&&) noexcept = default;
JsonListReader& JsonListReader::operator=(JsonListReader&&) noexcept = default;
JsonListReader::~JsonListReader() = default;

Result<void> JsonListReader::feed(std::string_view chunk) { return parts_->write(true, chunk); }

Result<JsonValue> JsonListReader::finish() {
  SK_CHECK(parts_->write(false, {}));
  JsonValue rest = parts_->parser.handler().take();
  if (parts_->parser.handler().had_list()) return rest;
  std::string pointer;
  for (const std::string& key : parts_->path) pointer += "/" + escape_pointer_token(key);
  SK_TRY(const JsonValue* const found, find_json(rest, pointer));
  if (!found->is_null())
    return fail(ErrorCode::InvalidInput, fmt::format("{}: expected an array, got {}", pointer, kind_of(*found)));
  return rest;
}

JsonSplitter::JsonSplitter(OnDocument on_document, std::size_t longest_document)
    : on_document_(std::move(on_document)), longest_(longest_document) {}

Result<void> JsonSplitter::feed(std::string_view chunk) {
  if (failed_) return fail(*failed_);
  std::size_t begin = 0;  // of the current document within the chunk
  for (std::size_t i = 0; i < chunk.size() && !failed_; ++i) {
    const char c = chunk[i];
    if (depth_ == 0) {
      begin = i;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
      if (c != '{' && c != '[') {
        failed_ = Error{ErrorCode::InvalidInput,
                        fmt::format("JSON: at byte {}: expected an object, got {}", offset_ + i, quote({&c, 1}))};
        break;
      }
    }
    if (whole_after(c)) {
      if (auto done = hand_on(chunk, begin, i + 1); !done) failed_ = std::move(done).error();
    } else if (buffer_.size() + (i + 1 - begin) >= longest_) {
      failed_ = Error{ErrorCode::InvalidInput,
                      fmt::format("JSON: at byte {}: a document of more than {} bytes", offset_ + i, longest_)};
    }
  }
  if (failed_) return fail(*failed_);
  if (depth_ > 0) buffer_ += chunk.substr(begin);
  offset_ += chunk.size();
  return {};
}

// Takes the next byte of a document; true if it is the last one. A brace of the wrong kind is the parser's business.
bool JsonSplitter::whole_after(char c) {
  if (in_string_) {
    if (!escaped_ && c == '"') in_string_ = false;
    escaped_ = !escaped_ && c == '\\';
    return false;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  return depth_ == 0;
}

Result<void> JsonSplitter::hand_on(std::string_view chunk, std::size_t begin, std::size_t end) {
  const std::string_view part = chunk.substr(begin, end - begin);
  if (buffer_.empty()) return on_document_(part);
  buffer_ += part;
  auto done = on_document_(buffer_);
  buffer_.clear();
  return done;
}

Result<void> JsonSplitter::finish() const {
  if (failed_) return fail(*failed_);
  if (depth_ > 0)
    return fail(ErrorCode::Unavailable, fmt::format("JSON: the stream ends inside a document at byte {}", offset_));
  return {};
}

}  // namespace spotkeeper::format
