// Every signal but the spot notice, from the metadata service to what becomes of the Node: the real agents against the
// simulated world. What is called off, or followed by nothing, leaves no trace of ours and every trace of others.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "control/node_record.h"
#include "plan/interruption/interruption.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

const NodeName kNode("node-1");

/// What an agent may have changed of a Node, and what others did.
struct Traces {
  std::vector<Taint> taints;
  bool unschedulable = false;
  Labels labels;
  std::map<std::string, std::string> ours;  // our annotations
  friend bool operator==(const Traces&, const Traces&) = default;
};

Traces traces_of(const World& world) {
  const Node& node = world.store().get<NodeObject>({{}, kNode.str()})->node;
  Traces traces{node.taints, node.unschedulable, node.labels, {}};
  for (const std::string_view key : {control::kInterruptionAnnotation, control::kFinishedAnnotation,
                                     control::kDrainAnnotation, control::kUnreadableAnnotation})
    if (const std::string* text = node.annotations.find(key)) traces.ours[std::string(key)] = *text;
  return traces;
}

bool tainted(const Traces& traces) {
  return std::ranges::any_of(traces.taints, [](const Taint& taint) { return taint.key == plan::kTaintKey; });
}

/// One run of `one-node` with other events: the Node before, each state in between, and after.
struct Story {
  Report report;
  Traces before;
  std::vector<Traces> between;
  std::optional<Traces> after;  // none: the Node is gone

  [[nodiscard]] bool ever_tainted() const { return std::ranges::any_of(between, tainted); }
  [[nodiscard]] bool ever_cordoned() const {
    return std::ranges::any_of(between, [](const Traces& traces) { return traces.unschedulable; });
  }
};

Story told_with(const Scenario& scenario, bool somebody_cordons = false) {
  Story story;
  RunOptions options;
  std::optional<Store::Subscription> subscription;
  options.begun = [&](World& world) {
    NodeChange change;  // what others have put there
    change.node = kNode;
    change.taints = std::vector<Taint>{{"team", "shop", TaintEffect::PreferNoSchedule, std::nullopt}};
    change.labels["team"] = "shop";
    if (somebody_cordons) change.unschedulable = true;
    EXPECT_TRUE(world.patch_node(change));
    story.before = traces_of(world);
    subscription.emplace(world.store().subscribe([&story, &world](const Change& seen) {
      const auto* node = std::get_if<NodeObject>(seen.object.get());
      if (node == nullptr || node->node.name != kNode || seen.type != ChangeType::Modified) return;
      Traces now = traces_of(world);
      if (story.between.empty() || story.between.back() != now) story.between.push_back(std::move(now));
    }));
  };
  options.ended = [&](const World& world) {
    if (world.store().get<NodeObject>({{}, kNode.str()}) != nullptr) story.after = traces_of(world);
    subscription.reset();
  };
  story.report = run_with(scenario, options);
  return story;
}

Scenario with_event(ScenarioEvent event, Duration duration) {
  Scenario scenario = shipped("one-node");
  event.at = 20s;
  event.nodes = {kNode.str()};
  scenario.events = {event};
  scenario.duration = duration;
  for (Load& load : scenario.loads) load.rate = 20;  // long runs, and nothing but the count is of interest
  return scenario;
}

void expect_undone(const Story& story) {
  ASSERT_TRUE(story.after);
  EXPECT_TRUE(*story.after == story.before);
  EXPECT_TRUE(story.ever_tainted());
}

void expect_nothing_lost(const Story& story) {
  EXPECT_EQ(story.report.traffic.lost(), 0U) << told(story.report);
  EXPECT_EQ(story.report.pods.killed_hard, 0U) << told(story.report);
  EXPECT_EQ(story.report.pods.repeated, 0U) << told(story.report);
  EXPECT_EQ(story.report.budget_overrides, 0U) << told(story.report);
}

TEST(Signals, ARebalanceThatNothingFollowsTaintsAloneAndIsUndoneExactly) {
  ScenarioEvent event;
  event.what = ScenarioEvent::What::Rebalance;
  const Story story = told_with(with_event(event, 13min));
  expect_undone(story);
  expect_nothing_lost(story);
  EXPECT_FALSE(story.ever_cordoned());
  EXPECT_EQ(story.report.pods.evicted + story.report.pods.deleted, 0U);
}

TEST(Signals, ARebalanceStandsForItsHoldTime) {
  ScenarioEvent event;
  event.what = ScenarioEvent::What::Rebalance;
  const Story story = told_with(with_event(event, 10min));
  ASSERT_TRUE(story.after);
  EXPECT_TRUE(tainted(*story.after));
}

TEST(Signals, AMaintenanceThatIsCancelledIsUndoneExactlyAndACordonOfOthersStays) {
  for (const bool somebody_cordons : {false, true}) {
    SCOPED_TRACE(somebody_cordons);
    ScenarioEvent event;
    event.what = ScenarioEvent::What::Scheduled;
    event.effect = InterruptionEffect::Reboot;
    event.deadline = 1h;
    event.cancelled_after = 1min;
    const Story story = told_with(with_event(event, 3min), somebody_cordons);
    expect_undone(story);
    expect_nothing_lost(story);
    EXPECT_EQ(story.ever_cordoned(), somebody_cordons);
    EXPECT_EQ(story.report.pods.evicted + story.report.pods.deleted, 0U);  // an hour is not near
  }
}

TEST(Signals, AMachineThatCameBackFromAScheduledRebootIsAsItWas) {
  ScenarioEvent event;
  event.what = ScenarioEvent::What::Scheduled;
  event.effect = InterruptionEffect::Reboot;
  event.deadline = 3min;
  event.down = 20s;  // sooner than anybody would take the Node away
  const Story story = told_with(with_event(event, 8min));
  ASSERT_TRUE(story.after);
  EXPECT_TRUE(story.ever_tainted());
  EXPECT_FALSE(tainted(*story.after));
  EXPECT_FALSE(story.after->unschedulable);
  EXPECT_TRUE(story.after->labels == story.before.labels);
  EXPECT_FALSE(story.after->ours.contains(std::string(control::kInterruptionAnnotation)));
  EXPECT_TRUE(story.after->taints == story.before.taints);
  expect_nothing_lost(story);
  EXPECT_EQ(story.report.pods.evicted, 1U);  // it was drained before, by its budget
}

TEST(Signals, AnAutoScalingGroupsTerminationDrainsWithoutACordon) {
  ScenarioEvent event;
  event.what = ScenarioEvent::What::Lifecycle;
  event.deadline = 120s;
  const Story story = told_with(with_event(event, 4min));
  expect_nothing_lost(story);
  EXPECT_TRUE(story.ever_tainted());
  EXPECT_FALSE(story.ever_cordoned());
  EXPECT_EQ(story.report.pods.evicted, 1U);
  const bool retired = std::ranges::any_of(story.between, [](const Traces& traces) {
    const auto mark = traces.ours.find(std::string(control::kInterruptionAnnotation));
    return mark != traces.ours.end() && mark->second.find(R"("kind":"retire")") != std::string::npos;
  });
  EXPECT_TRUE(retired);
}

TEST(Signals, ARebalanceAndThenASpotNoticeIsAKill) {
  Scenario scenario = shipped("one-node");
  ScenarioEvent rebalance;
  rebalance.what = ScenarioEvent::What::Rebalance;
  rebalance.at = 10s;
  rebalance.nodes = {kNode.str()};
  scenario.events.push_back(rebalance);
  const Story story = told_with(scenario);
  expect_nothing_lost(story);
  EXPECT_TRUE(story.ever_cordoned());
  EXPECT_EQ(story.report.pods.evicted, 1U);
}

// ---- kill -9 where there are deletes, too ---------------------------------------------------------------------------

/// `one-node` with a budget that allows nothing: the pod is deleted at its last safe start.
Scenario with_deletes() {
  Scenario scenario = shipped("one-node");
  scenario.budgets.at(0).budget.max_unavailable = CountOrPercent{0, false};
  return scenario;
}

TEST(CrashWithDeletes, AtEveryPointDeletesOnceMarksOnceAndKillsNothingHard) {
  std::set<std::string> actions;
  std::size_t points = 0;
  RunOptions count;
  count.crash = [&](const ActionPoint& point) {
    actions.insert(std::string(point.action));
    ++points;
    return false;
  };
  const Report calm = run_with(with_deletes(), count);
  ASSERT_TRUE(actions.contains("delete_pod") && actions.contains("patch_node"));
  for (std::size_t point = 0; point < points; ++point) {
    SCOPED_TRACE("killed at point " + std::to_string(point));
    std::size_t seen = 0;
    std::set<std::string> records;
    std::optional<Store::Subscription> subscription;
    RunOptions options;
    options.crash = [&](const ActionPoint&) { return seen++ == point; };
    options.begun = [&](World& world) {
      subscription.emplace(world.store().subscribe([&records](const Change& change) {
        const auto* node = std::get_if<NodeObject>(change.object.get());
        const std::string* text =
            node == nullptr ? nullptr : node->node.annotations.find(control::kInterruptionAnnotation);
        if (text != nullptr) records.insert(*text);
      }));
    };
    options.ended = [&](const World&) { subscription.reset(); };
    const Report report = run_with(with_deletes(), options);
    ASSERT_GT(seen, point) << "nobody was killed";
    EXPECT_EQ(report.pods.deleted, 1U) << told(report);
    EXPECT_EQ(report.pods.repeated, 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    EXPECT_EQ(report.traffic.lost(), calm.traffic.lost()) << told(report);
    EXPECT_LE(records.size(), 2U);  // one mark, or one and its exclusion from load balancers
  }
}

}  // namespace
}  // namespace spotkeeper::sim
