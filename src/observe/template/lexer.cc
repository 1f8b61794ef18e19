#include "observe/template/lexer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "observe/template/print.h"

namespace spotkeeper::observe::syntax {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) { return is_letter(c) || is_digit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (at_ < text_.size()) SK_CHECK(text_and_action());
    emit(Token::Kind::End, here());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  /// The place of `at_`. Counted on from the last one that was asked for.
  Place here() {
    for (; counted_ < at_; ++counted_) {
      if (text_[counted_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(text_[counted_]) & 0xC0U) != 0x80) {
        ++place_.column;
      }
    }
    return place_;
  }

  void emit(Token::Kind kind, Place place, std::string_view text = {}) {
    tokens_.push_back({.kind = kind, .place = place, .text = std::string(text)});
  }

  Result<void> text_and_action() {
    const Place place = here();
    const std::size_t open = std::min(text_.find("{{", at_), text_.size());
    std::string_view text = text_.substr(at_, open - at_);
    at_ = open;
    const bool trims = open + 3 < text_.size() && text_[open + 2] == '-' && is_blank(text_[open + 3]);
    if (trims) {
      while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    }
    if (!text.empty()) emit(Token::Kind::Text, place, text);
    if (open == text_.size()) return {};
    const Place begin = here();
    at_ += trims ? 3 : 2;
    const std::size_t comment = at_ + (trims ? 1 : 0);
    if (text_.substr(comment).starts_with("/*")) return skip_comment(comment, begin);
    emit(Token::Kind::Open, begin);
    return action(begin);
  }

  Result<void> skip_comment(std::size_t from, Place begin) {
    const std::size_t end = text_.find("*/", from + 2);
    if (end == std::string_view::npos) return fail(error_at(begin, "a comment that does not end"));
    at_ = end + 2;
    if (!close()) return fail(error_at(begin, "a comment must be alone in its {{ }}"));
    return {};
  }

  /// Steps over }} or " -}}", which also takes the blanks behind it.
  bool close() {
    if (rest().starts_with("}}")) {
      at_ += 2;
      return true;
    }
    if (!is_blank(peek()) || !rest().substr(1).starts_with("-}}")) return false;
    at_ += 4;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return true;
  }

  [[nodiscard]] bool at_close() const {
    return rest().starts_with("}}") || (is_blank(peek()) && rest().size() > 1 && rest().substr(1).starts_with("-}}"));
  }

  Result<void> action(Place begin) {
    std::size_t parentheses = 0;
    for (;;) {
      const Place place = here();
      if (at_close()) {
        if (parentheses > 0) return fail(error_at(place, "a '(' is not closed"));
        close();
        emit(Token::Kind::Close, place);
        return {};
      }
      if (at_ >= text_.size()) return fail(error_at(begin, "an action that is not closed: {{ without }}"));
      const char c = peek();
      if (c == '(') ++parentheses;
      if (c == ')' && parentheses-- == 0) return fail(error_at(place, "unexpected ')'"));
      SK_CHECK(token(c, place));
    }
  }

  Result<void> token(char c, Place place) {
    if (is_blank(c)) {
      while (is_blank(peek()) && !at_close()) ++at_;
      emit(Token::Kind::Blank, place);
      return {};
    }
    if (c == '"' || c == '`' || c == '\'') return quoted(c, place);
    if (is_digit(c) || ((c == '.' || c == '+' || c == '-') && is_digit(peek(1))) ||
        ((c == '+' || c == '-') && peek(1) == '.')) {
      return number(place);
    }
    if (c == '.') return dotted(Token::Kind::Field, place);
    if (c == '$') return dotted(Token::Kind::Variable, place);
    if (is_letter(c)) {
      emit(Token::Kind::Word, place, take_word());
      return ends_well(place);
    }
    ++at_;
    switch (c) {
      case '=': emit(Token::Kind::Assign, place); return {};
      case '|': emit(Token::Kind::Pipe, place); return {};
      case ',': emit(Token::Kind::Comma, place); return {};
      case '(': emit(Token::Kind::OpenParenthesis, place); return {};
      case ')': emit(Token::Kind::CloseParenthesis, place); return {};
      case ':':
        if (peek() != '=') return fail(error_at(place, "expected := here"));
        ++at_;
        emit(Token::Kind::Declare, place);
        return {};
      default: return fail(error_at(place, "unexpected " + quote(std::string_view(&c, 1))));
    }
  }

  std::string_view take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  /// What may follow a word: a blank, the end, or a mark.
  Result<void> ends_well(Place place) {
    constexpr std::string_view marks = ".,|:()=";
    if (at_ >= text_.size() || is_blank(peek()) || at_close() || marks.find(peek()) != std::string_view::npos)
      return {};
    return fail(error_at(place, "a name with the character " + quote(rest().substr(0, first_rune(rest()).bytes))));
  }

  Result<void> dotted(Token::Kind kind, Place place) {
    const std::size_t begin = at_;
    ++at_;
    const std::string_view word = take_word();
    if (kind == Token::Kind::Variable) {
      emit(kind, place, text_.substr(begin, at_ - begin));
    } else {
      emit(word.empty() ? Token::Kind::Dot : kind, place, word);
    }
    return ends_well(place);
  }

  Result<void> number(Place place) {
    const std::size_t begin = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    while (is_word(peek()) || peek() == '.' ||
           ((peek() == '+' || peek() == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') &&
            !text_.substr(begin, at_ - begin).starts_with("0x"))) {
      ++at_;
    }
    emit(Token::Kind::Number, place, text_.substr(begin, at_ - begin));
    return {};
  }

  Result<void> quoted(char mark, Place place) {
    const std::size_t begin = ++at_;
    while (peek() != mark || at_ >= text_.size()) {
      if (at_ >= text_.size() || (peek() == '\n' && mark != '`')) {
        return fail(
            error_at(place, mark == '\'' ? "a character constant that does not end" : "a string that does not end"));
      }
      at_ += peek() == '\\' && mark != '`' && peek(1) != '\n' ? std::size_t{2} : std::size_t{1};
    }
    const std::string_view inner = text_.substr(begin, at_ - begin);
    ++at_;
    if (mark == '`') {
      std::string raw(inner);
      std::erase(raw, '\r');  // as in Go's raw strings
      emit(Token::Kind::String, place, raw);
      return {};
    }
    SK_TRY(const std::string text, unescape(inner, mark, place));
    emit(mark == '"' ? Token::Kind::String : Token::Kind::Character, place, text);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;
  Place place_;
  std::vector<Token> tokens_;
};

/// The value of so many digits, if they are there.
std::optional<std::uint32_t> digits(std::string_view text, std::size_t count, std::uint32_t base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    const auto digit = std::string_view("0123456789abcdef").find(lower(std::string_view(&c, 1)));
    if (digit == std::string_view::npos || digit >= base) return std::nullopt;
    value = value * base + static_cast<std::uint32_t>(digit);
  }
  return value;
}

}  // namespace

Error error_at(Place place, std::string_view what) {
  return {ErrorCode::InvalidInput,
          "line " + std::to_string(place.line) + ", column " + std::to_string(place.column) + ": " + std::string(what)};
}

Result<std::string> unescape(std::string_view inner, char quote_mark, Place place) {
  const auto wrong = [&] { return fail(error_at(place, "an escape that Go has not in " + quote(inner))); };
  std::string out;
  while (!inner.empty()) {
    if (inner.front() != '\\') {
      out += inner.front();
      inner.remove_prefix(1);
      continue;
    }
    if (inner.size() < 2) return wrong();
    const char kind = inner[1];
    constexpr std::string_view letters = "abfnrtv\\";
    const std::size_t named = letters.find(kind);
    if (named != std::string_view::npos || kind == quote_mark) {
      out += named != std::string_view::npos ? "\a\b\f\n\r\t\v\\"[named] : kind;
      inner.remove_prefix(2);
      continue;
    }
    const bool octal = kind >= '0' && kind <= '7';
    const std::size_t begin = octal ? 1 : 2;
    const std::size_t count = octal ? 3 : kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    const auto value = digits(inner.substr(begin), count, octal ? 8 : 16);
    if (count == 0 || !value) return wrong();
    if (octal || kind == 'x') {
      if (*value > 255) return wrong();
      out += static_cast<char>(*value);
    } else {
      if (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF)) return wrong();
      put_rune(out, *value);
    }
    inner.remove_prefix(begin + count);
  }
  return out;
}

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace spotkeeper::observe::syntax
