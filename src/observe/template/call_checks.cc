// What Go only finds while it renders, and what can be seen in the template alone.
#include <string>

#include "base/text.h"
#include "observe/template/print.h"
#include "observe/template/syntax.h"

namespace spotkeeper::observe::syntax {
namespace {

/// A function among the arguments is called without any.
Result<void> check_arguments(const Command& command) {
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    const Operand& argument = command.operands[i];
    if (argument.kind != Operand::Kind::Function) continue;
    if (!argument.function->parameters.empty()) {
      return fail(error_at(argument.place, std::string(argument.function->name) +
                                               " without its arguments; put parentheses around them"));
    }
  }
  return {};
}

Result<void> check_constant(Operand& argument, Parameter wanted, const Function& function) {
  const auto wrong = [&](std::string_view what) {
    return fail(error_at(argument.place, std::string(function.name) + " takes " + std::string(what) + " here"));
  };
  const bool constant = argument.kind == Operand::Kind::Constant;
  if (argument.kind == Operand::Kind::Nil && wanted != Parameter::Any && wanted != Parameter::Dictionary) {
    return wrong("no nil");
  }
  if (!constant) return {};
  switch (wanted) {
    case Parameter::Any: return {};
    case Parameter::Text: return argument.constant.text() != nullptr ? Result<void>() : wrong("a string");
    case Parameter::Flag: return argument.constant.boolean() != nullptr ? Result<void>() : wrong("true or false");
    case Parameter::Dictionary: return wrong("a dictionary");
    case Parameter::Int:
      if (!argument.whole) return wrong("a whole number");
      argument.constant = TemplateValue(argument.whole_value, GoInt::Int);
      return {};
  }
  return {};
}

Result<void> check_call(Command& command, std::size_t given) {
  const Operand& first = command.operands.front();
  const Function& function = *first.function;
  const std::size_t least = function.parameters.size();
  if (given < least || (given > least && !function.more)) {
    return fail(error_at(first.place, std::string(function.name) + " takes " + (function.more ? "at least " : "") +
                                          std::to_string(least) + (least == 1 ? " argument" : " arguments") + ", not " +
                                          std::to_string(given)));
  }
  SK_CHECK(check_arguments(command));
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    const Parameter wanted = i <= least ? function.parameters[i - 1] : *function.more;
    SK_CHECK(check_constant(command.operands[i], wanted, function));
  }
  if (function.name == "printf" && command.operands.size() > 1 && command.operands[1].kind == Operand::Kind::Constant) {
    if (const auto fits = check_format(*command.operands[1].constant.text()); !fits) {
      return fail(error_at(command.operands[1].place, fits.error().message));
    }
  }
  return {};
}

}  // namespace

Result<void> check_command(Command& command, std::size_t stage) {
  const Operand& first = command.operands.front();
  const std::size_t given = command.operands.size() - 1 + (stage > 0 ? 1 : 0);
  switch (first.kind) {
    case Operand::Kind::Function: return check_call(command, given);
    case Operand::Kind::Nil: return fail(error_at(first.place, "nil is not a command"));
    case Operand::Kind::Field:
    case Operand::Kind::Chain: break;  // it could be a method of a time
    case Operand::Kind::Variable:
      if (!first.fields.empty()) break;
      [[fallthrough]];
    default:
      if (given > 0) return fail(error_at(first.place, "arguments for what is no function"));
  }
  return check_arguments(command);
}

}  // namespace spotkeeper::observe::syntax
