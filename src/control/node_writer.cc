#include "control/node_writer.h"

#include <utility>

#include "base/log.h"
#include "control/event_notes.h"
#include "control/node_record.h"
#include "control/notices.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kViewLag = 5s;     // a patched Node is believed this long before the watch shows it
constexpr Duration kOnePatch = 50ms;  // a Kill's mark waits this long for the load balancers' share of it
constexpr int kConflictTries = 8;
constexpr BackoffPolicy kBackoff = {.first = 100ms, .factor = 2.0, .jitter = 0.2, .most = 2s};

std::string_view event_reason(const Interruption& what) {
  switch (what.kind) {
    case InterruptionKind::Maybe: return "RebalanceRecommended";
    case InterruptionKind::Maintenance: return "MaintenanceScheduled";
    case InterruptionKind::Retire: return what.source == "imds/rebalance" ? "RebalanceRecommended" : "NodeRetiring";
    case InterruptionKind::Kill: return "NodeInterrupted";
  }
  return "NodeInterrupted";
}

/// Nobody has said no, nor yes.
bool is_silence(const Error& error) { return error.code == ErrorCode::Timeout || error.code == ErrorCode::Unavailable; }

/// Which mark, or end of one, an announcement is about.
std::string subject_of(const NodeVerdict& verdict) {
  const std::optional<Interruption> what = verdict.undone ? verdict.over : std::optional(verdict.mark->interruption);
  if (!what) return {};
  return std::string(verdict.undone ? "end of " : "") + std::string(name_of(what->kind)) + " " + what->id;
}

/// Where what matters of two copies of a Node is the same.
bool same_to_us(const Node& a, const Node& b) {
  const auto same = [&](std::string_view key) {
    const std::string* const left = a.annotations.find(key);
    const std::string* const right = b.annotations.find(key);
    return (left == nullptr) == (right == nullptr) && (left == nullptr || *left == *right);
  };
  return a.taints == b.taints && a.unschedulable == b.unschedulable && same(kInterruptionAnnotation) &&
         same(kFinishedAnnotation);
}

}  // namespace

NodeWriter::NodeWriter(net::Runtime& runtime, const AgentClock& clock, ClusterApi& cluster, AgentMetrics& metrics,
                       NodeNews& news, Config config, std::function<void()> wake)
    : runtime_(runtime),
      clock_(clock),
      cluster_(cluster),
      metrics_(metrics),
      news_(news),
      config_(std::move(config)),
      wake_(std::move(wake)),
      backoff_(kBackoff, Random(config_.seed)),
      tasks_(runtime) {}

void NodeWriter::begin() { view_ = cluster_.view_node(config_.node); }

void NodeWriter::end() {
  tasks_.cancel_all();
  view_.reset();
}

const Node* NodeWriter::watched() const {
  return view_ && view_->synced() ? view_->snapshot().find_node(config_.node) : nullptr;
}

const Node* NodeWriter::node(Agenda& agenda) {
  const Node* const seen = watched();
  if (!patched_) return seen;
  // A dry-run is answered with the version that the Node had before.
  const bool shown = !config_.dry_run && seen != nullptr &&
                     (seen->version == patched_->version || runtime_.steady() >= patched_until_);
  const bool caught_up = shown || (seen != nullptr && same_to_us(*seen, *patched_));
  if (!caught_up) {
    if (!config_.dry_run && runtime_.steady() < patched_until_) agenda.consider(patched_until_);
    return &*patched_;
  }
  patched_.reset();
  return seen;
}

void NodeWriter::judge(Signals signals, Agenda& agenda) {
  signals_ = std::move(signals);
  what_.reset();
  complain_if_missing();
  const Node* const known = node(agenda);
  if (known == nullptr) {
    for (const Interruption& signal : signals_.live) what_ = what_ ? plan::merge(*what_, signal) : signal;
    return;
  }
  const auto mark = mark_of(*known);
  mark_ = mark ? *mark : std::nullopt;
  announce_unheard(*known);
  const NodeVerdict verdict = judge_on({signals_, may_exclude_}, *known);
  if (verdict.unreadable) complain_about_annotation(*verdict.unreadable);
  agenda.consider(verdict.next_look);
  if (verdict.mark) what_ = verdict.mark->interruption;
}

bool NodeWriter::waits_for(Exclusion exclusion, Agenda& agenda) {
  const bool to_come =
      exclusion == Exclusion::Unknown && what_ && plan::leaves_load_balancers(what_->kind, config_.rules.mark);
  if (!to_come) {
    wait_until_.reset();
    return false;
  }
  if (!wait_until_) wait_until_ = runtime_.steady() + kOnePatch;
  if (runtime_.steady() >= *wait_until_) return false;
  agenda.consider(*wait_until_);
  return true;
}

void NodeWriter::keep(Exclusion exclusion, Agenda& agenda) {
  may_exclude_ = exclusion == Exclusion::Yes;
  if (waits_for(exclusion, agenda)) return;
  const Node* const known = node(agenda);
  const bool due = known == nullptr ? what_.has_value() : !judge_on({signals_, may_exclude_}, *known).change.empty();
  if (due) start_update(known, agenda);
}

void NodeWriter::complain_about_annotation(const std::string& why) {
  if (why == unreadable_logged_) return;
  unreadable_logged_ = why;
  log::error("the Node's record of its interruption can't be read; taken as absent", {{"problem", why}});
}

void NodeWriter::complain_if_missing() {
  if (!view_ || !view_->synced()) return;
  const bool missing = watched() == nullptr;
  if (std::exchange(missing_logged_, missing) == missing) return;
  if (!missing) return log::info("the Node is there now", {{"node", config_.node.str()}});
  log::warn("there is no Node of this name: nothing can be marked",
            {{"node", config_.node.str()},
             {"hint", "check --node-name (in a pod: from spec.nodeName), and which Nodes RBAC lets the agent list"}});
}

void NodeWriter::start_update(const Node* node, Agenda& agenda) {
  if (updating_) return;
  if (runtime_.steady() < update_from_) return agenda.consider(update_from_);
  updating_ = true;
  std::optional<Node> copy;
  if (node != nullptr) copy = *node;
  tasks_.start(update(std::move(copy)));
}

net::Task<void> NodeWriter::update(std::optional<Node> node) {
  const bool done = co_await write(std::move(node));
  updating_ = false;
  if (done) {
    backoff_.reset();
  } else {
    update_from_ = runtime_.steady() + backoff_.next();
  }
  wake_();
}

void NodeWriter::believe(Node node) {
  patched_ = std::move(node);
  patched_until_ = runtime_.steady() + kViewLag;
}

net::Task<bool> NodeWriter::write(std::optional<Node> node) {
  for (int tries = 0; tries < kConflictTries; ++tries) {
    if (!node) {
      Result<Node> read = co_await cluster_.get_node(config_.node);
      if (!read) {
        metrics_.on_node_patch(name_of(read.error().code));
        unanswered_ = is_silence(read.error());
        log::warn("the Node can't be read; trying again", {{"problem", read.error().message}});
        co_return false;
      }
      node = *std::move(read);
    }
    // Both may have changed by the time of the answer.
    const Grounds grounds{signals_, may_exclude_};
    const NodeVerdict verdict = judge_on(grounds, *node);
    if (verdict.change.empty()) {
      unanswered_ = false;
      believe(*std::move(node));
      co_return true;
    }
    const NodeChange change = verdict.change;
    Result<Node> patched = co_await cluster_.patch_node(change);
    metrics_.on_node_patch(patched ? "accepted" : name_of(patched.error().code));
    unanswered_ = !patched && is_silence(patched.error());
    // A conflict may be with our own PATCH, sent again by the client because its answer was lost.
    if (verdict.news || verdict.undone) unheard_ = patched ? std::nullopt : std::optional(verdict);
    if (patched) {
      // The answer to a dry-run knows of this change, and of none that was tried before.
      if (config_.dry_run) {
        apply(change, *node);
        believe(*std::move(node));
      } else {
        believe(*std::move(patched));
      }
      co_return conclude(verdict, grounds);
    }
    if (patched.error().code != ErrorCode::Conflict) {
      log::warn("the Node can't be marked; trying again", {{"problem", patched.error().message}});
      co_return false;
    }
    node.reset();
  }
  co_return false;
}

NodeVerdict NodeWriter::judge_on(const Grounds& grounds, const Node& node) const {
  return judge_node(node, grounds.signals, config_.rules, grounds.may_exclude, clock_.now());
}

// An admission webhook may take out of a PATCH what was in it: that is asked for again, and not at once. What is wanted
// only since then is none of its doing.
bool NodeWriter::conclude(const NodeVerdict& written, const Grounds& grounds) {
  const NodeVerdict left = judge_on(grounds, *patched_);
  if (!left.news && !left.undone) announce(written, *patched_);
  if (left.change.empty()) return true;
  log::warn("the Node was patched, and not all of it has stayed; trying again",
            {{"node", patched_->name.str()}, {"hint", "an admission webhook that changes Nodes?"}});
  return false;
}

void NodeWriter::announce_unheard(const Node& node) {
  if (!unheard_) return;
  const bool carried_out = unheard_->undone ? !mark_.has_value()
                                            : mark_ && mark_->interruption.id == unheard_->mark->interruption.id &&
                                                  mark_->interruption.kind == unheard_->mark->interruption.kind;
  if (!carried_out) return;
  const NodeVerdict verdict = *std::exchange(unheard_, std::nullopt);
  if (subject_of(verdict) != told_) announce(verdict, node);
}

void NodeWriter::announce(const NodeVerdict& verdict, const Node& node) {
  using Type = kube::EventNote::Type;
  if (verdict.undone || (verdict.mark && verdict.news)) told_ = subject_of(verdict);
  if (verdict.undone) {
    if (verdict.over) news_.over(*verdict.over, plan::name_of(*verdict.undone));
    metrics_.on_undone();
    log::info("node unmarked", {{"node", node.name.str()}, {"reason", plan::name_of(*verdict.undone)}});
    tell(Type::Normal, "InterruptionOver", "Unmark",
         "what was done because of the interruption has been undone: " + std::string(plan::name_of(*verdict.undone)));
  } else if (verdict.mark && verdict.news) {
    const Interruption& what = verdict.mark->interruption;
    if (verdict.over) news_.over(*verdict.over, "another notice has taken its place");
    news_.notice(what);
    const Duration taken = clock_.now() - what.noticed;
    metrics_.on_marked(what.kind, taken);
    log::info("node marked", {{"node", node.name.str()},
                              {"what", describe(what)},
                              {"cordoned", verdict.mark->cordoned},
                              {"excluded", verdict.mark->excluded},
                              {"after", format_duration(taken)}});
    tell(Type::Warning, event_reason(what), "Mark", describe(what));
  }
}

void NodeWriter::tell(kube::EventNote::Type type, std::string_view reason, std::string_view action, std::string note) {
  const Node* const known = patched_ ? &*patched_ : watched();
  cluster_.emit(event_on(config_.node, known != nullptr ? known->uid : Uid(), type, reason, action, std::move(note)));
}

}  // namespace spotkeeper::control
