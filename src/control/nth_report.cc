#include "control/nth_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/metrics.h"
#include "control/event_notes.h"
#include "observe/notify.h"

namespace spotkeeper::control {
namespace {

using Type = kube::EventNote::Type;
using observe::Ending;

// Every series of theirs has these two labels.
constexpr std::string_view kScope = "aws.node.termination.handler";
constexpr std::string_view kScopeVersion;

/// Events about the Node that say why it is marked: theirs, of type Normal.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNotices = {{
    {"NodeInterrupted", "SpotInterruption"},
    {"RebalanceRecommended", "RebalanceRecommendation"},
    {"MaintenanceScheduled", "ScheduledEvent"},
    {"NodeRetiring", "ASGLifecycle"},
}};

std::string_view monitor_of(std::string_view place) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> monitors = {{
      {"spot", "SPOT_ITN_MONITOR"},
      {"rebalance", "REBALANCE_RECOMMENDATION_MONITOR"},
      {"scheduled", "SCHEDULED_EVENT_MONITOR"},
      {"asg", "ASG_LIFECYCLE_MONITOR"},
  }};
  const auto* const found = std::ranges::find(monitors, place, &std::pair<std::string_view, std::string_view>::first);
  return found == monitors.end() ? std::string_view() : found->second;
}

}  // namespace

struct NthReport::Counters {
  explicit Counters(MetricsRegistry& registry)
      : actions(registry.counters("actions_total", "Number of actions",
                                  {"node_action", "node_status", "otel_scope_name", "otel_scope_version"})),
        by_node(registry.counters(
            "actions_node_total", "Number of actions per node (deprecated: use actions_total)",
            {"node_action", "node_name", "node_event_id", "node_status", "otel_scope_name", "otel_scope_version"})),
        errors(registry.counters("events_error_total", "Number of errors in events processing",
                                 {"event_error_where", "otel_scope_name", "otel_scope_version"})) {}
  MetricFamily<Counter>& actions;
  MetricFamily<Counter>& by_node;
  MetricFamily<Counter>& errors;
};

NthReport::NthReport(ClusterApi& cluster, Messenger* people, MetricsRegistry& metrics, NthReportConfig config)
    : cluster_(cluster), people_(people), config_(std::move(config)), counters_(std::make_unique<Counters>(metrics)) {}

NthReport::~NthReport() = default;

void NthReport::acted(std::string_view action, std::string_view event_id, bool success) {
  const std::string_view status = success ? "success" : "error";
  counters_->actions.with({action, status, kScope, kScopeVersion}).add();
  counters_->by_node.with({action, config_.node.str(), event_id, status, kScope, kScopeVersion}).add();
}

void NthReport::send(kube::EventNote note) {
  if (!config_.emit_events) return;
  if (note.kind == "Node") note.annotations = config_.annotations;
  cluster_.emit(std::move(note));
}

void NthReport::say(Type type, std::string_view reason, std::string note) {
  send(event_on(config_.node, node_uid_, type, reason, reason, std::move(note)));
}

void NthReport::emit(kube::EventNote note) {
  if (note.kind == "Node") node_uid_ = note.uid;
  const auto* const notice =
      std::ranges::find(kNotices, std::string_view(note.reason), &std::pair<std::string_view, std::string_view>::first);
  if (notice != kNotices.end()) {
    note.reason = notice->second;
    note.type = Type::Normal;
    send(std::move(note));
    acted("pre-drain", event_id_, true);
    return say(Type::Normal, "PreDrain", "the Node is marked");
  }
  if (note.reason == "NodeDrained") return;  // the end of a drain is told where there was nothing to move, too
  if (note.reason == "InterruptionOver") {
    note.reason = "Uncordon";
    acted("uncordon", event_id_, true);
  } else if (note.reason == "EvictedFromDyingNode" || note.reason == "DeletedFromDyingNode") {
    note.reason = "PodEviction";
    note.note = "Pod evicted due to node drain (node " + config_.node.str() + ")";
  }
  send(std::move(note));
}

void NthReport::tell(const observe::Notification& news) {
  event_id_ = news.event.event_id;
  const observe::NthMachine& machine = news.event.machine;
  for (const auto& [key, value] : {std::pair("account-id", &machine.account_id),
                                   {"availability-zone", &machine.availability_zone},
                                   {"instance-id", &machine.instance_id},
                                   {"instance-life-cycle", &machine.life_cycle},
                                   {"instance-type", &machine.instance_type},
                                   {"local-hostname", &machine.local_hostname},
                                   {"local-ipv4", &machine.local_ip},
                                   {"public-hostname", &machine.public_hostname},
                                   {"public-ipv4", &machine.public_ip},
                                   {"region", &machine.region}})
    config_.annotations.try_emplace(key).first->second = *value;
  if (news.moment == observe::Moment::Ended && ended_.insert(news.key).second) {
    const bool success = news.ending != Ending::NotDrained;
    const bool drained = news.ending != Ending::Cordoned;
    acted(drained ? "cordon-and-drain" : "cordon", event_id_, success);
    const std::string reason = std::string(drained ? "CordonAndDrain" : "Cordon") + (success ? "" : "Error");
    say(success ? Type::Normal : Type::Warning, reason, news.what);
  }
  if (people_ != nullptr) people_->tell(news);
}

net::Task<void> NthReport::flush(Duration limit) {
  if (people_ != nullptr) co_await people_->flush(limit);
}

void NthReport::on_metadata_answer(std::string_view place, aws::AnswerKind kind) {
  const std::string_view monitor = monitor_of(place);
  if (monitor.empty()) return;  // a token, or what the machine is
  if (kind == aws::AnswerKind::Found || kind == aws::AnswerKind::None) {
    failing_.erase(std::string(place));
    return;
  }
  counters_->errors.with({monitor, kScope, kScopeVersion}).add();
  if (!failing_.insert(std::string(place)).second) return;
  say(Type::Warning, "MonitorError",
      "there was a problem monitoring for events in " + std::string(monitor) + ": " + std::string(name_of(kind)));
}

}  // namespace spotkeeper::control
