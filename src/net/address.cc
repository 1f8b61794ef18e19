#include "net/address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace spotkeeper::net {

std::optional<SocketAddress> SocketAddress::parse(std::string_view ip, std::uint16_t port) {
  if (ip.size() >= 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
  const std::string text(ip);
  SocketAddress result;
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&result.storage_, &v4, sizeof v4);
    return result;
  }
  if (inet_pton(AF_INET6, text.c_str(), &result.storage_.sin6_addr) == 1) {
    result.storage_.sin6_family = AF_INET6;
    result.storage_.sin6_port = htons(port);
    return result;
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::from(const sockaddr* address, socklen_t length) {
  SocketAddress result;
  const bool v4 = address->sa_family == AF_INET && length >= sizeof(sockaddr_in);
  const bool v6 = address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6);
  if (!v4 && !v6) return std::nullopt;
  std::memcpy(&result.storage_, address, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return result;
}

std::uint16_t SocketAddress::port() const {
  // Both families keep the port at the same place (the second 16 bits of every sockaddr_in*).
  return ntohs(storage_.sin6_port);
}

std::string SocketAddress::ip() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage_, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &storage_.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::string SocketAddress::text() const {
  const std::string host = family() == AF_INET6 ? "[" + ip() + "]" : ip();
  return host + ":" + std::to_string(port());
}

const sockaddr* SocketAddress::data() const { return reinterpret_cast<const sockaddr*>(&storage_); }

socklen_t SocketAddress::size() const { return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6); }

}  // namespace spotkeeper::net
