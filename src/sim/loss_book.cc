#include "sim/loss_book.h"

#include <algorithm>

#include "sim/endpoints.h"
#include "sim/load_balancers.h"

namespace spotkeeper::sim {

void LossBook::note(const Way& way, Outcome outcome, std::optional<Duration> missing) {
  LostRequest lost;
  lost.id = way.id;
  lost.sent = way.sent;
  lost.tried = way.tried;
  lost.tries = way.tries;
  lost.no_retry = way.no_retry;
  lost.lost = world_.now;
  lost.style = way.style;
  lost.outcome = outcome;
  lost.service = world_.endpoints->name_of(way.service);
  lost.missing = missing;
  if (way.proxy == kLoadBalancer) {
    lost.balancer = world_.balancers->name_of(way.service);
  } else if (way.proxy != kNone) {
    lost.proxy = world_.machines[way.proxy].name;
  }
  if (way.pod != kNone) {
    const PodRun& run = world_.pods[way.pod];
    lost.pod = run.pod().name;
    lost.serving = run.serving_count;
    lost.waiting = run.queue_count;
    if (run.machine != kNone) {
      lost.pod_node = world_.machines[run.machine].name;
      lost.machine_gone = !world_.machines[run.machine].alive;
    }
    if (run.pod().deletion && run.pod().deletion_grace) {
      lost.told_to_end = *run.pod().deletion - run.pod().deletion_grace->length();
    }
    if (run.termed) lost.termed = run.term_at;
    if (run.program == Program::Closing || run.program == Program::Ended) lost.wrong_since = run.ended_at;
  } else if (way.proxy != kNone) {
    lost.wrong_since = heard_at(way.service, way.proxy, kNone);
  }
  const bool proxy_was_wrong = way.proxy != kNone && (outcome == Outcome::Refused || outcome == Outcome::Unreachable);
  losses_.push_back(std::move(lost));
  if (proxy_was_wrong) wrong_[{way.service, way.proxy, way.pod}].push_back(losses_.size() - 1);
}

void LossBook::asked(ServiceId service, MachineId proxy) {
  for (auto at = wrong_.lower_bound({service, proxy, 0}); at != wrong_.end();) {
    const auto [of, by, pod] = at->first;
    if (of != service || by != proxy) return;
    const bool believes = proxy == kLoadBalancer ? world_.balancers->sends_to(service, pod)
                                                 : world_.endpoints->sends_to(service, proxy, pod);
    if (believes) {
      ++at;
      continue;
    }
    close(at->first, at->second);
    at = wrong_.erase(at);
  }
}

void LossBook::close(const Belief& belief, const std::vector<std::size_t>& held) {
  const auto [service, proxy, pod] = belief;
  const Instant heard = heard_at(service, proxy, pod);
  for (const std::size_t place : held) {
    LostRequest& lost = losses_[place];
    lost.heard = heard;
    // Of no endpoint at all, what counts is how long after the request there was one again.
    const Instant from = pod == kNone ? lost.tried : lost.wrong_since.value_or(lost.tried);
    lost.missing = heard - from;
  }
}

Instant LossBook::heard_at(ServiceId service, MachineId proxy, PodId pod) const {
  if (proxy == kLoadBalancer) return world_.balancers->stopped_at(service, pod);
  return world_.endpoints->heard_at(service, proxy);
}

const std::vector<LostRequest>& LossBook::losses() {
  std::vector<std::pair<ServiceId, MachineId>> asked_now;
  asked_now.reserve(wrong_.size());
  for (const auto& [belief, held] : wrong_) asked_now.emplace_back(std::get<0>(belief), std::get<1>(belief));
  for (const auto& [service, proxy] : asked_now) {
    if (proxy != kLoadBalancer) world_.endpoints->catch_up(service, proxy);
    asked(service, proxy);
  }
  ordered_ = losses_;
  std::ranges::sort(ordered_, {}, &LostRequest::id);
  return ordered_;
}

}  // namespace spotkeeper::sim
