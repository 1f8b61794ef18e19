#include "cli/report_table.h"

#include <utility>

#include <fmt/format.h>

#include "sim/loss_list.h"
#include "sim/page/report_page.h"

namespace spotkeeper::cli {

TextTable report_table(const std::vector<sim::Report>& reports, const Colours& colours) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{
      {fmt::format("{} (seed {})", reports[0].scenario, reports[0].seed), Align::Left}};
  for (const auto& report : reports) columns.push_back({std::string(sim::name_of(report.policy)), Align::Right});
  TextTable table(std::move(columns));
  bool of_the_lost = false;  // the row that says how many requests were lost, and their share
  for (const sim::ReportRow& row : sim::report_rows(reports)) {
    of_the_lost = row.what == "requests lost" || (of_the_lost && row.what == "share");
    std::vector<std::string> cells{row.part ? "  " + row.what : row.what};
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const bool good = reports[i].traffic.lost() == 0;
      const std::string& cell = row.cells[i];
      cells.push_back(!of_the_lost ? cell : good ? colours.good(cell) : colours.bad(cell));
    }
    table.add(std::move(cells));
  }
  return table;
}

std::string losses_text(const std::vector<sim::Report>& reports) {
  std::string text;
  for (const sim::Report& report : reports) {
    text += fmt::format("\n{}: {} requests lost\n", sim::name_of(report.policy), sim::thousands(report.losses.size()));
    text += sim::list_losses(report.losses, report.clock_started);
  }
  return text;
}

std::string deaths_text(const std::vector<sim::Report>& reports) {
  std::string text;
  for (const sim::Report& report : reports) {
    text += fmt::format("\n{}: {} pods ended\n", sim::name_of(report.policy), sim::thousands(report.deaths.size()));
    for (const sim::PodDeath& death : report.deaths) text += "  " + sim::describe(death, report.clock_started) + "\n";
  }
  return text;
}

}  // namespace spotkeeper::cli
