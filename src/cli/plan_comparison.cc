#include "cli/plan_comparison.h"

#include <fmt/format.h>

#include <string>

namespace spotkeeper::cli {
namespace {

std::string signed_money(Money amount) { return (amount.micros >= 0 ? "+" : "") + amount.str(); }

std::string percent_more(Money base, Money changed) {
  if (base.micros == 0) return "";
  return fmt::format(" ({:+.1f} %)",
                     (static_cast<double>(changed.micros) / static_cast<double>(base.micros) - 1) * 100);
}

}  // namespace

TextTable comparison_table(const control::Figures& base, const control::Figures& changed) {
  using Align = TextTable::Align;
  TextTable table({{""}, {"AS IT IS", Align::Right}, {"THEN", Align::Right}, {"DIFFERENCE", Align::Right}});
  const auto money = [&](const char* what, Money a, Money b) {
    table.add({what, a.str(), b.str(), signed_money(b - a) + percent_more(a, b)});
  };
  const auto count = [&](const char* what, std::int64_t a, std::int64_t b) {
    table.add({what, std::to_string(a), std::to_string(b), fmt::format("{:+}", b - a)});
  };
  money("$ an hour", base.cost, changed.cost);
  money("no plan below", base.lower_bound, changed.lower_bound);
  count("machines to buy", base.nodes, changed.nodes);
  count("pods without a place", base.unplaced, changed.unplaced);
  table.add({"interruptions a day", fmt::format("{:.3f}", base.interruptions_per_day),
             fmt::format("{:.3f}", changed.interruptions_per_day),
             fmt::format("{:+.3f}", changed.interruptions_per_day - base.interruptions_per_day)});
  table.add({"most of a workload in one pool", fmt::format("{:.0f} %", base.worst_pool_share * 100),
             fmt::format("{:.0f} %", changed.worst_pool_share * 100),
             fmt::format("{:+.0f}", (changed.worst_pool_share - base.worst_pool_share) * 100)});
  if (base.preferred != 0 || changed.preferred != 0) count("preferred weight met", base.preferred, changed.preferred);
  return table;
}

std::string limits_text(const std::vector<control::LimitCost>& limits) {
  std::string text;
  for (const control::LimitCost& each : limits) {
    text += fmt::format(
        "--{} costs ${} an hour; without it {:.3f} interruptions a day, at most {:.0f} % of a workload in "
        "one pool.\n",
        each.limit, (each.with.cost - each.without.cost).str(), each.without.interruptions_per_day,
        each.without.worst_pool_share * 100);
  }
  return text;
}

}  // namespace spotkeeper::cli
