// The source ports of a client that opens a connection for each request. A port that is used again soon can meet a
// translation entry of kube-proxy's that still leads to a dead pod, or its own TIME_WAIT, and the request is then lost
// by the measurement and not by what is measured. So each client has a range of its own and walks through it in order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::tools {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // inclusive
  [[nodiscard]] std::uint32_t size() const { return std::uint32_t{last} - first + 1; }
};
/// "20000-44999": from 1024 on, first not above last.
Result<PortRange> parse_port_range(std::string_view text);

class PortWalk {
 public:
  static constexpr Duration kRest = 120s;

  /// Begins at `from`, which is where an earlier client with the same range has stopped; anything outside the range is
  /// its first port.
  PortWalk(PortRange range, std::uint16_t from);

  /// The next port, taken from now on; nothing: it has been taken less than kRest ago, and so have all others.
  [[nodiscard]] std::optional<std::uint16_t> take(Steady now);
  /// The port that take() would give next.
  [[nodiscard]] std::uint16_t next() const { return next_; }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  PortRange range_;
  std::uint16_t next_;
  std::uint64_t taken_ = 0;
  std::map<std::uint16_t, Steady> taken_at_;
};

}  // namespace spotkeeper::tools
