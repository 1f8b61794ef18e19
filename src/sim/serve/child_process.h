// A process that runs beside this one until it is told to end, or until this one does.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace spotkeeper::sim::serve {

class ChildProcess {
 public:
  /// Starts `argv[0]` (a path) with standard output and standard error going to `log_path`. It is killed by the kernel
  /// when this process dies, whatever the reason. The caller has one thread.
  static Result<ChildProcess> start(const std::vector<std::string>& argv, const std::string& log_path);
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(status_, other.status_);
    return *this;
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills it if it still runs.
  ~ChildProcess();

  /// SIGKILL, and waits for its end: what happens to a process on a machine that dies.
  void kill();
  /// False once it has ended by itself.
  [[nodiscard]] bool running();
  /// How it ended by itself: "exit code 3", "signal 9"; empty while it runs.
  [[nodiscard]] std::string end() const;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> status_;  // as waitpid gives it
};

}  // namespace spotkeeper::sim::serve
