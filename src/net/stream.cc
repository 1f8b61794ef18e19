#include "net/stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "net/task_group.h"

namespace spotkeeper::net {
namespace {

constexpr std::size_t kReadSize = 65536;

std::string words_of(int error) { return std::generic_category().message(error); }

Error broken(std::string_view doing, int error) {
  return Error{error == ETIMEDOUT ? ErrorCode::Timeout : ErrorCode::Unavailable,
               std::string(doing) + ": " + words_of(error)};
}

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

void tune(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

// What has come, or nothing if a read would block. Not a coroutine: its buffer must not become part of a frame.
std::optional<Result<std::string>> read_now(int fd, std::size_t at_most) {
  std::array<char, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills what is used
  for (;;) {
    const ssize_t got = recv(fd, buffer.data(), std::min(at_most, buffer.size()), 0);
    if (got >= 0) return std::string(buffer.data(), static_cast<std::size_t>(got));
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) return fail(broken("reading", errno));
  }
}

class TcpStream final : public ByteStream {
 public:
  TcpStream(EventLoop& loop, int fd, const SocketAddress& peer) : socket_(loop, fd), peer_(peer) {}

  Task<Result<void>> connect() {
    if (::connect(socket_.fd(), peer_.data(), peer_.size()) == 0) co_return Result<void>{};
    if (errno != EINPROGRESS) co_return fail(broken("connecting to " + peer_.text(), errno));
    for (;;) {
      co_await socket_.writable();
      int error = 0;
      socklen_t length = sizeof error;
      getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
      if (error != 0) co_return fail(broken("connecting to " + peer_.text(), error));
      sockaddr_in6 other{};
      length = sizeof other;
      if (getpeername(socket_.fd(), reinterpret_cast<sockaddr*>(&other), &length) == 0) co_return Result<void>{};
    }
  }

  Task<Result<std::string>> read_some(std::size_t at_most) override {
    for (;;) {
      auto got = read_now(socket_.fd(), at_most);
      if (got) co_return std::move(*got);
      co_await socket_.readable();
    }
  }

  Task<Result<void>> write_all(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        co_await socket_.writable();
      } else if (errno != EINTR) {
        co_return fail(broken("writing", errno));
      }
    }
    co_return Result<void>{};
  }

  Task<Result<void>> shutdown() override {
    if (::shutdown(socket_.fd(), SHUT_WR) != 0) co_return fail(broken("closing", errno));
    co_return Result<void>{};
  }

  bool stale() override {
    char byte = 0;
    const ssize_t got = recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  std::string peer() const override { return peer_.text(); }

 private:
  Descriptor socket_;
  SocketAddress peer_;
};

Task<Result<std::unique_ptr<ByteStream>>> connect_address(EventLoop& loop, SocketAddress address) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) co_return fail(broken("opening a socket", errno));
  tune(fd);
  auto stream = std::make_unique<TcpStream>(loop, fd, address);
  auto connected = co_await stream->connect();
  SK_CO_CHECK(std::move(connected));
  std::unique_ptr<ByteStream> result = std::move(stream);
  co_return std::move(result);
}

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(EventLoop& loop, std::string host, std::uint16_t port,
                                                      Duration limit) {
  const Steady end = loop.steady() + limit;
  auto found = co_await with_timeout(loop, limit, resolve(loop, host, port));
  SK_CO_TRY(const auto addresses, std::move(found));
  Error last;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto left = static_cast<Duration::rep>(addresses.size() - i);
    const Duration share = std::max(Duration::zero(), end - loop.steady()) / left;
    auto stream = co_await with_timeout(loop, share, connect_address(loop, addresses[i]));
    if (stream) co_return std::move(stream);
    last = std::move(stream).error();
    if (last.code == ErrorCode::Timeout) {
      last.message = "connecting to " + addresses[i].text() + ": no answer within " + format_duration(share);
    }
  }
  co_return fail(std::move(last));
}

Result<std::unique_ptr<Listener>> Listener::open(EventLoop& loop, const SocketAddress& address) {
  const std::string doing = "listening on " + address.text();
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(broken(doing, errno));
  std::unique_ptr<Listener> listener(new Listener(loop, fd, address));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(fd, address.data(), address.size()) != 0 || listen(fd, SOMAXCONN) != 0) return fail(broken(doing, errno));
  sockaddr_in6 own{};
  socklen_t length = sizeof own;
  getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length);
  if (const auto bound = SocketAddress::from(reinterpret_cast<sockaddr*>(&own), length)) listener->address_ = *bound;
  return listener;
}

Task<Result<std::unique_ptr<ByteStream>>> Listener::accept() {
  for (;;) {
    sockaddr_in6 peer{};
    socklen_t length = sizeof peer;
    const int fd = accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      tune(fd);
      const auto address = SocketAddress::from(reinterpret_cast<sockaddr*>(&peer), length);
      std::unique_ptr<ByteStream> stream = std::make_unique<TcpStream>(loop_, fd, address ? *address : address_);
      co_return std::move(stream);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      co_await socket_.readable();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_return fail(broken("accepting a connection", errno));
    }
  }
}

}  // namespace spotkeeper::net
