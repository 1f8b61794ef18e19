#include "tests/tools/web_client/translation.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <cstring>

namespace spotkeeper::tools {
namespace {

const net::SocketAddress kService = *net::SocketAddress::parse("10.96.4.2", 80);

/// One attribute, its length told and its end padded, as the kernel writes them.
std::string attribute(int type, const std::string& payload) {
  std::string out(4, '\0');
  const auto length = static_cast<std::uint16_t>(4 + payload.size());
  const auto number = static_cast<std::uint16_t>(type);
  std::memcpy(out.data(), &length, 2);
  std::memcpy(out.data() + 2, &number, 2);
  out += payload;
  out.resize((out.size() + 3) / 4 * 4, '\0');
  return out;
}
std::string nested(int type, const std::string& payload) { return attribute(type | NLA_F_NESTED, payload); }
std::string ip(const char* text) {
  return {reinterpret_cast<const char*>(net::SocketAddress::parse(text, 0)->data()) + 4, 4};
}
std::string port(std::uint16_t number) { return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)}; }
std::string tuple(int type, const char* from, const char* to, std::uint16_t from_port, std::uint16_t to_port,
                  int protocol) {
  return nested(type,
                nested(CTA_TUPLE_IP, attribute(CTA_IP_V4_SRC, ip(from)) + attribute(CTA_IP_V4_DST, ip(to))) +
                    nested(CTA_TUPLE_PROTO, attribute(CTA_PROTO_NUM, std::string(1, static_cast<char>(protocol))) +
                                                attribute(CTA_PROTO_SRC_PORT, port(from_port)) +
                                                attribute(CTA_PROTO_DST_PORT, port(to_port))));
}
std::string message(int type, const std::string& attributes) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + sizeof(nfgenmsg) + attributes.size());
  head.nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_CTNETLINK << 8U) | static_cast<unsigned>(type));
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + std::string(sizeof(nfgenmsg), '\0') +
         attributes;
}
/// A connection from 10.77.0.3 to kService that was led to `pod`.
std::string new_connection(std::uint16_t source_port, const char* pod, int protocol = IPPROTO_TCP) {
  return message(IPCTNL_MSG_CT_NEW, tuple(CTA_TUPLE_ORIG, "10.77.0.3", "10.96.4.2", source_port, 80, protocol) +
                                        tuple(CTA_TUPLE_REPLY, pod, "10.77.0.3", 8080, source_port, protocol));
}

TEST(Translation, IsTheAddressFromWhichAnswersAreAwaited) {
  const auto found = translations_in(new_connection(20'042, "10.98.1.5"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().source_port, 20'042);
  EXPECT_EQ(found.front().service.text(), kService.text());
  EXPECT_EQ(found.front().pod, "10.98.1.5");
}

TEST(Translation, IsReadFromEveryMessageOfADatagram) {
  const auto found = translations_in(new_connection(20'042, "10.98.1.5") + new_connection(20'043, "10.98.2.6"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.back().source_port, 20'043);
  EXPECT_EQ(found.back().pod, "10.98.2.6");
}

TEST(Translation, IsNoneInWhatIsNoNewTcpConnection) {
  EXPECT_TRUE(translations_in(new_connection(20'042, "10.98.1.5", IPPROTO_UDP)).empty());
  EXPECT_TRUE(translations_in(message(IPCTNL_MSG_CT_NEW, "")).empty());
  std::string deleted = new_connection(20'042, "10.98.1.5");
  deleted[4] = IPCTNL_MSG_CT_DELETE;
  EXPECT_TRUE(translations_in(deleted).empty());
}

TEST(Translation, IsNoneInAMessageThatBreaksOffAnywhere) {
  const std::string whole = new_connection(20'042, "10.98.1.5");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::string part = whole.substr(0, length);
    EXPECT_TRUE(translations_in(part).empty()) << length;
    const auto told = static_cast<std::uint32_t>(length);
    if (length < sizeof told) continue;
    std::memcpy(part.data(), &told, sizeof told);  // also where the message itself says that it is so short
    EXPECT_TRUE(translations_in(part).empty() || length > whole.size() - 4) << length;
  }
}

TEST(Translations, KnowNothingOfAConnectionThatThereWasNot) {
  Translations translations;
  translations.hear();
  EXPECT_FALSE(translations.find(1, kService));
}

}  // namespace
}  // namespace spotkeeper::tools
