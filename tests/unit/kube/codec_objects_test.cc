#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/codec_fixture.h"

namespace spotkeeper::kube {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Node node_of(std::string_view json) {
  const auto document = format::parse_json(json).value();
  const auto from_text = decode_node(WireObject::of(document));
  EXPECT_TRUE(from_text) << from_text.error().message;
  const std::string message = message_of<wire::Node>(json);
  const auto from_bytes = decode_node(WireObject{message, nullptr});
  EXPECT_TRUE(from_bytes);
  EXPECT_EQ(from_text->name, from_bytes->name);
  EXPECT_EQ(from_text->labels, from_bytes->labels);
  EXPECT_EQ(from_text->taints, from_bytes->taints);
  EXPECT_EQ(from_text->allocatable, from_bytes->allocatable);
  EXPECT_EQ(from_text->created, from_bytes->created);
  return *from_text;
}

DisruptionBudget budget_of(std::string_view json) {
  const auto document = format::parse_json(json).value();
  const auto from_text = decode_budget(WireObject::of(document));
  EXPECT_TRUE(from_text) << from_text.error().message;
  const std::string message = message_of<wire::PodDisruptionBudget>(json);
  const auto from_bytes = decode_budget(WireObject{message, nullptr});
  EXPECT_TRUE(from_bytes);
  EXPECT_EQ(from_text->selector, from_bytes->selector);
  EXPECT_EQ(from_text->min_available, from_bytes->min_available);
  EXPECT_EQ(from_text->max_unavailable, from_bytes->max_unavailable);
  EXPECT_EQ(from_text->disrupted, from_bytes->disrupted);
  EXPECT_EQ(from_text->disruptions_allowed, from_bytes->disruptions_allowed);
  return *from_text;
}

TEST(NodeCodec, ReadsWhatDecisionsNeed) {
  const Node node = node_of(R"({
    "metadata":{"name":"n1","uid":"u","resourceVersion":"5","creationTimestamp":"2026-11-22T16:00:00Z",
      "labels":{"topology.kubernetes.io/zone":"us-east-1a","node.kubernetes.io/instance-type":"m5.large"},
      "annotations":{"spotkeeper.dev/interruption":"{}","node.alpha.kubernetes.io/ttl":"0"}},
    "spec":{"providerID":"aws:///us-east-1a/i-1","unschedulable":true,"taints":[
      {"key":"spot","value":"true","effect":"NoSchedule"},
      {"key":"gone","effect":"NoExecute","timeAdded":"2026-11-22T16:05:00Z"}]},
    "status":{"allocatable":{"cpu":"1930m","memory":"7134420Ki","pods":"29","ephemeral-storage":"18242267924"},
      "conditions":[{"type":"Ready","status":"True"}],"nodeInfo":{"bootID":"b-1"}}})");
  EXPECT_EQ(node.zone(), "us-east-1a");
  EXPECT_EQ(node.instance_type(), "m5.large");
  EXPECT_EQ(node.annotations, (Labels{{"spotkeeper.dev/interruption", "{}"}})) << "nobody else's annotations";
  EXPECT_EQ(node.provider_id, "aws:///us-east-1a/i-1");
  EXPECT_EQ(node.boot_id, "b-1");
  EXPECT_TRUE(node.unschedulable);
  EXPECT_TRUE(node.ready);
  EXPECT_EQ(node.max_pods, 29);
  EXPECT_EQ(node.allocatable.cpu.value, 1930);
  EXPECT_EQ(node.allocatable.memory.value, 7134420LL * 1024);
  ASSERT_THAT(node.taints, SizeIs(2));
  EXPECT_EQ(node.taints[1].added, at("2026-11-22T16:05:00Z"));
}

TEST(NodeCodec, RefusesATaintItCouldNotWriteBack) {
  const auto document =
      format::parse_json(R"({"metadata":{"name":"n1"},"spec":{"taints":[{"key":"a","effect":"New"}]}})").value();
  const auto node = decode_node(WireObject::of(document));
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().message, HasSubstr("node n1: taint 'a': unknown effect 'New'"));
}

TEST(BudgetCodec, ReadsCountsSharesAndStatus) {
  const DisruptionBudget budget = budget_of(R"({
    "metadata":{"name":"web","namespace":"shop","generation":4},
    "spec":{"minAvailable":"80%","selector":{"matchLabels":{"app":"web"}},"unhealthyPodEvictionPolicy":"AlwaysAllow"},
    "status":{"observedGeneration":3,"disruptionsAllowed":2,"currentHealthy":12,"desiredHealthy":10,"expectedPods":12,
      "disruptedPods":{"web-1":"2026-11-22T16:00:00Z"}}})");
  EXPECT_EQ(budget.min_available, (CountOrPercent{80, true}));
  EXPECT_EQ(budget.max_unavailable, std::nullopt);
  EXPECT_EQ(budget.unhealthy, UnhealthyPodEviction::AlwaysAllow);
  EXPECT_TRUE(budget.stale());
  EXPECT_EQ(budget.disruptions_allowed, 2);
  EXPECT_EQ(budget.disrupted.at("web-1"), at("2026-11-22T16:00:00Z"));
  EXPECT_EQ(budget_of(R"({"spec":{"maxUnavailable":0}})").max_unavailable, (CountOrPercent{0, false}));
  EXPECT_EQ(budget_of(R"({"spec":{"unhealthyPodEvictionPolicy":"Later"}})").unhealthy, UnhealthyPodEviction::Unknown);
}

TEST(BudgetCodec, KeepsAbsentAndEmptySelectorsApart) {
  EXPECT_EQ(budget_of(R"({"spec":{}})").selector, std::nullopt);
  EXPECT_EQ(budget_of(R"({"spec":{"selector":{}}})").selector, LabelSelector{});
  EXPECT_FALSE(budget_of(R"({"spec":{}})").covers(Labels{}));
  EXPECT_TRUE(budget_of(R"({"spec":{"selector":{}}})").covers(Labels{}));
}

TEST(BudgetCodec, RefusesAShareThatIsNone) {
  for (const char* value : {R"("half")", R"("80")", R"("-5%")", R"("%")"}) {
    const auto document = format::parse_json(R"({"metadata":{"name":"b","namespace":"a"},"spec":{"minAvailable":)" +
                                             std::string(value) + "}}")
                              .value();
    const auto budget = decode_budget(WireObject::of(document));
    ASSERT_FALSE(budget) << value;
    EXPECT_THAT(budget.error().message, HasSubstr("budget a/b: minAvailable"));
  }
}

TEST(Codec, WritesTimesAsTheApiWantsThem) {
  wire::Lease lease;
  lease.metadata.name = "l";
  lease.spec.holder_identity = "me";
  lease.spec.renew_time.at = Instant(1'000'000'000ns * 1'795'363'274 + 120ms);
  EXPECT_EQ(format::write_json(to_json(lease)),
            R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"me","renewTime":"2026-11-22T16:01:14.120000Z"}})");
  wire::Arena arena;
  const auto back = from_protobuf<wire::Lease>(to_protobuf(lease));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec.renew_time.at, lease.spec.renew_time.at);
  EXPECT_EQ(back->spec.acquire_time.at, std::nullopt);
}

TEST(Codec, GivesObjectsTheirKind) {
  wire::Node node;
  node.metadata.name = "n1";
  EXPECT_EQ(format::write_json(to_json_document(node)),
            R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})");
  const std::string bytes = to_protobuf_document(node);
  const auto envelope = format::read_envelope(bytes);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->type, (format::ProtoType{"v1", "Node"}));
  EXPECT_EQ(from_protobuf<wire::Node>(envelope->raw)->metadata.name, "n1");
  EXPECT_EQ(kind_name_of<wire::EndpointSlice>().prefix(), "/apis/discovery.k8s.io/v1");
  EXPECT_EQ(kind_name_of<wire::Pod>().prefix(), "/api/v1");
}

TEST(Codec, InlinesVolumeSourcesInJsonAlone) {
  const std::string json = R"({"spec":{"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"c"}}]}})";
  const std::string message = message_of<wire::Pod>(json);
  const auto back = from_protobuf<wire::Pod>(message);
  ASSERT_TRUE(back);
  EXPECT_EQ(format::write_json(to_json(*back)), json);
}

// ---- What we send ------------------------------------------------------------------------------------------------

}  // namespace
}  // namespace spotkeeper::kube
