#include "tests/property/checker/answer.h"

#include <optional>

namespace spotkeeper::checker {
namespace {

// A number, or one that is written as a string so that it stays exact.
std::optional<double> number(const Json& value, Path path) {
  const Json* at = find(value, path);
  if (at == nullptr) return std::nullopt;
  if (at->is_string()) {
    const auto parsed = parse_double(at->get_string());
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  if (at->is_int64()) return static_cast<double>(at->get_int64());
  if (at->is_double()) return at->get_double();
  return std::nullopt;
}

}  // namespace

Answer read_answer(const Json& document) {
  Answer out;
  const auto required = [&](const Json& value, Path path, const std::string& where) {
    const auto found = number(value, path);
    if (!found) out.malformed.push_back(where + " is not a number");
    return found.value_or(0);
  };
  const auto offering = [&](const Json& value) {
    return PlannedOffering{text(value, {"type"}), text(value, {"zone"}), text(value, {"capacity_type"}),
                           required(value, {"price_per_hour"}, "price_per_hour")};
  };
  for (const Json* one : list(document, {"nodes"})) {
    PlannedNode node;
    static_cast<PlannedOffering&>(node) = offering(*one);
    node.pool = text(*one, {"node_pool"});
    node.labels = labels(*one, {"labels"});
    for (const Json* alternative : list(*one, {"alternatives"})) node.alternatives.push_back(offering(*alternative));
    node.pods = strings(*one, {"pods"});
    out.nodes.push_back(std::move(node));
  }
  for (const Json* one : list(document, {"existing"})) {
    out.existing.emplace_back(text(*one, {"node"}), strings(*one, {"pods"}));
  }
  for (const Json* one : list(document, {"unplaced"})) {
    out.unplaced.emplace_back(text(*one, {"pod"}), text(*one, {"reason"}));
  }
  out.cost = required(document, {"cost_per_hour"}, "cost_per_hour");
  out.bound = required(document, {"lower_bound_per_hour"}, "lower_bound_per_hour");
  required(document, {"gap"}, "gap");
  return out;
}

}  // namespace spotkeeper::checker
