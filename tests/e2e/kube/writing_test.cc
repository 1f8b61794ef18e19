// Patches, locks, leases, events, dry-run.
#include "kube/event_recorder.h"
#include "tests/e2e/kube/suite.h"

namespace spotkeeper::kube {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

struct Writing : Suite {
  Node node(const NodeName& name) { return value_of(client().get_node(name)); }
  static Taint taint(const std::string& key) { return {key, "v", TaintEffect::NoSchedule, {}}; }
};

TEST_F(Writing, OnePatchSetsTaintCordonLabelAndAnnotation) {
  const NodeName name = make_node("n");
  const Node before = node(name);
  NodeChange change{.node = name,
                    .version = before.version,
                    .taints = before.taints,
                    .unschedulable = true,
                    .labels = {},
                    .annotations = {}};
  change.taints->push_back(
      {"spotkeeper.dev/interruption", "kill", TaintEffect::NoExecute, Instant(1'800'000'000s) + 5ms});
  change.labels["node.kubernetes.io/exclude-from-external-load-balancers"] = "spotkeeper";
  change.annotations["spotkeeper.dev/interruption"] = "{}";
  const Node after = value_of(client().patch_node(change));
  EXPECT_TRUE(after.unschedulable);
  EXPECT_EQ(after.taints.size(), before.taints.size() + 1);
  EXPECT_THAT(after.taints,
              Contains(Taint{"spotkeeper.dev/interruption", "kill", TaintEffect::NoExecute, Instant(1'800'000'000s)}));
  EXPECT_NE(after.labels.find("node.kubernetes.io/exclude-from-external-load-balancers"), nullptr);
  EXPECT_NE(after.annotations.find("spotkeeper.dev/interruption"), nullptr);

  NodeChange undo{.node = name,
                  .version = after.version,
                  .taints = before.taints,
                  .unschedulable = false,
                  .labels = {},
                  .annotations = {}};
  undo.labels["node.kubernetes.io/exclude-from-external-load-balancers"] = std::nullopt;
  undo.annotations["spotkeeper.dev/interruption"] = std::nullopt;
  const Node undone = value_of(client().patch_node(undo));
  EXPECT_FALSE(undone.unschedulable);
  EXPECT_EQ(undone.labels, before.labels);
  EXPECT_TRUE(undone.annotations.empty());
}

// Trap 13.
TEST_F(Writing, Trap13TwoWritersOfTaintsNeverLoseOne) {
  const NodeName name = make_node("n");
  const Node seen = node(name);
  NodeChange ours{.node = name,
                  .version = seen.version,
                  .taints = seen.taints,
                  .unschedulable = {},
                  .labels = {},
                  .annotations = {}};
  NodeChange theirs = ours;
  ours.taints->push_back(taint("ours"));
  theirs.taints->push_back(taint("theirs"));
  value_of(client().patch_node(theirs));
  const auto late = await(client().patch_node(ours));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Conflict);
  const Node again = node(name);
  ours.version = again.version;
  ours.taints = again.taints;
  ours.taints->push_back(taint("ours"));
  const Node both = value_of(client().patch_node(ours));
  EXPECT_THAT(both.taints, Contains(taint("ours")));
  EXPECT_THAT(both.taints, Contains(taint("theirs")));

  ours.version.reset();
  const auto careless = await(client().patch_node(ours));
  ASSERT_FALSE(careless);
  EXPECT_EQ(careless.error().code, ErrorCode::InvalidInput);
}

// Trap 15.
TEST_F(Writing, Trap15AJsonPatchWhoseTestFailsIsNoConflict) {
  const NodeName name = make_node("n");
  const JsonArray patch{JsonObject{{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", "1"}},
                        JsonObject{{"op", "add"}, {"path", "/spec/unschedulable"}, {"value", true}}};
  const auto refused = await(client().patch(target_of(kNodes, {}, name.str()), PatchType::Json, patch));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  EXPECT_THAT(refused.error().message, HasSubstr("422"));
  EXPECT_FALSE(node(name).unschedulable);
}

TEST_F(Writing, AStrategicPatchMergesByKey) {
  make_pod("web");
  const auto patched = value_of(client().patch(
      target_of(kPods, ns, "web"), PatchType::Strategic,
      JsonObject{{"spec", JsonObject{{"containers",
                                      JsonArray{JsonObject{{"name", "c"}, {"image", "registry.local/app:2"}}}}}}}));
  const format::JsonField containers = format::JsonField(patched)["spec"]["containers"];
  const auto all = containers.elements();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front()["image"].as<std::string>().value(), "registry.local/app:2");
  EXPECT_EQ(all->front()["resources"]["requests"]["cpu"].as<std::string>().value(), "100m") << "the rest stays";
}

// Trap 14.
TEST_F(Writing, Trap14CustomResourcesTakeNoStrategicPatch) {
  const std::string plural = "things" + std::to_string(::getpid());
  const std::string group = "suite.example.org";
  const JsonObject schema{
      {"openAPIV3Schema", JsonObject{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}}};
  const Resource definitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
                             false};
  value_of(client().create(
      target_of(definitions, {}),
      JsonObject{
          {"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", JsonObject{{"name", plural + "." + group}}},
          {"spec",
           JsonObject{{"group", group},
                      {"scope", "Namespaced"},
                      {"names", JsonObject{{"plural", plural},
                                           {"singular", plural + "x"},
                                           {"kind", "Thing" + std::to_string(::getpid())}}},
                      {"versions", JsonArray{JsonObject{
                                       {"name", "v1"}, {"served", true}, {"storage", true}, {"schema", schema}}}}}}}));
  const Resource things{group, "v1", plural, "Thing", true};
  const std::string kind = "Thing" + std::to_string(::getpid());
  const JsonObject thing{{"apiVersion", group + "/v1"},
                         {"kind", kind},
                         {"metadata", JsonObject{{"name", "t"}}},
                         {"spec", JsonObject{{"a", 1}}}};
  // It is served a moment after its definition was accepted.
  bool made = false;
  for (const Steady until = loop.steady() + 30s; !made && loop.steady() < until;)
    made = await(client().create(target_of(things, ns), thing)).has_value();
  ASSERT_TRUE(made);
  const JsonObject patch{{"spec", JsonObject{{"b", 2}}}};
  const auto strategic = await(client().patch(target_of(things, ns, "t"), PatchType::Strategic, patch));
  ASSERT_FALSE(strategic);
  EXPECT_EQ(strategic.error().code, ErrorCode::Unsupported);
  const auto merged = value_of(client().patch(target_of(things, ns, "t"), PatchType::Merge, patch));
  EXPECT_EQ(format::JsonField(merged)["spec"]["b"].as<std::int64_t>().value(), 2);

  // Asked for protobuf first, the server answers JSON for a kind that has none.
  WatchScope scope;
  scope.ns = ns;
  int found = 0;
  value_of(client().list(things, scope, [&](const WireObject& object) -> Result<void> {
    found += object.json != nullptr ? 1 : 0;
    return {};
  }));
  EXPECT_EQ(found, 1);
}

TEST_F(Writing, DryRunIsCheckedAndNotCarriedOut) {
  const NodeName name = make_node("n");
  ConnectOptions dry;
  dry.client.dry_run = true;
  const auto rehearsal = connect_as([](ClientConfig&) {}, dry);
  NodeChange change{.node = name, .version = {}, .taints = {}, .unschedulable = true, .labels = {}, .annotations = {}};
  EXPECT_TRUE(value_of(rehearsal->client().patch_node(change)).unschedulable);
  EXPECT_FALSE(node(name).unschedulable);
  change.version = ResourceVersion("1");
  EXPECT_EQ(await(rehearsal->client().patch_node(change)).error().code, ErrorCode::Conflict);
}

TEST_F(Writing, TwoCandidatesShareOneLease) {
  ElectionOptions options{.lease = {ns, "leader"},
                          .identity = "a",
                          .duration = 2s,
                          .renew_deadline = 1500ms,
                          .retry = 200ms,
                          .fence_margin = 100ms};
  ASSERT_TRUE(check(options));
  LeaderElector a(loop, client(), options, Random(1));
  options.identity = "b";
  LeaderElector b(loop, client(), options, Random(2));
  net::TaskGroup first(loop);
  net::TaskGroup second(loop);
  first.start(a.run());
  ASSERT_TRUE(turn_until([&] { return a.leading(); }));
  second.start(b.run());
  ASSERT_TRUE(turn_until([&] { return b.holder() == "a"; }));
  EXPECT_FALSE(b.leading());
  // Fields that are not ours survive.
  value_of(client().patch(target_of(kLeases, ns, "leader"), PatchType::Merge,
                          JsonObject{{"metadata", JsonObject{{"labels", JsonObject{{"keep", "me"}}}}}}));
  first.cancel_all();
  const auto give_up = [](LeaderElector& leader) -> net::Task<int> {
    co_await leader.release(5s);
    co_return 0;
  };
  await(give_up(a));
  ASSERT_TRUE(turn_until([&] { return b.leading(); }));
  EXPECT_FALSE(a.leading());
  const auto lease = value_of(client().get(target_of(kLeases, ns, "leader")));
  const format::JsonField root(lease);
  EXPECT_EQ(root["spec"]["holderIdentity"].as<std::string>().value(), "b");
  EXPECT_EQ(root["spec"]["leaseTransitions"].as<std::int64_t>().value(), 1);
  EXPECT_EQ(root["metadata"]["labels"]["keep"].as<std::string>().value(), "me");
  second.cancel_all();
}

// Traps 26 and 27.
TEST_F(Writing, Trap26And27EventsAreTakenAndBecomeASeries) {
  EventRecorder recorder(
      loop, client(),
      {.controller = "spotkeeper.dev/agent", .instance = "suite", .cluster_scoped_in = NamespaceName("default")},
      Random(1));
  net::TaskGroup group(loop);
  group.start(recorder.run());
  const PodRef pod = make_pod("web");
  EventNote note{.type = EventNote::Type::Warning,
                 .kind = "Pod",
                 .api_version = "v1",
                 .ns = ns,
                 .name = "web",
                 .uid = pod.uid,
                 .reason = "SpotEvicted",
                 .action = "Evict",
                 .note = std::string(3000, 'x'),
                 .annotations = {}};
  recorder.emit(note);
  recorder.emit(note);
  const auto flush = [](EventRecorder& events) -> net::Task<int> {
    co_await events.flush(20s);
    co_return 0;
  };
  await(flush(recorder));
  EXPECT_EQ(recorder.stats().sent, 2u);
  EXPECT_EQ(recorder.stats().failed, 0u);
  const auto list = value_of(client().get(target_of(kEvents, ns)));
  const auto items = format::JsonField(list)["items"].elements();
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 1u);
  const format::JsonField& event = items->front();
  EXPECT_EQ(event["series"]["count"].as<std::int64_t>().value(), 2);
  EXPECT_EQ(event["regarding"]["uid"].as<std::string>().value(), pod.uid.str());
  EXPECT_LE(event["note"].as<std::string>()->size(), 1024u);

  note.kind = "Node";
  note.ns = {};
  note.name = make_node("n").str();
  recorder.emit(note);
  await(flush(recorder));
  EXPECT_EQ(recorder.stats().failed, 0u) << "about what is not namespaced, in the namespace 'default'";
  group.cancel_all();
}

}  // namespace
}  // namespace spotkeeper::kube
