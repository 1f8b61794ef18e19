// The referee can say no: for each rule a plan that breaks it and no other, beside one that keeps it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"

namespace spotkeeper::checker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kZone = "topology.kubernetes.io/zone";

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

}  // namespace
}  // namespace spotkeeper::checker
