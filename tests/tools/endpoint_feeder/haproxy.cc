#include "tests/tools/endpoint_feeder/haproxy.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "net/task_group.h"
#include "tests/tools/unix_socket.h"

namespace spotkeeper::tools {
namespace {

constexpr Duration kAnswerLimit = 5s;

net::Task<Result<std::string>> ask(net::EventLoop& loop, std::string socket, std::string command) {
  SK_CO_TRY(const auto stream, LineStream::connect(loop, socket));
  auto written = co_await stream->write(command + "\n");
  SK_CO_CHECK(std::move(written));
  auto answer = co_await stream->rest();
  co_return std::move(answer);
}

}  // namespace

std::string haproxy_config(const BalancerConfig& config) {
  return fmt::format(R"(global
  stats socket {} mode 600 level admin
  log stdout format raw local0
  maxconn 4000
defaults
  mode http
  timeout client 120s
  timeout server 120s
  timeout connect 2s
  retries 0
frontend clients
  bind {}
  log global
  option dontlog-normal
  http-request capture req.hdr(X-Request-Id) len 128
  log-format "%[capture.req.hdr(0)] %si:%sp %ST %tsc"
  default_backend pods
backend pods
  balance roundrobin
  http-reuse safe
  server-template s 1-{} 127.0.0.1:1 disabled
)",
                     config.socket, config.bind, config.slots);
}

net::Task<Result<std::string>> Haproxy::say(std::string command) {
  auto answer = co_await net::with_timeout(loop_, kAnswerLimit, ask(loop_, socket_, command));
  if (!answer) co_return fail(std::move(answer).error().within(command));
  co_return std::string(trim(*answer));
}

net::Task<Result<void>> Haproxy::set_state(std::size_t slot, std::string state) {
  const std::string command = fmt::format("set server pods/s{} state {}", slot + 1, state);
  auto answer = co_await say(command);
  SK_CO_TRY(const std::string said, std::move(answer));
  if (!said.empty()) co_return fail(ErrorCode::Unavailable, command + ": " + said);  // it says nothing when all is well
  co_return Result<void>{};
}

net::Task<Result<void>> Haproxy::open(std::size_t slot, Endpoint endpoint) {
  const std::string command =
      fmt::format("set server pods/s{} addr {} port {}", slot + 1, endpoint.address, endpoint.port);
  auto answer = co_await say(command);
  SK_CO_TRY(const std::string said, std::move(answer));
  if (said.find("changed") == std::string::npos && said.find("no need to change") == std::string::npos)
    co_return fail(ErrorCode::Unavailable, command + ": " + said);
  auto ready = co_await set_state(slot, "ready");
  co_return std::move(ready);
}

net::Task<Result<void>> Haproxy::drain(std::size_t slot) { return set_state(slot, "drain"); }
net::Task<Result<void>> Haproxy::close(std::size_t slot) { return set_state(slot, "maint"); }

}  // namespace spotkeeper::tools
