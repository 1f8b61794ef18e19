#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "observe/template/lexer.h"
#include "observe/template/print.h"
#include "observe/template/syntax.h"

namespace spotkeeper::observe::syntax {
namespace {

constexpr std::size_t kDeepest = 64;  // blocks and parentheses within each other

constexpr std::array<std::string_view, 10> keywords = {"block", "break", "continue", "define",   "else",
                                                       "end",   "if",    "range",    "template", "with"};

bool is_keyword(std::string_view word) {
  for (const std::string_view keyword : keywords) {
    if (word == keyword) return true;
  }
  return false;
}

std::string name_of(const Token& token) {
  using Kind = Token::Kind;
  switch (token.kind) {
    case Kind::Text: return "text";
    case Kind::Open: return "{{";
    case Kind::Close: return "}}";
    case Kind::Blank: return "a blank";
    case Kind::Word:
    case Kind::Variable:
    case Kind::Number: return quote(token.text);
    case Kind::Field: return quote("." + token.text);
    case Kind::Dot: return "'.'";
    case Kind::Character: return "a character constant";
    case Kind::String: return "a string";
    case Kind::Declare: return "':='";
    case Kind::Assign: return "'='";
    case Kind::Pipe: return "'|'";
    case Kind::Comma: return "','";
    case Kind::OpenParenthesis: return "'('";
    case Kind::CloseParenthesis: return "')'";
    case Kind::End: return "the end of the template";
  }
  return "";
}

/// A number in Go's syntax, without imaginary ones.
Result<Operand> number(const Token& token) {
  Operand operand{.kind = Operand::Kind::Constant, .place = token.place};
  std::string digits = token.text;
  const auto wrong = [&] { return fail(error_at(token.place, quote(token.text) + " is no number that is supported")); };
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const std::string prefix = lower(digits.substr(0, 2));
  int base = prefix == "0x" ? 16 : prefix == "0b" ? 2 : prefix == "0o" ? 8 : 10;
  if (base != 10) digits.erase(0, 2);
  // Go lets '_' stand between digits, and behind a prefix.
  for (std::size_t at = digits.find('_'); at != std::string::npos; at = digits.find('_')) {
    if ((at == 0 && base == 10) || at + 1 == digits.size() || digits[at + 1] == '_') return wrong();
    digits.erase(at, 1);
  }
  if (base != 16 && digits.find_first_of(".eE") != std::string::npos) {
    if (base != 10) return wrong();
    if (digits.starts_with('.')) digits.insert(0, 1, '0');
    if (const std::size_t point = digits.find('.');
        point != std::string::npos &&
        (point + 1 == digits.size() || digits[point + 1] == 'e' || digits[point + 1] == 'E')) {
      digits.insert(point + 1, 1, '0');  // "1." is 1.0
    }
    if (const std::size_t plus = digits.find('+'); plus != std::string::npos) digits.erase(plus, 1);
    const auto real = parse_double(digits);
    if (!real) return wrong();
    const double value = negative ? -*real : *real;
    operand.constant = value;
    operand.whole = value > -9e15 && value < 9e15 && static_cast<double>(static_cast<std::int64_t>(value)) == value;
    if (operand.whole) operand.whole_value = static_cast<std::int64_t>(value);
    return operand;
  }
  if (base == 10 && digits.size() > 1 && digits[0] == '0') base = 8;  // Go's old octal
  if (digits.empty() || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return wrong();
  std::int64_t value = 0;
  const std::string signed_digits = (negative ? "-" : "") + digits;
  const auto [end, problem] =
      std::from_chars(signed_digits.data(), signed_digits.data() + signed_digits.size(), value, base);
  if (problem != std::errc{} || end != signed_digits.data() + signed_digits.size()) return wrong();
  operand.constant = TemplateValue(value, GoInt::Int);
  operand.whole = true;
  operand.whole_value = value;
  return operand;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Document> run() {
    for (;;) {
      SK_TRY(const Stop stop, nodes(document_.main, true));
      if (stop.word == "define") {
        SK_CHECK(define());
      } else if (!stop.word.empty()) {
        return fail(error_at(stop.place, "{{" + stop.word + "}} without a block that it belongs to"));
      } else {
        break;
      }
    }
    for (const auto& [name, place] : used_) {
      if (!document_.defined.contains(name)) {
        return fail(error_at(place, "template " + quote(name) + " is not defined"));
      }
    }
    return std::move(document_);
  }

 private:
  using Kind = Token::Kind;

  /// What ended a list of nodes: "end", "else" or "define" (behind whose word the parser stands), or "" at the end.
  struct Stop {
    std::string word;
    Place place;
  };

  const Token& peek() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  const Token& peek_mark() {
    while (peek().kind == Kind::Blank) ++at_;
    return peek();
  }
  const Token& next_mark() {
    peek_mark();
    return next();
  }
  static tl::unexpected<Error> unexpected(const Token& token, std::string_view where) {
    return fail(error_at(token.place, "unexpected " + name_of(token) + " in " + std::string(where)));
  }
  Result<void> expect(Kind kind, std::string_view where) {
    const Token& token = next_mark();
    if (token.kind != kind) return unexpected(token, where);
    return {};
  }

  Result<Stop> nodes(std::vector<Node>& into, bool top = false) {
    for (;;) {
      const Token& token = next();
      if (token.kind == Kind::End) return Stop{.word = "", .place = token.place};
      if (token.kind == Kind::Text) {
        into.push_back({.kind = Node::Kind::Text, .place = token.place, .text = token.text});
        continue;
      }
      const Place place = token.place;  // of the {{
      const Token& first = peek_mark();
      if (first.kind != Kind::Word || !is_keyword(first.text)) {
        SK_CHECK(plain(into, place));
        continue;
      }
      const std::string word = next().text;
      if (word == "end" || word == "else") return Stop{.word = word, .place = place};
      if (word == "define") {
        if (!top) return fail(error_at(place, "{{define}} inside a block"));
        return Stop{.word = word, .place = place};
      }
      SK_CHECK(keyword(into, word, place));
    }
  }

  Result<void> plain(std::vector<Node>& into, Place place) {
    Node node{.kind = Node::Kind::Action, .place = place};
    SK_TRY(node.pipeline, pipeline("an action", Kind::Close));
    into.push_back(std::move(node));
    return {};
  }

  Result<void> keyword(std::vector<Node>& into, const std::string& word, Place place) {
    if (word == "if") return control(into, Node::Kind::If, word, place);
    if (word == "with") return control(into, Node::Kind::With, word, place);
    if (word == "range") return control(into, Node::Kind::Range, word, place);
    if (word == "template") return invoke(into, place);
    if (word == "block") return block(into, place);
    SK_CHECK(expect(Kind::Close, word));  // break, continue
    if (ranges_ == 0) return fail(error_at(place, "{{" + word + "}} outside {{range}}"));
    into.push_back({.kind = word == "break" ? Node::Kind::Break : Node::Kind::Continue, .place = place});
    return {};
  }

  Result<void> deeper(Place place) {
    if (++depth_ > kDeepest) return fail(error_at(place, "more than 64 blocks or parentheses within each other"));
    return {};
  }

  /// if, with, range, from behind the word to behind their {{end}}.
  Result<void> control(std::vector<Node>& into, Node::Kind kind, const std::string& word, Place place) {
    SK_CHECK(deeper(place));
    const std::size_t variables = variables_.size();
    Node node{.kind = kind, .place = place};
    SK_TRY(node.pipeline, pipeline(word, Kind::Close));
    if (kind == Node::Kind::Range) ++ranges_;
    SK_TRY(Stop stop, nodes(node.body));
    if (kind == Node::Kind::Range) --ranges_;
    if (stop.word == "else") {
      const Token& after = peek_mark();
      const bool chained = after.kind == Kind::Word && after.text == word && kind != Node::Kind::Range;
      if (chained) {  // {{else if …}} shares the {{end}} of what it stands in
        next();
        SK_CHECK(control(node.otherwise, kind, word, after.place));
        stop.word.clear();
      } else {
        SK_CHECK(expect(Kind::Close, "else"));
        SK_TRY(stop, nodes(node.otherwise));
        if (stop.word != "end") return fail(error_at(place, "{{" + word + "}} without {{end}}"));
      }
    }
    if (stop.word == "end") {
      SK_CHECK(expect(Kind::Close, "end"));
    } else if (node.otherwise.empty() || !stop.word.empty()) {
      return fail(error_at(place, "{{" + word + "}} without {{end}}"));
    }
    variables_.resize(variables);
    into.push_back(std::move(node));
    --depth_;
    return {};
  }

  Result<std::string> template_name(std::string_view where) {
    const Token& token = next_mark();
    if (token.kind != Kind::String) return unexpected(token, where);
    return token.text;
  }

  Result<void> invoke(std::vector<Node>& into, Place place) {
    Node node{.kind = Node::Kind::Template, .place = place};
    SK_TRY(node.text, template_name("template"));
    used_.emplace_back(node.text, place);
    if (peek_mark().kind == Kind::Close) {
      next();
    } else {
      SK_TRY(node.pipeline, pipeline("template", Kind::Close));
    }
    into.push_back(std::move(node));
    return {};
  }

  Result<void> block(std::vector<Node>& into, Place place) {
    Node node{.kind = Node::Kind::Template, .place = place};
    SK_TRY(node.text, template_name("block"));
    SK_TRY(node.pipeline, pipeline("block", Kind::Close));
    SK_CHECK(definition(node.text, place));
    into.push_back(std::move(node));
    return {};
  }

  Result<void> define() {
    const Place place = peek().place;
    SK_TRY(const std::string name, template_name("define"));
    SK_CHECK(expect(Kind::Close, "define"));
    return definition(name, place);
  }

  /// The body of {{define}} and {{block}} to behind its {{end}}. It sees no variables of where it stands.
  Result<void> definition(const std::string& name, Place place) {
    SK_CHECK(deeper(place));
    std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const std::size_t ranges = std::exchange(ranges_, 0);
    std::vector<Node> body;
    SK_TRY(const Stop stop, nodes(body));
    if (stop.word != "end") return fail(error_at(place, "the definition of " + quote(name) + " has no {{end}}"));
    SK_CHECK(expect(Kind::Close, "end"));
    variables_ = std::move(outer);
    ranges_ = ranges;
    --depth_;
    auto& found = document_.defined[name];
    if (is_blank(body)) return {};
    if (!is_blank(found)) return fail(error_at(place, "a second definition of template " + quote(name)));
    found = std::move(body);
    return {};
  }

  /// Nothing but blanks: such a definition replaces none.
  static bool is_blank(const std::vector<Node>& body) {
    for (const Node& node : body) {
      if (node.kind != Node::Kind::Text || !trim(node.text).empty()) return false;
    }
    return true;
  }

  /// Up to and with `end`.
  Result<Pipeline> pipeline(std::string_view where, Kind end) {
    Pipeline made{.place = peek_mark().place};
    SK_CHECK(declarations(made, where));
    for (;;) {
      const Token& token = next_mark();
      if (token.kind == end) break;
      if (token.kind == Kind::End || token.kind == Kind::Close || token.kind == Kind::CloseParenthesis ||
          token.kind == Kind::Pipe || token.kind == Kind::Comma || token.kind == Kind::Declare ||
          token.kind == Kind::Assign || (token.kind == Kind::Word && is_keyword(token.text))) {
        return unexpected(token, where);
      }
      --at_;
      SK_TRY(Command made_command, command(end));
      SK_CHECK(check_command(made_command, made.commands.size()));
      made.commands.push_back(std::move(made_command));
    }
    if (made.commands.empty()) return fail(error_at(made.place, "nothing to evaluate in " + std::string(where)));
    if (!made.assigns) variables_.insert(variables_.end(), made.variables.begin(), made.variables.end());
    return made;
  }

  /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
  Result<void> declarations(Pipeline& into, std::string_view where) {
    const std::size_t begin = at_;
    while (peek_mark().kind == Kind::Variable) {
      const Token& variable = next();
      const Token& mark = peek_mark();
      if (mark.kind == Kind::Comma && where == "range" && into.variables.empty()) {
        into.variables.push_back(variable.text);
        next();
        if (peek_mark().kind != Kind::Variable) return unexpected(peek(), "the variables of range");
        continue;
      }
      if (mark.kind != Kind::Declare && mark.kind != Kind::Assign) {
        if (mark.kind == Kind::Comma) return unexpected(mark, where);
        if (!into.variables.empty()) return unexpected(mark, "the variables of range");
        at_ = begin;
        return {};
      }
      into.variables.push_back(variable.text);
      into.assigns = next().kind == Kind::Assign;
      for (const std::string& name : into.variables) {
        if (into.assigns && !is_declared(name)) {
          return fail(error_at(variable.place, "undefined variable " + quote(name)));
        }
      }
      return {};
    }
    return {};
  }

  [[nodiscard]] bool is_declared(std::string_view name) const {
    for (const std::string& known : variables_) {
      if (known == name) return true;
    }
    return false;
  }

  Result<Command> command(Kind end) {
    Command made{.place = peek_mark().place};
    for (;;) {
      peek_mark();
      SK_TRY(std::optional<Operand> found, operand());
      if (found) made.operands.push_back(std::move(*found));
      const Token& token = next();
      if (token.kind == Kind::Blank) continue;
      if (token.kind == end) {
        --at_;
        break;
      }
      if (token.kind != Kind::Pipe) return unexpected(token, "a command");
      break;
    }
    if (made.operands.empty()) return fail(error_at(made.place, "an empty command"));
    return made;
  }

  /// A term and the fields behind it; nothing if no term stands here.
  Result<std::optional<Operand>> operand() {
    SK_TRY(std::optional<Operand> found, term());
    if (!found || peek().kind != Kind::Field) return found;
    std::vector<std::string> fields;
    const Place place = peek().place;
    while (peek().kind == Kind::Field) fields.push_back(next().text);
    switch (found->kind) {
      case Operand::Kind::Field:
      case Operand::Kind::Variable:
        found->fields.insert(found->fields.end(), fields.begin(), fields.end());
        return found;
      case Operand::Kind::Dot:
      case Operand::Kind::Nil:
      case Operand::Kind::Constant: return fail(error_at(place, "a field of what has no fields"));
      default: break;
    }
    Operand chain{.kind = Operand::Kind::Chain, .place = found->place};
    chain.fields = std::move(fields);
    chain.base = std::make_unique<Operand>(std::move(*found));
    if (chain.base->kind == Operand::Kind::Function) {
      Command alone{.place = chain.place};
      alone.operands.push_back(std::move(*chain.base));
      SK_CHECK(check_command(alone, 0));
      *chain.base = std::move(alone.operands.front());
    }
    return chain;
  }

  Result<std::optional<Operand>> term() {
    const Token& token = next();
    Operand made{.kind = Operand::Kind::Constant, .place = token.place};
    switch (token.kind) {
      case Kind::Dot: made.kind = Operand::Kind::Dot; return made;
      case Kind::String: made.constant = token.text; return made;
      case Kind::Number: return number(token);
      case Kind::Character: return character(token);
      case Kind::Field:
        made.kind = Operand::Kind::Field;
        made.fields = {token.text};
        return made;
      case Kind::Variable:
        made.kind = Operand::Kind::Variable;
        made.name = token.text;
        if (!is_declared(made.name)) return fail(error_at(token.place, "undefined variable " + quote(made.name)));
        return made;
      case Kind::Word: return word(token);
      case Kind::OpenParenthesis: {
        SK_CHECK(deeper(token.place));
        made.kind = Operand::Kind::Pipeline;
        SK_TRY(Pipeline inner, pipeline("parentheses", Kind::CloseParenthesis));
        made.pipeline = std::make_unique<Pipeline>(std::move(inner));
        --depth_;
        return made;
      }
      default: --at_; return std::optional<Operand>();
    }
  }

  static Result<std::optional<Operand>> character(const Token& token) {
    const GoRune rune = token.text.empty() ? GoRune{.broken = true} : first_rune(token.text);
    if (rune.bytes != token.text.size())
      return fail(error_at(token.place, "a character constant of no or several characters"));
    const auto code = rune.broken ? static_cast<unsigned char>(token.text[0]) : static_cast<std::int64_t>(rune.code);
    return Operand{.kind = Operand::Kind::Constant,
                   .place = token.place,
                   .constant = TemplateValue(code, GoInt::Int),
                   .whole = true,
                   .whole_value = code};
  }

  static Result<std::optional<Operand>> word(const Token& token) {
    Operand made{.kind = Operand::Kind::Constant, .place = token.place};
    if (token.text == "true" || token.text == "false") {
      made.constant = token.text == "true";
      return made;
    }
    if (token.text == "nil") {
      made.kind = Operand::Kind::Nil;
      return made;
    }
    made.kind = Operand::Kind::Function;
    made.function = find_function(token.text);
    if (made.function != nullptr) return made;
    if (is_keyword(token.text)) return unexpected(token, "a pipeline");
    if (is_known_elsewhere(token.text)) {
      return fail(error_at(token.place, "the function " + quote(token.text) + " is not supported"));
    }
    return fail(error_at(token.place,
                         "no function is named " + quote(token.text) + did_you_mean(token.text, function_names())));
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t ranges_ = 0;
  std::vector<std::string> variables_ = {"$"};
  std::vector<std::pair<std::string, Place>> used_;
  Document document_;
};

}  // namespace

Result<Document> parse(std::string_view text) {
  SK_TRY(std::vector<Token> tokens, tokenize(text));
  return Parser(std::move(tokens)).run();
}

}  // namespace spotkeeper::observe::syntax
