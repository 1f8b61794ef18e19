#include "net/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <system_error>

#include "net/task_group.h"

namespace spotkeeper::net {
namespace {

constexpr std::size_t kMostOutput = 1U << 20U;

Error system_error(std::string_view doing, int error) {
  return Error{error == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable,
               std::string(doing) + ": " + std::generic_category().message(error)};
}

class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// One output of the child: our end of its pipe, and what was read from it.
class Output {
 public:
  Output(EventLoop& loop, int fd) : pipe_(loop, fd) {}

  // Reads what is there without waiting; false at the end of the pipe, or when there was too much.
  bool drain() {
    std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills what is used
    for (;;) {
      const ssize_t got = read(pipe_.fd(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      text_.append(buffer.data(), static_cast<std::size_t>(got));
      if (too_much()) return false;
    }
  }
  [[nodiscard]] bool too_much() const { return text_.size() > kMostOutput; }
  [[nodiscard]] Descriptor::Wait more() const { return pipe_.readable(); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  Descriptor pipe_;
  std::string text_;
};

// A running child. Destroying it kills its whole group and waits for the corpse.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  // The wait status. The group's id stays ours until the child is reaped, so the kill can't hit a stranger.
  int end() {
    if (pid_ == 0) return status_;
    kill(-pid_, SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status_;
  }

 private:
  pid_t pid_;
  int status_ = 0;
};

struct Started {
  pid_t pid = 0;
  OwnedFd out;
  OwnedFd err;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Later entries do not override earlier ones in every program's eyes, so a variable that is given twice is given once.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto replaced = [&](const auto& pair) {
      return text.size() > pair.first.size() && text.starts_with(pair.first) && text[pair.first.size()] == '=';
    };
    if (std::ranges::none_of(added, replaced)) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.emplace_back(name).append("=").append(value);
  return result;
}

// A file in memory: unlike a pipe it can't be full, and writing to it raises no SIGPIPE.
Result<OwnedFd> input_file(const std::string& input) {
  OwnedFd file(memfd_create("stdin", MFD_CLOEXEC));
  std::string_view rest = input;
  while (file.get() >= 0 && !rest.empty()) {
    const ssize_t written = write(file.get(), rest.data(), rest.size());
    if (written < 0) return fail(system_error("preparing its input", errno));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.get() < 0 || lseek(file.get(), 0, SEEK_SET) < 0) return fail(system_error("preparing its input", errno));
  return file;
}

Result<Started> spawn(std::vector<std::string> argv, std::vector<std::string> environment, const std::string& input) {
  SK_TRY(const OwnedFd in, input_file(input));
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) return fail(system_error("making a pipe", errno));
  const OwnedFd out_write(out[1]);
  Started started{0, OwnedFd(out[0]), OwnedFd()};
  if (pipe2(err.data(), O_CLOEXEC) != 0) return fail(system_error("making a pipe", errno));
  const OwnedFd err_write(err[1]);
  started.err = OwnedFd(err[0]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<char*> arguments = pointers_to(argv);
  std::vector<char*> variables = pointers_to(environment);
  const int error =
      posix_spawnp(&started.pid, arguments.front(), &actions, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(system_error("starting it", error));
  return started;
}

Task<void> collect(Output& output, Signal& changed) {
  while (output.drain()) co_await output.more();
  changed.notify();
}

Task<void> wait_for_exit(const Descriptor& process, bool& exited, Signal& changed) {
  co_await process.readable();
  exited = true;
  changed.notify();
}

Task<Result<ProcessOutput>> run(EventLoop& loop, std::vector<std::string> argv, std::vector<std::string> environment,
                                std::string input) {
  SK_CO_TRY(Started started, spawn(std::move(argv), std::move(environment), input));
  Child child(started.pid);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, started.pid, 0));  // its header lacks extern "C"
  if (pidfd < 0) co_return fail(system_error("watching it", errno));
  const Descriptor process(loop, pidfd);
  Output out(loop, started.out.release());
  Output err(loop, started.err.release());
  Signal changed(loop);
  bool exited = false;
  TaskGroup tasks(loop);
  tasks.start(collect(out, changed));
  tasks.start(collect(err, changed));
  tasks.start(wait_for_exit(process, exited, changed));
  while (!exited && !out.too_much() && !err.too_much()) co_await changed.wait();
  tasks.cancel_all();
  // What it printed last is still in the pipes. Children it left behind may hold them open for ever.
  if (exited) {
    out.drain();
    err.drain();
  }
  const int status = child.end();
  if (out.too_much() || err.too_much()) co_return fail(ErrorCode::InvalidInput, "it printed more than 1 MiB");
  ProcessOutput result;
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.out = out.take();
  result.err = err.take();
  co_return std::move(result);
}

}  // namespace

Task<Result<ProcessOutput>> run_process(EventLoop& loop, std::vector<std::string> argv,
                                        std::vector<std::pair<std::string, std::string>> environment, std::string input,
                                        Duration limit) {
  if (argv.empty()) co_return fail(ErrorCode::InvalidInput, "no program to run");
  const std::string doing = "running " + argv.front();
  auto output =
      co_await with_timeout(loop, limit, run(loop, std::move(argv), environment_with(environment), std::move(input)));
  co_return std::move(output).within(doing);
}

}  // namespace spotkeeper::net
