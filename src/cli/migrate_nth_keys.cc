#include "cli/migrate_nth_keys.h"

#include <array>

#include "cli/compat_nth.h"
#include "cli/migrate_nth.h"

namespace spotkeeper::cli {
namespace {

using enum ChartFate;
using namespace std::string_view_literals;

constexpr std::string_view kImage = "the image is this project's";
constexpr std::string_view kRights =
    "the account and its rights come with the manifest, and are exactly what the agent needs";
constexpr std::string_view kQueue = "it belongs to queue mode, which is off";
constexpr std::string_view kMonitor =
    "monitors are not written; scrape the pods by their annotations, or write one for the port http";
constexpr std::string_view kWindows = "there is no agent for Windows nodes: leave NTH's Windows DaemonSet in place";
constexpr std::string_view kSecurity = "the manifest's own is stricter: not root, nothing writable, no capability";

constexpr ChartValue table[] = {
    {"image.repository", NoEffect, kImage},
    {"image.tag", NoEffect, kImage},
    {"image.pullPolicy", NoEffect, kImage},
    {"image.pullSecrets", Taken, {}, true},
    {"nameOverride", NoEffect, "the objects have names of their own"},
    {"fullnameOverride", NoEffect, "the objects have names of their own"},
    {"serviceAccount.create", NoEffect, kRights},
    {"serviceAccount.name", NoEffect, kRights},
    {"serviceAccount.annotations", NoEffect, "the agent calls no AWS API, and needs no role", true},
    {"rbac.create", NoEffect, kRights},
    {"rbac.pspEnabled", NoEffect, "Kubernetes has no pod security policies any more"},
    {"customLabels", Taken, {}, true},
    {"podLabels", Taken, {}, true},
    {"linuxPodLabels", Taken, {}, true},
    {"windowsPodLabels", NoEffect, kWindows, true},
    {"podAnnotations", Taken, {}, true},
    {"linuxPodAnnotations", Taken, {}, true},
    {"windowsPodAnnotations", NoEffect, kWindows, true},
    {"podSecurityContext", NoEffect, kSecurity, true},
    {"securityContext", NoEffect, kSecurity, true},
    {"terminationGracePeriodSeconds", Taken},
    {"resources", Taken, {}, true},
    {"nodeSelector", Taken, {}, true},
    {"daemonsetNodeSelector", Taken, {}, true},
    {"linuxNodeSelector", Taken, {}, true},
    {"windowsNodeSelector", NoEffect, kWindows, true},
    {"affinity", Taken, {}, true},
    {"daemonsetAffinity", Taken, {}, true},
    {"linuxAffinity", Taken, {}, true},
    {"windowsAffinity", NoEffect, kWindows, true},
    {"tolerations", Taken, {}, true},
    {"daemonsetTolerations", Taken, {}, true},
    {"linuxTolerations", Taken, {}, true},
    {"windowsTolerations", NoEffect, kWindows, true},
    {"topologySpreadConstraints", NoEffect, kQueue, true},
    {"extraEnv", Taken, {}, true},
    {"probes", NoEffect, "the manifest has probes of its own, on the port http", true},
    {"webhookURLSecretName", Taken},
    {"webhookTemplateConfigMapName", Taken},
    {"webhookTemplateConfigMapKey", Taken},
    {"replicas", NoEffect, kQueue},
    {"strategy", NoEffect, kQueue, true},
    {"podDisruptionBudget", NoEffect, kQueue, true},
    {"priorityClassName", NoEffect, kQueue},
    {"serviceMonitor.create", Unsupported, kMonitor},
    {"serviceMonitor.namespace", NoEffect, kMonitor},
    {"serviceMonitor.labels", NoEffect, kMonitor, true},
    {"serviceMonitor.interval", NoEffect, kMonitor},
    {"serviceMonitor.sampleLimit", NoEffect, kMonitor},
    {"podMonitor.create", Unsupported, kMonitor},
    {"podMonitor.namespace", NoEffect, kMonitor},
    {"podMonitor.labels", NoEffect, kMonitor, true},
    {"podMonitor.interval", NoEffect, kMonitor},
    {"podMonitor.sampleLimit", NoEffect, kMonitor},
    {"targetNodeOs", Taken},
    {"updateStrategy", Taken, {}, true},
    {"daemonsetPriorityClassName", Taken},
    {"useHostNetwork", Taken},
    {"dnsPolicy", Taken},
    {"linuxDnsPolicy", Taken},
    {"windowsDnsPolicy", NoEffect, kWindows},
    {"dnsConfig", Taken, {}, true},
    {"awsAccessKeyID", NoEffect, kQueue},
    {"awsSecretAccessKey", NoEffect, kQueue},
};

constexpr std::string_view differences[] = {
    "A drain plans by the machine's deadline: a pod is evicted as soon as its budget and its workload's other replicas "
    "allow, and is deleted past its budget at its last safe start. NTH evicts everything at once, tries again for two "
    "minutes, and leaves what a budget holds back to be killed."sv,
    "A pod's grace is cut to what is left of the notice, so that every pod gets its SIGTERM."sv,
    "All events of a node are one drain, whose deadline is the earliest. NTH drains once for each."sv,
    "nodeTerminationGracePeriod neither delays a drain nor ends it."sv,
    "A pod without an owner, a Job's, and one that tolerates every taint of the node stay until their last safe start. "
    "For a rebalance recommendation, which has no deadline, the first two go at once and the last stays."sv,
    "The drain of a scheduled event begins at once, but the pod that alone serves its workload stays until its last "
    "safe start before the event."sv,
    "The drain because of a rebalance recommendation has no end: what a budget holds back stays until it allows, or "
    "until a Spot notice."sv,
    "The label that excludes a node from load balancers, NTH's taints and its labels are taken back when an event is "
    "called off. A label that somebody else has set stays."sv,
    "The label that excludes a node from load balancers is set when enough healthy targets stay, or 30 seconds before "
    "the machine ends. NTH sets it at once."sv,
    "An Auto Scaling termination is one event, not a new one every two seconds."sv,
    "Errors of the metadata service never end the process, however often they come. The first of a row is told as "
    "MonitorError, all are counted."sv,
    "The liveness probe fails when the process stands still; NTH's never does."sv,
    "A webhook is tried again, six times within a minute or so, is never in the way of the drain, and is sent once for "
    "an interruption."sv,
    "A webhook's template that is not supported is refused at the start, with its line and column."sv,
    "In a webhook, AutoScalingGroupName, State and IsManaged are empty, and EventID and Description are our own."sv,
    "Log lines have messages and fields of their own."sv,
    "Events are events.k8s.io/v1: NTH's name stands in reportingComponent, not in source.component. PodEviction is "
    "told of pods that have been evicted or deleted, without the pods' labels; what NTH has no word for has a reason "
    "of our own."sv,
    "Our own metrics stand beside NTH's on the same page. Both, and the probes of the manifest, are also at port 9464 "
    "(SPOTKEEPER_LISTEN)."sv,
};

}  // namespace

std::span<const ChartValue> chart_values() { return table; }

std::vector<std::string_view> chart_keys() {
  std::vector<std::string_view> keys;
  for (const ChartValue& value : table) keys.push_back(value.key);
  for (const NthOption& option : nth_options()) {
    if (!option.chart.empty()) keys.push_back(option.chart);
  }
  return keys;
}

std::span<const std::string_view> nth_differences() { return differences; }

}  // namespace spotkeeper::cli
