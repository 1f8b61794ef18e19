#include "tests/tools/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/text.h"

namespace spotkeeper::tools {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} * 1024;

tl::unexpected<Error> failed(const std::string& doing, int error) {
  return fail(ErrorCode::Unavailable, doing + ": " + std::generic_category().message(error));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::InvalidInput, quote(path) + " is too long for a socket's path");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<int> new_socket() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("opening a socket", errno);
  return fd;
}

// Not a coroutine: its buffer must not become part of a frame.
ssize_t receive_into(int fd, std::string& come) {
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills what is used
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
  if (got > 0) come.append(buffer.data(), static_cast<std::size_t>(got));
  return got;
}

}  // namespace

Result<std::unique_ptr<LineStream>> LineStream::connect(net::EventLoop& loop, const std::string& path) {
  SK_TRY(const sockaddr_un address, address_of(path));
  SK_TRY(const int fd, new_socket());
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    return failed("connecting to " + path, error);
  }
  return std::make_unique<LineStream>(loop, fd);
}

net::Task<Result<void>> LineStream::write(std::string text) {
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t sent = send(socket_.fd(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      co_await socket_.writable();
    } else if (errno != EINTR) {
      co_return failed("writing", errno);
    }
  }
  co_return Result<void>{};
}

net::Task<Result<bool>> LineStream::fill() {
  for (;;) {
    const ssize_t got = receive_into(socket_.fd(), come_);
    if (got >= 0) co_return got > 0;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) co_return failed("reading", errno);
    co_await socket_.readable();
  }
}

net::Task<Result<std::string>> LineStream::line() {
  for (;;) {
    const std::size_t end = come_.find('\n');
    if (end != std::string::npos) {
      std::string found = come_.substr(0, end);
      come_.erase(0, end + 1);
      co_return std::move(found);
    }
    if (come_.size() > kLongestLine) co_return fail(ErrorCode::InvalidInput, "a line that does not end");
    auto more = co_await fill();
    SK_CO_TRY(const bool came, std::move(more));
    if (!came) co_return fail(ErrorCode::NotFound, "the peer has ended");
  }
}

net::Task<Result<std::string>> LineStream::rest() {
  for (;;) {
    auto more = co_await fill();
    SK_CO_TRY(const bool came, std::move(more));
    if (!came) co_return std::exchange(come_, {});
  }
}

Result<std::unique_ptr<LineListener>> LineListener::open(net::EventLoop& loop, const std::string& path) {
  SK_TRY(const sockaddr_un address, address_of(path));
  SK_TRY(const int fd, new_socket());
  std::unique_ptr<LineListener> listener(new LineListener(loop, fd, path));
  ::unlink(path.c_str());
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  ::umask(before);
  if (!bound) return failed("listening on " + path, error);
  if (listen(fd, SOMAXCONN) != 0) return failed("listening on " + path, errno);
  return listener;
}

LineListener::~LineListener() { ::unlink(path_.c_str()); }

net::Task<Result<std::unique_ptr<LineStream>>> LineListener::accept() {
  for (;;) {
    const int fd = accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) co_return std::make_unique<LineStream>(loop_, fd);
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
      co_return failed("accepting", errno);
    if (errno == EAGAIN || errno == EWOULDBLOCK) co_await socket_.readable();
  }
}

}  // namespace spotkeeper::tools
