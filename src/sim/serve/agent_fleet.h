// The agents of a served world: one process a node, started anew when it ends, as a kubelet starts a container anew.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/names.h"
#include "sim/serve/child_process.h"

namespace spotkeeper::sim::serve {

class AgentFleet {
 public:
  static constexpr Duration kStartsAnewAfter = 2s;  // of the world's time
  static constexpr Duration kAtOnce = 5s;           // of real time: who ends sooner after its start has failed to start
  static constexpr int kMostFailures = 5;           // in a row

  /// `command` gives the argv of a node's agent, whose output goes to `directory`/agent-NODE.log. `rate`: how many
  /// times faster than real time the world's clock runs.
  AgentFleet(std::function<std::vector<std::string>(const NodeName&)> command, std::string directory, double rate);

  Result<void> start(const NodeName& node, Instant now);
  /// Kills it, if there is one: its machine died.
  void stop(const NodeName& node) { agents_.erase(node); }
  void stop_all() { agents_.clear(); }
  /// To be called often. Starts those anew that ended by themselves, `kStartsAnewAfter` after their end was seen. An
  /// error names an agent that failed `kMostFailures` times in a row, or could not be started, and its log.
  Result<void> look(Instant now);

  [[nodiscard]] std::size_t size() const { return agents_.size(); }
  /// How often one was started anew.
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  /// None: it is not running.
  [[nodiscard]] std::optional<pid_t> pid(const NodeName& node) const;

 private:
  struct Agent {
    ChildProcess process;
    Instant started;
    int failures = 0;
    std::optional<Instant> again_at;  // it has ended
  };
  Result<void> look_at(const NodeName& node, Agent& agent, Instant now);
  [[nodiscard]] std::string log_of(const NodeName& node) const;

  std::function<std::vector<std::string>(const NodeName&)> command_;
  std::string directory_;
  Duration at_once_;  // of the world's time
  std::map<NodeName, Agent> agents_;
  std::uint64_t restarts_ = 0;
};

}  // namespace spotkeeper::sim::serve
