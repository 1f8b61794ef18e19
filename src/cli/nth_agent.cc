#include "cli/nth_agent.h"

#include <algorithm>
#include <utility>

#include "cli/settle.h"

namespace spotkeeper::cli {
namespace {

// NTH leaves a node cordoned whatever follows.
constexpr Duration kForEver = std::chrono::hours(24 * 3650);

void give(std::vector<Given>& given, std::string_view name, std::string text) {
  given.push_back({find_option(name), std::move(text)});
}

std::string text_of(bool value) { return value ? "true" : "false"; }

}  // namespace

std::optional<std::vector<std::string>> nth_arguments(std::span<const std::string> arguments,
                                                      const kube::Environment& environment) {
  const auto variable = environment.find("SPOTKEEPER_COMPAT");
  bool compat = variable != environment.end() && variable->second == "nth";
  const bool named = !arguments.empty() && arguments.front() == "agent";
  if (!named && !(compat && (arguments.empty() || arguments.front().starts_with('-')))) return std::nullopt;
  std::vector<std::string> rest;
  for (std::size_t i = named ? 1 : 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") return std::nullopt;
    if (!named && arguments[i] == "--version") return std::nullopt;
    if (arguments[i] == "--compat=nth") {
      compat = true;
    } else if (arguments[i] == "--compat" && i + 1 < arguments.size() && arguments[i + 1] == "nth") {
      compat = true;
      ++i;
    } else {
      rest.push_back(arguments[i]);
    }
  }
  return compat ? std::optional(std::move(rest)) : std::nullopt;
}

Result<Options> settle_nth(std::span<const std::string> arguments, const kube::Environment& environment) {
  SK_TRY(NthConfiguration nth, parse_nth(arguments, environment));
  const NthSettings& from = nth.settings;
  std::vector<Given> given;
  give(given, "node-name", from.node_name);
  give(given, "metadata-url", from.metadata_url);
  give(given, "imds-v1", "true");
  give(given, "dry-run", text_of(from.dry_run));
  give(given, "exclude-from-load-balancers", text_of(from.exclude_from_load_balancers && !from.cordon_only));
  give(given, "log-level", from.log_level);
  give(given, "log-format", from.json_logging ? "json" : "text");
  SK_TRY(Options options, settle(Command::Agent, given, environment));
  options.nth = std::move(nth);
  return options;
}

void apply_nth(const NthSettings& settings, control::AgentConfig& config) {
  using aws::MetadataTopic;
  config.self.reset();
  if (!settings.pod_name.empty() && !settings.pod_namespace.empty())
    config.self = ObjectName{NamespaceName(settings.pod_namespace), settings.pod_name};
  if (!settings.spot) config.unheard.insert(MetadataTopic::Spot);
  if (!settings.scheduled_events) config.unheard.insert(MetadataTopic::Scheduled);
  if (!settings.asg_lifecycle) config.unheard.insert(MetadataTopic::Lifecycle);
  if (!settings.rebalance_monitoring) config.unheard.insert(MetadataTopic::Rebalance);
  config.rebalance_drains = settings.rebalance_draining;
  config.metadata.client.names = true;
  config.rebalance_hold = kForEver;
  config.maintenance_drains_at_once = true;
  config.cordon_only = settings.cordon_only;
  config.acknowledge_within = Duration(0);
  config.drain.obey_do_not_disrupt = false;
  config.drain.keep_what_is_not_made_anew = false;
  config.drain.wait_for_room = false;  // who runs it may have an autoscaler that buys room for pending pods alone
  if (settings.pod_grace_seconds)
    config.drain.pod_grace = GracePeriod(std::chrono::seconds(*settings.pod_grace_seconds));
  config.mark.exclude_every_drain = true;
  config.mark.maintenance_labels = {.id_key = "aws-node-termination-handler/event-id",
                                    .time_key = "aws-node-termination-handler/action-time",
                                    .action_key = "aws-node-termination-handler/action",
                                    .action = "UncordonAfterReboot"};
  config.mark.cordon_always = true;
  config.mark.exclude_value = "aws-node-termination-handler";
  config.mark.taint = settings.taint_node;
  config.mark.taint_effect = static_cast<spotkeeper::TaintEffect>(settings.taint_effect);
  config.mark.taint_keys = {{"imds/spot", "aws-node-termination-handler/spot-itn"},
                            {"imds/rebalance", "aws-node-termination-handler/rebalance-recommendation"},
                            {"imds/scheduled", "aws-node-termination-handler/scheduled-maintenance"},
                            {"imds/asg", "aws-node-termination-handler/asg-lifecycle-termination"}};
}

kube::Environment with_nth_server(kube::Environment environment, const NthSettings& settings) {
  if (!settings.kubernetes_service_host.empty())
    environment["KUBERNETES_SERVICE_HOST"] = settings.kubernetes_service_host;
  if (!settings.kubernetes_service_port.empty())
    environment["KUBERNETES_SERVICE_PORT"] = settings.kubernetes_service_port;
  return environment;
}

}  // namespace spotkeeper::cli
