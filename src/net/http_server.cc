#include "net/http_server.h"

#include <list>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "net/http_date.h"
#include "net/http_writer.h"
#include "net/signal.h"
#include "net/stream.h"
#include "net/task_group.h"

namespace spotkeeper::net {
namespace {

constexpr std::size_t kReadSize = 65536;
constexpr std::size_t kReadAhead = std::size_t{64} * 1024;     // of later requests, while one is answered
constexpr std::size_t kJoinedWrite = std::size_t{256} * 1024;  // up to here head and body leave in one write
constexpr std::size_t kDrained = std::size_t{1024} * 1024;     // of a refused request, before its connection is closed
constexpr Duration kDrainLimit = 2s;
constexpr Duration kAcceptPause = 100ms;  // after an error such as "too many open files"

class Connection;

}  // namespace

struct HttpServer::Impl {
  Impl(EventLoop& l, HttpHandler h, HttpServerOptions o)
      : loop(l), handler(std::move(h)), options(std::move(o)), ended(l), accepting(l) {}

  Task<void> accept_all();
  Task<Result<void>> all_ended();
  void drop(std::list<Connection>::iterator connection);

  EventLoop& loop;
  HttpHandler handler;
  HttpServerOptions options;
  std::optional<TlsContext> tls;
  std::unique_ptr<Listener> listener;
  SocketAddress address;
  bool closing = false;  // each connection after its next answer
  bool stopping = false;
  Signal ended;  // a connection
  std::list<Connection> connections;
  TaskGroup accepting;
};

namespace {

// Writes the answer to one request.
class Writer final : public ResponseWriter {
 public:
  Writer(HttpServer::Impl& server, ByteStream& stream, const HttpHead& request)
      : server_(server),
        stream_(stream),
        without_body_(request.method == "HEAD"),
        http_1_0_(request.http_1_0),
        keep_alive_(request.keep_alive) {}

  Task<Result<void>> send(HttpResponse response) override {
    if (state_ != State::Nothing) co_return fail(ErrorCode::Internal, "the request is answered already");
    state_ = State::Done;
    const bool bodiless = response.status == 204 || response.status == 304;
    const std::string length = bodiless ? "" : "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    auto head = head_of(response.status, response.headers, length);
    if (!head) co_return refuse(std::move(head).error());
    std::string bytes = std::move(*head);
    if (bodiless || without_body_) response.body.clear();
    const bool joined = response.body.size() <= kJoinedWrite;
    if (joined) bytes += response.body;
    auto written = co_await put(bytes);
    if (written && !joined) written = co_await put(response.body);
    co_return std::move(written);
  }

  Task<Result<void>> start(int status, HttpHeaders headers) override {
    if (state_ != State::Nothing) co_return fail(ErrorCode::Internal, "the request is answered already");
    state_ = State::Streaming;
    if (http_1_0_) keep_alive_ = false;
    auto head = head_of(status, headers, http_1_0_ ? "" : "Transfer-Encoding: chunked\r\n");
    if (!head) co_return refuse(std::move(head).error());
    const std::string bytes = std::move(*head);
    auto written = co_await put(bytes);
    co_return std::move(written);
  }

  Task<Result<void>> write(std::string_view bytes) override {
    if (state_ != State::Streaming) co_return fail(ErrorCode::Internal, "no answer is being streamed");
    if (bytes.empty() || without_body_) co_return Result<void>{};  // an empty chunk would be the end
    std::string chunk;
    if (!http_1_0_) chunk = chunk_of(bytes);
    auto written = co_await put(http_1_0_ ? bytes : std::string_view(chunk));
    co_return std::move(written);
  }

  Task<Result<void>> finish() override {
    if (state_ != State::Streaming) co_return fail(ErrorCode::Internal, "no answer is being streamed");
    state_ = State::Done;
    if (http_1_0_ || without_body_) co_return Result<void>{};
    auto written = co_await put("0\r\n\r\n");
    co_return std::move(written);
  }

  void abort() override { broken_ = true; }
  bool peer_gone() const override { return peer_gone_; }

  void set_peer_gone() { peer_gone_ = true; }
  [[nodiscard]] bool untouched() const { return state_ == State::Nothing; }
  [[nodiscard]] bool streaming() const { return state_ == State::Streaming; }
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_ && !broken_; }

 private:
  enum class State { Nothing, Streaming, Done };

  Result<std::string> head_of(int status, const HttpHeaders& headers, std::string_view framing) {
    if (status < 200 || status > 999) return fail(ErrorCode::Internal, "not a status: " + std::to_string(status));
    if (server_.stopping || server_.closing) keep_alive_ = false;
    std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
    head.append(reason_of(status)).append("\r\n");
    SK_CHECK(append_fields(head, headers));
    if (!headers.find("Date")) head += "Date: " + format_http_date(server_.loop.now()) + "\r\n";
    head += framing;
    if (!keep_alive_) head += "Connection: close\r\n";
    if (keep_alive_ && http_1_0_) head += "Connection: keep-alive\r\n";
    head += "\r\n";
    return head;
  }

  static std::string chunk_of(std::string_view bytes) {
    std::string digits;
    for (std::size_t left = bytes.size(); left > 0; left >>= 4U) digits.insert(0, 1, "0123456789abcdef"[left & 15U]);
    return digits + "\r\n" + std::string(bytes) + "\r\n";
  }

  // A handler's head that can't be written: the request has got no answer yet.
  tl::unexpected<Error> refuse(Error error) {
    state_ = State::Nothing;
    return fail(std::move(error).within("answering"));
  }

  Task<Result<void>> put(std::string_view bytes) {
    if (broken_) co_return fail(ErrorCode::Unavailable, "the peer is gone");
    auto written = co_await with_timeout(server_.loop, server_.options.write_limit, stream_.write_all(bytes));
    if (!written) broken_ = true;
    co_return std::move(written);
  }

  HttpServer::Impl& server_;
  ByteStream& stream_;
  bool without_body_;
  bool http_1_0_;
  bool keep_alive_;
  State state_ = State::Nothing;
  bool peer_gone_ = false;
  bool broken_ = false;
};

class Connection {
 public:
  Connection(HttpServer::Impl& server, std::unique_ptr<ByteStream> stream)
      : server_(server), loop_(server.loop), stream_(std::move(stream)), tasks_(server.loop) {}

  void start(std::list<Connection>::iterator self) { tasks_.start(serve(self)); }
  /// Between two requests.
  [[nodiscard]] bool idle() const { return idle_; }

 private:
  Task<void> serve(std::list<Connection>::iterator self) {
    auto ready = co_await secure();
    if (ready) co_await answer_requests();
    // From the queue, because this coroutine is part of what goes.
    gone_ = ScopedCall(loop_, loop_.post([&server = server_, self] { server.drop(self); }));
  }

  Task<Result<void>> secure() {
    if (!server_.tls) co_return Result<void>{};
    auto handshake =
        co_await with_timeout(loop_, server_.options.head_limit, tls_accept(loop_, *server_.tls, std::move(stream_)));
    if (!handshake) {
      log::debug("TLS handshake failed", {{"why", handshake.error().message}});
      co_return fail(std::move(handshake).error());
    }
    client_ = (*handshake)->peer_subject();
    stream_ = std::move(*handshake);
    co_return Result<void>{};
  }

  Task<void> answer_requests() {
    bool again = true;
    while (again && !server_.stopping) {
      idle_ = true;
      const bool came = co_await wait_for_request();
      idle_ = false;
      if (!came) co_return;
      HttpParser parser = HttpParser::request(server_.options.limits);
      auto read = co_await read_request(parser);
      if (!read) {
        co_await refuse(parser, std::move(read).error());
        co_return;
      }
      again = co_await answer(parser);
    }
  }

  Task<bool> wait_for_request() {
    if (!rest_.empty()) co_return true;
    auto bytes = co_await with_timeout(loop_, server_.options.idle_limit, stream_->read_some(kReadSize));
    if (!bytes || bytes->empty()) co_return false;
    rest_ = std::move(*bytes);
    co_return true;
  }

  // ---- Reading

  Task<Result<void>> read_request(HttpParser& parser) {
    auto head = co_await with_timeout(loop_, server_.options.head_limit, read_head(parser));
    SK_CO_CHECK(std::move(head));
    if (!parser.head().http_1_0 && !parser.head().headers.find("Host")) {
      co_return fail(ErrorCode::InvalidInput, "it names no Host");
    }
    auto welcomed = co_await welcome_body(parser);
    SK_CO_CHECK(std::move(welcomed));
    while (!parser.done()) {
      auto bytes = co_await with_timeout(loop_, server_.options.read_limit, stream_->read_some(kReadSize));
      SK_CO_TRY(const std::string more, std::move(bytes));
      SK_CO_CHECK(more.empty() ? parser.feed_end() : parser.feed(more));
    }
    rest_ = parser.take_rest();
    co_return Result<void>{};
  }

  Task<Result<void>> read_head(HttpParser& parser) {
    const std::string first = std::exchange(rest_, {});
    SK_CO_CHECK(parser.feed(first));
    while (!parser.head_done()) {
      auto bytes = co_await stream_->read_some(kReadSize);
      SK_CO_TRY(const std::string more, std::move(bytes));
      SK_CO_CHECK(more.empty() ? parser.feed_end() : parser.feed(more));
    }
    co_return Result<void>{};
  }

  // A client that said `Expect: 100-continue` waits for a word before it sends its body.
  Task<Result<void>> welcome_body(const HttpParser& parser) {
    const auto expected = parser.head().headers.find("Expect");
    if (!expected || parser.done() || parser.head().http_1_0) co_return Result<void>{};
    if (!equal_ignoring_case(*expected, "100-continue")) co_return Result<void>{};
    auto written =
        co_await with_timeout(loop_, server_.options.write_limit, stream_->write_all("HTTP/1.1 100 Continue\r\n\r\n"));
    co_return std::move(written);
  }

  // Says what was wrong, and takes in what the peer still sends: closing with unread bytes would make the kernel send a
  // reset, which can overtake the answer.
  Task<void> refuse(const HttpParser& parser, Error error) {
    const bool late = error.code == ErrorCode::Timeout && parser.started();
    if (error.code != ErrorCode::InvalidInput && !late) co_return;
    HttpHead head = parser.head();
    head.keep_alive = false;
    Writer writer(server_, *stream_, head);
    HttpResponse response;
    response.status = late ? 408 : parser.refusal();
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = error.message + "\n";
    auto sent = co_await writer.send(std::move(response));
    if (!sent) co_return;
    auto drained = co_await with_timeout(loop_, kDrainLimit, drain());
    if (!drained) co_return;
  }

  Task<Result<void>> drain() {
    auto ended = co_await stream_->shutdown();
    SK_CO_CHECK(std::move(ended));
    for (std::size_t total = 0; total < kDrained;) {
      auto bytes = co_await stream_->read_some(kReadSize);
      SK_CO_TRY(const std::string more, std::move(bytes));
      if (more.empty()) break;
      total += more.size();
    }
    co_return Result<void>{};
  }

  // ---- Answering

  // True if the connection can carry another request.
  Task<bool> answer(HttpParser& parser) {
    const HttpHead head = parser.take_head();
    const ServerRequest request{head.method, head.target, head.headers, parser.take_body(), stream_->peer(), client_};
    Writer writer(server_, *stream_, head);
    co_await run_handler(request, writer);
    if (writer.untouched() && !writer.broken()) {
      HttpResponse response;
      response.status = 500;
      auto sent = co_await writer.send(std::move(response));
      co_return sent.has_value() && writer.keep_alive();
    }
    if (writer.streaming() && !writer.broken() && !writer.peer_gone()) {
      auto finished = co_await writer.finish();
      if (!finished) co_return false;
    }
    if (!writer.keep_alive() && !writer.broken() && !writer.peer_gone()) {
      auto ended = co_await with_timeout(loop_, kDrainLimit, stream_->shutdown());
      if (!ended) co_return false;
    }
    co_return writer.keep_alive() && !writer.peer_gone();
  }

  // The handler beside a look-out for the peer's end. A streaming handler whose peer has gone is destroyed.
  Task<void> run_handler(const ServerRequest& request, Writer& writer) {
    Signal changed(loop_);
    bool done = false;
    TaskGroup tasks(loop_);
    tasks.start(call_handler(request, writer, done, changed));
    tasks.start(watch_peer(writer, done, changed));
    while (!done && !(writer.peer_gone() && writer.streaming())) co_await changed.wait();
  }

  Task<void> call_handler(const ServerRequest& request, Writer& writer, bool& done, Signal& changed) {
    co_await server_.handler(request, writer);
    done = true;
    changed.notify();
  }

  Task<void> watch_peer(Writer& writer, const bool& done, Signal& changed) {
    while (!done && rest_.size() < kReadAhead) {
      auto bytes = co_await stream_->read_some(kReadSize);
      if (!bytes || bytes->empty()) {
        writer.set_peer_gone();
        changed.notify();
        co_return;
      }
      rest_ += *bytes;
    }
  }

  HttpServer::Impl& server_;
  EventLoop& loop_;
  std::unique_ptr<ByteStream> stream_;
  std::optional<TlsStream::PeerSubject> client_;
  std::string rest_;  // bytes that came after the last request
  bool idle_ = true;
  ScopedCall gone_;
  TaskGroup tasks_;  // last: its coroutines use everything above
};

}  // namespace

Task<void> HttpServer::Impl::accept_all() {
  for (;;) {
    while (connections.size() >= options.max_connections) co_await ended.wait();
    auto stream = co_await listener->accept();
    if (!stream) {
      log::warn("no connection could be accepted", {{"why", stream.error().message}});
      co_await sleep_for(loop, kAcceptPause);
      continue;
    }
    connections.emplace_back(*this, std::move(*stream));
    const auto last = std::prev(connections.end());
    last->start(last);
  }
}

void HttpServer::Impl::drop(std::list<Connection>::iterator connection) {
  connections.erase(connection);
  ended.notify();
}

Task<Result<void>> HttpServer::Impl::all_ended() {
  while (!connections.empty()) co_await ended.wait();
  co_return Result<void>{};
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(EventLoop& loop, const SocketAddress& address,
                                                       HttpHandler handler, HttpServerOptions options) {
  auto impl = std::make_unique<Impl>(loop, std::move(handler), std::move(options));
  if (impl->options.tls) {
    SK_TRY(impl->tls, TlsContext::server(*impl->options.tls));
  }
  SK_TRY(impl->listener, Listener::open(loop, address));
  impl->address = impl->listener->address();
  impl->accepting.start(impl->accept_all());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const SocketAddress& HttpServer::address() const { return impl_->address; }
std::size_t HttpServer::connections() const { return impl_->connections.size(); }

Result<void> HttpServer::replace_tls(const TlsServerConfig& tls) {
  SK_TRY(impl_->tls, TlsContext::server(tls));
  return {};
}

void HttpServer::close_after_answers() { impl_->closing = true; }

Task<void> HttpServer::stop(Duration limit) {
  Impl& server = *impl_;
  server.stopping = true;
  server.accepting.cancel_all();
  server.listener.reset();
  std::erase_if(server.connections, [](const Connection& connection) { return connection.idle(); });
  auto ended = co_await with_timeout(server.loop, limit, server.all_ended());
  if (!ended) server.connections.clear();
}

}  // namespace spotkeeper::net
