#include "tests/tools/fault_proxy/proxy.h"

#include <fmt/format.h>

#include <utility>

#include "format/json.h"
#include "net/task_group.h"

namespace spotkeeper::tools {
namespace {

using Verb = ProxyCommand::Verb;

constexpr Duration kLongestCall = 2min;    // for the head of the server's answer
constexpr Duration kLongestSilence = 24h;  // within a watch

/// Fields that are each connection's own are left out by who writes them.
net::HttpRequest request_of(const net::ServerRequest& from) {
  return {.method = from.method, .target = from.target, .headers = from.headers, .body = from.body};
}

/// What an API server says in its answers.
std::string_view reason_for(int status) {
  switch (status) {
    case 403: return "Forbidden";
    case 409: return "Conflict";
    case 410: return "Expired";
    case 429: return "TooManyRequests";
    case 500: return "InternalError";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return "Unknown";
  }
}

struct Counted {
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace

Result<std::unique_ptr<FaultProxy>> FaultProxy::start(net::EventLoop& loop, const net::SocketAddress& address,
                                                      const std::string& control_path, const FaultProxyConfig& config) {
  std::unique_ptr<FaultProxy> made(new FaultProxy(loop, config.seed));
  FaultProxy* const self = made.get();
  net::HttpClientOptions as_client;
  as_client.tls = config.as_client;
  as_client.user_agent = "fault_proxy";
  SK_TRY(made->client_, net::make_http_transport(loop, config.server, std::move(as_client)));
  net::HttpServerOptions as_server;
  as_server.tls = config.as_server;
  SK_TRY(made->server_, net::HttpServer::listen(
                            loop, address,
                            [self](const net::ServerRequest& request, net::ResponseWriter& writer) {
                              return self->answer(request, writer);
                            },
                            as_server));
  SK_TRY(made->control_,
         ControlSocket::open(loop, control_path, [self](std::string_view line) { return self->control(line); }));
  return made;
}

std::string FaultProxy::control(std::string_view line) {
  auto command = parse_proxy_command(line);
  if (!command) return "error: " + command.error().message;
  switch (command->verb) {
    case Verb::Status: return status();
    case Verb::Help: return proxy_help();
    case Verb::Add: faults_.add(std::move(command->rule), loop_.steady()); break;
    case Verb::Clear: faults_.clear(); break;
    case Verb::Cut:
      ++cuts_;
      cut_.notify();
      break;
  }
  return "ok";
}

std::string FaultProxy::status() const {
  // All names, those that were not counted with 0.
  const auto counts = [](const auto& names, const auto& counted) {
    format::JsonObject object;
    for (const auto name : names) object[name_of(name)] = 0;
    for (const auto& [name, count] : counted) object[name_of(name)] = count;
    return object;
  };
  format::JsonObject object;
  object["calls"] = counts(kCallKinds, calls_);
  object["disturbed"] = counts(kCallKinds, faults_.disturbed());
  object["met"] = counts(kCallFaults, faults_.met());
  object["under_way"] = under_way_;
  object["early"] = early_;
  return format::write_json(object);
}

net::Task<void> FaultProxy::answer(const net::ServerRequest& request, net::ResponseWriter& writer) {
  const CallKind kind = call_kind(request.method, request.target);
  ++calls_[kind];
  const Counted counted(under_way_);
  const std::optional<FaultRule> met = faults_.meet(kind, loop_.steady());
  look_at_wait(request, met);
  const CallFault fault = met ? met->fault : CallFault::Delay;
  switch (fault) {
    case CallFault::Answer: co_await answer_itself(*met, writer); co_return;
    case CallFault::Hang:
      while (!writer.peer_gone()) co_await net::sleep_for(loop_, 50ms);
      writer.abort();
      co_return;
    case CallFault::Reset: writer.abort(); co_return;
    case CallFault::Lose:
      co_await lose(request);
      writer.abort();
      co_return;
    case CallFault::Delay:
      if (met) co_await net::sleep_for(loop_, met->delay);
      break;
    case CallFault::Half: break;
  }
  co_await pass_on(request, writer, fault == CallFault::Half);
}

void FaultProxy::look_at_wait(const net::ServerRequest& request, const std::optional<FaultRule>& met) {
  const Steady now = loop_.steady();
  // With the body: two events go to the same place, and the second may be on its way while the first is refused.
  std::string call = request.method + ' ' + request.target + ' ' + request.body;
  if (const auto told = not_before_.find(call); told != not_before_.end() && now < told->second) ++early_;
  if (!met || met->fault != CallFault::Answer || !met->retry_after) return;
  not_before_.insert_or_assign(std::move(call), now + std::chrono::seconds(*met->retry_after));
}

net::Task<void> FaultProxy::answer_itself(const FaultRule& rule, net::ResponseWriter& writer) {
  format::JsonObject status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["status"] = "Failure";
  status["message"] = "the fault proxy was told to answer so";
  status["reason"] = reason_for(rule.status);
  status["code"] = rule.status;
  net::HttpResponse response{.status = rule.status, .headers = {}, .body = format::write_json(status)};
  response.headers.set("Content-Type", "application/json");
  if (rule.retry_after) response.headers.set("Retry-After", std::to_string(*rule.retry_after));
  (void)(co_await writer.send(std::move(response)));  // a client that has gone needs no answer
}

net::Task<void> FaultProxy::lose(const net::ServerRequest& request) {
  net::HttpRequest asked = request_of(request);
  (void)(co_await client_->send(std::move(asked), kLongestCall));  // its answer is what nobody gets
}

net::Task<void> FaultProxy::pass_on(const net::ServerRequest& request, net::ResponseWriter& writer, bool half) {
  net::HttpRequest asked = request_of(request);
  Result<std::unique_ptr<net::HttpStream>> opened = co_await client_->open(std::move(asked), kLongestCall);
  if (!opened) {
    net::HttpResponse response{.status = 502, .headers = {}, .body = opened.error().message};
    (void)(co_await writer.send(std::move(response)));
    co_return;
  }
  const std::unique_ptr<net::HttpStream> stream = std::move(*opened);
  auto started = co_await writer.start(stream->status(), stream->headers());
  if (!started) co_return;
  const bool whole = co_await copy(*stream, writer, half);
  if (whole) {
    (void)(co_await writer.finish());
  } else {
    writer.abort();
  }
}

net::Task<bool> FaultProxy::copy(net::HttpStream& from, net::ResponseWriter& to, bool half) {
  for (;;) {
    const Result<std::string> bytes = co_await read_unless_cut(from);
    if (!bytes) co_return false;
    if (bytes->empty()) co_return true;
    const std::string_view part = half ? std::string_view(*bytes).substr(0, bytes->size() / 2) : *bytes;
    auto written = co_await to.write(part);
    if (!written || half) co_return false;
  }
}

net::Task<Result<std::string>> FaultProxy::read_unless_cut(net::HttpStream& from) {
  const std::uint64_t cuts = cuts_;
  std::optional<Result<std::string>> come;
  net::TaskGroup reading(loop_);
  reading.start(
      [](net::HttpStream& stream, std::optional<Result<std::string>>& out, net::Signal& signal) -> net::Task<void> {
        out.emplace(co_await stream.read(kLongestSilence));
        signal.notify();
      }(from, come, cut_));
  while (!come && cuts == cuts_) co_await cut_.wait();
  if (come) co_return std::move(*come);
  co_return fail(ErrorCode::Unavailable, "cut");
}

}  // namespace spotkeeper::tools
