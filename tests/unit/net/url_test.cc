#include "net/url.h"

#include <gtest/gtest.h>

namespace spotkeeper::net {
namespace {

TEST(Url, ReadsEveryPart) {
  const auto url = parse_url("https://me:p%40ss@Example.COM:6443/api/v1?watch=1&x=%20#here");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->origin, (Origin{"https", "example.com", 6443}));
  EXPECT_EQ(url->user, "me");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->path, "/api/v1");
  EXPECT_EQ(url->query, "watch=1&x=%20");
  EXPECT_EQ(url->target(), "/api/v1?watch=1&x=%20");
}

TEST(Url, HasThePortOfItsScheme) {
  EXPECT_EQ(parse_url("http://a")->origin.port, 80);
  EXPECT_EQ(parse_url("https://a:")->origin.port, 443);
  EXPECT_EQ(parse_url("http://a")->target(), "/");
  EXPECT_EQ(parse_url("http://a?b")->target(), "/?b");
}

TEST(Url, ReadsIpv6HostsInBrackets) {
  const auto url = parse_url("https://[0:0::1]:6443");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->origin.host, "::1");
  EXPECT_EQ(url->origin.text(), "https://[::1]:6443");
  EXPECT_EQ((Origin{"http", "::1", 80}).authority(), "[::1]");
  EXPECT_EQ((Origin{"http", "::1", 80}).host_and_port(), "[::1]:80");
}

TEST(Url, RefusesWhatIsNotOne) {
  for (const char* text : {"", "a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536", "http://a:8x",
                           "http://a b", "http://a/\r\nX: y", "http://[1.2.3.4]", "http://[::1", "http://a/%zz",
                           "http://a/%4", "http://\xc3\xa4", "http://a_b!"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::InvalidInput) << text;
  }
}

TEST(PercentEncoding, EncodesAllButUnreservedCharactersAndReadsItselfBack) {
  EXPECT_EQ(percent_encode("a/b c+d~é"), "a%2Fb%20c%2Bd~%C3%A9");
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
  EXPECT_EQ(percent_decode("%2f+"), "/+");
}

}  // namespace
}  // namespace spotkeeper::net
