#include "observe/template/print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace spotkeeper::observe {
namespace {

/// One %… of a format.
struct Spec {
  char verb = 'v';
  bool minus = false;
  bool zero = false;
  std::optional<std::size_t> width = {};
  std::optional<std::size_t> precision = {};
};

constexpr std::string_view kVerbs = "vsdqtxXcobefg";
constexpr std::size_t kLongestNumber = 6;  // digits of a width or precision: more never fits into a message

/// The text between marks, with Go's escapes; the other mark stays as it is.
void put_quoted(BoundedText& out, std::string_view text, char mark) {
  out.put(1, mark);
  std::string piece;
  while (!text.empty() && !out.full()) {
    const GoRune rune = first_rune(text);
    const std::string_view bytes = text.substr(0, rune.bytes);
    text.remove_prefix(rune.bytes);
    constexpr std::string_view named = "\a\b\f\n\r\t\v\\";
    const std::size_t name = rune.code < 0x80 ? named.find(static_cast<char>(rune.code)) : std::string_view::npos;
    piece.clear();
    const auto hex = [&](char letter, std::size_t digits) {
      piece += {'\\', letter};
      for (std::size_t i = digits; i-- > 0;) piece += "0123456789abcdef"[(rune.code >> (4 * i)) & 0xFU];
    };
    if (rune.broken) {
      piece = "\\x" + hex_encode(bytes);
    } else if (name != std::string_view::npos) {
      piece = {'\\', "abfnrtv\\"[name]};
    } else if (rune.code == static_cast<unsigned char>(mark)) {
      piece = {'\\', mark};
    } else if (is_printable(rune.code)) {
      piece = bytes;
    } else if (rune.code < ' ' || rune.code == 0x7F) {
      hex('x', 2);
    } else if (rune.code < 0x10000) {
      hex('u', 4);
    } else {
      hex('U', 8);
    }
    out.put(piece);
  }
  out.put(1, mark);
}

void pad(BoundedText& out, std::string_view text, const Spec& spec) {
  const std::size_t length = rune_count(text);
  const std::size_t blanks = spec.width && *spec.width > length ? *spec.width - length : 0;
  if (!spec.minus) out.put(blanks, spec.zero ? '0' : ' ');
  out.put(text);
  if (spec.minus) out.put(blanks, ' ');
}

void print(BoundedText& out, const TemplateValue& value, const Spec& spec, bool nested);

void bad_verb(BoundedText& out, const TemplateValue& value, const Spec& spec) {
  out.put("%!");
  out.put(1, spec.verb);
  out.put("(");
  if (value.is_nil()) {
    out.put("<nil>");
  } else {
    out.put(value.type_name());
    out.put("=");
    Spec plain = spec;
    plain.verb = 'v';
    print(out, value, plain, false);
  }
  out.put(")");
}

void print_hex(BoundedText& out, std::string_view bytes, const Spec& spec) {
  if (bytes.size() > out.room()) {
    out.put(bytes);  // it is full
    return;
  }
  std::string digits = hex_encode(bytes.substr(0, spec.precision.value_or(bytes.size())));
  if (spec.verb == 'X') {
    for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  pad(out, digits, spec);
}

void print_text(BoundedText& out, std::string_view text, const Spec& spec, const TemplateValue& value) {
  if (spec.verb == 'x' || spec.verb == 'X') return print_hex(out, text, spec);
  if (spec.verb != 'v' && spec.verb != 's' && spec.verb != 'q') return bad_verb(out, value, spec);
  if (spec.precision) {
    std::string_view rest = text;
    for (std::size_t i = 0; i < *spec.precision && !rest.empty(); ++i) rest.remove_prefix(first_rune(rest).bytes);
    text.remove_suffix(rest.size());
  }
  if (spec.verb != 'q') return pad(out, text, spec);
  BoundedText quoted(out.room());
  put_quoted(quoted, text, '"');
  pad(out, quoted.text(), spec);
  if (quoted.full()) out.put(out.room() + 1, ' ');
}

void print_digits(BoundedText& out, std::int64_t value, const Spec& spec, unsigned base) {
  const bool negative = value < 0;
  std::uint64_t left = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const std::string_view alphabet = spec.verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;
  for (; left > 0; left /= base) digits += alphabet[left % base];
  std::size_t least = 1;
  if (spec.precision) {
    least = *spec.precision;
    if (least == 0 && value == 0) return pad(out, "", {.minus = spec.minus, .width = spec.width});
  } else if (spec.zero && !spec.minus && spec.width) {
    least = *spec.width - (negative && *spec.width > 0 ? 1 : 0);
  }
  if (least > out.room()) return out.put(least, '0');
  if (digits.size() < least) digits.append(least - digits.size(), '0');
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  pad(out, digits, {.minus = spec.minus, .width = spec.width});
}

void print_integer(BoundedText& out, std::int64_t value, const Spec& spec, const TemplateValue& whole) {
  switch (spec.verb) {
    case 'v':
    case 'd': return print_digits(out, value, spec, 10);
    case 'b': return print_digits(out, value, spec, 2);
    case 'o': return print_digits(out, value, spec, 8);
    case 'x':
    case 'X': return print_digits(out, value, spec, 16);
    case 'c':
    case 'q': {
      std::string text;
      put_rune(text, value < 0 || value > 0x10FFFF ? 0xFFFD : static_cast<char32_t>(value));
      if (spec.verb == 'c') return pad(out, text, spec);
      BoundedText quoted(16);
      put_quoted(quoted, text, '\'');
      return pad(out, quoted.text(), spec);
    }
    default: return bad_verb(out, whole, spec);
  }
}

/// Go writes exponents with two digits at least, as to_chars does.
void print_real(BoundedText& out, double value, const Spec& spec, const TemplateValue& whole) {
  if (spec.precision.value_or(0) > 300) return out.put(out.room() + 1, ' ');
  std::array<char, 800> buffer{};
  char* const end = buffer.data() + buffer.size();
  std::to_chars_result written{};
  const int precision = static_cast<int>(spec.precision.value_or(6));
  switch (spec.verb) {
    case 'v':
    case 'g':
      if (spec.precision) {
        written = std::to_chars(buffer.data(), end, value, std::chars_format::general, precision);
        break;
      }
      {
        // The fewest digits that read back equal, with an exponent below 1e-4 and from 1e6 on.
        const double size = std::fabs(value);
        const bool scientific = size != 0 && (size < 1e-4 || size >= 1e6);
        written = std::to_chars(buffer.data(), end, value,
                                scientific ? std::chars_format::scientific : std::chars_format::fixed);
      }
      break;
    case 'e': written = std::to_chars(buffer.data(), end, value, std::chars_format::scientific, precision); break;
    case 'f': written = std::to_chars(buffer.data(), end, value, std::chars_format::fixed, precision); break;
    default: return bad_verb(out, whole, spec);
  }
  const std::string text(buffer.data(), written.ptr);
  if (spec.zero && !spec.minus && text.starts_with('-') && spec.width.value_or(0) > text.size()) {
    out.put("-");  // the zeros stand between the sign and the digits
    Spec rest = spec;
    --*rest.width;
    return pad(out, text.substr(1), rest);
  }
  pad(out, text, spec);
}

void print_fields(BoundedText& out, const GoStruct& fields, const Spec& spec) {
  out.put("{");
  bool first = true;
  for (const GoField& field : fields.fields) {
    if (!first) out.put(" ");
    first = false;
    print(out, field.value, spec, true);
  }
  out.put("}");
}

void print(BoundedText& out, const TemplateValue& value, const Spec& spec, bool nested) {
  if (out.full()) return;
  if (value.is_nil()) {
    if (nested) return out.put("<nil>");
    return spec.verb == 'v' ? pad(out, "<nil>", spec) : bad_verb(out, value, spec);
  }
  if (const bool* const found = value.boolean()) {
    if (spec.verb == 't' || spec.verb == 'v') return pad(out, *found ? "true" : "false", spec);
    return bad_verb(out, value, spec);
  }
  if (const auto found = value.integer()) return print_integer(out, *found, spec, value);
  if (const double* const found = value.real()) return print_real(out, *found, spec, value);
  if (const std::string* const found = value.text()) return print_text(out, *found, spec, value);
  if (const GoTime* const found = value.time()) return print_text(out, time_text(*found), spec, value);
  if (const GoStruct* const found = value.fields()) return print_fields(out, *found, spec);
  bool first = true;
  const auto separate = [&] {
    if (!first) out.put(" ");
    first = false;
  };
  if (const GoList* const found = value.list()) {
    out.put("[");
    for (const TemplateValue& item : found->items) {
      separate();
      print(out, item, spec, true);
    }
    return out.put("]");
  }
  out.put("map[");
  for (const auto& [key, item] : value.map()->items) {
    separate();
    print(out, key, spec, true);
    out.put(":");
    print(out, item, spec, true);
  }
  out.put("]");
}

/// The %… that begins at `at` (behind the %), which is moved behind it.
Result<Spec> read_spec(std::string_view format, std::size_t& at) {
  Spec spec;
  const auto unsupported = [&](std::string_view what) {
    return fail(ErrorCode::Unsupported, "printf: " + std::string(what) + " in " + quote(format) + " is not supported");
  };
  for (; at < format.size() && (format[at] == '-' || format[at] == '0'); ++at) {
    (format[at] == '-' ? spec.minus : spec.zero) = true;
  }
  const auto number = [&]() -> Result<std::optional<std::size_t>> {
    const std::size_t begin = at;
    while (at < format.size() && format[at] >= '0' && format[at] <= '9') ++at;
    if (at == begin) return std::optional<std::size_t>();
    if (at - begin > kLongestNumber) return unsupported("a width or precision of more than six digits");
    SK_TRY(const auto value, parse_int<std::size_t>(format.substr(begin, at - begin)));
    return std::optional(value);
  };
  SK_TRY(spec.width, number());
  if (at < format.size() && format[at] == '.') {
    ++at;
    SK_TRY(spec.precision, number());
    if (!spec.precision) spec.precision = 0;
  }
  if (at >= format.size()) return unsupported("a % without a verb");
  spec.verb = format[at];
  const std::size_t bytes = first_rune(format.substr(at)).bytes;
  if (spec.verb != '%' && kVerbs.find(spec.verb) == std::string_view::npos) {
    const std::string_view what =
        std::string_view("+# *[").find(spec.verb) == std::string_view::npos ? "the verb %" : "the flag ";
    return unsupported(std::string(what) + std::string(format.substr(at, bytes)));
  }
  at += bytes;
  return spec;
}

/// Go takes a time apart for verbs that are not for texts, and writes the bits of a float; we do neither.
Result<void> can_print(const TemplateValue& value, const Spec& spec) {
  const bool time = value.time() != nullptr && std::string_view("vsqxX").find(spec.verb) == std::string_view::npos;
  const bool bits = value.real() != nullptr && std::string_view("xXb").find(spec.verb) != std::string_view::npos;
  if (!time && !bits) return {};
  return fail(ErrorCode::Unsupported,
              std::string("%") + spec.verb + " of " + (time ? "a time" : "a fraction") + " is not supported");
}

}  // namespace

void quote_go(BoundedText& out, std::string_view text) { put_quoted(out, text, '"'); }

void print_value(BoundedText& out, const TemplateValue& value) { print(out, value, {}, false); }

void sprint(BoundedText& out, std::span<const TemplateValue> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].text() == nullptr && values[i - 1].text() == nullptr) out.put(" ");
    print_value(out, values[i]);
  }
}

void sprintln(BoundedText& out, std::span<const TemplateValue> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out.put(" ");
    print_value(out, values[i]);
  }
  out.put("\n");
}

Result<void> sprintf(BoundedText& out, std::string_view format, std::span<const TemplateValue> values) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < format.size();) {
    const std::size_t percent = std::min(format.find('%', at), format.size());
    out.put(format.substr(at, percent - at));
    at = percent + 1;
    if (percent == format.size()) break;
    SK_TRY(const Spec spec, read_spec(format, at));
    if (spec.verb == '%') {
      out.put("%");
    } else if (used == values.size()) {
      out.put("%!");
      out.put(1, spec.verb);
      out.put("(MISSING)");
    } else {
      SK_CHECK(can_print(values[used], spec));
      print(out, values[used++], spec, false);
    }
  }
  if (used == values.size()) return {};
  out.put("%!(EXTRA ");
  for (std::size_t i = used; i < values.size(); ++i) {
    if (i > used) out.put(", ");
    if (values[i].is_nil()) {
      out.put("<nil>");
      continue;
    }
    out.put(values[i].type_name());
    out.put("=");
    print_value(out, values[i]);
  }
  out.put(")");
  return {};
}

Result<void> check_format(std::string_view format) {
  for (std::size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at)) {
    ++at;
    SK_TRY([[maybe_unused]] const Spec spec, read_spec(format, at));
  }
  return {};
}

}  // namespace spotkeeper::observe
