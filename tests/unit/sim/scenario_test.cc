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

TEST(Scenario, SaysTheRangeOfANumberThatIsBeyondIt) {
  const std::string huge = "99999999999999999999";
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, count: " + huge + "}]}\n"),
              HasSubstr("/cluster/nodes/0/count: out of range: 1 to 10000"));
  const std::string least(kLeast);
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, replicas: 3000000000}\n"),
              HasSubstr("out of range: 0 to 100000"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, server: {queue: -1}}\n"),
              HasSubstr("out of range: 0 to 1000000"));
  EXPECT_THAT(error_of(least + "groups:\n  - {name: g, size: " + huge + ", zones: [us-east-1a], types: [m5.large]}\n"),
              HasSubstr("out of range: 1 to 10000"));
  EXPECT_THAT(error_of(least + "seed: 9223372036854775808\n"), HasSubstr("out of range: 0 to 9223372036854775807"));
  EXPECT_TRUE(parse_scenario(least + "seed: 9223372036854775807\n", "x.yaml", catalog()));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, replicas: 1.5}\n"), HasSubstr("whole number"));
}

TEST(Scenario, TakesQuantitiesAsKubernetesDoes) {
  const auto requests = [](const std::string& cpu, const std::string& memory) {
    const auto read = parse_scenario(
        std::string(kLeast) + "workloads:\n  - {name: a, requests: {cpu: " + cpu + ", memory: " + memory + "}}\n",
        "x.yaml", catalog());
    EXPECT_TRUE(read) << read.error().message;
    return read ? read->workloads.at(0).workload.blueprint.spec->requests : Resources{};
  };
  EXPECT_EQ(requests("1", "1073741824").cpu.value, 1000);
  EXPECT_EQ(requests("1", "1073741824").memory.value, 1LL << 30);
  EXPECT_EQ(requests("0.5", "1e9").cpu.value, 500);
  EXPECT_EQ(requests("0.5", "1e9").memory.value, 1'000'000'000);
  EXPECT_EQ(requests("'2'", "512Mi").cpu.value, 2000);
  const std::string least(kLeast);
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, requests: {cpu: -1}}\n"), HasSubstr("not be negative"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, requests: {cpu: '-1'}}\n"), HasSubstr("not be negative"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, requests: {cpu: much}}\n"), HasSubstr("much"));
}

TEST(Scenario, TakesZonesAsEC2NamesThem) {
  const auto with_zone = [](const std::string& zone) {
    return "scenario: x\ncluster: {nodes: [{name: m, zone: " + zone + "}]}\n";
  };
  for (const char* zone : {"us-east-1a", "us-gov-west-1b", "ap-southeast-12c", "us-west-2-lax-1a"})
    EXPECT_TRUE(parse_scenario(with_zone(zone), "x.yaml", catalog())) << zone;
  for (const char* zone : {"us east 1", "mars-1a", "us-east-1", "us-east-a", "US-EAST-1a", "us-east-1A", "us--1a", "a"})
    EXPECT_THAT(error_of(with_zone(zone)), HasSubstr("expected a zone such as us-east-1a")) << zone;
  EXPECT_THAT(
      error_of("scenario: x\ngroups:\n  - {name: g, size: 1, zones: [mars-1a], types: [m5.large]}\ncluster: {}\n"),
      HasSubstr("expected a zone"));
}

TEST(Scenario, RefusesAMarketInWhichNobodyBuys) {
  EXPECT_THAT(error_of(std::string(kLeast) + "market: {prices: {spread: 5%}}\n"), HasSubstr("there is no group"));
}

TEST(Scenario, RefusesSelectorsThatSelectNothing) {
  const std::string with_web = std::string(kLeast) + "workloads:\n  - {name: web, namespace: shop}\n";
  EXPECT_THAT(error_of(with_web + "services:\n  - {name: wbe, namespace: shop}\n"),
              HasSubstr("/services/0/name: no workload in namespace 'shop' has pods for this service; did you mean "
                        "'web'?"));
  EXPECT_THAT(
      error_of(with_web + "services:\n  - {name: x, namespace: shop, selector: {app: webb}}\n"),
      HasSubstr("/services/0/selector: no workload in namespace 'shop' has pods for this service; did you mean"));
  EXPECT_THAT(error_of(with_web + "budgets:\n  - {name: web, max-unavailable: 1}\n"),
              HasSubstr("no workload in namespace 'default' has pods for this budget; there is none in it"));
  EXPECT_TRUE(
      parse_scenario(with_web + "budgets:\n  - {name: all, namespace: shop, selector: {}, max-unavailable: 1}\n",
                     "x.yaml", catalog()));
}

TEST(Scenario, ReadsClientsThatTryAgainAndLongRequests) {
  const auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  EXPECT_EQ(storm->loads[0].retries.most, 0U) << "nobody tries again unless the scenario says so";
  const std::string served = std::string(kLeast) +
                             "workloads:\n  - {name: web, replicas: 10, server: {concurrency: 20}}\n"
                             "services:\n  - {name: web}\n";
  const auto read = parse_scenario(served + "load:\n  - {service: web, rate: 10, retries: {}}\n", "x.yaml", catalog());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->loads[0].retries.most, 2U);
  const auto most = parse_scenario(
      served + "load:\n  - {service: web, rate: 10, retries: {budget: 10%, after: 1s, idempotent: true}}\n", "x.yaml",
      catalog());
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_EQ(most->loads[0].retries.most, 2U);
  EXPECT_EQ(most->loads[0].retries.budget, 0.1);
  EXPECT_EQ(most->loads[0].retries.after, 1s);
  EXPECT_TRUE(most->loads[0].retries.idempotent);
  EXPECT_THAT(error_of(served + "load:\n  - {service: web, rate: 10, retries: {most: 11}}\n"), HasSubstr("0 to 10"));
  EXPECT_THAT(error_of(served + "load:\n  - {service: web, rate: 10, retries: {budgt: 1%}}\n"),
              HasSubstr("did you mean 'budget'"));
  EXPECT_THAT(error_of(served + "load:\n  - {service: web, rate: 10, long: {share: 1%, time: 10s}}\n"),
              HasSubstr("clients wait no longer than time-limit, which is 10s"));
  EXPECT_THAT(error_of(served + "load:\n  - {service: web, rate: 10, long: {share: 1%}}\n"),
              HasSubstr("expected time"));
  EXPECT_THAT(error_of(served + "load:\n  - {service: web, rate: 1000, share: 10%, long: {share: 50%, time: 9s}}\n"),
              HasSubstr("these requests alone are more than the share"));
}

TEST(Scenario, FitsTheServiceTimeBesideLongRequests) {
  const auto read =
      parse_scenario(std::string(kLeast) +
                         "workloads:\n  - {name: web, replicas: 10, server: {concurrency: 20}}\n"
                         "services:\n  - {name: web}\n"
                         "load:\n  - {service: web, rate: 100, share: 50%, long: {share: 1%, time: 8s}}\n",
                     "x.yaml", catalog());
  ASSERT_TRUE(read) << read.error().message;
  const Behaviour& web = *read->workloads[0].workload.blueprint.behaviour;
  const double usual = seconds_of(web.service_time) * std::exp(web.service_sigma * web.service_sigma / 2);
  EXPECT_NEAR(100 * (0.99 * usual + 0.01 * 6) / (10 * 20), 0.5, 1e-6);
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
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, kind: DaemonSet}\nservices:\n  - {name: a}\n"
                               "load:\n  - {service: a, rate: 5}\n"),
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
  const auto read = with(
      "workloads:\n  - {name: web}\n"
      "services:\n  - {name: web, load-balancer: {type: alb, leave: [1s, 2s], join: 3s, unhealthy-after: 20s}}\n");
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
