// Makes signals that count out of what the metadata service shows.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cloud/aws/imds.h"
#include "control/agent_clock.h"
#include "control/agent_metrics.h"
#include "control/node_keeper.h"
#include "model/interruption.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::control {

struct NoticeRules {
  NodeName node;
  plan::NoticeLengths lengths;
  Duration rebalance_hold = 10min;
  std::set<aws::MetadataTopic> unheard = {};  // what these places say counts for nothing
  bool rebalance_drains = false;              // a rebalance recommendation retires the node
};

class Notices {
 public:
  /// All of it outlives this.
  Notices(const aws::ImdsMonitor& monitor, const AgentClock& clock, AgentMetrics& metrics, NoticeRules rules)
      : monitor_(monitor), clock_(clock), metrics_(metrics), rules_(std::move(rules)) {}

  /// What stands now. A new notice is counted and logged; its deadline is settled then, once.
  [[nodiscard]] Signals gather();

 private:
  struct Settled {
    std::optional<Instant> announced;  // from which it was worked out
    Interruption what;
  };
  [[nodiscard]] bool told(std::string_view source) const;
  const Interruption& settle(const aws::MetadataNotice& notice);
  [[nodiscard]] Interruption interruption_of(const aws::MetadataNotice& notice) const;
  void introduce();

  const aws::ImdsMonitor& monitor_;
  const AgentClock& clock_;
  AgentMetrics& metrics_;
  NoticeRules rules_;
  bool introduced_ = false;
  std::map<std::string, Settled> settled_;  // by notice id
};

/// "kill (imds/spot, spot-terminate-…); terminate at 2026-11-22T16:03:14Z": for logs and events.
[[nodiscard]] std::string describe(const Interruption& what);

}  // namespace spotkeeper::control
