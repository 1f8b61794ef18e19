// What a plain YAML scalar means. Internal to this folder: the reader needs it, and the writer to know what to quote.
#pragma once

#include <string_view>

#include "format/json.h"

namespace spotkeeper::format::detail {

/// By go-yaml v2's table (see yaml.h). What is nothing else is a string; NaN and infinities come back as doubles.
[[nodiscard]] JsonValue resolve_plain_scalar(std::string_view text);

}  // namespace spotkeeper::format::detail
