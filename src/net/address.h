// Addresses of peers: an IP and a port.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spotkeeper::net {

/// An IPv4 or IPv6 address with a port.
class SocketAddress {
 public:
  /// From an IP literal: "127.0.0.1", "::1", "[::1]"; nothing if it is not one (a name, for instance).
  static std::optional<SocketAddress> parse(std::string_view ip, std::uint16_t port);
  /// From what the system calls give; nothing for other families.
  static std::optional<SocketAddress> from(const sockaddr* address, socklen_t length);

  [[nodiscard]] int family() const { return storage_.sin6_family; }
  [[nodiscard]] std::uint16_t port() const;
  /// "127.0.0.1", "::1".
  [[nodiscard]] std::string ip() const;
  /// "127.0.0.1:80", "[::1]:80".
  [[nodiscard]] std::string text() const;

  [[nodiscard]] const sockaddr* data() const;
  [[nodiscard]] socklen_t size() const;

 private:
  sockaddr_in6 storage_{};  // large enough for both families
};

}  // namespace spotkeeper::net
