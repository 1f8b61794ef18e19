#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"
#include "format/yaml.h"
#include "format/yaml_scalar.h"

namespace spotkeeper::format {
namespace {

constexpr std::size_t kLongestSimpleKey = 1000;  // libyaml, by the YAML 1.1 spec, looks 1024 characters ahead for ':'

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// The character at the front of well-formed UTF-8, which is taken off.
std::uint32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  text.remove_prefix(length);
  return code;
}

// What may stand in a YAML stream as itself, on one line, anywhere in a quoted or literal text.
bool is_printable(std::uint32_t code) {
  const bool break_or_mark = code == 0x2028 || code == 0x2029 || code == 0xFEFF;
  return (code >= 0x20 && code < 0x7F) || (code >= 0xA0 && code <= 0xFFFD && !break_or_mark) || code >= 0x10000;
}

bool all_printable(std::string_view text) {
  while (!text.empty()) {
    const std::uint32_t code = take_character(text);
    if (code != '\n' && !is_printable(code)) return false;
  }
  return true;
}

// Whether the text needs no quotes. Narrower than YAML's rule, which nobody can keep in mind.
bool is_plain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || text.back() == ':') return false;
  const char first = text.front();
  if (!is_letter_or_digit(first) && first != '_' && first != '/' && (first != '.' || text.starts_with("...")))
    return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_letter_or_digit(c) && std::string_view("_/.-+@:,=()% ").find(c) == std::string_view::npos) return false;
    if (c == ':' && text[i + 1] == ' ') return false;
  }
  return detail::resolve_plain_scalar(text).is_string();
}

// Whether the text can be a literal block that shows all there is to it.
bool is_literal(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == '\n' || !all_printable(text)) return false;
  const auto lines = split(text, '\n');
  return std::ranges::none_of(lines, [](std::string_view line) { return line.ends_with(' '); }) &&
         lines.front().front() != ' ';
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::string_view before = text;
    const std::uint32_t code = take_character(text);
    if (code == '"' || code == '\\')
      out += fmt::format("\\{}", static_cast<char>(code));
    else if (code == '\n')
      out += "\\n";
    else if (code == '\t')
      out += "\\t";
    else if (is_printable(code))
      out += before.substr(0, before.size() - text.size());
    else
      out += fmt::format("\\u{:04x}", code);
  }
  return out + '"';
}

std::string one_line(std::string_view text) { return is_plain(text) ? std::string(text) : double_quoted(text); }

class Writer {
 public:
  std::string document(const JsonValue& value) {
    node(value, 0);
    return std::move(out_) + '\n';
  }

 private:
  static bool is_block(const JsonValue& value) {
    if (const auto* array = value.if_array()) return !array->empty();
    if (const auto* object = value.if_object()) return !object->empty();
    return false;
  }

  // At `indent` already; further lines begin there.
  void node(const JsonValue& value, std::size_t indent) {
    if (!is_block(value)) return scalar(value, std::max<std::size_t>(indent, 2));
    bool first = true;
    if (const auto* array = value.if_array()) {
      for (const auto& element : *array) {
        if (!std::exchange(first, false)) line(indent);
        out_ += "- ";
        node(element, indent + 2);
      }
      return;
    }
    for (const auto& element : value.get_object()) {
      if (!std::exchange(first, false)) line(indent);
      member(element.key(), element.value(), indent);
    }
  }

  void member(std::string_view key, const JsonValue& value, std::size_t indent) {
    const std::string name = one_line(to_valid_utf8(key));
    if (name.size() > kLongestSimpleKey) {
      out_ += "? " + name;
      line(indent);
      out_ += ": ";
      return node(value, indent + 2);
    }
    out_ += name + ":";
    if (is_block(value)) {
      const std::size_t below =
          value.is_array() ? indent : indent + 2;  // a list stands under its key, as kubectl has it
      line(below);
      return node(value, below);
    }
    out_ += ' ';
    scalar(value, indent + 2);
  }

  void scalar(const JsonValue& value, std::size_t indent) {
    const auto* text = value.if_string();
    if (text == nullptr) {
      out_ += write_json(value);
      return;
    }
    const std::string valid = to_valid_utf8({text->data(), text->size()});
    if (is_literal(valid))
      literal(valid, indent);
    else
      out_ += one_line(valid);
  }

  void literal(std::string_view text, std::size_t indent) {
    out_ += !text.ends_with('\n') ? "|-" : text.ends_with("\n\n") ? "|+" : "|";
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string_view each : split(text, '\n')) {
      if (each.empty())
        out_ += '\n';
      else
        line(indent);
      out_ += each;
    }
    // The line break that ends the text is the one before whatever follows.
  }

  void line(std::size_t indent) {
    out_ += '\n';
    out_.append(indent, ' ');
  }

  std::string out_;
};

}  // namespace

std::string write_yaml(const JsonValue& value) { return Writer().document(value); }

}  // namespace spotkeeper::format
