// An open-loop load: requests leave when they are due, whatever became of those before, and what happens to each is
// counted from when it was due. So a server (or this machine) that stalls can't hide its own slowness by slowing us.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "net/event_loop.h"
#include "net/task.h"
#include "net/task_group.h"
#include "tests/tools/web_client/connection.h"
#include "tests/tools/web_client/port_walk.h"
#include "tests/tools/web_client/report.h"
#include "tests/tools/web_client/target.h"
#include "tests/tools/web_client/translation.h"

namespace spotkeeper::tools {

/// What the streams of a run share.
struct RunState {
  std::string name;  // every id begins with it
  Steady start;
  PortWalk ports;
  Duration worst_start_lag{};
  Translations translations{};
};

/// The requests of one style to one target.
class LoadStream {
 public:
  /// Loop and run outlive it.
  LoadStream(net::EventLoop& loop, RunState& run, const Target& target, Style style)
      : loop_(loop), run_(run), target_(target), style_(style), report_(target, style), requests_(loop) {}

  /// Starts a request whenever one is due: at `first` after the run's start, and then one every 1/rate until `end`.
  /// May be destroyed at any time; what is under way then goes on.
  net::Task<void> send(Duration first, Duration end);
  /// Goes on when every request that was started is over. Each ends at its deadline at the latest.
  net::Task<void> finish() { return requests_.join(); }
  [[nodiscard]] const StreamReport& report() const { return report_; }

 private:
  struct Attempt {
    std::string id;
    Ending::Stage stage = Ending::Stage::Connecting;
    std::unique_ptr<Connection> connection;
    std::uint16_t source_port = 0;
    std::uint64_t answers_before = 0;
    std::string served_by;
    bool keep = false;  // the connection can carry another request
  };
  net::Task<void> request(std::uint64_t number, Steady due);
  net::Task<Result<Ending>> exchange(Attempt& attempt);
  net::Task<Errno> connect(Attempt& attempt);
  net::Task<Ending> read_answer(Attempt& attempt);
  [[nodiscard]] std::unique_ptr<Connection> reuse();
  void keep(Attempt& attempt);
  [[nodiscard]] std::string pod_address(const Attempt& attempt) const;
  [[nodiscard]] std::string bytes_of(const Attempt& attempt) const;

  net::EventLoop& loop_;
  RunState& run_;
  Target target_;
  Style style_;
  StreamReport report_;
  std::deque<std::unique_ptr<Connection>> idle_;  // the one that rested longest is used first
  std::uint64_t busy_ = 0;
  net::TaskGroup requests_;  // last: its coroutines use everything above
};

}  // namespace spotkeeper::tools
