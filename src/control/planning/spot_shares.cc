#include "control/planning/spot_shares.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::int64_t kMostBase = 200'000;

struct SpotShare {
  std::int64_t base = 0;
  double share = 1;
  [[nodiscard]] std::int64_t off_spot(std::int64_t pods) const {
    const std::int64_t first = std::min(base, pods);
    // The least amount below is for shares such as 0.7, which no double is: 0.3 of 10 is 3.
    return first + static_cast<std::int64_t>(std::ceil(static_cast<double>(pods - first) * (1 - share) - 1e-9));
  }
};

/// None: it says nothing of Spot.
Result<std::optional<SpotShare>> share_of(const Object& workload) {
  const JsonField annotations = workload.field["metadata"]["annotations"];
  const JsonField base = annotations[kOnDemandBase];
  const JsonField share = annotations[kSpotShare];
  if (!base.present() && !share.present()) return std::optional<SpotShare>();
  SpotShare out;
  if (base.present()) {
    SK_TRY(const auto text, base.as<std::string>());
    const auto number = parse_int<std::int64_t>(text);
    if (!number || *number < 0 || *number > kMostBase) return fail(base.error("expected a number of pods"));
    out.base = *number;
  }
  if (share.present()) {
    SK_TRY(const auto text, share.as<std::string>());
    const std::string_view digits = text.ends_with('%') ? std::string_view(text).substr(0, text.size() - 1) : "";
    const auto percent = parse_double(digits);
    if (!percent || *percent < 0 || *percent > 100) return fail(share.error("expected 0% to 100%"));
    out.share = *percent / 100;
  }
  return std::optional(out);
}

bool is_spot(const Node& node) {
  const std::string* const capacity = node.labels.find(plan::kCapacityLabel);
  return capacity != nullptr && *capacity == plan::name_of(plan::CapacityType::Spot);
}

class Keeper {
 public:
  Keeper(const Object& workload, Reading& into) : into_(into) {
    const WorkloadRef mine{NamespaceName(workload.ns), workload.kind, workload.name};
    for (plan::PendingPod& pod : into.problem.pods)
      if (into.shapes.at(pod.shape).workload == mine) pending_.push_back(&pod);
    for (const plan::ExistingNode& node : into.problem.nodes) {
      for (const plan::BoundPod& pod : node.pods) {
        if (pod.terminating || into.shapes.at(pod.shape).workload != mine) continue;
        ++bound_;
        off_spot_ += is_spot(node.node) ? 0 : 1;
      }
    }
  }

  void refuse(const Error& error) {
    for (plan::PendingPod* const pod : pending_) {
      plan::Shape shape = into_.shapes.at(pod->shape);
      shape.refused = error.message;
      pod->shape = into_.shapes.add(std::move(shape));
    }
  }

  void keep(const SpotShare& share) {
    const auto pods = static_cast<std::int64_t>(pending_.size()) + bound_;
    std::int64_t missing = share.off_spot(pods) - off_spot_;
    for (plan::PendingPod* const pod : pending_) {
      if (missing-- <= 0) break;
      plan::Shape shape = into_.shapes.at(pod->shape);
      shape.kept_off_spot = true;
      NodeSelectorTerm elsewhere;
      elsewhere.labels.push_back({std::string(plan::kCapacityLabel),
                                  SelectorOperator::NotIn,
                                  {std::string(plan::name_of(plan::CapacityType::Spot))}});
      shape.volumes.where.push_back({std::move(elsewhere)});
      pod->shape = into_.shapes.add(std::move(shape));
    }
  }

 private:
  Reading& into_;
  std::vector<plan::PendingPod*> pending_;
  std::int64_t bound_ = 0;
  std::int64_t off_spot_ = 0;
};

}  // namespace

void keep_off_spot(const Objects& objects, Reading& into) {
  for (const std::string_view kind : workload_kinds()) {
    for (const Object& workload : objects.of(kind)) {
      const auto share = share_of(workload);
      if (!share) {
        Keeper(workload, into).refuse(share.error());
      } else if (*share) {
        Keeper(workload, into).keep(**share);
      }
    }
  }
}

}  // namespace spotkeeper::control
