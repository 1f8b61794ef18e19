// URLs of the kinds this product meets: http and https with a host, after RFC 3986.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spotkeeper::net {

/// Where requests go.
struct Origin {
  std::string scheme = "http";  // "http" or "https"
  std::string host;             // a name in lower case, or an IP literal without brackets
  std::uint16_t port = 80;

  [[nodiscard]] bool tls() const { return scheme == "https"; }
  /// As the Host header has it: brackets around an IPv6 address, the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  /// With the port in every case, as CONNECT wants it.
  [[nodiscard]] std::string host_and_port() const;
  /// "https://[::1]:6443".
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Url {
  Origin origin;
  std::string user;  // what stands before the @, percent-decoded; empty if nothing does
  std::string password;
  std::string path;   // still percent-encoded; empty or begins with '/'
  std::string query;  // still percent-encoded, without its '?'

  /// What a request line asks for: path ("/" if it is empty) and query.
  [[nodiscard]] std::string target() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// An absolute http or https URL. A fragment is dropped. InvalidInput says what is wrong: another scheme, no host, a
/// port outside 1 to 65535, a character that does not belong in a URL (blanks and control characters above all).
Result<Url> parse_url(std::string_view text);

/// For one segment of a path or one name or value of a query: everything but RFC 3986's unreserved characters is
/// written as %XX, '/' and '+' included.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// The reverse; InvalidInput for a % that is not followed by two hexadecimal digits. '+' stays '+'.
Result<std::string> percent_decode(std::string_view text);

}  // namespace spotkeeper::net
