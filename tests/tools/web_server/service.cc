#include "tests/tools/web_server/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/text.h"

namespace spotkeeper::tools {
namespace {

constexpr std::size_t kLongestId = 200;

}  // namespace

Result<Order> parse_order(const net::HttpHeaders& headers) {
  Order order;
  if (const auto id = headers.find("X-Request-Id")) {
    if (id->size() > kLongestId || id->find_first_of(" \t") != std::string_view::npos)
      return fail(ErrorCode::InvalidInput, "X-Request-Id: one word of at most 200 bytes");
    order.id = *id;
  }
  if (const auto takes = headers.find("X-Takes")) {
    SK_TRY(order.takes, parse_duration(*takes).within("X-Takes"));
    if (order.takes < Duration::zero() || order.takes > kLongestWork)
      return fail(ErrorCode::InvalidInput, "X-Takes: from 0s to " + format_duration(kLongestWork));
  }
  if (const auto streams = headers.find("X-Streams")) order.streams = *streams == "yes";
  return order;
}

void RequestLog::add(std::string_view word, std::string_view id) {
  if (id.empty()) return;
  if (pending_.empty())
    later_ = net::ScopedCall(runtime_, runtime_.call_at(runtime_.steady() + kFlushAfter, [this] { flush(); }));
  pending_ += fmt::format("{:.3f} {} {}\n", seconds_of(runtime_.now().time_since_epoch()), word, id);
}

void RequestLog::flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

Service::Service(net::EventLoop& loop, ServiceConfig config, int log_fd)
    : loop_(loop), config_(std::move(config)), started_(loop.steady()), log_(loop, log_fd) {}

Result<std::unique_ptr<Service>> Service::start(net::EventLoop& loop, const net::SocketAddress& address,
                                                ServiceConfig config, int log_fd) {
  std::unique_ptr<Service> service(new Service(loop, std::move(config), log_fd));
  net::HttpServerOptions options;
  options.idle_limit = 1h;  // a kept connection ends with its client or with us
  SK_TRY(service->server_, net::HttpServer::listen(
                               loop, address,
                               [self = service.get()](const net::ServerRequest& request, net::ResponseWriter& writer) {
                                 return self->answer(request, writer);
                               },
                               options));
  return service;
}

net::HttpResponse Service::probe(std::string_view target) const {
  net::HttpResponse response;
  const bool ready = target == "/live" || loop_.steady() >= started_ + config_.ready_after;
  response.status = ready ? 200 : 503;
  response.body = ready ? "yes\n" : "not yet\n";
  return response;
}

net::Task<void> Service::answer(const net::ServerRequest& request, net::ResponseWriter& writer) {
  // An answer that can't be sent: its client has gone, and knows.
  if (request.target == "/ready" || request.target == "/live") {
    net::HttpResponse response = probe(request.target);
    (void)(co_await writer.send(std::move(response)));
    co_return;
  }
  auto order = parse_order(request.headers);
  if (!order) {
    net::HttpResponse response;
    response.status = 400;
    response.body = order.error().message + "\n";
    (void)(co_await writer.send(std::move(response)));
    co_return;
  }
  Order taken = std::move(*order);
  co_await serve(std::move(taken), writer);
}

net::Task<void> Service::serve(Order order, net::ResponseWriter& writer) {
  log_.add("received", order.id);
  net::HttpResponse response;
  response.status = 200;
  if (!order.id.empty()) response.headers.add("X-Request-Id", order.id);
  response.headers.add("X-Served-By", config_.name);
  const std::string body = order.id + "\n";
  if (order.streams) {
    auto begun = co_await writer.start(response.status, response.headers);
    if (!begun) co_return;
  }
  if (order.takes > Duration::zero()) co_await net::sleep_for(loop_, order.takes);
  const bool awaited = !writer.peer_gone();
  Result<void> sent;
  if (order.streams) {
    sent = co_await writer.write(body);
    if (sent) sent = co_await writer.finish();
  } else {
    response.body = body;
    sent = co_await writer.send(std::move(response));
  }
  if (sent && awaited) log_.add("answered", order.id);
}

net::Task<void> Service::end() {
  log_.add("ending", "SIGTERM");
  server_->close_after_answers();
  co_await net::sleep_for(loop_, config_.linger);
  co_await server_->stop(config_.finish);
}

net::Task<void> Service::run() {
  net::SystemSignals signals(loop_, {SIGTERM, SIGINT});
  const int signal = co_await signals.next();
  if (signal == SIGTERM && !config_.abrupt) co_await end();
  log_.add("ended", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

}  // namespace spotkeeper::tools
