// What a person can set, as typed values, and the one table from which everything about them comes: parsing of flags,
// environment and configuration file, validation, --help, shell completion, and docs/configuration.md.
//
// To add an option: a member in one of the structs below and a row in option_table.cc. Nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "cli/compat_nth.h"
#include "model/catalog.h"
#include "net/address.h"
#include "plan/schedule/problem.h"
#include "sim/policy.h"

namespace spotkeeper::cli {

// ---------------------------------------------------------------------------------------------------------------------
// The values. A command reads the structs whose options belong to it (the table says which).

struct LogOptions {
  log::Level level = log::Level::Info;
  log::Format format = log::Format::Text;
};

enum class OutputFormat { Table, Json, Yaml, Csv };

/// How the Kubernetes API is reached. Both empty: the pod's service account, else ~/.kube/config.
struct KubernetesOptions {
  std::string kubeconfig;
  std::string context;
};

/// The clock that decisions read: now = epoch + rate × (the machine's clock − origin), see net::TimeScale. A served
/// world hands all three to the processes that live in it.
struct ClockOptions {
  std::optional<Instant> epoch;   // none: the origin
  std::optional<Instant> origin;  // none: 1970
  double rate = 1.0;
};

/// What a drain reckons with where a pod does not say it itself.
struct DrainOptions {
  Duration margin{};             // kept free between a pod's last second and the deadline
  Duration endpoint_delay{};     // until every proxy has heard that a pod is going
  Duration longest_request{};    // how long the longest request may still take
  bool grace_may_yield = false;  // see plan::DrainPolicy
  bool wait_for_room = true;     // the same
  bool exclude_from_load_balancers = true;
};

enum class OnRebalance {
  Hold,                   // the node takes no more pods, for a while
  DrainAfterReplacement,  // its pods leave it as others have room for them
};

struct AgentOptions {
  std::string node_name;
  std::string metadata_url;
  bool imds_v1 = false;  // go on without a token where the service knows none
  Duration poll_interval{};
  Duration metadata_timeout{};
  Duration spot_notice{};       // from a spot notice to the end of the machine, at most
  Duration lifecycle_notice{};  // from an Auto Scaling termination to the end of the machine, at most
  Duration await_controller{};  // how long a controller may take to acknowledge a notice; zero: there is none
  OnRebalance on_rebalance = OnRebalance::Hold;
  Duration rebalance_hold{};  // after which a rebalance recommendation that nothing followed is undone
  net::SocketAddress listen;  // /metrics and /healthz; port 0: the system chooses one
  bool dry_run = false;
  bool compat = false;  // --compat=nth; see nth_arguments()
};

/// Who is told of interruptions. Everything empty: nobody.
struct NotifyOptions {
  std::string slack_url_file;
  std::string webhook_url_file;
  std::string webhook_template_file;  // empty: our own JSON document
  std::string pagerduty_key_file;
  std::string pagerduty_url;
  std::string ca_file;  // empty: the system's authorities
};

struct SimulateOptions {
  std::string scenario;              // a shipped scenario's name or a file
  std::optional<std::int64_t> seed;  // none: the scenario's
  sim::Policy policy = sim::Policy::Spotkeeper;
  std::vector<sim::Policy> compare;  // run under each of these and print them side by side; empty: `policy` alone
  bool fail_on_loss = false;         // exit code 1 when `policy` lost a request
  std::string trace;                 // a folder with recorded Spot capacity; empty: the scenario's own market
  std::vector<std::string> from;     // manifests to build the world from: files, folders, "-"
  bool from_cluster = false;         // build it from what the Kubernetes API shows
  double rate = 100;                 // assumed of a world so built: requests a second to each service
  double share = 0.6;                // and how much of what its replicas can serve that is
  std::string html;                  // the file for the report as a page; empty: none
  bool explain_lost = false;
  bool explain_deaths = false;
  bool serve = false;     // behind real protocols instead of virtual time
  bool agents = false;    // of a served world: this binary runs as the agent of every node
  double speed = 1.0;     // of a served world, times real time
  bool keep = false;      // a served world stays up after its report
  std::string directory;  // where a served world writes its kubeconfig; empty: a temporary one
};

struct CatalogOptions {
  std::string file;  // empty: the one in the binary
};

/// What `spotkeeper plan` reads, and how careful its plan is.
struct PlanOptions {
  std::vector<std::string> files;    // files, folders, "-"
  std::vector<std::string> explain;  // pods, "namespace/name"
  std::vector<std::string> what_if;  // changes
  std::string prices;                // empty: the catalogue's
  std::string unavailable;           // pools, with commas between
  std::string zones;                 // the same
  Architecture default_arch = Architecture::Amd64;
  Duration notice{};
  plan::Preferences preferences = plan::Preferences::Cost;
  double weight_price = 0;  // in US dollars
  bool steady_on_demand = true;
  double pool_share = 0.5;
  double node_share = 0.5;
  bool budgets_cap = true;
  bool risk_costs = true;
  std::optional<std::int64_t> seed;   // none: 1
  std::optional<std::int64_t> steps;  // none: as many as fit into the time budget
  Duration time_budget{};
};

enum class MigrateSource { NthValues };

struct MigrateOptions {
  MigrateSource source = MigrateSource::NthValues;
  std::string file;
};

enum class Shell { Bash, Zsh, Fish };
enum class DocsPage { Configuration, Scenarios };

struct Options {
  /// The names of those that somebody said: with a flag, in the environment or in a file; the others have their
  /// defaults. Views into the table.
  std::set<std::string_view> given;
  /// Those of them that stand on the command line, which is about this run alone.
  std::set<std::string_view> flags;
  std::string config_file;
  LogOptions log;
  OutputFormat output = OutputFormat::Table;
  KubernetesOptions kubernetes;
  ClockOptions clock;
  DrainOptions drain;
  AgentOptions agent;
  NotifyOptions notify;
  SimulateOptions simulate;
  CatalogOptions catalog;
  PlanOptions plan;
  MigrateOptions migrate;
  Shell shell = Shell::Bash;
  DocsPage page = DocsPage::Configuration;
  bool licences = false;
  std::optional<NthConfiguration> nth;  // `agent --compat=nth`
};

// ---------------------------------------------------------------------------------------------------------------------
// The table.

enum class Command { Agent, Simulate, Plan, Catalog, Migrate, Version, Completion, Docs };
inline constexpr std::size_t command_count = 8;

class CommandSet {
 public:
  constexpr CommandSet(std::initializer_list<Command> commands) {
    for (const Command command : commands) bits_ |= 1U << static_cast<unsigned>(command);
  }
  [[nodiscard]] constexpr bool has(Command command) const {
    return (bits_ >> static_cast<unsigned>(command) & 1U) != 0;
  }

 private:
  unsigned bits_ = 0;
};

// What values an option takes, and where a valid one goes. Ranges include both ends.
struct FlagType {
  void (*store)(Options&, bool);
};
struct IntegerType {
  std::int64_t least, most;
  void (*store)(Options&, std::int64_t);
};
struct NumberType {
  double least, most;
  void (*store)(Options&, double);
};
struct DurationType {
  Duration least, most;
  void (*store)(Options&, Duration);
};
struct InstantType {  // RFC 3339
  void (*store)(Options&, Instant);
};
struct TextType {
  std::string_view placeholder;
  void (*store)(Options&, std::string);
  std::vector<std::string_view> (*names)() = nullptr;  // that mean something; other text may mean something, too
};
struct PathType {
  void (*store)(Options&, std::string);
};
struct PathsType {  // one or more; as one text, each on a line
  void (*store)(Options&, std::vector<std::string>);
};
struct TextsType {  // the same of what is no path
  std::string_view placeholder;
  void (*store)(Options&, std::vector<std::string>);
};
struct UrlType {  // http://… or https://…
  void (*store)(Options&, std::string);
};
struct AddressType {  // ADDRESS:PORT, [IPV6]:PORT or :PORT
  void (*store)(Options&, net::SocketAddress);
};
struct ChoiceType {
  std::span<const std::string_view> choices;
  void (*store)(Options&, std::size_t index);
};
struct ListType {  // some of the choices, with commas between; a flag without a value is `bare`, and "false" none
  std::span<const std::string_view> choices;
  std::string_view bare;
  void (*store)(Options&, const std::vector<std::size_t>& indices);
};

using OptionType = std::variant<FlagType, IntegerType, NumberType, DurationType, InstantType, TextType, PathType,
                                PathsType, TextsType, UrlType, AddressType, ChoiceType, ListType>;

enum class Placement {
  Anywhere,         // flag, environment, configuration file
  CommandLineOnly,  // a flag that makes no sense in a file: --licences, --config
  Positional,       // an argument without a name
};

struct Option {
  std::string_view name;  // "poll-interval": the flag is --poll-interval, the key in a file poll-interval
  OptionType type;
  std::string_view fallback = {};  // the default, in the syntax of a flag; empty: unset
  CommandSet commands = {};
  std::string_view group = {};  // heading in --help and in the reference
  std::string_view help = {};   // what it does, without a full stop
  Placement placement = Placement::Anywhere;
  std::string_view other_environment = {};  // a second variable that is read, for what others already set
  char short_name = 0;                      // -o
  bool required = false;
  bool secret = false;  // its value is never printed: not in errors, not in logs

  /// "SPOTKEEPER_POLL_INTERVAL"; empty where the placement is not Anywhere.
  [[nodiscard]] std::string environment() const;
  /// "DURATION", "ADDRESS:PORT", "table|json|yaml"; empty for a flag.
  [[nodiscard]] std::string placeholder() const;
  /// "100ms to 1m", "one of table, json, yaml"; empty where every value of the type will do.
  [[nodiscard]] std::string range() const;
  /// It may be given several times, and takes several values.
  [[nodiscard]] bool takes_many() const {
    return std::holds_alternative<PathsType>(type) || std::holds_alternative<TextsType>(type);
  }
  /// "a duration such as 1.5s", for errors and the reference.
  [[nodiscard]] std::string kind() const;
};

/// Every option, in the order in which help shows them.
[[nodiscard]] std::span<const Option> option_table();
/// The option of that name; nullptr if there is none.
[[nodiscard]] const Option* find_option(std::string_view name);

/// Reads `text` as the option's type, checks its range, and stores it. The error names the value (unless it is secret)
/// and what would be allowed, not the place: "5m is out of range: 100ms to 1m".
Result<void> store(const Option& option, std::string_view text, Options& into);

}  // namespace spotkeeper::cli
