#include "tests/property/checker/selectors.h"

#include <algorithm>

#include "base/text.h"

namespace spotkeeper::checker {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view name, std::size_t longest) {
  if (name.empty() || name.size() > longest || !is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_domain(std::string_view name) {
  return is_name(name, 253) && name.find('_') == std::string_view::npos &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::optional<std::int64_t> number(const std::string& text) {
  const auto parsed = parse_int<std::int64_t>(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

bool has(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

void check_values(const Expression& e, Complaints& broken) {
  const bool none = e.op == "Exists" || e.op == "DoesNotExist";
  const bool one = e.op == "Gt" || e.op == "Lt" || e.op == "Gte" || e.op == "Lte";
  if (none && !e.values.empty()) broken.push_back("operator " + e.op + " with values");
  if (one && e.values.size() != 1) broken.push_back("operator " + e.op + " without one value");
  if (!none && !one && e.values.empty()) broken.push_back("operator " + e.op + " without values");
}

}  // namespace

bool is_qualified_name(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return is_name(name, 63);
  return is_domain(name.substr(0, slash)) && is_name(name.substr(slash + 1), 63);
}

bool is_label_value(std::string_view value) { return value.empty() || is_name(value, 63); }

std::vector<Expression> read_expressions(const Json& value, Path path, const std::vector<std::string>& known_ops,
                                         Complaints& broken) {
  std::vector<Expression> out;
  for (const Json* element : list(value, path)) {
    Expression e{text(*element, {"key"}), text(*element, {"operator"}), strings(*element, {"values"}),
                 whole(*element, {"minValues"}).value_or(0)};
    if (!has(known_ops, e.op)) {
      broken.push_back("unknown operator '" + e.op + "'");
    } else {
      check_values(e, broken);
    }
    out.push_back(std::move(e));
  }
  return out;
}

Selector read_selector(const Json& value, Path path, Complaints& broken) {
  const Json* at = find(value, path);
  if (at == nullptr) return std::nullopt;
  std::vector<Expression> out =
      read_expressions(*at, {"matchExpressions"}, {"In", "NotIn", "Exists", "DoesNotExist"}, broken);
  for (const auto& [key, wanted] : labels(*at, {"matchLabels"})) out.push_back({key, "In", {wanted}, 0});
  for (const Expression& e : out) {
    if (!is_qualified_name(e.key)) broken.push_back("'" + e.key + "' is no label's name");
    for (const std::string& one : e.values) {
      if (!is_label_value(one)) broken.push_back("'" + one + "' is no label's value");
    }
  }
  return out;
}

std::vector<NodeTerm> read_node_terms(const Json& value, Path path, Complaints& broken, Complaints& doubtful) {
  std::vector<NodeTerm> out;
  for (const Json* element : list(value, path)) {
    NodeTerm term;
    term.labels =
        read_expressions(*element, {"matchExpressions"}, {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}, broken);
    term.fields = read_expressions(*element, {"matchFields"}, {"In", "NotIn"}, broken);
    for (const Expression& e : term.labels) {
      if (!is_qualified_name(e.key)) broken.push_back("'" + e.key + "' is no label's name");
      // The scheduler skips a term whose number is none; the API server lets it through.
      if ((e.op == "Gt" || e.op == "Lt") && e.values.size() == 1 && !number(e.values[0])) {
        doubtful.emplace_back("a comparison with what is no number");
      }
    }
    for (const Expression& e : term.fields) {
      if (e.key != "metadata.name" || e.values.size() != 1) broken.emplace_back("a field other than metadata.name");
    }
    out.push_back(std::move(term));
  }
  return out;
}

bool holds(const Expression& e, const Labels& labels) {
  const auto found = labels.find(e.key);
  const bool there = found != labels.end();
  if (e.op == "In") return there && has(e.values, found->second);
  if (e.op == "NotIn") return !there || !has(e.values, found->second);
  if (e.op == "Exists") return there;
  if (e.op == "DoesNotExist") return !there;
  if (!there || e.values.size() != 1) return false;
  const auto left = number(found->second);
  const auto right = number(e.values[0]);
  if (!left || !right) return false;
  if (e.op == "Gt") return *left > *right;
  if (e.op == "Lt") return *left < *right;
  if (e.op == "Gte") return *left >= *right;
  return e.op == "Lte" && *left <= *right;
}

bool matches(const Selector& selector, const Labels& labels) {
  return selector &&
         std::all_of(selector->begin(), selector->end(), [&](const Expression& e) { return holds(e, labels); });
}

bool matches_any(const std::vector<NodeTerm>& terms, const std::string& node, const Labels& labels) {
  const Labels fields = {{"metadata.name", node}};
  return std::any_of(terms.begin(), terms.end(), [&](const NodeTerm& term) {
    const auto all = [](const std::vector<Expression>& expressions, const Labels& of) {
      return std::all_of(expressions.begin(), expressions.end(), [&](const Expression& e) { return holds(e, of); });
    };
    return !(term.labels.empty() && term.fields.empty()) && all(term.labels, labels) && all(term.fields, fields);
  });
}

bool wants_node(const Pod& pod, const std::string& node, const Labels& labels) {
  for (const auto& [key, value] : pod.node_selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return !pod.node_terms || matches_any(*pod.node_terms, node, labels);
}

bool tolerates(const Pod& pod, const Taint& taint) {
  return std::any_of(pod.tolerations.begin(), pod.tolerations.end(), [&](const Toleration& t) {
    if (!t.effect.empty() && t.effect != taint.effect) return false;
    if (!t.key.empty() && t.key != taint.key) return false;
    return t.op == "Exists" || (!t.key.empty() && t.value == taint.value);
  });
}

const Taint* untolerated(const Pod& pod, const std::vector<Taint>& taints) {
  for (const Taint& taint : taints) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
    if (!tolerates(pod, taint)) return &taint;
  }
  return nullptr;
}

}  // namespace spotkeeper::checker
