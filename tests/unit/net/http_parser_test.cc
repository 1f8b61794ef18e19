#include "net/http_parser.h"

#include <gtest/gtest.h>

#include "net/cut_short.h"
#include "net/http_date.h"

namespace spotkeeper::net {
namespace {

struct Read {
  int status = 0;
  std::string body;
  std::string rest;
};

/// Fed in pieces of `piece` bytes.
Result<Read> read_in_pieces(std::string_view bytes, std::size_t piece) {
  HttpParser parser = HttpParser::response("GET", {});
  for (std::size_t at = 0; at < bytes.size(); at += piece) SK_CHECK(parser.feed(bytes.substr(at, piece)));
  if (!parser.done()) SK_CHECK(parser.feed_end());
  return Read{parser.head().status, parser.take_body(), parser.take_rest()};
}

TEST(HttpParser, ReadsTheSameMessageHoweverItIsCut) {
  const std::string message =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nT: "
      "u\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    const auto read = read_in_pieces(message, piece);
    ASSERT_TRUE(read) << piece << ": " << read.error().message;
    EXPECT_EQ(read->status, 200);
    EXPECT_EQ(read->body, "abc0123456789");
    EXPECT_EQ(read->rest, "rest") << piece;
  }
}

TEST(HttpParser, ReadsAnEmptyBodyInChunksHoweverItIsCut) {
  const std::string message = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    const auto read = read_in_pieces(message, piece);
    ASSERT_TRUE(read) << piece << ": " << read.error().message;
    EXPECT_EQ(read->body, "");
    EXPECT_EQ(read->rest, "rest") << piece;
  }
}

TEST(HttpParser, TellsAMessageThatIsCutFromOneThatNeverCame) {
  const auto cut = read_in_pieces("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", 100);
  ASSERT_FALSE(cut);
  EXPECT_TRUE(is_cut_short(cut.error()));
  EXPECT_TRUE(is_cut_short(cut.error().within("GET /")));
  const auto none = read_in_pieces("", 100);
  ASSERT_FALSE(none);
  EXPECT_FALSE(is_cut_short(none.error()));
}

TEST(HttpParser, KnowsWhenNoBodyFollows) {
  for (const char* message :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    HttpParser parser = HttpParser::response("GET", {});
    ASSERT_TRUE(parser.feed(message));
    EXPECT_TRUE(parser.done()) << message;
  }
  HttpParser head = HttpParser::response("HEAD", {});
  ASSERT_TRUE(head.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(head.done());
}

TEST(HttpParser, KnowsWhetherTheConnectionCanBeKept) {
  const auto kept = [](std::string_view message) {
    HttpParser parser = HttpParser::response("GET", {});
    EXPECT_TRUE(parser.feed(message));
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(kept("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\n\r\n"));
}

TEST(HttpParser, BoundsALineThatNeverEnds) {
  HttpParser parser = HttpParser::response("GET", {});
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"));
  Result<void> fed;
  for (int i = 0; i < 100 && fed; ++i) fed = parser.feed(std::string(1000, 'x'));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, ErrorCode::InvalidInput);
}

TEST(HttpParser, RefusesAChunkSizeThatIsNone) {
  for (const char* size : {"x", "-1", "", "11111111111111111"}) {
    HttpParser parser = HttpParser::response("GET", {});
    const auto fed =
        parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) + "\r\nabc\r\n");
    EXPECT_FALSE(fed) << size;
  }
}

TEST(HttpDate, IsWrittenAndReadBack) {
  const Instant t = *parse_rfc3339("2026-11-22T06:01:04Z");
  EXPECT_EQ(format_http_date(t), "Sun, 22 Nov 2026 06:01:04 GMT");
  EXPECT_EQ(format_http_date(t + 999ms), "Sun, 22 Nov 2026 06:01:04 GMT");
  EXPECT_EQ(parse_http_date("Sun, 22 Nov 2026 06:01:04 GMT"), t);
  EXPECT_EQ(format_http_date(*parse_rfc3339("1969-12-31T23:59:59Z")), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text :
       {"", "Sun, 22 Nov 2026 06:01:04", "Sunday, 22-Nov-26 06:01:04 GMT", "Sun Nov 22 06:01:04 2026",
        "Sun, 31 Feb 2026 06:01:04 GMT", "Sun, 22 nov 2026 06:01:04 GMT", "Sun, 22 Nov 2026 6:01:04 GMT",
        "Sun, 22 Nov 2026 25:01:04 GMT", "Sun, -2 Nov 2026 06:01:04 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace spotkeeper::net
