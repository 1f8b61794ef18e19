// The functions of Go's own text/template, but for `call`; `slice` is sprig's, which takes its place.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "observe/template/functions.h"
#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

Result<TemplateValue> negate(const Call& call) { return TemplateValue(!call.at(0).truth()); }

Result<TemplateValue> length(const Call& call) {
  const TemplateValue& of = call.at(0);
  const auto sized = [](std::size_t size) { return TemplateValue(static_cast<std::int64_t>(size), GoInt::Int); };
  if (of.text() != nullptr) return sized(of.text()->size());
  if (of.list() != nullptr) return sized(of.list()->items.size());
  if (of.map() != nullptr) return sized(of.map()->items.size());
  return call_error("len of type " + of.type_name());
}

Result<TemplateValue> step_into(const TemplateValue& item, const TemplateValue& index) {
  if (item.map() != nullptr) {
    if (index.text() == nullptr) return call_error("a key of type " + index.type_name() + " for a map");
    const auto found = item.map()->items.find(*index.text());
    if (found != item.map()->items.end()) return found->second;
    return item.map()->element == GoElement::String ? TemplateValue("") : TemplateValue();
  }
  const bool indexable = item.list() != nullptr || item.text() != nullptr;
  if (!indexable) return call_error("can't index item of type " + item.type_name());
  const auto position = index.integer();
  if (!position) return call_error("cannot index with type " + index.type_name());
  const std::size_t size = item.list() != nullptr ? item.list()->items.size() : item.text()->size();
  if (*position < 0 || static_cast<std::uint64_t>(*position) >= size) {
    return call_error("index out of range: " + std::to_string(*position));
  }
  const auto at = static_cast<std::size_t>(*position);
  if (item.list() != nullptr) return item.list()->items[at];
  return TemplateValue(static_cast<unsigned char>((*item.text())[at]), GoInt::Byte);
}

Result<TemplateValue> index(const Call& call) {
  if (call.at(0).is_nil()) return call_error("index of untyped nil");
  TemplateValue item = call.at(0);
  for (const TemplateValue& key : call.arguments.subspan(1)) {
    if (item.is_nil()) return call_error("index of nil pointer");
    SK_TRY(item, step_into(item, key));
  }
  return item;
}

Result<TemplateValue> print(const Call& call) {
  return bounded(call, [&](BoundedText& out) { sprint(out, call.arguments); });
}

Result<TemplateValue> println(const Call& call) {
  return bounded(call, [&](BoundedText& out) { sprintln(out, call.arguments); });
}

Result<TemplateValue> printf(const Call& call) {
  BoundedText out(call.room);
  SK_CHECK(sprintf(out, call.text(0), call.arguments.subspan(1)));
  if (out.full()) return call_error("a text of more than " + std::to_string(call.room) + " bytes");
  return TemplateValue(out.take());
}

// ---- Comparisons ------------------------------------------------------------------------------------------------

enum class Kind { None, Flag, Whole, Byte, Real, Text };

Kind kind_of(const TemplateValue& value) {
  if (value.boolean() != nullptr) return Kind::Flag;
  if (const auto type = value.integer_type()) return *type == GoInt::Byte ? Kind::Byte : Kind::Whole;
  if (value.real() != nullptr) return Kind::Real;
  if (value.text() != nullptr) return Kind::Text;
  return Kind::None;
}

bool is_whole(Kind kind) { return kind == Kind::Whole || kind == Kind::Byte; }

tl::unexpected<Error> incomparable(const TemplateValue& a, const TemplateValue& b) {
  return call_error("incompatible types for comparison: " + a.type_name() + " and " + b.type_name());
}

/// What has neither an order nor a basic kind: lists and maps can only be held against nil, times against each other.
Result<bool> equal_others(const TemplateValue& a, const TemplateValue& b) {
  const auto nil = [](const TemplateValue& value) {
    return value.is_nil() || (value.list() != nullptr && value.list()->nil) ||
           (value.map() != nullptr && value.map()->nil);
  };
  const auto shape = [](const TemplateValue& value) {
    return value.list() != nullptr ? 1 : value.map() != nullptr ? 2 : 3;
  };
  if (!a.is_nil() && !b.is_nil() && shape(a) != shape(b)) return incomparable(a, b);
  if (nil(a) || nil(b)) return nil(a) == nil(b);
  if (b.time() == nullptr) return call_error("non-comparable type " + b.type_name());
  return a.time() != nullptr && *a.time() == *b.time();
}

Result<bool> equal(const TemplateValue& a, const TemplateValue& b) {
  const Kind x = kind_of(a);
  const Kind y = kind_of(b);
  if (is_whole(x) && is_whole(y)) return *a.integer() == *b.integer();
  if (x != y) {
    if (!a.is_nil() && !b.is_nil()) return incomparable(a, b);
    return false;
  }
  switch (x) {
    case Kind::Flag: return *a.boolean() == *b.boolean();
    case Kind::Real: return *a.real() == *b.real();
    case Kind::Text: return *a.text() == *b.text();
    default: return equal_others(a, b);
  }
}

Result<bool> less(const TemplateValue& a, const TemplateValue& b) {
  const Kind x = kind_of(a);
  const Kind y = kind_of(b);
  if (x == Kind::None || y == Kind::None) return call_error("invalid type for comparison");
  if (is_whole(x) && is_whole(y)) return *a.integer() < *b.integer();
  if (x != y) return incomparable(a, b);
  if (x == Kind::Flag) return call_error("invalid type for comparison");
  if (x == Kind::Real) return *a.real() < *b.real();
  return *a.text() < *b.text();
}

Result<TemplateValue> eq(const Call& call) {
  if (call.arguments.size() < 2) return call_error("missing argument for comparison");
  for (const TemplateValue& other : call.arguments.subspan(1)) {
    SK_TRY(const bool same, equal(call.at(0), other));
    if (same) return TemplateValue(true);
  }
  return TemplateValue(false);
}

Result<TemplateValue> ne(const Call& call) {
  SK_TRY(const bool same, equal(call.at(0), call.at(1)));
  return TemplateValue(!same);
}

Result<TemplateValue> lt(const Call& call) {
  SK_TRY(const bool found, less(call.at(0), call.at(1)));
  return TemplateValue(found);
}

Result<bool> less_or_equal(const Call& call) {
  SK_TRY(const bool found, less(call.at(0), call.at(1)));
  if (found) return true;
  return equal(call.at(0), call.at(1));
}

Result<TemplateValue> le(const Call& call) {
  SK_TRY(const bool found, less_or_equal(call));
  return TemplateValue(found);
}

Result<TemplateValue> gt(const Call& call) {
  SK_TRY(const bool found, less_or_equal(call));
  return TemplateValue(!found);
}

Result<TemplateValue> ge(const Call& call) {
  SK_TRY(const bool found, less(call.at(0), call.at(1)));
  return TemplateValue(!found);
}

// ---- Escapes ----------------------------------------------------------------------------------------------------

/// One string as it is, anything else as `print` has it; nil as a template prints it.
std::string plain_text(const Call& call) {
  if (call.arguments.size() == 1 && call.at(0).text() != nullptr) return *call.at(0).text();
  std::vector<TemplateValue> values(call.arguments.begin(), call.arguments.end());
  for (TemplateValue& value : values) {
    if (value.is_nil()) value = TemplateValue("<no value>");
  }
  BoundedText out(call.room);
  sprint(out, values);
  return out.take();
}

Result<TemplateValue> html(const Call& call) {
  return bounded(call, [&](BoundedText& out) {
    for (const char c : plain_text(call)) {
      switch (c) {
        case '\0': out.put("\xEF\xBF\xBD"); break;
        case '"': out.put("&#34;"); break;
        case '\'': out.put("&#39;"); break;
        case '&': out.put("&amp;"); break;
        case '<': out.put("&lt;"); break;
        case '>': out.put("&gt;"); break;
        default: out.put(1, c);
      }
    }
  });
}

Result<TemplateValue> js(const Call& call) {
  return bounded(call, [&](BoundedText& out) {
    const std::string text = plain_text(call);
    for (std::string_view rest = text; !rest.empty() && !out.full();) {
      const GoRune rune = first_rune(rest);
      const std::string_view bytes = rest.substr(0, rune.bytes);
      rest.remove_prefix(rune.bytes);
      if (bytes == "\\" || bytes == "'" || bytes == "\"") {
        out.put("\\");
        out.put(bytes);
      } else if (rune.code < ' ' || bytes == "<" || bytes == ">" || bytes == "&" || bytes == "=") {
        std::string digits = hex_encode(bytes);
        for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
        out.put("\\u00" + digits);
      } else if (rune.code < 0x80 || is_printable(rune.code)) {
        out.put(bytes);
      } else {
        std::string digits;
        for (std::uint32_t left = rune.code; left > 0; left /= 16) digits += "0123456789ABCDEF"[left % 16];
        if (digits.size() < 4) digits.append(4 - digits.size(), '0');
        std::reverse(digits.begin(), digits.end());
        out.put("\\u" + digits);
      }
    }
  });
}

Result<TemplateValue> urlquery(const Call& call) {
  return bounded(call, [&](BoundedText& out) {
    for (const char c : plain_text(call)) {
      const bool bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                        c == '_' || c == '.' || c == '~';
      if (bare) {
        out.put(1, c);
      } else if (c == ' ') {
        out.put("+");
      } else {
        std::string digits = hex_encode(std::string_view(&c, 1));
        for (char& digit : digits) digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
        out.put("%" + digits);
      }
    }
  });
}

}  // namespace

std::span<const Function> builtin_functions() {
  constexpr auto any = Parameter::Any;
  static const Function table[] = {
      {.name = "and", .parameters = {any}, .more = any, .call = nullptr, .evaluation = Evaluation::And},
      {.name = "or", .parameters = {any}, .more = any, .call = nullptr, .evaluation = Evaluation::Or},
      {.name = "not", .parameters = {any}, .call = negate},
      {.name = "len", .parameters = {any}, .call = length},
      {.name = "index", .parameters = {any}, .more = any, .call = index},
      {.name = "print", .parameters = {}, .more = any, .call = print},
      {.name = "println", .parameters = {}, .more = any, .call = println},
      {.name = "printf", .parameters = {Parameter::Text}, .more = any, .call = printf},
      {.name = "eq", .parameters = {any}, .more = any, .call = eq},
      {.name = "ne", .parameters = {any, any}, .call = ne},
      {.name = "lt", .parameters = {any, any}, .call = lt},
      {.name = "le", .parameters = {any, any}, .call = le},
      {.name = "gt", .parameters = {any, any}, .call = gt},
      {.name = "ge", .parameters = {any, any}, .call = ge},
      {.name = "html", .parameters = {}, .more = any, .call = html},
      {.name = "js", .parameters = {}, .more = any, .call = js},
      {.name = "urlquery", .parameters = {}, .more = any, .call = urlquery},
  };
  return table;
}

}  // namespace spotkeeper::observe
