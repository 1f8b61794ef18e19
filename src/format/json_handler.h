// What Boost.JSON's parser calls: builds values, and hands on the elements of one array as they become whole.
// Internal to this folder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>

#include "base/result.h"
#include "base/text.h"
#include "format/json.h"

namespace spotkeeper::format::detail {

class JsonHandler {
 public:
  using Text = boost::json::string_view;
  using ErrorOut = boost::json::error_code;
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  struct List {
    std::vector<std::string> path;  // object keys from the document to the array
    std::function<Result<void>(JsonValue element)> on_element;
    std::size_t most_held;  // bytes of text and values, of one element and of everything around the list
  };

  explicit JsonHandler(bool refuse_duplicates, std::optional<List> list = std::nullopt)
      : refuse_duplicates_(refuse_duplicates), list_(std::move(list)) {}

  /// The document, once the parser is done.
  [[nodiscard]] JsonValue take() { return std::move(document_); }
  /// Why this handler stopped the parser, if it did.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] bool had_list() const { return had_list_; }

  bool on_document_begin(ErrorOut&) { return true; }
  bool on_document_end(ErrorOut&) { return true; }
  bool on_array_begin(ErrorOut& ec) {
    const bool is_list = at_list();
    frames_.push_back({JsonArray(), {}, is_list});
    had_list_ |= is_list;
    in_list_ |= is_list;
    if (is_list) held_around_ = held_;
    return hold(0, ec);
  }
  bool on_array_end(std::size_t, ErrorOut& ec) { return end(ec); }
  bool on_object_begin(ErrorOut& ec) {
    frames_.push_back({JsonObject(), {}, false});
    return hold(0, ec);
  }
  bool on_object_end(std::size_t, ErrorOut& ec) { return end(ec); }
  bool on_string_part(Text part, std::size_t, ErrorOut& ec) { return gather(part, ec); }
  bool on_string(Text part, std::size_t, ErrorOut& ec) {
    if (text_.empty()) return hold(part.size(), ec) && put(JsonValue(part), ec);
    if (!gather(part, ec)) return false;
    JsonValue whole(text_);
    text_.clear();
    return put(std::move(whole), ec);
  }
  bool on_key_part(Text part, std::size_t, ErrorOut& ec) { return gather(part, ec); }
  bool on_key(Text part, std::size_t, ErrorOut& ec) {
    if (!gather(part, ec)) return false;
    frames_.back().key = std::exchange(text_, {});
    if (!refuse_duplicates_ || !frames_.back().container.get_object().contains(frames_.back().key)) return true;
    return stop("duplicate key " + quote(frames_.back().key), ec);
  }
  bool on_number_part(Text part, ErrorOut& ec) { return gather(part, ec); }
  bool on_int64(std::int64_t value, Text, ErrorOut& ec) { return number(JsonValue(value), ec); }
  bool on_uint64(std::uint64_t value, Text, ErrorOut& ec) { return number(JsonValue(value), ec); }
  bool on_double(double, Text part, ErrorOut& ec) {
    // Boost 1.81 may be off by the last bit; the text is read again so that what is written reads back equal.
    text_.append(part.data(), part.size());
    const auto exact = parse_double(text_);
    if (!exact) return stop(exact.error().message, ec);
    return number(JsonValue(*exact), ec);
  }
  bool on_bool(bool value, ErrorOut& ec) { return put(JsonValue(value), ec); }
  bool on_null(ErrorOut& ec) { return put(JsonValue(nullptr), ec); }
  bool on_comment_part(Text, ErrorOut&) { return true; }
  bool on_comment(Text, ErrorOut&) { return true; }

 private:
  struct Frame {
    JsonValue container;
    std::string key;  // of the member that is being read
    bool is_list;
  };

  [[nodiscard]] bool at_list() const {
    if (!list_ || in_list_ || frames_.size() != list_->path.size()) return false;
    for (std::size_t i = 0; i < frames_.size(); ++i)
      if (!frames_[i].container.is_object() || frames_[i].key != list_->path[i]) return false;
    return true;
  }

  bool stop(std::string message, ErrorOut& ec) {
    failure_ = Error{ErrorCode::InvalidInput, std::move(message)};
    ec = boost::json::make_error_code(boost::json::error::syntax);
    return false;
  }

  bool hold(std::size_t bytes, ErrorOut& ec) {
    if (!list_) return true;
    held_ += bytes + sizeof(JsonValue);
    if (held_ <= list_->most_held) return true;
    return stop("more than " + std::to_string(list_->most_held) + " bytes in one element", ec);
  }

  bool gather(Text part, ErrorOut& ec) {
    text_.append(part.data(), part.size());
    return hold(part.size(), ec);
  }

  bool number(JsonValue value, ErrorOut& ec) {
    text_.clear();
    return put(std::move(value), ec);
  }

  bool end(ErrorOut& ec) {
    JsonValue whole = std::move(frames_.back().container);
    if (frames_.back().is_list) in_list_ = false;
    frames_.pop_back();
    return put(std::move(whole), ec);
  }

  bool put(JsonValue value, ErrorOut& ec) {
    if (!hold(0, ec)) return false;
    if (frames_.empty()) {
      document_ = std::move(value);
      return true;
    }
    Frame& parent = frames_.back();
    if (parent.is_list) return hand_on(std::move(value), ec);
    if (auto* array = parent.container.if_array())
      array->push_back(std::move(value));
    else
      parent.container.get_object().insert_or_assign(parent.key, std::move(value));
    return true;
  }

  bool hand_on(JsonValue element, ErrorOut& ec) {
    held_ = held_around_;
    auto done = list_->on_element(std::move(element));
    if (done) return true;
    failure_ = std::move(done).error();
    ec = boost::json::make_error_code(boost::json::error::syntax);
    return false;
  }

  bool refuse_duplicates_;
  std::optional<List> list_;
  std::vector<Frame> frames_;
  JsonValue document_;
  std::string text_;  // of a key, string or number of which a part has been seen
  std::optional<Error> failure_;
  bool in_list_ = false;
  bool had_list_ = false;
  std::size_t held_ = 0;
  std::size_t held_around_ = 0;
};

}  // namespace spotkeeper::format::detail
