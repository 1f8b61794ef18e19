#include "control/agent_metrics.h"

#include <array>
#include <span>

#include "base/metrics.h"

namespace spotkeeper::control {
namespace {

constexpr std::array<double, 12> kSecondsLeft = {0, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120};
constexpr std::array kKinds = {InterruptionKind::Maybe, InterruptionKind::Maintenance, InterruptionKind::Retire,
                               InterruptionKind::Kill};

}  // namespace

struct AgentMetrics::Instruments {
  explicit Instruments(MetricsRegistry& registry)
      : notices(registry.counters("spotkeeper_notices_total", "Notices seen, by kind.", {"kind"})),
        marks(registry.counters("spotkeeper_node_marks_total", "Times the Node was marked, by kind.", {"kind"})),
        unmarks(registry.counter("spotkeeper_node_unmarks_total", "Times a mark was taken back.")),
        patches(
            registry.counters("spotkeeper_node_patches_total", "Changes of the Node sent, by outcome.", {"outcome"})),
        plans(registry.counter("spotkeeper_drain_plans_total", "Times the drain was planned.")),
        notice_to_cordon(registry.histogram("spotkeeper_notice_to_cordon_seconds",
                                            "From a kill notice's arrival to the Node being cordoned.")),
        notice_to_last_sigterm(registry.histogram("spotkeeper_notice_to_last_sigterm_seconds",
                                                  "From a notice's arrival to the last pod being told to end.")),
        seconds_left(registry.histogram("spotkeeper_drain_seconds_left",
                                        "Time left before the deadline when the last pod was gone.", kSecondsLeft)),
        short_of_grace(registry.counter("spotkeeper_pods_short_of_grace_total",
                                        "Pods that got less than their grace period before their machine's deadline.")),
        killed_hard(registry.counter("spotkeeper_pods_killed_hard_total",
                                     "Pods that their machine's end cuts off, estimated in its last seconds.")),
        not_understood(registry.counter("spotkeeper_pods_not_understood_total",
                                        "Pods to be drained with an annotation or constraint that can't be read.")),
        budget_overrides(registry.counters("spotkeeper_budget_overrides_total",
                                           "Pods deleted although a disruption budget allowed nothing, by reason.",
                                           {"reason"})),
        wish_overrides(registry.counters("spotkeeper_do_not_disrupt_overrides_total",
                                         "Pods deleted although they asked not to be disrupted, by reason.",
                                         {"reason"})),
        evictions(registry.counters("spotkeeper_evictions_total", "Answers to evictions, by outcome.", {"outcome"})),
        deletes(registry.counters("spotkeeper_deletes_total", "Answers to deletes of pods, by outcome.", {"outcome"})),
        answers(registry.counters("spotkeeper_imds_answers_total",
                                  "Answers of the instance metadata service, by place and kind.", {"place", "answer"})),
        pods_left(
            registry.gauge("spotkeeper_drain_pods_left", "Pods that this agent is moving and that are not gone.")),
        deadline(registry.gauge("spotkeeper_node_deadline_timestamp_seconds",
                                "When the machine ends, in seconds since 1970; 0: it has not been told to.")),
        instance(registry.gauges("spotkeeper_instance_info", "Always 1: which machine this is.",
                                 {"instance_id", "instance_type", "zone", "life_cycle"})) {
    // Series that alerts look at exist from the start: a counter that appears at 1 has no increase.
    for (const InterruptionKind kind : kKinds) {
      notices.with({name_of(kind)});
      marks.with({name_of(kind)});
    }
    for (const auto reason :
         {plan::DeleteReason::LastSafeStart, plan::DeleteReason::KeepServing, plan::DeleteReason::SeveralBudgets}) {
      budget_overrides.with({plan::name_of(reason)});
      wish_overrides.with({plan::name_of(reason)});
    }
    for (std::size_t topic = 0; topic < aws::kMetadataTopics.size(); ++topic)
      for (std::size_t kind = 0; kind < aws::kAnswerKinds.size(); ++kind)
        bound_answers.at(topic).at(kind) =
            &answers.with({name_of(aws::kMetadataTopics.at(topic)), name_of(aws::kAnswerKinds.at(kind))});
  }

  MetricFamily<Counter>& notices;
  MetricFamily<Counter>& marks;
  Counter& unmarks;
  MetricFamily<Counter>& patches;
  Counter& plans;
  Histogram& notice_to_cordon;
  Histogram& notice_to_last_sigterm;
  Histogram& seconds_left;
  Counter& short_of_grace;
  Counter& killed_hard;
  Counter& not_understood;
  MetricFamily<Counter>& budget_overrides;
  MetricFamily<Counter>& wish_overrides;
  MetricFamily<Counter>& evictions;
  MetricFamily<Counter>& deletes;
  MetricFamily<Counter>& answers;
  /// Of the notices' topics, which are asked for every second: by topic and kind, in the order of their enumerators.
  std::array<std::array<Counter*, aws::kAnswerKinds.size()>, aws::kMetadataTopics.size()> bound_answers{};
  Gauge& pods_left;
  Gauge& deadline;
  MetricFamily<Gauge>& instance;
};

AgentMetrics::AgentMetrics(MetricsRegistry& registry) : instruments_(std::make_unique<Instruments>(registry)) {}
AgentMetrics::~AgentMetrics() = default;

void AgentMetrics::on_eviction(kube::EvictOutcome outcome) {
  instruments_->evictions.with({kube::name_of(outcome)}).add();
}

void AgentMetrics::on_delete(std::string_view outcome) { instruments_->deletes.with({outcome}).add(); }

void AgentMetrics::on_override(const plan::DeleteNow& action) {
  const std::string_view reason = plan::name_of(action.reason);
  if (action.overrides_budget) instruments_->budget_overrides.with({reason}).add();
  if (action.overrides_do_not_disrupt) instruments_->wish_overrides.with({reason}).add();
}

void AgentMetrics::on_metadata_answer(std::string_view place, aws::AnswerKind kind) {
  for (std::size_t topic = 0; topic < aws::kMetadataTopics.size(); ++topic) {
    if (name_of(aws::kMetadataTopics.at(topic)) != place) continue;
    return instruments_->bound_answers.at(topic).at(static_cast<std::size_t>(kind))->add();
  }
  instruments_->answers.with({place, aws::name_of(kind)}).add();
}

void AgentMetrics::on_notice(InterruptionKind kind) { instruments_->notices.with({name_of(kind)}).add(); }

void AgentMetrics::on_marked(InterruptionKind kind, Duration since_notice) {
  instruments_->marks.with({name_of(kind)}).add();
  if (kind == InterruptionKind::Kill) instruments_->notice_to_cordon.observe(since_notice);
}

void AgentMetrics::on_undone() { instruments_->unmarks.add(); }

void AgentMetrics::on_node_patch(std::string_view outcome) { instruments_->patches.with({outcome}).add(); }

void AgentMetrics::on_plan() { instruments_->plans.add(); }

void AgentMetrics::on_last_sigterm(Duration since_notice) {
  instruments_->notice_to_last_sigterm.observe(since_notice);
}

void AgentMetrics::on_drained(Duration left) { instruments_->seconds_left.observe(left); }

void AgentMetrics::on_short_of_grace() { instruments_->short_of_grace.add(); }

void AgentMetrics::on_killed_hard() { instruments_->killed_hard.add(); }

void AgentMetrics::on_not_understood() { instruments_->not_understood.add(); }

void AgentMetrics::set_pods_left(std::size_t pods) { instruments_->pods_left.set(static_cast<double>(pods)); }

void AgentMetrics::set_instance(const aws::InstanceIdentity& machine) {
  instruments_->instance.with({machine.instance_id, machine.instance_type, machine.zone, machine.life_cycle}).set(1);
}

void AgentMetrics::set_deadline(std::optional<Instant> deadline) {
  instruments_->deadline.set(deadline ? seconds_of(deadline->time_since_epoch()) : 0.0);
}

}  // namespace spotkeeper::control
