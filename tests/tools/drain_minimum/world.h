// The world of tests/oracle/request_oracle.h as JSON, and what the oracle finds.
//
// World: {"staying", "leaving", "desired", "notice", "until", "ready_after", "grace", "answers", and, if wanted,
// "first" (0), "margin" (2), "step" (1), "starts": [of what was done], "paths": [{"name", "rate", "takes" (0),
// "leaves": […], "joins": […], "terminating" (false)}]}. Times are seconds.
//
// Answer: {"lost", "paths": {NAME: lost}, "starts": […]}, and with "starts" in the world "done": the same for those.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "tests/oracle/request_oracle.h"

namespace spotkeeper::tools {

struct MinimumQuestion {
  oracle::RequestWorld world;
  std::vector<double> starts{};  // of what was done; empty: it is not asked for
};
/// InvalidInput names the place that is wrong.
Result<MinimumQuestion> parse_minimum_question(const format::JsonValue& document);
[[nodiscard]] format::JsonValue answer(const MinimumQuestion& question);

}  // namespace spotkeeper::tools
