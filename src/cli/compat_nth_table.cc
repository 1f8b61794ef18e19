#include <algorithm>

#include "cli/compat_nth.h"

namespace spotkeeper::cli {
namespace {

using enum NthType;
using enum NthFate;

constexpr std::string_view kQueueMode = "it belongs to queue mode, which is off";
constexpr std::string_view kNoQueueMode = "queue mode is not supported: leave it to NTH's Deployment";
constexpr std::string_view kDefaultTemplate =
    R"({"text":"[NTH][Instance Interruption] EventID: {{ .EventID }} - Kind: {{ .Kind }} - Instance: {{ .InstanceID }} - )"
    R"(Node: {{ .NodeName }} - Description: {{ .Description }} - Start Time: {{ .StartTime }}"})";

constexpr NthOption table[] = {
    {"dry-run", "DRY_RUN", Flag, "false", Honoured, "every change is sent as a dry run", "dryRun"},
    {"node-name", "NODE_NAME", Text, "", Honoured, "the Node of this machine; required"},
    {"pod-name", "POD_NAME", Text, "", Honoured, "this process's own pod, which is never evicted"},
    {"pod-namespace", "NAMESPACE", Text, "", Honoured, "the namespace of that pod"},
    {"metadata-url", "INSTANCE_METADATA_URL", Text, "http://169.254.169.254", Honoured,
     "where the metadata service answers", "instanceMetadataURL", ""},
    {"ignore-daemon-sets", "IGNORE_DAEMON_SETS", Flag, "true", Refused,
     "with false, any DaemonSet pod makes NTH's drain fail; here they are never evicted", "ignoreDaemonSets"},
    {"delete-local-data", "DELETE_LOCAL_DATA", Flag, "true", Refused,
     "with false, any pod with an emptyDir makes NTH's drain fail and the machine takes it all the same",
     "deleteLocalData"},
    {"kubernetes-service-host", "KUBERNETES_SERVICE_HOST", Text, "", Honoured, "where the API server answers"},
    {"kubernetes-service-port", "KUBERNETES_SERVICE_PORT", Text, "", Honoured, "and at which port"},
    {"grace-period", "GRACE_PERIOD", Integer, "-1", Honoured, "the old name of pod-termination-grace-period"},
    {"pod-termination-grace-period", "POD_TERMINATION_GRACE_PERIOD", Integer, "-1", Honoured,
     "the grace of every pod, in seconds; negative: each pod's own. It is still cut to what is left of the notice",
     "podTerminationGracePeriod"},
    {"node-termination-grace-period", "NODE_TERMINATION_GRACE_PERIOD", Integer, "120", NoEffect,
     "a drain begins at once and ends with the machine: the notice's own deadline decides, not a time-out",
     "nodeTerminationGracePeriod"},
    {"kube-api-qps", "KUBE_API_QPS", Integer, "5", NoEffect,
     "the client finds its own rate, and deletes at a last safe start wait for none"},
    {"kube-api-burst", "KUBE_API_BURST", Integer, "10", NoEffect, "as for kube-api-qps"},
    {"webhook-url", "WEBHOOK_URL", Text, "", Honoured, "posted to when a drain has ended", "webhookURL", "", true},
    {"webhook-proxy", "WEBHOOK_PROXY", Text, "", Honoured, "the HTTP proxy of the webhook", "webhookProxy"},
    {"webhook-headers", "WEBHOOK_HEADERS", Text, R"({"Content-type":"application/json"})", Honoured,
     "the headers of the webhook, a JSON object of strings", "webhookHeaders", "", true},
    {"webhook-template", "WEBHOOK_TEMPLATE", Text, kDefaultTemplate, Honoured,
     "the body of the webhook; what a template may use is in the section on templates", "webhookTemplate"},
    {"webhook-template-file", "WEBHOOK_TEMPLATE_FILE", Text, "", Honoured,
     "the same from a file, read again for every message"},
    {"enable-scheduled-event-draining", "ENABLE_SCHEDULED_EVENT_DRAINING", Flag, "true", Honoured,
     "scheduled maintenance events", "enableScheduledEventDraining"},
    {"enable-spot-interruption-draining", "ENABLE_SPOT_INTERRUPTION_DRAINING", Flag, "true", Honoured, "Spot notices",
     "enableSpotInterruptionDraining"},
    {"enable-asg-lifecycle-draining", "ENABLE_ASG_LIFECYCLE_DRAINING", Flag, "false", Honoured,
     "the Auto Scaling target state Terminated", "enableASGLifecycleDraining", "true"},
    {"enable-sqs-termination-draining", "ENABLE_SQS_TERMINATION_DRAINING", Flag, "false", Refused, kNoQueueMode,
     "enableSqsTerminationDraining"},
    {"enable-rebalance-monitoring", "ENABLE_REBALANCE_MONITORING", Flag, "false", Honoured,
     "a rebalance recommendation cordons the node", "enableRebalanceMonitoring"},
    {"enable-rebalance-draining", "ENABLE_REBALANCE_DRAINING", Flag, "false", Honoured,
     "a rebalance recommendation drains the node", "enableRebalanceDraining"},
    {"check-asg-tag-before-draining", "CHECK_ASG_TAG_BEFORE_DRAINING", Flag, "true", NoEffect, kQueueMode,
     "checkASGTagBeforeDraining"},
    {"check-tag-before-draining", "CHECK_TAG_BEFORE_DRAINING", Flag, "true", NoEffect, kQueueMode,
     "checkTagBeforeDraining"},
    {"managed-asg-tag", "MANAGED_ASG_TAG", Text, "aws-node-termination-handler/managed", NoEffect, kQueueMode,
     "managedAsgTag"},
    {"managed-tag", "MANAGED_TAG", Text, "aws-node-termination-handler/managed", NoEffect, kQueueMode, "managedTag"},
    {"metadata-tries", "METADATA_TRIES", Integer, "3", NoEffect,
     "a question that gets no answer is asked again in the next round, a second later", "metadataTries"},
    {"cordon-only", "CORDON_ONLY", Flag, "false", Honoured, "nodes are cordoned and nothing is evicted", "cordonOnly"},
    {"taint-node", "TAINT_NODE", Flag, "false", Honoured,
     "nodes also get NTH's taint of the kind of event; without it none", "taintNode"},
    {"taint-effect", "TAINT_EFFECT", Text, "NoSchedule", Honoured,
     "NoSchedule, PreferNoSchedule or NoExecute; anything else, which NTH takes as NoSchedule, is refused"},
    {"enable-out-of-service-taint", "ENABLE_OUT_OF_SERVICE_TAINT", Flag, "false", Refused,
     "the taint deletes pods by force while they may still run: not supported", "enableOutOfServiceTaint"},
    {"exclude-from-load-balancers", "EXCLUDE_FROM_LOAD_BALANCERS", Flag, "false", Honoured,
     "the label that takes the node out of load balancers; it is removed again when an event is called off",
     "excludeFromLoadBalancers"},
    {"json-logging", "JSON_LOGGING", Flag, "false", Honoured, "log lines as JSON; their fields are our own",
     "jsonLogging"},
    {"log-level", "LOG_LEVEL", Text, "INFO", Honoured, "debug, info or error", "logLevel", "info"},
    {"log-format-version", "LOG_FORMAT_VERSION", Integer, "1", NoEffect, "log lines are our own", "logFormatVersion"},
    {"uptime-from-file", "UPTIME_FROM_FILE", Text, "", NoEffect,
     "that a machine has rebooted shows in its Node's boot id", "procUptimeFile", "/proc/uptime"},
    {"enable-prometheus-server", "ENABLE_PROMETHEUS_SERVER", Flag, "false", Honoured, "metrics are served",
     "enablePrometheusServer"},
    {"prometheus-server-port", "PROMETHEUS_SERVER_PORT", Integer, "9092", Honoured, "at this port, under /metrics",
     "prometheusServerPort"},
    {"enable-probes-server", "ENABLE_PROBES_SERVER", Flag, "false", Honoured, "a liveness probe is served",
     "enableProbesServer"},
    {"probes-server-port", "PROBES_SERVER_PORT", Integer, "8080", Honoured, "at this port", "probes.httpGet.port"},
    {"probes-server-endpoint", "PROBES_SERVER_ENDPOINT", Text, "/healthz", Honoured,
     "under this path; unlike NTH's it fails when the process stands still", "probes.httpGet.path"},
    {"emit-kubernetes-events", "EMIT_KUBERNETES_EVENTS", Flag, "false", Honoured,
     "events, with NTH's reasons where it has one; without it none at all", "emitKubernetesEvents"},
    {"kubernetes-events-extra-annotations", "KUBERNETES_EVENTS_EXTRA_ANNOTATIONS", Text, "", Honoured,
     "further annotations of the events about the Node, key=value,key=value", "kubernetesEventsExtraAnnotations"},
    {"aws-region", "AWS_REGION", Text, "", NoEffect, kQueueMode, "awsRegion"},
    {"aws-endpoint", "AWS_ENDPOINT", Text, "", NoEffect, kQueueMode, "awsEndpoint"},
    {"queue-url", "QUEUE_URL", Text, "", NoEffect, kQueueMode, "queueURL"},
    {"workers", "WORKERS", Integer, "10", NoEffect, "a node has one drain, whatever number of events names it",
     "workers"},
    {"use-provider-id", "USE_PROVIDER_ID", Flag, "false", NoEffect, "the Node is the one that node-name names",
     "useProviderId"},
    {"complete-lifecycle-action-delay-seconds", "COMPLETE_LIFECYCLE_ACTION_DELAY_SECONDS", Integer, "-1", NoEffect,
     kQueueMode, "completeLifecycleActionDelaySeconds"},
    {"delete-sqs-msg-if-node-not-found", "DELETE_SQS_MSG_IF_NODE_NOT_FOUND", Flag, "false", NoEffect, kQueueMode,
     "deleteSqsMsgIfNodeNotFound"},
    {"use-apiserver-cache", "USE_APISERVER_CACHE", Flag, "false", NoEffect,
     "pods are watched, and a drain finds them whatever is set"},
    {"heartbeat-interval", "HEARTBEAT_INTERVAL", Integer, "-1", Refused,
     "heartbeats are of queue mode alone (NTH refuses them in this mode, too)", "heartbeatInterval"},
    {"heartbeat-until", "HEARTBEAT_UNTIL", Integer, "-1", Refused,
     "heartbeats are of queue mode alone (NTH refuses them in this mode, too)", "heartbeatUntil"},
    {"sqs-msg-visibility-timeout-sec", "SQS_MSG_VISIBILITY_TIMEOUT_SEC", Integer, "20", NoEffect, kQueueMode,
     "sqsMsgVisibilityTimeoutSec"},
};

}  // namespace

std::span<const NthOption> nth_options() { return table; }

const NthOption* find_nth_option(std::string_view flag) {
  const auto* const found =
      std::find_if(std::begin(table), std::end(table), [&](const NthOption& option) { return option.flag == flag; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace spotkeeper::cli
