// What holds for every storm. Each test goes through its own 100,000 random storms (SPOTKEEPER_CASES), names the seed
// of the first that fails, and replays it with SPOTKEEPER_SEED.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

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
  const Cases cases = cases_from_environment();
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

TEST(DrainProperties, ExceedsABudgetEarlyOnlyWhereObeyingItWouldLeaveNobodyServing) {
  std::uint64_t overrides = 0;
  for_all_storms({}, [&](const Storm& storm, Random&) {
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
        EXPECT_GT(oracle::least_loss(cluster.as_oracle(plan, i, Graces::Whole), oracle::Budgets::Obeyed), 0)
            << pod.name << " at " << cluster.now() << " s";
      }
    });
  });
  if (cases_from_environment().count >= 10'000) {
    EXPECT_GT(overrides, 100U) << "the storms never ask the question";
  }
}

// More of its pods stand on dying nodes than may be out at once, so that it can matter that each has its whole grace.
bool may_yield(const Storm& storm, const StormService& service) {
  if (service.kind != "Deployment" && service.kind != "StatefulSet") return false;
  if (service.do_not_disrupt) return false;
  const auto all = static_cast<std::ptrdiff_t>(service.pods.size());
  const std::ptrdiff_t leaving =
      std::ranges::count_if(service.pods, [](const StormPod& pod) { return pod.node != kStays; });
  const auto share = static_cast<std::ptrdiff_t>(storm.policy().share_at_once * static_cast<double>(all));
  const std::ptrdiff_t missing = std::ranges::count_if(service.pods, [](const StormPod& pod) { return !pod.ready; });
  return leaving + missing > std::max<std::ptrdiff_t>(share, 1) || all - leaving - missing < floor_of(service);
}

TEST(DrainProperties, SendsEverySigtermAtTheLastSafeStartOrEarlier) {
  for_all_storms(odd_storms(), [](const Storm& storm, Random&) {
    LiveCluster cluster(storm);
    cluster.run([](const LiveCluster&, const DrainPlan&) {});
    for (const LivePod& pod : cluster.pods()) {
      const StormService& service = storm.services[static_cast<std::size_t>(pod.service)];
      const bool completed = pod.phase == PodPhase::Succeeded;
      if (pod.node == kStays || service.mirror || service.kind == "DaemonSet" || completed) continue;
      const int whole = cluster.last_safe_start(pod);
      const int latest = may_yield(storm, service) ? std::max(whole, cluster.last_safe_start_for_requests(pod)) : whole;
      EXPECT_TRUE(pod.ended && *pod.ended <= std::max(0, latest))
          << pod.name << " ended at " << pod.ended.value_or(-1) << ", last safe start " << latest;
    }
  });
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
  if (cases_from_environment().count >= 10'000) {
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

TEST(DrainProperties, KillsNoMorePodsHardWithMoreTime) {
  for_all_storms(odd_storms(), [](const Storm& storm, Random& random) {
    const auto died_hard = [](const Storm& in) {
      LiveCluster cluster(in);
      cluster.run([](const LiveCluster&, const DrainPlan&) {});
      return cluster.died_hard();
    };
    Storm tight = storm;
    for (int& deadline : tight.deadlines) deadline = static_cast<int>(random.below(40));
    Storm roomier = tight;
    const auto more = static_cast<int>(1 + random.below(60));
    for (int& deadline : roomier.deadlines) deadline += more;
    EXPECT_LE(died_hard(roomier), died_hard(tight)) << "with " << more << " s more than " << describe(tight);
  });
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
