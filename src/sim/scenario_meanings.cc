// What each key of a scenario file means, and a scenario that has them all. A key that a reader takes and that is not
// here, or the other way round, fails a test.
#include <array>

#include "sim/scenario_reference.h"

namespace spotkeeper::sim {
namespace {

constexpr std::array kMeanings = {
    KeyMeaning{"scenario", "", "its name; a shipped one is run by it"},
    KeyMeaning{"description", "", "one line, for reports"},
    KeyMeaning{"seed", "", "decides everything that is drawn, unless `--seed` says otherwise"},
    KeyMeaning{"duration", "", "how long requests are counted"},
    KeyMeaning{"warm-up", "", "at most so long until every pod is Ready; the clock starts then"},

    KeyMeaning{"cluster.start", "", "the virtual time at which the world begins"},
    KeyMeaning{"cluster.nodes[].name", "", "the nodes are `name-1`, `name-2` …"},
    KeyMeaning{"cluster.nodes[].count", "nodes", "how many of them"},
    KeyMeaning{"cluster.nodes[].zone", "", "their availability zone"},
    KeyMeaning{"cluster.nodes[].type", "", "decides size, pods a node and price"},
    KeyMeaning{"cluster.nodes[].capacity-type", "", "decides the price, and the label `karpenter.sh/capacity-type`"},
    KeyMeaning{"cluster.nodes[].labels", "", "beside those that every node has"},
    KeyMeaning{"cluster.nodes[].taints[].key", "", "of a taint"},
    KeyMeaning{"cluster.nodes[].taints[].value", "", "of the taint"},
    KeyMeaning{"cluster.nodes[].taints[].effect", "", "what becomes of pods that do not tolerate it"},
    KeyMeaning{"cluster.controller-delay", "",
               "a controller's reaction to a change: deployments, endpoints, disruption budgets"},
    KeyMeaning{"cluster.scheduler-delay", "", "binding one pod"},
    KeyMeaning{"cluster.kubelet-delay", "", "from the API to the kubelet, and back"},
    KeyMeaning{"cluster.node-monitor-grace", "", "without a heartbeat for so long, a node counts as not Ready"},
    KeyMeaning{"cluster.cloud-deletes-nodes", "",
               "a cloud controller removes the Node of a machine that is gone; without one it stays, not Ready"},
    KeyMeaning{"cluster.endpoint-delay.median", "",
               "from the change of an EndpointSlice to the proxy of a node that has heard of it: log-normal"},
    KeyMeaning{"cluster.endpoint-delay.p99", "", "its 99th percentile; not less than the median"},
    KeyMeaning{"cluster.endpoint-delay.at-most", "", "and its bound"},
    KeyMeaning{"cluster.endpoint-delay.straggler", "", "one node, drawn by the seed, always takes at least so long"},

    KeyMeaning{"cluster.volumes.attach", "", "and mount: median of a log-normal time, from the pod's binding"},
    KeyMeaning{"cluster.volumes.detach", "", "after the last pod on the node is gone: median of a log-normal time"},
    KeyMeaning{"cluster.volumes.force-detach", "",
               "from a machine that died, after its pods' objects are gone; kube-controller-manager waits six minutes"},
    KeyMeaning{"cluster.volumes.freed-by-node-deletion", "",
               "a volume leaves a dead machine when its Node is deleted; no release of Kubernetes does that yet"},

    KeyMeaning{"groups[].name", "", "its nodes are `name-1`, `name-2` …, each number once"},
    KeyMeaning{"groups[].size", "nodes", "what it keeps"},
    KeyMeaning{"groups[].zones[]", "", "where it buys"},
    KeyMeaning{"groups[].types[]", "", "what it buys"},
    KeyMeaning{"groups[].policy", "",
               "which pool comes first: the cheapest one, the one with fewest of its machines, or no Spot at all"},
    KeyMeaning{"groups[].fallback[]", "",
               "what it tries after a refusal, in this order; absent: both, `[]`: it waits and asks again"},
    KeyMeaning{"groups[].max-price", "USD an hour", "it pays no more, and loses what costs more; absent: on-demand"},
    KeyMeaning{"groups[].replace-on", "", "when it asks for another machine"},
    KeyMeaning{"groups[].request-delay", "", "from then to the launch request: median of a log-normal time"},
    KeyMeaning{"groups[].retry", "", "after every way was refused"},
    KeyMeaning{"groups[].ami", "", "decides the median of the boot time: 55 s, 60 s, 50 s"},
    KeyMeaning{"groups[].boot.median", "", "in place of the family's"},
    KeyMeaning{"groups[].boot.sigma", "", "of the boot time's logarithm"},
    KeyMeaning{"groups[].age", "", "of its first machines when the clock starts; young ones are taken sooner"},
    KeyMeaning{"groups[].labels", "", "of its nodes"},
    KeyMeaning{"groups[].taints[].key", "", "of a taint of its nodes"},
    KeyMeaning{"groups[].taints[].value", "", "of the taint"},
    KeyMeaning{"groups[].taints[].effect", "", "what becomes of pods that do not tolerate it"},

    KeyMeaning{"market.prices.step", "", "between two changes of a price"},
    KeyMeaning{"market.prices.half-life", "", "of a deviation from the catalogue's price"},
    KeyMeaning{"market.prices.spread", "", "standard deviation of the price's logarithm in the long run"},
    KeyMeaning{"market.interruptions.times", "", "the catalogue's rate, times this; 0: none by chance"},
    KeyMeaning{"market.interruptions.together", "", "the part of the rate that comes as storms of a whole pool"},
    KeyMeaning{"market.interruptions.takes", "", "what such a storm takes of its pool's machines"},
    KeyMeaning{"market.interruptions.within", "", "the time in which it takes them"},
    KeyMeaning{"market.notice.length", "", "from the notice to the end of the machine"},
    KeyMeaning{"market.notice.short", "", "how many notices are shorter than that"},
    KeyMeaning{"market.notice.short-length", "", "those"},
    KeyMeaning{"market.notice.none", "", "how many machines go without a word"},
    KeyMeaning{"market.rebalance.before", "", "how many interruptions a recommendation comes before"},
    KeyMeaning{"market.rebalance.lead", "", "how long before: median of a log-normal time"},
    KeyMeaning{"market.rebalance.lead-sigma", "", "of its logarithm"},
    KeyMeaning{"market.rebalance.false-per-hour", "an hour and machine", "recommendations that nothing follows"},
    KeyMeaning{"market.capacity.out", "",
               "how long a pool refuses launches after a storm: median of a log-normal time"},
    KeyMeaning{"market.capacity.out-sigma", "", "of its logarithm"},
    KeyMeaning{"market.capacity.refused", "", "launches that are refused at any time"},
    KeyMeaning{"market.trace.machines", "machines", "with `--trace`: what a recorded unit stands for"},
    KeyMeaning{"market.trace.start", "", "into the recordings when the clock starts; absent: drawn by the seed"},
    KeyMeaning{"market.pools[].zone", "", "which pools: of this zone; absent: of any"},
    KeyMeaning{"market.pools[].type", "", "and of this type; absent: of any"},
    KeyMeaning{"market.pools[].price", "USD an hour", "in place of the catalogue's; at most on-demand"},
    KeyMeaning{"market.pools[].interruptions-per-hour", "an hour and machine",
               "of an old machine, in place of the catalogue's"},
    KeyMeaning{"market.storms[].at", "", "after the clock's start"},
    KeyMeaning{"market.storms[].zone", "", "which pools: of this zone; absent: of any"},
    KeyMeaning{"market.storms[].type", "", "and of this type; absent: of any"},
    KeyMeaning{"market.storms[].takes", "", "of the pools' machines"},
    KeyMeaning{"market.storms[].within", "", "the time in which their notices come"},
    KeyMeaning{"market.storms[].out", "", "how long the pools refuse launches afterwards; absent: drawn"},
    KeyMeaning{"market.outages[].at", "", "after the clock's start"},
    KeyMeaning{"market.outages[].for", "", "how long launches are refused"},
    KeyMeaning{"market.outages[].zone", "", "which pools: of this zone; absent: of any"},
    KeyMeaning{"market.outages[].type", "", "and of this type; absent: of any"},
    KeyMeaning{"market.spikes[].at", "", "after the clock's start"},
    KeyMeaning{"market.spikes[].for", "", "how long the price is high"},
    KeyMeaning{"market.spikes[].to", "", "the least price, as a share of on-demand"},
    KeyMeaning{"market.spikes[].zone", "", "which pools: of this zone; absent: of any"},
    KeyMeaning{"market.spikes[].type", "", "and of this type; absent: of any"},

    KeyMeaning{"workloads[].kind", "", "whose rules its pods are made by"},
    KeyMeaning{"workloads[].name", "", "also the value of the pods' label `app`"},
    KeyMeaning{"workloads[].namespace", "", "where it is"},
    KeyMeaning{"workloads[].replicas", "pods", "how many; a DaemonSet has one on each node"},
    KeyMeaning{"workloads[].labels", "", "of its pods, beside `app`"},
    KeyMeaning{"workloads[].requests.cpu", "cores", "what one pod asks for"},
    KeyMeaning{"workloads[].requests.memory", "bytes", "what one pod asks for"},
    KeyMeaning{"workloads[].image-pull", "",
               "on a node that has not had the image yet: median of a log-normal time; later pods there find it"},
    KeyMeaning{"workloads[].start", "", "from the kubelet's decision, or the pulled image, until the container runs"},
    KeyMeaning{"workloads[].ready-after", "", "from then until the program listens"},
    KeyMeaning{"workloads[].probe-period", "", "of the readiness probe, which finds that"},
    KeyMeaning{"workloads[].grace", "", "terminationGracePeriodSeconds"},
    KeyMeaning{"workloads[].pre-stop", "", "a preStop hook that sleeps; absent: none"},
    KeyMeaning{"workloads[].pre-stop-exec", "",
               "a preStop hook that takes so long and whose length nobody can read; absent: none"},
    KeyMeaning{"workloads[].priority", "", "of its pods: the value of their class"},
    KeyMeaning{
        "workloads[].preempts", "",
        "its pods take the places of less important ones where there is no other; `false`: preemptionPolicy Never"},
    KeyMeaning{"workloads[].node-selector", "", "labels that its nodes must have"},
    KeyMeaning{"workloads[].spread[].over", "", "topology spread: over what"},
    KeyMeaning{"workloads[].spread[].max-skew", "pods", "how uneven it may be"},
    KeyMeaning{"workloads[].spread[].required", "", "a pod that would be worse stays pending; otherwise a preference"},
    KeyMeaning{"workloads[].spread[].min-domains", "zones or nodes",
               "while fewer have a pod that could be placed, those that are missing count as empty; only where it is "
               "required"},
    KeyMeaning{"workloads[].affinity.nodes[].key", "", "a label that its nodes must have; of several all"},
    KeyMeaning{"workloads[].affinity.nodes[].in", "", "with one of these values"},
    KeyMeaning{"workloads[].affinity.nodes[].not-in", "", "or, in its place: with none of these, or without it"},
    KeyMeaning{"workloads[].affinity.prefer-nodes[].weight", "", "of a preference; the sum of those that hold counts"},
    KeyMeaning{"workloads[].affinity.prefer-nodes[].key", "", "a label that its nodes should have"},
    KeyMeaning{"workloads[].affinity.prefer-nodes[].in", "", "with one of these values"},
    KeyMeaning{"workloads[].affinity.prefer-nodes[].not-in", "", "or, in its place: with none of these, or without it"},
    KeyMeaning{"workloads[].affinity.near[].over", "", "it must be in the same zone, or on the same node, as a pod"},
    KeyMeaning{"workloads[].affinity.near[].selector", "", "with these labels; absent: one of its own"},
    KeyMeaning{"workloads[].affinity.prefer-near[].weight", "", "of a preference"},
    KeyMeaning{"workloads[].affinity.prefer-near[].over", "",
               "it should be in the same zone, or on the same node, as pods"},
    KeyMeaning{"workloads[].affinity.prefer-near[].selector", "", "with these labels; absent: its own"},
    KeyMeaning{"workloads[].affinity.apart[].over", "",
               "it must not be in the same zone, or on the same node, as a pod"},
    KeyMeaning{"workloads[].affinity.apart[].selector", "", "with these labels; absent: one of its own"},
    KeyMeaning{"workloads[].affinity.prefer-apart[].weight", "", "of a preference"},
    KeyMeaning{"workloads[].affinity.prefer-apart[].over", "",
               "it should not be in the same zone, or on the same node, as pods"},
    KeyMeaning{"workloads[].affinity.prefer-apart[].selector", "", "with these labels; absent: its own"},
    KeyMeaning{
        "workloads[].volumes[]", "",
        "claims of volumes that one node has at a time: each pod of a StatefulSet has its own; of other kinds only "
        "with one replica"},
    KeyMeaning{"workloads[].autoscale.min", "pods", "of a Deployment: the least; `replicas` is where it begins"},
    KeyMeaning{"workloads[].autoscale.max", "pods", "the most"},
    KeyMeaning{"workloads[].autoscale.busy", "",
               "how much of `concurrency` its pods should be busy with, more than 0 %"},
    KeyMeaning{"workloads[].autoscale.tolerance", "", "nothing is done within it"},
    KeyMeaning{"workloads[].autoscale.period", "", "how often it looks"},
    KeyMeaning{"workloads[].autoscale.down-window", "",
               "fewer only as the largest answer of so long a time before says"},
    KeyMeaning{"workloads[].completions", "pods", "of a Job, which has no replicas: how many have to do their work"},
    KeyMeaning{"workloads[].parallelism", "pods", "of a Job: at the same time"},
    KeyMeaning{"workloads[].backoff-limit", "pods",
               "of a Job: it gives up when more have failed, been evicted or lost"},
    KeyMeaning{"workloads[].works-for", "",
               "of a Job, required: how long a pod's work takes: median of a log-normal time"},
    KeyMeaning{"workloads[].at", "", "of a Job: when it begins, after the clock's start"},
    KeyMeaning{"workloads[].tolerates-everything", "", "its pods tolerate every taint; DaemonSets: `true` if absent"},
    KeyMeaning{"workloads[].longest-request", "",
               "annotation `spotkeeper.dev/longest-request`; absent: the agent's default"},
    KeyMeaning{"workloads[].min-serving", "",
               "annotation `spotkeeper.dev/min-serving`, more than 0 %; absent: one pod"},
    KeyMeaning{"workloads[].do-not-disrupt", "", "annotation `karpenter.sh/do-not-disrupt`"},
    KeyMeaning{"workloads[].server.concurrency", "requests", "that a pod serves at once"},
    KeyMeaning{"workloads[].server.queue", "requests", "that wait beyond that; one more is answered 503"},
    KeyMeaning{"workloads[].server.service-time", "", "of a request: median of a log-normal time"},
    KeyMeaning{"workloads[].server.service-sigma", "", "of its logarithm"},
    KeyMeaning{"workloads[].server.answers-after-term", "",
               "after SIGTERM it goes on taking requests for so long, and tells kept connections to close"},
    KeyMeaning{"workloads[].server.abrupt", "", "it ends at SIGTERM at once, whatever it is doing"},
    KeyMeaning{"workloads[].server.ignores-term", "", "it ends only by SIGKILL"},

    KeyMeaning{"services[].name", "", "of the service"},
    KeyMeaning{"services[].namespace", "", "where it is"},
    KeyMeaning{"services[].selector", "", "labels of the pods behind it; absent: `app` is the service's name"},

    KeyMeaning{
        "services[].load-balancer.type", "",
        "what stands before it for clients outside the cluster, with IP targets; `load-balancer: nlb` is short for "
        "it alone. The defaults below are those of an ALB or an NLB, as in practice"},
    KeyMeaning{"services[].load-balancer.controller", "", "from a changed EndpointSlice to the call of the API"},
    KeyMeaning{"services[].load-balancer.api", "", "that call"},
    KeyMeaning{"services[].load-balancer.join", "", "from the call to the first request; an NLB takes 90 s to 180 s"},
    KeyMeaning{"services[].load-balancer.leave", "",
               "from the call to the last new connection (of an ALB: request); an ALB takes 5 s to 25 s, an NLB two "
               "minutes"},
    KeyMeaning{"services[].load-balancer.unhealthy-after", "",
               "a target that does not answer gets nothing more after that: its health checks have failed"},

    KeyMeaning{"budgets[].name", "", "of the budget"},
    KeyMeaning{"budgets[].namespace", "", "where it is"},
    KeyMeaning{"budgets[].selector", "", "labels of the pods that it covers; absent: `app` is the budget's name"},
    KeyMeaning{"budgets[].min-available", "pods", "so many must be healthy"},
    KeyMeaning{"budgets[].max-unavailable", "pods", "so many may be missing"},
    KeyMeaning{"budgets[].unhealthy", "", "unhealthyPodEvictionPolicy"},

    KeyMeaning{"load[].service", "", "who is asked; one of `services`"},
    KeyMeaning{"load[].namespace", "", "of the service"},
    KeyMeaning{"load[].rate", "requests a second", "how often"},
    KeyMeaning{"load[].share", "", "of what all replicas can serve together; 0: not said"},
    KeyMeaning{"load[].kept", "", "of the requests, on kept connections; the rest opens one each"},
    KeyMeaning{"load[].connections", "connections", "that are kept"},
    KeyMeaning{"load[].requests-per-connection", "requests", "then the client opens a new one"},
    KeyMeaning{"load[].time-limit", "", "a client waits so long, at each try"},
    KeyMeaning{
        "load[].retries.most", "retries",
        "of one request. Without `retries` nobody tries again. A request that nobody has begun on is tried again "
        "(refused, reset, unreachable, 5xx)"},
    KeyMeaning{"load[].retries.budget", "", "retries of ten seconds, as a share of the first tries in them"},
    KeyMeaning{"load[].retries.after", "",
               "before the first; twice as long before each further one, and of that between half and all"},
    KeyMeaning{"load[].retries.connect-limit", "", "after that a client gives up to connect to a machine that is gone"},
    KeyMeaning{"load[].retries.idempotent", "",
               "also what may have been carried out is tried again: cut, or without an answer within `time-limit`"},
    KeyMeaning{"load[].long.share", "", "of the requests: long ones"},
    KeyMeaning{"load[].long.time", "",
               "each of them takes between half of it and all of it, on any pod; less than `time-limit`"},
    KeyMeaning{"load[].from", "",
               "through the service's load balancer, or through the proxy of a node; absent: the former where there is "
               "one"},

    KeyMeaning{"events[].at", "", "after the clock's start"},
    KeyMeaning{"events[].notice", "",
               "an interruption notice; a rebalance recommendation; a maintenance event; the termination by an Auto "
               "Scaling group; a death without a word; a reboot"},
    KeyMeaning{"events[].zone", "", "the nodes of a zone"},
    KeyMeaning{"events[].nodes", "", "those of these names"},
    KeyMeaning{"events[].share", "", "a share of all nodes, drawn by the seed"},
    KeyMeaning{"events[].deadline", "", "from the notice to the end of the machine"},
    KeyMeaning{"events[].effect", "", "what becomes of the machine then; of `scheduled`: `reboot` if absent"},
    KeyMeaning{"events[].cancelled-after", "",
               "the notice is withdrawn, and nothing happens at the deadline; absent: it stands"},
    KeyMeaning{"events[].down", "", "of a reboot: until the machine is back"},

    KeyMeaning{"agent.grace-may-yield", "", "the agents' option of that name"},

    KeyMeaning{"faults.clock-skew", "", "of three machines' clocks one is right, one ahead, one behind by so much"},
    KeyMeaning{"faults.api.latency", "", "of a request: median of a log-normal time"},
    KeyMeaning{"faults.api.watch-lag", "", "from a change to the watcher that hears of it: median"},
    KeyMeaning{"faults.api.conflict", "", "409 to a PATCH with an optimistic lock"},
    KeyMeaning{"faults.api.throttled", "", "429 with Retry-After"},
    KeyMeaning{"faults.api.throttled-bare", "", "429 without it"},
    KeyMeaning{"faults.api.retry-after", "", "what the former says"},
    KeyMeaning{"faults.api.unavailable", "", "503; half of them after the request was carried out"},
    KeyMeaning{"faults.api.lost-answer", "", "carried out, and the connection broke"},
    KeyMeaning{"faults.api.watch-gap", "", "of changes: the watch breaks at it, and lists anew"},
    KeyMeaning{"faults.api.partial-view", "", "of lists: a pod is missing that comes 3 s later"},
    KeyMeaning{"faults.api.from", "", "after the clock's start; absent: from the beginning"},
    KeyMeaning{"faults.api.until", "", "after the clock's start; absent: to the end"},
    KeyMeaning{"faults.metadata.unavailable", "", "503"},
    KeyMeaning{"faults.metadata.garbage", "", "200 with bytes that mean nothing"},
    KeyMeaning{"faults.metadata.half-answer", "", "the connection breaks within the body"},
    KeyMeaning{"faults.metadata.unauthorized", "", "401 for a good token"},
    KeyMeaning{"faults.metadata.slow", "", "silence until the client gives up"},
    KeyMeaning{"faults.metadata.token-life", "", "a token ends after it, whatever was asked for"},
    KeyMeaning{"faults.metadata.date-skew", "", "of the Date header"},
    KeyMeaning{"faults.metadata.latency", "", "of an answer"},
    KeyMeaning{"faults.metadata.from", "", "after the clock's start; absent: from the beginning"},
    KeyMeaning{"faults.metadata.until", "", "after the clock's start; absent: to the end"},

    KeyMeaning{"variants[].name", "", "its name; it is run alone as `SCENARIO/NAME`"},
    KeyMeaning{"variants[].description", "", "one line, for reports"},
    KeyMeaning{"variants[].set", "", "what is different; absent: nothing is"},
};

constexpr std::string_view kWhole = R"(scenario: my-storm
description: a zone goes
seed: 1
duration: 5m
warm-up: 5m
cluster:
  start: 2026-01-01T00:00:00Z
  nodes:
    - count: 10                 # node names are a-1 to a-10
      name: a
      zone: us-east-1a
      type: m5.large
      capacity-type: spot
      labels: {team: shop}
      taints: [{key: k, value: v, effect: PreferNoSchedule}]
  endpoint-delay: {median: 400ms, p99: 3s, at-most: 10s, straggler: 10s}
  controller-delay: 50ms
  scheduler-delay: 20ms
  kubelet-delay: 100ms
  node-monitor-grace: 40s
  cloud-deletes-nodes: true
  volumes: {attach: 5s, detach: 7s, force-detach: 6m, freed-by-node-deletion: false}
groups:
  - name: web
    size: 12
    zones: [us-east-1a, us-east-1b]
    types: [m5.large, m6i.large]
    policy: spread
    fallback: [other-pool, on-demand]
    max-price: 0.05
    replace-on: notice
    request-delay: 5s
    retry: 30s
    ami: AL2023
    boot: {median: 60s, sigma: 0.25}
    age: 12h
    labels: {team: shop}
    taints: [{key: k, value: v, effect: PreferNoSchedule}]
market:
  prices: {step: 5m, half-life: 12h, spread: 5%}
  interruptions: {times: 1, together: 50%, takes: 60%, within: 3m}
  notice: {length: 120s, short: 5%, short-length: 10s, none: 5%}
  rebalance: {before: 50%, lead: 8m, lead-sigma: 1, false-per-hour: 0.01}
  capacity: {out: 30m, out-sigma: 1.55, refused: 0%}
  pools:
    - {zone: us-east-1a, type: m5.large, price: 0.03, interruptions-per-hour: 0.02}
  storms:
    - {at: 10m, zone: us-east-1a, type: m5.large, takes: 100%, within: 3m, out: 20m}
  outages:
    - {at: 10m, for: 20m, zone: us-east-1a, type: m5.large}
  spikes:
    - {at: 10m, for: 20m, zone: us-east-1a, type: m5.large, to: 100%}
  trace: {machines: 1, start: 0s}
workloads:
  - kind: Deployment
    name: web
    namespace: shop
    replicas: 12
    labels: {tier: front}
    requests: {cpu: 500m, memory: 512Mi}
    image-pull: 0s
    start: 2s
    ready-after: 36s
    probe-period: 4s
    grace: 30s
    pre-stop: 15s               # or pre-stop-exec: 15s
    priority: 0
    preempts: true
    node-selector: {team: shop}
    spread: [{over: zone, max-skew: 1, required: true, min-domains: 1}]
    affinity:
      nodes: [{key: disk, in: [fast, nvme]}, {key: gpu, not-in: [old]}]
      prefer-nodes: [{weight: 50, key: disk, in: [nvme]}, {weight: 5, key: gpu, not-in: [old]}]
      near: [{over: zone, selector: {app: cache}}]
      prefer-near: [{weight: 50, over: node, selector: {app: cache}}]
      apart: [{over: node, selector: {app: web}}]
      prefer-apart: [{weight: 50, over: zone, selector: {app: web}}]
    autoscale: {min: 12, max: 20, busy: 60%, tolerance: 10%, period: 15s, down-window: 5m}
    tolerates-everything: false
    longest-request: 10s
    min-serving: 50%
    do-not-disrupt: false
    server:
      concurrency: 32
      queue: 128
      service-time: 50ms
      service-sigma: 0.5
      answers-after-term: 5s
      abrupt: false
      ignores-term: false
  - kind: StatefulSet
    name: db
    namespace: shop
    replicas: 3
    volumes: [data]
  - kind: Job
    name: batch
    namespace: shop
    completions: 5
    parallelism: 2
    backoff-limit: 6
    works-for: 90s
    at: 10s
services:
  - name: web
    namespace: shop
    selector: {app: web}
    load-balancer:              # or, with the usual delays, load-balancer: nlb
      {type: nlb, controller: [1s, 5s], api: [500ms, 2s], join: [90s, 180s], leave: 2m, unhealthy-after: 30s}
budgets:
  - {name: web, namespace: shop, selector: {app: web}, min-available: 80%, unhealthy: AlwaysAllow}
load:
  - service: web
    namespace: shop
    rate: 2000
    share: 70%
    kept: 50%
    connections: 200
    requests-per-connection: 1000
    time-limit: 30s
    from: outside
    retries: {most: 2, budget: 20%, after: 100ms, connect-limit: 1s, idempotent: false}
    long: {share: 0.1%, time: 20s}
events:
  - at: 30s
    notice: spot
    zone: us-east-1a            # or nodes: [a-1, a-2], or share: 33%
    deadline: 120s
    effect: terminate
    cancelled-after: 60s
    down: 60s
agent:
  grace-may-yield: false
faults:
  api:
    latency: 10ms
    watch-lag: 50ms
    conflict: 10%
    throttled: 10%
    retry-after: 1s
    throttled-bare: 10%
    unavailable: 10%
    lost-answer: 5%
    watch-gap: 1%
    partial-view: 10%
    from: 30s
    until: 50s
  metadata:
    unavailable: 10%
    garbage: 10%
    half-answer: 10%
    unauthorized: 10%
    slow: 10%
    token-life: 6h
    date-skew: 5s
    latency: 1ms
    from: 20s
    until: 45s
  clock-skew: 5s
variants:
  - {name: as-it-is, description: nothing is changed}
  - name: longer-pre-stop
    description: a preStop hook of 20 s
    set:
      workloads: [{name: web, pre-stop: 20s}]
)";

}  // namespace

std::span<const KeyMeaning> key_meanings() { return kMeanings; }
std::string_view whole_scenario() { return kWhole; }

}  // namespace spotkeeper::sim
