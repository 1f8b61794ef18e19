#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.h"
#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

void put_text(BoundedText& out, std::string_view text, JsonEscapes escapes) {
  out.put("\"");
  while (!text.empty() && !out.full()) {
    const GoRune rune = first_rune(text);
    const std::string_view bytes = text.substr(0, rune.bytes);
    text.remove_prefix(rune.bytes);
    const auto unicode = [&] {
      const auto digit = [&](unsigned shift) { return "0123456789abcdef"[(rune.code >> shift) & 0xFU]; };
      const std::array<char, 6> escaped = {'\\', 'u', digit(12), digit(8), digit(4), digit(0)};
      out.put({escaped.data(), escaped.size()});
    };
    switch (rune.code) {
      case '"': out.put("\\\""); break;
      case '\\': out.put("\\\\"); break;
      case '\b': out.put("\\b"); break;
      case '\f': out.put("\\f"); break;
      case '\n': out.put("\\n"); break;
      case '\r': out.put("\\r"); break;
      case '\t': out.put("\\t"); break;
      case '<':
      case '>':
      case '&': escapes == JsonEscapes::Html ? unicode() : out.put(bytes); break;
      default:
        if (rune.broken || rune.code < ' ' || rune.code == 0x2028 || rune.code == 0x2029) {
          unicode();
        } else {
          out.put(bytes);
        }
    }
  }
  out.put("\"");
}

/// As JavaScript writes it: an exponent below 1e-6 and from 1e21 on, without leading zeros.
void put_real(BoundedText& out, double value) {
  const double size = std::fabs(value);
  const bool scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 400> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer.data(), written.ptr);
  const std::size_t exponent = text.find("e-0");
  if (exponent != std::string::npos) text.erase(exponent + 2, 1);
  out.put(text);
}

class Writer {
 public:
  Writer(BoundedText& out, JsonEscapes escapes, std::size_t indent) : out_(out), escapes_(escapes), indent_(indent) {}

  void put(const TemplateValue& value) {
    if (out_.full()) return;
    if (value.is_nil()) return out_.put("null");
    if (const bool* const found = value.boolean()) return out_.put(*found ? "true" : "false");
    if (const auto found = value.integer()) return out_.put(std::to_string(*found));
    if (const double* const found = value.real()) return put_real(out_, *found);
    if (const std::string* const found = value.text()) return put_text(out_, *found, escapes_);
    if (const GoTime* const found = value.time()) {
      return put_text(out_, format_time(*found, "2006-01-02T15:04:05.999999999Z07:00"), escapes_);
    }
    if (const GoList* const found = value.list()) return put_list(*found);
    if (const GoMap* const found = value.map()) return put_map(*found);
    put_struct(*value.fields());
  }

 private:
  void put_list(const GoList& list) {
    if (list.nil) return out_.put("null");
    begin('[');
    for (const TemplateValue& item : list.items) {
      next();
      put(item);
    }
    end(']');
  }

  void put_map(const GoMap& map) {
    if (map.nil) return out_.put("null");
    begin('{');
    for (const auto& [key, item] : map.items) member(key, item);
    end('}');
  }

  void put_struct(const GoStruct& fields) {
    begin('{');
    put_fields(fields);
    end('}');
  }

  void put_fields(const GoStruct& fields) {
    for (const GoField& field : fields.fields) {
      if (field.json == "-" || hidden(field)) continue;
      if (field.embedded && field.value.fields() != nullptr) {
        outer_.push_back(&fields);
        put_fields(*field.value.fields());
        outer_.pop_back();
      } else {
        member(name_of(field), field.value);
      }
    }
  }

  static std::string_view name_of(const GoField& field) { return field.json.empty() ? field.name : field.json; }
  /// A field of an embedded struct gives way to one of the same JSON name around it.
  [[nodiscard]] bool hidden(const GoField& field) const {
    return std::any_of(outer_.begin(), outer_.end(), [&](const GoStruct* around) {
      return std::any_of(around->fields.begin(), around->fields.end(),
                         [&](const GoField& other) { return !other.embedded && name_of(other) == name_of(field); });
    });
  }

  void member(std::string_view key, const TemplateValue& item) {
    next();
    put_text(out_, key, escapes_);
    out_.put(indent_ > 0 ? ": " : ":");
    put(item);
  }

  void begin(char bracket) {
    out_.put(1, bracket);
    ++depth_;
    first_ = true;
  }
  void next() {
    if (!first_) out_.put(",");
    first_ = false;
    new_line();
  }
  void end(char bracket) {
    --depth_;
    if (!first_) new_line();
    first_ = false;
    out_.put(1, bracket);
  }
  void new_line() {
    if (indent_ == 0) return;
    out_.put("\n");
    out_.put(depth_ * indent_, ' ');
  }

  BoundedText& out_;
  JsonEscapes escapes_;
  std::size_t indent_;
  std::size_t depth_ = 0;
  bool first_ = true;
  std::vector<const GoStruct*> outer_;
};

}  // namespace

void print_json(BoundedText& out, const TemplateValue& value, JsonEscapes escapes, std::size_t indent) {
  Writer(out, escapes, indent).put(value);
}

}  // namespace spotkeeper::observe
