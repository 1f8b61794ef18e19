// How much of a workload one Spot pool, or one node, may take down at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "plan/schedule/problem.h"

namespace spotkeeper::plan {

/// (type, zone) as Spot: what is lost together.
struct SpotPool {
  std::string type;
  std::string zone;
  friend auto operator<=>(const SpotPool&, const SpotPool&) = default;
};

/// None: its labels do not say that it is Spot, and which.
[[nodiscard]] std::optional<SpotPool> spot_pool_of(const Labels& node);

using WorkloadId = std::uint32_t;
inline constexpr WorkloadId kNoWorkload = static_cast<WorkloadId>(-1);

/// The workloads of a problem, with their sizes and caps.
class Workloads {
 public:
  explicit Workloads(const Problem& problem);

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  /// kNoWorkload: a lone pod, or one of a DaemonSet.
  [[nodiscard]] WorkloadId of(ShapeId shape) const { return of_shape_[shape]; }
  [[nodiscard]] const WorkloadRef& name_of(WorkloadId id) const { return all_[id]; }
  /// Pods that it has, placed or not.
  [[nodiscard]] std::int64_t pods_of(WorkloadId id) const { return pods_[id]; }
  /// At most so many in one Spot pool.
  [[nodiscard]] std::int64_t pool_cap(WorkloadId id) const { return pool_caps_[id]; }
  /// At most so many on one new node.
  [[nodiscard]] std::int64_t node_cap(WorkloadId id) const { return node_caps_[id]; }

 private:
  void set_caps(const Problem& problem, const std::vector<ShapeId>& example);

  std::vector<WorkloadRef> all_;
  std::vector<WorkloadId> of_shape_;
  std::vector<std::int64_t> pods_;
  std::vector<std::int64_t> pool_caps_;
  std::vector<std::int64_t> node_caps_;
};

}  // namespace spotkeeper::plan
