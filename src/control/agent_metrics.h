// What an agent counts and measures (docs/metrics.md).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "cloud/aws/imds.h"
#include "control/executor.h"

namespace spotkeeper {
class MetricsRegistry;
}

namespace spotkeeper::control {

class AgentMetrics final : public DrainObserver {
 public:
  explicit AgentMetrics(MetricsRegistry& registry);
  ~AgentMetrics() override;

  void on_eviction(kube::EvictOutcome outcome) override;
  void on_delete(std::string_view outcome) override;
  void on_override(const plan::DeleteNow& action) override;
  void on_metadata_answer(std::string_view place, aws::AnswerKind kind);

  /// A notice was first seen.
  void on_notice(InterruptionKind kind);
  /// A Node was marked so much later than the notice reached us.
  void on_marked(InterruptionKind kind, Duration since_notice);
  void on_undone();
  void on_node_patch(std::string_view outcome);
  /// The drain was planned.
  void on_plan();
  /// The last pod that can be moved was told to end.
  void on_last_sigterm(Duration since_notice);
  /// The last of them was gone, that long before the deadline.
  void on_drained(Duration left);
  /// A pod can't have its whole grace period.
  void on_short_of_grace();
  /// A pod will be cut off by the end of its machine, as far as one can tell.
  void on_killed_hard();
  /// A pod says something that can't be read.
  void on_not_understood();
  /// What is to be moved and has not gone; 0 where nothing is drained.
  void set_pods_left(std::size_t pods);
  /// Until the machine ends; nothing: it is not told to.
  void set_deadline(std::optional<Instant> deadline);
  /// Which machine this is.
  void set_instance(const aws::InstanceIdentity& machine);

 private:
  struct Instruments;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace spotkeeper::control
