#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/page/report_page.h"

namespace spotkeeper::sim {
namespace {

std::string share(std::uint64_t lost, std::uint64_t sent) {
  if (sent == 0) return "-";
  return fmt::format("{:.4f} %", 100.0 * static_cast<double>(lost) / static_cast<double>(sent));
}

std::string dollars(Money amount) { return fmt::format("{:.4f} USD", static_cast<double>(amount.micros) / 1e6); }

std::string recovery(const Report& report) {
  if (!report.recovered_after) return "not within the run";
  if (*report.recovered_after == Duration{}) return "never incomplete";
  return format_duration(std::chrono::round<std::chrono::milliseconds>(*report.recovered_after));
}

std::string jobs_done(const Report& report) {
  const auto done = std::ranges::count_if(report.jobs, [](const JobReport& job) { return job.took.has_value(); });
  return std::to_string(done) + " of " + std::to_string(report.jobs.size());
}

std::string work_lost(const Report& report) {
  Duration sum{};
  for (const JobReport& job : report.jobs) sum += job.work_lost;
  return format_duration(std::chrono::round<std::chrono::seconds>(sum));
}

}  // namespace

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::vector<ReportRow> report_rows(const std::vector<Report>& reports) {
  std::vector<ReportRow> rows;
  const auto row = [&](std::string what, bool part, auto cell) {
    rows.push_back({std::move(what), part, {}});
    for (const Report& report : reports) rows.back().cells.push_back(cell(report));
  };
  const auto number = [&](std::string what, bool part, auto of) {
    row(std::move(what), part, [&](const Report& report) { return thousands(of(report)); });
  };
  number("requests sent", false, [](const auto& r) { return r.traffic.sent(); });
  number("requests lost", false, [](const auto& r) { return r.traffic.lost(); });
  row("share", true, [&](const auto& r) { return share(r.traffic.lost(), r.traffic.sent()); });
  for (const auto& [style, name] :
       {std::pair{ClientStyle::New, "on new connections"}, std::pair{ClientStyle::Kept, "on kept connections"}}) {
    number(name, true,
           [which = style](const auto& r) { return r.traffic.styles[static_cast<std::size_t>(which)].lost(); });
  }
  constexpr std::array losses{Outcome::Refused,  Outcome::Reset,   Outcome::Cut,
                              Outcome::Error5xx, Outcome::Timeout, Outcome::Unreachable};
  for (const Outcome outcome : losses) {
    number(std::string(name_of(outcome)), true, [outcome](const auto& r) { return r.traffic.ended(outcome); });
  }
  if (std::ranges::any_of(reports, tries_again)) {
    number("retries", false, [](const auto& r) { return r.traffic.retries; });
    number("answered by one", true, [](const auto& r) { return r.traffic.saved; });
    number("lost over budget", true, [](const auto& r) { return r.traffic.over_budget; });
  }
  row("slowest answer", false,
      [](const auto& r) { return format_duration(std::chrono::round<std::chrono::milliseconds>(r.traffic.slowest)); });
  number("machines interrupted", false, [](const auto& r) { return r.interruptions; });
  if (std::ranges::any_of(reports, [](const auto& r) { return r.recommendations > 0; }))
    number("machines recommended to go", false, [](const auto& r) { return r.recommendations; });
  number("pods evicted", false, [](const auto& r) { return r.pods.evicted; });
  number("pods deleted", false, [](const auto& r) { return r.pods.deleted; });
  number("pods killed hard", false, [](const auto& r) { return r.pods.killed_hard; });
  if (std::ranges::any_of(reports, [](const auto& r) { return r.pods.preempted > 0; }))
    number("pods preempted", false, [](const auto& r) { return r.pods.preempted; });
  number("budget overrides", false, [](const auto& r) { return r.budget_overrides; });
  if (std::ranges::any_of(reports, [](const auto& r) { return r.agent_restarts.value_or(0) > 0; }))
    number("agents started anew", false, [](const auto& r) { return r.agent_restarts.value_or(0); });
  row("longest time to recover", false, recovery);
  if (std::ranges::any_of(reports, [](const auto& r) { return !r.jobs.empty(); })) {
    row("jobs done", false, jobs_done);
    row("work lost", true, work_lost);
  }
  row("cost an hour", false, [](const auto& r) { return dollars(r.market.per_hour(r.market.total)); });
  row("on demand", true, [](const auto& r) { return dollars(r.market.per_hour(r.market.on_demand_total)); });
  return rows;
}

}  // namespace spotkeeper::sim
