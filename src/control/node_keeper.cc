#include "control/node_keeper.h"

#include <algorithm>
#include <utility>

#include "control/node_record.h"

namespace spotkeeper::control {
namespace {

using plan::NodeMark;
using plan::UndoReason;

// A hibernated machine comes back with the boot id that it had. It is back when the notice is gone and this has passed
// since the deadline.
constexpr Duration kSurelyOver = 1min;
// An annotation may hold 256 KiB together with all others; of one that is garbage the beginning will do.
constexpr std::size_t kKeptGarbage = 1024;

bool listed(const Signals& signals, const Interruption& what) {
  return std::ranges::find(signals.listed, what.id) != signals.listed.end();
}

bool rebooted(const Node& node, const NodeMark& mark) {
  return !node.boot_id.empty() && !mark.boot_id.empty() && node.boot_id != mark.boot_id;
}

struct Standing {
  std::optional<UndoReason> undo;
  bool finished = false;  // the source still lists what has happened already
  std::optional<Instant> next_look;
};

/// Does what the mark says still hold?
Standing standing_of(const Node& node, const NodeMark& mark, const Signals& signals, const NodeRules& rules,
                     Instant now) {
  const Interruption& what = mark.interruption;
  const bool passed = what.deadline && now >= what.deadline->at;
  if (!signals.told(what.source)) return {};  // until its source has spoken, nothing is taken back
  if (listed(signals, what) && what.kind != InterruptionKind::Maybe) {
    const bool happened = what.kind == InterruptionKind::Maintenance && passed && rebooted(node, mark);
    if (happened) return {UndoReason::CameBack, true, std::nullopt};
    return {};
  }
  const bool resumed = what.effect == InterruptionEffect::Hibernate && what.kind == InterruptionKind::Kill && passed &&
                       now >= what.deadline->at + kSurelyOver;
  if (resumed) return {UndoReason::CameBack, false, std::nullopt};
  const bool withdrawn = what.kind == InterruptionKind::Maintenance && what.source.starts_with("imds/");
  const plan::Undo undo = plan::undo_of(mark, node.boot_id, withdrawn, rules.rebalance_hold, now);
  return {undo.reason, false, undo.next_look};
}

void unmark(const Node& node, const NodeMark& mark, const Standing& standing, const NodeRules& rules,
            NodeVerdict& verdict) {
  verdict.undone = standing.undo;
  verdict.over = mark.interruption;
  verdict.change = plan::unmark_node(node, mark, rules.mark);
  verdict.change.annotations[std::string(kInterruptionAnnotation)] = std::nullopt;
  if (standing.finished) verdict.change.annotations[std::string(kFinishedAnnotation)] = mark.interruption.id;
}

void put_mark(const Node& node, const std::optional<NodeMark>& present, const Interruption& what,
              const NodeRules& rules, bool may_exclude, NodeVerdict& verdict) {
  plan::Marking marking = plan::mark_node(node, present, what, rules.mark, may_exclude);
  verdict.change = std::move(marking.change);
  if (marking.mark != present) {
    verdict.change.annotations[std::string(kInterruptionAnnotation)] = write_mark(marking.mark);
    const std::string* const text = node.annotations.find(kInterruptionAnnotation);
    if (verdict.unreadable && text != nullptr)  // whoever wrote it may want it back
      verdict.change.annotations[std::string(kUnreadableAnnotation)] = text->substr(0, kKeptGarbage);
  }
  const bool another = !present || present->interruption.id != marking.mark.interruption.id ||
                       present->interruption.kind != marking.mark.interruption.kind;
  verdict.news = another;
  if (another && present) verdict.over = present->interruption;
  verdict.mark = std::move(marking.mark);
}

}  // namespace

NodeVerdict judge_node(const Node& node, const Signals& signals, const NodeRules& rules, bool may_exclude,
                       Instant now) {
  NodeVerdict verdict;
  std::optional<NodeMark> present;
  if (auto mark = mark_of(node)) {
    present = *std::move(mark);
  } else {
    verdict.unreadable = std::move(mark).error().message;
  }
  const std::string* const finished = node.annotations.find(kFinishedAnnotation);
  std::optional<Interruption> what;
  for (const Interruption& signal : signals.live) {
    if (finished != nullptr && *finished == signal.id) continue;
    what = what ? plan::merge(*what, signal) : signal;
  }
  Standing standing;
  if (present) {
    standing = standing_of(node, *present, signals, rules, now);
    verdict.next_look = standing.next_look;
  }
  if (standing.undo) {
    unmark(node, *present, standing, rules, verdict);
  } else if (what || (present && !rebooted(node, *present))) {
    put_mark(node, present, what ? *what : present->interruption, rules, may_exclude, verdict);
  } else {
    // That it is of another boot is what tells that the machine came back, once its source has spoken.
    verdict.mark = present;
  }
  const bool forget = finished != nullptr && signals.told("imds/scheduled") &&
                      std::ranges::find(signals.listed, *finished) == signals.listed.end();
  if (forget) verdict.change.annotations.try_emplace(std::string(kFinishedAnnotation), std::nullopt);
  if (!verdict.change.empty()) {
    verdict.change.node = node.name;
    verdict.change.version = node.version;
  }
  return verdict;
}

}  // namespace spotkeeper::control
