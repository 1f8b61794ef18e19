// The metadata service of src/sim as a process of its own: one machine's, in real time, told what to do over a socket
// (control.h).
//
// `status` answers one line of JSON:
//   now, node, instance_id
//   spot: {action, time, since, served} or null; rebalance: {since, served} or null;
//   maintenance: {code, time, since, served} or null; lifecycle
//     since: when the command was carried out; served: when a client was first given it, or null
//   faults: names of those that stand; waiting: commands whose `after` has not passed
//   tokens: how many were given; requests: {token, spot, rebalance, scheduled, lifecycle, other}: how many came
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "format/json.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "sim/world.h"
#include "tests/tools/control_socket.h"
#include "tests/tools/imds_server/control.h"

namespace spotkeeper::tools {

struct ImdsServerConfig {
  sim::NodeSpec node;
  Duration token_life = 6h;  // no token lives longer, whatever was asked for
  Duration date_skew{};      // of the service's clock against this machine's
};

class ImdsServer {
 public:
  /// The loop outlives it.
  static Result<std::unique_ptr<ImdsServer>> start(net::EventLoop& loop, const net::SocketAddress& address,
                                                   const std::string& control_path, const ImdsServerConfig& config);
  ImdsServer(const ImdsServer&) = delete;
  ImdsServer& operator=(const ImdsServer&) = delete;

  [[nodiscard]] const net::SocketAddress& address() const { return server_->address(); }
  /// Carries out a line of control and gives the answer, without a line's end.
  std::string control(std::string_view line);

 private:
  ImdsServer(net::EventLoop& loop, const ImdsServerConfig& config);
  /// A notice that stands, for `status`.
  struct Told {
    std::string what;  // the action, or the event's code
    std::optional<Instant> time;
    Instant since;
    std::optional<Instant> served;
  };
  void carry_out(const ControlCommand& command);
  void tell(InterruptionKind kind, const ControlCommand& command);
  void withdraw(InterruptionKind kind);
  void reset();
  void note_served(std::string_view path);
  [[nodiscard]] format::JsonValue status();
  [[nodiscard]] format::JsonValue told(InterruptionKind kind) const;

  net::Task<void> answer(const net::ServerRequest& request, net::ResponseWriter& writer);
  net::Task<void> fail_as_told(Faults::Hit hit, net::ResponseWriter& writer);

  net::EventLoop& loop_;
  sim::World world_;
  NodeName node_;
  Faults faults_;
  std::map<InterruptionKind, Told> told_;
  std::string lifecycle_;  // empty: what the world says
  std::map<std::string, std::uint64_t, std::less<>> requests_;
  std::uint64_t last_event_ = 0;
  std::uint64_t last_waiting_ = 0;
  std::map<std::uint64_t, net::ScopedCall> waiting_;
  // Last: their coroutines use everything above.
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<ControlSocket> control_;
};

}  // namespace spotkeeper::tools
