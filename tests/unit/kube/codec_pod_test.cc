// Each object is written once as JSON, the way the API server writes it; every test reads it from JSON and from the
// protobuf made of it, and both must say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/codec_fixture.h"

namespace spotkeeper::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string with_containers(std::string_view containers, std::string_view more_spec = "") {
  return R"({"metadata":{"name":"a","namespace":"b","uid":"u"},"spec":{"containers":)" + std::string(containers) +
         std::string(more_spec) + "}}";
}
Resources requests_of(const std::string& json) { return pod_of(json).spec->requests; }

TEST(PodCodec, ReadsWhoAndWhereAPodIs) {
  const Pod pod = pod_of(R"({
    "metadata": {"name": "web-5d4f-x", "namespace": "shop", "uid": "8d7f4b3e-0a1b-4c2d-9e3f-00112233aabb",
                 "resourceVersion": "77", "creationTimestamp": "2026-11-22T16:00:00Z",
                 "deletionTimestamp": "2026-11-22T16:10:00Z", "deletionGracePeriodSeconds": 20,
                 "labels": {"app": "web"}},
    "spec": {"nodeName": "n1", "priority": 7, "priorityClassName": "high", "schedulerName": "mine", "hostNetwork": true,
             "terminationGracePeriodSeconds": 45, "nodeSelector": {"disk": "ssd"},
             "readinessGates": [{"conditionType": "lb"}], "schedulingGates": [{"name": "wait"}]},
    "status": {"phase": "Running", "startTime": "2026-11-22T16:00:05Z", "nominatedNodeName": "n2",
               "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T16:00:09Z"}]}})");
  EXPECT_EQ(pod.name.str(), "shop/web-5d4f-x");
  EXPECT_EQ(pod.uid.str(), "8d7f4b3e-0a1b-4c2d-9e3f-00112233aabb");
  EXPECT_EQ(pod.version.str(), "77");
  EXPECT_EQ(pod.node, NodeName("n1"));
  EXPECT_EQ(pod.nominated_node, NodeName("n2"));
  EXPECT_EQ(pod.created, at("2026-11-22T16:00:00Z"));
  EXPECT_EQ(pod.deletion, at("2026-11-22T16:10:00Z"));
  EXPECT_EQ(pod.deletion_grace, GracePeriod(20s));
  EXPECT_EQ(pod.started, at("2026-11-22T16:00:05Z"));
  EXPECT_EQ(pod.ready_since, at("2026-11-22T16:00:09Z"));
  EXPECT_TRUE(pod.ready);
  EXPECT_EQ(pod.phase, PodPhase::Running);
  EXPECT_EQ(*pod.labels, (Labels{{"app", "web"}}));
  EXPECT_EQ(pod.spec->grace, GracePeriod(45s));
  EXPECT_EQ(pod.spec->priority, 7);
  EXPECT_EQ(pod.spec->priority_class, "high");
  EXPECT_EQ(pod.spec->scheduler, "mine");
  EXPECT_EQ(pod.spec->node_selector, (Labels{{"disk", "ssd"}}));
  EXPECT_THAT(pod.spec->readiness_gates, ElementsAre("lb"));
  EXPECT_TRUE(pod.spec->gated);
  EXPECT_TRUE(pod.spec->host_network);
}

TEST(PodCodec, HasKubernetesDefaultsWhereNothingIsSaid) {
  const Pod pod = pod_of(R"({"metadata":{"name":"a","namespace":"b"},"spec":{}})");
  EXPECT_EQ(pod.spec->grace, GracePeriod(30s));
  EXPECT_EQ(pod.spec->scheduler, "default-scheduler");
  EXPECT_EQ(pod.phase, PodPhase::Pending);
  EXPECT_EQ(pod.owner, nullptr);
  EXPECT_FALSE(pod.terminating());
  EXPECT_TRUE(pod.node.empty());
}

TEST(PodCodec, TakesAZeroTimeForNone) {
  EXPECT_FALSE(pod_of(R"({"metadata":{"name":"a","deletionTimestamp":null}})").terminating());
  EXPECT_FALSE(pod_of(R"({"metadata":{"name":"a","deletionTimestamp":"0001-01-01T00:00:00Z"}})").terminating());
  // A message without fields: how gogo writes metav1.Time{}.
  const std::string message(
      "\x0a\x05\x0a\x01"
      "a"
      "\x4a\x00",
      7);
  Snapshot shared;
  const auto pod = decode_pod(WireObject{message, nullptr}, shared);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_FALSE(pod->terminating());
}

TEST(PodCodec, SaysThatThePodFitsNowhereNow) {
  EXPECT_TRUE(pod_of(R"({"metadata":{"name":"a"},"status":{"conditions":
    [{"type":"PodScheduled","status":"False","reason":"Unschedulable"}]}})")
                  .unschedulable);
  EXPECT_FALSE(pod_of(R"({"metadata":{"name":"a"},"status":{"conditions":
    [{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}})")
                   .unschedulable);
}

// ---- Who makes it anew -------------------------------------------------------------------------------------------

std::string owned_by(std::string_view api_version, std::string_view kind, std::string_view name,
                     std::string_view labels = "{}", std::string_view pod = "web-3") {
  return R"({"metadata":{"name":")" + std::string(pod) + R"(","namespace":"shop","labels":)" + std::string(labels) +
         R"(,"ownerReferences":[{"apiVersion":"x/v1","kind":"Other","name":"o","uid":"1"},{"apiVersion":")" +
         std::string(api_version) + R"(","kind":")" + std::string(kind) + R"(","name":")" + std::string(name) +
         R"(","uid":"2","controller":true}]}})";
}

TEST(PodOwner, IsTheDeploymentBehindItsReplicaSet) {
  const Pod pod = pod_of(owned_by("apps/v1", "ReplicaSet", "web-5d4f", R"({"pod-template-hash":"5d4f"})"));
  ASSERT_NE(pod.owner, nullptr);
  EXPECT_EQ(pod.owner->str(), "Deployment shop/web");
}

TEST(PodOwner, IsTheReplicaSetItselfWhereNoDeploymentMadeIt) {
  EXPECT_EQ(pod_of(owned_by("apps/v1", "ReplicaSet", "web-5d4f")).owner->str(), "ReplicaSet shop/web-5d4f");
  EXPECT_EQ(pod_of(owned_by("apps/v1", "ReplicaSet", "web", R"({"pod-template-hash":"5d4f"})")).owner->str(),
            "ReplicaSet shop/web");
}

TEST(PodOwner, IsADaemonSetOnlyOfTheAppsGroup) {
  EXPECT_TRUE(pod_of(owned_by("apps/v1", "DaemonSet", "log")).is_daemon());
  const Pod other = pod_of(owned_by("apps.kruise.io/v1alpha1", "DaemonSet", "log"));
  EXPECT_FALSE(other.is_daemon());
  EXPECT_EQ(other.owner->kind, "DaemonSet.apps.kruise.io");
}

TEST(PodOwner, OfAStatefulSetGivesItsPodsNumbers) {
  EXPECT_EQ(pod_of(owned_by("apps/v1", "StatefulSet", "web")).ordinal, 3);
  EXPECT_EQ(pod_of(owned_by("apps/v1", "StatefulSet", "other")).ordinal, std::nullopt);
  EXPECT_EQ(pod_of(owned_by("apps/v1", "StatefulSet", "web", "{}", "web-x")).ordinal, std::nullopt);
  EXPECT_EQ(pod_of(owned_by("batch/v1", "Job", "web")).ordinal, std::nullopt);
}

TEST(PodOwner, OfAMirrorPodIsNobody) {
  const Pod by_owner = pod_of(owned_by("v1", "Node", "n1"));
  EXPECT_TRUE(by_owner.mirror);
  EXPECT_EQ(by_owner.owner, nullptr);
  EXPECT_TRUE(pod_of(R"({"metadata":{"name":"a","annotations":{"kubernetes.io/config.mirror":"1"}}})").mirror);
}

// ---- Requests ----------------------------------------------------------------------------------------------------

TEST(PodRequests, AddUpExactlyAndAreRoundedOnce) {
  EXPECT_EQ(requests_of(with_containers(R"([
    {"name":"a","resources":{"requests":{"cpu":"100500u","memory":"0.5"}}},
    {"name":"b","resources":{"requests":{"cpu":"100500u","memory":"0.5"}}}])")),
            (Resources{MilliCpu{201}, Bytes{1}, {}}));
}

TEST(PodRequests, AreTheLargestMomentOfInitContainersAndSidecars) {
  // init 1: 300; sidecar 100; init 2 beside it: 250 + 100; running: 100 + 100.
  EXPECT_EQ(requests_of(with_containers(R"([{"name":"main","resources":{"requests":{"cpu":"100m","memory":"10"}}}])",
                                        R"(,"initContainers":[
    {"name":"i1","resources":{"requests":{"cpu":"300m"}}},
    {"name":"side","restartPolicy":"Always","resources":{"requests":{"cpu":"100m","memory":"5"}}},
    {"name":"i2","resources":{"requests":{"cpu":"250m"}}}])")),
            (Resources{MilliCpu{350}, Bytes{15}, {}}));
}

TEST(PodRequests, OfThePodReplaceTheSumAndOverheadComesOnTop) {
  EXPECT_EQ(
      requests_of(with_containers(
          R"([{"name":"main","resources":{"requests":{"cpu":"1","memory":"100","nvidia.com/gpu":"2"}}}])",
          R"(,"resources":{"requests":{"cpu":"500m","nvidia.com/gpu":"9"}},"overhead":{"cpu":"10m","memory":"7"})")),
      (Resources{MilliCpu{510}, Bytes{107}, {{"nvidia.com/gpu", 2}}}));
}

TEST(PodRequests, CountWhatTheSchedulerCounts) {
  EXPECT_EQ(requests_of(with_containers(R"([{"name":"a","resources":{"requests":{
      "ephemeral-storage":"1Ki","hugepages-2Mi":"4Mi","example.com/foo":"3","unknown":"5"}}}])"))
                .other,
            (std::vector<std::pair<std::string, std::int64_t>>{
                {"ephemeral-storage", 1024}, {"example.com/foo", 3}, {"hugepages-2Mi", 4 << 20}}));
}

TEST(PodRequests, CountWhatARunningPodHasWhileItIsResized) {
  const std::string pod = R"({"metadata":{"name":"a"},"spec":{"containers":[
      {"name":"c","resources":{"requests":{"cpu":"200m"}}}]},
    "status":{"conditions":[%],"containerStatuses":[{"name":"c","ready":true,"restartCount":0,"image":"","imageID":"",
      "allocatedResources":{"cpu":"300m"},"resources":{"requests":{"cpu":"250m"}}}]}})";
  const auto with = [&](std::string_view conditions) {
    std::string out = pod;
    return out.replace(out.find('%'), 1, conditions);
  };
  EXPECT_EQ(requests_of(with("")).cpu.value, 300);
  std::string grows = with("");
  grows.replace(grows.find("200m"), 4, "900m");
  EXPECT_EQ(requests_of(grows).cpu.value, 900);
  std::string never = with(R"({"type":"PodResizePending","status":"True","reason":"Infeasible"})");
  never.replace(never.find("200m"), 4, "900m");
  EXPECT_EQ(requests_of(never).cpu.value, 300) << "what can't be granted is not going to be";
}

TEST(PodRequests, OfATemplateAreItsLimitsWhereItHasNone) {
  const auto document = format::parse_json(R"({"spec":{"template":{"spec":{"containers":[
    {"name":"a","resources":{"limits":{"cpu":"2","memory":"100"},"requests":{"cpu":"1"}}}]}}}})")
                            .value();
  wire::Arena arena;
  const auto set = from_json<wire::DaemonSet>(document, arena);
  ASSERT_TRUE(set);
  const PodTemplate shape = template_from(set->spec.pod_template, TemplateOf::DaemonSet).value();
  EXPECT_EQ(shape.requests, (Resources{MilliCpu{1000}, Bytes{100}, {}}));
  EXPECT_THAT(shape.tolerations, SizeIs(6)) << "the DaemonSet controller's own";
  EXPECT_THAT(template_from(set->spec.pod_template, TemplateOf::Workload).value().tolerations, IsEmpty());
}

TEST(PodRequests, ThatCannotBeReadAreAnErrorWithItsPlace) {
  const Error error = pod_error(with_containers(R"([{"name":"main","resources":{"requests":{"cpu":"much"}}}])"));
  EXPECT_EQ(error.code, ErrorCode::InvalidInput);
  EXPECT_THAT(error.message, HasSubstr("pod b/a: main: requests: cpu: 'much'"));
}

// ---- Ends --------------------------------------------------------------------------------------------------------

TEST(PodPreStop, IsTheLongestOfItsContainers) {
  const auto pre_stop = [](std::string_view containers) { return pod_of(with_containers(containers)).spec->pre_stop; };
  EXPECT_EQ(pre_stop(R"([{"name":"a"}])"), std::nullopt);
  EXPECT_EQ(pre_stop(R"([{"name":"a","lifecycle":{"preStop":{"sleep":{"seconds":5}}}},
                         {"name":"b","lifecycle":{"preStop":{"sleep":{"seconds":15}}}}])"),
            PreStop{15s});
  EXPECT_EQ(pre_stop(R"([{"name":"a","lifecycle":{"preStop":{"exec":{"command":["sh","-c","sleep 7"]}}}}])"),
            PreStop{7s});
  EXPECT_EQ(pre_stop(R"([{"name":"a","lifecycle":{"preStop":{"exec":{"command":["/bin/sleep","8"]}}}}])"), PreStop{8s});
  EXPECT_EQ(pre_stop(R"([{"name":"a","lifecycle":{"preStop":{"sleep":{"seconds":5}}}},
                         {"name":"b","lifecycle":{"preStop":{"httpGet":{"path":"/","port":8080}}}}])"),
            PreStop{std::nullopt});
  EXPECT_EQ(pre_stop(R"([{"name":"a","lifecycle":{"preStop":{"exec":{"command":["/drain.sh"]}}}},
                         {"name":"b","lifecycle":{"preStop":{"sleep":{"seconds":5}}}}])"),
            PreStop{std::nullopt});
}

TEST(PodWishes, AreReadFromItsAnnotations) {
  const auto wishes = [](std::string_view annotations) {
    return pod_of(R"({"metadata":{"name":"a","annotations":)" + std::string(annotations) + "}}").spec->wishes;
  };
  EXPECT_TRUE(wishes(R"({"karpenter.sh/do-not-disrupt":"true"})").do_not_disrupt);
  EXPECT_FALSE(wishes(R"({"karpenter.sh/do-not-disrupt":"false"})").do_not_disrupt);
  EXPECT_TRUE(wishes(R"({"cluster-autoscaler.kubernetes.io/safe-to-evict":"false"})").do_not_disrupt);
  EXPECT_FALSE(wishes(R"({"cluster-autoscaler.kubernetes.io/safe-to-evict":"true"})").do_not_disrupt);
  EXPECT_EQ(wishes(R"({"spotkeeper.dev/longest-request":"1m30s"})").longest_request, std::optional<Duration>(90s));
  EXPECT_EQ(wishes(R"({"spotkeeper.dev/min-serving":"60%"})").min_serving, 0.6);
  EXPECT_THAT(wishes(R"({"spotkeeper.dev/min-serving":"100%"})").unreadable, IsEmpty());
}

TEST(PodWishes, ThatCannotBeReadAreAbsentAndListed) {
  const PodWishes wishes = pod_of(R"({"metadata":{"name":"a","annotations":{
      "karpenter.sh/do-not-disrupt":"yes","spotkeeper.dev/longest-request":"30","spotkeeper.dev/min-serving":"120%"}}})")
                               .spec->wishes;
  EXPECT_FALSE(wishes.do_not_disrupt);
  EXPECT_EQ(wishes.longest_request, std::nullopt);
  EXPECT_EQ(wishes.min_serving, std::nullopt);
  EXPECT_THAT(wishes.unreadable,
              ElementsAre(HasSubstr("karpenter.sh/do-not-disrupt: 'yes'"), HasSubstr("spotkeeper.dev/longest-request"),
                          HasSubstr("spotkeeper.dev/min-serving: '120%'")));
}

TEST(PodVolumes, NameTheirClaimsForAllPodsOfATemplateAlike) {
  const Pod pod = pod_of(R"({"metadata":{"name":"web-3","namespace":"shop"},"spec":{"volumes":[
      {"name":"data","persistentVolumeClaim":{"claimName":"data-web-3"}},
      {"name":"shared","persistentVolumeClaim":{"claimName":"shared"}},
      {"name":"scratch","ephemeral":{"volumeClaimTemplate":{"spec":{}}}},
      {"name":"token","projected":{"sources":[]}}]}})");
  EXPECT_THAT(pod.spec->claims, ElementsAre("data-*", "shared", "*-scratch"));
  EXPECT_THAT(pod.claims(), ElementsAre("data-web-3", "shared", "web-3-scratch"));
  EXPECT_FALSE(pod.spec->local_storage);
  EXPECT_TRUE(
      pod_of(R"({"metadata":{"name":"a"},"spec":{"volumes":[{"name":"tmp","emptyDir":{}}]}})").spec->local_storage);
  EXPECT_FALSE(pod_of(R"({"metadata":{"name":"a"},"spec":{"volumes":[{"name":"h","hostPath":{"path":"/"}}]}})")
                   .spec->local_storage);
}

// ---- Constraints -------------------------------------------------------------------------------------------------

TEST(PodConstraints, KeepAbsentAndEmptySelectorsApart) {
  const auto spread = pod_of(R"({"metadata":{"name":"a"},"spec":{"topologySpreadConstraints":[
      {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"},
      {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{}},
      {"maxSkew":0,"topologyKey":"host","whenUnsatisfiable":"DoNotSchedule","minDomains":3,"matchLabelKeys":["rev"],
       "nodeAffinityPolicy":"Ignore","nodeTaintsPolicy":"Honor","labelSelector":{"matchLabels":{"app":"web"}}}]}})")
                          .spec->spread;
  ASSERT_THAT(spread, SizeIs(3));
  EXPECT_EQ(spread[0].selector, std::nullopt);
  EXPECT_EQ(spread[1].selector, LabelSelector{});
  EXPECT_TRUE(spread[0].hard);
  EXPECT_FALSE(spread[1].hard);
  EXPECT_TRUE(spread[0].honor_node_affinity);
  EXPECT_FALSE(spread[0].honor_node_taints);
  EXPECT_EQ(spread[2].max_skew, 0) << "as written, however senseless";
  EXPECT_EQ(spread[2].min_domains, 3);
  EXPECT_FALSE(spread[2].honor_node_affinity);
  EXPECT_TRUE(spread[2].honor_node_taints);
  EXPECT_THAT(spread[2].match_label_keys, ElementsAre("rev"));
  EXPECT_TRUE(spread[2].selector->matches(Labels{{"app", "web"}}));
}

// Trap 20: since 1.34 the API server merges matchLabelKeys into the selector of a pod that it stores, so the key stands
// in both, which is not allowed in a template.
TEST(PodConstraints, Trap20AreReadAsTheyStandWhereTheServerHasMergedThem) {
  const auto spread = pod_of(R"({"metadata":{"name":"a"},"spec":{"topologySpreadConstraints":[
      {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","matchLabelKeys":["rev"],
       "labelSelector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"rev","operator":"In","values":["7"]}]}},
      {"maxSkew":-1,"topologyKey":"","whenUnsatisfiable":"DoNotSchedule","minDomains":0,"labelSelector":{}}]}})")
                          .spec->spread;
  ASSERT_THAT(spread, SizeIs(2)) << "garbage is kept: who schedules by it must see that it can't be met";
  EXPECT_THAT(spread[0].match_label_keys, ElementsAre("rev"));
  EXPECT_TRUE(spread[0].selector->matches(Labels{{"app", "web"}, {"rev", "7"}}));
  EXPECT_FALSE(spread[0].selector->matches(Labels{{"app", "web"}, {"rev", "8"}}));
  EXPECT_EQ(spread[1].max_skew, -1);
  EXPECT_EQ(spread[1].topology_key, "");
}

TEST(PodConstraints, ReadAffinityOfAllKinds) {
  const Affinity affinity = pod_of(R"({"metadata":{"name":"a"},"spec":{"affinity":{
    "nodeAffinity":{
      "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}],
         "matchFields":[{"key":"metadata.name","operator":"NotIn","values":["n1"]}]}]},
      "preferredDuringSchedulingIgnoredDuringExecution":[{"weight":5,"preference":
        {"matchExpressions":[{"key":"gen","operator":"Gt","values":["3"]}]}}]},
    "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
      {"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"db"}},"namespaces":["data"],"namespaceSelector":{}}]},
    "podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":
      {"topologyKey":"host","labelSelector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}}]}}}})")
                                .spec->affinity;
  ASSERT_TRUE(affinity.has_node_required);
  ASSERT_THAT(affinity.node_required, SizeIs(1));
  EXPECT_EQ(affinity.node_required[0].labels[0].values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(affinity.node_required[0].fields[0].op, SelectorOperator::NotIn);
  EXPECT_EQ(affinity.node_preferred[0].weight, 5);
  EXPECT_EQ(affinity.node_preferred[0].term.labels[0].op, SelectorOperator::Gt);
  ASSERT_THAT(affinity.pod_required, SizeIs(1));
  EXPECT_EQ(affinity.pod_required[0].namespaces, (std::vector<NamespaceName>{NamespaceName("data")}));
  EXPECT_EQ(affinity.pod_required[0].namespace_selector, LabelSelector{});
  EXPECT_EQ(affinity.anti_preferred[0].weight, 100);
  EXPECT_EQ(affinity.anti_preferred[0].term.namespace_selector, std::nullopt);
  EXPECT_EQ(affinity.anti_preferred[0].term.selector->requirements[0].op, SelectorOperator::Exists);
}

TEST(PodConstraints, ForgetADaemonPodsAffinityToTheNodeItIsOn) {
  const std::string affinity = R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
      {"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}})";
  const auto of = [&](const std::string& spec) {
    return pod_of(R"({"metadata":{"name":"a"},"spec":{)" + spec + affinity + "}}").spec->affinity;
  };
  EXPECT_EQ(of(R"("nodeName":"n1",)"), Affinity{});
  EXPECT_TRUE(of("").has_node_required) << "it is not there yet";
  EXPECT_TRUE(of(R"("nodeName":"n2",)").has_node_required);
}

TEST(PodConstraints, ThatNobodyUnderstandsNeverMakePlacingEasier) {
  const PodTemplate shape = *pod_of(R"({"metadata":{"name":"a"},"spec":{
    "tolerations":[{"key":"a","operator":"Gt","value":"5"},{"key":"b","effect":"NoEffect"},
                   {"key":"c","operator":"Exists","effect":"NoExecute","tolerationSeconds":0}],
    "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"zone","operator":"Near","values":["a"]}]}]}}},
    "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule",
      "labelSelector":{"matchExpressions":[{"key":"app","operator":"Like","values":["x"]}]}}]}})")
                                 .spec;
  ASSERT_THAT(shape.tolerations, SizeIs(1));
  EXPECT_EQ(shape.tolerations[0].seconds, std::optional(0s));
  EXPECT_FALSE(shape.affinity.node_required[0].labels[0].matches(Labels{{"zone", "a"}}));
  ASSERT_TRUE(shape.spread[0].selector);
  EXPECT_THAT(shape.spread[0].selector->invalid.value_or(""), HasSubstr("'Like'"));
  EXPECT_THAT(shape.wishes.unreadable, SizeIs(3));
}

TEST(PodConstraints, CountHostPortsOfContainersAndSidecars) {
  const auto ports = pod_of(R"({"metadata":{"name":"a"},"spec":{
      "containers":[{"name":"a","ports":[{"containerPort":80},{"containerPort":81,"hostPort":8081,"hostIP":"0.0.0.0"}]}],
      "initContainers":[{"name":"i","ports":[{"containerPort":1,"hostPort":1}]},
        {"name":"s","restartPolicy":"Always","ports":[{"containerPort":53,"hostPort":53,"protocol":"UDP","hostIP":"10.0.0.1"}]}]}})")
                         .spec->host_ports;
  EXPECT_THAT(ports, ElementsAre(HostPort{"", 8081, "TCP"}, HostPort{"10.0.0.1", 53, "UDP"}));
}

// ---- Bad input ---------------------------------------------------------------------------------------------------

TEST(PodCodec, NamesTheFieldThatIsWrong) {
  EXPECT_THAT(pod_json_error(R"({"metadata":{"name":7}})").message,
              HasSubstr("/metadata/name: expected a string, got a number"));
  EXPECT_THAT(pod_json_error(R"({"spec":{"containers":[{},{"ports":[{"hostPort":"x"}]}]}})").message,
              HasSubstr("/spec/containers/1/ports/0/hostPort: expected a whole number"));
  EXPECT_THAT(pod_json_error(R"({"spec":{"priority":3000000000}})").message, HasSubstr("/spec/priority: the number"));
  EXPECT_THAT(pod_json_error(R"({"metadata":{"creationTimestamp":"yesterday"}})").message,
              HasSubstr("/metadata/creationTimestamp"));
  EXPECT_THAT(pod_json_error("[]").message, HasSubstr("expected an object"));
  // Field 2 (spec), in it field 2 (containers) as a number where a message must be.
  const std::string message("\x12\x02\x10\x01", 4);
  Snapshot shared;
  const auto pod = decode_pod(WireObject{message, nullptr}, shared);
  ASSERT_FALSE(pod);
  EXPECT_THAT(pod.error().message, HasSubstr("/spec/containers/0"));
}

TEST(PodCodec, SkipsWhatItDoesNotKnow) {
  // Field 99 of every wire type around a name: varint, 64 bits, bytes, 32 bits.
  const std::string message(
      "\x98\x06\x01"
      "\x99\x06\x01\x02\x03\x04\x05\x06\x07\x08"
      "\x9a\x06\x02hi"
      "\x9d\x06\x01\x02\x03\x04"
      "\x0a\x03\x0a\x01"
      "a",
      29);
  Snapshot shared;
  const auto pod = decode_pod(WireObject{message, nullptr}, shared);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->name.name, "a");
}

TEST(PodCodec, SurvivesEveryCutOfAMessage) {
  const std::string whole = pod_message(R"({"metadata":{"name":"a","labels":{"k":"v"}},"spec":{"containers":[
      {"name":"c","resources":{"requests":{"cpu":"1"}}}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Snapshot shared;
    const auto pod = decode_pod(WireObject{std::string_view(whole).substr(0, length), nullptr}, shared);
    if (pod) {
      EXPECT_LT(length, whole.size());
    } else {
      EXPECT_EQ(pod.error().code, ErrorCode::InvalidInput);
    }
  }
}

}  // namespace
}  // namespace spotkeeper::kube
