// Decides what should stand on a Node, given what is known of its machine's end. Pure; the agent writes it, in one
// PATCH that is decided anew on every conflict.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/interruption.h"
#include "model/node.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::control {

/// What the machine has been told, as far as it still counts.
struct Signals {
  std::vector<Interruption> live;   // notices that stand, on this machine's clock
  std::vector<std::string> listed;  // the ids of all notices that the source shows, counted or not
  /// That source has answered since we started: what it does not list now is over.
  std::function<bool(std::string_view source)> told;
};

struct NodeRules {
  plan::MarkPolicy mark;
  Duration rebalance_hold = 10min;
};

/// What should be on the Node, beside what is.
struct NodeVerdict {
  std::optional<plan::NodeMark> mark;      // as it should be: none, nothing is to be on it
  NodeChange change;                       // empty: it is as it should be
  std::optional<plan::UndoReason> undone;  // why the mark goes
  std::optional<Interruption> over;        // what the Node's mark named and the new one, if there is one, does not
  bool news = false;                       // the mark is new, or names another notice
  std::optional<Instant> next_look;        // when time alone changes this
  std::optional<std::string> unreadable;   // why the annotation could not be read
};

/// Pure. `may_exclude`: the floor of healthy load-balancer targets allows taking the node out now.
[[nodiscard]] NodeVerdict judge_node(const Node& node, const Signals& signals, const NodeRules& rules, bool may_exclude,
                                     Instant now);

}  // namespace spotkeeper::control
