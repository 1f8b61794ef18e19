#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <list>
#include <utility>

#include "base/text.h"
#include "net/http_writer.h"
#include "net/signal.h"
#include "net/task_group.h"

namespace spotkeeper::net {
namespace {

constexpr std::size_t kReadSize = 65536;
constexpr std::size_t kJoinedWrite = std::size_t{256} * 1024;  // up to here head and body leave in one write
constexpr int kInterimAnswers = 16;                            // 1xx answers before the real one

struct Lease;

// The connections to one origin. Shared by the client and whatever is under way, so that either may end first.
struct Pool : std::enable_shared_from_this<Pool> {
  Pool(EventLoop& l, Origin o, HttpClientOptions opts) : loop(l), origin(std::move(o)), options(std::move(opts)) {}

  struct Idle {
    std::unique_ptr<ByteStream> stream;
    Steady since;
  };

  // One who waits for a connection; called in the order of coming.
  struct Turn {
    explicit Turn(Pool& p) : pool(p), called(p.loop) { pool.turns.push_back(this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      pool.turns.remove(this);
      pool.call_next();
    }
    [[nodiscard]] bool mine() const { return pool.turns.front() == this && pool.room(); }
    Pool& pool;
    Signal called;
  };

  [[nodiscard]] bool room() const { return in_use < options.max_connections; }
  void call_next() {
    if (room() && !turns.empty()) turns.front()->called.notify();
  }

  // The youngest idle connection that is still good.
  std::unique_ptr<ByteStream> take_idle() {
    while (!idle.empty()) {
      Idle last = std::move(idle.back());
      idle.pop_back();
      if (last.since + options.idle_expiry > loop.steady() && !last.stream->stale()) return std::move(last.stream);
    }
    return nullptr;
  }

  void put_idle(std::unique_ptr<ByteStream> stream) {
    idle.push_back({std::move(stream), loop.steady()});
    if (idle.size() > options.max_idle) idle.pop_front();
    if (idle.size() == 1) expire_later();
  }

  void expire_later() {
    expiry = ScopedCall(loop, loop.call_at(idle.front().since + options.idle_expiry, [this] {
      while (!idle.empty() && idle.front().since + options.idle_expiry <= loop.steady()) idle.pop_front();
      if (!idle.empty()) expire_later();
    }));
  }

  Result<TlsContext> tls_context() {
    if (!tls) {
      SK_TRY(tls, TlsContext::client(options.tls));
    }
    return *tls;
  }

  EventLoop& loop;
  Origin origin;
  HttpClientOptions options;
  std::optional<TlsContext> tls;  // made for the first connection
  std::uint64_t generation = 0;   // of options.tls
  std::deque<Idle> idle;          // oldest first
  std::size_t in_use = 0;
  std::list<Turn*> turns;
  ScopedCall expiry;
};

// One connection in use.
struct Lease {
  explicit Lease(std::shared_ptr<Pool> p) : pool(std::move(p)), generation(pool->generation) { ++pool->in_use; }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    stream.reset();
    --pool->in_use;
    pool->call_next();
  }
  void keep_for_later() {
    if (generation == pool->generation) pool->put_idle(std::move(stream));
  }

  std::shared_ptr<Pool> pool;
  std::uint64_t generation;
  std::unique_ptr<ByteStream> stream;
  bool reused = false;
};

// A request that was sent, and what came of its answer.
struct Exchange {
  Exchange(std::unique_ptr<Lease> l, HttpParser p) : lease(std::move(l)), parser(std::move(p)) {}

  // Once the answer is complete: the connection goes back, or is closed.
  void finish(bool peer_ended) {
    if (!parser.head().keep_alive || parser.head().status == 101 || peer_ended) reusable = false;
    if (reusable && parser.take_rest().empty()) lease->keep_for_later();
    lease.reset();
  }

  std::unique_ptr<Lease> lease;
  HttpParser parser;
  bool reusable = true;
};

std::string proxy_authorization(const Url& proxy) {
  if (proxy.user.empty()) return "";
  return "Proxy-Authorization: Basic " + base64_encode(proxy.user + ":" + proxy.password) + "\r\n";
}

// ---- Connecting

// Asks the proxy for a tunnel to the origin.
Task<Result<void>> open_tunnel(std::shared_ptr<Pool> pool, ByteStream& stream) {
  const std::string target = pool->origin.host_and_port();
  const std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" +
                           proxy_authorization(*pool->options.proxy) + "\r\n";
  auto written = co_await stream.write_all(head);
  SK_CO_CHECK(std::move(written));
  HttpParser parser = HttpParser::response("HEAD", pool->options.limits);  // no body follows the head here either
  while (!parser.head_done()) {
    auto got = co_await stream.read_some(kReadSize);
    SK_CO_TRY(const std::string bytes, std::move(got));
    if (bytes.empty()) co_return fail(ErrorCode::Unavailable, "the proxy closed the connection");
    SK_CO_CHECK(parser.feed(bytes));
  }
  const int status = parser.head().status;
  if (status >= 200 && status < 300) co_return Result<void>{};
  const ErrorCode code = status == 407   ? ErrorCode::Unauthorized
                         : status == 403 ? ErrorCode::Forbidden
                                         : ErrorCode::Unavailable;
  co_return fail(code, "the proxy answered " + std::to_string(status) + " to CONNECT");
}

Task<Result<std::unique_ptr<ByteStream>>> connect(std::shared_ptr<Pool> pool) {
  const std::optional<Url>& proxy = pool->options.proxy;
  const Origin& first = proxy ? proxy->origin : pool->origin;
  auto connected = co_await connect_tcp(pool->loop, first.host, first.port, pool->options.connect_limit);
  SK_CO_TRY(auto stream, std::move(connected));
  if (!pool->origin.tls()) co_return std::move(stream);
  if (proxy) {
    auto opened = co_await open_tunnel(pool, *stream);
    SK_CO_CHECK(std::move(opened).within("proxy " + first.authority()));
  }
  SK_CO_TRY(const TlsContext context, pool->tls_context());
  auto secured = co_await tls_connect(pool->loop, context, std::move(stream), pool->origin.host);
  SK_CO_TRY(auto tls_stream, std::move(secured));
  std::unique_ptr<ByteStream> result = std::move(tls_stream);
  co_return std::move(result);
}

// A connection, idle or new; `fresh` for a new one only. Waits while the pool is exhausted.
Task<Result<std::unique_ptr<Lease>>> take(std::shared_ptr<Pool> pool, bool fresh) {
  if (!pool->room() || !pool->turns.empty()) {
    Pool::Turn turn(*pool);
    while (!turn.mine()) co_await turn.called.wait();
  }
  auto lease = std::make_unique<Lease>(pool);
  if (!fresh) lease->stream = pool->take_idle();
  lease->reused = lease->stream != nullptr;
  if (lease->reused) co_return std::move(lease);
  if (pool->in_use + pool->idle.size() > pool->options.max_connections) pool->idle.pop_front();
  auto connected = co_await with_timeout(pool->loop, pool->options.connect_limit, connect(pool));
  if (!connected && connected.error().code == ErrorCode::Timeout) {
    co_return fail(ErrorCode::Timeout, "no connection within " + format_duration(pool->options.connect_limit));
  }
  SK_CO_TRY(lease->stream, std::move(connected));
  co_return std::move(lease);
}

// ---- Requests

Result<std::string> head_of(const Pool& pool, const HttpRequest& request) {
  if (!is_token(request.method)) return fail(ErrorCode::InvalidInput, "not a method: " + request.method);
  if (!is_target(request.target)) return fail(ErrorCode::InvalidInput, "the target holds blanks or is empty");
  const bool absolute = pool.options.proxy && !pool.origin.tls();
  std::string head = request.method + " " + (absolute ? pool.origin.text() : "") + request.target + " HTTP/1.1\r\n";
  head += "Host: " + pool.origin.authority() + "\r\n";
  if (absolute) head += proxy_authorization(*pool.options.proxy);
  if (!request.headers.find("User-Agent")) head += "User-Agent: " + pool.options.user_agent + "\r\n";
  SK_CHECK(append_fields(head, request.headers));
  const bool bodied = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (bodied || !request.body.empty()) head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  head += "\r\n";
  return head;
}

bool idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

Task<Result<void>> write_request(ByteStream& stream, std::string head, const std::string& body) {
  const bool joined = body.size() <= kJoinedWrite;
  if (joined) head += body;
  auto written = co_await stream.write_all(head);
  if (written && !joined) written = co_await stream.write_all(body);
  co_return std::move(written);
}

// Reads until the head of the real answer is there; `answered` as soon as any byte of one has come.
Task<Result<void>> read_head(ByteStream& stream, HttpParser& parser, const HttpRequest& request, HttpLimits limits,
                             bool& answered) {
  for (int interim = 0; interim < kInterimAnswers; ++interim) {
    while (!parser.head_done()) {
      auto got = co_await stream.read_some(kReadSize);
      SK_CO_TRY(const std::string bytes, std::move(got));
      if (bytes.empty()) co_return parser.feed_end();
      answered = true;
      SK_CO_CHECK(parser.feed(bytes));
    }
    const int status = parser.head().status;
    if (status >= 200 || status == 101) co_return Result<void>{};
    const std::string rest = parser.take_rest();
    parser = HttpParser::response(request.method, limits);
    SK_CO_CHECK(parser.feed(rest));
  }
  co_return fail(ErrorCode::InvalidInput, "too many interim answers");
}

// Sends the request and reads the head of its answer.
Task<Result<Exchange>> begin(std::shared_ptr<Pool> pool, const HttpRequest& request, HttpLimits limits) {
  SK_CO_TRY(const std::string head, head_of(*pool, request));
  for (bool again = false;; again = true) {
    auto taken = co_await take(pool, again);
    SK_CO_TRY(auto lease, std::move(taken));
    HttpParser parser = HttpParser::response(request.method, limits);
    bool answered = false;
    auto written = co_await write_request(*lease->stream, head, request.body);
    // A server that refuses a body may answer and close before it has read it all: its answer counts.
    auto read = co_await read_head(*lease->stream, parser, request, limits, answered);
    if (read) {
      Exchange exchange(std::move(lease), std::move(parser));
      exchange.reusable = written.has_value();
      co_return std::move(exchange);
    }
    if (again || answered || !lease->reused || !idempotent(request.method)) {
      co_return fail(!written && !answered ? std::move(written).error() : std::move(read).error());
    }
  }
}

Task<Result<HttpResponse>> exchange_all(std::shared_ptr<Pool> pool, HttpRequest request) {
  auto begun = co_await begin(pool, request, pool->options.limits);
  SK_CO_TRY(Exchange exchange, std::move(begun));
  bool ended = false;
  while (!exchange.parser.done()) {
    auto got = co_await exchange.lease->stream->read_some(kReadSize);
    SK_CO_TRY(const std::string bytes, std::move(got));
    ended = bytes.empty();
    SK_CO_CHECK(ended ? exchange.parser.feed_end() : exchange.parser.feed(bytes));
  }
  HttpResponse response;
  exchange.finish(ended);
  HttpHead head = exchange.parser.take_head();
  response.status = head.status;
  response.headers = std::move(head.headers);
  response.body = exchange.parser.take_body();
  co_return std::move(response);
}

class BodyStream final : public HttpStream {
 public:
  BodyStream(Runtime& runtime, Exchange exchange) : runtime_(runtime), exchange_(std::move(exchange)) {}

  int status() const override { return exchange_.parser.head().status; }
  const HttpHeaders& headers() const override { return exchange_.parser.head().headers; }

  Task<Result<std::string>> read(Duration idle) override {
    for (;;) {
      std::string body = exchange_.parser.take_body();
      if (!body.empty()) co_return std::move(body);
      if (failed_) co_return fail(*failed_);
      if (exchange_.parser.done()) {
        if (exchange_.lease) exchange_.finish(ended_);
        co_return std::string();
      }
      auto more = co_await more_within(idle);
      if (!more) {
        failed_ = std::move(more).error();
        exchange_.lease.reset();
      }
    }
  }

 private:
  Task<Result<void>> more_within(Duration idle) {
    ByteStream& stream = *exchange_.lease->stream;
    auto got = co_await with_timeout(runtime_, idle, stream.read_some(kReadSize));
    if (!got && got.error().code == ErrorCode::Timeout) {
      co_return fail(ErrorCode::Timeout, "nothing came for " + format_duration(idle));
    }
    SK_CO_TRY(const std::string bytes, std::move(got));
    ended_ = bytes.empty();
    co_return ended_ ? exchange_.parser.feed_end() : exchange_.parser.feed(bytes);
  }

  Runtime& runtime_;
  Exchange exchange_;
  std::optional<Error> failed_;
  bool ended_ = false;
};

Task<Result<std::unique_ptr<HttpStream>>> exchange_head(std::shared_ptr<Pool> pool, HttpRequest request) {
  HttpLimits limits = pool->options.limits;
  limits.body_bytes = std::numeric_limits<std::uint64_t>::max();
  auto begun = co_await begin(pool, request, limits);
  SK_CO_TRY(Exchange exchange, std::move(begun));
  std::unique_ptr<HttpStream> stream = std::make_unique<BodyStream>(pool->loop, std::move(exchange));
  co_return std::move(stream);
}

class Client final : public HttpClient {
 public:
  explicit Client(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Duration limit) override {
    const std::string doing = describe(request);
    auto response = co_await with_timeout(pool_->loop, limit, exchange_all(pool_, std::move(request)));
    co_return std::move(response).within(doing);
  }

  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Duration limit) override {
    const std::string doing = describe(request);
    auto stream = co_await with_timeout(pool_->loop, limit, exchange_head(pool_, std::move(request)));
    co_return std::move(stream).within(doing);
  }

  void replace_tls(TlsClientConfig tls) override {
    pool_->options.tls = std::move(tls);
    pool_->tls.reset();
    ++pool_->generation;
    pool_->idle.clear();
  }

  std::size_t connections() const override { return pool_->in_use + pool_->idle.size(); }

 private:
  // Without the query, which may hold what should not be written down.
  std::string describe(const HttpRequest& request) const {
    return request.method + " " + pool_->origin.text() + request.target.substr(0, request.target.find('?'));
  }

  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> make_http_transport(EventLoop& loop, Origin origin, HttpClientOptions options) {
  if (origin.host.empty()) return fail(ErrorCode::InvalidInput, "the origin has no host");
  if (origin.scheme != "http" && origin.scheme != "https") {
    return fail(ErrorCode::InvalidInput, "the scheme is neither http nor https: " + origin.scheme);
  }
  if (options.proxy && options.proxy->origin.tls()) {
    return fail(ErrorCode::InvalidInput, "a proxy is spoken to over http only: " + options.proxy->origin.text());
  }
  auto pool = std::make_shared<Pool>(loop, std::move(origin), std::move(options));
  return std::make_unique<Client>(std::move(pool));
}

}  // namespace spotkeeper::net
