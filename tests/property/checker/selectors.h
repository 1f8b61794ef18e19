// Label selectors, node selectors, tolerations: reading with what the API server refuses, and matching.
#pragma once

#include <string>
#include <vector>

#include "tests/property/checker/reading.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

using Complaints = std::vector<std::string>;

/// A LabelSelector; absent: nothing.
Selector read_selector(const Json& value, Path path, Complaints& broken);
/// matchExpressions or matchFields of a NodeSelectorTerm.
std::vector<Expression> read_expressions(const Json& value, Path path, const std::vector<std::string>& known_ops,
                                         Complaints& broken);
std::vector<NodeTerm> read_node_terms(const Json& value, Path path, Complaints& broken, Complaints& doubtful);

bool is_qualified_name(std::string_view name);
bool is_label_value(std::string_view value);

bool holds(const Expression& expression, const Labels& labels);
bool matches(const Selector& selector, const Labels& labels);
/// Any of the terms holds; one without expressions never does.
bool matches_any(const std::vector<NodeTerm>& terms, const std::string& node, const Labels& labels);
/// nodeSelector and required node affinity.
bool wants_node(const Pod& pod, const std::string& node, const Labels& labels);
/// The first taint of effect NoSchedule or NoExecute that is not tolerated.
const Taint* untolerated(const Pod& pod, const std::vector<Taint>& taints);
bool tolerates(const Pod& pod, const Taint& taint);

}  // namespace spotkeeper::checker
