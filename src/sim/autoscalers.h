// Horizontal pod autoscalers on the share of its requests at a time that a pod is busy with, in place of its CPU.
//
// The rules are kube-controller-manager's (pkg/controller/podautoscaler: replica_calculator.go, horizontal.go) with its
// defaults: a look every 15 s at what the metrics pipeline has gathered in the 15 s before; nothing within a tolerance
// of 10 %; pods that are not Ready count as idle when the answer would be more; up to twice as many, or four more, at a
// time; fewer only as the largest answer of the last five minutes says.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sim/state.h"

namespace spotkeeper::sim {

class Autoscalers {
 public:
  explicit Autoscalers(World::State& world) : world_(world) {}

  /// Looks for the first time one period from now.
  void add(WorkloadId workload, const AutoscaleSettings& settings);
  void handle(const Event& event);

 private:
  struct Answer {
    Instant at;
    std::int32_t replicas = 0;
  };
  struct Scaler {
    WorkloadId workload = kNone;
    AutoscaleSettings settings;
    std::map<PodId, double> busy;  // shares, summed up over the samples
    std::int64_t samples = 0;
    std::deque<Answer> answers;
  };
  void sample(Scaler& scaler);
  void look(Scaler& scaler);
  [[nodiscard]] std::int32_t wanted(const Scaler& scaler) const;
  [[nodiscard]] std::int32_t stabilised(Scaler& scaler, std::int32_t answer);

  World::State& world_;
  std::vector<Scaler> scalers_;
};

}  // namespace spotkeeper::sim
