// The drain of the agent's own node: watches what it needs while it may be needed, plans, decides who acts, carries the
// plan out, and keeps account of it. docs/agent.md, "Who drains"; docs/drain.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/agenda.h"
#include "control/agent_clock.h"
#include "control/agent_metrics.h"
#include "control/executor.h"
#include "control/hard_kills.h"
#include "control/node_news.h"
#include "control/node_record.h"
#include "control/node_writer.h"
#include "control/ownership.h"
#include "control/pod_complaints.h"
#include "control/ports.h"
#include "net/runtime.h"
#include "net/task_group.h"
#include "plan/drain/drain.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::control {

class NodeDrain {
 public:
  struct Config {
    NodeName node;
    plan::DrainPolicy policy;
    plan::MarkPolicy mark;
    OwnershipPolicy ownership;
    bool cordon_only = false;
    bool maintenance_at_once = false;  // `policy` has the lead that goes with it
    std::uint64_t seed = 1;            // of jitter
  };

  /// All of it outlives this. `wake` is called when there is something to look at.
  NodeDrain(net::Runtime& runtime, const AgentClock& clock, ClusterApi& cluster, AgentMetrics& metrics, NodeNews& news,
            Config config, std::function<void()> wake);

  /// Begins or ends watching what a drain because of `what` needs.
  void watch(const std::optional<Interruption>& what, Agenda& agenda);
  /// Signals of this kind drain at once.
  [[nodiscard]] bool drains(InterruptionKind kind) const;
  /// May this node leave the load balancers now?
  [[nodiscard]] Exclusion exclusion(const std::optional<Interruption>& what, Agenda& agenda);
  /// Does what is due. `writer` knows the Node's mark, and tells what is done.
  void keep(NodeWriter& writer, Agenda& agenda);
  /// Nothing is under way or watched any more.
  void end();

  /// It is this agent that drains, and it has not finished.
  [[nodiscard]] bool draining() const { return draining_; }
  /// Nothing is left that could be moved.
  [[nodiscard]] bool drained() const { return run_ && run_->drained; }
  /// Of those that a drain moves.
  [[nodiscard]] std::size_t pods_left() const { return pods_left_; }
  /// The names of those that this run has found, gone or not, for people.
  [[nodiscard]] std::vector<std::string> pods() const;
  /// None: nothing is watched.
  [[nodiscard]] const ClusterView* view() const { return view_.get(); }

 private:
  /// What was seen of one drain.
  struct Run {
    bool any_pods;
    std::set<std::string> pods;  // "namespace/name"
    bool last_sigterm;
    bool drained;
  };
  /// What follows from one state of the Nodes. In a storm pods change hundreds of times as often.
  struct Nodes {
    std::uint64_t revision;
    Interruption what;                // of this node
    std::vector<Interruption> dying;  // with it
    std::optional<plan::Exclusions> exclusions;
  };
  /// The last plan, and what it was made of: it holds until that changes, or until it says itself.
  struct Planned {
    std::uint64_t revision;
    Interruption what;
    plan::DrainPlan plan;
  };
  [[nodiscard]] Nodes& nodes(const Interruption& what);
  [[nodiscard]] bool anything_to_move() const;
  [[nodiscard]] const plan::DrainPlan& plan(const Interruption& what);
  [[nodiscard]] Owner owner(const Interruption& what, const Node* node, Agenda& agenda);
  void see_whether_reached();
  [[nodiscard]] static bool marked(const NodeWriter& writer);
  [[nodiscard]] bool waited_for_mark(const NodeWriter& writer, Agenda& agenda) const;
  [[nodiscard]] std::vector<Executor::Action> permitted(const plan::DrainPlan& plan, bool ours, bool marked) const;
  void remember_first_pods();
  void account(const plan::DrainPlan& plan, NodeWriter& writer, Agenda& agenda);
  void tell_if_late(const Interruption& what, Agenda& agenda);
  void remember_pods();
  void forget();

  net::Runtime& runtime_;
  const AgentClock& clock_;
  ClusterApi& cluster_;
  AgentMetrics& metrics_;
  NodeNews& news_;
  Config config_;
  std::function<void()> wake_;

  std::unique_ptr<ClusterView> view_;
  MarkedNodes marked_;
  ClaimWatch claim_;
  std::optional<Nodes> nodes_;
  std::optional<Planned> planned_;
  std::optional<Run> run_;
  std::optional<std::set<Uid>> first_pods_;  // those that were on the node when its pods were first known
  bool draining_ = false;
  std::size_t pods_left_ = 0;
  HardKills hard_kills_;
  PodComplaints complaints_;
  std::optional<Instant> reached_;  // when the API server first answered since the view was opened
  Executor executor_;
  net::TaskGroup executor_tasks_;
  net::TaskGroup view_tasks_;
};

}  // namespace spotkeeper::control
