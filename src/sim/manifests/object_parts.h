// Reads the objects that decide about workloads without being any, and checks what the codec's errors would not place.
#pragma once

#include "base/result.h"
#include "format/json.h"
#include "sim/manifests/manifests.h"

namespace spotkeeper::sim {

/// Of spec, annotations and class what says which load balancer stands before the service (the annotations of the AWS
/// Load Balancer Controller). `name` and `selector` are the caller's.
Result<void> read_load_balancer(const format::JsonField& service, FoundService& into);
/// Without its name.
Result<FoundIngress> read_ingress(const format::JsonField& object);
/// Without its name. minReplicas 0 is a whole number, too: the world's autoscaler keeps one at least.
Result<FoundAutoscaler> read_autoscaler(const format::JsonField& object);
/// Without its name.
Result<FoundPriorityClass> read_priority_class(const format::JsonField& object);
Result<JobSettings> read_job_settings(const format::JsonField& object);

/// An error at the first amount in the pod's resources that is none: "/…/requests/cpu: '5OOm' is no amount".
Result<void> check_amounts(const format::JsonField& pod_spec);

}  // namespace spotkeeper::sim
