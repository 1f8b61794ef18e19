#include "plan/provision/filling.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "plan/provision/plan.h"
#include "small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;

/// Machines of 32 cores, and so many pods of 2 to 8 cores, each of a size of its own, some with little memory and some
/// with much.
Problem of_no_round_size(int pods) {
  Problem out = small_market();
  out.types = {machine_type("m.8xlarge", 32)};
  out.offerings = {{0, 0, CapacityType::OnDemand, Money{1'000'000}}};
  Random random(1);
  for (int i = 0; i < pods; ++i) {
    const auto cpu = static_cast<std::int64_t>(2000 + random.below(6000));
    PodTemplate spec;
    spec.requests.memory = Bytes{cpu * static_cast<std::int64_t>(1'000'000 + random.below(2'200'000))};
    add_pods(out, add_shape(out, pods_of("app-" + std::to_string(i), cpu, std::move(spec))), 1);
  }
  return out;
}

TEST(Filling, LeavesLittleUnusedOfMachinesForPodsOfNoRoundSize) {
  const Plan plan = make_plan(of_no_round_size(2000), StepBudget{0}, Seed{1});
  EXPECT_TRUE(plan.unplaced.empty());
  EXPECT_LT(static_cast<double>(plan.cost.micros), 1.03 * static_cast<double>(plan.lower_bound.micros));
}

}  // namespace
}  // namespace spotkeeper::plan
