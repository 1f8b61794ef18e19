// The Date header of HTTP: "Sun, 22 Nov 2026 16:01:14 GMT" (RFC 9110 §5.6.7).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::net {

/// Cut to whole seconds.
[[nodiscard]] std::string format_http_date(Instant t);
/// The one form that servers may send today (IMF-fixdate); the two obsolete ones are errors. The weekday is not
/// compared with the date.
Result<Instant> parse_http_date(std::string_view text);

}  // namespace spotkeeper::net
