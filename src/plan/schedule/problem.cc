#include "plan/schedule/problem.h"

namespace spotkeeper::plan {

std::string_view name_of(CapacityType type) {
  switch (type) {
    case CapacityType::OnDemand: return "on-demand";
    case CapacityType::Spot: return "spot";
    case CapacityType::Reserved: return "reserved";
  }
  return "";
}

std::string_view name_of(Preferences preferences) {
  switch (preferences) {
    case Preferences::Cost: return "cost";
    case Preferences::First: return "first";
    case Preferences::Ignore: return "ignore";
  }
  return "";
}

}  // namespace spotkeeper::plan
