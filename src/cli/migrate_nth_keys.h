// The values of NTH's chart that are no flag of its program, and what becomes of each.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace spotkeeper::cli {

enum class ChartFate {
  Taken,        // goes into the manifest
  NoEffect,     // `why`
  Unsupported,  // if it is set to something that is not empty, false or null
};

struct ChartValue {
  std::string_view key;  // "podMonitor.create"
  ChartFate fate;
  std::string_view why = {};
  bool open = false;  // a map or list whose inside is the user's
};

[[nodiscard]] std::span<const ChartValue> chart_values();
/// Every key of the chart: these, and those of its program's flags. With dots between levels.
[[nodiscard]] std::vector<std::string_view> chart_keys();

}  // namespace spotkeeper::cli
