#include "plan/drain/scene.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "plan/drain/outlook.h"
#include "plan/drain/timing.h"

namespace spotkeeper::plan::drain {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

void note(std::optional<Instant>& earliest, Instant at) { earliest = std::min(earliest.value_or(at), at); }

// A workload and everything of it that the snapshot shows.
struct Workload {
  std::span<const Pod* const> pods;  // empty for a pod without an owner
  const Pod* ended = nullptr;        // Snapshot::ended_of
  Duration ready_after = 0s;
  std::size_t leaving = 0;     // candidates
  Duration longest_need = 0s;  // of these
};

// Of the pods that a budget covers, those that have been found and are not ending.
struct CoveredPods {
  std::int64_t pods = 0;
  std::int64_t serving = 0;
};

struct Prospect {
  Candidate candidate;
  const Interruption* cause = nullptr;
  std::size_t workload = 0;
  Instant since;  // from then on it is to be moved
};

class Builder {
 public:
  Builder(const Snapshot& cluster, const DrainPolicy& policy, Room& room, Instant now)
      : cluster_(cluster), policy_(policy), room_(room), now_(now) {}

  Scenes build(std::span<const Interruption> merged) && {
    for (const Interruption& cause : merged) {
      const Node* const node = cluster_.find_node(cause.node);
      for (const Pod* pod : cluster_.pods_on(cause.node)) consider(*pod, node, cause);
    }
    defer_maintenance();
    for (const Prospect& prospect : prospects_) scenes_.occupied.insert(prospect.cause->node);
    find_budgets();
    divide();
    leave_admission_last();
    for (Scene& scene : scenes_.scenes) {
      order(scene);
      if (policy_.wait_for_room) scene.rooms = rooms_for(scene);
    }
    return std::move(scenes_);
  }

 private:
  void consider(const Pod& pod, const Node* node, const Interruption& cause) {
    Verdict verdict = judge(pod, node, cause, policy_);
    if (verdict.handling == Handling::Ignore) return;
    const std::optional<Deadline> end = end_of(cause, policy_);
    const bool idle = cause.kind == InterruptionKind::Maybe || (cause.kind == InterruptionKind::Maintenance && !end);
    if (verdict.reason == WaitReason::Terminating && !pod.is_daemon()) {
      scenes_.occupied.insert(cause.node);
      if (has_successor(pod)) ending_.push_back(&pod);
    }
    if (verdict.handling == Handling::Leave || idle) {
      const WaitReason reason = verdict.handling == Handling::Leave ? verdict.reason : WaitReason::NotDraining;
      scenes_.waiting.push_back({pod.ref(), reason, idle ? std::string() : std::move(verdict.detail), std::nullopt});
      return;
    }
    Prospect prospect;
    prospect.cause = &cause;
    prospect.candidate.pod = &pod;
    prospect.candidate.end = end;
    prospect.since = known_since(pod, cause);
    prospect.candidate.latest = end ? last_safe_start(pod, *end, policy_, prospect.since) : Instant::max();
    prospect.candidate.settled = heard_of_neighbours(cause, end);
    prospect.candidate.verdict = std::move(verdict);
    prospect.workload = workload_of(pod);
    Workload& workload = workloads_[prospect.workload];
    ++workload.leaving;
    if (end) workload.longest_need = std::max(workload.longest_need, time_needed(pod, *end, policy_, prospect.since));
    prospects_.push_back(std::move(prospect));
  }

  // Machines of a pool are taken back together, and each hears of it by itself: a moment later one knows to which no
  // successor should go.
  Instant heard_of_neighbours(const Interruption& cause, const std::optional<Deadline>& end) {
    if (cause.kind != InterruptionKind::Kill || !end) return cause.noticed;
    const auto [at, added] = neighbours_.try_emplace(cause.node, false);
    if (added) at->second = room_.may_land_beside(cause.node);
    if (!at->second) return cause.noticed;
    return cause.noticed + std::clamp<Duration>((end->at - cause.noticed) / 10, 0s, policy_.neighbours_heard);
  }

  std::size_t workload_of(const Pod& pod) {
    if (pod.owner == nullptr) {
      workloads_.emplace_back();
      bare_.insert(&pod);
      return workloads_.size() - 1;
    }
    const auto [at, added] = by_owner_.try_emplace(*pod.owner, workloads_.size());
    if (added) {
      Workload workload;
      workload.pods = cluster_.pods_of(*pod.owner);
      workload.ended = cluster_.ended_of(*pod.owner);
      workload.ready_after = ready_after(workload.pods, policy_);
      workloads_.push_back(workload);
    }
    return at->second;
  }

  // A maintenance is known long before: its pods stay until what they need, one after the other and twice over, is what
  // is left.
  void defer_maintenance() {
    std::map<NodeName, Duration> lead;
    for (const Prospect& prospect : prospects_) {
      if (prospect.cause->kind != InterruptionKind::Maintenance) continue;
      const Workload& workload = workloads_[prospect.workload];
      const Duration in_turn =
          static_cast<std::int64_t>(workload.leaving) * workload.ready_after + workload.longest_need + policy_.margin;
      Duration& longest = lead.try_emplace(prospect.cause->node, policy_.maintenance_lead).first->second;
      longest = std::max(longest, 2 * in_turn);
    }
    std::erase_if(prospects_, [&](Prospect& prospect) {
      const auto at = lead.find(prospect.cause->node);
      if (at == lead.end()) return false;
      const Instant begin = prospect.candidate.end->at - at->second;
      if (now_ >= begin) {
        prospect.since = std::max(prospect.since, begin);
        return false;
      }
      note(scenes_.next_look, begin);
      scenes_.waiting.push_back(
          {prospect.candidate.pod->ref(), WaitReason::NotDraining, "its maintenance is not near", begin});
      return true;
    });
    // DaemonSet pods leave the stage here: they are in nobody's way, and nothing is counted for them.
    std::erase_if(prospects_, [&](Prospect& prospect) {
      if (prospect.candidate.verdict.handling != Handling::Last) return false;
      scenes_.last.push_back(std::move(prospect.candidate));
      return true;
    });
  }

  // Budgets by labels: pods of a template share theirs, and the selectors are asked once.
  const std::vector<std::size_t>& budgets_of(const Pod& pod) {
    if (last_labels_ == pod.labels.get() && last_namespace_ == pod.name.ns) return *last_budgets_;
    const auto [at, added] = by_labels_.try_emplace(std::make_pair(pod.labels.get(), pod.name.ns));
    last_labels_ = pod.labels.get();
    last_namespace_ = pod.name.ns;
    last_budgets_ = &at->second;
    if (!added) return at->second;
    for (const DisruptionBudget* budget : cluster_.budgets_of(pod)) {
      const auto [place, fresh] = budget_index_.try_emplace(budget->name, budgets_.size());
      if (fresh) budgets_.push_back(budget);
      at->second.push_back(place->second);
    }
    return at->second;
  }

  // Every budget joins the workloads that it covers into one scene.
  void find_budgets() {
    for (const Prospect& prospect : prospects_) cover_all(*prospect.candidate.pod, prospect.workload);
    std::size_t next = 0;
    while (next < reached_.size()) {  // it grows: the pods found for one budget have others
      const std::size_t budget = reached_[next++];
      if (covered_[budget].pods < budgets_[budget]->expected_pods) find_others(budget);
    }
  }

  // Pods of other workloads under the same budget: what it allows depends on when those are Ready. Their own budgets
  // are looked at in turn.
  void find_others(std::size_t budget) {
    for (const Pod* pod : cluster_.pods_in(budgets_[budget]->name.ns)) {
      if (pod->completed() || std::ranges::find(budgets_of(*pod), budget) == budgets_of(*pod).end()) continue;
      if (bare_.contains(pod)) continue;
      const std::size_t workload = workload_of(*pod);
      if (cover_all(*pod, workload)) bystanders_.emplace_back(pod, workload);
    }
  }

  // Counts the workload's pods for their budgets. False where that has been done.
  bool cover_all(const Pod& member, std::size_t workload) {
    group_.resize(workloads_.size(), kNone);
    if (group_[workload] != kNone) return false;
    group_[workload] = workload;
    if (member.owner == nullptr) cover(member, workload);
    for (const Pod* pod : workloads_[workload].pods) cover(*pod, workload);
    return true;
  }

  void cover(const Pod& pod, std::size_t workload) {
    const std::vector<std::size_t>& budgets = budgets_of(pod);
    covered_.resize(budgets_.size());
    joined_.resize(budgets_.size(), kNone);
    for (const std::size_t budget : budgets) {
      if (joined_[budget] == kNone) {
        joined_[budget] = workload;
        reached_.push_back(budget);
      }
      group_[root(workload)] = root(joined_[budget]);
      if (pod.completed() || pod.terminating()) continue;
      ++covered_[budget].pods;
      if (pod.serving()) ++covered_[budget].serving;
    }
  }

  std::size_t root(std::size_t workload) {
    while (group_[workload] != workload) workload = group_[workload] = group_[group_[workload]];
    return workload;
  }

  // One scene a group of workloads, with indices of its own.
  void divide() {
    std::map<std::size_t, std::size_t> scene_of;
    service_index_.assign(workloads_.size(), kNone);
    budget_local_.resize(budgets_.size(), kNone);
    for (Prospect& prospect : prospects_) {
      const auto [at, added] = scene_of.try_emplace(root(prospect.workload), scenes_.scenes.size());
      if (added) scenes_.scenes.emplace_back();
      Scene& scene = scenes_.scenes[at->second];
      std::size_t& service = service_index_[prospect.workload];
      if (service == kNone) {
        service = scene.services.size();
        add_service(scene, *prospect.candidate.pod, prospect.workload);
      }
      add_candidate(scene, service, prospect);
    }
    for (const auto& [pod, workload] : bystanders_)
      if (const auto at = scene_of.find(root(workload)); at != scene_of.end())
        add_service(scenes_.scenes[at->second], *pod, workload);
  }

  std::vector<std::size_t> local_budgets(Scene& scene, const Pod& pod) {
    std::vector<std::size_t> local;
    for (const std::size_t budget : budgets_of(pod)) {
      if (budget_local_[budget] == kNone) {
        budget_local_[budget] = scene.budgets.size();
        scene.budgets.push_back(budget_state(*budgets_[budget], covered_[budget].serving));
      }
      local.push_back(budget_local_[budget]);
    }
    return local;
  }

  void add_candidate(Scene& scene, std::size_t service, Prospect& prospect) {
    Candidate& candidate = prospect.candidate;
    const Pod& pod = *candidate.pod;
    candidate.service = service;
    candidate.budgets = local_budgets(scene, pod);
    if (has_successor(pod)) {
      candidate.successor_after = workloads_[prospect.workload].ready_after;
      if (scene.services[service].one_at_a_time) {
        // It has the old pod's name, and its volumes.
        candidate.ends_after = whole_grace(pod, policy_);
        if (candidate.end) candidate.gone_by = candidate.end->at - policy_.margin;
        if (!pod.spec->claims.empty()) *candidate.successor_after += policy_.volume_detach;
      }
      candidate.room = !policy_.wait_for_room || room_.exists_for(pod);
    }
    Turns turns(now_);
    for (const Instant at : {prospect.since, candidate.settled, candidate.latest}) turns.at(at);
    take_turns(scene, turns);
    scene.candidates.push_back(std::move(candidate));
  }

  static void take_turns(Scene& scene, const Turns& turns) {
    scene.as_of = std::max(scene.as_of, turns.last());
    if (turns.next()) note(scene.next, *turns.next());
  }

  // `member`: one of its pods.
  void add_service(Scene& scene, const Pod& member, std::size_t workload_index) {
    const Workload& workload = workloads_[workload_index];
    const std::size_t index = scene.services.size();
    Service service;
    service.one_at_a_time = member.owner != nullptr && member.owner->kind == "StatefulSet";
    service.admission = has_successor(member) && cluster_.serves_admission(member);
    // Nobody makes a pod without an owner anew: it is nobody's replica.
    const Outlook told = outlook(workload.pods, workload.ended, service.one_at_a_time, workload.ready_after, policy_,
                                 now_, [this](const Pod& pod) { return hope_of(pod); });
    take_turns(scene, told.turns);
    for (const Outlook::Arrival& arrival : told.arrivals)
      scene.arrivals.push_back({arrival.at, index, local_budgets(scene, *arrival.like)});
    service.serving = told.serving;
    service.in_flight = told.in_flight;
    service.expected = told.serving + static_cast<std::int64_t>(told.arrivals.size());
    if (member.owner == nullptr) service.serving = service.expected = member.serving() ? 1 : 0;
    const double share = told.min_serving * static_cast<double>(told.replicas) - 1e-9;
    if (has_successor(member))
      service.floor = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(share)), 1,
                                               std::max<std::int64_t>(told.replicas, 1));
    const double out = std::floor(policy_.share_at_once * static_cast<double>(service.expected));
    service.comfort = service.expected - std::max<std::int64_t>(static_cast<std::int64_t>(out), 1);
    scene.services.push_back(service);
  }

  // Until nobody else is to be moved, and no successor is to be made.
  void leave_admission_last() {
    std::vector<Scene*> served;
    for (Scene& scene : scenes_.scenes)
      if (std::ranges::any_of(scene.services, &Service::admission)) served.push_back(&scene);
    if (served.empty()) return;
    for (const Pod* pod : ending_) {
      if (cluster_.serves_admission(*pod)) continue;
      const Workload& workload = workloads_[workload_of(*pod)];
      const Outlook told = outlook(workload.pods, workload.ended, pod->owner->kind == "StatefulSet",
                                   workload.ready_after, policy_, now_, [](const Pod&) { return Hope::None; });
      for (Scene* scene : served) take_turns(*scene, told.turns);
      if (told.unmade > 0) others_need_admission_ = true;
    }
    for (const Scene& scene : scenes_.scenes)
      for (const Candidate& candidate : scene.candidates)
        if (candidate.verdict.handling == Handling::Early && has_successor(*candidate.pod) &&
            !scene.services[candidate.service].admission)
          others_need_admission_ = true;
    if (!others_need_admission_) return;
    for (Scene* scene : served)
      for (Service& service : scene->services) service.goes_last = service.admission;
  }

  Hope hope_of(const Pod& pod) {
    if (leaves(pod)) return Hope::Leaves;
    if (pod.node.empty() && !room_.claim(pod) && pod.unschedulable) return Hope::None;
    return Hope::Comes;
  }

  // It is on a machine that is being drained.
  bool leaves(const Pod& pod) {
    if (leaving_nodes_.empty())
      for (const Prospect& prospect : prospects_) leaving_nodes_.insert(prospect.cause->node);
    return leaving_nodes_.contains(pod.node);
  }

  // What other scenes take of the same room is not known yet.
  [[nodiscard]] std::int64_t rooms_for(const Scene& scene) const {
    Room trial = room_;
    return std::ranges::count_if(scene.candidates, [&](const Candidate& candidate) {
      return candidate.successor_after && trial.claim(*candidate.pod);
    });
  }

  // Who goes first: pods that serve nobody; then those that the API needs; then services that stand to fall below their
  // floor; then by last safe start (the longest need first, where the deadline is the same), a StatefulSet's highest
  // ordinal, and the name.
  static void order(Scene& scene) {
    std::vector<std::int64_t> stay(scene.services.size());
    for (std::size_t i = 0; i < stay.size(); ++i) stay[i] = scene.services[i].expected - scene.services[i].floor;
    for (const Candidate& candidate : scene.candidates)
      if (candidate.pod->ready) --stay[candidate.service];
    scene.critical = std::ranges::any_of(stay, [](std::int64_t beyond) { return beyond < 0; });
    const auto key = [&](const Candidate& candidate) {
      return std::make_tuple(candidate.pod->ready, !scene.services[candidate.service].admission,
                             stay[candidate.service] >= 0, candidate.latest, -candidate.pod->ordinal.value_or(0),
                             std::cref(candidate.pod->name));
    };
    std::ranges::sort(scene.candidates, [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
  }

  const Snapshot& cluster_;
  const DrainPolicy& policy_;
  Room& room_;
  Instant now_;
  Scenes scenes_;
  std::vector<Prospect> prospects_;
  std::set<NodeName> leaving_nodes_;
  std::map<NodeName, bool> neighbours_;                         // by dying node: successors may land on one of its pool
  std::vector<std::pair<const Pod*, std::size_t>> bystanders_;  // a pod of each workload that only shares a budget
  std::set<const Pod*> bare_;                                   // without an owner; only looked up
  std::vector<Workload> workloads_;
  std::map<WorkloadRef, std::size_t> by_owner_;
  std::vector<const DisruptionBudget*> budgets_;
  std::map<ObjectName, std::size_t> budget_index_;
  std::map<std::pair<const Labels*, NamespaceName>, std::vector<std::size_t>> by_labels_;  // only looked up
  const Labels* last_labels_ = nullptr;  // what was asked last is mostly asked again
  NamespaceName last_namespace_;
  const std::vector<std::size_t>* last_budgets_ = nullptr;
  std::vector<CoveredPods> covered_;        // by budget
  std::vector<std::size_t> joined_;         // by budget: a workload that it covers
  std::vector<std::size_t> reached_;        // the budgets that cover a workload of a scene, as they were found
  std::vector<std::size_t> group_;          // by workload: towards the root of its group
  std::vector<std::size_t> service_index_;  // by workload: within its scene
  std::vector<std::size_t> budget_local_;   // by budget: within its scene
  std::vector<const Pod*> ending_;          // on dying nodes, where somebody makes them anew
  bool others_need_admission_ = false;
};

}  // namespace

Scenes build_scenes(const Snapshot& cluster, std::span<const Interruption> merged, const DrainPolicy& policy,
                    Room& room, Instant now) {
  return Builder(cluster, policy, room, now).build(merged);
}

}  // namespace spotkeeper::plan::drain
