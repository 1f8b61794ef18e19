#include "sim/manifests/manifests.h"

#include <fmt/format.h>
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
apiVersion: v1
kind: ConfigMap
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
  EXPECT_EQ(found->passed_over.at("ConfigMap"), 1U);
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

// ---- Strict: what is misspelt is an error

std::string shop_with(std::string_view what, std::string_view instead) {
  std::string text(kShop);
  text.replace(text.find(what), what.size(), instead);
  return text;
}

TEST(StrictManifests, RefuseAFieldThatKubernetesHasNot) {
  EXPECT_EQ(error_of(shop_with("replicas: 6", "replicaz: 6")),
            "web.yaml: document 2: line 22, column 3: /spec/replicaz: unknown field 'replicaz'; did you mean "
            "'replicas'?");
  EXPECT_THAT(error_of(shop_with("minAvailable: 80%", "maxUnavailble: 1")),
              testing::StartsWith("web.yaml: document 3: line 46, column 3: /spec/maxUnavailble: unknown field "
                                  "'maxUnavailble'; did you mean 'maxUnavailable'?"));
  EXPECT_THAT(error_of(shop_with("terminationGracePeriodSeconds: 45", "terminationGracePeriodSecond: 45")),
              HasSubstr("/spec/template/spec/terminationGracePeriodSecond: unknown field"));
  EXPECT_THAT(error_of(shop_with("periodSeconds: 3", "periodSecond: 3")),
              HasSubstr("/spec/template/spec/containers/0/readinessProbe/periodSecond: unknown field 'periodSecond'; "
                        "did you mean 'periodSeconds'?"));
  EXPECT_THAT(error_of(shop_with("preStop:", "prestop:")), HasSubstr("did you mean 'preStop'?"));
  EXPECT_THAT(error_of(shop_with("  selector:\n    app.k", "  selectors:\n    app.k")),
              HasSubstr("document 1: line 10, column 3: /spec/selectors: unknown field"));
}

TEST(StrictManifests, TakeEveryFieldOfKubernetesThatIsNotUsedHere) {
  const auto found = read(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {any: thing}, labels: {of: mine}, finalizers: [a], ownerReferences: [{kind: X, name: x, uid: u, apiVersion: v1}]}
spec:
  revisionHistoryLimit: 3
  minReadySeconds: 5
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: web}, matchExpressions: [{key: app, operator: Exists}]}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      imagePullSecrets: [{name: pull}]
      volumes:
        - {name: c, configMap: {name: c, items: [{key: a, path: b}]}}
        - {name: p, projected: {sources: [{serviceAccountToken: {path: t, audience: a}}]}}
        - {name: e, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
      initContainers: [{name: i, image: i, restartPolicy: Always, command: [x], args: [y]}]
      containers:
        - name: web
          env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]
          envFrom: [{configMapRef: {name: c}}]
          ports: [{name: http, containerPort: 8080}]
          resources: {requests: {cpu: 1, memory: 1Gi, example.com/thing: 1}, limits: {memory: 1Gi}}
          livenessProbe: {grpc: {port: 1}, failureThreshold: 3}
          lifecycle: {postStart: {exec: {command: [a]}}, preStop: {sleep: {seconds: 5}}}
          securityContext: {capabilities: {drop: [ALL]}}
          volumeMounts: [{name: c, mountPath: /c, subPath: s}]
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor}]
status: {any: thing}
)");
  EXPECT_TRUE(found) << found.error().message;
}

TEST(StrictManifests, LeaveObjectsOfAnApiServerThatMayKnowMore) {
  const auto found = read(R"(apiVersion: v1
kind: Service
metadata: {name: web, uid: 6f1c, resourceVersion: "1", managedFields: [{manager: kubectl, fieldsV1: {"f:spec": {}}}]}
spec: {selector: {app: web}, fieldOfTomorrow: 1}
)");
  EXPECT_TRUE(found) << found.error().message;
}

TEST(StrictManifests, TellLikeNamedKindsOfOthersFromWrongGroups) {
  const auto knative = read(std::string(kShop) +
                            "---\napiVersion: serving.knative.dev/v1\nkind: Service\n"
                            "metadata: {name: fn}\nspec: {template: {spec: {}}}\n");
  ASSERT_TRUE(knative) << knative.error().message;
  EXPECT_EQ(knative->passed_over.at("Service (serving.knative.dev/v1)"), 1U);
  EXPECT_THAT(error_of("apiVersion: app/v1\nkind: Deployment\nmetadata: {name: a}\n"),
              HasSubstr("line 1, column 1: /apiVersion: 'app/v1' has no Deployment: it is of apps/v1"));
  EXPECT_THAT(error_of("apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n"),
              HasSubstr("/kind: unknown kind 'Deploymnet'; did you mean 'Deployment'?"));
}

TEST(StrictManifests, NameTheLineOfAnAmountThatIsNone) {
  EXPECT_THAT(error_of(shop_with("cpu: 500m", "cpu: 5OOm")),
              testing::StartsWith("web.yaml: document 2: line 37, column 24: "
                                  "/spec/template/spec/containers/0/resources/requests/cpu: "));
}

TEST(StrictManifests, RefuseAnAmountBelowZero) {
  EXPECT_THAT(error_of(shop_with("cpu: 500m", "cpu: -500m")), HasSubstr("/requests/cpu: expected 0 or more"));
}

TEST(StrictManifests, NameTheLineOfALimitThatIsNone) {
  EXPECT_EQ(error_of(shop_with("minAvailable: 80%", "minAvailable: most")),
            "web.yaml: document 3: line 46, column 3: /spec/minAvailable: 'most' is not a percentage");
}

TEST(Manifests, WithoutAnObjectAreAnError) {
  EXPECT_EQ(error_of("# nothing yet\n"), "web.yaml: no Kubernetes object is there");
}

TEST(Manifests, OfBrokenJsonSayWhereJsonEnds) {
  const auto cut = read(R"({"kind": "Service", "metadata": {"name": "web")", "web.json");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, testing::StartsWith("web.json: not JSON: line 1, column "));
  EXPECT_THAT(error_of(R"({"kind": "Service", "metadata")"), testing::StartsWith("web.yaml: not JSON: "));
  EXPECT_THAT(error_of("kind: [a\n"), testing::StartsWith("web.yaml: not YAML: line "));
}

// ---- What decides about a workload and stands elsewhere

/// kShop with these documents behind it, built.
BuiltScenario built_with(const std::string& more, std::string_view what = {}, std::string_view instead = {}) {
  const auto found = read(shop_with(what, instead) + "---\n" + more);
  EXPECT_TRUE(found) << found.error().message;
  if (!found) return {};
  auto built = build_scenario(*found, {}, catalog());
  EXPECT_TRUE(built) << built.error().message;
  return built ? std::move(*built) : BuiltScenario();
}

TEST(OwnWorld, SaysThatAReplicaIsOneBecauseNobodySaysHowMany) {
  const BuiltScenario built = built_with("", "  replicas: 6\n", "");
  ASSERT_EQ(built.scenario.workloads.size(), 1U);
  EXPECT_EQ(built.scenario.workloads[0].workload.replicas, 1);
  EXPECT_THAT(built.assumptions,
              Contains("shop/web: it has 1 replica, as neither it nor a HorizontalPodAutoscaler says how many."));
}

constexpr std::string_view kScaler = R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 8
  maxReplicas: 20
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
)";

TEST(OwnWorld, HasTheReplicasThatAnAutoscalerWants) {
  const BuiltScenario built = built_with(std::string(kScaler), "  replicas: 6\n", "");
  ASSERT_EQ(built.scenario.workloads.size(), 1U);
  const ScenarioWorkload& web = built.scenario.workloads[0];
  EXPECT_EQ(web.workload.replicas, 8);
  ASSERT_TRUE(web.autoscale);
  EXPECT_EQ(web.autoscale->least, 8);
  EXPECT_EQ(web.autoscale->most, 20);
  EXPECT_DOUBLE_EQ(web.autoscale->utilisation, 0.7);
  EXPECT_THAT(built.assumptions, Contains(HasSubstr("shop/web: it begins with 8 of the 8 to 20 replicas")));
  EXPECT_EQ(built_with(std::string(kScaler)).scenario.workloads.at(0).workload.replicas, 8) << "6 are too few for it";
}

TEST(OwnWorld, KeepsTheReplicasOfAnAutoscalerWhoseMetricItHasNot) {
  std::string scaler(kScaler);
  const std::size_t metrics = scaler.find("metrics:");
  scaler = scaler.substr(0, metrics) +
           "metrics: [{type: Pods, pods: {metric: {name: packets}, target: {type: AverageValue, averageValue: 1k}}}]\n";
  const BuiltScenario built = built_with(scaler, "  replicas: 6\n", "");
  ASSERT_EQ(built.scenario.workloads.size(), 1U);
  EXPECT_EQ(built.scenario.workloads[0].workload.replicas, 8);
  EXPECT_FALSE(built.scenario.workloads[0].autoscale);
  EXPECT_THAT(built.assumptions, Contains(HasSubstr("which goes by packets: this world has no such metric")));
}

TEST(OwnWorld, GivesPodsThePriorityOfTheirClass) {
  const auto priority_with = [](const std::string& wanted, const std::string& more) {
    return built_with(more, "terminationGracePeriodSeconds: 45",
                      "priorityClassName: " + wanted + "\n      terminationGracePeriodSeconds: 45");
  };
  const BuiltScenario built =
      priority_with("urgent",
                    "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: urgent}\nvalue: 5000\n"
                    "preemptionPolicy: Never\n");
  EXPECT_EQ(built.scenario.workloads.at(0).workload.blueprint.spec->priority, 5000);
  EXPECT_FALSE(built.scenario.workloads.at(0).workload.blueprint.preempts);
  EXPECT_EQ(priority_with("system-node-critical", "").scenario.workloads.at(0).workload.blueprint.spec->priority,
            2'000'001'000);
  EXPECT_THAT(priority_with("unknown", "").assumptions,
              Contains("shop/web: its priority is 0, as no PriorityClass 'unknown' was given."));
}

TEST(OwnWorld, RunsJobs) {
  const std::string job = R"(apiVersion: batch/v1
kind: Job
metadata: {name: report, namespace: shop}
spec:
  completions: 3
  parallelism: 2
  template:
    spec: {restartPolicy: Never, containers: [{name: report, image: r, resources: {requests: {cpu: 1}}}]}
)";
  const BuiltScenario built = built_with(job);
  ASSERT_EQ(built.scenario.workloads.size(), 2U);
  const ScenarioWorkload& report = built.scenario.workloads[1];
  EXPECT_EQ(report.kind, Kind::Job);
  EXPECT_EQ(report.job.completions, 3);
  EXPECT_EQ(report.job.parallelism, 2);
  EXPECT_EQ(report.job.backoff_limit, 6);
  EXPECT_TRUE(report.workload.blueprint.behaviour->works_for);
  EXPECT_THAT(built.assumptions, Contains(HasSubstr("shop/report: it begins with the clock")));
  const auto ran = run(built.scenario, {});
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_EQ(ran->jobs.size(), 1U);
  EXPECT_GT(ran->jobs[0].succeeded, 0);
  EXPECT_EQ(built_with(job + "  suspend: true\n").scenario.workloads.size(), 1U);
  std::string hook = job;
  hook.replace(hook.find("namespace: shop"), 15, "namespace: shop, annotations: {helm.sh/hook: post-install}");
  const BuiltScenario without = built_with(hook);
  EXPECT_EQ(without.scenario.workloads.size(), 1U);
  EXPECT_THAT(without.assumptions,
              Contains(HasSubstr("kind Job (a Helm hook) is no part of this world: it runs when")));
}

TEST(OwnWorld, PutsAnNlbBeforeAServiceThatAsksForOne) {
  const auto with = [](std::string_view annotations) {
    const std::string text = fmt::format("type: LoadBalancer # {}", annotations);
    std::string shop = shop_with("type: ClusterIP", text);
    shop.replace(shop.find("  namespace: shop\n"), 18,
                 fmt::format("  namespace: shop\n  annotations: {{{}}}\n", annotations));
    const auto found = read(shop);
    EXPECT_TRUE(found) << found.error().message;
    return build_scenario(*found, {}, catalog()).value();
  };
  const auto nlb = with(
      "service.beta.kubernetes.io/aws-load-balancer-type: external, "
      "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip");
  ASSERT_TRUE(nlb.scenario.services.at(0).load_balancer);
  EXPECT_EQ(nlb.scenario.services.at(0).load_balancer->type, LoadBalancerType::Nlb);
  EXPECT_TRUE(nlb.scenario.loads.at(0).from_outside);
  const auto ports = with("service.beta.kubernetes.io/aws-load-balancer-type: nlb");
  EXPECT_FALSE(ports.scenario.services.at(0).load_balancer);
  EXPECT_THAT(ports.assumptions, Contains(HasSubstr("target type instance")));
  EXPECT_THAT(with("a: b").assumptions, Contains(HasSubstr("nothing says that its load balancer is an NLB")));
}

TEST(OwnWorld, SendsTheRequestsOfAWorkloadThroughTheServiceThatTheOutsideAsks) {
  const auto built = built_with(
      "apiVersion: v1\nkind: Service\nmetadata: {name: outer, namespace: shop, annotations: "
      "{service.beta.kubernetes.io/aws-load-balancer-type: nlb-ip}}\nspec: {type: LoadBalancer, selector: "
      "{app.kubernetes.io/name: web}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: typo, namespace: shop}\n"
      "spec: {selector: {app: wbe}}\n");
  ASSERT_EQ(built.scenario.loads.size(), 1U);
  EXPECT_EQ(built.scenario.loads[0].service.str(), "shop/outer");
  EXPECT_TRUE(built.scenario.loads[0].from_outside);
  EXPECT_THAT(built.assumptions, Contains("shop/web: nobody asks it, as its pods are asked through shop/outer."));
  EXPECT_THAT(built.assumptions,
              Contains("shop/typo: nobody asks it, as no Deployment or StatefulSet that was given is "
                       "behind it."));
}

TEST(OwnWorld, PutsAnAlbBeforeTheServiceOfItsIngress) {
  const auto ingress = [](std::string_view annotations, std::string_view spec) {
    return fmt::format(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web, namespace: shop, annotations: "
        "{{{}}}}}\n"
        "spec:\n  {}\n  rules: [{{http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: "
        "{{number: 80}}}}}}}}]}}}}]\n",
        annotations, spec);
  };
  const auto alb = built_with(ingress("alb.ingress.kubernetes.io/target-type: ip", "ingressClassName: alb"));
  ASSERT_TRUE(alb.scenario.services.at(0).load_balancer);
  EXPECT_EQ(alb.scenario.services.at(0).load_balancer->type, LoadBalancerType::Alb);
  EXPECT_TRUE(alb.scenario.loads.at(0).from_outside);
  const auto old =
      built_with(ingress("kubernetes.io/ingress.class: alb, alb.ingress.kubernetes.io/target-type: ip", ""));
  EXPECT_TRUE(old.scenario.services.at(0).load_balancer);
  EXPECT_THAT(built_with(ingress("", "ingressClassName: alb")).assumptions,
              Contains(HasSubstr("an ALB sends requests to ports of nodes")));
  EXPECT_THAT(built_with(ingress("", "ingressClassName: nginx")).assumptions,
              Contains(HasSubstr("the controller of its Ingress (class nginx) is not modelled")));
}

TEST(OwnWorld, SaysOfWhatItDoesNotUseWhatThatCouldChange) {
  const auto built = built_with(
      "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: spot}\n---\napiVersion: x.example/v1\nkind: "
      "Gizmo\nmetadata: {name: a}\n---\nkind: Pod\nmetadata: {name: lone}\nspec: {containers: [{name: a}]}\n");
  EXPECT_THAT(built.assumptions, Contains("1 object of kind NodePool is no part of this world: lost nodes would be "
                                          "replaced; here they are not."));
  EXPECT_THAT(built.assumptions, Contains(HasSubstr("kind Gizmo is no part of this world: what they would change is")));
  EXPECT_THAT(built.assumptions, Contains(HasSubstr("1 pod without a controller is no part of this world")));
}

TEST(OwnWorld, AssumesNodesOnWhichTheLargestPodHasRoom) {
  const auto large = built_with("", "cpu: 500m", "cpu: 6");
  EXPECT_EQ(large.scenario.nodes.at(0).instance_type, "m5.2xlarge");
  const auto found = read(shop_with("cpu: 500m", "cpu: 900"));
  ASSERT_TRUE(found);
  const auto none = build_scenario(*found, {}, catalog());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message,
              testing::StartsWith("shop/web: no Node is given, and a pod that requests 900 CPU and 512 MiB has no room "
                                  "even on an m5.24xlarge, which has "));
}

TEST(OwnWorld, NamesTheFilesInWhichNothingCouldBeLost) {
  const auto found = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "settings.yaml");
  ASSERT_TRUE(found);
  const auto built = build_scenario(*found, {}, catalog());
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, testing::StartsWith("settings.yaml: no Service has a Deployment or StatefulSet"));
  EXPECT_THAT(built.error().message, testing::EndsWith("found: 1 ConfigMap"));
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
  EXPECT_THAT(built->assumptions, Contains(HasSubstr("1 object of kind ConfigMap is no part of this world")));
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
