#include "sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/embedded_catalog.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

constexpr std::string_view kLeast =
    "scenario: least\n"
    "cluster:\n"
    "  nodes:\n"
    "    - {name: m, type: m5.large}\n";

std::string error_of(const std::string& yaml) {
  const auto read = parse_scenario(yaml, "storm.yaml", catalog());
  EXPECT_FALSE(read) << yaml;
  return read ? std::string() : read.error().message;
}

TEST(Scenario, ReadsTheShippedOnes) {
  ASSERT_FALSE(shipped_scenarios().empty());
  for (const ShippedScenario& shipped : shipped_scenarios()) {
    const auto read = parse_scenario(shipped.yaml, shipped.name, catalog());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->name, shipped.name);
  }
}

TEST(Scenario, TakesSizesAndPricesFromTheCatalogue) {
  const auto read = parse_scenario(kLeast, "least.yaml", catalog());
  ASSERT_TRUE(read);
  ASSERT_EQ(read->nodes.size(), 1U);
  EXPECT_EQ(read->nodes[0].name, "m-1");
  EXPECT_EQ(read->nodes[0].allocatable.cpu.value, 1930);
  EXPECT_GT(read->nodes[0].price, 0);
}

TEST(Scenario, FitsTheServiceTimeToRateAndShare) {
  const auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  const Behaviour& web = *storm->workloads[0].workload.blueprint.behaviour;
  const double mean = seconds_of(web.service_time) * std::exp(web.service_sigma * web.service_sigma / 2);
  EXPECT_NEAR(2000 / (12 * web.concurrency / mean), 0.7, 1e-6);
  EXPECT_EQ(storm->loads[0].rate, 2000);
}

TEST(Scenario, CoversTheSlowestProxyWithPreStopInTheStorm) {
  const auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  const auto& web = storm->workloads[0].workload.blueprint;
  EXPECT_GE(*web.spec->pre_stop->sleep, storm->delays.straggler);
  EXPECT_GE(*web.spec->pre_stop->sleep, storm->delays.proxy_most);
  EXPECT_GE(web.spec->grace.length(), *web.spec->pre_stop->sleep + web.behaviour->answers_after_term);
}

TEST(Scenario, NamesFileLineReasonAndTheRightKeyOfATypo) {
  const std::string message = error_of("scenario: x\nclustr: {}\n");
  EXPECT_THAT(message, HasSubstr("storm.yaml"));
  EXPECT_THAT(message, HasSubstr("line 2"));
  EXPECT_THAT(message, HasSubstr("clustr"));
  EXPECT_THAT(message, HasSubstr("did you mean 'cluster'"));
}

TEST(Scenario, NamesTheRightKeyAtEveryDepth) {
  const std::string least(kLeast);
  EXPECT_THAT(error_of("scenario: x\ncluster: {nods: []}\n"), HasSubstr("did you mean 'nodes'"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, typ: m5.large}]}\n"),
              HasSubstr("did you mean 'type'"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {endpoint-delay: {medain: 1s}, nodes: [{name: m}]}\n"),
              HasSubstr("did you mean 'median'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, replica: 3}\n"), HasSubstr("did you mean 'replicas'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, server: {quue: 3}}\n"), HasSubstr("did you mean 'queue'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, spread: [{ovr: zone}]}\n"), HasSubstr("did you mean 'over'"));
  EXPECT_THAT(error_of(least + "services:\n  - {name: a, selectr: {}}\n"), HasSubstr("did you mean 'selector'"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a, min-avail: 1}\n"), HasSubstr("min-available"));
  EXPECT_THAT(error_of(least + "load:\n  - {servic: a}\n"), HasSubstr("did you mean 'service'"));
  EXPECT_THAT(error_of(least + "events:\n  - {notise: spot}\n"), HasSubstr("did you mean 'notice'"));
  EXPECT_THAT(error_of(least + "faults: {api: {conflikt: 1%}}\n"), HasSubstr("did you mean 'conflict'"));
  EXPECT_THAT(error_of(least + "faults: {metadata: {garbge: 1%}}\n"), HasSubstr("did you mean 'garbage'"));
}

TEST(Scenario, ListsTheKeysWhereNoneIsNear) {
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, flavour: m5.large}]}\n"),
              HasSubstr("unknown key 'flavour'; known here: count, name, zone, type"));
}

TEST(Scenario, NamesEveryKeyThatAnEmptyFileLacks) {
  for (const char* nothing : {"", "# only a comment\n", "---\n"}) {
    const std::string message = error_of(nothing);
    EXPECT_THAT(message, HasSubstr("storm.yaml"));
    EXPECT_THAT(message, HasSubstr("says nothing"));
    EXPECT_THAT(message, HasSubstr("'scenario'"));
    EXPECT_THAT(message, HasSubstr("'cluster' with 'nodes'"));
  }
  EXPECT_THAT(error_of("seed: 3\n"), HasSubstr("missing: scenario, cluster"));
  EXPECT_THAT(error_of("scenario: x\n"), HasSubstr("missing: cluster"));
}

TEST(Scenario, RefusesWhatMakesNoSense) {
  const std::string least(kLeast);
  EXPECT_THAT(error_of("scenario: x\n"), HasSubstr("cluster"));
  EXPECT_THAT(error_of(least + "duration: 0s\n"), HasSubstr("out of range"));
  EXPECT_THAT(error_of(least + "seed: -1\n"), HasSubstr("seed"));
  EXPECT_THAT(error_of("scenario: Big Storm\ncluster: {nodes: [{name: m}]}\n"), HasSubstr("lower-case"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, type: m5.lrge}]}\n"),
              HasSubstr("did you mean 'm5.large'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, grace: 1.5s}\n"), HasSubstr("whole seconds"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a}\n  - {name: a}\n"), HasSubstr("a second one"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, kind: Deploymnt}\n"), HasSubstr("Deployment"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a}\n"), HasSubstr("min-available or max-unavailable"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a, min-available: 120%}\n"), HasSubstr("80%"));
  EXPECT_THAT(error_of(least + "load:\n  - {service: a, rate: 5}\n"), HasSubstr("no service"));
  EXPECT_THAT(error_of(least + "services:\n  - {name: a}\nload:\n  - {service: a, rate: 5}\n"),
              HasSubstr("no workload is behind"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot}\n"), HasSubstr("zone, nodes, share"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot, nodes: [m-2]}\n"), HasSubstr("did you mean 'm-1'"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot, zone: mars-1a}\n"), HasSubstr("no node is in zone"));
  EXPECT_THAT(error_of(least + "events:\n  - {at: 2h, notice: spot, nodes: [m-1]}\n"),
              HasSubstr("the run ends before that"));
  EXPECT_THAT(error_of(least + "faults: {api: {conflict: 150%}}\n"), HasSubstr("out of range"));
}

TEST(Scenario, SaysWhichOnesThereAreWhenAskedForAnother) {
  const auto read = load_scenario("zone-strom", catalog());
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("did you mean 'zone-storm'"));
  EXPECT_THAT(read.error().message, HasSubstr("one-node"));
}

TEST(Scenario, ChoosesAShareOfTheNodesByTheSeed) {
  auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  ScenarioEvent event;
  event.share = 0.1;
  const auto first = targets_of(*storm, event, 1);
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(first, targets_of(*storm, event, 1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 6; ++seed) differs = differs || first != targets_of(*storm, event, seed);
  EXPECT_TRUE(differs);
}

// ---- Volumes, load balancers, Jobs, priorities, affinity, autoscaling

Result<Scenario> with(const std::string& more) {
  return parse_scenario(std::string(kLeast) + more, "storm.yaml", catalog());
}

TEST(Scenario, GivesEachPodOfAStatefulSetItsOwnVolumes) {
  const auto read = with("workloads:\n  - {name: db, kind: StatefulSet, replicas: 3, volumes: [data, log]}\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->workloads[0].workload.blueprint.spec->claims, (std::vector<std::string>{"data-*", "log-*"}));
  const auto single = with("workloads:\n  - {name: web, replicas: 1, volumes: [files]}\n");
  ASSERT_TRUE(single);
  EXPECT_EQ(single->workloads[0].workload.blueprint.spec->claims, (std::vector<std::string>{"files"}));
  EXPECT_THAT(error_of(std::string(kLeast) + "workloads:\n  - {name: web, replicas: 2, volumes: [files]}\n"),
              HasSubstr("one node at a time"));
}

TEST(Scenario, ReadsHowLongVolumesTake) {
  const auto read = parse_scenario(
      "scenario: x\ncluster:\n  nodes: [{name: m}]\n  volumes: {attach: 1s, detach: 2s, force-detach: 3m, "
      "freed-by-node-deletion: true}\n",
      "storm.yaml", catalog());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->delays.volumes.attach, 1s);
  EXPECT_EQ(read->delays.volumes.detach, 2s);
  EXPECT_EQ(read->delays.volumes.force_detach, 3min);
  EXPECT_TRUE(read->delays.volumes.freed_by_node_deletion);
  EXPECT_EQ(VolumeDelays{}.force_detach, 6min);
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m}], volumes: {atach: 1s}}\n"),
              HasSubstr("did you mean 'attach'"));
}

constexpr std::string_view kWeb =
    "workloads:\n  - {name: web, replicas: 2}\nload:\n  - {service: web, rate: 10, kept: 0%";

TEST(Scenario, PutsALoadBalancerBeforeAServiceAndSendsItsLoadThroughIt) {
  const std::string service = "services:\n  - {name: web, load-balancer: nlb}\n";
  const auto read = with(service + std::string(kWeb) + "}\n");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(read->services[0].load_balancer);
  EXPECT_EQ(read->services[0].load_balancer->type, LoadBalancerType::Nlb);
  EXPECT_GE(read->services[0].load_balancer->leave.least, 110s);
  EXPECT_TRUE(read->loads[0].from_outside);
  const auto inside = with(service + std::string(kWeb) + ", from: inside}\n");
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_FALSE(inside->loads[0].from_outside);
  EXPECT_THAT(error_of(std::string(kLeast) + "services:\n  - {name: web}\n" + std::string(kWeb) + ", from: outside}\n"),
              HasSubstr("has no load-balancer"));
}

TEST(Scenario, ReadsALoadBalancersDelays) {
  const auto read =
      with("services:\n  - {name: web, load-balancer: {type: alb, leave: [1s, 2s], join: 3s, unhealthy-after: 20s}}\n");
  ASSERT_TRUE(read) << read.error().message;
  const LoadBalancerSettings& settings = *read->services[0].load_balancer;
  EXPECT_EQ(settings.leave.least, 1s);
  EXPECT_EQ(settings.leave.most, 2s);
  EXPECT_EQ(settings.join.least, 3s);
  EXPECT_EQ(settings.join.most, 3s);
  EXPECT_EQ(settings.unhealthy_after, 20s);
  const auto refuses = [](const std::string& value) {
    return error_of(std::string(kLeast) + "services:\n  - {name: web, load-balancer: " + value + "}\n");
  };
  EXPECT_THAT(refuses("nbl"), HasSubstr("did you mean 'nlb'"));
  EXPECT_THAT(refuses("{leave: 1s}"), HasSubstr("is required and missing"));
  EXPECT_THAT(refuses("{type: alb, leav: 1s}"), HasSubstr("did you mean 'leave'"));
  EXPECT_THAT(refuses("{type: alb, leave: [2s, 1s]}"), HasSubstr("less than the first"));
  EXPECT_THAT(refuses("{type: alb, leave: [2s]}"), HasSubstr("the least and the most"));
}

TEST(Scenario, ReadsJobs) {
  const auto read = with(
      "workloads:\n  - {name: batch, kind: Job, completions: 5, parallelism: 2, backoff-limit: 1, works-for: 90s, at: "
      "10s}\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->workloads[0].kind, Kind::Job);
  EXPECT_EQ(read->workloads[0].job.completions, 5);
  EXPECT_EQ(read->workloads[0].job.parallelism, 2);
  EXPECT_EQ(read->workloads[0].job.backoff_limit, 1);
  EXPECT_EQ(read->workloads[0].begins, 10s);
  EXPECT_EQ(read->workloads[0].workload.blueprint.behaviour->works_for, 90s);
  const auto refuses = [](const std::string& keys) {
    return error_of(std::string(kLeast) + "workloads:\n  - {name: batch, " + keys + "}\n");
  };
  EXPECT_THAT(refuses("kind: Job"), HasSubstr("/workloads/0/works-for"));
  EXPECT_THAT(refuses("kind: Job, works-for: 1s, replicas: 2"), HasSubstr("completions and parallelism"));
  EXPECT_THAT(refuses("completions: 2"), HasSubstr("only a Job has it"));
  EXPECT_THAT(refuses("kind: Job, works-for: 1s, complletions: 2"), HasSubstr("did you mean 'completions'"));
}

TEST(Scenario, ReadsPrioritiesAndWhoNeverPreempts) {
  const auto read = with("workloads:\n  - {name: web, priority: 1000, preempts: false}\n  - {name: other}\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->workloads[0].workload.blueprint.spec->priority, 1000);
  EXPECT_FALSE(read->workloads[0].workload.blueprint.preempts);
  EXPECT_TRUE(read->workloads[1].workload.blueprint.preempts);
}

TEST(Scenario, ReadsSpreadAndAffinity) {
  const auto read = with(
      "workloads:\n"
      "  - name: web\n"
      "    spread: [{over: zone, min-domains: 3}]\n"
      "    affinity:\n"
      "      nodes: [{key: disk, in: [fast]}, {key: gpu, not-in: [old]}, {key: team}]\n"
      "      prefer-nodes: [{weight: 10, key: disk, in: [nvme]}]\n"
      "      near: [{over: zone, selector: {app: cache}}]\n"
      "      apart: [{over: node}]\n"
      "      prefer-apart: [{weight: 5, over: zone}]\n");
  ASSERT_TRUE(read) << read.error().message;
  const PodTemplate& spec = *read->workloads[0].workload.blueprint.spec;
  EXPECT_EQ(spec.spread[0].min_domains, 3);
  ASSERT_TRUE(spec.affinity.has_node_required);
  ASSERT_EQ(spec.affinity.node_required.size(), 1U);
  EXPECT_EQ(spec.affinity.node_required[0].labels.size(), 3U);
  EXPECT_EQ(spec.affinity.node_required[0].labels[2].op, SelectorOperator::Exists);
  EXPECT_EQ(spec.affinity.node_preferred[0].weight, 10);
  EXPECT_TRUE(spec.affinity.pod_required[0].selector->matches({{"app", "cache"}}));
  EXPECT_TRUE(spec.affinity.anti_required[0].selector->matches({{"app", "web"}}));
  EXPECT_EQ(spec.affinity.anti_preferred[0].weight, 5);
  const auto refuses = [](const std::string& keys) {
    return error_of(std::string(kLeast) + "workloads:\n  - {name: web, " + keys + "}\n");
  };
  EXPECT_THAT(refuses("affinity: {naer: []}"), HasSubstr("did you mean 'near'"));
  EXPECT_THAT(refuses("affinity: {nodes: [{in: [a]}]}"), HasSubstr("key"));
  EXPECT_THAT(refuses("affinity: {nodes: [{key: a, in: [b], not-in: [c]}]}"), HasSubstr("either in or not-in"));
  EXPECT_THAT(refuses("affinity: {prefer-near: [{weight: 0}]}"), HasSubstr("out of range"));
  EXPECT_THAT(refuses("spread: [{required: false, min-domains: 2}]"), HasSubstr("required"));
}

TEST(Scenario, ReadsAutoscaling) {
  const auto read = with("workloads:\n  - {name: web, autoscale: {min: 2, max: 9, busy: 50%}}\n");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(read->workloads[0].autoscale);
  EXPECT_EQ(read->workloads[0].autoscale->least, 2);
  EXPECT_EQ(read->workloads[0].autoscale->most, 9);
  EXPECT_DOUBLE_EQ(read->workloads[0].autoscale->utilisation, 0.5);
  EXPECT_EQ(read->workloads[0].autoscale->period, 15s);
  EXPECT_EQ(read->workloads[0].autoscale->down_window, 5min);
  const auto refuses = [](const std::string& keys) {
    return error_of(std::string(kLeast) + "workloads:\n  - {name: web, " + keys + "}\n");
  };
  EXPECT_THAT(refuses("autoscale: {mim: 2}"), HasSubstr("did you mean 'min'"));
  EXPECT_THAT(refuses("autoscale: {min: 5, max: 4}"), HasSubstr("less than min"));
  EXPECT_THAT(refuses("kind: StatefulSet, autoscale: {min: 2}"), HasSubstr("only a Deployment"));
}

}  // namespace
}  // namespace spotkeeper::sim
