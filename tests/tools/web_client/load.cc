#include "tests/tools/web_client/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "net/http_parser.h"

namespace spotkeeper::tools {
namespace {

constexpr int kPortTries = 16;  // others may sit on some ports of our range

std::string words_of(const Ending& ending) {
  switch (ending.why) {
    case Ending::Why::Complete: return fmt::format("status {}{}", ending.status, ending.own_id ? "" : ", not its id");
    case Ending::Why::Closed: return "closed by the peer";
    case Ending::Why::Error: return std::generic_category().message(ending.error);
    case Ending::Why::Deadline: return "the deadline has passed";
    case Ending::Why::Garbled: return "not HTTP";
  }
  return {};
}

}  // namespace

net::Task<void> LoadStream::send(Duration first, Duration end) {
  const double period = 1e9 / target_.rate;
  for (std::uint64_t number = 0;; ++number) {
    const Duration at = first + Duration(static_cast<Duration::rep>(static_cast<double>(number) * period));
    if (at >= end) co_return;
    const Steady due = run_.start + at;
    if (loop_.steady() < due) co_await net::sleep_until(loop_, due);
    report_.sent(at);
    requests_.start(request(number, due));
  }
}

net::Task<void> LoadStream::request(std::uint64_t number, Steady due) {
  run_.worst_start_lag = std::max(run_.worst_start_lag, loop_.steady() - due);
  Attempt attempt;
  attempt.id = fmt::format("{}-{}-{}-{}", run_.name, target_.name, name_of(style_), number);
  ++busy_;
  auto ended = co_await net::with_timeout(loop_, due + target_.deadline - loop_.steady(), exchange(attempt));
  --busy_;
  Ending ending;
  if (ended) ending = *ended;
  if (!ended || loop_.steady() > due + target_.deadline) {
    ending.stage = attempt.stage;
    ending.why = Ending::Why::Deadline;
    ending.reused = attempt.answers_before > 0;
  }
  const Outcome outcome = classify(ending);
  std::string pod_address_of_loss;
  if (is_loss(outcome)) pod_address_of_loss = pod_address(attempt);
  if (attempt.keep) keep(attempt);
  report_.ended({.id = std::move(attempt.id),
                 .due = due - run_.start,
                 .after = loop_.steady() - due,
                 .outcome = outcome,
                 .served_by = std::move(attempt.served_by),
                 .pod_address = std::move(pod_address_of_loss),
                 .source_port = attempt.source_port,
                 .answers_before = attempt.answers_before,
                 .error = words_of(ending)});
}

std::unique_ptr<Connection> LoadStream::reuse() {
  // `busy_` counts the caller, too.
  if (style_ == Style::New || idle_.size() + busy_ <= target_.kept) return nullptr;
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.front());
    idle_.pop_front();
    if (!connection->stale()) return connection;
  }
  return nullptr;
}

void LoadStream::keep(Attempt& attempt) {
  if (style_ == Style::Kept && idle_.size() < target_.kept) idle_.push_back(std::move(attempt.connection));
}

std::string LoadStream::pod_address(const Attempt& attempt) const {
  run_.translations.hear();
  return run_.translations.find(attempt.source_port, target_.address).value_or("");
}

net::Task<Errno> LoadStream::connect(Attempt& attempt) {
  Errno error = 0;
  for (int i = 0; i < kPortTries; ++i) {
    const auto port = run_.ports.take(loop_.steady());
    if (!port) co_return EADDRNOTAVAIL;
    attempt.source_port = *port;
    attempt.connection = Connection::open(loop_, target_.address.family(), *port, error);
    if (attempt.connection) {
      run_.translations.hear();
      error = co_await attempt.connection->connect(target_.address);
    }
    // The port is somebody else's, or a connection that is kept for long still leads from it to the same server.
    if (error != EADDRINUSE && error != EADDRNOTAVAIL) break;
  }
  if (attempt.connection) report_.opened_connection();
  co_return error;
}

std::string LoadStream::bytes_of(const Attempt& attempt) const {
  std::string bytes =
      fmt::format("GET /work HTTP/1.1\r\nHost: {}\r\nX-Request-Id: {}\r\n", target_.authority, attempt.id);
  if (target_.takes > Duration::zero()) bytes += fmt::format("X-Takes: {}\r\n", format_duration(target_.takes));
  if (style_ == Style::New) bytes += "Connection: close\r\n";
  return bytes + "\r\n";
}

net::Task<Result<Ending>> LoadStream::exchange(Attempt& attempt) {
  attempt.connection = reuse();
  if (attempt.connection) {
    attempt.answers_before = attempt.connection->answers;
    attempt.served_by = attempt.connection->served_by;
    attempt.source_port = attempt.connection->source_port();
  } else {
    const Errno error = co_await connect(attempt);
    if (error != 0) co_return Ending{.why = Ending::Why::Error, .error = error};
  }
  attempt.stage = Ending::Stage::Waiting;
  const std::string bytes = bytes_of(attempt);
  const Errno error = co_await attempt.connection->send(bytes);
  Ending ending{.stage = attempt.stage, .why = Ending::Why::Error, .error = error};
  if (error == 0) ending = co_await read_answer(attempt);
  ending.reused = attempt.answers_before > 0;
  co_return ending;
}

net::Task<Ending> LoadStream::read_answer(Attempt& attempt) {
  net::HttpParser parser = net::HttpParser::response("GET", {});
  while (!parser.done()) {
    const Received received = co_await attempt.connection->receive();
    Ending broken{.stage = attempt.stage, .why = Ending::Why::Error, .error = received.error};
    if (received.error != 0) co_return broken;
    if (received.bytes.empty()) {
      broken.why = Ending::Why::Closed;
      const bool whole = parser.started() && parser.feed_end().has_value() && parser.done();
      if (!whole) co_return broken;
      break;
    }
    attempt.stage = Ending::Stage::Receiving;
    broken.why = Ending::Why::Garbled;
    if (!parser.feed(received.bytes)) co_return broken;
  }
  const net::HttpHead head = parser.take_head();
  const auto id = head.headers.find("X-Request-Id");
  const bool own_id = id && *id == attempt.id && parser.take_body() == attempt.id + "\n";
  if (const auto pod = head.headers.find("X-Served-By")) attempt.served_by = *pod;
  ++attempt.connection->answers;
  attempt.connection->served_by = attempt.served_by;
  attempt.keep = head.keep_alive && parser.take_rest().empty();
  co_return Ending{.stage = attempt.stage, .why = Ending::Why::Complete, .status = head.status, .own_id = own_id};
}

}  // namespace spotkeeper::tools
