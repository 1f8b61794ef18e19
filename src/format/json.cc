#include "format/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include "format/json_handler.h"

namespace spotkeeper::format {
namespace {

std::string place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  return fmt::format("line {}, column {}", line,
                     newline == std::string_view::npos ? before.size() + 1 : before.size() - newline);
}

class Writer {
 public:
  explicit Writer(JsonStyle style) : pretty_(style == JsonStyle::Pretty) {}

  [[nodiscard]] std::string take() { return std::move(out_); }

  void value(const JsonValue& v) {
    switch (v.kind()) {
      case boost::json::kind::null: out_ += "null"; return;
      case boost::json::kind::bool_: out_ += v.get_bool() ? "true" : "false"; return;
      case boost::json::kind::int64: out_ += std::to_string(v.get_int64()); return;
      case boost::json::kind::uint64: out_ += std::to_string(v.get_uint64()); return;
      case boost::json::kind::double_: number(v.get_double()); return;
      case boost::json::kind::string: text(v.get_string()); return;
      case boost::json::kind::array:
        list('[', ']', v.get_array(), [this](const JsonValue& element) { value(element); });
        return;
      case boost::json::kind::object:
        list('{', '}', v.get_object(), [this](const boost::json::key_value_pair& member) {
          text(member.key());
          out_ += pretty_ ? ": " : ":";
          value(member.value());
        });
        return;
    }
  }

 private:
  template <class Range, class Each>
  void list(char open, char close, const Range& range, Each each) {
    out_ += open;
    ++level_;
    bool first = true;
    for (const auto& element : range) {
      if (!first) out_ += ',';
      first = false;
      line();
      each(element);
    }
    --level_;
    if (!first) line();
    out_ += close;
  }

  void line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(level_ * 2, ' ');
  }

  void number(double d) {
    if (!std::isfinite(d)) {
      out_ += "null";
      return;
    }
    const std::string digits = fmt::format("{}", d);
    out_ += digits;
    if (digits.find_first_of(".e") == std::string::npos) out_ += ".0";
  }

  void text(std::string_view s) {
    out_ += '"';
    for (const char c : to_valid_utf8(s)) switch (c) {
        case '"': out_ += "\\\""; break;
        case '\\': out_ += "\\\\"; break;
        case '\n': out_ += "\\n"; break;
        case '\r': out_ += "\\r"; break;
        case '\t': out_ += "\\t"; break;
        default:
          if (static_cast<unsigned char>(c) < 0x20)
            out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
          else
            out_ += c;
      }
    out_ += '"';
  }

  bool pretty_;
  std::size_t level_ = 0;
  std::string out_;
};

}  // namespace

Result<JsonValue> parse_json(std::string_view text, const JsonReadOptions& options) {
  boost::json::parse_options limits;
  limits.max_depth = options.max_depth;
  boost::json::basic_parser<detail::JsonHandler> parser(limits, options.refuse_duplicate_keys);
  boost::json::error_code problem;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), problem);
  if (!problem && read < text.size()) problem = boost::json::make_error_code(boost::json::error::extra_data);
  if (!problem) return parser.handler().take();
  const auto& failure = parser.handler().failure();
  return fail(ErrorCode::InvalidInput, fmt::format("JSON: {}: {}", place_in(text, std::min(read, text.size())),
                                                   failure ? failure->message : problem.message()));
}

std::string write_json(const JsonValue& value, JsonStyle style) {
  Writer writer(style);
  writer.value(value);
  return writer.take();
}

std::string_view kind_of(const JsonValue& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "a boolean";
    case boost::json::kind::string: return "a string";
    case boost::json::kind::array: return "an array";
    case boost::json::kind::object: return "an object";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_: break;
  }
  return "a number";
}

std::size_t size_of(const JsonValue& value) {
  std::size_t size = sizeof(JsonValue);
  if (const auto* text = value.if_string()) size += text->size();
  if (const auto* array = value.if_array())
    for (const auto& element : *array) size += size_of(element);
  if (const auto* object = value.if_object())
    for (const auto& member : *object) size += member.key().size() + size_of(member.value());
  return size;
}

std::size_t depth_of(const JsonValue& value) {
  std::size_t below = 0;
  if (const auto* array = value.if_array())
    for (const auto& element : *array) below = std::max(below, depth_of(element));
  else if (const auto* object = value.if_object())
    for (const auto& member : *object) below = std::max(below, depth_of(member.value()));
  else
    return 0;
  return below + 1;
}

std::string escape_pointer_token(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

Result<std::vector<std::string>> parse_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  const auto wrong = [&] { return fail(ErrorCode::InvalidInput, quote(pointer) + " is no JSON pointer"); };
  if (pointer.front() != '/') return wrong();
  for (const std::string_view raw : split(pointer.substr(1), '/')) {
    std::string& token = tokens.emplace_back();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '~') {
        token += raw[i];
        continue;
      }
      ++i;
      if (i == raw.size() || (raw[i] != '0' && raw[i] != '1')) return wrong();
      token += raw[i] == '0' ? '~' : '/';
    }
  }
  return tokens;
}

}  // namespace spotkeeper::format
