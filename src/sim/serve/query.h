// The parameters of a request to the API server: the query of its target, typed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/labels.h"
#include "sim/objects.h"
#include "sim/serve/selectors.h"

namespace spotkeeper::sim::serve {

/// A request target taken apart: the path as it is, and what its query asks for. Unknown parameters are ignored, as the
/// API server does; one that is known and can't be read is an InvalidInput error.
struct Query {
  std::string path;

  LabelSelector labels;
  std::vector<FieldRequirement> fields;
  std::string resource_version;        // empty: not given
  std::string resource_version_match;  // "", "Exact", "NotOlderThan"
  std::optional<std::uint64_t> limit;
  std::string continue_token;
  bool watch = false;
  bool bookmarks = false;
  bool initial_events = false;
  std::optional<Duration> timeout;
  bool dry_run = false;
  /// What makes a request that can be read Invalid (422), in the server's words; empty: nothing.
  std::string invalid;
  std::optional<std::chrono::seconds> grace;  // gracePeriodSeconds of a DELETE
};
Result<Query> parse_query(std::string_view target);
/// Why a dryRun of that value is Invalid.
[[nodiscard]] std::string unsupported_dry_run(std::string_view value);

/// True if both selectors of the query choose the object. A field that objects of its kind have not is an InvalidInput
/// error when the query is used, as "field label not supported".
[[nodiscard]] bool selects(const Query& query, const Object& object);
Result<void> check_fields(const Query& query, Kind kind);

}  // namespace spotkeeper::sim::serve
