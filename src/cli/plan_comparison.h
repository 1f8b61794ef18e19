// Two plans side by side, for people.
#pragma once

#include "cli/terminal.h"
#include "control/planning/comparison.h"

namespace spotkeeper::cli {

/// A row for each figure: as things are, changed, and by how much.
[[nodiscard]] TextTable comparison_table(const control::Figures& base, const control::Figures& changed);

}  // namespace spotkeeper::cli
