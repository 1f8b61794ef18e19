// Which pod a connection to a service's address is led to. kube-proxy has the kernel put a pod's address in place of
// the service's, and connection tracking tells of each new connection in this network namespace (ctnetlink:
// linux/netfilter/nfnetlink_conntrack.h). It is listened to, not asked: the entry of a connection that is refused is
// gone before anybody could ask for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace spotkeeper::tools {

/// A new TCP connection over IPv4, as connection tracking has it.
struct Translation {
  std::uint16_t source_port = 0;
  net::SocketAddress service;  // where the client has sent it
  std::string pod;             // from where answers are awaited: "10.98.1.5"
};
/// Those in one datagram of the kernel's; what is no such connection, or breaks off, is left out.
[[nodiscard]] std::vector<Translation> translations_in(std::string_view datagram);

class Translations {
 public:
  /// Without the right to listen (CAP_NET_ADMIN), or where there is no connection tracking, it knows nothing.
  Translations();
  Translations(const Translations&) = delete;
  Translations& operator=(const Translations&) = delete;
  ~Translations();

  /// Takes in what the kernel has told since the last call. To be called often: it keeps about a thousand.
  void hear();
  /// To whom the newest connection from that port to `service` was led. Nothing: it is not known, or the service's
  /// address is the server's own.
  [[nodiscard]] std::optional<std::string> find(std::uint16_t source_port, const net::SocketAddress& service) const;

 private:
  int fd_;
  std::map<std::uint16_t, Translation> newest_;  // by source port
};

}  // namespace spotkeeper::tools
