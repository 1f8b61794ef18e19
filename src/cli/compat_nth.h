// AWS Node Termination Handler's configuration, as data: every flag and environment variable that it has, with what
// each becomes here. What `spotkeeper agent --compat=nth` reads, what `spotkeeper migrate nth-values` maps to, and what
// docs/nth.md lists.
//
// Nothing that is set is ignored in silence: it is honoured, or it has no effect here and a note says why, or the start
// is refused by its name. Source: its own configuration (version 1.25, IMDS mode) and chart (0.27).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/config.h"

namespace spotkeeper::cli {

enum class NthType { Flag, Integer, Text };
enum class NthFate {
  Honoured,
  NoEffect,  // accepted; `meaning` says why nothing follows from it
  Refused,   // any value but its default ends the start
};

struct NthOption {
  std::string_view flag;         // "dry-run", as -dry-run or --dry-run
  std::string_view environment;  // "DRY_RUN"
  NthType type = NthType::Text;
  std::string_view fallback = {};  // NTH's default
  NthFate fate = NthFate::Honoured;
  std::string_view meaning = {};         // what it does here, or why it does nothing, or why it is refused
  std::string_view chart = {};           // the chart's value; empty: none
  std::string_view chart_fallback = {};  // where the chart's default is another one
  bool secret = false;                   // its value is never shown
};

/// Every one of them, in NTH's order.
[[nodiscard]] std::span<const NthOption> nth_options();
[[nodiscard]] const NthOption* find_nth_option(std::string_view flag);

enum class TaintEffect { NoSchedule, PreferNoSchedule, NoExecute };

struct NthSettings {
  bool dry_run = false;
  std::string node_name;
  std::string pod_name;
  std::string pod_namespace;
  std::string metadata_url;
  std::string kubernetes_service_host;  // empty: the pod's own
  std::string kubernetes_service_port;
  std::optional<std::int64_t> pod_grace_seconds;  // of every pod; none: its own

  std::string webhook_url;
  std::string webhook_proxy;
  std::map<std::string, std::string> webhook_headers;
  std::string webhook_template;
  std::string webhook_template_file;  // instead of the template, if it is not empty

  bool spot = true;
  bool scheduled_events = true;
  bool asg_lifecycle = false;
  bool rebalance_monitoring = false;  // cordon; also on when `rebalance_draining` is
  bool rebalance_draining = false;

  bool cordon_only = false;
  bool taint_node = false;
  TaintEffect taint_effect = TaintEffect::NoSchedule;
  bool exclude_from_load_balancers = false;

  bool json_logging = false;
  std::string log_level = "info";                // "debug", "info", "error"
  std::optional<std::uint16_t> prometheus_port;  // none: no metrics are served
  std::optional<std::uint16_t> probes_port;
  std::string probes_path;
  bool emit_events = false;
  std::map<std::string, std::string> event_annotations;
};

struct NthConfiguration {
  NthSettings settings;
  std::vector<std::string> notes;  // what was set and has no effect, one sentence each
};

/// `arguments` without the program's name and without `--compat`. As in NTH, a flag wins over its variable, an empty
/// variable is unset, flags have one or two dashes, and booleans are 1, t, T, TRUE, true, True and their opposites.
/// InvalidInput lists every mistake, one a line: unknown flags with the nearest one, values that can't be read, what is
/// not supported. Never shows a secret.
Result<NthConfiguration> parse_nth(std::span<const std::string> arguments, const kube::Environment& environment);

/// strconv.ParseBool.
Result<bool> parse_go_bool(std::string_view text);

}  // namespace spotkeeper::cli
