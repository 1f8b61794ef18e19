// The referee can say no: for each rule a plan that breaks it and no other, beside one that keeps it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"
#include "tests/property/checker/new_hosts.h"

namespace spotkeeper::checker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kZone = "topology.kubernetes.io/zone";

std::string asks(const std::string& resources) { return "{containers: [{resources: {requests: " + resources + "}}]}"; }

TEST(Checker, WantsEveryPodExactlyOnce) {
  EXPECT_THAT(HandMade().node("n1").pod("p").on("n1", {"p"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade().node("n1").pod("p").verdict(), HasSubstr("default/p is not in the plan"));
  EXPECT_THAT(HandMade().node("n1").pod("p").on("n1", {"p", "p"}).verdict(), HasSubstr("2 times"));
  EXPECT_THAT(HandMade().node("n1").pod("p").on("n1", {"p", "q"}).verdict(), HasSubstr("q was never asked for"));
  EXPECT_THAT(HandMade().node("n1").running("p", "n1").on("n1", {"p"}).verdict(), HasSubstr("not waiting"));
  EXPECT_THAT(HandMade().pod("p").on("n1", {"p"}).verdict(), HasSubstr("node n1 does not exist"));
  EXPECT_THAT(HandMade().node("n1").pod("p").left_out("p", "").verdict(), HasSubstr("without a reason"));
}

TEST(Checker, KnowsTheRoomOnANode) {
  EXPECT_THAT(HandMade().node("n1").pod("p", asks("{cpu: 4}")).on("n1", {"p"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade().node("n1").pod("p", asks("{cpu: 4001m}")).on("n1", {"p"}).verdict(), HasSubstr("cpu"));
  EXPECT_THAT(HandMade()
                  .node("n1")
                  .running("r", "n1", "{}", asks("{cpu: 1m}"))
                  .pod("p", asks("{cpu: 4}"))
                  .on("n1", {"p"})
                  .verdict(),
              HasSubstr("cpu"));
  EXPECT_THAT(HandMade().node("n1").pod("p", asks("{example.com/card: 1}")).on("n1", {"p"}).verdict(),
              HasSubstr("example.com/card"));
  HandMade full;
  full.node("n1").pod("p");
  for (int i = 0; i < 10; ++i) full.running("r" + std::to_string(i), "n1");
  EXPECT_THAT(full.on("n1", {"p"}).verdict(), HasSubstr("no more pods fit"));
}

TEST(Checker, LetsAPodThatAsksForNothingOntoAnOverfullNode) {
  EXPECT_THAT(HandMade().node("n1").running("r", "n1", "{}", asks("{cpu: 9}")).pod("p").on("n1", {"p"}).verdict(),
              IsEmpty());
}

TEST(Checker, CountsCordonsTaintsAndTolerations) {
  const std::string tainted = "{taints: [{key: k, value: v, effect: NoExecute}]}";
  EXPECT_THAT(HandMade().node("n1", "{}", tainted).pod("p").on("n1", {"p"}).verdict(), HasSubstr("taint k"));
  const auto with = [&](const std::string& toleration) {
    return HandMade()
        .node("n1", "{}", tainted)
        .pod("p", "{tolerations: [" + toleration + "]}")
        .on("n1", {"p"})
        .verdict();
  };
  EXPECT_THAT(with("{operator: Exists}"), IsEmpty());
  EXPECT_THAT(with("{key: k, value: v}"), IsEmpty());
  EXPECT_THAT(with("{key: k, operator: Exists, value: other}"), IsEmpty());
  EXPECT_THAT(with("{key: k, value: w}"), HasSubstr("taint k"));
  EXPECT_THAT(with("{key: k, value: v, effect: NoSchedule}"), HasSubstr("taint k"));
  EXPECT_THAT(HandMade().node("n1", "{}", "{unschedulable: true}").pod("p").on("n1", {"p"}).verdict(),
              HasSubstr("cordoned"));
}

TEST(Checker, ReadsNodeSelectorsAndAffinityWithEveryOperator) {
  EXPECT_THAT(HandMade().node("n1", "{a: x}").pod("p", "{nodeSelector: {a: w}}").on("n1", {"p"}).verdict(),
              HasSubstr("node selector"));
  const auto with = [](const std::string& terms) {
    return HandMade()
        .node("n1", "{a: x, rank: '5'}")
        .pod("p", "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" +
                      terms + "]}}}}")
        .on("n1", {"p"})
        .verdict();
  };
  const auto one = [&](const std::string& expression) { return with("{matchExpressions: [{" + expression + "}]}"); };
  for (const char* good : {"key: a, operator: In, values: [x]", "key: b, operator: NotIn, values: [x]",
                           "key: a, operator: Exists", "key: b, operator: DoesNotExist",
                           "key: rank, operator: Gt, values: ['4']", "key: rank, operator: Lt, values: ['6']"}) {
    EXPECT_THAT(one(good), IsEmpty()) << good;
  }
  for (const char* bad : {"key: a, operator: In, values: [w]", "key: a, operator: NotIn, values: [x]",
                          "key: b, operator: Exists", "key: a, operator: DoesNotExist",
                          "key: rank, operator: Gt, values: ['5']", "key: rank, operator: Lt, values: ['5']",
                          "key: a, operator: Gt, values: ['4']", "key: rank, operator: Gt, values: [many]"}) {
    EXPECT_THAT(one(bad), HasSubstr("node affinity")) << bad;
  }
  EXPECT_THAT(with("{}"), HasSubstr("node affinity"));
  EXPECT_THAT(with("{}, {matchFields: [{key: metadata.name, operator: In, values: [n1]}]}"), IsEmpty());
  EXPECT_THAT(with("{matchFields: [{key: metadata.name, operator: In, values: [m]}]}"), HasSubstr("node affinity"));
}

TEST(Checker, GivesAHostPortToOne) {
  const auto port = [](const std::string& more) { return "{containers: [{ports: [{hostPort: 80" + more + "}]}]}"; };
  const auto with = [&](const std::string& mine, const std::string& theirs) {
    return HandMade().node("n1").running("r", "n1", "{}", port(theirs)).pod("p", port(mine)).on("n1", {"p"}).verdict();
  };
  EXPECT_THAT(with("", ""), HasSubstr("hostPort 80 is taken"));
  EXPECT_THAT(with(", hostIP: 10.0.0.1", ""), HasSubstr("hostPort 80 is taken"));
  EXPECT_THAT(with(", hostIP: 10.0.0.1", ", hostIP: 10.0.0.2"), IsEmpty());
  EXPECT_THAT(with(", protocol: UDP", ""), IsEmpty());
}

HandMade two_zones() {
  HandMade out;
  out.node("a", "{" + kZone + ": zone-a}").node("b", "{" + kZone + ": zone-b}");
  return out;
}

std::string spread(const std::string& more) {
  return "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: " + kZone + ", whenUnsatisfiable: DoNotSchedule" +
         more + "}]}";
}
const std::string kWeb = ", labelSelector: {matchLabels: {app: web}}";

TEST(Checker, SpreadsOverDomains) {
  const auto with = [](const std::string& spec) {
    return two_zones().pod("p", spec, "{app: web}").pod("q", spec, "{app: web}").on("a", {"p", "q"}).verdict();
  };
  EXPECT_THAT(with(spread(kWeb)), HasSubstr("spread over " + kZone));
  EXPECT_THAT(with("{topologySpreadConstraints: [{maxSkew: 1, topologyKey: " + kZone +
                   ", whenUnsatisfiable: ScheduleAnyway" + kWeb + "}]}"),
              IsEmpty());
  EXPECT_THAT(two_zones()
                  .pod("p", spread(kWeb), "{app: web}")
                  .pod("q", spread(kWeb), "{app: web}")
                  .on("a", {"p"})
                  .on("b", {"q"})
                  .verdict(),
              IsEmpty());
}

TEST(Checker, FindsTheOrderInWhichASpreadIsKept) {
  // q, which spreads over nothing, comes after p.
  EXPECT_THAT(
      two_zones().pod("q", "{}", "{app: web}").pod("p", spread(kWeb), "{app: web}").on("a", {"q", "p"}).verdict(),
      IsEmpty());
}

TEST(Checker, FindsTheOrderInWhichAPodLetsOthersComeFirst) {
  const auto spread = [](const std::string& app) {
    return "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
           "DoNotSchedule, labelSelector: {matchLabels: {app: " +
           app + "}}}]}";
  };
  HandMade made;
  made.node("n1", "{topology.kubernetes.io/zone: a}").node("n2", "{topology.kubernetes.io/zone: a}");
  made.node("n3", "{topology.kubernetes.io/zone: b}");
  std::vector<std::string> counted;
  std::vector<std::string> watching;
  for (int i = 0; i < 9; ++i) {  // nine, since of few pods every order is tried
    counted.push_back("counted-" + std::to_string(i));
    watching.push_back("watching-" + std::to_string(i));
    made.pod(counted.back(), spread("none"), "{app: counted}").pod(watching.back(), spread("counted"));
  }
  EXPECT_THAT(HandMade(made).on("n1", counted).on("n2", watching).verdict(), IsEmpty());
  HandMade late(made);
  late.running("r-0", "n2", "{app: counted}").running("r-1", "n2", "{app: counted}");
  EXPECT_THAT(late.on("n1", counted).on("n2", {"watching-0"}).verdict(), HasSubstr("spread over"));
}

TEST(Checker, TakesNilAndEmptySelectorsOfSpreadsAsTheSchedulerDoes) {
  for (const char* selector : {"", ", labelSelector: {}"}) {
    EXPECT_THAT(two_zones().pod("p", spread(selector)).pod("q", spread(selector)).on("a", {"p", "q"}).verdict(),
                IsEmpty());
  }
  EXPECT_THAT(HandMade().node("n1").pod("p", spread("")).on("n1", {"p"}).verdict(), HasSubstr("no label"));
}

TEST(Checker, CountsTheLeastAsNothingBelowMinDomains) {
  const std::string one = spread(kWeb + ", minDomains: 3");
  HandMade made = two_zones();
  made.running("r", "a", "{app: web}").running("s", "b", "{app: web}").pod("p", one, "{app: web}");
  EXPECT_THAT(made.on("a", {"p"}).verdict(), HasSubstr("spread over"));
}

TEST(Checker, KeepsToThePoliciesOfSpreads) {
  // Zone b can't be used by the pod: it does not count, unless the policy says so.
  const auto affine = [](const std::string& policy) {
    const std::string spec = spread(kWeb + policy);
    return two_zones()
        .running("r", "a", "{app: web}")
        .pod("p", spec.substr(0, spec.size() - 1) + ", nodeSelector: {" + kZone + ": zone-a}}", "{app: web}")
        .on("a", {"p"})
        .verdict();
  };
  EXPECT_THAT(affine(""), IsEmpty());
  EXPECT_THAT(affine(", nodeAffinityPolicy: Ignore"), HasSubstr("spread over"));
  const auto tainted = [](const std::string& policy) {
    return HandMade()
        .node("a", "{" + kZone + ": zone-a}")
        .node("b", "{" + kZone + ": zone-b}", "{taints: [{key: k, effect: NoSchedule}]}")
        .running("r", "a", "{app: web}")
        .pod("p", spread(kWeb + policy), "{app: web}")
        .on("a", {"p"})
        .verdict();
  };
  EXPECT_THAT(tainted(""), HasSubstr("spread over"));
  EXPECT_THAT(tainted(", nodeTaintsPolicy: Honor"), IsEmpty());
}

TEST(Checker, MergesMatchLabelKeys) {
  const auto with = [](const std::string& more) {
    return two_zones()
        .running("r", "a", "{app: web, version: old}")
        .pod("p", spread(kWeb + more), "{app: web, version: new}")
        .on("a", {"p"})
        .verdict();
  };
  EXPECT_THAT(with(""), HasSubstr("spread over"));
  EXPECT_THAT(with(", matchLabelKeys: [version]"), IsEmpty());
}

TEST(Checker, DoesNotCountTerminatingPodsOrOtherNamespacesForSpread) {
  HandMade made = two_zones();
  made.add(
          "{kind: Pod, metadata: {name: r, labels: {app: web}, deletionTimestamp: '2026-01-01T00:00:00Z'}, "
          "spec: {nodeName: a}}")
      .add("{kind: Pod, metadata: {name: s, namespace: other, labels: {app: web}}, spec: {nodeName: a}}")
      .pod("p", spread(kWeb), "{app: web}");
  EXPECT_THAT(made.on("a", {"p"}).verdict(), IsEmpty());
}

std::string near(const std::string& kind, const std::string& term) {
  return "{affinity: {" + kind + ": {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: " + kZone + ", " +
         term + "}]}}}";
}
const std::string kDb = "labelSelector: {matchLabels: {app: db}}";

TEST(Checker, KeepsRequiredAffinity) {
  HandMade made = two_zones();
  made.running("r", "a", "{app: db}").pod("p", near("podAffinity", kDb));
  EXPECT_THAT(HandMade(made).on("a", {"p"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made).on("b", {"p"}).verdict(), HasSubstr("required pod affinity"));
}

TEST(Checker, LetsTheFirstOfItsKindComeAndNobodyElse) {
  HandMade made = two_zones();
  made.pod("p", near("podAffinity", kDb), "{app: db}").pod("q", near("podAffinity", kDb), "{app: db}");
  EXPECT_THAT(HandMade(made).on("a", {"p", "q"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made).on("a", {"p"}).on("b", {"q"}).verdict(), HasSubstr("required pod affinity"));
  EXPECT_THAT(two_zones().pod("p", near("podAffinity", kDb), "{app: web}").on("a", {"p"}).verdict(),
              HasSubstr("required pod affinity"));
}

TEST(Checker, SeesThatTwoWhoNeedEachOtherNeverCome) {
  HandMade made = two_zones();
  made.pod("p", near("podAffinity", kDb), "{app: web}")
      .pod("q", near("podAffinity", "labelSelector: {matchLabels: {app: web}}"), "{app: db}");
  EXPECT_THAT(made.on("a", {"p", "q"}).verdict(), HasSubstr("required pod affinity"));
}

TEST(Checker, KeepsAntiAffinityBothWays) {
  HandMade mine = two_zones();
  mine.running("r", "a", "{app: db}").pod("p", near("podAntiAffinity", kDb));
  EXPECT_THAT(HandMade(mine).on("a", {"p"}).verdict(), HasSubstr("anti-affinity: default/r"));
  EXPECT_THAT(HandMade(mine).on("b", {"p"}).verdict(), IsEmpty());
  HandMade theirs = two_zones();
  theirs.running("r", "a", "{}", near("podAntiAffinity", kDb)).pod("p", "{}", "{app: db}");
  EXPECT_THAT(HandMade(theirs).on("a", {"p"}).verdict(), HasSubstr("the anti-affinity of default/r"));
  EXPECT_THAT(HandMade(theirs).on("b", {"p"}).verdict(), IsEmpty());
}

TEST(Checker, KnowsTheNamespacesOfATerm) {
  const auto with = [](const std::string& more) {
    return two_zones()
        .add("{kind: Namespace, metadata: {name: other, labels: {env: prod}}}")
        .add("{kind: Pod, metadata: {name: r, namespace: other, labels: {app: db}}, spec: {nodeName: a}}")
        .pod("p", near("podAntiAffinity", kDb + more))
        .on("a", {"p"})
        .verdict();
  };
  EXPECT_THAT(with(""), IsEmpty());
  EXPECT_THAT(with(", namespaces: [other]"), HasSubstr("anti-affinity"));
  EXPECT_THAT(with(", namespaceSelector: {}"), HasSubstr("anti-affinity"));
  EXPECT_THAT(with(", namespaceSelector: {matchLabels: {env: prod}}"), HasSubstr("anti-affinity"));
  EXPECT_THAT(with(", namespaceSelector: {matchLabels: {env: dev}}"), IsEmpty());
}

HandMade with_storage(const std::string& mode, const std::string& claim) {
  HandMade out = two_zones();
  out.add("{kind: StorageClass, metadata: {name: fast}, provisioner: ebs, volumeBindingMode: " + mode + "}")
      .add(
          "{kind: PersistentVolume, metadata: {name: v}, spec: {csi: {driver: ebs, volumeHandle: h}, nodeAffinity: "
          "{required: {nodeSelectorTerms: [{matchExpressions: [{key: " +
          kZone + ", operator: In, values: [zone-a]}]}]}}}}")
      .add("{kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: fast, " + claim + "}}")
      .pod("p", "{volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}");
  return out;
}

TEST(Checker, BringsPodsToTheirVolumes) {
  EXPECT_THAT(with_storage("Immediate", "volumeName: v").on("a", {"p"}).verdict(), IsEmpty());
  EXPECT_THAT(with_storage("Immediate", "volumeName: v").on("b", {"p"}).verdict(), HasSubstr("can't be reached"));
  EXPECT_THAT(with_storage("WaitForFirstConsumer", "").on("b", {"p"}).verdict(), IsEmpty());
  EXPECT_THAT(with_storage("Immediate", "").on("b", {"p"}).verdict(), HasSubstr("binds at once"));
  EXPECT_THAT(
      two_zones().pod("p", "{volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}").on("a", {"p"}).verdict(),
      HasSubstr("does not exist"));
}

TEST(Checker, CountsAttachments) {
  HandMade made = with_storage("Immediate", "volumeName: v");
  made.add("{kind: CSINode, metadata: {name: a}, spec: {drivers: [{name: ebs, allocatable: {count: 0}}]}}");
  EXPECT_THAT(made.on("a", {"p"}).verdict(), HasSubstr("can be attached"));
}

TEST(Checker, GivesAReadWriteOncePodClaimToOnePod) {
  HandMade made = with_storage("Immediate", "volumeName: v, accessModes: [ReadWriteOncePod]");
  made.pod("q", "{volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}");
  EXPECT_THAT(HandMade(made).on("a", {"p", "q"}).verdict(), HasSubstr("ReadWriteOncePod"));
  EXPECT_THAT(HandMade(made).on("a", {"p"}).left_out("q").verdict(), IsEmpty());
}

TEST(Checker, WantsBrokenPodsLeftOutWithAReason) {
  for (const char* broken :
       {"{topologySpreadConstraints: [{maxSkew: 0, topologyKey: k, whenUnsatisfiable: DoNotSchedule}]}",
        "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: Perhaps}]}",
        "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule, minDomains: 0}]}",
        "{tolerations: [{key: k, operator: Like}]}", "{containers: [{resources: {requests: {cpu: much}}}]}",
        "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
        "[{matchExpressions: [{key: kubernetes.io/hostname, operator: Like, values: [n1]}]}]}}}}",
        "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: k, "
        "labelSelector: "
        "{matchExpressions: [{key: a, operator: In}]}}]}}}"}) {
    EXPECT_THAT(HandMade().node("n1", "{k: v}").pod("p", broken).on("n1", {"p"}).verdict(), HasSubstr("broken"))
        << broken;
    EXPECT_THAT(HandMade().node("n1", "{k: v}").pod("p", broken).left_out("p").verdict(), IsEmpty()) << broken;
  }
}

TEST(Checker, LeavesGatedPodsAlone) {
  EXPECT_THAT(HandMade().node("n1").pod("p", "{schedulingGates: [{name: wait}]}").on("n1", {"p"}).verdict(),
              HasSubstr("scheduling gates"));
}

TEST(Checker, HoldsNewNodesToWhatCanBeHad) {
  const auto with = [](const std::string& type, const std::string& zone, const std::string& capacity_type) {
    return HandMade().pool("pool").pod("p").on_new(type, zone, capacity_type, {"p"}).verdict();
  };
  EXPECT_THAT(with("m5.large", "zone-a", "spot"), IsEmpty());
  EXPECT_THAT(with("m5.large", "zone-c", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(with("m5.large", "zone-z", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(with("m9.large", "zone-a", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(HandMade().pool("other").pod("p").on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("no such NodePool"));
  EXPECT_THAT(HandMade().pool("pool").on_new("m5.large", "zone-a", "spot", {}).verdict(), HasSubstr("nothing runs"));
}

TEST(Checker, AddsUpTheMoney) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  HandMade wrong_price = made;
  wrong_price.answer().nodes[0].price = wrong_price.answer().cost = 0.03;
  EXPECT_THAT(wrong_price.verdict(), HasSubstr("the price is"));
  HandMade wrong_sum = made;
  wrong_sum.answer().cost = 0.05;
  EXPECT_THAT(wrong_sum.verdict(), HasSubstr("cost_per_hour"));
  HandMade wrong_bound = made;
  wrong_bound.answer().bound = 0.041;
  EXPECT_THAT(wrong_bound.verdict(), HasSubstr("lower bound"));
}

TEST(Checker, HoldsNewNodesToTheirNodePool) {
  const auto with = [](const std::string& requirement) {
    return HandMade()
        .pool("pool", "{requirements: [{" + requirement + "}]}")
        .pod("p")
        .on_new("m5.large", "zone-a", "spot", {"p"})
        .verdict();
  };
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Gte, values: ['2']"), IsEmpty());
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Lte, values: ['2']"), IsEmpty());
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: ['2']"), HasSubstr("does not allow it"));
  EXPECT_THAT(with("key: karpenter.sh/capacity-type, operator: In, values: [on-demand]"),
              HasSubstr("does not allow it"));
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-gpu-name, operator: Exists"), HasSubstr("does not allow it"));
  EXPECT_THAT(HandMade()
                  .pool("pool", "{taints: [{key: k, effect: NoSchedule}]}")
                  .pod("p")
                  .on_new("m5.large", "zone-a", "spot", {"p"})
                  .verdict(),
              HasSubstr("taint k"));
  EXPECT_THAT(HandMade()
                  .pool("pool", "{startupTaints: [{key: k, effect: NoSchedule}]}")
                  .pod("p")
                  .on_new("m5.large", "zone-a", "spot", {"p"})
                  .verdict(),
              IsEmpty());
}

TEST(Checker, LetsLabelsOfANodePoolTurnOutOneWayForEachNode) {
  HandMade made;
  made.pool("pool", "{requirements: [{key: team, operator: In, values: [red, blue]}]}")
      .pod("p", "{nodeSelector: {team: red}}")
      .pod("q", "{nodeSelector: {team: blue}}");
  EXPECT_THAT(
      HandMade(made).on_new("m5.large", "zone-a", "spot", {"p"}).on_new("m5.large", "zone-a", "spot", {"q"}).verdict(),
      IsEmpty());
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"p", "q"}).verdict(), HasSubstr("node selector"));
}

TEST(Checker, KeepsRoomForDaemonSets) {
  HandMade made;
  made.pool("pool").pod("p", asks("{cpu: 1900m}"));
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), IsEmpty());
  HandMade more = made;
  more.add(
      "{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {containers: [{resources: {limits: {cpu: "
      "10m}}}]}}}}");
  EXPECT_THAT(HandMade(more).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), HasSubstr("cpu"));
  HandMade elsewhere = made;
  elsewhere.add(
      "{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {nodeSelector: {a: b}, containers: "
      "[{resources: {requests: {cpu: 10m}}}]}}}}");
  EXPECT_THAT(elsewhere.on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), IsEmpty());
}

TEST(Checker, KeepsTheLimitsOfNodePools) {
  const auto with = [](const std::string& limits) {
    return HandMade()
        .pool("pool", "{}", limits)
        .pod("p")
        .pod("q")
        .on_new("m5.large", "zone-a", "spot", {"p"})
        .on_new("m5.large", "zone-a", "spot", {"q"})
        .verdict();
  };
  EXPECT_THAT(with("{cpu: 4, memory: 8Gi, nodes: 2}"), IsEmpty());
  EXPECT_THAT(with("{cpu: 3}"), HasSubstr("limit of cpu"));
  EXPECT_THAT(with("{memory: 7Gi}"), HasSubstr("limit of memory"));
  EXPECT_THAT(with("{nodes: 1}"), HasSubstr("limit of nodes"));
}

TEST(Checker, WantsEveryAlternativeToDo) {
  const auto with = [](const std::string& alternative, const std::string& memory) {
    return HandMade()
        .pool("pool")
        .pod("p", asks("{memory: " + memory + "}"))
        .on_new("m5.large", "zone-a", "spot", {"p"}, {alternative})
        .verdict();
  };
  EXPECT_THAT(with("c5.large", "2Gi"), IsEmpty());
  EXPECT_THAT(with("c5.large", "3Gi"), HasSubstr("alternative c5.large zone-a spot would not do"));
  EXPECT_THAT(with("m6g.large", "2Gi"), HasSubstr("names no architecture"));
  EXPECT_THAT(with("m9.large", "2Gi"), HasSubstr("can't be had"));
}

TEST(Checker, WantsEveryAlternativeToDoForTheRulesBetweenPodsToo) {
  const auto in = [](const std::string& zone) {
    HandMade made;
    made.node("a", "{topology.kubernetes.io/zone: zone-a}").running("r", "a", "{app: x}").pool("pool");
    made.pod("p",
             "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
             "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: x}}}]}}}");
    made.on_new("m5.large", "zone-a", "spot", {"p"});
    made.answer().nodes[0].alternatives.push_back({"c5.large", zone, "spot", 0.04});
    return made.verdict();
  };
  EXPECT_THAT(in("zone-a"), IsEmpty());
  EXPECT_THAT(in("zone-b"), HasSubstr("alternative c5.large zone-b spot would not do"));
}

TEST(Checker, TakesThePromisedLabelsForThoseOfTheAlternativesToo) {
  const auto in_team = [](const std::string& pool, const std::string& labels) {
    HandMade made;
    made.pool("pool", pool, "{}", labels).pod("q", "{}", "{app: x}");
    made.pod("p",
             "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: team, "
             "labelSelector: {matchLabels: {app: x}}}]}}}");
    made.on_new("m5.large", "zone-a", "spot", {"q"}, {"c5.large"}).on_new("m5.large", "zone-a", "spot", {"p"});
    const Problem problem = made.problem();
    for (PlannedNode& node : made.answer().nodes) {
      node.labels =
          new_hosts(problem, problem.pools[0], problem.machines.at(node.type), node.zone, node.capacity_type, "any")[0]
              .labels;
      node.labels["team"] = "a name that nobody else knows";
      node.labels.erase("kubernetes.io/hostname");
    }
    return made.verdict();
  };
  EXPECT_THAT(in_team("{requirements: [{key: team, operator: Exists}]}", "{}"), IsEmpty());
  EXPECT_THAT(in_team("{}", "{team: red}"), HasSubstr("can't be these"));
}

TEST(Checker, WantsAlternativesOfTheSameKindAndLittleDearer) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  made.answer().nodes[0].alternatives.push_back({"m5.large", "zone-a", "on-demand", 0.1});
  EXPECT_THAT(made.verdict(), AllOf(HasSubstr("not of the capacity type"), HasSubstr("too dear")));
}

TEST(Checker, WantsAsManyValuesAsMinValuesSays) {
  const std::string spec = "{requirements: [{key: node.kubernetes.io/instance-type, operator: Exists, minValues: 2}]}";
  EXPECT_THAT(HandMade().pool("pool", spec).pod("p").on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("minValues"));
  EXPECT_THAT(
      HandMade().pool("pool", spec).pod("p").on_new("m5.large", "zone-a", "spot", {"p"}, {"c5.large"}).verdict(),
      IsEmpty());
}

TEST(Checker, KeepsSlowPodsFromSpot) {
  const std::string slow = "{terminationGracePeriodSeconds: 300}";
  EXPECT_THAT(HandMade().pool("pool").pod("p", slow).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("within a Spot notice"));
  EXPECT_THAT(HandMade().pool("pool").pod("p", slow).on_new("m5.large", "zone-a", "on-demand", {"p"}).verdict(),
              IsEmpty());
  const std::string spot_only = "{requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}";
  EXPECT_THAT(HandMade().pool("pool", spot_only).pod("p", slow).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              IsEmpty());
}

TEST(Checker, KeepsAWorkloadFromBeingLostWithOneSpotPool) {
  HandMade made;
  made.pool("pool").add("{kind: Deployment, metadata: {name: w}, spec: {replicas: 3, template: {spec: {}}}}");
  HandMade together = made;
  EXPECT_THAT(together.on_new("m5.large", "zone-a", "spot", {"w-0", "w-1"})
                  .on_new("m5.large", "zone-b", "spot", {"w-2"})
                  .verdict({.pool_share = 0.5}),
              HasSubstr("2 of default/Deployment/w's 3 pods"));
  EXPECT_THAT(together.verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made)
                  .on_new("m5.large", "zone-a", "on-demand", {"w-0", "w-1"})
                  .on_new("m5.large", "zone-b", "spot", {"w-2"})
                  .verdict({.pool_share = 0.5}),
              IsEmpty());
}

TEST(Checker, KeepsAWorkloadFromBeingLostWithOneNewNode) {
  const auto with = [](const std::string& limits, double share) {
    return HandMade()
        .pool("pool", "{}", limits)
        .add("{kind: Deployment, metadata: {name: w}, spec: {replicas: 3, template: {spec: {}}}}")
        .on_new("m5.large", "zone-a", "on-demand", {"w-0", "w-1"})
        .on_new("m5.large", "zone-b", "on-demand", {"w-2"})
        .verdict({.node_share = share});
  };
  EXPECT_THAT(with("{}", 0.5), HasSubstr("2 of default/Deployment/w's 3 pods are in the new node 0"));
  EXPECT_THAT(with("{}", 0.7), IsEmpty());
  EXPECT_THAT(with("{nodes: 2}", 0.5), IsEmpty());  // there is no other place
}

// Three pods of w; how many may be on Spot stands on it.
HandMade annotated(const std::string& annotations) {
  return HandMade().pool("pool").add("{kind: ReplicaSet, metadata: {name: w, annotations: {" + annotations +
                                     "}}, spec: {replicas: 3, template: {spec: {}}}}");
}

std::string with_on_spot(HandMade made, const std::vector<std::string>& spot, const std::vector<std::string>& others) {
  if (!spot.empty()) made.on_new("m5.large", "zone-a", "spot", spot);
  if (!others.empty()) made.on_new("m5.large", "zone-a", "on-demand", others);
  return made.verdict();
}

TEST(Checker, KeepsAsManyPodsOffSpotAsTheirWorkloadSays) {
  const HandMade base = annotated("spotkeeper.dev/on-demand-base: '1'");
  EXPECT_THAT(with_on_spot(base, {"w-0", "w-1"}, {"w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(base, {"w-0", "w-1", "w-2"}, {}), HasSubstr("2 of default/ReplicaSet/w's 3 pods"));
  const HandMade share = annotated("spotkeeper.dev/spot-share: 70%");
  EXPECT_THAT(with_on_spot(share, {"w-0", "w-1"}, {"w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(share, {"w-0", "w-1", "w-2"}, {}), HasSubstr("on Spot already"));
  const HandMade both = annotated("spotkeeper.dev/on-demand-base: '1', spotkeeper.dev/spot-share: 50%");
  EXPECT_THAT(with_on_spot(both, {"w-0"}, {"w-1", "w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(both, {"w-0", "w-1"}, {"w-2"}), HasSubstr("1 of default/ReplicaSet/w's 3 pods"));
}

TEST(Checker, CountsPodsOfAWorkloadThatAreThereAlready) {
  const auto there = [](const std::string& capacity) {
    return annotated("spotkeeper.dev/on-demand-base: '1'")
        .node("n1", "{karpenter.sh/capacity-type: " + capacity + "}", "{unschedulable: true}")
        .add(
            "{kind: Pod, metadata: {name: old, ownerReferences: [{kind: ReplicaSet, name: w, controller: true}]}, "
            "spec: {nodeName: n1}}");
  };
  EXPECT_THAT(with_on_spot(there("on-demand"), {"w-0", "w-1"}, {}), IsEmpty());
  EXPECT_THAT(with_on_spot(there("spot"), {"w-0", "w-1"}, {}), HasSubstr("on Spot already"));
  EXPECT_THAT(with_on_spot(there("spot"), {"w-0"}, {"w-1"}), IsEmpty());
}

TEST(Checker, WantsPodsLeftOutWhoseShareOfSpotCanNotBeRead) {
  for (const char* wrong : {"spotkeeper.dev/on-demand-base: two", "spotkeeper.dev/on-demand-base: '-1'",
                            "spotkeeper.dev/spot-share: '0.7'", "spotkeeper.dev/spot-share: 170%"}) {
    EXPECT_THAT(with_on_spot(annotated(wrong), {}, {"w-0", "w-1", "w-2"}), HasSubstr("is placed, but broken")) << wrong;
  }
}

TEST(Checker, SeesThatAPodMayBeOnSpotYet) {
  const std::string spot_only = "{requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}";
  HandMade made;
  made.pool("pool", spot_only)
      .add(
          "{kind: ReplicaSet, metadata: {name: w, annotations: {spotkeeper.dev/on-demand-base: '1'}}, spec: {replicas: "
          "2, template: {spec: {}}}}")
      .left_out("w-0");
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"w-1"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made).left_out("w-1").verdict(), HasSubstr("there is a place on a new"));
}

TEST(Checker, HoldsNewNodesToTheLabelsThatThePlanPromises) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  made.answer().nodes[0].labels = {{"kubernetes.io/arch", "amd64"}};
  EXPECT_THAT(made.verdict(), HasSubstr("its labels can't be these"));
}

TEST(Checker, SeesAPlaceForAPodThatIsLeftOut) {
  EXPECT_THAT(HandMade().node("n1").pod("p").left_out("p").verdict(), HasSubstr("there is a place on n1"));
  EXPECT_THAT(HandMade().pool("pool").pod("p").left_out("p").verdict(), HasSubstr("there is a place on a new"));
  EXPECT_THAT(HandMade().pod("p").left_out("p").verdict(), IsEmpty());
  EXPECT_THAT(HandMade().pool("pool", "{}", "{cpu: 1}").pod("p").left_out("p").verdict(), IsEmpty());
}

TEST(Checker, SeesThatAllCouldHaveCome) {
  HandMade made;
  made.node("n1")
      .node("m", "{disk: ssd}")
      .pod("p", asks("{cpu: 4}"))
      .pod("q", "{nodeSelector: {disk: ssd}, containers: [{resources: {requests: {cpu: 4}}}]}");
  EXPECT_THAT(HandMade(made).on("m", {"p"}).left_out("q").verdict(), HasSubstr("can come together"));
  EXPECT_THAT(HandMade(made).on("n1", {"p"}).on("m", {"q"}).verdict(), IsEmpty());
}

TEST(Checker, LetsTheMoreImportantPodCome) {
  HandMade made;
  made.node("n1").pod("p", "{priority: 5, containers: [{resources: {requests: {cpu: 4}}}]}").pod("q", asks("{cpu: 4}"));
  EXPECT_THAT(HandMade(made).on("n1", {"q"}).left_out("p").verdict(), HasSubstr("default/p is left out"));
  EXPECT_THAT(HandMade(made).on("n1", {"p"}).left_out("q").verdict(), IsEmpty());
}

}  // namespace
}  // namespace spotkeeper::checker
