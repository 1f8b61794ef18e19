#include "plan/interruption/interruption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));

Interruption signal_of(InterruptionKind kind, std::optional<Duration> deadline, const std::string& source = "imds/spot",
                       const std::string& node = "a") {
  Interruption signal;
  signal.node = NodeName(node);
  signal.kind = kind;
  signal.source = source;
  signal.id = source + "-1";
  signal.noticed = kStart;
  if (deadline) signal.deadline = Deadline{kStart + *deadline};
  return signal;
}

Node node_of(const std::string& name = "a") {
  Node node;
  node.name = NodeName(name);
  node.version = ResourceVersion("7");
  node.ready = true;
  node.boot_id = "boot-1";
  return node;
}

/// The Node after the API server has carried out the change.
Node with(Node node, const NodeChange& change) {
  if (change.taints) node.taints = *change.taints;
  if (change.unschedulable) node.unschedulable = *change.unschedulable;
  for (const auto& [key, value] : change.labels) {
    if (value) {
      node.labels.set(key, *value);
    } else {
      node.labels.erase(key);
    }
  }
  return node;
}

TEST(Deadline, IsTheEarlierOfWhatWasAnnouncedAndWhatTheNoticeLasts) {
  EXPECT_EQ(settle_deadline(kStart + 100s, kStart, 120s).at, kStart + 100s) << "heard of late";
  EXPECT_EQ(settle_deadline(kStart + 500s, kStart, 120s).at, kStart + 120s) << "our clock is behind and we don't know";
}

TEST(Merge, TakesTheStrongestKindAndTheEarliestDeadline) {
  Interruption maintenance = signal_of(InterruptionKind::Maintenance, 60s, "imds/scheduled");
  maintenance.confidence = 0.5;
  maintenance.effect = InterruptionEffect::Reboot;
  Interruption kill = signal_of(InterruptionKind::Kill, 120s);
  kill.noticed = kStart + 10s;
  const Interruption merged = merge(maintenance, kill);
  EXPECT_EQ(merged.kind, InterruptionKind::Kill);
  EXPECT_EQ(merged.effect, InterruptionEffect::Terminate);
  EXPECT_EQ(merged.source, "imds/spot");
  EXPECT_EQ(merged.deadline, Deadline{kStart + 60s});
  EXPECT_EQ(merged.noticed, kStart);
  EXPECT_EQ(merged.confidence, 1.0);
}

TEST(MergeAll, GivesOneRecordANodeOrderedByDeadlineAndName) {
  const std::vector<Interruption> merged =
      merge_all(std::vector{signal_of(InterruptionKind::Maybe, std::nullopt, "imds/rebalance", "d"),
                            signal_of(InterruptionKind::Kill, 90s, "imds/spot", "c"),
                            signal_of(InterruptionKind::Kill, 90s, "imds/spot", "b"),
                            signal_of(InterruptionKind::Kill, 60s, "imds/spot", "e"),
                            signal_of(InterruptionKind::Maybe, std::nullopt, "imds/rebalance", "b")});
  std::vector<std::string> nodes;
  nodes.reserve(merged.size());
  for (const Interruption& interruption : merged) nodes.push_back(interruption.node.str());
  EXPECT_THAT(nodes, ElementsAre("e", "b", "c", "d"));
}

TEST(MarkNode, CordonsTaintsAndExcludesForAKillInOneChange) {
  const Marking marking = mark_node(node_of(), std::nullopt, signal_of(InterruptionKind::Kill, 120s), {}, true);
  ASSERT_TRUE(marking.change.taints);
  EXPECT_THAT(*marking.change.taints,
              ElementsAre(Taint{"spotkeeper.dev/interruption", "kill", TaintEffect::NoSchedule, std::nullopt}));
  EXPECT_EQ(marking.change.version, ResourceVersion("7")) << "taints are one list: another writer's must not be lost";
  EXPECT_EQ(marking.change.unschedulable, true);
  EXPECT_EQ(marking.change.labels.at(std::string(kExcludeLabel)), "spotkeeper");
  EXPECT_TRUE(marking.mark.tainted && marking.mark.cordoned && marking.mark.excluded);
  EXPECT_EQ(marking.mark.boot_id, "boot-1");
}

TEST(MarkNode, HasNothingMoreToDoAfterwards) {
  const Interruption kill = signal_of(InterruptionKind::Kill, 120s);
  const Marking first = mark_node(node_of(), std::nullopt, kill, {}, true);
  const Marking second = mark_node(with(node_of(), first.change), first.mark, kill, {}, true);
  EXPECT_TRUE(second.change.empty());
  EXPECT_EQ(second.mark, first.mark);
}

TEST(MarkNode, UsesTheTaintAloneForWhatMayBeUndone) {
  for (const InterruptionKind kind :
       {InterruptionKind::Maybe, InterruptionKind::Maintenance, InterruptionKind::Retire}) {
    const Marking marking = mark_node(node_of(), std::nullopt, signal_of(kind, 1h), {}, true);
    EXPECT_TRUE(marking.mark.tainted);
    EXPECT_FALSE(marking.mark.cordoned || marking.mark.excluded);
    EXPECT_TRUE(marking.change.labels.empty() && !marking.change.unschedulable);
  }
}

TEST(MarkNode, ClaimsNothingThatSomebodyElseHasSet) {
  Node node = node_of();
  node.unschedulable = true;
  node.taints = {{"spotkeeper.dev/interruption", "theirs", TaintEffect::NoSchedule, std::nullopt}};
  node.labels.set(kExcludeLabel, "karpenter");
  const Marking marking = mark_node(node, std::nullopt, signal_of(InterruptionKind::Kill, 120s), {}, true);
  EXPECT_TRUE(marking.change.empty());
  EXPECT_FALSE(marking.mark.tainted || marking.mark.cordoned || marking.mark.excluded);
  EXPECT_TRUE(unmark_node(node, marking.mark, {}).empty());
}

TEST(MarkNode, KeepsOtherTaintsAndChangesItsOwnWhenTheKindDoes) {
  Node node = node_of();
  node.taints = {{"team", "x", TaintEffect::NoExecute, std::nullopt}};
  const Marking maybe =
      mark_node(node, std::nullopt, signal_of(InterruptionKind::Maybe, std::nullopt, "imds/rebalance"), {}, true);
  node = with(node, maybe.change);
  const Marking kill = mark_node(node, maybe.mark, signal_of(InterruptionKind::Kill, 120s), {}, false);
  ASSERT_TRUE(kill.change.taints);
  EXPECT_THAT(*kill.change.taints,
              ElementsAre(Taint{"team", "x", TaintEffect::NoExecute, std::nullopt},
                          Taint{"spotkeeper.dev/interruption", "kill", TaintEffect::NoSchedule, std::nullopt}));
  EXPECT_FALSE(kill.mark.excluded) << "the floor of healthy targets forbids it";
}

TEST(MarkNode, KeepsItsClaimsButNotTheInterruptionOfAnotherBoot) {
  const Marking kill = mark_node(node_of(), std::nullopt, signal_of(InterruptionKind::Kill, 120s), {}, true);
  Node back = with(node_of(), kill.change);
  back.boot_id = "boot-2";
  const Interruption maybe = signal_of(InterruptionKind::Maybe, std::nullopt, "imds/rebalance");
  const Marking marking = mark_node(back, kill.mark, maybe, {}, true);
  EXPECT_EQ(marking.mark.interruption, maybe);
  EXPECT_TRUE(marking.mark.cordoned && marking.mark.excluded);
  EXPECT_EQ(marking.mark.boot_id, "boot-2");
}

TEST(UnmarkNode, TakesBackExactlyWhatWasSet) {
  Node node = node_of();
  node.taints = {{"team", "x", TaintEffect::NoSchedule, std::nullopt}};
  const Marking marking = mark_node(node, std::nullopt, signal_of(InterruptionKind::Kill, 120s), {}, true);
  const Node marked = with(node, marking.change);
  const NodeChange change = unmark_node(marked, marking.mark, {});
  EXPECT_EQ(change.version, ResourceVersion("7"));
  const Node after = with(marked, change);
  EXPECT_EQ(after.taints, node.taints);
  EXPECT_EQ(after.labels, node.labels);
  EXPECT_FALSE(after.unschedulable);
}

TEST(UnmarkNode, LeavesWhatSomebodyHasChangedSince) {
  const Marking marking = mark_node(node_of(), std::nullopt, signal_of(InterruptionKind::Kill, 120s), {}, true);
  Node marked = with(node_of(), marking.change);
  marked.taints.front().value = "mine now";
  marked.labels.set(kExcludeLabel, "true");
  marked.unschedulable = false;
  EXPECT_TRUE(unmark_node(marked, marking.mark, {}).empty());
}

class Balancers : public testing::Test {
 protected:
  Balancers() {
    for (int i = 0; i < 10; ++i) cluster_.put(node_of("n" + std::to_string(i)));
  }
  void dies(const std::string& node, Duration after) {
    dying_.push_back(signal_of(InterruptionKind::Kill, after, "imds/spot", node));
  }
  [[nodiscard]] std::vector<std::string> out(Duration at = 0s) const {
    std::vector<std::string> names;
    for (const NodeName& node : exclusions(at).nodes) names.push_back(node.str());
    return names;
  }
  [[nodiscard]] Exclusions exclusions(Duration at) const {
    return load_balancer_exclusions(cluster_, dying_, policy_, kStart + at);
  }

  Snapshot cluster_;
  std::vector<Interruption> dying_;
  MarkPolicy policy_;
};

TEST_F(Balancers, LoseDyingNodesAtOnceWhileTheFloorStays) {
  dies("n1", 120s);
  dies("n2", 120s);
  EXPECT_THAT(out(), ElementsAre("n1", "n2"));
  EXPECT_EQ(exclusions(0s).next_look, std::nullopt);
}

TEST_F(Balancers, KeepTheFloorInAStormAndLoseTheRestBeforeTheDeadline) {
  for (const char* node : {"n9", "n8", "n7", "n6", "n5", "n4", "n3"}) dies(node, 120s);
  EXPECT_THAT(out(), ElementsAre("n3", "n4", "n5", "n6", "n7")) << "five of ten targets stay";
  EXPECT_EQ(exclusions(0s).next_look, kStart + 90s);
  EXPECT_THAT(out(90s), ElementsAre("n3", "n4", "n5", "n6", "n7", "n8", "n9"));
}

TEST_F(Balancers, LoseTheNodesThatDieFirstBeforeTheOthers) {
  for (const char* node : {"n1", "n2", "n3", "n4", "n5", "n6"}) dies(node, 120s);
  dies("n9", 60s);
  EXPECT_THAT(out(), ElementsAre("n1", "n2", "n3", "n4", "n9"));
}

TEST_F(Balancers, LoseMoreWhenSubstitutesHaveJoined) {
  for (const char* node : {"n4", "n5", "n6", "n7", "n8", "n9"}) dies(node, 120s);
  EXPECT_EQ(out().size(), 5U);
  cluster_.put(node_of("new1"));
  cluster_.put(node_of("new2"));
  EXPECT_EQ(out().size(), 6U);
}

TEST_F(Balancers, CountOnlyTargetsThatAreIn) {
  for (const char* name : {"n0", "n1", "n2", "n3"}) {
    Node node = node_of(name);
    node.labels.set(kExcludeLabel, "true");
    cluster_.put(node);
  }
  dies("n8", 120s);
  dies("n9", 120s);
  EXPECT_THAT(out(), ElementsAre("n8")) << "five of ten stay";
}

TEST_F(Balancers, AreLeftAloneForWhatMayBeUndoneOrByPolicy) {
  dying_.push_back(signal_of(InterruptionKind::Maintenance, 10s, "imds/scheduled", "n1"));
  EXPECT_THAT(out(), IsEmpty());
  dies("n2", 120s);
  policy_.exclude_from_load_balancers = false;
  EXPECT_THAT(out(), IsEmpty());
}

NodeMark mark_of(InterruptionKind kind) { return {signal_of(kind, std::nullopt), true, false, false, "boot-1"}; }

TEST(Undo, ComesWhenNothingHasFollowedAMaybe) {
  const NodeMark mark = mark_of(InterruptionKind::Maybe);
  EXPECT_EQ(undo_of(mark, "boot-1", false, 10min, kStart).reason, std::nullopt);
  EXPECT_EQ(undo_of(mark, "boot-1", false, 10min, kStart).next_look, kStart + 10min);
  EXPECT_EQ(undo_of(mark, "boot-1", false, 10min, kStart + 10min).reason, UndoReason::NothingFollowed);
}

TEST(Undo, ComesWhenAMaintenanceIsWithdrawn) {
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Maintenance), "boot-1", true, 10min, kStart).reason,
            UndoReason::Cancelled);
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Maintenance), "boot-1", false, 10min, kStart + 24h).reason, std::nullopt);
}

TEST(Undo, ComesWhenTheMachineHasBootedSince) {
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Kill), "boot-2", false, 10min, kStart).reason, UndoReason::CameBack);
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Kill), "", false, 10min, kStart).reason, std::nullopt) << "not known";
}

TEST(Undo, NeverComesForAKillThatIsWithdrawn) {
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Kill), "boot-1", true, 10min, kStart + 24h).reason, std::nullopt);
  EXPECT_EQ(undo_of(mark_of(InterruptionKind::Retire), "boot-1", true, 10min, kStart + 24h).reason, std::nullopt);
}

}  // namespace
}  // namespace spotkeeper::plan
