// Merging is a semilattice, and taking a mark back leaves no trace.
#include <gtest/gtest.h>

#include "plan/interruption/interruption.h"
#include "tests/oracle/cases.h"
#include "tests/property/plan/storm.h"

namespace spotkeeper::plan::test {
namespace {

Interruption random_signal(Random& random) {
  Interruption signal;
  signal.node = NodeName("a");
  signal.kind = static_cast<InterruptionKind>(random.below(4));
  signal.effect = static_cast<InterruptionEffect>(random.below(4));
  signal.source = std::string(1, static_cast<char>('a' + random.below(3)));
  signal.id = std::string(1, static_cast<char>('a' + random.below(3)));
  signal.noticed = kNotice + std::chrono::seconds(random.below(5));
  if (random.chance(0.7)) signal.deadline = Deadline{kNotice + std::chrono::seconds(random.below(5))};
  signal.confidence = random.chance(0.5) ? 1.0 : 0.5;
  return signal;
}

Node random_node(Random& random) {
  Node node;
  node.name = NodeName("a");
  node.boot_id = random.chance(0.5) ? "boot-1" : "boot-2";
  node.unschedulable = random.chance(0.3);
  if (random.chance(0.3)) node.labels.set(kExcludeLabel, random.chance(0.5) ? kExcludeValue : "karpenter");
  if (random.chance(0.3))
    node.taints.push_back({std::string(kTaintKey), "kill", TaintEffect::NoSchedule, std::nullopt});
  if (random.chance(0.3)) node.taints.push_back({std::string(kTaintKey), "kill", TaintEffect::NoExecute, std::nullopt});
  if (random.chance(0.3)) node.taints.push_back({"team", "x", TaintEffect::NoSchedule, std::nullopt});
  return node;
}

void apply(Node& node, const NodeChange& change) {
  if (change.taints) node.taints = *change.taints;
  if (change.unschedulable) node.unschedulable = *change.unschedulable;
  for (const auto& [key, value] : change.labels) {
    if (value) {
      node.labels.set(key, *value);
    } else {
      node.labels.erase(key);
    }
  }
}

template <class Check>
void for_all_seeds(Check check) {
  const oracle::Cases cases = oracle::cases_from_environment();
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    Random random(seed);
    check(random);
    if (!testing::Test::HasFailure()) continue;
    ADD_FAILURE() << "replay with SPOTKEEPER_SEED=" << seed;
    return;
  }
}

TEST(MergeProperties, DependsOnNeitherOrderNorGroupingNorRepetition) {
  for_all_seeds([](Random& random) {
    const Interruption a = random_signal(random);
    const Interruption b = random_signal(random);
    const Interruption c = random_signal(random);
    EXPECT_EQ(merge(a, a), a);
    EXPECT_EQ(merge(a, b), merge(b, a));
    EXPECT_EQ(merge(merge(a, b), c), merge(a, merge(b, c)));
  });
}

TEST(MarkProperties, LeaveTheNodeAsItWasWhenTakenBackAndNeedOneChange) {
  for_all_seeds([](Random& random) {
    const Node before = random_node(random);
    Node node = before;
    std::optional<NodeMark> mark;
    for (int i = 0; i < 3; ++i) {
      const Interruption signal = random_signal(random);
      const bool may_exclude = random.chance(0.7);
      const Marking marking = mark_node(node, mark, signal, {}, may_exclude);
      apply(node, marking.change);
      mark = marking.mark;
      EXPECT_TRUE(mark_node(node, mark, signal, {}, may_exclude).change.empty());
    }
    apply(node, unmark_node(node, *mark, {}));
    EXPECT_EQ(node.taints, before.taints);
    EXPECT_EQ(node.labels, before.labels);
    EXPECT_EQ(node.unschedulable, before.unschedulable);
  });
}

}  // namespace
}  // namespace spotkeeper::plan::test
