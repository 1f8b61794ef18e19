#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "cli/options.h"
#include "sim/scenario.h"

// The function that puts a parsed value into its member.
#define SK_INTO(member)                                                                                       \
  [](Options& options, auto value) {                                                                          \
    options.member =                                                                                          \
        static_cast<std::remove_reference_t<decltype(options.member)>>(std::forward<decltype(value)>(value)); \
  }

namespace spotkeeper::cli {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> levels = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> log_formats = {"text", "json"};
constexpr std::array<std::string_view, 4> outputs = {"table", "json", "yaml", "csv"};
constexpr std::array<std::string_view, 3> shells = {"bash", "zsh", "fish"};
constexpr std::array<std::string_view, 2> on_rebalance = {"hold", "drain-after-replacement"};
constexpr std::array<std::string_view, 1> compats = {"nth"};
constexpr std::array<std::string_view, 2> pages = {"configuration", "scenarios"};
constexpr std::array<std::string_view, 1> sources = {"nth-values"};

constexpr std::array<std::string_view, 2> architectures = {"amd64", "arm64"};
constexpr std::array<std::string_view, 3> preferences = {"cost", "first", "ignore"};

void store_seed(Options& options, std::int64_t seed) {
  options.simulate.seed = seed;
  options.plan.seed = seed;
}

std::vector<std::string_view> shipped_names() {
  std::vector<std::string_view> names;
  for (const sim::ShippedScenario& shipped : sim::shipped_scenarios()) names.push_back(shipped.name);
  return names;
}

constexpr CommandSet everywhere = {Command::Agent,   Command::Simulate, Command::Plan,       Command::Catalog,
                                   Command::Migrate, Command::Version,  Command::Completion, Command::Docs};
constexpr CommandSet printers = {Command::Simulate, Command::Plan, Command::Catalog, Command::Migrate,
                                 Command::Version};

constexpr Option table[] = {
    // Arguments.
    {.name = "scenario",
     .type = TextType{"SCENARIO", SK_INTO(simulate.scenario), shipped_names},
     .commands = {Command::Simulate},
     .group = "Arguments",
     .help = "a shipped scenario's name or a scenario file",
     .placement = Placement::Positional},
    {.name = "shell",
     .type = ChoiceType{shells, SK_INTO(shell)},
     .commands = {Command::Completion},
     .group = "Arguments",
     .help = "the shell to write a completion script for",
     .placement = Placement::Positional,
     .required = true},
    {.name = "page",
     .type = ChoiceType{pages, SK_INTO(page)},
     .commands = {Command::Docs},
     .group = "Arguments",
     .help = "the page to print",
     .placement = Placement::Positional,
     .required = true},

    {.name = "source",
     .type = ChoiceType{sources, SK_INTO(migrate.source)},
     .commands = {Command::Migrate},
     .group = "Arguments",
     .help = "what the file is: the Helm values of AWS Node Termination Handler's chart",
     .placement = Placement::Positional,
     .required = true},
    {.name = "values-file",
     .type = PathType{SK_INTO(migrate.file)},
     .commands = {Command::Migrate},
     .group = "Arguments",
     .help = "the file to read; - is standard input",
     .placement = Placement::Positional,
     .required = true},

    // The node.
    {.name = "node-name",
     .type = TextType{"NAME", SK_INTO(agent.node_name)},
     .commands = {Command::Agent},
     .group = "Node",
     .help = "the Node object of this machine; in a pod, set it from spec.nodeName",
     .other_environment = "NODE_NAME",
     .required = true},
    {.name = "dry-run",
     .type = FlagType{SK_INTO(agent.dry_run)},
     .fallback = "false",
     .commands = {Command::Agent},
     .group = "Node",
     .help = "decide and log, but send every change to the API server as a dry run"},

    {.name = "compat",
     .type = ChoiceType{compats, [](Options& options, std::size_t /*index*/) { options.agent.compat = true; }},
     .commands = {Command::Agent},
     .group = "Node",
     .help = "be AWS Node Termination Handler instead: all other flags, and the variables, are its own (docs/nth.md); "
             "in the environment, `agent` may be left out; not in a file"},

    // The metadata service.
    {.name = "metadata-url",
     .type = UrlType{SK_INTO(agent.metadata_url)},
     .fallback = "http://169.254.169.254",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "where the instance metadata service answers"},
    {.name = "imds-v1",
     .type = FlagType{SK_INTO(agent.imds_v1)},
     .fallback = "false",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "ask without a token where the service has no tokens (IMDSv1)"},
    {.name = "poll-interval",
     .type = DurationType{100ms, 1min, SK_INTO(agent.poll_interval)},
     .fallback = "1s",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "how often the metadata service is asked; a notice is seen this much late at most"},
    {.name = "metadata-timeout",
     .type = DurationType{100ms, 1min, SK_INTO(agent.metadata_timeout)},
     .fallback = "1s",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "how long one answer of the metadata service may take"},
    {.name = "spot-notice",
     .type = DurationType{1s, 1h, SK_INTO(agent.spot_notice)},
     .fallback = "2m",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "time from a spot notice to the end of the machine, if the notice does not say less"},
    {.name = "lifecycle-notice",
     .type = DurationType{1s, 48h, SK_INTO(agent.lifecycle_notice)},
     .fallback = "5m",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "time from an Auto Scaling termination to the end of the machine: the lifecycle hook's timeout"},
    {.name = "rebalance",
     .type = ChoiceType{on_rebalance, SK_INTO(agent.on_rebalance)},
     .fallback = "hold",
     .commands = {Command::Agent},
     .group = "Drains",
     .help =
         "what a rebalance recommendation does: the node takes no more pods for --rebalance-hold; or its pods leave "
         "it, each when its budget allows and another Ready node has room for its successor"},
    {.name = "rebalance-hold",
     .type = DurationType{10s, 24h, SK_INTO(agent.rebalance_hold)},
     .fallback = "10m",
     .commands = {Command::Agent},
     .group = "Metadata service",
     .help = "after this time a rebalance recommendation that nothing has followed is undone"},

    // Drains.
    {.name = "await-controller",
     .type = DurationType{0s, 1min, SK_INTO(agent.await_controller)},
     .fallback = "0s",
     .commands = {Command::Agent},
     .group = "Drains",
     .help = "how long a controller may take to acknowledge a notice before this agent drains; 0s: there is none"},
    {.name = "drain-margin",
     .type = DurationType{0s, 1min, SK_INTO(drain.margin)},
     .fallback = "2s",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "time kept free between the last second of a pod and the end of the machine"},
    {.name = "endpoint-delay",
     .type = DurationType{0s, 5min, SK_INTO(drain.endpoint_delay)},
     .fallback = "3s",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "time until every proxy has heard that a pod is going"},
    {.name = "longest-request",
     .type = DurationType{0s, 1h, SK_INTO(drain.longest_request)},
     .fallback = "10s",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "how long a pod's longest request takes, where its annotation does not say"},
    {.name = "grace-may-yield",
     .type = FlagType{SK_INTO(drain.grace_may_yield)},
     .fallback = "false",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "let pods wait for their turn until only what their requests need is left of their grace: fewer replicas "
             "out at once, less than the whole grace for some"},
    {.name = "wait-for-room",
     .type = FlagType{SK_INTO(drain.wait_for_room)},
     .fallback = "true",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "hold a pod back, until its last safe start, while no node would take its successor; false beside an "
             "autoscaler that buys only for pods that are pending"},
    {.name = "exclude-from-load-balancers",
     .type = FlagType{SK_INTO(drain.exclude_from_load_balancers)},
     .fallback = "true",
     .commands = {Command::Agent},
     .group = "Drain",
     .help = "label a dying node so that load balancers stop sending to it"},

    // The Kubernetes API.
    {.name = "kubeconfig",
     .type = PathType{SK_INTO(kubernetes.kubeconfig)},
     .commands = {Command::Agent, Command::Simulate, Command::Plan},
     .group = "Kubernetes API",
     .help = "kubeconfig file; without one, the files of $KUBECONFIG (separated by colons), else ~/.kube/config, else "
             "the pod's service account"},
    {.name = "context",
     .type = TextType{"NAME", SK_INTO(kubernetes.context)},
     .commands = {Command::Agent, Command::Simulate, Command::Plan},
     .group = "Kubernetes API",
     .help = "context of the kubeconfig; without one, its current context"},

    // Observation.
    {.name = "listen",
     .type = AddressType{SK_INTO(agent.listen)},
     .fallback = ":9464",
     .commands = {Command::Agent},
     .group = "Observation",
     .help = "where /metrics and /healthz are served"},

    // Notifications.
    {.name = "notify-slack-url-file",
     .type = PathType{SK_INTO(notify.slack_url_file)},
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "file with the URL of a Slack incoming webhook that is told of interruptions"},
    {.name = "notify-webhook-url-file",
     .type = PathType{SK_INTO(notify.webhook_url_file)},
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "file with the URL of a webhook that is told of interruptions in JSON"},
    {.name = "notify-webhook-template-file",
     .type = PathType{SK_INTO(notify.webhook_template_file)},
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "file with a template for what that webhook is sent instead (docs/nth.md has the language)"},
    {.name = "notify-pagerduty-key-file",
     .type = PathType{SK_INTO(notify.pagerduty_key_file)},
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "file with the integration key of a PagerDuty service (Events API v2)"},
    {.name = "notify-pagerduty-url",
     .type = UrlType{SK_INTO(notify.pagerduty_url)},
     .fallback = "https://events.pagerduty.com/v2/enqueue",
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "where that API answers; for accounts in the EU https://events.eu.pagerduty.com/v2/enqueue"},
    {.name = "notify-ca-file",
     .type = PathType{SK_INTO(notify.ca_file)},
     .commands = {Command::Agent},
     .group = "Notifications",
     .help = "PEM file of the authorities that these https URLs are checked against, instead of the system's"},

    // The simulation.
    {.name = "seed",
     .type = IntegerType{0, std::numeric_limits<std::int64_t>::max(), store_seed},
     .commands = {Command::Simulate, Command::Plan},
     .group = "Randomness",
     .help = "seed of every random draw; the same seed gives the same result, byte for byte (default: the scenario's; "
             "1 for a plan)"},
    {.name = "policy",
     .type = ChoiceType{sim::policy_names, SK_INTO(simulate.policy)},
     .fallback = "spotkeeper",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "who handles the notices: nobody, a script that deletes every pod at once, AWS's handler (a process on "
             "every node, or one controller), or spotkeeper"},
    {.name = "compare",
     .type = ListType{sim::policy_names, "none,cordon-and-drain,spotkeeper",
                      [](Options& options, const std::vector<std::size_t>& chosen) {
                        options.simulate.compare.clear();
                        for (const std::size_t policy : chosen)
                          options.simulate.compare.push_back(static_cast<sim::Policy>(policy));
                      }},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "run the scenario under each of these policies, on the same random numbers, and print the reports side by "
             "side"},
    {.name = "fail-on-loss",
     .type = FlagType{SK_INTO(simulate.fail_on_loss)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "end with exit code 1 when the policy named by --policy lost a request"},
    {.name = "trace",
     .type = PathType{SK_INTO(simulate.trace)},
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help =
         "folder with recorded Spot capacity, one JSON file a zone, that drives the pools of the scenario's groups"},
    {.name = "from",
     .type = PathsType{SK_INTO(simulate.from)},
     .commands = {Command::Simulate},
     .group = "Your cluster",
     .help = "build the world from these manifests instead (files, folders, - for standard input), let a storm take a "
             "zone, and say what would be lost and which changes help most"},
    {.name = "from-cluster",
     .type = FlagType{SK_INTO(simulate.from_cluster)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Your cluster",
     .help = "the same from what the Kubernetes API shows; only reads"},
    {.name = "rate",
     .type = NumberType{0.1, 100'000, SK_INTO(simulate.rate)},
     .fallback = "100",
     .commands = {Command::Simulate},
     .group = "Your cluster",
     .help = "requests a second to each service, which no manifest says"},
    {.name = "share",
     .type = NumberType{0.01, 1, SK_INTO(simulate.share)},
     .fallback = "0.6",
     .commands = {Command::Simulate},
     .group = "Your cluster",
     .help = "how much of what a service's replicas can serve together that is"},
    {.name = "html",
     .type = PathType{SK_INTO(simulate.html)},
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "write the report, with charts, as one HTML page to this file"},
    {.name = "explain-lost",
     .type = FlagType{SK_INTO(simulate.explain_lost)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "say of every lost request who sent it where, who was wrong about what since when, and what was missing"},
    {.name = "explain-deaths",
     .type = FlagType{SK_INTO(simulate.explain_deaths)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "say of every pod that ended when its end was asked for, when nobody sent to it any more, its SIGTERM, "
             "its end"},
    {.name = "serve",
     .type = FlagType{SK_INTO(simulate.serve)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "serve the world on loopback: a Kubernetes API over TLS and one metadata service a node"},
    {.name = "agents",
     .type = FlagType{SK_INTO(simulate.agents)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "start this program as the agent of every node of a served world"},
    {.name = "speed",
     .type = NumberType{0.1, 100, SK_INTO(simulate.speed)},
     .fallback = "1",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "how many times faster than real time a served world runs"},
    {.name = "keep",
     .type = FlagType{SK_INTO(simulate.keep)},
     .fallback = "false",
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "leave a served world up after its report, until interrupted"},
    {.name = "directory",
     .type = PathType{SK_INTO(simulate.directory)},
     .commands = {Command::Simulate},
     .group = "Simulation",
     .help = "where a served world writes its kubeconfig (default: a new temporary directory)"},
    {.name = "catalog",
     .type = PathType{SK_INTO(catalog.file)},
     .commands = {Command::Simulate, Command::Plan, Command::Catalog},
     .group = "Data",
     .help = "instance catalogue to use instead of the one in the binary; docs/catalog.md has the format"},

    // The plan.
    {.name = "file",
     .type = PathsType{SK_INTO(plan.files)},
     .commands = {Command::Plan},
     .group = "Input",
     .help = "manifests: files, folders, - for standard input; YAML or JSON, many documents, lists",
     .short_name = 'f'},
    {.name = "prices",
     .type = PathType{SK_INTO(plan.prices)},
     .commands = {Command::Plan},
     .group = "Input",
     .help = "CSV with prices that count instead of the catalogue's: instance_type,zone,capacity_type,usd_per_hour"},
    {.name = "zones",
     .type = TextType{"ZONE,…", SK_INTO(plan.zones)},
     .commands = {Command::Plan},
     .group = "Input",
     .help = "where machines can be bought (default: the zones that NodePools, Nodes, volumes and prices name)"},
    {.name = "unavailable",
     .type = TextType{"POOL,…", SK_INTO(plan.unavailable)},
     .commands = {Command::Plan},
     .group = "Input",
     .help = "machines that can't be had: TYPE, TYPE:ZONE or TYPE:ZONE:CAPACITY-TYPE, * for every one, m5.* for a "
             "family"},
    {.name = "explain",
     .type = TextsType{"POD…", SK_INTO(plan.explain)},
     .commands = {Command::Plan},
     .group = "Questions",
     .help = "why a pod (NAMESPACE/NAME) is where it is, and what every other node and machine says to it"},
    {.name = "what-if",
     .type = TextsType{"CHANGE…", SK_INTO(plan.what_if)},
     .commands = {Command::Plan},
     .group = "Questions",
     .help =
         "a second plan beside the first, with all of these: zone-gone=ZONE, zone-added=ZONE, "
         "prices=[MACHINES=]×FACTOR, withdraw=MACHINES, families=FAMILY,… (* for every one), nodepool=FILE; MACHINES "
         "as for --unavailable, or a capacity type"},
    {.name = "default-arch",
     .type = ChoiceType{architectures, SK_INTO(plan.default_arch)},
     .fallback = "amd64",
     .commands = {Command::Plan},
     .group = "Placement",
     .help = "where a pod goes that names no architecture; an image is not assumed to run on another"},
    {.name = "preferences",
     .type = ChoiceType{preferences, SK_INTO(plan.preferences)},
     .fallback = "cost",
     .commands = {Command::Plan},
     .group = "Placement",
     .help =
         "what preferred terms are (node affinity, affinity between pods, ScheduleAnyway, PreferNoSchedule): a cost "
         "beside that of machines, rules that come first and are given up where they can't be kept, or nothing"},
    {.name = "preference-price",
     .type = NumberType{0, 1, SK_INTO(plan.weight_price)},
     .fallback = "0.00001",
     .commands = {Command::Plan},
     .group = "Placement",
     .help =
         "with --preferences=cost: what a point of weight (1 to 100 a term) that a pod goes without costs an hour, in "
         "US dollars"},
    {.name = "time-budget",
     .type = DurationType{0s, 1h, SK_INTO(plan.time_budget)},
     .fallback = "2s",
     .commands = {Command::Plan},
     .group = "Effort",
     .help =
         "how long the plan may be made better once there is one; the steps that fit into it are measured and said"},
    {.name = "steps",
     .type = IntegerType{0, 1'000'000'000, SK_INTO(plan.steps)},
     .commands = {Command::Plan},
     .group = "Effort",
     .help = "make exactly so many attempts instead: with the same seed, the same plan"},
    {.name = "risk-pool-share",
     .type = NumberType{0.01, 1, SK_INTO(plan.pool_share)},
     .fallback = "0.5",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "at most this share of a workload's pods, but one at least, in one Spot pool (a type in a zone)"},
    {.name = "risk-budgets",
     .type = FlagType{SK_INTO(plan.budgets_cap)},
     .fallback = "true",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "a workload with a PodDisruptionBudget has at most as many pods in one Spot pool as that lets be gone"},
    {.name = "risk-node-share",
     .type = NumberType{0.001, 1, SK_INTO(plan.node_share)},
     .fallback = "0.5",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "at most this share of a workload's pods, but one at least, on one new node"},
    {.name = "risk-steady-on-demand",
     .type = FlagType{SK_INTO(plan.steady_on_demand)},
     .fallback = "true",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "pods whose grace or preStop is longer than --risk-notice, and StatefulSets with volumes, go to on-demand "
             "where they can"},
    {.name = "risk-costs",
     .type = FlagType{SK_INTO(plan.risk_costs)},
     .fallback = "true",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "what each of these limits costs is found out by a plan without it, with an eighth of the steps"},
    {.name = "risk-notice",
     .type = DurationType{1s, 1h, SK_INTO(plan.notice)},
     .fallback = "2m",
     .commands = {Command::Plan},
     .group = "Risk",
     .help = "how long a Spot machine lives after its notice"},

    // The clock of a served world.
    {.name = "clock-epoch",
     .type = InstantType{SK_INTO(clock.epoch)},
     .commands = {Command::Agent},
     .group = "Clock",
     .help = "in a served world: what its clock shows at the origin"},
    {.name = "clock-origin",
     .type = InstantType{SK_INTO(clock.origin)},
     .commands = {Command::Agent},
     .group = "Clock",
     .help = "in a served world: the instant of this machine's clock at which the world's shows its epoch"},
    {.name = "clock-rate",
     .type = NumberType{0.1, 100, SK_INTO(clock.rate)},
     .fallback = "1",
     .commands = {Command::Agent},
     .group = "Clock",
     .help = "how many times faster than the real clock the world's clock runs"},

    // Common.
    {.name = "output",
     .type = ChoiceType{outputs, SK_INTO(output)},
     .fallback = "table",
     .commands = printers,
     .group = "Common",
     .help = "how data is printed",
     .short_name = 'o'},
    {.name = "licences",
     .type = FlagType{SK_INTO(licences)},
     .fallback = "false",
     .commands = {Command::Version},
     .group = "Common",
     .help = "print the licences of everything that is linked into this binary",
     .placement = Placement::CommandLineOnly},
    {.name = "config",
     .type = PathType{SK_INTO(config_file)},
     .commands = everywhere,
     .group = "Common",
     .help = "YAML file with options, each under the name of its flag",
     .placement = Placement::CommandLineOnly,
     .other_environment = "SPOTKEEPER_CONFIG"},
    {.name = "log-level",
     .type = ChoiceType{levels, SK_INTO(log.level)},
     .fallback = "info",
     .commands = everywhere,
     .group = "Common",
     .help = "the least level that is logged, to standard error"},
    {.name = "log-format",
     .type = ChoiceType{log_formats, SK_INTO(log.format)},
     .fallback = "text",
     .commands = everywhere,
     .group = "Common",
     .help = "one line of text or one JSON object for each event"},
};

}  // namespace

std::span<const Option> option_table() { return table; }

const Option* find_option(std::string_view name) {
  for (const Option& option : table) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace spotkeeper::cli
