#include "control/planning/reading.h"

#include <fmt/format.h>

#include <algorithm>

namespace spotkeeper::control {

void Priorities::read(const Objects& objects, plan::Problem& problem) {
  for (const Object& each : objects.of("PriorityClass")) {
    const auto value = each.field["value"].get_or(std::int32_t{0});
    const auto global = each.field["globalDefault"].get_or(false);
    if (!value || !global) {
      const Error& error = value ? global.error() : value.error();
      problem.unreadable.emplace_back(each.str(), fmt::format("PriorityClass: {}", error.message));
      continue;
    }
    by_class_.insert_or_assign(each.name, *value);
    if (*global) default_ = *value;
  }
}

std::int32_t Priorities::of(const format::JsonField& spec, plan::Problem& problem) const {
  const auto said = spec["priority"].maybe<std::int32_t>();
  if (said && *said) return **said;
  const auto name = spec["priorityClassName"].get_or("");
  if (!name || name->empty()) return default_;
  const auto known = by_class_.find(*name);
  if (known != by_class_.end()) return known->second;
  const std::string remark = fmt::format("PriorityClass {} is not there: its pods count as priority 0.", *name);
  if (std::ranges::find(problem.remarks, remark) == problem.remarks.end()) problem.remarks.push_back(remark);
  return 0;
}

void Reading::unreadable(const Object& object, const Error& error) {
  problem.unreadable.emplace_back(object.str(), fmt::format("{}: {}", object.kind, error.message));
}

plan::ExistingNode* Reading::node_named(const std::string& name) {
  const auto name_of = [](const plan::ExistingNode& each) { return each.node.name.str(); };
  const auto at = std::ranges::lower_bound(problem.nodes, name, {}, name_of);
  return at == problem.nodes.end() || name_of(*at) != name ? nullptr : &*at;
}

}  // namespace spotkeeper::control
