#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace spotkeeper {
namespace {

Error cannot(std::string_view what, const std::string& path, int problem) {
  ErrorCode code = ErrorCode::Unavailable;
  if (problem == ENOENT || problem == ENOTDIR) code = ErrorCode::NotFound;
  if (problem == EACCES || problem == EPERM) code = ErrorCode::Forbidden;
  if (problem == EISDIR) code = ErrorCode::InvalidInput;
  return {code, "can't " + std::string(what) + " " + path + ": " + std::generic_category().message(problem)};
}

struct Closer {
  int fd;
  ~Closer() { ::close(fd); }
};

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(cannot("read", path, errno));
  const Closer closer{fd};
  std::string content;
  std::array<char, 16384> piece;
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot("read", path, errno));
    if (count == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
    if (content.size() > most)
      return fail(ErrorCode::InvalidInput,
                  "can't read " + path + ": it is longer than " + std::to_string(most) + " bytes");
  }
}

Result<void> write_file(const std::string& path, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(cannot("write", path, errno));
  const Closer closer{fd};
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot("write", path, errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace spotkeeper
