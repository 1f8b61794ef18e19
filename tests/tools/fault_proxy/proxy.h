// Stands between an agent and its API server, reads every call and passes it on, or does to it what it was told
// (faults.h). TLS on both sides: to the client it is the server, to the server it is the client, with a certificate of
// each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/signal.h"
#include "net/tls.h"
#include "net/url.h"
#include "tests/tools/control_socket.h"
#include "tests/tools/fault_proxy/faults.h"

namespace spotkeeper::tools {

struct FaultProxyConfig {
  net::Origin server;
  net::TlsClientConfig as_client;                 // to the server
  std::optional<net::TlsServerConfig> as_server;  // to the client; none: without TLS
  std::uint64_t seed = 1;                         // of what happens by chance
};

class FaultProxy {
 public:
  /// The loop outlives it.
  static Result<std::unique_ptr<FaultProxy>> start(net::EventLoop& loop, const net::SocketAddress& address,
                                                   const std::string& control_path, const FaultProxyConfig& config);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  [[nodiscard]] const net::SocketAddress& address() const { return server_->address(); }
  /// Carries out a line of control and gives the answer, without a line's end.
  std::string control(std::string_view line);

 private:
  FaultProxy(net::EventLoop& loop, std::uint64_t seed) : loop_(loop), faults_(seed), cut_(loop) {}
  net::Task<void> answer(const net::ServerRequest& request, net::ResponseWriter& writer);
  net::Task<void> pass_on(const net::ServerRequest& request, net::ResponseWriter& writer, bool half);
  /// The server's bytes as they come, until its end or a cut. False: the client's answer must end broken.
  net::Task<bool> copy(net::HttpStream& from, net::ResponseWriter& to, bool half);
  net::Task<Result<std::string>> read_unless_cut(net::HttpStream& from);
  net::Task<void> lose(const net::ServerRequest& request);
  /// Notes a call that comes before it should, and until when this one should wait.
  void look_at_wait(const net::ServerRequest& request, const std::optional<FaultRule>& met);
  net::Task<void> answer_itself(const FaultRule& rule, net::ResponseWriter& writer);
  [[nodiscard]] std::string status() const;

  net::EventLoop& loop_;
  CallFaults faults_;
  std::map<CallKind, std::uint64_t> calls_;
  std::map<std::string, Steady> not_before_;  // calls that were answered a Retry-After: its end
  std::uint64_t early_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t cuts_ = 0;
  net::Signal cut_;
  // Last: their coroutines use everything above.
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<ControlSocket> control_;
};

}  // namespace spotkeeper::tools
