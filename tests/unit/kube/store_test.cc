#include "kube/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "kube/codec/translate.h"

namespace spotkeeper::kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct PodText {
  std::string name = "web-0";
  std::string uid = "u1";
  std::string version = "10";
  std::string node = "n1";
  std::string ns = "shop";
  bool terminating = false;
};

std::string message_of(const PodText& text) {
  wire::Pod pod;
  pod.metadata.name = text.name;
  pod.metadata.ns = text.ns;
  pod.metadata.uid = text.uid;
  pod.metadata.resource_version = text.version;
  pod.metadata.labels = {{"app", "web"}};
  if (text.terminating) pod.metadata.deletion_timestamp.at = Instant(100s);
  pod.spec.node_name = text.node;
  pod.status.phase = "Running";
  wire::PodCondition ready;
  ready.type = "Ready";
  ready.status = "True";
  pod.status.conditions.push_back(ready);
  return to_protobuf(pod);
}

std::string budget_message(const std::string& version, std::int32_t allowed,
                           const std::vector<std::string>& disrupted = {}) {
  wire::PodDisruptionBudget budget;
  budget.metadata.name = "web";
  budget.metadata.ns = "shop";
  budget.metadata.uid = "b1";
  budget.metadata.resource_version = version;
  budget.spec.selector.emplace();
  budget.status.disruptions_allowed = allowed;
  for (const auto& pod : disrupted) budget.status.disrupted_pods.entries.push_back({pod, {Instant(1s)}});
  return to_protobuf(budget);
}

void list(ReflectorSink& sink, const std::vector<std::string>& messages, bool complete = true) {
  sink.begin_list();
  for (const auto& message : messages) {
    const WireObject object{message, nullptr};
    EXPECT_TRUE(sink.stage(object, meta_of(object).value()));
  }
  if (complete) sink.commit();
}

void event(ReflectorSink& sink, WatchType type, const std::string& message) {
  const WireObject object{message, nullptr};
  EXPECT_TRUE(sink.apply(type, object, meta_of(object).value()));
  sink.settled();
}

std::vector<std::string> uids(const ClusterStore& store) {
  std::vector<std::string> out;
  for (const Pod* pod : store.snapshot().pods()) out.push_back(pod->uid.str());
  return out;
}

TEST(CompareVersions, OnlyWhereBothAreNumbers) {
  const auto version = [](const char* text) { return ResourceVersion(text); };
  EXPECT_EQ(compare_versions(version("9"), version("10")), std::strong_ordering::less);
  EXPECT_EQ(compare_versions(version("20"), version("10")), std::strong_ordering::greater);
  EXPECT_EQ(compare_versions(version("x"), version("x")), std::strong_ordering::equal);
  EXPECT_EQ(compare_versions(version("x"), version("10")), std::nullopt);
  EXPECT_EQ(compare_versions(version("010"), version("10")), std::nullopt);
  EXPECT_EQ(compare_versions(version("0"), version("10")), std::nullopt);
}

TEST(ClusterStore, RemovesWhatACompleteListLacks) {
  ClusterStore store;
  const auto pods = store.pod_sink();
  list(*pods, {message_of({}), message_of({.name = "web-1", .uid = "u2"})});
  list(*pods, {message_of({.name = "web-1", .uid = "u2"})});
  EXPECT_THAT(uids(store), ElementsAre("u2"));
}

TEST(ClusterStore, RemovesNothingForAListThatNeverEnds) {
  ClusterStore store;
  const auto pods = store.pod_sink();
  list(*pods, {message_of({}), message_of({.name = "web-1", .uid = "u2"})});
  list(*pods, {message_of({})}, false);
  list(*pods, {message_of({}), message_of({.name = "web-1", .uid = "u2"})});
  EXPECT_THAT(uids(store), ElementsAre("u1", "u2"));
}

TEST(ClusterStore, KeepsWhatItCannotRead) {
  ClusterStore store;
  const auto pods = store.pod_sink();
  list(*pods, {message_of({})});
  pods->begin_list();
  wire::Pod bad;
  bad.metadata.name = "web-0";
  bad.metadata.ns = "shop";
  bad.metadata.uid = "u1";
  bad.metadata.resource_version = "11";
  bad.spec.containers.emplace_back().resources.requests.entries = {{"cpu", "much"}};
  const std::string message = to_protobuf(bad);
  const WireObject object{message, nullptr};
  EXPECT_FALSE(pods->stage(object, meta_of(object).value()));
  pods->commit();
  EXPECT_THAT(uids(store), ElementsAre("u1"));
}

TEST(ClusterStore, TakesAnotherUidForAnotherPod) {
  ClusterStore store;
  const auto pods = store.pod_sink();
  list(*pods, {message_of({})});
  event(*pods, WatchType::Modified, message_of({.uid = "u2", .version = "12"}));
  EXPECT_THAT(uids(store), ElementsAre("u2"));
  event(*pods, WatchType::Deleted, message_of({.uid = "u1", .version = "11"}));
  EXPECT_THAT(uids(store), ElementsAre("u2")) << "the late deletion is its predecessor's";
  event(*pods, WatchType::Deleted, message_of({.uid = "u2", .version = "13"}));
  EXPECT_THAT(uids(store), IsEmpty());
}

TEST(ClusterStore, DoesNotGoBackWhenOneWatchLagsBehindAnother) {
  ClusterStore store;
  const auto by_node = store.pod_sink({.ns = {}, .node = NodeName("n1")});
  const auto by_namespace = store.pod_sink({.ns = NamespaceName("shop"), .node = {}});
  list(*by_node, {message_of({.version = "10"})});
  list(*by_namespace, {message_of({.version = "10"})});
  event(*by_node, WatchType::Modified, message_of({.version = "12", .terminating = true}));
  event(*by_namespace, WatchType::Modified, message_of({.version = "11"}));
  EXPECT_TRUE(store.snapshot().find_pod(Uid("u1"))->terminating());
}

TEST(ClusterStore, RemovesOnlyWithinTheScopeOfAList) {
  ClusterStore store;
  const auto by_node = store.pod_sink({.ns = {}, .node = NodeName("n1")});
  const auto by_namespace = store.pod_sink({.ns = NamespaceName("shop"), .node = {}});
  list(*by_node, {message_of({}), message_of({.name = "log", .uid = "u9", .ns = "infra"})});
  list(*by_namespace, {message_of({}), message_of({.name = "web-1", .uid = "u2", .node = "n2"})});
  EXPECT_THAT(uids(store), ElementsAre("u9", "u1", "u2"));
  list(*by_node, {});
  EXPECT_THAT(uids(store), ElementsAre("u2"));
}

class Assumptions : public testing::Test {
 protected:
  Assumptions() : pods(store.pod_sink()), budgets(store.budget_sink()) {
    list(*pods, {message_of({}), message_of({.name = "web-1", .uid = "u2"})});
    list(*budgets, {budget_message("5", 2)});
  }
  const Pod& pod() { return *store.snapshot().find_pod(Uid("u1")); }
  int allowed() { return store.snapshot().find_budget({NamespaceName("shop"), "web"})->disruptions_allowed; }
  PodRef ref{{NamespaceName("shop"), "web-0"}, Uid("u1")};
  Steady start{};
  ClusterStore store;
  std::unique_ptr<ReflectorSink> pods;
  std::unique_ptr<ReflectorSink> budgets;
};

TEST_F(Assumptions, ShowAPodAsTerminatingUntilTheWatchDoes) {
  store.assume_ending(ref, Instant(130s), true, start);
  EXPECT_EQ(pod().deletion, Instant(130s));
  event(*pods, WatchType::Modified, message_of({.version = "11"}));
  EXPECT_TRUE(pod().terminating()) << "an event from before the eviction changes nothing about it";
  event(*pods, WatchType::Modified, message_of({.version = "12", .terminating = true}));
  EXPECT_EQ(pod().deletion, Instant(100s)) << "now the server's own time";
}

TEST_F(Assumptions, TakeOneDisruptionFromTheBudgetUntilItsStatusShowsIt) {
  store.assume_ending(ref, Instant(130s), true, start);
  EXPECT_EQ(allowed(), 1);
  store.assume_ending({{NamespaceName("shop"), "web-1"}, Uid("u2")}, Instant(130s), true, start);
  EXPECT_EQ(allowed(), 0);
  event(*budgets, WatchType::Modified, budget_message("6", 1, {"web-0"}));
  EXPECT_EQ(allowed(), 0) << "one is in the status, the other still assumed";
  event(*pods, WatchType::Deleted, message_of({.version = "13"}));
  event(*budgets, WatchType::Modified, budget_message("7", 0, {"web-0", "web-1"}));
  EXPECT_EQ(allowed(), 0);
  event(*budgets, WatchType::Modified, budget_message("8", 1));
  EXPECT_EQ(allowed(), 1) << "nothing is assumed of it any more";
}

TEST_F(Assumptions, TakeOneDisruptionThoughTheWatchHasShownTheEndOfThePodBeforeTheAnswer) {
  event(*pods, WatchType::Modified, message_of({.version = "12", .terminating = true}));
  store.assume_ending(ref, Instant(130s), true, start);
  EXPECT_EQ(allowed(), 1);
  event(*budgets, WatchType::Modified, budget_message("6", 1, {"web-0"}));
  EXPECT_EQ(allowed(), 1);
}

TEST_F(Assumptions, TakeNoDisruptionThatTheStatusShowsBeforeTheAnswer) {
  event(*budgets, WatchType::Modified, budget_message("6", 1, {"web-0"}));
  store.assume_ending(ref, Instant(130s), true, start);
  EXPECT_EQ(allowed(), 1);
}

TEST_F(Assumptions, DeletionsAskNoBudget) {
  store.assume_ending(ref, Instant(130s), false, start);
  EXPECT_TRUE(pod().terminating());
  EXPECT_EQ(allowed(), 2);
}

TEST_F(Assumptions, EndAfterTenSeconds) {
  store.assume_ending(ref, Instant(130s), true, start);
  EXPECT_EQ(store.expire(start + 9s), start + ClusterStore::kAssumedFor);
  EXPECT_TRUE(pod().terminating());
  EXPECT_EQ(store.expire(start + 10s), std::nullopt);
  EXPECT_FALSE(pod().terminating());
  EXPECT_EQ(allowed(), 2);
}

TEST_F(Assumptions, MayBringTheEndOfATerminatingPodForward) {
  event(*pods, WatchType::Modified, message_of({.version = "11", .terminating = true}));
  store.assume_ending(ref, Instant(60s), false, start);
  EXPECT_EQ(pod().deletion, Instant(60s));
  (void)store.expire(start + 10s);
  EXPECT_EQ(pod().deletion, Instant(100s));
}

TEST_F(Assumptions, AboutPodsThatAreGoneAreNone) {
  store.assume_ending({{NamespaceName("shop"), "web-0"}, Uid("other")}, Instant(130s), true, start);
  EXPECT_FALSE(pod().terminating());
  EXPECT_EQ(store.expire(start), std::nullopt);
}

TEST_F(Assumptions, DoNotPassToASuccessorOfTheSameName) {
  store.assume_ending(ref, Instant(130s), false, start);
  event(*pods, WatchType::Modified, message_of({.uid = "u3", .version = "20"}));
  EXPECT_FALSE(store.snapshot().find_pod(Uid("u3"))->terminating());
  (void)store.expire(start + 10s);
  EXPECT_EQ(store.snapshot().find_pod(Uid("u1")), nullptr);
}

TEST(ClusterStore, LearnsTheAnswerToItsOwnPatch) {
  ClusterStore store;
  Node node;
  node.name = NodeName("n1");
  node.uid = Uid("n-uid");
  node.version = ResourceVersion("20");
  node.unschedulable = true;
  store.learn(node);
  EXPECT_TRUE(store.snapshot().find_node(NodeName("n1"))->unschedulable);
  node.version = ResourceVersion("19");
  node.unschedulable = false;
  store.learn(node);
  EXPECT_TRUE(store.snapshot().find_node(NodeName("n1"))->unschedulable) << "the watch was faster";
}

TEST(ClusterStore, TellsAboutEveryChange) {
  int changes = 0;
  ClusterStore store([&] { ++changes; });
  const auto pods = store.pod_sink();
  list(*pods, {message_of({})});
  EXPECT_EQ(changes, 1);
  event(*pods, WatchType::Modified, message_of({.version = "11"}));
  EXPECT_EQ(changes, 2);
  store.assume_ending({{NamespaceName("shop"), "web-0"}, Uid("u1")}, Instant(5s), true, Steady());
  EXPECT_EQ(changes, 3);
  (void)store.expire(Steady(1h));
  EXPECT_EQ(changes, 4);
}

}  // namespace
}  // namespace spotkeeper::kube
