#include "tests/tools/web_client/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace spotkeeper::tools {
namespace {

Errno bind_to(int fd, int family, std::uint16_t port) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto any = net::SocketAddress::parse(family == AF_INET6 ? "::" : "0.0.0.0", port);
  return bind(fd, any->data(), any->size()) == 0 ? 0 : errno;
}

// Not a coroutine: its buffer must not become part of a frame. False: nothing has come yet.
bool receive_now(int fd, Received& into) {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills what is used
  for (;;) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got >= 0) {
      into.bytes.assign(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == EINTR) continue;
    into.error = errno;
    return true;
  }
}

}  // namespace

std::unique_ptr<Connection> Connection::open(net::EventLoop& loop, int family, std::uint16_t source_port,
                                             Errno& error) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  error = fd < 0 ? errno : 0;
  if (fd < 0) return nullptr;
  error = bind_to(fd, family, source_port);
  if (error != 0) {
    ::close(fd);
    return nullptr;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::unique_ptr<Connection>(new Connection(loop, fd, source_port));
}

net::Task<Errno> Connection::connect(net::SocketAddress peer) {
  const Errno begun = ::connect(socket_.fd(), peer.data(), peer.size()) == 0 ? 0 : errno;
  if (begun != EINPROGRESS) co_return begun;
  for (;;) {
    co_await socket_.writable();
    Errno error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) co_return error;
    sockaddr_in6 other{};
    length = sizeof other;
    if (getpeername(socket_.fd(), reinterpret_cast<sockaddr*>(&other), &length) == 0) co_return 0;
  }
}

net::Task<Errno> Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      co_await socket_.writable();
    } else if (errno != EINTR) {
      co_return errno;
    }
  }
  co_return 0;
}

net::Task<Received> Connection::receive() {
  Received received;
  while (!receive_now(socket_.fd(), received)) co_await socket_.readable();
  co_return std::move(received);
}

bool Connection::stale() const {
  char byte = 0;
  const ssize_t got = recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace spotkeeper::tools
