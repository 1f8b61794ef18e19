#include "cli/report_table.h"

#include <utility>

#include <fmt/format.h>

#include "base/time.h"

namespace spotkeeper::cli {
namespace {

std::string rate(std::uint64_t lost, std::uint64_t sent) {
  if (sent == 0) return "-";
  return fmt::format("{:.4f} %", 100.0 * static_cast<double>(lost) / static_cast<double>(sent));
}

std::string dollars(Money amount) { return fmt::format("{:.4f} USD", static_cast<double>(amount.micros) / 1e6); }

std::string recovery(const sim::Report& report) {
  if (!report.recovered_after) return "not within the run";
  if (*report.recovered_after == Duration{}) return "never incomplete";
  return format_duration(std::chrono::round<std::chrono::milliseconds>(*report.recovered_after));
}

}  // namespace

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

TextTable report_table(const std::vector<sim::Report>& reports, const Colours& colours) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{
      {fmt::format("{} (seed {})", reports[0].scenario, reports[0].seed), Align::Left}};
  for (const auto& report : reports) columns.push_back({std::string(sim::name_of(report.policy)), Align::Right});
  TextTable table(std::move(columns));
  const auto row = [&](std::string_view what, auto cell) {
    std::vector<std::string> cells{std::string(what)};
    for (const auto& report : reports) cells.push_back(cell(report));
    table.add(std::move(cells));
  };
  const auto number = [&](std::string_view what, auto of) {
    row(what, [&](const sim::Report& report) { return thousands(of(report)); });
  };
  const auto painted = [&](std::uint64_t lost, const std::string& text) {
    return lost == 0 ? colours.good(text) : colours.bad(text);
  };
  number("requests sent", [](const auto& r) { return r.traffic.sent(); });
  row("requests lost", [&](const auto& r) { return painted(r.traffic.lost(), thousands(r.traffic.lost())); });
  row("  share", [&](const auto& r) { return painted(r.traffic.lost(), rate(r.traffic.lost(), r.traffic.sent())); });
  for (const auto& [style, name] : {std::pair{sim::ClientStyle::New, "  on new connections"},
                                    std::pair{sim::ClientStyle::Kept, "  on kept connections"}}) {
    number(name, [which = style](const auto& r) { return r.traffic.styles[static_cast<std::size_t>(which)].lost(); });
  }
  for (const sim::Outcome outcome : {sim::Outcome::Refused, sim::Outcome::Reset, sim::Outcome::Cut,
                                     sim::Outcome::Error5xx, sim::Outcome::Timeout, sim::Outcome::Unreachable}) {
    number(fmt::format("  {}", sim::name_of(outcome)), [outcome](const auto& r) { return r.traffic.ended(outcome); });
  }
  row("slowest answer",
      [](const auto& r) { return format_duration(std::chrono::round<std::chrono::milliseconds>(r.traffic.slowest)); });
  number("machines interrupted", [](const auto& r) { return r.interruptions; });
  number("pods evicted", [](const auto& r) { return r.pods.evicted; });
  number("pods deleted", [](const auto& r) { return r.pods.deleted; });
  number("pods killed hard", [](const auto& r) { return r.pods.killed_hard; });
  number("budget overrides", [](const auto& r) { return r.budget_overrides; });
  row("time to recover", recovery);
  row("cost an hour", [](const auto& r) { return dollars(r.market.per_hour(r.market.total)); });
  row("  on demand", [](const auto& r) { return dollars(r.market.per_hour(r.market.on_demand_total)); });
  return table;
}

}  // namespace spotkeeper::cli
