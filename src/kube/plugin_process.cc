// Runs a credential plugin as a child process: no shell, nothing inherited but the environment, everything bounded.
#include <fcntl.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "base/text.h"
#include "kube/credentials.h"

namespace spotkeeper::kube {
namespace {

constexpr std::size_t kMostOutput = 1U << 20U;
constexpr std::size_t kErrorsKept = 1024;

std::string reason(int problem) { return std::generic_category().message(problem); }

/// A pipe whose reading end is awaited here and whose writing end goes to the child.
struct Pipe {
  std::unique_ptr<net::Descriptor> from_child;
  int to_parent = -1;

  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { close_child_end(); }
  Result<void> open(net::EventLoop& loop) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::Unavailable, "no pipe: " + reason(errno));
    from_child = std::make_unique<net::Descriptor>(loop, ends[0]);
    to_parent = ends[1];
    return {};
  }
  void close_child_end() {
    if (to_parent >= 0) ::close(std::exchange(to_parent, -1));
  }
};

/// A child in a process group of its own; killed with all of it, and reaped, when this object goes.
struct Child {
  pid_t pid = -1;
  int status = 0;

  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid <= 0) return;
    ::kill(-pid, SIGKILL);
    reap();
  }
  void reap() {
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
  }
};

struct SpawnSettings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  SpawnSettings(int output, int errors) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    sigset_t none{};
    sigset_t all{};
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<void> spawn(const ExecPlugin& plugin, const Environment& environment, const std::string& info, Pipe& output,
                   Pipe& errors, Child& child) {
  Environment merged = environment;
  for (const auto& [name, value] : plugin.env) merged[name] = value;
  merged["KUBERNETES_EXEC_INFO"] = info;
  std::vector<std::string> variables;
  for (const auto& [name, value] : merged) {
    std::string entry = name;
    entry += '=';
    entry += value;
    variables.push_back(std::move(entry));
  }
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  const SpawnSettings settings(output.to_parent, errors.to_parent);
  auto argv = pointers_to(words);
  auto envp = pointers_to(variables);
  const int problem = ::posix_spawnp(&child.pid, plugin.command.c_str(), &settings.files, &settings.attributes,
                                     argv.data(), envp.data());
  output.close_child_end();
  errors.close_child_end();
  if (problem == 0) return {};
  child.pid = -1;
  std::string message = "can't run it: " + reason(problem);
  if (problem == ENOENT && !plugin.install_hint.empty()) message += "; " + plugin.install_hint;
  return fail(ErrorCode::Unauthorized, std::move(message));
}

/// Takes what has come; false at the end of the stream.
bool drain(int fd, std::string& into, std::size_t most) {
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (count == 0) return false;
    into.append(piece.data(), static_cast<std::size_t>(count));
    if (into.size() > most) return false;
  }
}

net::Task<void> collect(const net::Descriptor& from, std::string& into, std::size_t most, bool& ended,
                        net::Signal& changed) {
  while (drain(from.fd(), into, most)) co_await from.readable();
  ended = true;
  changed.notify();
}

/// The child's errors are kept by their end, and never stop it.
net::Task<void> collect_errors(const net::Descriptor& from, std::string& into) {
  for (;;) {
    const bool more = drain(from.fd(), into, kMostOutput);
    const bool full = into.size() > kMostOutput;
    if (into.size() > kErrorsKept) into.erase(0, into.size() - kErrorsKept);
    if (!more && !full) co_return;
    if (more) co_await from.readable();
  }
}

net::Task<void> await_exit(const net::Descriptor& process, bool& exited, net::Signal& changed) {
  co_await process.readable();
  exited = true;
  changed.notify();
}

std::string ending_of(int status) {
  if (WIFEXITED(status)) return "it exited with " + std::to_string(WEXITSTATUS(status));
  return "it was ended by signal " + std::to_string(WTERMSIG(status));
}

net::Task<Result<std::string>> run_plugin(net::EventLoop& loop, Environment environment, ExecPlugin plugin,
                                          std::string info) {
  Pipe output;
  Pipe errors;
  Child child;
  SK_CO_CHECK(output.open(loop));
  SK_CO_CHECK(errors.open(loop));
  SK_CO_CHECK(spawn(plugin, environment, info, output, errors, child));
  const int watched = ::pidfd_open(child.pid, 0);
  if (watched < 0) co_return fail(ErrorCode::Unavailable, "can't wait for it: " + reason(errno));
  const net::Descriptor process(loop, watched);

  std::string printed;
  std::string complaints;
  bool closed = false;
  bool exited = false;
  net::Signal changed(loop);
  net::TaskGroup group(loop);
  group.start(collect(*output.from_child, printed, kMostOutput, closed, changed));
  group.start(collect_errors(*errors.from_child, complaints));
  group.start(await_exit(process, exited, changed));
  while (!exited && printed.size() <= kMostOutput) co_await changed.wait();
  if (printed.size() > kMostOutput) co_return fail(ErrorCode::InvalidInput, "it prints more than 1 MiB");
  group.cancel_all();
  // A grandchild may hold the pipes open for ever: what is in them now is all that counts.
  drain(output.from_child->fd(), printed, kMostOutput);
  drain(errors.from_child->fd(), complaints, kMostOutput);
  child.reap();
  if (child.status == 0) co_return printed;
  if (complaints.size() > kErrorsKept) complaints.erase(0, complaints.size() - kErrorsKept);
  std::string message = ending_of(child.status);
  if (!trim(complaints).empty()) message += ": " + to_valid_utf8(trim(complaints));
  co_return fail(ErrorCode::Unauthorized, std::move(message));
}

net::Task<Result<std::string>> run_within(net::EventLoop& loop, Environment environment, Duration limit,
                                          ExecPlugin plugin, std::string info) {
  const std::string name = plugin.command;
  auto result = co_await net::with_timeout(
      loop, limit, run_plugin(loop, std::move(environment), std::move(plugin), std::move(info)));
  co_return std::move(result).within("credential plugin " + quote(name));
}

}  // namespace

PluginRunner process_runner(net::EventLoop& loop, Environment environment, Duration limit) {
  return [&loop, environment = std::move(environment), limit](ExecPlugin plugin, std::string info) {
    return run_within(loop, environment, limit, std::move(plugin), std::move(info));
  };
}

}  // namespace spotkeeper::kube
