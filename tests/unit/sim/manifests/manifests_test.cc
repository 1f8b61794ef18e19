#include "sim/manifests/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/embedded_catalog.h"
#include "sim/manifests/build.h"
#include "sim/manifests/changes.h"
#include "sim/run.h"

namespace spotkeeper::sim {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

Result<FoundCluster> read(std::string text, std::string name = "web.yaml") {
  return read_manifests(std::vector<ManifestText>{{std::move(name), std::move(text)}});
}

std::string error_of(std::string text) {
  const auto found = read(std::move(text));
  return found ? "no error" : found.error().message;
}

constexpr std::string_view kShop = R"(# as helm template prints it
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: web
  ports:
    - port: 80
      targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 6
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
        version: "3"
    spec:
      terminationGracePeriodSeconds: 45
      containers:
        - name: app
          image: registry.example/web:3
          resources:
            requests: {cpu: 500m, memory: 512Mi}
          startupProbe: {httpGet: {path: /up, port: http}, initialDelaySeconds: 25}
          readinessProbe: {httpGet: {path: /ready, port: http}, initialDelaySeconds: 12, periodSeconds: 3}
          lifecycle: {preStop: {exec: {command: ["/bin/sh", "-c", "sleep 7"]}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  minAvailable: 80%
  selector: {matchLabels: {app.kubernetes.io/name: web}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
)";

TEST(Manifests, GiveWhatThePlannerAndTheWorldNeedOfAWorkload) {
  const auto found = read(std::string(kShop));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->workloads.size(), 1U);
  const FoundWorkload& web = found->workloads[0];
  EXPECT_EQ(web.kind, Kind::Deployment);
  EXPECT_EQ(web.name.str(), "shop/web");
  EXPECT_EQ(web.replicas, 6);
  EXPECT_EQ(web.spec.grace.length(), 45s);
  ASSERT_TRUE(web.spec.pre_stop);
  EXPECT_EQ(web.spec.pre_stop->sleep, 7s);
  EXPECT_EQ(web.spec.requests.cpu.value, 500);
  ASSERT_TRUE(web.readiness && web.startup);
  EXPECT_EQ(web.readiness->initial_delay, 12s);
  EXPECT_EQ(web.readiness->period, 3s);
  EXPECT_EQ(web.startup->initial_delay, 25s);
  EXPECT_EQ(*web.pod_labels.find("version"), "3");
  ASSERT_EQ(found->budgets.size(), 1U);
  EXPECT_EQ(found->budgets[0].min_available, (CountOrPercent{80, true}));
  EXPECT_EQ(found->services.at(0).name.str(), "shop/web");
  EXPECT_EQ(found->passed_over.at("Ingress"), 1U);
}

TEST(Manifests, MayBeListsOfOneKindOrOfMany) {
  const auto found = read(R"({"kind": "List", "items": [
    {"kind": "NodeList", "items": [{"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "eu-west-1a"}},
                                    "status": {"allocatable": {"cpu": "2", "memory": "8Gi", "pods": "29"}}}]},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}}]})");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->nodes.size(), 1U);
  EXPECT_EQ(found->nodes[0].zone(), "eu-west-1a");
  EXPECT_EQ(found->services.at(0).name.str(), "default/web");
}

TEST(Manifests, TellHowLongLivePodsTook) {
  const auto found = read(std::string(kShop) + R"(---
kind: Pod
metadata: {name: web-1, namespace: shop, uid: u1, labels: {app.kubernetes.io/name: web}}
spec: {nodeName: n1, containers: [{name: app}]}
status:
  phase: Running
  startTime: "2026-01-01T00:00:00Z"
  conditions: [{type: Ready, status: "True", lastTransitionTime: "2026-01-01T00:00:42Z"}]
)");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->workloads[0].became_ready, ElementsAre(42s));
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built) << built.error().message;
  // 42 s less 2 s until the container runs and half of a probe's period of 3 s.
  EXPECT_EQ(built->scenario.workloads[0].workload.blueprint.behaviour->ready_after, 38500ms);
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("as 1 live pod took")));
}

TEST(Manifests, GiveTheClaimsOfAStatefulSetsTemplates) {
  const auto found = read(R"(kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db}]
      volumes: [{name: shared, persistentVolumeClaim: {claimName: config}}]
  volumeClaimTemplates:
    - metadata: {name: data}
---
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}}
)");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->workloads[0].spec.claims, ElementsAre("config", "data-*"));
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("shop/db: its volumes are on one node at a time")));
  EXPECT_THAT(error_of("kind: StatefulSet\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: "
                       "{metadata: {labels: {a: b}}}, volumeClaimTemplates: [{metadata: {}}]}\n"),
              HasSubstr("/spec/volumeClaimTemplates/0/metadata/name"));
}

TEST(Manifests, NameFileDocumentLineAndFieldOfAMistake) {
  std::string text(kShop);
  text.replace(text.find("replicas: 6"), 11, "replicas: six");
  EXPECT_EQ(error_of(text),
            "web.yaml: document 2: line 22, column 3: /spec/replicas: expected a whole number, got a string");
  text = kShop;
  text.replace(text.find("minAvailable: 80%"), 17, "minAvailable: [1]");
  EXPECT_THAT(error_of(text), testing::StartsWith("web.yaml: document 3: line 46, column 3: /spec/minAvailable: "));
  EXPECT_THAT(error_of("kind: Deployment\nmetadata: {name: a}\n"),
              HasSubstr("web.yaml: line 1, column 1: /spec/template: is required and missing"));
  EXPECT_THAT(error_of("metadata: {name: a}\n"), HasSubstr("/kind: missing: what kind of object is this?"));
  EXPECT_THAT(error_of("kind: Service\nmetadata: {name: a}\n---\nkind: Service\nmetadata: {name: a}\n"),
              HasSubstr("document 2: line 5, column 12: /metadata/name: a second Service called 'default/a'"));
  EXPECT_THAT(error_of("- a\n"), HasSubstr("web.yaml: line 1, column 1"));
}

TEST(Manifests, SayThatATemplateHasNotBeenRendered) {
  EXPECT_THAT(error_of("kind: Service\nmetadata:\n  name: {{ .Release.Name }}-web\n"), HasSubstr("helm template"));
}

TEST(OwnWorld, HasWhatTheManifestsSayAndAssumesTheRestAloud) {
  const auto found = read(std::string(kShop));
  ASSERT_TRUE(found);
  const auto built = build_scenario(*found, {.rate = 250, .share = 0.5}, catalog());
  ASSERT_TRUE(built) << built.error().message;
  const Scenario& scenario = built->scenario;
  ASSERT_EQ(scenario.nodes.size(), 6U) << "two in each of three zones";
  ASSERT_EQ(scenario.loads.size(), 1U);
  EXPECT_EQ(scenario.loads[0].rate, 250);
  EXPECT_EQ(scenario.workloads[0].workload.blueprint.behaviour->ready_after, 25s);
  EXPECT_EQ(scenario.workloads[0].workload.blueprint.behaviour->probe_period, 3s);
  ASSERT_EQ(scenario.events.size(), 1U);
  EXPECT_EQ(scenario.events[0].nodes.size(), 2U) << "one of three zones";
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("No Node was given: 6 Spot nodes of type m5.xlarge")));
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("250 requests a second")));
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("1 object of kind Ingress is no part of this world")));
}

TEST(OwnWorld, LetsTheStormTakeSpotNodesAlone) {
  const auto found = read(std::string(kShop) + R"(---
kind: NodeList
items:
  - {metadata: {name: a1, labels: {topology.kubernetes.io/zone: eu-west-1a, karpenter.sh/capacity-type: spot}}, status: {allocatable: {cpu: "4", memory: 16Gi, pods: "58"}}}
  - {metadata: {name: a2, labels: {topology.kubernetes.io/zone: eu-west-1a, eks.amazonaws.com/capacityType: SPOT}}, status: {allocatable: {cpu: "4", memory: 16Gi, pods: "58"}}}
  - {metadata: {name: a3, labels: {topology.kubernetes.io/zone: eu-west-1a, eks.amazonaws.com/capacityType: ON_DEMAND}}, status: {allocatable: {cpu: "4", memory: 16Gi, pods: "58"}}}
  - {metadata: {name: b1, labels: {topology.kubernetes.io/zone: eu-west-1b, karpenter.sh/capacity-type: spot}}, status: {allocatable: {cpu: "4", memory: 16Gi, pods: "58"}}}
)");
  ASSERT_TRUE(found) << found.error().message;
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_THAT(built->scenario.events.at(0).nodes, ElementsAre("a1", "a2"));
}

TEST(OwnWorld, NeedsAServiceThatCouldLoseSomething) {
  const auto found = read("kind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n");
  ASSERT_TRUE(found);
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("no Service has a Deployment or StatefulSet behind it"));
}

TEST(Changes, AreThoseThatApplyToTheWorkloadThatLoses) {
  const auto found = read(std::string(kShop));
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built);
  Report report;
  report.traffic.lost_by_pod["shop/web-5d8f-x2x4c"] = 12;
  std::vector<std::string> whats;
  for (const PossibleChange& change : possible_changes(built->scenario, report)) {
    EXPECT_EQ(change.workload.str(), "shop/web");
    whats.push_back(change.what);
  }
  EXPECT_THAT(whats, ElementsAre("preStop sleep 7s → 15s (and grace 45s → 53s)",
                                 "terminationGracePeriodSeconds 45 → 75", "budget web: 2 instead of 1 may be missing",
                                 "replicas 6 → 7", "required spread over zones (maxSkew 1, DoNotSchedule)",
                                 "listening 12s after the container runs, instead of 25s"));
  EXPECT_TRUE(possible_changes(built->scenario, Report{}).empty()) << "who loses nothing needs no change";
}

TEST(Changes, AreRunAgainAndSortedByWhatTheySave) {
  auto found = read(std::string(kShop));
  ASSERT_TRUE(found);
  found->workloads[0].spec.pre_stop.reset();
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_TRUE(built);
  RunOptions options;
  options.policy = Policy::CordonAndDrain;
  const auto report = run(built->scenario, options);
  ASSERT_TRUE(report) << report.error().message;
  const auto changes = try_changes(built->scenario, *report, {});
  ASSERT_TRUE(changes) << changes.error().message;
  EXPECT_EQ(changes->policy, Policy::CordonAndDrain);
  EXPECT_GT(changes->lost, 0U);
  ASSERT_FALSE(changes->tried.empty());
  for (std::size_t i = 1; i < changes->tried.size(); ++i) {
    EXPECT_LE(changes->tried[i - 1].lost, changes->tried[i].lost);
  }
  EXPECT_THAT(changes->tried[0].what, HasSubstr("preStop sleep 0s → 15s"));
  EXPECT_LT(changes->tried[0].lost, changes->lost);
}

}  // namespace
}  // namespace spotkeeper::sim
