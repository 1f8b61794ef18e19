// haproxy as the load balancer: its configuration, and its runtime API (haproxy 2.6 management guide §9.3).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/task.h"
#include "tests/tools/endpoint_feeder/endpoints.h"

namespace spotkeeper::tools {

struct BalancerConfig {
  std::string bind = "127.0.0.1:0";  // where clients come in
  std::string socket;                // path of the runtime API
  std::uint64_t slots = 32;          // servers, all disabled at the start
};
/// A frontend before servers s1, s2… in the backend "pods". It tries each request once, with one server: an ALB does
/// not try a second target either. Each request that did not end well is a line on standard output: its id, the address
/// of the server that it was sent to, the status, and haproxy's own words for what happened ("SC": nobody was there).
/// Where it had no answer to hand on and the client's connection was reused, haproxy closes that and says nothing.
[[nodiscard]] std::string haproxy_config(const BalancerConfig& config);

class Haproxy {
 public:
  Haproxy(net::EventLoop& loop, std::string socket) : loop_(loop), socket_(std::move(socket)) {}

  /// From now on slot `slot` (0 is s1) sends to `endpoint`.
  net::Task<Result<void>> open(std::size_t slot, Endpoint endpoint);
  /// It gets no new request; those under way go on.
  net::Task<Result<void>> drain(std::size_t slot);
  /// It is as at the start.
  net::Task<Result<void>> close(std::size_t slot);

 private:
  net::Task<Result<std::string>> say(std::string command);
  net::Task<Result<void>> set_state(std::size_t slot, std::string state);
  net::EventLoop& loop_;
  std::string socket_;
};

}  // namespace spotkeeper::tools
