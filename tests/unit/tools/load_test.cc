#include "tests/tools/web_client/load.h"

#include <gtest/gtest.h>

#include "net/stream.h"

namespace spotkeeper::tools {
namespace {

enum class Manner {
  Answers,       // and keeps the connection
  AnswersOnce,   // says so, and then breaks the connection at the next request
  ClosesAtOnce,  // without a word
  AnswersHalf,   // and closes
  IsSilent,
  NamesAnother,  // request in its answer
  Is503,
  SpeaksNoHttp,
};

std::string answer_to(const std::string& request, Manner manner) {
  const std::size_t from = request.find("X-Request-Id: ") + 14;
  const std::string id = request.substr(from, request.find("\r\n", from) - from);
  const std::string body = (manner == Manner::NamesAnother ? "another" : id) + "\n";
  const std::string status = manner == Manner::Is503 ? "503 Service Unavailable" : "200 OK";
  const std::string whole = "HTTP/1.1 " + status + "\r\nX-Request-Id: " + id + "\r\nX-Served-By: web-1\r\n" +
                            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (manner == Manner::SpeaksNoHttp) return "220 mail.example.org\r\n";
  return manner == Manner::AnswersHalf ? whole.substr(0, 30) : whole;
}

/// A server with bad manners.
class Server {
 public:
  Server(net::EventLoop& loop, Manner manner)
      : manner_(manner),
        listener_(*net::Listener::open(loop, *net::SocketAddress::parse("127.0.0.1", 0))),
        tasks_(loop) {
    tasks_.start(accept());
  }
  [[nodiscard]] const net::SocketAddress& address() const { return listener_->address(); }
  std::size_t connections = 0;

 private:
  net::Task<void> accept() {
    for (;;) {
      auto stream = co_await listener_->accept();
      if (!stream) continue;
      ++connections;
      tasks_.start(serve(std::move(*stream)));
    }
  }
  net::Task<void> serve(std::unique_ptr<net::ByteStream> stream) {
    for (int answers = 0;; ++answers) {
      auto request = co_await stream->read_some(65536);
      if (!request || request->empty() || manner_ == Manner::ClosesAtOnce) co_return;
      if (manner_ == Manner::AnswersOnce && answers == 1) co_return;
      if (manner_ == Manner::IsSilent) continue;
      const std::string bytes = answer_to(*request, manner_);
      auto written = co_await stream->write_all(bytes);
      if (!written || manner_ == Manner::AnswersHalf) co_return;
    }
  }
  Manner manner_;
  std::unique_ptr<net::Listener> listener_;
  net::TaskGroup tasks_;
};

struct LoadTest : testing::Test {
  /// What became of `requests` requests, one after the other.
  const StreamReport& load(Manner manner, Style style, int requests = 4, Duration deadline = 30s) {
    server = std::make_unique<Server>(loop, manner);
    return send_to(server->address(), style, requests, deadline);
  }
  const StreamReport& send_to(const net::SocketAddress& address, Style style, int requests, Duration deadline = 30s) {
    const Target target{
        .name = "t", .authority = "test", .address = address, .rate = 1, .deadline = deadline, .kept = 1};
    stream = std::make_unique<LoadStream>(loop, run, target, style);
    for (int i = 0; i < requests; ++i) {
      run.start = loop.steady();
      loop.run_until(stream->send(0s, 1ms));
      loop.run_until(stream->finish());
    }
    EXPECT_EQ(stream->report().sent(), static_cast<std::uint64_t>(requests));
    EXPECT_EQ(stream->report().answered() + stream->report().lost(), stream->report().sent());
    return stream->report();
  }
  net::EventLoop loop;
  RunState run{"r", {}, PortWalk({30'000, 39'999}, static_cast<std::uint16_t>(30'000 + ::getpid() % 9'000)), {}, {}};
  std::unique_ptr<Server> server;
  std::unique_ptr<LoadStream> stream;
};

TEST_F(LoadTest, SendsEachRequestWhenItIsDueWhateverBecameOfThoseBefore) {
  server = std::make_unique<Server>(loop, Manner::IsSilent);
  const Target target{
      .name = "t", .authority = "test", .address = server->address(), .rate = 200, .deadline = 100ms, .kept = 1};
  run.start = loop.steady();
  LoadStream all(loop, run, target, Style::Kept);
  loop.run_until(all.send(0s, 20ms));
  loop.run_until(all.finish());
  EXPECT_EQ(all.report().sent(), 4U);
  EXPECT_EQ(all.report().lost(), 4U);
}

TEST_F(LoadTest, OpensAConnectionForEachRequestOfTheNewStyle) {
  EXPECT_EQ(load(Manner::Answers, Style::New).answered(), 4U);
  EXPECT_EQ(server->connections, 4U);
  EXPECT_GE(run.ports.taken(), 4U) << "each from a source port of its own";
}

TEST_F(LoadTest, PassesOverAPortFromWhichAConnectionToTheServerStillLeads) {
  server = std::make_unique<Server>(loop, Manner::Answers);
  Errno error = 0;
  const auto kept = Connection::open(loop, AF_INET, run.ports.next(), error);
  ASSERT_NE(kept, nullptr);
  ASSERT_EQ(loop.run_until(kept->connect(server->address())), 0);
  EXPECT_EQ(send_to(server->address(), Style::New, 1).answered(), 1U);
  EXPECT_GE(run.ports.taken(), 2U) << "others on this machine may have the next";
}

TEST_F(LoadTest, KeepsItsConnectionInTheKeptStyle) {
  EXPECT_EQ(load(Manner::Answers, Style::Kept).answered(), 4U);
  EXPECT_EQ(server->connections, 1U);
}

TEST_F(LoadTest, CountsAConnectionThatBreaksAtItsSecondRequestAsReused) {
  const StreamReport& report = load(Manner::AnswersOnce, Style::Kept);
  EXPECT_EQ(report.count(Outcome::Answered), 2U);
  EXPECT_EQ(report.count(Outcome::ResetReused), 2U);
  ASSERT_FALSE(report.losses().empty());
  EXPECT_EQ(report.losses().front().served_by, "web-1");
  EXPECT_EQ(report.losses().front().answers_before, 1U);
}

TEST_F(LoadTest, CountsAConnectionThatBreaksAtItsFirstRequestAsFresh) {
  EXPECT_EQ(load(Manner::ClosesAtOnce, Style::Kept).count(Outcome::ResetFresh), 4U);
  EXPECT_EQ(load(Manner::ClosesAtOnce, Style::New).count(Outcome::ResetFresh), 4U);
}

TEST_F(LoadTest, CountsHalfAnAnswerAsCut) { EXPECT_EQ(load(Manner::AnswersHalf, Style::New).count(Outcome::Cut), 4U); }

TEST_F(LoadTest, CountsSilenceAsLate) {
  const StreamReport& report = load(Manner::IsSilent, Style::New, 1, 500ms);
  EXPECT_EQ(report.count(Outcome::Late), 1U);
  ASSERT_FALSE(report.losses().empty());
  EXPECT_GE(report.losses().front().after, 500ms);
}

TEST_F(LoadTest, CountsAnAnswerToAnotherRequestAsWrong) {
  EXPECT_EQ(load(Manner::NamesAnother, Style::New).count(Outcome::Wrong), 4U);
  EXPECT_EQ(load(Manner::SpeaksNoHttp, Style::New).count(Outcome::Wrong), 4U);
}

TEST_F(LoadTest, CountsABalancersExcuseAs5xx) {
  EXPECT_EQ(load(Manner::Is503, Style::Kept).count(Outcome::ServerError), 4U);
}

TEST_F(LoadTest, CountsARefusedConnection) {
  net::SocketAddress nobody;
  {
    const auto listener = net::Listener::open(loop, *net::SocketAddress::parse("127.0.0.1", 0));
    ASSERT_TRUE(listener);
    nobody = (*listener)->address();
  }
  const StreamReport& report = send_to(nobody, Style::New, 2);
  EXPECT_EQ(report.count(Outcome::Refused), 2U);
  ASSERT_FALSE(report.losses().empty());
  EXPECT_EQ(report.losses().front().error, "Connection refused");
  EXPECT_TRUE(report.losses().front().served_by.empty());
}

TEST_F(LoadTest, CountsARequestWithoutASourcePortAgainstNobody) {
  run.ports = PortWalk({30'000, 30'000}, 0);
  ASSERT_TRUE(run.ports.take(loop.steady()));
  server = std::make_unique<Server>(loop, Manner::Answers);
  const Target target{.name = "t", .authority = "test", .address = server->address(), .rate = 200, .deadline = 300ms};
  run.start = loop.steady();
  LoadStream unsent(loop, run, target, Style::New);
  loop.run_until(unsent.send(0s, 5ms));
  loop.run_until(unsent.finish());
  EXPECT_EQ(unsent.report().count(Outcome::Unsent), 1U);
  EXPECT_EQ(unsent.report().sent(), 0U);
  EXPECT_EQ(unsent.report().lost(), 0U);
}

TEST_F(LoadTest, ReckonsFromWhenARequestWasDue) {
  server = std::make_unique<Server>(loop, Manner::Answers);
  const Target target{.name = "t", .authority = "test", .address = server->address(), .rate = 200, .deadline = 300ms};
  run.start = loop.steady() - 1s;  // this program was held up for a second
  LoadStream late(loop, run, target, Style::New);
  loop.run_until(late.send(0s, 5ms));
  loop.run_until(late.finish());
  EXPECT_EQ(late.report().answered(), 0U);
  EXPECT_EQ(late.report().lost(), 1U);
  EXPECT_GE(run.worst_start_lag, 1s);
}

}  // namespace
}  // namespace spotkeeper::tools
