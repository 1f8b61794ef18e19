#include "sim/autoscalers.h"

#include <algorithm>
#include <cmath>

#include "sim/controllers.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kSample = 1s;
constexpr std::int32_t kPodsAtATime = 4;

}  // namespace

void Autoscalers::add(WorkloadId workload, const AutoscaleSettings& settings) {
  scalers_.push_back({workload, settings, {}, 0, {}});
  world_.after(kSample, EventKind::Autoscale, static_cast<std::uint32_t>(scalers_.size() - 1));
}

void Autoscalers::handle(const Event& event) {
  Scaler& scaler = scalers_[event.a];
  if (!world_.workloads[scaler.workload].alive) return;
  sample(scaler);
  if (scaler.samples * kSample >= scaler.settings.period) look(scaler);
  world_.after(kSample, EventKind::Autoscale, event.a);
}

void Autoscalers::sample(Scaler& scaler) {
  ++scaler.samples;
  for (const PodId id : world_.workloads[scaler.workload].pods) {
    const PodRun& run = world_.pods[id];
    const bool works = run.active() && run.pod().ready && world_.machines[run.machine].alive;
    if (works) scaler.busy[id] += static_cast<double>(run.serving_count) / run.behaviour().concurrency;
  }
}

void Autoscalers::look(Scaler& scaler) {
  const std::int32_t present = world_.workloads[scaler.workload].replicas;
  std::int32_t answer = stabilised(scaler, wanted(scaler));
  answer = std::min(answer, std::max(present * 2, present + kPodsAtATime));
  answer = std::clamp(answer, scaler.settings.least, scaler.settings.most);
  scaler.busy.clear();
  scaler.samples = 0;
  if (answer != present) world_.controllers->scale(scaler.workload, answer);
}

std::int32_t Autoscalers::wanted(const Scaler& scaler) const {
  const WorkloadRun& workload = world_.workloads[scaler.workload];
  double busy = 0;
  std::int32_t ready = 0;
  std::int32_t all = 0;
  for (const PodId id : workload.pods) {
    const PodRun& run = world_.pods[id];
    if (!run.active()) continue;
    ++all;
    const auto found = scaler.busy.find(id);
    if (!run.pod().ready || found == scaler.busy.end()) continue;
    ++ready;
    busy += found->second / static_cast<double>(scaler.samples);
  }
  if (ready == 0) return workload.replicas;  // no metrics: nothing is done
  const auto within = [&](double ratio) { return std::abs(ratio - 1) <= scaler.settings.tolerance; };
  const double ratio = busy / ready / scaler.settings.utilisation;
  if (all == ready || ratio < 1) {
    if (within(ratio)) return workload.replicas;
    // Those that are not Ready count as busy as they should be when the answer is fewer.
    const double shared = (busy / scaler.settings.utilisation) + (all - ready);
    return static_cast<std::int32_t>(std::ceil(shared));
  }
  const double damped = busy / all / scaler.settings.utilisation;
  if (within(damped) || damped < 1) return workload.replicas;
  return std::max(static_cast<std::int32_t>(std::ceil(damped * all)), workload.replicas);
}

std::int32_t Autoscalers::stabilised(Scaler& scaler, std::int32_t answer) {
  scaler.answers.push_back({world_.now, answer});
  while (scaler.answers.front().at + scaler.settings.down_window < world_.now) scaler.answers.pop_front();
  const std::int32_t present = world_.workloads[scaler.workload].replicas;
  if (answer >= present) return answer;
  const auto largest = std::max_element(scaler.answers.begin(), scaler.answers.end(),
                                        [](const Answer& a, const Answer& b) { return a.replicas < b.replicas; });
  // An answer from when there were more replicas does not make more of those that there are.
  return std::min(largest->replicas, present);
}

}  // namespace spotkeeper::sim
