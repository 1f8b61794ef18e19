// What holds for every storm. Each test goes through its own 100,000 random storms (SPOTKEEPER_CASES), names the seed
// of the first that fails, and replays it with SPOTKEEPER_SEED.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/oracle/cases.h"
#include "tests/oracle/drain_oracle.h"
#include "tests/property/plan/storm.h"

namespace spotkeeper::plan::test {
namespace {

using Action = std::variant<Evict, DeleteNow>;

const PodRef& pod_of(const Action& action) {
  return std::visit([](const auto& known) -> const PodRef& { return known.pod; }, action);
}

// Runs `check(storm, random)` over all cases until one fails.
template <class Check>
void for_all_storms(const StormShape& shape, Check check) {
  const oracle::Cases cases = oracle::cases_from_environment();
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    Random random(seed);
    const Storm storm = random_storm(random, shape);
    check(storm, random);
    if (!testing::Test::HasFailure()) continue;
    ADD_FAILURE() << "replay with SPOTKEEPER_SEED=" << seed << "\n" << describe(storm);
    return;
  }
}

StormShape odd_storms() {
  StormShape shape;
  shape.step = 1;
  shape.most_leaving = 10;
  shape.most_services = 4;
  shape.odd_pods = true;
  return shape;
}

// A budget refuses what this action does.
bool exceeds_budget(const LiveCluster& cluster, const LivePod& pod, const std::map<const StormBudget*, int>& spent) {
  if (!pod.ready || pod.phase == PodPhase::Pending) return false;
  return std::ranges::any_of(cluster.budgets_of(pod.service), [&](const StormBudget* budget) {
    const auto at = spent.find(budget);
    return cluster.allowed(*budget) - (at == spent.end() ? 0 : at->second) <= 0;
  });
}

// Whatever happens to others, obeying the budgets takes this workload below its floor at some moment.
bool obeying_loses_of(int service, const LiveCluster& cluster, const DrainPlan& plan, std::size_t done) {
  oracle::World world = cluster.as_oracle(plan, done);
  for (std::size_t i = 0; i < world.services.size(); ++i)
    if (static_cast<int>(i) != service) world.services[i].floor = 0;
  return oracle::least_loss(world, oracle::Budgets::Obeyed) > 0;
}

void expect_budgets_exceeded_early_only_in_need(oracle::Grace grace) {
  std::uint64_t overrides = 0;
  for_all_storms({}, [&](Storm storm, Random&) {
    storm.grace = grace;
    LiveCluster(storm).run([&](const LiveCluster& cluster, const DrainPlan& plan) {
      std::map<const StormBudget*, int> spent;
      for (std::size_t i = 0; i < plan.now.size(); ++i) {
        const LivePod& pod = *cluster.find(pod_of(plan.now[i]).uid);
        const bool exceeds = exceeds_budget(cluster, pod, spent);
        if (pod.ready)
          for (const StormBudget* budget : cluster.budgets_of(pod.service)) ++spent[budget];
        if (!exceeds || std::holds_alternative<Evict>(plan.now[i]) || cluster.now() >= cluster.last_safe_start(pod))
          continue;
        ++overrides;
        EXPECT_TRUE(obeying_loses_of(pod.service, cluster, plan, i)) << pod.name << " at " << cluster.now() << " s";
      }
    });
  });
  if (oracle::cases_from_environment().count >= 10'000) {
    EXPECT_GT(overrides, 100U) << "the storms never ask the question";
  }
}

TEST(DrainProperties, ExceedsABudgetEarlyOnlyWhereObeyingItWouldLeaveThatWorkloadWithNobodyServing) {
  expect_budgets_exceeded_early_only_in_need(oracle::Grace::Whole);
}

TEST(DrainPropertiesWhereGracesYield, ExceedsABudgetEarlyOnlyWhereObeyingItWouldLeaveThatWorkloadWithNobodyServing) {
  expect_budgets_exceeded_early_only_in_need(oracle::Grace::Yields);
}

// Of those that somebody means to move: a Retire leaves what does not want to be disrupted.
bool is_moved(const Storm& storm, const LivePod& pod) {
  const StormService& service = storm.services[static_cast<std::size_t>(pod.service)];
  if (pod.node == kStays || service.mirror || service.kind == "DaemonSet" || pod.phase == PodPhase::Succeeded)
    return false;
  const auto node = static_cast<std::size_t>(pod.node);
  const bool retires = node < storm.kinds.size() && storm.kinds[node] == InterruptionKind::Retire;
  return !(retires && service.do_not_disrupt);
}

void expect_sigterms_in_time(oracle::Grace grace, StormShape shape) {
  for_all_storms(shape, [&](Storm storm, Random&) {
    storm.grace = grace;
    LiveCluster cluster(storm);
    cluster.run([](const LiveCluster&, const DrainPlan&) {});
    for (const LivePod& pod : cluster.pods()) {
      if (!is_moved(storm, pod)) continue;
      const int latest = cluster.last_safe_start(pod);
      EXPECT_TRUE(pod.ended && *pod.ended <= std::max(0, latest))
          << pod.name << " ended at " << pod.ended.value_or(-1) << ", last safe start " << latest;
    }
  });
}

// What a node's pods meet in a cluster: the delays of the default policy, and whatever takes nodes away.
StormShape everyday_storms() {
  StormShape shape = odd_storms();
  shape.default_delays = true;
  shape.all_kinds = true;
  return shape;
}

TEST(DrainProperties, SendsEverySigtermAtTheLastSafeStartOrEarlier) {
  expect_sigterms_in_time(oracle::Grace::Whole, odd_storms());
}

TEST(DrainProperties, SendsEverySigtermAtTheLastSafeStartOrEarlierWithTheDefaultDelaysAndOfEveryKind) {
  expect_sigterms_in_time(oracle::Grace::Whole, everyday_storms());
}

TEST(DrainPropertiesWhereGracesYield, SendsEverySigtermWhileWhatRequestsNeedStillFits) {
  expect_sigterms_in_time(oracle::Grace::Yields, everyday_storms());
}

// No pod twice, none that is ending, none that is not the plan's business; always the pod that is meant.
void expect_right_pods(const LiveCluster& cluster, const DrainPlan& plan) {
  std::set<Uid> seen;
  for (const Action& action : plan.now) {
    const LivePod* pod = cluster.find(pod_of(action).uid);
    ASSERT_NE(pod, nullptr) << "a uid that no pod has";
    const StormService& service = cluster.storm().services[static_cast<std::size_t>(pod->service)];
    EXPECT_EQ(pod_of(action).name.name, pod->name);
    EXPECT_TRUE(seen.insert(pod->uid).second) << pod->name << " twice in one plan";
    EXPECT_FALSE(pod->ended) << pod->name << " is ending already";
    EXPECT_NE(pod->node, kStays) << pod->name << " is on a node that stays";
    EXPECT_FALSE(service.mirror) << pod->name << " is static";
    EXPECT_NE(service.kind, "DaemonSet") << pod->name;
  }
}

// A grace that fits before the machine is gone.
void expect_fitting_graces(const LiveCluster& cluster, const DrainPlan& plan) {
  for (const Action& action : plan.now) {
    const LivePod& pod = *cluster.find(pod_of(action).uid);
    const int own = cluster.storm().services[static_cast<std::size_t>(pod.service)].grace;
    const int left = cluster.storm().deadlines[static_cast<std::size_t>(pod.node)] - cluster.now();
    const auto* polite = std::get_if<Evict>(&action);
    const std::optional<GracePeriod> given = polite != nullptr ? polite->grace : std::get<DeleteNow>(action).grace;
    const auto grace = given ? static_cast<int>(given->length().count()) : own;
    EXPECT_GE(grace, 1);
    EXPECT_LE(grace, std::max(own, 1));
    EXPECT_LE(grace, std::max(left, 1)) << pod.name << " at " << cluster.now();
  }
}

// Every pod on a dying node is acted on or waits, once.
void expect_all_named(const LiveCluster& cluster, const DrainPlan& plan) {
  std::set<Uid> named;
  for (const Action& action : plan.now) named.insert(pod_of(action).uid);
  for (const Waiting& waiting : plan.waiting) EXPECT_TRUE(named.insert(waiting.pod.uid).second);
  std::set<Uid> present;
  for (std::size_t i = 0; i < cluster.storm().deadlines.size(); ++i)
    for (const Pod* pod : cluster.snapshot().pods_on(NodeName("dying-" + std::to_string(i)))) present.insert(pod->uid);
  EXPECT_EQ(named, present);
}

TEST(DrainProperties, ActsOnceOnTheRightPodsWithAGraceThatFitsAndNamesAllOthers) {
  for_all_storms(odd_storms(), [](const Storm& storm, Random&) {
    LiveCluster(storm).run([](const LiveCluster& cluster, const DrainPlan& plan) {
      expect_right_pods(cluster, plan);
      expect_fitting_graces(cluster, plan);
      expect_all_named(cluster, plan);
    });
  });
}

// Pods that could go early and are still there: to be evicted and made anew, the API asks its webhooks.
bool others_are_to_be_moved(const LiveCluster& cluster) {
  return std::ranges::any_of(cluster.pods(), [&](const LivePod& pod) {
    const StormService& service = cluster.storm().services[static_cast<std::size_t>(pod.service)];
    const bool moves = (service.kind == "Deployment" || service.kind == "StatefulSet") && !service.do_not_disrupt;
    return moves && !service.admission && !service.mirror && pod.node != kStays && !pod.ended &&
           pod.phase != PodPhase::Succeeded;
  });
}

TEST(DrainProperties, EndsTheLastReadyPodOfAWebhookBeforeItsLastSafeStartOnlyWhenNobodyElseIsToBeMoved) {
  std::uint64_t kept = 0;
  for_all_storms(odd_storms(), [&](const Storm& storm, Random&) {
    if (std::ranges::none_of(storm.services, &StormService::admission)) return;
    LiveCluster(storm).run([&](const LiveCluster& cluster, const DrainPlan& plan) {
      if (!others_are_to_be_moved(cluster)) return;
      std::map<int, int> ended;
      for (const Action& action : plan.now) {
        const LivePod& pod = *cluster.find(pod_of(action).uid);
        const StormService& service = storm.services[static_cast<std::size_t>(pod.service)];
        const bool replaced = service.kind == "Deployment" || service.kind == "StatefulSet";
        if (!service.admission || !replaced || !pod.ready) continue;
        ++ended[pod.service];
        if (cluster.now() >= cluster.last_safe_start(pod)) continue;
        ++kept;
        EXPECT_GT(cluster.serving(pod.service), ended[pod.service]) << pod.name << " at " << cluster.now() << " s";
      }
    });
  });
  if (oracle::cases_from_environment().count >= 10'000) {
    EXPECT_GT(kept, 100U) << "the storms never ask the question";
  }
}

TEST(DrainProperties, GivesTheSamePlanForTheSameThingsInAnotherOrder) {
  for_all_storms(odd_storms(), [](const Storm& storm, Random& random) {
    const LiveCluster cluster(storm);
    const Instant now = cluster.instant() + std::chrono::seconds(random.below(120));
    std::vector<Interruption> dying = storm.dying();
    const DrainPlan plan = plan_drain(cluster.snapshot(), dying, storm.policy(), now);

    Snapshot shuffled;
    std::vector<const Pod*> pods = cluster.snapshot().pods();
    for (std::size_t i = pods.size(); i > 1; --i) std::swap(pods[i - 1], pods[random.below(i)]);
    for (const Pod* pod : pods) {
      Pod copy = *pod;
      copy.spec = std::make_shared<PodTemplate>(*pod->spec);
      copy.labels = std::make_shared<Labels>(*pod->labels);
      shuffled.put(std::move(copy));
    }
    for (const auto& [name, budget] : cluster.snapshot().budgets()) shuffled.put(budget);
    for (const auto& [name, node] : cluster.snapshot().nodes()) shuffled.put(node);
    shuffled.put(cluster.admission());
    for (std::size_t i = dying.size(); i > 1; --i) std::swap(dying[i - 1], dying[random.below(i)]);
    dying.push_back(dying.front());

    EXPECT_EQ(plan, plan_drain(shuffled, dying, storm.policy(), now));
  });
}

int died_hard(const Storm& storm) {
  LiveCluster cluster(storm);
  cluster.run([](const LiveCluster&, const DrainPlan&) {});
  return cluster.died_hard();
}

void expect_no_more_killed_hard_with_more_time(const StormShape& shape) {
  for_all_storms(shape, [](const Storm& storm, Random& random) {
    Storm tight = storm;
    for (int& deadline : tight.deadlines) deadline = static_cast<int>(random.below(140));
    const int before = died_hard(tight);
    const auto more = static_cast<int>(1 + random.below(60));
    Storm roomier = tight;
    for (int& deadline : roomier.deadlines) deadline += more;
    EXPECT_LE(died_hard(roomier), before) << "with " << more << " s more than " << describe(tight);
    Storm one_roomier = tight;
    const std::size_t node = random.below(tight.deadlines.size());
    one_roomier.deadlines[node] += more;
    EXPECT_LE(died_hard(one_roomier), before)
        << "with " << more << " s more for node " << node << " than " << describe(tight);
  });
}

TEST(DrainProperties, KillsNoMorePodsHardWithMoreTime) { expect_no_more_killed_hard_with_more_time(odd_storms()); }

TEST(DrainProperties, KillsNoMorePodsHardWithMoreTimeWithTheDefaultDelaysAndOfEveryKind) {
  expect_no_more_killed_hard_with_more_time(everyday_storms());
}

// A storm whose graces were once given up for the pace: 88 s killed nobody hard, and 122 s four.
TEST(DrainProperties, KillsNoMorePodsHardInASecondMoreThanInTheOneBefore) {
  Storm storm;
  storm.margin = 2;
  storm.endpoint_propagation = 5;
  StormService web;
  web.grace = 49;
  web.ready_after = 27;
  for (int i = 0; i < 8; ++i) web.pods.push_back({i < 4 ? i % 2 : kStays});
  storm.services.push_back(web);
  storm.budgets.push_back({{1, false}, false, {0}});
  int before = 4;
  for (int deadline = 0; deadline < 140; ++deadline) {
    storm.deadlines = {deadline, deadline};
    const int now = died_hard(storm);
    EXPECT_LE(now, before) << deadline << " s";
    before = now;
  }
  EXPECT_EQ(before, 0);
}

// Asks again at `times` instants before each next look.
void expect_nothing_new_before_the_next_look(const Storm& storm, Random& random, int times) {
  LiveCluster(storm).run([&](const LiveCluster& cluster, const DrainPlan& plan) {
    if (plan.next_look) {
      EXPECT_GT(*plan.next_look, cluster.instant());
    }
    if (!plan.now.empty()) return;  // what is sent changes the cluster, and that is a reason to look
    const Duration until = plan.next_look ? *plan.next_look - cluster.instant() : Duration(1h);
    for (int i = 0; i < times; ++i) {
      const Instant later = cluster.instant() + random.between(0s, until - 1ns);
      const DrainPlan again = plan_drain(cluster.snapshot(), storm.dying(), storm.policy(), later);
      EXPECT_TRUE(again.now.empty()) << pod_of(again.now.front()).name.name << " fell due "
                                     << (later - cluster.instant()) / 1ms << " ms after " << cluster.now()
                                     << " s, before the next look";
    }
  });
}

TEST(DrainProperties, HasNothingNewToDoBeforeItsNextLook) {
  for_all_storms(odd_storms(),
                 [](const Storm& storm, Random& random) { expect_nothing_new_before_the_next_look(storm, random, 1); });
}

// Of so many pods not every pace is tried: when the choice was made as of the moment of asking, another one of those
// that were tried became the best between two looks.
TEST(DrainProperties, HasNothingNewToDoBeforeItsNextLookInTheStormThatOnceHad) {
  Random random(92669);
  Storm storm = random_storm(random, odd_storms());
  for (const bool one_pool : {false, true}) {
    storm.one_pool = one_pool;
    expect_nothing_new_before_the_next_look(storm, random, 100);
  }
}

}  // namespace
}  // namespace spotkeeper::plan::test
