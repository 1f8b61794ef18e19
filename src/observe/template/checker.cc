#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "observe/template/syntax.h"

namespace spotkeeper::observe::syntax {
namespace {

/// What is known of a value before there is one: a sample of it, or nothing.
using Known = std::optional<TemplateValue>;

class Checker {
 public:
  explicit Checker(const Document& document) : document_(document) {}

  Result<void> run(const TemplateValue& sample) {
    variables_ = {{"$", sample}};
    SK_CHECK(nodes(document_.main, sample));
    // A definition that nobody invokes is looked through as well, with a dot of which nothing is known.
    for (const auto& [name, body] : document_.defined) {
      if (!invoked_.contains(name)) SK_CHECK(definition(name, {}));
    }
    return {};
  }

 private:
  Result<void> nodes(const std::vector<Node>& list, const Known& dot) {
    for (const Node& node : list) SK_CHECK(node_with(node, dot));
    return {};
  }

  Result<void> node_with(const Node& node, const Known& dot) {
    Known value;
    const std::size_t mark = variables_.size();
    if (node.pipeline) {
      SK_TRY(value, pipeline(*node.pipeline, dot, node.kind == Node::Kind::Range));
    }
    switch (node.kind) {
      case Node::Kind::Template: return definition(node.text, node.pipeline ? value : Known(TemplateValue()));
      case Node::Kind::If:
      case Node::Kind::With:
      case Node::Kind::Range: break;
      default: return {};
    }
    const Known inner = node.kind == Node::Kind::If ? dot : node.kind == Node::Kind::With ? value : element(value);
    SK_CHECK(nodes(node.body, inner));
    SK_CHECK(nodes(node.otherwise, dot));
    variables_.resize(mark);
    return {};
  }

  /// Looked through once, with what is known where it is first invoked; elsewhere that may be something else, and then
  /// nothing is known.
  Result<void> definition(const std::string& name, const Known& dot) {
    if (!invoked_.insert(name).second) return {};
    auto outer = std::exchange(variables_, {{"$", {}}});
    const Known own = used_once(name) ? dot : Known();  // not a part of variables_, which grows
    variables_.front().second = own;
    SK_CHECK(nodes(document_.defined.find(name)->second, own));
    variables_ = std::move(outer);
    return {};
  }

  [[nodiscard]] bool used_once(std::string_view name) const {
    std::size_t uses = count(document_.main, name);
    for (const auto& [other, body] : document_.defined) uses += count(body, name);
    return uses == 1;
  }
  static std::size_t count(const std::vector<Node>& list, std::string_view name) {
    std::size_t uses = 0;
    for (const Node& node : list) {
      if (node.kind == Node::Kind::Template && node.text == name) ++uses;
      uses += count(node.body, name) + count(node.otherwise, name);
    }
    return uses;
  }

  static Known element(const Known& of) {
    if (!of) return {};
    if (of->list() != nullptr) return sample_of(of->list()->element);
    if (of->map() != nullptr) return sample_of(of->map()->element);
    return {};
  }
  static Known sample_of(GoElement element) {
    if (element == GoElement::String) return TemplateValue("");
    if (element == GoElement::Int) return TemplateValue(0);
    return {};
  }

  Result<Known> pipeline(const Pipeline& of, const Known& dot, bool range) {
    Known value;
    for (std::size_t i = 0; i < of.commands.size(); ++i) {
      SK_TRY(value, command(of.commands[i], dot, i > 0));
    }
    for (std::size_t i = 0; i < of.variables.size(); ++i) {
      Known holds = value;
      if (range) holds = i + 1 == of.variables.size() ? element(value) : Known();
      if (of.assigns) {
        forget(of.variables[i]);  // which of several assignments has run last is not known
      } else {
        variables_.emplace_back(of.variables[i], assigned(of.variables[i]) ? Known() : holds);
      }
    }
    return value;
  }

  /// A variable that is assigned to anywhere is never known.
  [[nodiscard]] bool assigned(std::string_view name) const {
    bool found = any_assignment(document_.main, name);
    for (const auto& [other, body] : document_.defined) found = found || any_assignment(body, name);
    return found;
  }
  static bool any_assignment(const std::vector<Node>& list, std::string_view name) {
    for (const Node& node : list) {
      if (node.pipeline && assigns(*node.pipeline, name)) return true;
      if (any_assignment(node.body, name) || any_assignment(node.otherwise, name)) return true;
    }
    return false;
  }
  static bool assigns(const Pipeline& of, std::string_view name) {
    if (of.assigns) {
      for (const std::string& variable : of.variables) {
        if (variable == name) return true;
      }
    }
    for (const Command& made : of.commands) {
      for (const Operand& operand : made.operands) {
        const Operand* inner = &operand;
        while (inner->base) inner = inner->base.get();
        if (inner->pipeline && assigns(*inner->pipeline, name)) return true;
      }
    }
    return false;
  }
  void forget(std::string_view name) {
    for (auto& [known, value] : variables_) {
      if (known == name) value.reset();
    }
  }

  Result<Known> command(const Command& of, const Known& dot, bool piped) {
    const Operand& first = of.operands.front();
    for (std::size_t i = 1; i < of.operands.size(); ++i) {
      SK_TRY([[maybe_unused]] const Known argument, operand(of.operands[i], dot, false));
    }
    return operand(first, dot, of.operands.size() > 1 || piped);
  }

  Result<Known> operand(const Operand& of, const Known& dot, bool arguments) {
    switch (of.kind) {
      case Operand::Kind::Dot: return dot;
      case Operand::Kind::Constant: return Known(of.constant);
      case Operand::Kind::Field: return follow(of, dot, arguments);
      case Operand::Kind::Variable: return follow(of, variable(of.name), arguments);
      case Operand::Kind::Pipeline: return pipeline(*of.pipeline, dot, false);
      case Operand::Kind::Chain: {
        SK_TRY(const Known base, operand(*of.base, dot, false));
        return follow(of, base, arguments);
      }
      case Operand::Kind::Function:
      case Operand::Kind::Nil: return Known();
    }
    return Known();
  }

  [[nodiscard]] Known variable(std::string_view name) const {
    for (std::size_t i = variables_.size(); i-- > 0;) {
      if (variables_[i].first == name) return variables_[i].second;
    }
    return {};
  }

  static Result<Known> follow(const Operand& of, Known value, bool arguments) {
    for (std::size_t i = 0; i < of.fields.size(); ++i) {
      if (!value || value->is_nil()) return Known();
      const std::string& name = of.fields[i];
      const auto wrong = [&](const std::string& what) { return fail(error_at(of.place, what)); };
      if (value->time() != nullptr) {
        if (find_time_method(name) == nullptr)
          return wrong("a time has no method " + quote(name) + " that is supported");
        return Known();
      }
      if (arguments && i + 1 == of.fields.size()) return wrong(quote("." + name) + " is no method but has arguments");
      if (value->map() != nullptr) {
        value = sample_of(value->map()->element);
        continue;
      }
      if (value->fields() == nullptr)
        return wrong("no field " + quote(name) + " in a value of type " + value->type_name());
      const TemplateValue* const found = find_field(*value->fields(), name);
      if (found == nullptr) {
        return wrong("no field is named " + quote("." + name) + did_you_mean(name, field_names(*value->fields())));
      }
      value = Known(*found);
    }
    return value;
  }

  const Document& document_;
  std::vector<std::pair<std::string, Known>> variables_;
  std::set<std::string, std::less<>> invoked_;
};

}  // namespace

Result<void> check(const Document& document, const TemplateValue& sample) { return Checker(document).run(sample); }

}  // namespace spotkeeper::observe::syntax
