// The planner's printed answer, read back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/property/checker/reading.h"

namespace spotkeeper::checker {

struct PlannedOffering {
  std::string type, zone, capacity_type;
  double price = 0;
};
struct PlannedNode : PlannedOffering {
  std::string pool;
  Labels labels;  // all but its hostname; empty: the answer does not say
  std::vector<PlannedOffering> alternatives;
  std::vector<std::string> pods;
};
struct Answer {
  std::vector<PlannedNode> nodes;
  std::vector<std::pair<std::string, std::vector<std::string>>> existing;
  std::vector<std::pair<std::string, std::string>> unplaced;  // pod, reason
  double cost = 0, bound = 0;
  std::vector<std::string> malformed;
};

Answer read_answer(const Json& document);

}  // namespace spotkeeper::checker
