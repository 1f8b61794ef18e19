// A server that says exactly what a test wants said, byte for byte.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/stream.h"
#include "net/task_group.h"

namespace spotkeeper::net {

class ScriptedPeer {
 public:
  /// Answers the nth request on a connection with the nth text; the connection is closed after the last one.
  ScriptedPeer(EventLoop& loop, std::vector<std::string> answers)
      : answers_(std::move(answers)),
        listener_(std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)))),
        tasks_(loop) {
    tasks_.start(accept_all());
  }

  [[nodiscard]] std::uint16_t port() const { return listener_->address().port(); }
  /// What has come, a request with its body each.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
  [[nodiscard]] int connections() const { return connections_; }
  /// Connections stay open and silent after the last answer.
  void keep_open() { keep_open_ = true; }
  /// Ends every connection.
  void hang_up() { tasks_.cancel_all(); }

 private:
  Task<void> accept_all() {
    for (;;) {
      auto stream = co_await listener_->accept();
      if (!stream) co_return;
      ++connections_;
      tasks_.start(serve(std::move(*stream)));
    }
  }

  Task<void> serve(std::unique_ptr<ByteStream> stream) {
    std::string buffer;
    for (const std::string& answer : answers_) {
      while (buffer.find("\r\n\r\n") == std::string::npos) {
        auto bytes = co_await stream->read_some(65536);
        if (!bytes || bytes->empty()) co_return;
        buffer += *bytes;
      }
      requests_.push_back(buffer);
      buffer.clear();
      auto written = co_await stream->write_all(answer);
      if (!written) co_return;
    }
    while (keep_open_) {
      auto bytes = co_await stream->read_some(65536);
      if (!bytes || bytes->empty()) co_return;
    }
  }

  std::vector<std::string> answers_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::string> requests_;
  int connections_ = 0;
  bool keep_open_ = false;
  TaskGroup tasks_;
};

}  // namespace spotkeeper::net
