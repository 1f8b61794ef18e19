// What the objects of a plan's documents are read into, by whoever reads one kind of them.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "control/planning/objects.h"
#include "control/planning/shapes.h"
#include "control/planning/volumes.h"
#include "model/snapshot.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

/// Priorities by PriorityClass, with the two that every cluster has.
class Priorities {
 public:
  /// A class that can't be read is in Problem::unreadable.
  void read(const Objects& objects, plan::Problem& problem);
  /// What admission would make of a pod's spec. A class that is not there counts as 0, and is remarked on.
  [[nodiscard]] std::int32_t of(const format::JsonField& spec, plan::Problem& problem) const;

 private:
  std::map<std::string, std::int32_t> by_class_ = {{"system-cluster-critical", 2'000'000'000},
                                                   {"system-node-critical", 2'000'001'000}};
  std::int32_t default_ = 0;
};

struct Reading {
  plan::Problem problem;
  Priorities priorities;
  Volumes volumes;
  Shapes shapes;
  Snapshot shared;  // interns what pods have in common

  void unreadable(const Object& object, const Error& error);
  /// nullptr: there is no such node. Valid as long as no node is added.
  [[nodiscard]] plan::ExistingNode* node_named(const std::string& name);
};

}  // namespace spotkeeper::control
