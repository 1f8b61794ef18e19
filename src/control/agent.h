// The agent: one on every node. It watches the metadata service for the end of its machine, marks its Node, and drains
// it itself when no controller does.
//
// Level-triggered: it compares what stands (notices, the Node, its annotation, the pods) with what should be, after
// every change and at the next instant at which something falls due. The Node is its only memory, so that a new process
// goes on where the last one was killed. Rules: docs/agent.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "cloud/aws/imds.h"
#include "control/ports.h"
#include "model/names.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/task.h"
#include "plan/drain/drain.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper {
class MetricsRegistry;
}

namespace spotkeeper::control {

/// What an agent is connected to. All of it outlives the agent.
struct AgentPorts {
  net::Runtime& runtime;
  ClusterApi& cluster;
  net::HttpTransport& metadata;
  MetricsRegistry& metrics;
  Messenger* messenger = nullptr;  // none: nobody is told
};

struct AgentConfig {
  NodeName node;
  std::optional<ObjectName> self;  // this process's own pod: never touched
  aws::MonitorConfig metadata;
  plan::NoticeLengths notices;
  plan::DrainPolicy drain;  // `self` is taken from above
  plan::MarkPolicy mark;
  /// A rebalance recommendation that nothing has followed is undone this long after it was given.
  Duration rebalance_hold = 10min;
  /// A rebalance recommendation retires the node instead: it is drained within budgets, and nothing is undone.
  bool rebalance_drains = false;
  /// A controller must have acknowledged within this, or within a tenth of the time between notice and deadline, if
  /// that is less; else the agent drains. 0: there is no controller.
  Duration acknowledge_within = 2s;
  /// The same for a controller that has acknowledged and whose progress stands still.
  Duration progress_within = 5s;
  /// After stop(), a drain may go on for this long (the pod's terminationGracePeriodSeconds, less a little).
  Duration own_grace = 145s;
  /// The cluster only checks changes and carries out none: what it says would be is believed from then on.
  bool dry_run = false;
  std::uint64_t seed = 1;  // of jitter

  // What `--compat=nth` asks for, and nothing else does.
  std::set<aws::MetadataTopic> unheard;      // what these places say counts for nothing
  bool cordon_only = false;                  // nothing is evicted or deleted
  bool maintenance_drains_at_once = false;   // instead of shortly before it takes place
  aws::ImdsClient::Counter metadata_answer;  // hears of every answer of the metadata service; may be empty
};

/// For probes, logs and tests.
struct AgentStatus {
  enum class Phase {
    Starting,  // its Node or the metadata service has not been seen yet
    Watching,  // nothing is wrong
    Marked,    // the Node is marked; nothing is to be drained (yet), or a controller does it
    Draining,  // this agent drains
    Drained,   // nothing is left that could be moved
    Stopped,   // run() has ended
  };
  Phase phase = Phase::Starting;
  std::optional<plan::NodeMark> mark;  // as on the Node
  std::size_t pods_left = 0;           // on this node, of those that a drain moves
  bool node_seen = false;
  bool metadata_answered = false;  // every place has answered once
  Steady last_poll;                // the metadata poller's last sign of life
  Steady last_look;                // the main loop's
  std::vector<std::string> stuck;  // watches that make no step any more (ClusterView::stuck)
};

class Agent {
 public:
  Agent(AgentPorts ports, AgentConfig config);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent();

  /// Works until stop(). Called once. Destroying the Task is a crash: nothing is tidied up.
  net::Task<void> run();
  /// Ends run() as soon as no drain of this agent that has a deadline is under way, and in any case after `own_grace`.
  void stop();
  [[nodiscard]] AgentStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spotkeeper::control
