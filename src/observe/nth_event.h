// An interruption as AWS Node Termination Handler's webhook templates see it: the fields, their names and their types.
// Source: its documentation of the webhook template and the two structs that it merges (docs/nth.md has the list).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "observe/template/value.h"

namespace spotkeeper::observe {

/// What the metadata service tells of the machine. Empty where it has told nothing.
struct NthMachine {
  std::string account_id;
  std::string instance_id;
  std::string life_cycle;  // "spot", "on-demand"
  std::string instance_type;
  std::string public_hostname;
  std::string public_ip;
  std::string local_hostname;
  std::string local_ip;
  std::string availability_zone;
  std::string region;
};

struct NthEvent {
  NthMachine machine;
  std::string event_id;  // "spot-itn-…"
  std::string kind;      // "SPOT_ITN", "SCHEDULED_EVENT", "REBALANCE_RECOMMENDATION", "ASG_LIFECYCLE"
  std::string monitor;   // "SPOT_ITN_MONITOR"…
  std::string description;
  std::string state;
  std::string auto_scaling_group;
  std::string node_name;
  std::map<std::string, std::string> node_labels;
  std::vector<std::string> pods;
  std::string provider_id;
  bool managed = false;
  std::optional<Instant> start;  // nothing: Go's zero time
  std::optional<Instant> end;
  bool node_processed = false;
  bool in_progress = false;
};

/// The value that a template is rendered with.
[[nodiscard]] TemplateValue template_value(const NthEvent& event);

/// The template that is used where none is given.
[[nodiscard]] std::string_view default_nth_template();

}  // namespace spotkeeper::observe
