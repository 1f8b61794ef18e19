#include "plan/drain/drain.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "plan/drain/room.h"
#include "plan/drain/scene.h"
#include "plan/drain/stagger.h"
#include "plan/drain/timing.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::plan {

std::string_view name_of(DeleteReason reason) {
  switch (reason) {
    case DeleteReason::LastSafeStart: return "last-safe-start";
    case DeleteReason::KeepServing: return "keep-serving";
    case DeleteReason::SeveralBudgets: return "several-budgets";
  }
  return "unknown";
}

std::string_view name_of(WaitReason reason) {
  switch (reason) {
    case WaitReason::Budget: return "budget";
    case WaitReason::Pace: return "pace";
    case WaitReason::Room: return "room";
    case WaitReason::Order: return "order";
    case WaitReason::NoSuccessor: return "no-successor";
    case WaitReason::DoNotDisrupt: return "do-not-disrupt";
    case WaitReason::NotDraining: return "not-draining";
    case WaitReason::Terminating: return "terminating";
    case WaitReason::Never: return "never";
  }
  return "unknown";
}

namespace {

using drain::Candidate;
using drain::Scene;
using drain::Start;

constexpr Duration kLookAfterSending = 5s;
constexpr Duration kLookAtStaleBudget = 1s;

class Planner {
 public:
  Planner(const Snapshot& cluster, std::span<const Interruption> dying, const DrainPolicy& policy, Instant now)
      : policy_(policy),
        now_(now),
        merged_(merge_all(dying)),
        going_(nodes_of(merged_)),
        room_(cluster, going_),
        scenes_(drain::build_scenes(cluster, merged_, policy, room_, now)) {}

  DrainPlan plan() && {
    if (scenes_.next_look) look_at(*scenes_.next_look);
    // Where room is scarce, it goes to those that the API needs, then to services that stand to fall below their floor.
    for (const int rank : {0, 1, 2})
      for (const Scene& scene : scenes_.scenes)
        if (rank_of(scene) == rank) decide(scene);
    for (const Candidate& candidate : scenes_.last) decide_last(candidate);
    for (Waiting& waiting : scenes_.waiting) plan_.waiting.push_back(std::move(waiting));
    put_in_order();
    // What is refused changes nothing that a watch would show, while the time left for it shrinks.
    if (!plan_.now.empty()) look_at(now_ + kLookAfterSending);
    return std::move(plan_);
  }

 private:
  using Action = std::variant<Evict, DeleteNow>;
  // Those whose time has come before all others, then the pods that were left until they bring down a service.
  enum class Urgency { Forced, PastBudget, Normal };
  struct Sent {
    Urgency urgency = Urgency::Normal;
    bool admission = false;
    Instant latest;
    std::size_t place = 0;  // as decided within its scene
    PodRef pod;
    Action action;
  };

  static std::set<NodeName> nodes_of(const std::vector<Interruption>& merged) {
    std::set<NodeName> nodes;
    for (const Interruption& interruption : merged) nodes.insert(interruption.node);
    return nodes;
  }

  static int rank_of(const Scene& scene) {
    if (std::ranges::any_of(scene.services, &drain::Service::admission)) return 0;
    return scene.critical ? 1 : 2;
  }

  void look_at(Instant at) { plan_.next_look = std::min(plan_.next_look.value_or(at), at); }

  void decide(const Scene& scene) {
    const drain::Outcome outcome = drain::choose(scene);
    if (scene.next) look_at(*scene.next);
    std::vector<bool> sent(scene.candidates.size(), false);
    std::vector<drain::BudgetState> budgets = scene.budgets;
    for (const Start& start : outcome.now) {
      const Candidate& candidate = scene.candidates[start.candidate];
      sent[start.candidate] = send(candidate, start, scene.services[candidate.service].admission);
      if (!sent[start.candidate] || !candidate.pod->ready) continue;
      for (const std::size_t budget : candidate.budgets) --budgets[budget].spare;
    }
    for (std::size_t i = 0; i < scene.candidates.size(); ++i)
      if (!sent[i]) wait(scene, scene.candidates[i], budgets);
    const bool holding = std::find(sent.begin(), sent.end(), false) != sent.end();
    if (holding && std::ranges::any_of(budgets, &drain::BudgetState::stale)) look_at(now_ + kLookAtStaleBudget);
  }

  bool send(const Candidate& candidate, const Start& start, bool admission) {
    const bool needs_room = policy_.wait_for_room && candidate.successor_after && !start.forced;
    if (needs_room && !room_.claim(*candidate.pod)) return false;
    const PodRef pod = candidate.pod->ref();
    const GracePeriod grace = drain::fitting_grace(*candidate.pod, candidate.end, policy_, now_);
    Sent sent{Urgency::Normal, admission, candidate.latest, sent_.size(), pod, Evict{pod, std::nullopt}};
    if (start.forced) {
      const bool unwished = candidate.verdict.reason == WaitReason::DoNotDisrupt;
      sent.urgency = Urgency::Forced;
      sent.action = DeleteNow{pod, grace, DeleteReason::LastSafeStart, start.past_budget, unwished};
    } else if (start.past_budget) {
      sent.urgency = Urgency::PastBudget;
      sent.action = DeleteNow{pod, grace, DeleteReason::KeepServing, true, false};
    } else if (candidate.budgets.size() > 1) {
      sent.action = DeleteNow{pod, grace, DeleteReason::SeveralBudgets, false, false};
    } else if (grace < candidate.pod->spec->grace || policy_.pod_grace) {
      sent.action = Evict{pod, grace};
    }
    sent_.push_back(std::move(sent));
    return true;
  }

  void wait(const Scene& scene, const Candidate& candidate, std::span<const drain::BudgetState> budgets) {
    Waiting waiting{candidate.pod->ref(), candidate.verdict.reason, candidate.verdict.detail, std::nullopt};
    if (candidate.latest != Instant::max()) waiting.until = candidate.latest;
    if (candidate.verdict.handling == drain::Handling::Early) explain(scene, candidate, budgets, waiting);
    plan_.waiting.push_back(std::move(waiting));
  }

  // What stands in the way of a pod that could go. `budgets`: with what is sent now taken off.
  void explain(const Scene& scene, const Candidate& candidate, std::span<const drain::BudgetState> budgets,
               Waiting& waiting) {
    for (const std::size_t budget : candidate.budgets) {
      const drain::BudgetState& state = budgets[budget];
      if (allowance(state, *candidate.pod) != drain::Allowance::Refused) continue;
      waiting.reason = WaitReason::Budget;
      waiting.detail = state.budget->name.str();
      if (state.stale) waiting.detail += " (its status lags behind)";
      return;
    }
    const bool no_room = policy_.wait_for_room && candidate.successor_after && !room_.exists_for(*candidate.pod);
    if (!candidate.room || no_room) {
      waiting.reason = WaitReason::Room;
    } else if (scene.services[candidate.service].goes_last) {
      waiting.reason = WaitReason::Order;
      waiting.detail = "an admission webhook: one of it serves until the others have gone";
    } else if (scene.services[candidate.service].one_at_a_time) {
      waiting.reason = WaitReason::Order;
    } else {
      waiting.reason = WaitReason::Pace;
    }
  }

  // A DaemonSet pod, where they are moved at all: when nothing else is left on its node.
  void decide_last(const Candidate& candidate) {
    const bool forced = candidate.latest <= now_;
    if (!forced && scenes_.occupied.contains(candidate.pod->node)) {
      Waiting waiting{candidate.pod->ref(), candidate.verdict.reason, candidate.verdict.detail, std::nullopt};
      if (candidate.latest != Instant::max()) {
        waiting.until = candidate.latest;
        look_at(candidate.latest);
      }
      plan_.waiting.push_back(std::move(waiting));
      return;
    }
    send(candidate, Start{0, forced, false}, false);
  }

  void put_in_order() {
    std::ranges::sort(sent_, {}, [](const Sent& sent) {
      // While it is there the others can be evicted and made anew; what can go early has its successor first.
      const bool later = sent.urgency == Urgency::Normal ? !sent.admission : sent.admission;
      return std::make_tuple(sent.urgency, later, sent.latest, sent.urgency == Urgency::Forced ? 0 : sent.place,
                             std::cref(sent.pod));
    });
    for (Sent& sent : sent_) plan_.now.push_back(std::move(sent.action));
    std::ranges::sort(plan_.waiting, {}, &Waiting::pod);
  }

  const DrainPolicy& policy_;
  Instant now_;
  std::vector<Interruption> merged_;
  std::set<NodeName> going_;
  drain::Room room_;
  drain::Scenes scenes_;
  std::vector<Sent> sent_;
  DrainPlan plan_;
};

}  // namespace

DrainPlan plan_drain(const Snapshot& cluster, std::span<const Interruption> dying, const DrainPolicy& policy,
                     Instant now) {
  return Planner(cluster, dying, policy, now).plan();
}

}  // namespace spotkeeper::plan
