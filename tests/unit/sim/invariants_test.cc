// Each rule is broken on purpose, from inside, and has to be seen to be.
#include "sim/invariants/invariants.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>

#include "sim/clients.h"
#include "sim/state.h"
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

using testing::Contains;
using testing::IsEmpty;

/// Three nodes, four pods that are asked, a budget, and one pod for which there is no room.
class WatchedWorld : public SmallWorld {
 protected:
  void SetUp() override {
    nodes(3);
    ASSERT_TRUE(world.create_deployment(workload("web", 4)));
    ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    DisruptionBudget one_away = budget("web");
    one_away.max_unavailable = CountOrPercent{1, false};
    ASSERT_TRUE(world.create_budget(one_away));
    settle();
    PodKind huge;
    huge.requests.cpu = {1800};
    ASSERT_TRUE(world.create_deployment(workload("huge", 1, huge)));
    pass(2s);
    Load load;
    load.service = shop("web");
    load.rate = 50;
    world.add_load(load);
    world.begin_measuring();
    pass(10s);
    ASSERT_THAT(broken(), IsEmpty());
  }

  [[nodiscard]] const std::vector<Violation>& broken() const { return invariants.violations(); }
  World::State& parts() { return world.parts(); }
  PodId number(const std::string& prefix) { return parts().id_of(pods(prefix).front().name); }
  MachineId another_machine(PodId id) { return (parts().pods[id].machine + 1) % 3; }
  void notice_all() {
    for (const auto& [name, node] : world.store().all(Kind::Node)) {
      Notice notice;
      notice.at = world.now() + 120s;
      world.notice(NodeName(name.name), notice);
    }
  }

  Invariants invariants{world};
};

TEST_F(WatchedWorld, KeepsEveryRuleWhenPodsAreEvictedAndMachinesDie) {
  notice_all();
  const auto before = invariants.looks();
  for (const Pod& pod : pods("web")) {
    (void)evict(pod);
    pass(5s);
  }
  world.reboot_machine(NodeName("n1"), 3s);
  pass(30s);
  world.kill_machine(NodeName("n2"));
  pass(3min);
  EXPECT_THAT(broken(), IsEmpty()) << broken().front().str();
  EXPECT_GT(invariants.looks(), before + 10'000);
}

TEST_F(WatchedWorld, ToldOfWhatIsBrokenNamesItOnce) {
  parts().machines[0].used.cpu.value += 100;
  invariants.look();
  invariants.look();
  ASSERT_EQ(broken().size(), 1U);
  EXPECT_THAT(broken().front().str(), testing::StartsWith("2026-01-01T00:00:"));
  EXPECT_THAT(broken().front().str(), testing::HasSubstr(" capacity: machine n1 counts "));
}

MATCHER_P(BreaksRule, rule, "") { return arg.rule == rule; }
#define EXPECT_BROKEN(rule) EXPECT_THAT(broken(), Contains(BreaksRule(rule))) << rule_names.at(std::size_t(rule))

TEST_F(WatchedWorld, CatchesAnEventThatComesTooLate) {
  parts().heap.push(world.now() - 1s, EventKind::Schedule, 0);
  pass(1s);
  EXPECT_BROKEN(Rule::Time);
}

TEST_F(WatchedWorld, CatchesAClockThatGoesBack) {
  parts().now -= 30s;
  world.notice(NodeName("n1"), {});
  (void)evict(pods("web").front());
  EXPECT_BROKEN(Rule::Time);
}

TEST_F(WatchedWorld, CatchesAPodThatIsBoundTwice) {
  const PodId id = number("web");
  parts().bind(id, another_machine(id));
  EXPECT_BROKEN(Rule::OneNode);
}

TEST_F(WatchedWorld, CatchesAPodOnTheListsOfTwoMachines) {
  const PodId id = number("web");
  parts().machines[another_machine(id)].pods.push_back(id);
  invariants.look();
  EXPECT_BROKEN(Rule::OneNode);
}

TEST_F(WatchedWorld, CatchesAPodOnNoMachinesList) {
  const PodId id = number("web");
  std::erase(parts().machines[parts().pods[id].machine].pods, id);
  invariants.look();
  EXPECT_BROKEN(Rule::OneNode);
}

TEST_F(WatchedWorld, CatchesAProgramThatOutlivesItsMachine) {
  parts().machines[parts().pods[number("web")].machine].alive = false;
  invariants.look();
  EXPECT_BROKEN(Rule::OneNode);
}

TEST_F(WatchedWorld, CatchesANameThatRunsTwice) {
  ASSERT_TRUE(world.create_stateful_set(workload("db", 1)));
  pass(10s);
  const PodId first = number("db-0");
  parts().pods[first].program = Program::Serving;
  parts().remove_pod(first);  // by force: the program runs for two seconds more
  pass(600ms);
  const PodId second = number("db-0");
  ASSERT_NE(first, second);
  parts().pods[second].program = Program::Starting;
  invariants.look();
  EXPECT_BROKEN(Rule::OneNode);
}

TEST_F(WatchedWorld, CatchesAStatusThatTheDisruptionControllerWouldNotWrite) {
  BudgetObject generous = *world.store().get<BudgetObject>(shop("web"));
  generous.budget.disruptions_allowed = 2;
  world.store().put(generous);
  EXPECT_BROKEN(Rule::Budgets);
}

TEST_F(WatchedWorld, CatchesAChargeThatTakesNothing) {
  BudgetObject generous = *world.store().get<BudgetObject>(shop("web"));
  generous.budget.disrupted[pods("web").front().name.name] = world.now();
  world.store().put(generous);
  EXPECT_BROKEN(Rule::Budgets);
}

TEST_F(WatchedWorld, CatchesAnEvictionThatNobodyWasChargedFor) {
  notice_all();
  const PodId id = number("web");
  parts().pods[id].object.disruption_target = true;
  parts().begin_deletion(id, GracePeriod(30s));
  EXPECT_BROKEN(Rule::Budgets);
}

TEST_F(WatchedWorld, CatchesRequestsThatAreLostTwice) {
  // Half a second each: there are always some.
  PodRun& run = parts().pods[number("web")];
  for (int i = 0; i < 100 && run.serving_first == kNone; ++i) pass(10ms);
  const std::uint32_t first = run.serving_first;
  ASSERT_NE(first, kNone);
  parts().clients->program_ended(number("web"), true);
  run.serving_first = first;
  parts().clients->program_ended(number("web"), true);
  invariants.look();
  EXPECT_BROKEN(Rule::Requests);
}

TEST_F(WatchedWorld, CatchesRequestsThatVanish) {
  PodRun& run = parts().pods[number("web")];
  for (int i = 0; i < 100 && run.serving_first == kNone; ++i) pass(10ms);
  run.serving_first = kNone;
  run.serving_count = 0;
  invariants.look();
  EXPECT_BROKEN(Rule::Requests);
}

TEST_F(WatchedWorld, CatchesAnswersToRequestsThatNobodySent) {
  for (int i = 0; i < 100 && parts().clients->ledger().under_way == 0; ++i) pass(10ms);
  parts().clients->begin_measuring();  // forgets what is under way
  pass(3s);
  EXPECT_BROKEN(Rule::Requests);
}

TEST_F(WatchedWorld, CatchesAProgramThatHasEndedAndStillServes) {
  PodRun& run = parts().pods[number("web")];
  for (int i = 0; i < 100 && run.serving_first == kNone; ++i) pass(10ms);
  run.program = Program::Ended;
  invariants.look();
  EXPECT_BROKEN(Rule::Requests);
}

TEST_F(WatchedWorld, CatchesAWriteToAPodThatIsGone) {
  notice_all();
  const PodId id = number("web");
  parts().remove_pod(id);
  parts().publish(id);
  EXPECT_BROKEN(Rule::Gone);
}

TEST_F(WatchedWorld, CatchesAPodThatIsGoneAndStillListed) {
  notice_all();
  const PodId id = number("web");
  const MachineId machine = parts().pods[id].machine;
  parts().remove_pod(id);
  parts().machines[machine].pods.push_back(id);
  invariants.look();
  EXPECT_BROKEN(Rule::Gone);
}

TEST_F(WatchedWorld, CatchesTheBindingOfAPodThatIsEnding) {
  const PodId id = number("huge");
  parts().pods[id].object.pod.deletion = world.now() + 30s;
  parts().bind(id, 0);
  EXPECT_BROKEN(Rule::Gone);
}

TEST_F(WatchedWorld, CatchesANodeThatIsOverfull) {
  parts().bind(number("huge"), 0);
  EXPECT_BROKEN(Rule::Capacity);
}

TEST_F(WatchedWorld, CatchesAMachineThatMiscountsItsRoom) {
  parts().release_room(parts().pods[number("web")]);
  parts().pods[number("web")].holds_room = true;
  invariants.look();
  EXPECT_BROKEN(Rule::Capacity);
}

TEST_F(WatchedWorld, CatchesAPodThatIsReadyBeforeItCanBe) {
  notice_all();
  const PodId old = number("web");
  parts().begin_deletion(old, GracePeriod(30s));
  const std::size_t pods_before = parts().pods.size();
  for (int i = 0; i < 100 && parts().pods.size() == pods_before; ++i) pass(100ms);
  const auto fresh = static_cast<PodId>(parts().pods.size() - 1);
  for (int i = 0; i < 100 && !parts().pods[fresh].object.running_since; ++i) pass(100ms);
  ASSERT_THAT(broken(), IsEmpty());
  parts().pods[fresh].object.pod.ready = true;
  parts().pods[fresh].object.pod.ready_since = world.now();
  parts().publish(fresh);
  EXPECT_BROKEN(Rule::Readiness);
}

TEST_F(WatchedWorld, CatchesAPodThatStaysReadyWithoutItsProgram) {
  parts().pods[number("web")].program = Program::Absent;
  invariants.look();
  EXPECT_BROKEN(Rule::Readiness);
}

TEST_F(WatchedWorld, CatchesAnEndThatIsPutOff) {
  notice_all();
  const PodId id = number("web");
  parts().begin_deletion(id, GracePeriod(30s));
  *parts().pods[id].object.pod.deletion += 1s;
  parts().publish(id);
  EXPECT_BROKEN(Rule::Ends);
}

TEST_F(WatchedWorld, CatchesAnEndThatIsTakenBack) {
  notice_all();
  const PodId id = number("web");
  parts().begin_deletion(id, GracePeriod(30s));
  parts().pods[id].object.pod.deletion.reset();
  parts().publish(id);
  EXPECT_BROKEN(Rule::Ends);
}

TEST_F(WatchedWorld, CatchesAKillBeforeTheGraceIsOver) {
  notice_all();
  const PodId id = number("web");
  parts().begin_deletion(id, GracePeriod(30s));
  invariants.look();
  parts().heap.push(world.now() + 5s, EventKind::GraceOver, id, parts().pods[id].round + 1);
  pass(6s);
  EXPECT_BROKEN(Rule::Ends);
}

TEST_F(WatchedWorld, CatchesAKillThatNobodyAskedFor) {
  PodRun& run = parts().pods[number("web")];
  run.program = Program::Ended;
  run.object.exit_code = 137;
  invariants.look();
  EXPECT_BROKEN(Rule::Ends);
}

TEST_F(WatchedWorld, CatchesAPodOnACordonedNode) {
  NodeChange cordon;
  cordon.node = NodeName("n1");
  cordon.unschedulable = true;
  ASSERT_TRUE(world.patch_node(cordon));
  parts().bind(number("huge"), 0);
  EXPECT_BROKEN(Rule::Placement);
}

TEST_F(WatchedWorld, CatchesAPodThatDoesNotTolerateTheTaint) {
  NodeChange taint;
  taint.node = NodeName("n1");
  taint.taints = {{"spotkeeper.dev/interrupted", "", TaintEffect::NoSchedule, {}}};
  ASSERT_TRUE(world.patch_node(taint));
  parts().bind(number("huge"), 0);
  EXPECT_BROKEN(Rule::Placement);
}

TEST_F(WatchedWorld, CatchesAWorkloadWithMorePodsThanItWants) {
  const PodId id = number("web");
  parts().create_pod(parts().pods[id].workload, "web-extra", {});
  parts().workloads[parts().pods[id].workload].sync_planned = false;
  invariants.look();
  EXPECT_BROKEN(Rule::Replicas);
}

TEST_F(WatchedWorld, CatchesASliceThatLacksAPod) {
  EndpointSliceObject slice = *world.store().get<EndpointSliceObject>(shop("web-endpoints"));
  slice.endpoints.pop_back();
  world.store().put(slice);
  EXPECT_BROKEN(Rule::Endpoints);
}

TEST_F(WatchedWorld, CatchesASliceThatShowsAPodAsItIsNot) {
  EndpointSliceObject slice = *world.store().get<EndpointSliceObject>(shop("web-endpoints"));
  slice.endpoints.front().terminating = true;
  world.store().put(slice);
  EXPECT_BROKEN(Rule::Endpoints);
}

TEST_F(WatchedWorld, CatchesTheEndOfAPodOnASoundMachine) {
  ASSERT_TRUE(evict(pods("web").front()));
  EXPECT_BROKEN(Rule::Cause);
}

TEST_F(WatchedWorld, CatchesAProgramThatRunsBeforeItsVolumeIsThere) {
  PodKind kind;
  kind.claims = {"data-*"};
  ASSERT_TRUE(world.create_stateful_set(workload("db", 1, kind)));
  for (int i = 0; i < 100 && (pods("db").empty() || !pods("db").front().started); ++i) pass(50ms);
  ASSERT_THAT(broken(), IsEmpty());
  parts().pods[number("db")].program = Program::Starting;
  invariants.look();
  EXPECT_BROKEN(Rule::Volumes);
}

TEST_F(WatchedWorld, CatchesAVolumeThatIsUsedOnTwoMachines) {
  PodKind kind;
  kind.claims = {"data-*"};
  ASSERT_TRUE(world.create_stateful_set(workload("db", 1, kind)));
  pass(30s);
  const PodId first = number("db-0");
  parts().remove_pod(first);  // by force: the program runs for two seconds more
  pass(600ms);
  const PodId second = number("db-0");
  ASSERT_NE(first, second);
  parts().pods[second].machine = another_machine(first);
  parts().pods[second].program = Program::Starting;
  invariants.look();
  EXPECT_THAT(broken(), Contains(testing::Field(&Violation::what, testing::HasSubstr("uses on another machine"))));
}

TEST_F(WatchedWorld, CatchesAProgramOnAnotherMachineThanItsVolume) {
  PodKind kind;
  kind.claims = {"data-*"};
  ASSERT_TRUE(world.create_stateful_set(workload("db", 1, kind)));
  pass(30s);
  const PodId id = number("db");
  ASSERT_EQ(parts().pods[id].program, Program::Serving);
  ASSERT_THAT(broken(), IsEmpty());
  parts().pods[id].machine = another_machine(id);  // its volume stays
  invariants.look();
  EXPECT_BROKEN(Rule::Volumes);
}

TEST_F(WatchedWorld, KeepsTheTimeWhereAPodIsRemovedBeforeItsKubeletHasHeardThatItIsToEnd) {
  notice_all();
  const Pod pod = pods("web").front();
  ASSERT_TRUE(remove(pod));
  ASSERT_TRUE(remove(pod, 0s));
  pass(5s);
  EXPECT_THAT(broken(), IsEmpty()) << broken().front().str();
}

class WatchedJob : public WatchedWorld {
 protected:
  void SetUp() override {
    WatchedWorld::SetUp();
    PodKind kind;
    kind.behaviour.works_for = 20s;
    kind.requests.cpu = {100};
    JobSettings settings;
    settings.completions = 3;
    settings.parallelism = 2;
    world.create_job(workload("batch", 1, kind), settings);
    pass(5s);
    ASSERT_THAT(broken(), IsEmpty());
    ASSERT_EQ(pods("batch").size(), 2U);
  }
  WorkloadRun& batch() { return parts().workloads[parts().pods[number("batch")].workload]; }
};

TEST_F(WatchedJob, KeepsEveryRuleToItsEnd) {
  notice_all();
  (void)evict(pods("batch").front());
  pass(5min);
  EXPECT_THAT(broken(), IsEmpty()) << broken().front().str();
  ASSERT_EQ(world.jobs().size(), 1U);
  EXPECT_EQ(world.jobs()[0].succeeded, 3);
}

TEST_F(WatchedJob, CatchesACompletionThatNoPodHad) {
  ++batch().job->succeeded;
  invariants.look();
  EXPECT_BROKEN(Rule::Jobs);
}

TEST_F(WatchedJob, CatchesMoreCompletionsThanItWants) {
  WorkloadRun& run = batch();
  pass(3min);
  ASSERT_THAT(broken(), IsEmpty());
  run.job->settings.completions = 2;
  invariants.look();
  EXPECT_BROKEN(Rule::Jobs);
}

TEST_F(WatchedJob, KnowsThatWhoWasToldToEndMayCompleteBeyondWhatItWants) {
  PodKind stubborn;
  stubborn.behaviour.works_for = 20s;
  stubborn.behaviour.ignores_term = true;
  stubborn.grace = 120s;
  stubborn.requests.cpu = {100};
  JobSettings settings;
  settings.completions = settings.parallelism = 2;
  world.create_job(workload("stubborn", 1, stubborn), settings);
  pass(10s);
  for (const Pod& pod : pods("stubborn")) ASSERT_TRUE(evict(pod));
  pass(5min);
  EXPECT_THAT(broken(), IsEmpty()) << broken().front().str();
}

TEST_F(WatchedJob, CatchesAPodThatIsForgotten) {
  std::erase(batch().pods, number("batch"));
  invariants.look();
  EXPECT_BROKEN(Rule::Jobs);
}

TEST_F(WatchedJob, CatchesMoreActivePodsThanMayBe) {
  WorkloadRun& run = batch();
  const WorkloadId id = parts().pods[number("batch")].workload;
  parts().create_pod(id, "batch-extra", {});
  ++run.job->made;
  invariants.look();
  EXPECT_BROKEN(Rule::Jobs);
}

}  // namespace
}  // namespace spotkeeper::sim
