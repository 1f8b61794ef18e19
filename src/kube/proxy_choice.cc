// HTTPS_PROXY and NO_PROXY, as golang.org/x/net/http/httpproxy reads them: what every tool beside us on the machine
// does.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "kube/config.h"

namespace spotkeeper::kube {
namespace {

struct HostPort {
  std::string host;  // without brackets, lower case
  std::string port;
};

HostPort split_host_port(std::string_view text) {
  HostPort out;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return out;
    out.host = lower(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    if (text.starts_with(':')) out.port = std::string(text.substr(1));
    return out;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(':') != colon) {
    out.host = lower(text);  // no port, or a bare IPv6 address
  } else {
    out.host = lower(text.substr(0, colon));
    out.port = std::string(text.substr(colon + 1));
  }
  return out;
}

HostPort host_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return split_host_port(url.substr(0, url.find('/')));
}

/// The 16 bytes of an address, IPv4 mapped into IPv6, so that both compare alike.
std::optional<std::array<unsigned char, 16>> address_bytes(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool in_network(const std::array<unsigned char, 16>& address, std::string_view network, std::string_view length) {
  const auto base = address_bytes(std::string(network));
  const auto bits = parse_int<unsigned>(length, 0U, 128U);
  if (!base || !bits) return false;
  unsigned left = *bits + (network.find(':') == std::string_view::npos ? 96U : 0U);
  if (left > 128U) return false;
  for (std::size_t i = 0; i < address.size() && left > 0; ++i) {
    const unsigned here = left < 8U ? left : 8U;
    const auto mask = static_cast<unsigned char>(0xFFU << (8U - here));
    if ((address[i] & mask) != ((*base)[i] & mask)) return false;
    left -= here;
  }
  return true;
}

bool exempt(const HostPort& target, std::string_view entry) {
  entry = trim(entry);
  if (entry.empty()) return false;
  if (entry == "*") return true;
  const auto address = address_bytes(target.host);
  if (const auto cidr = split_once(entry, '/')) return address && in_network(*address, cidr->first, cidr->second);
  HostPort pattern = split_host_port(entry);
  if (!pattern.port.empty() && pattern.port != target.port) return false;
  if (const auto wanted = address_bytes(pattern.host)) return address && *address == *wanted;
  if (pattern.host.starts_with("*.")) pattern.host.erase(0, 1);
  if (pattern.host.starts_with('.')) return target.host.ends_with(pattern.host);
  return target.host == pattern.host || target.host.ends_with("." + pattern.host);
}

std::string either_case(const Environment& environment, const std::string& name) {
  for (const std::string& key : {name, lower(name)}) {
    const auto found = environment.find(key);
    if (found != environment.end() && !found->second.empty()) return found->second;
  }
  return {};
}

}  // namespace

std::string proxy_from_environment(std::string_view server, const Environment& environment) {
  if (!server.starts_with("https://")) return {};
  const std::string proxy = either_case(environment, "HTTPS_PROXY");
  if (proxy.empty()) return {};
  HostPort target = host_of_url(server);
  if (target.port.empty()) target.port = "443";
  const auto address = address_bytes(target.host);
  if (target.host == "localhost" || (address && in_network(*address, "127.0.0.0", "8")) || target.host == "::1")
    return {};
  const std::string exemptions = either_case(environment, "NO_PROXY");
  for (const std::string_view entry : split(exemptions, ',')) {
    if (exempt(target, entry)) return {};
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

}  // namespace spotkeeper::kube
