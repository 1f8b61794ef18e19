#include "tests/tools/web_client/port_walk.h"

#include "base/text.h"

namespace spotkeeper::tools {

Result<PortRange> parse_port_range(std::string_view text) {
  const auto ends = split_once(text, '-');
  if (!ends) return fail(ErrorCode::InvalidInput, quote(text) + " is not FIRST-LAST");
  PortRange range;
  SK_TRY(range.first, (parse_int<std::uint16_t>(ends->first, 1024)));
  SK_TRY(range.last, (parse_int<std::uint16_t>(ends->second, range.first)));
  return range;
}

PortWalk::PortWalk(PortRange range, std::uint16_t from)
    : range_(range), next_(from < range.first || from > range.last ? range.first : from) {}

std::optional<std::uint16_t> PortWalk::take(Steady now) {
  const auto before = taken_at_.find(next_);
  // The others were taken later than this one.
  if (before != taken_at_.end() && now - before->second < kRest) return std::nullopt;
  const std::uint16_t port = next_;
  taken_at_[port] = now;
  next_ = port == range_.last ? range_.first : static_cast<std::uint16_t>(port + 1);
  ++taken_;
  return port;
}

}  // namespace spotkeeper::tools
