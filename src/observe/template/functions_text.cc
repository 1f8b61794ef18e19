// sprig's functions of texts, numbers and times.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "observe/template/functions.h"
#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

/// Upper or lower case: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic; every other letter stays.
char32_t to_upper(char32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) ||
      (c >= 0x430 && c <= 0x44F)) {
    return c - 0x20;
  }
  if (c >= 0x450 && c <= 0x45F) return c - 0x50;
  const bool odd_is_lower = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177);
  const bool even_is_lower = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if ((odd_is_lower && c % 2 == 1) || (even_is_lower && c % 2 == 0)) return c - 1;
  return c;
}

char32_t to_lower(char32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) ||
      (c >= 0x410 && c <= 0x42F)) {
    return c + 0x20;
  }
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  const bool even_is_upper = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177);
  const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if ((even_is_upper && c % 2 == 0) || (odd_is_upper && c % 2 == 1)) return c + 1;
  return c;
}

template <class Change>
std::string map_runes(std::string_view text, Change change) {
  std::string out;
  while (!text.empty()) {
    const GoRune rune = first_rune(text);
    text.remove_prefix(rune.bytes);
    put_rune(out, change(rune.code));
  }
  return out;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// strings.Title: the first letter of each word in upper case. Between words stands what is no letter, digit or '_'.
std::string title(std::string_view text) {
  char32_t before = ' ';
  return map_runes(text, [&](char32_t c) {
    const bool word = before == '_' || (before >= '0' && before <= '9') || (before >= 'a' && before <= 'z') ||
                      (before >= 'A' && before <= 'Z') || (before >= 0x80 && !is_space(before));
    before = c;
    return word ? c : to_upper(c);
  });
}

/// unicode.IsSpace at either end.
std::string_view trim_spaces(std::string_view text) {
  while (!text.empty() && is_space(first_rune(text).code)) text.remove_prefix(first_rune(text).bytes);
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) --begin;
    if (first_rune(text.substr(begin)).bytes != end - begin || !is_space(first_rune(text.substr(begin)).code)) break;
    text.remove_suffix(end - begin);
    end = begin;
  }
  return text;
}

/// strings.Trim: characters out of a set, at either end.
std::string_view trim_set(std::string_view text, std::string_view set) {
  const auto within = [&](std::string_view character) {
    const GoRune wanted = first_rune(character);
    for (std::string_view rest = set; !rest.empty(); rest.remove_prefix(first_rune(rest).bytes)) {
      if (first_rune(rest).code == wanted.code) return true;
    }
    return false;
  };
  while (!text.empty() && within(text)) text.remove_prefix(first_rune(text).bytes);
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) --begin;
    if (first_rune(text.substr(begin)).bytes != text.size() - begin) begin = text.size() - 1;
    if (!within(text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return text;
}

void replace(BoundedText& out, std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) {  // before every character and at the end
    out.put(to);
    while (!text.empty() && !out.full()) {
      const std::size_t bytes = first_rune(text).bytes;
      out.put(text.substr(0, bytes));
      out.put(to);
      text.remove_prefix(bytes);
    }
    return;
  }
  for (std::size_t found = text.find(from); found != std::string_view::npos && !out.full(); found = text.find(from)) {
    out.put(text.substr(0, found));
    out.put(to);
    text.remove_prefix(found + from.size());
  }
  out.put(text);
}

Result<TemplateValue> indented(const Call& call, std::string_view before) {
  if (call.integer(0) < 0) return call_error("a negative indentation");
  const auto blanks = static_cast<std::size_t>(call.integer(0));
  return bounded(call, [&](BoundedText& out) {
    out.put(before);
    out.put(blanks, ' ');
    if (out.full()) return;
    replace(out, call.text(1), "\n", "\n" + std::string(blanks, ' '));
  });
}

Result<TemplateValue> repeat(const Call& call) {
  if (call.integer(0) < 0) return call_error("a negative count");
  const auto count = static_cast<std::size_t>(call.integer(0));
  return bounded(call, [&](BoundedText& out) {
    for (std::size_t i = 0; i < count && !out.full() && !call.text(1).empty(); ++i) out.put(call.text(1));
  });
}

Result<TemplateValue> truncate(const Call& call) {
  const std::string& text = call.text(1);
  const auto size = static_cast<std::int64_t>(text.size());
  const std::int64_t count = call.integer(0);
  if (count < 0 && count > -size) return TemplateValue(text.substr(static_cast<std::size_t>(size + count)));
  if (count >= 0 && size > count) return TemplateValue(text.substr(0, static_cast<std::size_t>(count)));
  return TemplateValue(text);
}

Result<TemplateValue> substring(const Call& call) {
  const std::string& text = call.text(2);
  const auto size = static_cast<std::int64_t>(text.size());
  std::int64_t begin = call.integer(0);
  std::int64_t end = call.integer(1);
  if (begin >= 0 && (end < 0 || end > size)) end = size;
  if (begin < 0) begin = 0;
  if (end < begin || end > size) return call_error("slice bounds out of range");
  return TemplateValue(text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
}

/// sprig's strval: a text as it is, a time as it prints, all else by %v.
void put_text(BoundedText& out, const TemplateValue& value) { print_value(out, value); }

Result<TemplateValue> to_text(const Call& call) {
  return bounded(call, [&](BoundedText& out) { put_text(out, call.at(0)); });
}

Result<TemplateValue> quoted(const Call& call, bool single) {
  return bounded(call, [&](BoundedText& out) {
    bool first = true;
    for (const TemplateValue& value : call.arguments) {
      if (value.is_nil()) continue;
      if (!first) out.put(" ");
      first = false;
      BoundedText text(out.room());
      put_text(text, value);
      if (text.full()) return out.put(out.room() + 1, ' ');
      if (!single) {
        quote_go(out, text.text());
        continue;
      }
      out.put("'");
      out.put(text.text());
      out.put("'");
    }
  });
}

Result<TemplateValue> concatenate(const Call& call) {
  return bounded(call, [&](BoundedText& out) {
    bool first = true;
    for (const TemplateValue& value : call.arguments) {
      if (value.is_nil()) continue;
      if (!first) out.put(" ");
      first = false;
      print_value(out, value);
    }
  });
}

// ---- Numbers ----------------------------------------------------------------------------------------------------

/// strconv.ParseInt with base 0: "12", "-0x1F", "0b11", "0o17", and "017" as octal, too; 0 for anything else.
std::int64_t whole_of_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const std::string_view letter = text.substr(1, 1);
    base = equal_ignoring_case(letter, "x") ? 16 : equal_ignoring_case(letter, "b") ? 2 : 8;
    text.remove_prefix(base != 8 || equal_ignoring_case(letter, "o") ? 2 : 1);
  }
  std::uint64_t size = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (problem != std::errc{} || end != text.data() + text.size() || size > most + (negative ? 1 : 0)) return 0;
  return static_cast<std::int64_t>(negative ? 0 - size : size);
}

/// sprig's toInt64: whatever is no number is 0.
std::int64_t whole(const TemplateValue& value) {
  if (const auto found = value.integer()) return *found;
  if (const bool* const found = value.boolean()) return *found ? 1 : 0;
  if (const double* const found = value.real()) {
    return std::abs(*found) < 9e18 ? static_cast<std::int64_t>(*found) : std::numeric_limits<std::int64_t>::min();
  }
  if (const std::string* const found = value.text()) {
    return whole_of_text(*found);
  }
  return 0;
}

/// As Go's int64 overflows: around.
std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }

TemplateValue int64(std::int64_t value) { return {value, GoInt::Int64}; }

Result<TemplateValue> add(const Call& call) {
  std::uint64_t sum = 0;
  for (const TemplateValue& value : call.arguments) sum += static_cast<std::uint64_t>(whole(value));
  return int64(wrap(sum));
}

Result<TemplateValue> multiply(const Call& call) {
  std::uint64_t product = 1;
  for (const TemplateValue& value : call.arguments) product *= static_cast<std::uint64_t>(whole(value));
  return int64(wrap(product));
}

Result<TemplateValue> divide(const Call& call, bool remainder) {
  const std::int64_t a = whole(call.at(0));
  const std::int64_t b = whole(call.at(1));
  if (b == 0) return call_error("integer divide by zero");
  if (b == -1) return int64(remainder ? 0 : wrap(0 - static_cast<std::uint64_t>(a)));
  return int64(remainder ? a % b : a / b);
}

Result<TemplateValue> extreme(const Call& call, bool greatest) {
  std::int64_t found = whole(call.at(0));
  for (const TemplateValue& value : call.arguments) {
    found = greatest ? std::max(found, whole(value)) : std::min(found, whole(value));
  }
  return int64(found);
}

// ---- Times ------------------------------------------------------------------------------------------------------

/// sprig's date: a time, or whole seconds since 1970; anything else is now.
GoTime time_of(const Call& call, const TemplateValue& value) {
  if (const GoTime* const found = value.time()) return *found;
  const auto seconds = value.integer();
  constexpr std::int64_t most = 9'000'000'000;  // what an Instant can hold
  if (seconds && *seconds > -most && *seconds < most) return {.at = Instant(std::chrono::seconds(*seconds))};
  return {.at = call.context.now};
}

Result<TemplateValue> date_in_zone(const Call& call) {
  const std::string& zone = call.text(2);
  if (zone != "UTC" && zone != "Local" && !zone.empty()) {
    return call_error("the time zone " + spotkeeper::quote(zone) + " is not supported, only UTC");
  }
  return TemplateValue(format_time(time_of(call, call.at(1)), call.text(0)));
}

using R = Result<TemplateValue>;

}  // namespace

std::span<const Function> text_functions() {
  constexpr auto any = Parameter::Any;
  constexpr auto text = Parameter::Text;
  constexpr auto number = Parameter::Int;
  static const Function table[] = {
      {.name = "upper",
       .parameters = {text},
       .call = [](const Call& c) -> R { return map_runes(c.text(0), to_upper); }},
      {.name = "lower",
       .parameters = {text},
       .call = [](const Call& c) -> R { return map_runes(c.text(0), to_lower); }},
      {.name = "title", .parameters = {text}, .call = [](const Call& c) -> R { return title(c.text(0)); }},
      {.name = "trim", .parameters = {text}, .call = [](const Call& c) -> R { return trim_spaces(c.text(0)); }},
      {.name = "trimAll",
       .parameters = {text, text},
       .call = [](const Call& c) -> R { return trim_set(c.text(1), c.text(0)); }},
      {.name = "trimall",
       .parameters = {text, text},
       .call = [](const Call& c) -> R { return trim_set(c.text(1), c.text(0)); }},
      {.name = "trimPrefix",
       .parameters = {text, text},
       .call = [](const Call& c) -> R {
         return c.text(1).starts_with(c.text(0)) ? c.text(1).substr(c.text(0).size()) : c.text(1);
       }},
      {.name = "trimSuffix",
       .parameters = {text, text},
       .call = [](const Call& c) -> R {
         return c.text(1).ends_with(c.text(0)) ? c.text(1).substr(0, c.text(1).size() - c.text(0).size()) : c.text(1);
       }},
      {.name = "nospace",
       .parameters = {text},
       .call = [](const Call& c) -> R {
         std::string out;
         for (std::string_view rest = c.text(0); !rest.empty(); rest.remove_prefix(first_rune(rest).bytes)) {
           if (!is_space(first_rune(rest).code)) out += rest.substr(0, first_rune(rest).bytes);
         }
         return out;
       }},
      {.name = "contains",
       .parameters = {text, text},
       .call = [](const Call& c) -> R { return c.text(1).find(c.text(0)) != std::string::npos; }},
      {.name = "hasPrefix",
       .parameters = {text, text},
       .call = [](const Call& c) -> R { return c.text(1).starts_with(c.text(0)); }},
      {.name = "hasSuffix",
       .parameters = {text, text},
       .call = [](const Call& c) -> R { return c.text(1).ends_with(c.text(0)); }},
      {.name = "replace",
       .parameters = {text, text, text},
       .call = [](const Call& c) -> R {
         return bounded(c, [&](BoundedText& out) { replace(out, c.text(2), c.text(0), c.text(1)); });
       }},
      {.name = "repeat", .parameters = {number, text}, .call = repeat},
      {.name = "trunc", .parameters = {number, text}, .call = truncate},
      {.name = "substr", .parameters = {number, number, text}, .call = substring},
      {.name = "indent", .parameters = {number, text}, .call = [](const Call& c) -> R { return indented(c, ""); }},
      {.name = "nindent", .parameters = {number, text}, .call = [](const Call& c) -> R { return indented(c, "\n"); }},
      {.name = "quote", .parameters = {}, .more = any, .call = [](const Call& c) -> R { return quoted(c, false); }},
      {.name = "squote", .parameters = {}, .more = any, .call = [](const Call& c) -> R { return quoted(c, true); }},
      {.name = "cat", .parameters = {}, .more = any, .call = concatenate},
      {.name = "toString", .parameters = {any}, .call = to_text},
      {.name = "plural",
       .parameters = {text, text, number},
       .call = [](const Call& c) -> R { return c.integer(2) == 1 ? c.text(0) : c.text(1); }},
      {.name = "b64enc",
       .parameters = {text},
       .call = [](const Call& c) -> R {
         return bounded(c, [&](BoundedText& out) { out.put(base64_encode(c.text(0))); });
       }},
      {.name = "b64dec",
       .parameters = {text},
       .call = [](const Call& c) -> R {
         SK_TRY(std::string bytes, base64_decode(c.text(0)));
         return bytes;
       }},
      {.name = "env",
       .parameters = {text},
       .call = [](const Call& c) -> R {
         return c.context.environment ? c.context.environment(c.text(0)) : std::string();
       }},
      {.name = "add", .parameters = {}, .more = any, .call = add},
      {.name = "add1",
       .parameters = {any},
       .call = [](const Call& c) -> R { return int64(wrap(static_cast<std::uint64_t>(whole(c.at(0))) + 1)); }},
      {.name = "sub",
       .parameters = {any, any},
       .call = [](const Call& c) -> R {
         return int64(wrap(static_cast<std::uint64_t>(whole(c.at(0))) - static_cast<std::uint64_t>(whole(c.at(1)))));
       }},
      {.name = "mul", .parameters = {any}, .more = any, .call = multiply},
      {.name = "div", .parameters = {any, any}, .call = [](const Call& c) -> R { return divide(c, false); }},
      {.name = "mod", .parameters = {any, any}, .call = [](const Call& c) -> R { return divide(c, true); }},
      {.name = "max", .parameters = {any}, .more = any, .call = [](const Call& c) -> R { return extreme(c, true); }},
      {.name = "min", .parameters = {any}, .more = any, .call = [](const Call& c) -> R { return extreme(c, false); }},
      {.name = "int",
       .parameters = {any},
       .call = [](const Call& c) -> R { return TemplateValue(whole(c.at(0)), GoInt::Int); }},
      {.name = "int64", .parameters = {any}, .call = [](const Call& c) -> R { return int64(whole(c.at(0))); }},
      {.name = "now", .parameters = {}, .call = [](const Call& c) -> R { return c.context.now; }},
      {.name = "date",
       .parameters = {text, any},
       .call = [](const Call& c) -> R { return format_time(time_of(c, c.at(1)), c.text(0)); }},
      {.name = "dateInZone", .parameters = {text, any, text}, .call = date_in_zone},
      {.name = "htmlDate",
       .parameters = {any},
       .call = [](const Call& c) -> R { return format_time(time_of(c, c.at(0)), "2006-01-02"); }},
      {.name = "unixEpoch",
       .parameters = {any},
       .call = [](const Call& c) -> R {
         if (c.at(0).time() == nullptr) return call_error("a time is expected, not " + c.at(0).type_name());
         return std::to_string(unix_seconds(*c.at(0).time()));
       }},
  };
  return table;
}

}  // namespace spotkeeper::observe
