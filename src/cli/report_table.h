// The table that a simulation ends with: one column a report, one row a fact.
#pragma once

#include <vector>

#include "cli/terminal.h"
#include "sim/report.h"

namespace spotkeeper::cli {

/// `reports` is not empty; all of them are of one scenario and seed.
[[nodiscard]] TextTable report_table(const std::vector<sim::Report>& reports, const Colours& colours);

/// Under each policy its lost requests, in the order in which they were sent: when, how, what was wrong. Many of them
/// are grouped by cause (sim/loss_list.h). `reports` as above, with their losses.
[[nodiscard]] std::string losses_text(const std::vector<sim::Report>& reports);

/// Under each policy a line for every pod that ended: when it was told, and how long after that each thing happened.
[[nodiscard]] std::string deaths_text(const std::vector<sim::Report>& reports);

}  // namespace spotkeeper::cli
