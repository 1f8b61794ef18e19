#include "tests/tools/web_client/translation.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace spotkeeper::tools {
namespace {

// The kernel's own macros for these are signed.
constexpr std::uint16_t kTypeMask = 0x3fff;  // without the flags "nested" and "network byte order"
constexpr std::size_t kMessageHead = sizeof(nlmsghdr);
constexpr std::size_t kAttributeHead = sizeof(nlattr);
constexpr std::size_t aligned(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

template <class T>
T read(std::string_view bytes) {
  T value{};
  bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

/// The payload of the first attribute of that type; empty: there is none, or the bytes are no attributes.
std::string_view attribute(std::string_view bytes, std::uint16_t type) {
  while (bytes.size() >= kAttributeHead) {
    const auto head = read<nlattr>(bytes);
    if (head.nla_len < kAttributeHead || head.nla_len > bytes.size()) break;
    if ((head.nla_type & kTypeMask) == type) return bytes.substr(kAttributeHead, head.nla_len - kAttributeHead);
    bytes.remove_prefix(std::min(aligned(head.nla_len), bytes.size()));
  }
  return {};
}

std::string ip_text(std::string_view bytes) {
  const auto address = read<in_addr>(bytes);
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr ? std::string() : std::string(text.data());
}

std::optional<Translation> translation_of(std::string_view message) {
  constexpr std::uint16_t kNewEntry = (NFNL_SUBSYS_CTNETLINK << 8U) | IPCTNL_MSG_CT_NEW;
  if (message.size() < kMessageHead + sizeof(nfgenmsg) || read<nlmsghdr>(message).nlmsg_type != kNewEntry)
    return std::nullopt;
  message.remove_prefix(kMessageHead + sizeof(nfgenmsg));
  const std::string_view sent = attribute(message, CTA_TUPLE_ORIG);
  const std::string_view protocol = attribute(sent, CTA_TUPLE_PROTO);
  const std::string_view service = attribute(attribute(sent, CTA_TUPLE_IP), CTA_IP_V4_DST);
  const std::string_view pod = attribute(attribute(attribute(message, CTA_TUPLE_REPLY), CTA_TUPLE_IP), CTA_IP_V4_SRC);
  const std::string_view source_port = attribute(protocol, CTA_PROTO_SRC_PORT);
  const std::string_view port = attribute(protocol, CTA_PROTO_DST_PORT);
  const bool whole = service.size() == sizeof(in_addr) && pod.size() == sizeof(in_addr) && source_port.size() == 2 &&
                     port.size() == 2 && read<std::uint8_t>(attribute(protocol, CTA_PROTO_NUM)) == IPPROTO_TCP;
  if (!whole) return std::nullopt;
  const auto to = net::SocketAddress::parse(ip_text(service), ntohs(read<std::uint16_t>(port)));
  if (!to) return std::nullopt;
  return Translation{ntohs(read<std::uint16_t>(source_port)), *to, ip_text(pod)};
}

// Not in hear(): the buffer is large.
std::string receive(int fd) {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills what is used
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

std::vector<Translation> translations_in(std::string_view datagram) {
  std::vector<Translation> found;
  while (datagram.size() >= kMessageHead) {
    const std::size_t length = read<nlmsghdr>(datagram).nlmsg_len;
    if (length < kMessageHead || length > datagram.size()) break;
    if (auto one = translation_of(datagram.substr(0, length))) found.push_back(std::move(*one));
    datagram.remove_prefix(std::min(aligned(length), datagram.size()));
  }
  return found;
}

Translations::Translations() : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)) {
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  own.nl_groups = NF_NETLINK_CONNTRACK_NEW;
  if (fd_ < 0 || bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0) return;
  ::close(fd_);
  fd_ = -1;
}

Translations::~Translations() {
  if (fd_ >= 0) ::close(fd_);
}

void Translations::hear() {
  if (fd_ < 0) return;
  for (std::string datagram = receive(fd_); !datagram.empty(); datagram = receive(fd_)) {
    for (Translation& each : translations_in(datagram)) newest_[each.source_port] = std::move(each);
  }
}

std::optional<std::string> Translations::find(std::uint16_t source_port, const net::SocketAddress& service) const {
  const auto found = newest_.find(source_port);
  if (found == newest_.end() || found->second.service.text() != service.text()) return std::nullopt;
  if (found->second.pod == service.ip()) return std::nullopt;
  return found->second.pod;
}

}  // namespace spotkeeper::tools
