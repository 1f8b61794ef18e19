// Keeps the agent's own Node as it should be: decides what should stand on it (judge_node), writes that in one PATCH,
// decides anew on a conflict, and says what it did.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/backoff.h"
#include "control/agenda.h"
#include "control/agent_clock.h"
#include "control/agent_metrics.h"
#include "control/node_keeper.h"
#include "control/node_news.h"
#include "control/ports.h"
#include "net/runtime.h"
#include "net/task.h"
#include "net/task_group.h"

namespace spotkeeper::control {

/// Whether the floor of healthy load-balancer targets allows taking this node out (plan::load_balancer_exclusions).
enum class Exclusion {
  Unknown,  // not all Nodes are known
  No,
  Yes,
};

class NodeWriter {
 public:
  struct Config {
    NodeName node;
    NodeRules rules;
    bool dry_run = false;    // what a change would have made of the Node is believed
    std::uint64_t seed = 1;  // of jitter
  };

  /// All of it outlives this. `wake` is called when an update has ended.
  NodeWriter(net::Runtime& runtime, const AgentClock& clock, ClusterApi& cluster, AgentMetrics& metrics, NodeNews& news,
             Config config, std::function<void()> wake);

  /// Begins to watch the Node.
  void begin();
  /// None: before begin(), and after end().
  [[nodiscard]] ClusterView* view() const { return view_.get(); }
  /// Nothing is under way or watched any more.
  void end();

  /// What is known of the Node: the watch's, or what our last change made of it until the watch shows that.
  [[nodiscard]] const Node* node(Agenda& agenda);
  /// Works out what the machine's end amounts to, with what stands on the Node.
  void judge(Signals signals, Agenda& agenda);
  /// Starts an update where one is due. Before the first PATCH of a Kill it waits a moment for `exclusion` to be known,
  /// so that one is enough.
  void keep(Exclusion exclusion, Agenda& agenda);

  /// As on the Node.
  [[nodiscard]] const std::optional<plan::NodeMark>& mark() const { return mark_; }
  /// As it should be on it: what the drain goes by.
  [[nodiscard]] const std::optional<Interruption>& what() const { return what_; }
  [[nodiscard]] bool updating() const { return updating_; }
  /// An update has no answer yet, or the last one had none: it may still be that nobody has refused it.
  [[nodiscard]] bool unanswered() const { return updating_ || unanswered_; }
  [[nodiscard]] bool seen() const { return patched_ || watched() != nullptr; }
  /// As the watch has it; nullptr: not seen yet.
  [[nodiscard]] const Node* watched() const;
  /// An event on the Node.
  void tell(kube::EventNote::Type type, std::string_view reason, std::string_view action, std::string note);

 private:
  /// What a verdict goes by, beside the Node and the time.
  struct Grounds {
    Signals signals;
    bool may_exclude = false;
  };
  [[nodiscard]] bool waits_for(Exclusion exclusion, Agenda& agenda);
  void start_update(const Node* node, Agenda& agenda);
  net::Task<void> update(std::optional<Node> node);
  net::Task<bool> write(std::optional<Node> node);
  void believe(Node node);
  [[nodiscard]] NodeVerdict judge_on(const Grounds& grounds, const Node& node) const;
  /// After an accepted PATCH: tells of it. False: not all that was to be written has been.
  bool conclude(const NodeVerdict& written, const Grounds& grounds);
  void announce(const NodeVerdict& verdict, const Node& node);
  /// Tells of an update that was not accepted, once the Node shows that it was carried out.
  void announce_unheard(const Node& node);
  void complain_about_annotation(const std::string& why);
  void complain_if_missing();

  net::Runtime& runtime_;
  const AgentClock& clock_;
  ClusterApi& cluster_;
  AgentMetrics& metrics_;
  NodeNews& news_;
  Config config_;
  std::function<void()> wake_;

  std::unique_ptr<ClusterView> view_;
  Signals signals_;
  bool may_exclude_ = false;
  std::optional<plan::NodeMark> mark_;
  std::optional<Interruption> what_;
  std::optional<Node> patched_;  // what our last change made of the Node, until the watch shows it
  Steady patched_until_;
  std::optional<Steady> wait_until_;  // for the exclusion to be known
  bool updating_ = false;
  bool unanswered_ = false;
  std::optional<NodeVerdict> unheard_;  // what was last sent and not accepted: it may have been carried out
  std::string told_;                    // which mark, or end of one, was told of last
  Steady update_from_;
  Backoff backoff_;
  std::string unreadable_logged_;
  bool missing_logged_ = false;
  net::TaskGroup tasks_;  // last: what runs in it uses the rest
};

}  // namespace spotkeeper::control
