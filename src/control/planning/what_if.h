// Changes to what a plan is asked for: what would happen to it if.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "control/planning/documents.h"
#include "control/planning/market.h"
#include "format/json.h"
#include "model/node_pool.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

/// Nothing can be bought there, and its nodes are gone: their pods need a place elsewhere, but for those of DaemonSets
/// and those that nobody makes anew.
struct ZoneGone {
  std::string zone;
};
/// Machines can be had there at the catalogue's prices and those of rows for every zone; NodePools that list zones
/// list this one, too.
struct ZoneAdded {
  std::string zone;
};
struct PricesTimes {
  MachinePattern of;
  double factor = 1;
};
struct Withdrawn {
  MachinePattern machines;
};
/// NodePools buy these instance families, whatever they ask of family, category and generation; none: every one.
struct Families {
  std::vector<std::string> names;
};
/// Instead of the one of that name, or beside the others where there is none.
struct PoolInstead {
  NodePool pool;
};

struct Change {
  std::string text;  // as it was given
  std::variant<ZoneGone, ZoneAdded, PricesTimes, Withdrawn, Families, PoolInstead> what;
};

/// What is in a file, as one JSON document.
using DocumentReader = std::function<Result<format::JsonValue>(const std::string& path)>;

/// "zone-gone=ZONE", "zone-added=ZONE", "prices=×1.5", "prices=MACHINES=×1.5" (MACHINES: a pattern, or a capacity
/// type), "withdraw=MACHINES", "families=c7i,m7i" (* is every one), "nodepool=FILE".
Result<Change> parse_change(std::string_view text, const DocumentReader& read);

/// All changes together, whatever their order, to what was read with these options. InvalidInput: a zone, a type or a
/// family that is not there; what is gone or taken over is in Problem::remarks.
Result<plan::Problem> changed(plan::Problem problem, std::span<const Change> changes, const PlanningOptions& options);

}  // namespace spotkeeper::control
