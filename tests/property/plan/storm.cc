#include "tests/property/plan/storm.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace spotkeeper::plan::test {
namespace {

// Long after the last deadline, when everything that can come back is back.
constexpr int kHorizon = 700;

template <class T>
T pick(Random& random, std::initializer_list<T> choices) {
  return choices.begin()[random.below(choices.size())];
}

int between(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1));
}

bool has_successor(const StormService& service) {
  return service.kind == "Deployment" || service.kind == "StatefulSet";
}

StormService random_service(Random& random, const StormShape& shape) {
  StormService service;
  service.kind = random.chance(0.2) ? "StatefulSet" : "Deployment";
  service.ready_after = shape.step * between(random, 1, 70 / shape.step);
  service.grace = shape.step * between(random, 1, 60 / shape.step);
  if (random.chance(0.1)) service.grace = 300;
  if (random.chance(0.6)) service.pre_stop = std::min(service.grace, shape.step * between(random, 0, 20 / shape.step));
  if (random.chance(0.25)) service.min_serving = pick(random, {0.25, 0.5, 0.6, 0.75});
  if (shape.odd_pods) {
    if (random.chance(0.2)) service.kind = pick<const char*>(random, {"", "Job", "DaemonSet"});
    service.do_not_disrupt = random.chance(0.1);
    service.mirror = service.kind.empty() && random.chance(0.5);
  }
  return service;
}

StormBudget random_budget(Random& random, int services) {
  StormBudget budget;
  budget.is_minimum = random.chance(0.5);
  if (random.chance(0.5)) {
    budget.limit = {budget.is_minimum ? pick(random, {50, 70, 80, 90, 100}) : pick(random, {0, 10, 25, 50}), true};
  } else {
    budget.limit = {pick(random, {0, 1, 1, 2}), false};
  }
  budget.services = {between(random, 0, services - 1)};
  if (services > 1 && random.chance(0.3)) budget.services = {0, 1};
  if (random.chance(0.2)) budget.unhealthy = UnhealthyPodEviction::AlwaysAllow;
  return budget;
}

}  // namespace

int floor_of(const StormService& service) {
  if (!has_successor(service)) return 0;
  const double share = service.min_serving.value_or(0);
  return std::max(1, static_cast<int>(std::ceil(share * static_cast<double>(service.pods.size()) - 1e-9)));
}

Storm random_storm(Random& random, const StormShape& shape) {
  Storm storm;
  const int nodes = between(random, 1, 3);
  const int common = random.chance(0.8) ? 120 : shape.step * between(random, 2, 18);
  for (int i = 0; i < nodes; ++i)
    storm.deadlines.push_back(random.chance(0.7) ? common
                                                 : shape.step * between(random, 60 / shape.step, 180 / shape.step));
  const int services = between(random, 1, shape.most_services);
  int leaving = between(random, 1, shape.most_leaving);
  for (int i = 0; i < services; ++i) {
    StormService service = random_service(random, shape);
    const int here = i + 1 == services ? leaving : between(random, 0, leaving);
    leaving -= here;
    const int staying = here == 0 ? between(random, 1, 4) : between(random, here > 1 ? 0 : 1, 6);
    for (int p = 0; p < here + staying; ++p) {
      StormPod pod;
      pod.node = p < here ? between(random, 0, nodes - 1) : kStays;
      if (shape.odd_pods && random.chance(0.1)) pod.ready = false;
      if (!pod.ready && random.chance(0.4)) pod.phase = PodPhase::Pending;
      service.pods.push_back(pod);
    }
    storm.services.push_back(std::move(service));
  }
  const int budgets = pick(random, {0, 0, 1, 1, 1, 2});
  for (int i = 0; i < budgets; ++i) storm.budgets.push_back(random_budget(random, services));
  if (random.chance(0.1)) storm.slots = between(random, 0, 4);
  storm.one_pool = shape.odd_pods && random.chance(0.5);
  for (StormService& service : storm.services) service.admission = shape.odd_pods && random.chance(0.15);
  if (shape.default_delays) {
    storm.margin = 2;
    storm.endpoint_propagation = 5;
  }
  if (shape.all_kinds)
    for (int i = 0; i < nodes; ++i)
      storm.kinds.push_back(pick(random, {InterruptionKind::Kill, InterruptionKind::Kill, InterruptionKind::Retire,
                                          InterruptionKind::Maintenance}));
  return storm;
}

DrainPolicy Storm::policy() const {
  DrainPolicy policy;
  policy.margin = std::chrono::seconds(margin);
  policy.endpoint_propagation = std::chrono::seconds(endpoint_propagation);
  policy.grace_may_yield = grace == oracle::Grace::Yields;
  policy.longest_request = 10s;
  return policy;
}

std::vector<Interruption> Storm::dying() const {
  std::vector<Interruption> out;
  for (std::size_t i = 0; i < deadlines.size(); ++i) {
    Interruption interruption;
    interruption.node = NodeName("dying-" + std::to_string(i));
    if (i < kinds.size()) interruption.kind = kinds[i];
    interruption.source = "test";
    interruption.noticed = kNotice;
    interruption.deadline = Deadline{kNotice + std::chrono::seconds(deadlines[i])};
    out.push_back(std::move(interruption));
  }
  return out;
}

std::string describe(const Storm& storm) {
  std::string out =
      fmt::format("deadlines {} slots {} margin {} endpoints {}{}{}", fmt::join(storm.deadlines, " "), storm.slots,
                  storm.margin, storm.endpoint_propagation, storm.grace == oracle::Grace::Yields ? " graces yield" : "",
                  storm.one_pool ? " one pool" : "");
  for (const InterruptionKind kind : storm.kinds) out += fmt::format(" {}", name_of(kind));
  out += '\n';
  for (const StormService& service : storm.services) {
    out += fmt::format(
        "  {} ready after {} grace {} preStop {} floor {}{}{}{}:", service.kind.empty() ? "bare" : service.kind,
        service.ready_after, service.grace, service.pre_stop.value_or(-1), floor_of(service),
        service.do_not_disrupt ? " do-not-disrupt" : "", service.mirror ? " static" : "",
        service.admission ? " webhook" : "");
    for (const StormPod& pod : service.pods)
      out += fmt::format(" {}{}", pod.node == kStays ? "stays" : std::to_string(pod.node),
                         pod.ready                        ? ""
                         : pod.phase == PodPhase::Pending ? "(pending)"
                                                          : "(not ready)");
    out += '\n';
  }
  for (const StormBudget& budget : storm.budgets)
    out += fmt::format("  budget {} {}{} of {}{}\n", budget.is_minimum ? "min" : "max-unavailable", budget.limit.value,
                       budget.limit.percent ? "%" : "", fmt::join(budget.services, " "),
                       budget.unhealthy == UnhealthyPodEviction::AlwaysAllow ? " always-allow" : "");
  return out;
}

LiveCluster::LiveCluster(const Storm& storm)
    : storm_(storm), policy_(storm.policy()), dying_(storm.dying()), slots_(storm.slots) {
  Node stays;
  stays.name = NodeName("stays");
  stays.ready = true;
  stays.max_pods = 1'000'000;
  if (storm.one_pool)
    stays.labels = Labels{{"topology.kubernetes.io/zone", "z"}, {"node.kubernetes.io/instance-type", "t"}};
  stays.allocatable.cpu = MilliCpu{storm.slots};
  for (const StormService& service : storm.services)
    for (const StormPod& pod : service.pods) stays.allocatable.cpu.value += pod.node == kStays ? 1 : 0;
  cluster_.put(stays);
  const NamespaceName default_namespace("default");
  for (const Interruption& interruption : dying_) {
    Node node = stays;
    node.name = interruption.node;
    cluster_.put(node);
  }
  for (std::size_t s = 0; s < storm.services.size(); ++s) {
    const StormService& service = storm.services[s];
    PodTemplate spec;
    spec.grace = GracePeriod(std::chrono::seconds(service.grace));
    if (service.pre_stop) spec.pre_stop = PreStop{std::chrono::seconds(*service.pre_stop)};
    spec.wishes.min_serving = service.min_serving;
    spec.wishes.do_not_disrupt = service.do_not_disrupt;
    spec.requests.cpu = MilliCpu{1};
    templates_.push_back(cluster_.intern(std::move(spec)));
    const std::string name = "s" + std::to_string(s);
    Labels labels{{"app", name}};
    for (std::size_t b = 0; b < storm.budgets.size(); ++b)
      if (std::ranges::find(storm.budgets[b].services, static_cast<int>(s)) != storm.budgets[b].services.end())
        labels.set("budget-" + std::to_string(b), "yes");
    labels_.push_back(cluster_.intern(std::move(labels)));
    std::shared_ptr<const WorkloadRef> owner;
    if (!service.kind.empty()) owner = cluster_.intern(WorkloadRef{default_namespace, service.kind, name});
    owners_.push_back(std::move(owner));
    for (std::size_t p = 0; p < service.pods.size(); ++p) {
      LivePod& pod = add(static_cast<int>(s), service.pods[p].node, static_cast<int>(p));
      pod.created = -100'000 + 10 * static_cast<int>(p);
      pod.ready = service.pods[p].ready;
      pod.phase = service.pods[p].phase;
      publish(pod);
    }
  }
  cluster_.put(admission());
  publish_budgets();
}

LivePod& LiveCluster::add(int service, int node, int ordinal) {
  LivePod pod;
  pod.service = service;
  pod.node = node;
  pod.ordinal = ordinal;
  const bool stateful = storm_.services[static_cast<std::size_t>(service)].kind == "StatefulSet";
  pod.name = fmt::format("s{}-{:03}", service, stateful ? static_cast<std::size_t>(ordinal) : pods_.size());
  pod.uid = Uid(fmt::format("00000000-0000-4000-8000-{:012x}", pods_.size() + 1));
  pod.created = now_;
  return pods_.emplace_back(std::move(pod));
}

void LiveCluster::publish(const LivePod& live) {
  const auto service = static_cast<std::size_t>(live.service);
  Pod pod;
  pod.name = {NamespaceName("default"), live.name};
  pod.uid = live.uid;
  if (!live.unscheduled) pod.node = NodeName(live.node == kStays ? "stays" : "dying-" + std::to_string(live.node));
  pod.unschedulable = live.unscheduled;
  pod.spec = templates_[service];
  pod.labels = labels_[service];
  pod.owner = owners_[service];
  pod.mirror = storm_.services[service].mirror;
  pod.phase = live.unscheduled ? PodPhase::Pending : live.phase;
  pod.ready = live.ready;
  pod.created = kNotice + std::chrono::seconds(live.created);
  if (live.ready) pod.ready_since = pod.created + std::chrono::seconds(storm_.services[service].ready_after);
  if (live.ended) {
    pod.deletion = kNotice + std::chrono::seconds(*live.ended + live.grace);
    pod.deletion_grace = GracePeriod(std::chrono::seconds(live.grace));
  }
  if (storm_.services[service].kind == "StatefulSet") pod.ordinal = live.ordinal;
  cluster_.put(std::move(pod));
}

std::vector<AdmissionBackend> LiveCluster::admission() const {
  std::vector<AdmissionBackend> backends;
  for (std::size_t s = 0; s < storm_.services.size(); ++s)
    if (storm_.services[s].admission)
      backends.push_back({{NamespaceName("default"), "webhook"}, Labels{{"app", "s" + std::to_string(s)}}});
  return backends;
}

int LiveCluster::serving(int service) const {
  return static_cast<int>(std::ranges::count_if(
      pods_, [&](const LivePod& pod) { return pod.service == service && pod.ready && !pod.ended; }));
}

namespace {
int desired_by(const StormBudget& budget, int expected) {
  const auto limit = static_cast<int>(budget.limit.of(expected));
  return std::max(0, budget.is_minimum ? limit : expected - limit);
}
int expected_by(const StormBudget& budget, const Storm& storm) {
  std::size_t expected = 0;
  for (const int service : budget.services) expected += storm.services[static_cast<std::size_t>(service)].pods.size();
  return static_cast<int>(expected);
}
}  // namespace

int LiveCluster::allowed(const StormBudget& budget) const {
  int healthy = 0;
  for (const int service : budget.services) healthy += serving(service);
  return std::max(0, healthy - desired_by(budget, expected_by(budget, storm_)));
}

std::vector<const StormBudget*> LiveCluster::budgets_of(int service) const {
  std::vector<const StormBudget*> out;
  for (const StormBudget& budget : storm_.budgets)
    if (std::ranges::find(budget.services, service) != budget.services.end()) out.push_back(&budget);
  return out;
}

void LiveCluster::publish_budgets() {
  for (std::size_t b = 0; b < storm_.budgets.size(); ++b) {
    const StormBudget& budget = storm_.budgets[b];
    DisruptionBudget out;
    out.name = {NamespaceName("default"), "budget-" + std::to_string(b)};
    out.selector = LabelSelector{{{"budget-" + std::to_string(b), SelectorOperator::Exists, {}}}, std::nullopt};
    (budget.is_minimum ? out.min_available : out.max_unavailable) = budget.limit;
    out.unhealthy = budget.unhealthy;
    out.expected_pods = expected_by(budget, storm_);
    out.desired_healthy = desired_by(budget, out.expected_pods);
    for (const int service : budget.services) out.current_healthy += serving(service);
    out.disruptions_allowed = allowed(budget);
    cluster_.put(std::move(out));
  }
}

const LivePod* LiveCluster::find(const Uid& uid) const {
  const auto at = std::ranges::find(pods_, uid, &LivePod::uid);
  return at == pods_.end() ? nullptr : &*at;
}

// The eviction API: pkg/registry/core/pod/storage/eviction.go.
bool LiveCluster::evict(LivePod& pod, int grace) {
  const std::vector<const StormBudget*> budgets = budgets_of(pod.service);
  const bool pending = pod.unscheduled || pod.phase == PodPhase::Pending;
  if (!pending && budgets.size() > 1) return false;
  if (!pending && budgets.size() == 1) {
    const StormBudget& budget = *budgets.front();
    int healthy = 0;
    for (const int service : budget.services) healthy += serving(service);
    const int desired = desired_by(budget, expected_by(budget, storm_));
    const bool free =
        !pod.ready && (budget.unhealthy == UnhealthyPodEviction::AlwaysAllow || (healthy >= desired && desired > 0));
    if (!free && healthy <= desired) return false;
  }
  end(pod, grace);
  return true;
}

void LiveCluster::end(LivePod& pod, int grace) {
  pod.ended = now_;
  pod.grace = grace;
  pod.ends = now_ + grace;
  publish(pod);
  const LivePod ended = pod;  // making another one may move it
  if (storm_.services[static_cast<std::size_t>(ended.service)].kind == "Deployment") make_successor(ended);
  publish_budgets();
}

void LiveCluster::make_successor(const LivePod& of) {
  const int service = of.service;
  LivePod& pod = add(service, kStays, of.ordinal);
  if (slots_ == 0) {
    pod.unscheduled = true;
  } else {
    --slots_;
    pod.ready_at = now_ + storm_.services[static_cast<std::size_t>(service)].ready_after;
  }
  publish(pod);
}

std::optional<int> LiveCluster::next_change() const {
  std::optional<int> next;
  const auto consider = [&](int at) {
    if (at > now_) next = std::min(next.value_or(at), at);
  };
  for (const LivePod& pod : pods_) {
    if (pod.ready_at && !pod.ready) consider(*pod.ready_at);
    if (pod.ended) consider(pod.ends);
  }
  return next;
}

void LiveCluster::advance_to(int time) {
  for (std::size_t s = 0; s < storm_.services.size(); ++s)
    loss_ +=
        static_cast<long>(std::max(0, floor_of(storm_.services[s]) - serving(static_cast<int>(s)))) * (time - now_);
  now_ = time;
  std::vector<LivePod> gone;
  for (LivePod& pod : pods_) {
    if (pod.ready_at && !pod.ready && *pod.ready_at <= now_) {
      pod.ready = true;
      publish(pod);
    }
    if (pod.ended && pod.ends == now_) gone.push_back(pod);
  }
  for (const LivePod& pod : gone) {
    cluster_.remove_pod({{NamespaceName("default"), pod.name}, pod.uid});
    if (storm_.services[static_cast<std::size_t>(pod.service)].kind == "StatefulSet") make_successor(pod);
  }
  publish_budgets();
}

bool LiveCluster::carry_out(const DrainPlan& plan) {
  bool changed = false;
  for (const auto& action : plan.now) {
    const auto* polite = std::get_if<Evict>(&action);
    const PodRef& ref = polite != nullptr ? polite->pod : std::get<DeleteNow>(action).pod;
    const auto at = std::ranges::find(pods_, ref.uid, &LivePod::uid);
    const int own = storm_.services[static_cast<std::size_t>(at->service)].grace;
    if (polite != nullptr) {
      changed |= evict(*at, polite->grace ? static_cast<int>(polite->grace->length().count()) : own);
    } else {
      end(*at, static_cast<int>(std::get<DeleteNow>(action).grace.length().count()));
      changed = true;
    }
  }
  return changed;
}

void LiveCluster::run(const Observer& observer) {
  while (true) {
    const DrainPlan plan = plan_drain(cluster_, dying_, policy_, instant());
    observer(*this, plan);
    if (carry_out(plan)) continue;
    std::optional<int> next = next_change();
    if (plan.next_look) {
      const auto look = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(*plan.next_look - kNotice).count());
      next = std::min(next.value_or(look), look);
    }
    if (!next || *next >= kHorizon) break;
    advance_to(*next);
  }
  advance_to(kHorizon);
}

int LiveCluster::last_safe_start(const LivePod& pod) const {
  const StormService& service = storm_.services[static_cast<std::size_t>(pod.service)];
  const oracle::Ending ending{std::max(service.grace, 2),
                              service.pre_stop.value_or(0) + storm_.endpoint_propagation + 10, has_successor(service),
                              std::max(0, pod.created)};
  return oracle::last_safe_start(ending, storm_.deadlines[static_cast<std::size_t>(pod.node)], storm_.margin,
                                 storm_.grace);
}

int LiveCluster::died_hard() const {
  int count = 0;
  for (const LivePod& pod : pods_) {
    const StormService& service = storm_.services[static_cast<std::size_t>(pod.service)];
    if (pod.node == kStays || service.mirror || service.kind == "DaemonSet") continue;
    const int deadline = storm_.deadlines[static_cast<std::size_t>(pod.node)];
    if (!pod.ended || *pod.ended + service.grace > deadline) ++count;
  }
  return count;
}

oracle::World LiveCluster::as_oracle(const DrainPlan& plan, std::size_t done) const {
  oracle::World world;
  world.now = now_;
  world.horizon = kHorizon;
  world.slots = slots_;
  const auto is_done = [&](const LivePod& pod) {
    for (std::size_t i = 0; i < done; ++i) {
      const auto* polite = std::get_if<Evict>(&plan.now[i]);
      if ((polite != nullptr ? polite->pod : std::get<DeleteNow>(plan.now[i]).pod).uid == pod.uid) return true;
    }
    return false;
  };
  const auto gone_by = [&](const LivePod& pod) {
    return storm_.deadlines[static_cast<std::size_t>(pod.node)] - storm_.margin;
  };
  for (const StormService& service : storm_.services) {
    oracle::Service out;
    out.floor = floor_of(service);
    out.ready_after = service.ready_after;
    out.one_at_a_time = service.kind == "StatefulSet";
    world.services.push_back(out);
  }
  for (const LivePod& pod : pods_) {
    const StormService& service = storm_.services[static_cast<std::size_t>(pod.service)];
    oracle::Service& state = world.services[static_cast<std::size_t>(pod.service)];
    const bool stateful = service.kind == "StatefulSet";
    const int lasts = service.grace;
    if (!pod.ended && is_done(pod)) {
      if (!has_successor(service) || world.slots == 0) continue;
      --world.slots;
      ++state.in_flight;
      const int gone = std::min(now_ + lasts, std::max(gone_by(pod), now_ + 1));
      world.arrivals.push_back({(stateful ? gone : now_) + service.ready_after, pod.service});
      continue;
    }
    if (pod.ended) {
      if (!stateful || pod.ends <= now_) continue;  // its successor is a pod of its own already
      ++state.in_flight;
      if (world.slots == 0) continue;
      --world.slots;
      world.arrivals.push_back({pod.ends + service.ready_after, pod.service});
      continue;
    }
    if (pod.ready) ++state.serving;
    if (pod.ready_at && !pod.ready) {
      ++state.in_flight;
      world.arrivals.push_back({*pod.ready_at, pod.service});
      continue;
    }
    if (pod.node == kStays || service.mirror || service.kind == "DaemonSet") continue;
    if (!pod.ready) ++state.in_flight;
    oracle::Pod out;
    out.service = pod.service;
    out.ready = pod.ready;
    out.successor = has_successor(service);
    out.early = !service.do_not_disrupt;
    out.ordinal = pod.ordinal;
    out.latest = last_safe_start(pod);
    out.lasts = lasts;
    out.gone = gone_by(pod);
    world.pods.push_back(out);
  }
  for (const StormBudget& budget : storm_.budgets)
    world.budgets.push_back({desired_by(budget, expected_by(budget, storm_)), budget.services});
  return world;
}

}  // namespace spotkeeper::plan::test
