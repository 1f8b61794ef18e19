// A tool's control socket: every line that comes is answered with one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/task_group.h"
#include "tests/tools/unix_socket.h"

namespace spotkeeper::tools {

class ControlSocket {
 public:
  /// Carries out a line and gives the answer, without a line's end.
  using Handler = std::function<std::string(std::string_view line)>;

  /// The loop outlives it, and so does what the handler uses.
  static Result<std::unique_ptr<ControlSocket>> open(net::EventLoop& loop, const std::string& path, Handler handler);
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

 private:
  ControlSocket(net::EventLoop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)), tasks_(loop) {}
  net::Task<void> accept();
  net::Task<void> serve(std::unique_ptr<LineStream> stream);

  net::EventLoop& loop_;
  Handler handler_;
  std::unique_ptr<LineListener> listener_;
  net::TaskGroup tasks_;  // last: its coroutines use everything above
};

}  // namespace spotkeeper::tools
