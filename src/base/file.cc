#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace spotkeeper {
namespace {

Error cannot_read(const std::string& path, int problem) {
  ErrorCode code = ErrorCode::Unavailable;
  if (problem == ENOENT || problem == ENOTDIR) code = ErrorCode::NotFound;
  if (problem == EACCES || problem == EPERM) code = ErrorCode::Forbidden;
  if (problem == EISDIR) code = ErrorCode::InvalidInput;
  return {code, "can't read " + path + ": " + std::generic_category().message(problem)};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(cannot_read(path, errno));
  const struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  std::string content;
  std::array<char, 16384> piece;
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot_read(path, errno));
    if (count == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
    if (content.size() > most)
      return fail(ErrorCode::InvalidInput,
                  "can't read " + path + ": it is longer than " + std::to_string(most) + " bytes");
  }
}

}  // namespace spotkeeper
