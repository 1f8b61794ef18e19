// Readers of what scenario files say about volumes, load balancers, Jobs, autoscaling and affinity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "sim/objects.h"
#include "sim/world.h"

namespace spotkeeper::sim {

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
/// "load-balancer" of a service: its type, or a map with its type and its delays. None where it is absent.
Result<std::optional<LoadBalancerSettings>> load_balancer_in(const format::JsonField& field);

}  // namespace spotkeeper::sim
