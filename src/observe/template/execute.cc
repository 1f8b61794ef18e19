#include <utility>
#include <vector>

#include "base/text.h"
#include "observe/template/print.h"
#include "observe/template/syntax.h"
#include "observe/template/template.h"

namespace spotkeeper::observe {
namespace {

using syntax::Command;
using syntax::error_at;
using syntax::Node;
using syntax::Operand;
using syntax::Pipeline;
using syntax::Place;

constexpr std::size_t kDeepest = 200;  // lists of nodes and pipelines within each other, over templates too
constexpr std::size_t kHeaviest = std::size_t{1} << 20;  // of one value
constexpr std::size_t kWeightAStep = 64;

enum class Flow { On, Break, Continue };

class Execution {
 public:
  Execution(const syntax::Document& document, const TemplateContext& context)
      : document_(document), context_(context), out_(Template::kLongestText) {}

  Result<std::string> run(const TemplateValue& data) {
    variables_ = {{"$", data}};
    SK_CHECK(walk(document_.main, data));
    return out_.take();
  }

 private:
  struct Variable {
    std::string_view name;
    TemplateValue value;
  };

  class Deeper {
   public:
    explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --depth_; }

   private:
    std::size_t& depth_;
  };

  Result<void> work(Place place, std::size_t weight = 0) {
    const std::size_t cost = 1 + weight / kWeightAStep;
    if (cost > left_) return fail(error_at(place, "the template takes too long"));
    left_ -= cost;
    return {};
  }

  Result<Flow> walk(const std::vector<Node>& nodes, const TemplateValue& dot) {
    const Deeper deeper(depth_);
    if (depth_ > kDeepest && !nodes.empty())
      return fail(error_at(nodes.front().place, "templates too deep within each other"));
    for (const Node& node : nodes) {
      SK_CHECK(work(node.place));
      SK_TRY(const Flow flow, step(node, dot));
      if (out_.full()) return fail(error_at(node.place, "the text becomes longer than 256 KiB"));
      if (flow != Flow::On) return flow;
    }
    return Flow::On;
  }

  Result<Flow> step(const Node& node, const TemplateValue& dot) {
    switch (node.kind) {
      case Node::Kind::Text: out_.put(node.text); return Flow::On;
      case Node::Kind::Break: return Flow::Break;
      case Node::Kind::Continue: return Flow::Continue;
      case Node::Kind::If:
      case Node::Kind::With: return choose(node, dot);
      case Node::Kind::Range: return range(node, dot);
      case Node::Kind::Template: return invoke(node, dot);
      case Node::Kind::Action: break;
    }
    SK_TRY(const TemplateValue value, evaluate(*node.pipeline, dot));
    if (!node.pipeline->variables.empty()) return Flow::On;
    value.is_nil() ? out_.put("<no value>") : print_value(out_, value);
    return Flow::On;
  }

  Result<Flow> choose(const Node& node, const TemplateValue& dot) {
    const std::size_t mark = variables_.size();
    SK_TRY(const TemplateValue value, evaluate(*node.pipeline, dot));
    const bool with = node.kind == Node::Kind::With;
    auto flow = value.truth() ? walk(node.body, with ? value : dot) : walk(node.otherwise, dot);
    variables_.resize(mark);
    return flow;
  }

  Result<Flow> range(const Node& node, const TemplateValue& dot) {
    const std::size_t mark = variables_.size();
    SK_TRY(const TemplateValue value, evaluate(*node.pipeline, dot));
    SK_TRY(const bool any, iterate(node, value));
    auto flow = any ? Result<Flow>(Flow::On) : walk(node.otherwise, dot);
    variables_.resize(mark);
    return flow;
  }

  /// True if there was anything to go through.
  Result<bool> iterate(const Node& node, const TemplateValue& over) {
    const std::size_t mark = variables_.size();
    const auto once = [&](const TemplateValue& key, const TemplateValue& item) -> Result<bool> {
      SK_CHECK(work(node.place));
      bind(*node.pipeline, key, item);
      SK_TRY(const Flow flow, walk(node.body, item));
      variables_.resize(mark);
      return flow != Flow::Break;
    };
    if (over.is_nil()) return false;
    if (const auto count = over.integer()) {
      if (node.pipeline->variables.size() > 1)
        return fail(error_at(node.place, "range over a number has one variable only"));
      for (std::int64_t i = 0; i < *count; ++i) {
        SK_TRY(const bool on, once({}, TemplateValue(i, *over.integer_type())));
        if (!on) break;
      }
      return *count > 0;
    }
    if (const GoList* const list = over.list()) {
      for (std::size_t i = 0; i < list->items.size(); ++i) {
        SK_TRY(const bool on, once(TemplateValue(static_cast<std::int64_t>(i), GoInt::Int), list->items[i]));
        if (!on) break;
      }
      return !list->items.empty();
    }
    if (const GoMap* const map = over.map()) {
      for (const auto& [key, item] : map->items) {
        SK_TRY(const bool on, once(key, item));
        if (!on) break;
      }
      return !map->items.empty();
    }
    return fail(error_at(node.place, "range can't iterate over a value of type " + over.type_name()));
  }

  /// The variables of a range: the last one is the element, one before it the index or key. evaluate() has made them.
  void bind(const Pipeline& pipeline, const TemplateValue& key, const TemplateValue& item) {
    const std::vector<std::string>& names = pipeline.variables;
    if (names.empty()) return;
    find(names.back()) = item;
    if (names.size() > 1) find(names.front()) = key;
  }

  Result<Flow> invoke(const Node& node, const TemplateValue& dot) {
    TemplateValue data;
    if (node.pipeline) {
      SK_TRY(data, evaluate(*node.pipeline, dot));
    }
    std::vector<Variable> outer = std::exchange(variables_, {{"$", data}});
    auto flow = walk(document_.defined.find(node.text)->second, data);
    variables_ = std::move(outer);
    return flow;
  }

  TemplateValue& find(std::string_view name) {
    std::size_t i = variables_.size() - 1;
    while (i > 0 && variables_[i].name != name) --i;  // the parser has seen that it is there
    return variables_[i].value;
  }

  Result<TemplateValue> evaluate(const Pipeline& pipeline, const TemplateValue& dot) {
    const Deeper deeper(depth_);
    if (depth_ > kDeepest) return fail(error_at(pipeline.place, "too deep"));
    TemplateValue value;
    bool first = true;
    for (const Command& command : pipeline.commands) {
      SK_TRY(value, evaluate(command, dot, first ? nullptr : &value));
      first = false;
    }
    for (const std::string& name : pipeline.variables) {
      if (pipeline.assigns) {
        find(name) = value;
      } else {
        variables_.push_back({name, value});
      }
    }
    return value;
  }

  /// `last`: what the command before it in the pipeline gave, its last argument.
  Result<TemplateValue> evaluate(const Command& command, const TemplateValue& dot, const TemplateValue* last) {
    SK_CHECK(work(command.place));
    const Operand& first = command.operands.front();
    switch (first.kind) {
      case Operand::Kind::Function: return call(command, dot, last);
      case Operand::Kind::Field: return follow(first, dot, first.fields, &command, dot, last);
      case Operand::Kind::Variable: return follow(first, find(first.name), first.fields, &command, dot, last);
      case Operand::Kind::Chain: {
        SK_TRY(const TemplateValue base, value_of(*first.base, dot));
        return follow(first, base, first.fields, &command, dot, last);
      }
      default: return value_of(first, dot);
    }
  }

  /// An operand that is no command: an argument, or the base of a chain.
  Result<TemplateValue> value_of(const Operand& operand, const TemplateValue& dot) {
    switch (operand.kind) {
      case Operand::Kind::Dot: return dot;
      case Operand::Kind::Nil: return TemplateValue();
      case Operand::Kind::Constant: return operand.constant;
      case Operand::Kind::Field: return follow(operand, dot, operand.fields, nullptr, dot, nullptr);
      case Operand::Kind::Variable: return follow(operand, find(operand.name), operand.fields, nullptr, dot, nullptr);
      case Operand::Kind::Pipeline: return evaluate(*operand.pipeline, dot);
      case Operand::Kind::Chain: {
        SK_TRY(const TemplateValue base, value_of(*operand.base, dot));
        return follow(operand, base, operand.fields, nullptr, dot, nullptr);
      }
      case Operand::Kind::Function: return call_with(operand.place, *operand.function, {});
    }
    return TemplateValue();
  }

  /// Along fields, keys and at last perhaps a method, which gets the arguments of `command`.
  Result<TemplateValue> follow(const Operand& operand, TemplateValue value, const std::vector<std::string>& fields,
                               const Command* command, const TemplateValue& dot, const TemplateValue* last) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool final_one = i + 1 == fields.size();
      const bool arguments = final_one && command != nullptr && (command->operands.size() > 1 || last != nullptr);
      if (value.time() != nullptr) {
        SK_TRY(value, method(operand, *value.time(), fields[i], final_one ? command : nullptr, dot,
                             final_one ? last : nullptr));
        continue;
      }
      if (value.is_nil()) return TemplateValue();
      if (arguments) return fail(error_at(operand.place, quote(fields[i]) + " is no method but has arguments"));
      SK_TRY(value, member(operand, value, fields[i]));
    }
    return value;
  }

  static Result<TemplateValue> member(const Operand& operand, const TemplateValue& value, const std::string& name) {
    if (const GoStruct* const fields = value.fields()) {
      if (const TemplateValue* const found = find_field(*fields, name)) return *found;
    }
    if (const GoMap* const map = value.map()) {
      const auto found = map->items.find(name);
      return found == map->items.end() ? TemplateValue() : found->second;
    }
    return fail(error_at(operand.place, "can't evaluate field " + quote(name) + " in type " + value.type_name()));
  }

  Result<TemplateValue> method(const Operand& operand, const GoTime& time, const std::string& name,
                               const Command* command, const TemplateValue& dot, const TemplateValue* last) {
    const TimeMethod* const found = find_time_method(name);
    if (found == nullptr)
      return fail(error_at(operand.place, "a time has no method " + quote(name) + " that is supported"));
    SK_TRY(const std::vector<TemplateValue> arguments, arguments_of(command, dot, last));
    if (arguments.size() != found->parameters.size()) {
      return fail(error_at(operand.place, "wrong number of arguments for " + name));
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      SK_CHECK(fits(operand.place, name, arguments[i], found->parameters[i]));
    }
    return found->call(time, arguments);
  }

  Result<std::vector<TemplateValue>> arguments_of(const Command* command, const TemplateValue& dot,
                                                  const TemplateValue* last) {
    std::vector<TemplateValue> arguments;
    for (std::size_t i = 1; command != nullptr && i < command->operands.size(); ++i) {
      SK_TRY(TemplateValue value, value_of(command->operands[i], dot));
      arguments.push_back(std::move(value));
    }
    if (last != nullptr) arguments.push_back(*last);
    return arguments;
  }

  Result<TemplateValue> call(const Command& command, const TemplateValue& dot, const TemplateValue* last) {
    const Operand& first = command.operands.front();
    if (first.function->evaluation != Evaluation::Eager) return decide(command, dot, last);
    SK_TRY(const std::vector<TemplateValue> arguments, arguments_of(&command, dot, last));
    return call_with(first.place, *first.function, arguments);
  }

  /// `and` and `or`: the first argument that decides, else the last one.
  Result<TemplateValue> decide(const Command& command, const TemplateValue& dot, const TemplateValue* last) {
    const bool either = command.operands.front().function->evaluation == Evaluation::Or;
    TemplateValue value;
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      SK_TRY(value, value_of(command.operands[i], dot));
      if (value.truth() == either) return value;
    }
    return last != nullptr ? *last : value;
  }

  Result<TemplateValue> call_with(Place place, const Function& function, const std::vector<TemplateValue>& arguments) {
    std::size_t weight = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Parameter wanted =
          i < function.parameters.size() ? function.parameters[i] : function.more.value_or(Parameter::Any);
      SK_CHECK(fits(place, function.name, arguments[i], wanted));
      weight += arguments[i].weight();
    }
    SK_CHECK(work(place, weight));
    auto made = function.call({.arguments = arguments, .context = context_, .room = Template::kLongestText});
    if (!made) return fail(error_at(place, std::string(function.name) + ": " + made.error().message));
    if (made->weight() > kHeaviest)
      return fail(error_at(place, std::string(function.name) + ": the value becomes too large"));
    SK_CHECK(work(place, made->weight()));
    return std::move(*made);
  }

  static Result<void> fits(Place place, std::string_view function, const TemplateValue& value, Parameter wanted) {
    const auto wrong = [&](std::string_view type) {
      return fail(
          error_at(place, std::string(function) + ": expected " + std::string(type) + ", not " + value.type_name()));
    };
    switch (wanted) {
      case Parameter::Any: return {};
      case Parameter::Text: return value.text() != nullptr ? Result<void>() : wrong("string");
      case Parameter::Int: return value.integer_type() == GoInt::Int ? Result<void>() : wrong("int");
      case Parameter::Flag: return value.boolean() != nullptr ? Result<void>() : wrong("bool");
      case Parameter::Dictionary: {
        const bool fitting = value.is_nil() || (value.map() != nullptr && value.map()->element == GoElement::Any);
        return fitting ? Result<void>() : wrong("map[string]interface {}");
      }
    }
    return {};
  }

  const syntax::Document& document_;
  const TemplateContext& context_;
  BoundedText out_;
  std::vector<Variable> variables_;
  std::size_t left_ = Template::kMostWork;
  std::size_t depth_ = 0;
};

}  // namespace

Result<Template> Template::parse(std::string_view source) {
  if (source.size() > kLongestSource) return fail(ErrorCode::InvalidInput, "a template of more than 64 KiB");
  SK_TRY(syntax::Document document, syntax::parse(source));
  return Template(std::make_shared<const syntax::Document>(std::move(document)));
}

Result<void> Template::check(const TemplateValue& sample) const { return syntax::check(*document_, sample); }

Result<std::string> Template::render(const TemplateValue& data, const TemplateContext& context) const {
  return Execution(*document_, context).run(data);
}

}  // namespace spotkeeper::observe
