// The table that a simulation ends with: one column a report, one row a fact.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "sim/report.h"

namespace spotkeeper::cli {

/// "1,234,567".
[[nodiscard]] std::string thousands(std::uint64_t number);

/// `reports` is not empty; all of them are of one scenario and seed.
[[nodiscard]] TextTable report_table(const std::vector<sim::Report>& reports, const Colours& colours);

}  // namespace spotkeeper::cli
