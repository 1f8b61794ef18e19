// Where requests go and how, as the command line says it: "name=l4,url=http://10.0.0.5:80,rate=50,style=both".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace spotkeeper::tools {

enum class Style : std::uint8_t {
  New,   // a connection for each request
  Kept,  // connections that are used again and again
};
/// "new", "kept".
[[nodiscard]] std::string_view name_of(Style style);

struct Target {
  std::string name;
  std::string authority;  // the Host of its requests
  net::SocketAddress address;
  double rate = 10;       // requests a second of each style
  bool new_style = true;  // style=new, kept or both
  bool kept_style = true;
  Duration takes{};         // X-Takes of each request
  Duration deadline = 10s;  // from the time a request is due until its whole answer is there
  std::uint64_t kept = 24;  // connections of the kept style that are opened first, and the most that stay idle
};

/// Keys: name and url (http, an IP address), which are required, and rate, style, takes, deadline, kept. InvalidInput
/// names what is wrong.
Result<Target> parse_target(std::string_view text);

}  // namespace spotkeeper::tools
