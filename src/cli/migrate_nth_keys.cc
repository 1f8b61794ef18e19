#include "cli/migrate_nth_keys.h"

#include <array>

#include "cli/compat_nth.h"
#include "cli/migrate_nth.h"

namespace spotkeeper::cli {
namespace {

using enum ChartFate;

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

constexpr std::array<std::string_view, 10> differences = {
    "A drain plans by the machine's deadline: evictions begin at once, and a pod is deleted past its budget at its "
    "last "
    "safe start. NTH evicts everything at once, tries again for two minutes, and leaves what a budget holds back to be "
    "killed.",
    "A pod's grace is cut to what is left of the notice, so that every pod gets its SIGTERM.",
    "All events of a node are one drain. NTH drains once for each.",
    "nodeTerminationGracePeriod neither delays a drain nor ends it.",
    "The label that excludes a node from load balancers, and NTH's taints, are taken back when an event is called off.",
    "An Auto Scaling termination is one event, not a new one every two seconds.",
    "Errors of the metadata service never end the process, however often they come; the liveness probe fails when the "
    "process stands still.",
    "A webhook is tried again, six times within a minute or so, is never in the way of the drain, and is sent once for "
    "an interruption.",
    "A webhook's template that is not supported is refused at the start, with its line and column.",
    "Log lines have messages and fields of their own.",
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
