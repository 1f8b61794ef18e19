// What machines can be had, where, and what an hour of each costs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

/// None: not one of "on-demand", "spot", "reserved".
[[nodiscard]] std::optional<plan::CapacityType> capacity_type_of(std::string_view text);

/// What an hour of one machine costs, instead of what the catalogue says.
struct PriceRow {
  std::string type;
  std::string zone;  // empty: every zone
  plan::CapacityType capacity = plan::CapacityType::OnDemand;
  Money price;
};

/// CSV with the header `instance_type,zone,capacity_type,usd_per_hour`; `#` begins a comment line. An empty zone means
/// every zone; a row that names the zone wins over one that does not. A row of a type and capacity type that the
/// catalogue has no price for adds it ("reserved" comes from here alone). `file` names the text in errors.
Result<std::vector<PriceRow>> parse_prices(std::string_view csv, std::string_view file);

/// Machines of some type, in some zone, of some capacity type. A type or zone that ends with * is every one that begins
/// so.
struct MachinePattern {
  std::string type;  // empty: every one, as the rest
  std::string zone;
  std::optional<plan::CapacityType> capacity;
  [[nodiscard]] bool matches(const std::string& of_type, const std::string& in_zone, plan::CapacityType as) const;
};
/// "m5.large", "m5.*:us-east-1a", "m5.large:us-east-1a:spot"; * is every one.
Result<MachinePattern> parse_machines(std::string_view text);

struct Market {
  std::vector<PriceRow> prices;
  std::vector<MachinePattern> unavailable;
};

/// What can be bought of `types` in `zones`: the catalogue's prices, but for what the rows say, without what is
/// unavailable. By type, zone and capacity type.
[[nodiscard]] std::vector<plan::Offering> offerings_of(std::span<const InstanceType> types,
                                                       std::span<const std::string> zones, const Market& market);

}  // namespace spotkeeper::control
