// A template taken apart. Made by parser.cc, run by execute.cc, looked through by checker.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/template/functions.h"
#include "observe/template/value.h"

namespace spotkeeper::observe::syntax {

/// Both from 1; columns count characters.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

struct Pipeline;

struct Operand {
  enum class Kind { Dot, Nil, Constant, Field, Variable, Function, Pipeline, Chain };
  Kind kind = Kind::Dot;
  Place place = {};
  TemplateValue constant = {};
  bool whole = false;                       // of a number: it can stand where Go wants an int
  std::int64_t whole_value = 0;             // then
  std::string name = {};                    // of a variable, with its $
  std::vector<std::string> fields = {};     // of Field, Variable and Chain: what follows behind dots
  const Function* function = nullptr;       // of Function
  std::unique_ptr<Pipeline> pipeline = {};  // of Pipeline
  std::unique_ptr<Operand> base = {};       // of Chain
};

struct Command {
  Place place = {};
  std::vector<Operand> operands = {};  // the first is what is done, the others are its arguments
};

struct Pipeline {
  Place place = {};
  std::vector<std::string> variables = {};  // of `$i, $x := …`
  bool assigns = false;                     // = rather than :=
  std::vector<Command> commands = {};
};

struct Node {
  enum class Kind { Text, Action, If, With, Range, Template, Break, Continue };
  Kind kind = Kind::Text;
  Place place = {};
  std::string text = {};                  // of Text; of Template: the name
  std::optional<Pipeline> pipeline = {};  // of all others; of Template only if there is one
  std::vector<Node> body = {};
  std::vector<Node> otherwise = {};  // behind {{else}}
};

struct Document {
  std::vector<Node> main;
  std::map<std::string, std::vector<Node>, std::less<>> defined;
};

Result<Document> parse(std::string_view text);

/// "line 1, column 5: `what`", an InvalidInput.
[[nodiscard]] Error error_at(Place place, std::string_view what);

/// The numbers and types of arguments, as far as the template shows them; constants become what their parameters want.
/// `stage`: how many commands of the pipeline stand before it; from the second on one argument comes from the left.
Result<void> check_command(Command& command, std::size_t stage);

/// Follows every path with what is known of the data: fields that it has not, and fields of what has none.
Result<void> check(const Document& document, const TemplateValue& sample);

}  // namespace spotkeeper::observe::syntax
