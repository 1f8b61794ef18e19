// Go's fmt, as templates reach it: Sprint, Sprintln, Sprintf and %v; strconv.Quote; encoding/json; time.Format.
//
// Sources: the documentation of the packages fmt, strconv, encoding/json and time (https://pkg.go.dev/std). Unlike Go,
// characters that Unicode has not assigned are taken as printable.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/template/value.h"

namespace spotkeeper::observe {

/// Text that stops growing at a limit, so that no template can make us write without end.
class BoundedText {
 public:
  explicit BoundedText(std::size_t limit) : limit_(limit) {}
  void put(std::string_view piece) {
    if (full_ || piece.size() > limit_ - text_.size()) {
      full_ = true;
      return;
    }
    text_ += piece;
  }
  void put(std::size_t count, char c) {
    if (full_ || count > limit_ - text_.size()) {
      full_ = true;
      return;
    }
    text_.append(count, c);
  }
  /// Something did not fit: what is there is cut short.
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] std::size_t room() const { return limit_ - text_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t limit_;
  bool full_ = false;
  std::string text_;
};

/// %v.
void print_value(BoundedText& out, const TemplateValue& value);
/// fmt.Sprint: a blank between two operands of which neither is a string.
void sprint(BoundedText& out, std::span<const TemplateValue> values);
/// fmt.Sprintln.
void sprintln(BoundedText& out, std::span<const TemplateValue> values);
/// fmt.Sprintf for %v %s %d %q %t %x %X %c %o %b %e %f %g and %%, with the flags '-' and '0', widths and precisions.
/// Mistakes print what Go prints ("%!d(string=x)"). Verbs and flags beyond these are errors that name them.
Result<void> sprintf(BoundedText& out, std::string_view format, std::span<const TemplateValue> values);
/// The error that sprintf would give for this format, whatever the values.
Result<void> check_format(std::string_view format);

/// In double quotes, as Go source has it (%q).
void quote_go(BoundedText& out, std::string_view text);

enum class JsonEscapes { Html, Plain };  // <, > and & as \u003c…, or as they are
/// encoding/json, keys in order; `indent` of blanks a level, 0 for one line.
void print_json(BoundedText& out, const TemplateValue& value, JsonEscapes escapes, std::size_t indent = 0);

/// time.Time.Format in UTC. Layouts made of the parts of Go's reference time ("Mon Jan 2 15:04:05 MST 2006").
[[nodiscard]] std::string format_time(const GoTime& time, std::string_view layout);
/// time.Time.String.
[[nodiscard]] std::string time_text(const GoTime& time);
/// Seconds since 1970; of Go's zero time too.
[[nodiscard]] std::int64_t unix_seconds(const GoTime& time);

/// The characters of the text: a code point each, broken UTF-8 as U+FFFD of one byte.
struct GoRune {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool broken = false;
};
[[nodiscard]] GoRune first_rune(std::string_view text);
[[nodiscard]] std::size_t rune_count(std::string_view text);
void put_rune(std::string& out, char32_t code);
/// unicode.IsPrint, but for unassigned characters.
[[nodiscard]] bool is_printable(char32_t code);

}  // namespace spotkeeper::observe
