// One TCP connection of the client, with the system's own error numbers: what a stream of src/net makes one error of
// are different outcomes here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace spotkeeper::tools {

/// What became of a step: 0, or an errno.
using Errno = int;

struct Received {
  std::string bytes;  // empty: the peer has ended its side, or `error`
  Errno error = 0;
};

class Connection {
 public:
  /// A socket bound to that source port on any address of the family; or why there is none.
  static std::unique_ptr<Connection> open(net::EventLoop& loop, int family, std::uint16_t source_port, Errno& error);

  net::Task<Errno> connect(net::SocketAddress peer);
  net::Task<Errno> send(std::string_view bytes);
  net::Task<Received> receive();
  /// Of an idle connection: the peer has ended it, or sent what nobody asked for.
  [[nodiscard]] bool stale() const;
  [[nodiscard]] std::uint16_t source_port() const { return source_port_; }

  // What the client remembers of it.
  std::uint64_t answers = 0;
  std::string served_by;  // X-Served-By of the last answer

 private:
  Connection(net::EventLoop& loop, int fd, std::uint16_t source_port) : socket_(loop, fd), source_port_(source_port) {}
  net::Descriptor socket_;
  std::uint16_t source_port_;
};

}  // namespace spotkeeper::tools
