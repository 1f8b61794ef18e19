#include "control/planning/market.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace spotkeeper::control {
namespace {

using plan::CapacityType;

constexpr std::array<CapacityType, 3> kCapacities = {CapacityType::OnDemand, CapacityType::Spot,
                                                     CapacityType::Reserved};

/// One type's rows of one capacity type: by zone, and for every zone.
using Rows = std::map<std::tuple<std::string, CapacityType, std::string>, Money>;

std::optional<Money> price_of(const InstanceType& type, CapacityType capacity, const std::string& zone,
                              const Rows& rows) {
  for (const std::string& of : {zone, std::string()})
    if (const auto row = rows.find({type.name.str(), capacity, of}); row != rows.end()) return row->second;
  if (capacity == CapacityType::OnDemand) return type.on_demand;
  return capacity == CapacityType::Spot ? type.spot_price() : std::nullopt;
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return true;
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

}  // namespace

std::optional<CapacityType> capacity_type_of(std::string_view text) {
  for (const CapacityType each : kCapacities)
    if (plan::name_of(each) == text) return each;
  return std::nullopt;
}

bool MachinePattern::matches(const std::string& of_type, const std::string& in_zone, CapacityType as) const {
  return control::matches(type, of_type) && control::matches(zone, in_zone) && (!capacity || *capacity == as);
}

Result<MachinePattern> parse_machines(std::string_view text) {
  const auto parts = split(text, ':');
  const auto part = [&](std::size_t i) {
    const std::string_view found = i < parts.size() ? parts[i] : std::string_view();
    return std::string(found == "*" ? std::string_view() : found);
  };
  MachinePattern out{part(0), part(1), {}};
  out.capacity = capacity_type_of(part(2));
  const bool known = part(2).empty() || out.capacity;
  if (text.empty() || parts.size() > 3 || !known)
    return fail(ErrorCode::InvalidInput,
                quote(text) + " is not TYPE, TYPE:ZONE or TYPE:ZONE:CAPACITY-TYPE (* is every one)");
  return out;
}

std::vector<plan::Offering> offerings_of(std::span<const InstanceType> types, std::span<const std::string> zones,
                                         const Market& market) {
  Rows rows;
  for (const PriceRow& row : market.prices) rows.insert_or_assign({row.type, row.capacity, row.zone}, row.price);
  std::vector<plan::Offering> out;
  for (std::uint32_t t = 0; t < types.size(); ++t) {
    for (std::uint32_t z = 0; z < zones.size(); ++z) {
      for (const CapacityType capacity : kCapacities) {
        const auto price = price_of(types[t], capacity, zones[z], rows);
        const auto is_out = [&](const auto& pool) { return pool.matches(types[t].name.str(), zones[z], capacity); };
        if (price && std::ranges::none_of(market.unavailable, is_out)) out.push_back({t, z, capacity, *price});
      }
    }
  }
  return out;
}

Result<std::vector<PriceRow>> parse_prices(std::string_view csv, std::string_view file) {
  constexpr std::string_view kHeader = "instance_type,zone,capacity_type,usd_per_hour";
  std::vector<PriceRow> out;
  bool headed = false;
  std::size_t number = 0;
  for (std::string_view line : split(csv, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto refuse = [&](std::string_view what) {
      return fail(ErrorCode::InvalidInput, fmt::format("{}:{}: {}", file, number, what));
    };
    if (!headed) {
      if (line != kHeader) return refuse(fmt::format("expected the header {}", kHeader));
      headed = true;
      continue;
    }
    const auto cells = split(line, ',');
    if (cells.size() != 4) return refuse(fmt::format("expected 4 cells, got {}", cells.size()));
    const auto capacity = capacity_type_of(trim(cells[2]));
    if (!capacity) return refuse(quote(cells[2]) + " is not one of on-demand, spot, reserved");
    const auto price = Money::parse(trim(cells[3]));
    if (!price) return refuse(price.error().message);
    if (trim(cells[0]).empty()) return refuse("no instance type");
    out.push_back({std::string(trim(cells[0])), std::string(trim(cells[1])), *capacity, *price});
  }
  if (!headed) return fail(ErrorCode::InvalidInput, fmt::format("{}: empty", file));
  return out;
}

}  // namespace spotkeeper::control
