// Readers of the parts of scenario files. Each takes one kind of map, refuses keys that it does not know, and says what
// stands where it stands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "sim/objects.h"
#include "sim/scenario.h"
#include "sim/world.h"

namespace spotkeeper::sim {

/// "cluster": its nodes, when it begins, its delays.
Result<void> read_cluster(const format::JsonField& cluster, const Catalog& catalog, Scenario& into);
/// "market" and "groups" of the file, with the machines that the groups begin with, beside the nodes of the cluster,
/// which nothing replaces. An error where there is no machine at all, or two have a name.
Result<void> read_groups(const format::JsonField& root, const Catalog& catalog, Scenario& into);
/// One of "workloads".
Result<ScenarioWorkload> read_workload(const format::JsonField& workload);
/// "cluster.volumes".
Result<VolumeDelays> volume_delays_in(const format::JsonField& field);
/// "volumes" of a workload: names of claims, as PodTemplate::claims has them. Each pod of a StatefulSet has its own.
Result<std::vector<std::string>> claims_in(const format::JsonField& field, Kind kind, std::int32_t replicas);
/// "affinity" of a workload whose pods have those labels.
Result<Affinity> affinity_in(const format::JsonField& field, const Labels& labels);
/// "spread" of a workload whose pods have those labels.
Result<std::vector<TopologySpread>> spread_in(const format::JsonField& field, const Labels& labels);
/// What only a Job has, from the workload's own map; an error where it is none and says so all the same.
struct JobPart {
  JobSettings settings;
  Duration begins{};
  std::optional<Duration> works_for;
};
Result<JobPart> job_in(const format::JsonField& workload, Kind kind);
/// "autoscale" of a Deployment. None where it is absent.
Result<std::optional<AutoscaleSettings>> autoscale_in(const format::JsonField& field, Kind kind);
/// One of "load", whose service has been read; with rate and share the workloads behind it get another service time.
Result<void> read_load(const format::JsonField& load, Scenario& into);
/// "load-balancer" of a service: its type, or a map with its type and its delays. None where it is absent.
Result<std::optional<LoadBalancerSettings>> load_balancer_in(const format::JsonField& field);

}  // namespace spotkeeper::sim
