// Reports of one scenario as one HTML page that needs nothing else: no network, no other file. Charts of serving
// replicas, lost requests and nodes by state, policies side by side, and the figures as a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

/// What was asked about somebody's own cluster, and what is answered: whole sentences.
struct PageAnswer {
  std::string question;
  std::string finding;               // what helps most, and under which policy; or that nothing is lost
  std::vector<std::string> changes;  // the best first, with what is lost without and with each
  std::vector<std::string> assumptions;
};

/// `reports` is not empty; each has its series. With an `answer` that stands above the charts. The same reports give
/// the same bytes.
[[nodiscard]] std::string report_page(const Scenario& scenario, const std::vector<Report>& reports,
                                      const std::optional<PageAnswer>& answer = {});

/// One row of figures: what it is, and one cell a report. Also what the terminal's table shows.
struct ReportRow {
  std::string what;
  bool part = false;  // a part of the row above
  std::vector<std::string> cells;
};
/// `reports` is not empty; all of them are of one scenario and seed.
[[nodiscard]] std::vector<ReportRow> report_rows(const std::vector<Report>& reports);

/// "1,234,567".
[[nodiscard]] std::string thousands(std::uint64_t number);

}  // namespace spotkeeper::sim
