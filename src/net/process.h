// Runs a program and collects what it prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace spotkeeper::net {

struct ProcessOutput {
  int exit_code = 0;  // 128 + the signal's number for one that was killed, as shells count
  std::string out;
  std::string err;
};

/// Runs `argv` (found through PATH unless it holds a '/'; no shell) with our environment and `environment` added, and
/// `input` as its standard input. It gets a process group of its own, all of which is killed when it ends, when `limit`
/// has passed (Timeout), when it prints more than 1 MiB to one of its outputs (InvalidInput), or when the Task is
/// destroyed. NotFound if there is no such program. Any exit code is a result, not an error.
Task<Result<ProcessOutput>> run_process(EventLoop& loop, std::vector<std::string> argv,
                                        std::vector<std::pair<std::string, std::string>> environment, std::string input,
                                        Duration limit);

}  // namespace spotkeeper::net
