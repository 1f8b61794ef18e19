#include "sim/serve/selectors.h"

#include <optional>

#include <fmt/format.h>

namespace spotkeeper::sim::serve {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Splits at the commas that are outside parentheses.
std::vector<std::string_view> terms(std::string_view text) {
  std::vector<std::string_view> list;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      if (const std::string_view term = trimmed(text.substr(begin, i - begin)); !term.empty()) list.push_back(term);
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return list;
}

tl::unexpected<Error> bad(std::string_view term) {
  return fail(ErrorCode::InvalidInput, fmt::format("unable to parse requirement '{}'", term));
}

// "key in (a,b)" and "key notin (a,b)".
std::optional<SelectorRequirement> set_requirement(std::string_view term) {
  const std::size_t open = term.find('(');
  if (open == std::string_view::npos || term.back() != ')') return std::nullopt;
  const std::string_view head = trimmed(term.substr(0, open));
  const std::size_t space = head.find_last_of(kBlank);
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = head.substr(space + 1);
  if (word != "in" && word != "notin") return std::nullopt;
  SelectorRequirement requirement;
  requirement.key = std::string(trimmed(head.substr(0, space)));
  requirement.op = word == "in" ? SelectorOperator::In : SelectorOperator::NotIn;
  for (const std::string_view value : terms(term.substr(open + 1, term.size() - open - 2)))
    requirement.values.emplace_back(value);
  if (requirement.key.empty() || requirement.values.empty()) return std::nullopt;
  return requirement;
}

struct Comparison {
  std::string_view left;
  bool equal;
  std::string_view right;
};

std::optional<Comparison> comparison(std::string_view term) {
  const std::size_t sign = term.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const bool unequal = sign > 0 && term[sign - 1] == '!';
  const std::size_t after = term.substr(sign).starts_with("==") ? sign + 2 : sign + 1;
  const Comparison result{trimmed(term.substr(0, unequal ? sign - 1 : sign)), !unequal, trimmed(term.substr(after))};
  if (result.left.empty()) return std::nullopt;
  return result;
}

}  // namespace

Result<LabelSelector> parse_label_selector(std::string_view text) {
  LabelSelector selector;
  for (const std::string_view term : terms(text)) {
    SelectorRequirement requirement;
    if (term.find('(') != std::string_view::npos) {
      auto set = set_requirement(term);
      if (!set) return bad(term);
      requirement = std::move(*set);
    } else if (const auto compared = comparison(term)) {
      requirement.key = std::string(compared->left);
      requirement.op = compared->equal ? SelectorOperator::In : SelectorOperator::NotIn;
      requirement.values.emplace_back(compared->right);
    } else {
      const bool absent = term.front() == '!';
      requirement.op = absent ? SelectorOperator::DoesNotExist : SelectorOperator::Exists;
      requirement.key = std::string(trimmed(absent ? term.substr(1) : term));
      if (requirement.key.empty() || requirement.key.find_first_of(" \t()=!") != std::string::npos) return bad(term);
    }
    selector.requirements.push_back(std::move(requirement));
  }
  return selector;
}

Result<std::vector<FieldRequirement>> parse_field_selector(std::string_view text) {
  std::vector<FieldRequirement> list;
  for (const std::string_view term : terms(text)) {
    const auto compared = comparison(term);
    if (!compared) return bad(term);
    list.push_back({std::string(compared->left), compared->equal, std::string(compared->right)});
  }
  return list;
}

}  // namespace spotkeeper::sim::serve
