#include "tests/tools/control_socket.h"

#include <utility>

#include "base/log.h"

namespace spotkeeper::tools {

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(net::EventLoop& loop, const std::string& path,
                                                           Handler handler) {
  std::unique_ptr<ControlSocket> made(new ControlSocket(loop, std::move(handler)));
  SK_TRY(made->listener_, LineListener::open(loop, path));
  made->tasks_.start(made->accept());
  return made;
}

net::Task<void> ControlSocket::accept() {
  for (;;) {
    auto stream = co_await listener_->accept();
    if (!stream) {
      log::warn("no control connection could be accepted", {{"why", stream.error().message}});
      co_await net::sleep_for(loop_, 100ms);
      continue;
    }
    std::unique_ptr<LineStream> taken = std::move(*stream);
    tasks_.start(serve(std::move(taken)));
  }
}

net::Task<void> ControlSocket::serve(std::unique_ptr<LineStream> stream) {
  for (;;) {
    auto line = co_await stream->line();
    if (!line) co_return;
    const std::string answer = handler_(*line) + "\n";
    auto written = co_await stream->write(answer);
    if (!written) co_return;
  }
}

}  // namespace spotkeeper::tools
