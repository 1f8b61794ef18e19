#include "cli/plan_steps.h"

namespace spotkeeper::cli {
namespace {

constexpr std::uint64_t kFirstProbe = 32;
constexpr std::uint64_t kMostSteps = 1'000'000'000;  // as many as --steps takes
constexpr double kProbed = 0.125;

}  // namespace

std::uint64_t steps_within(double budget, const std::function<double(std::uint64_t steps)>& seconds_of) {
  const double first = seconds_of(0);
  if (first >= budget) return 0;
  for (std::uint64_t probe = kFirstProbe; probe < kMostSteps; probe *= 2) {
    const double taken = seconds_of(probe) - first;
    if (taken < budget * kProbed) continue;
    const double fit = static_cast<double>(probe) * (budget - first) / taken;
    return fit < static_cast<double>(kMostSteps) ? static_cast<std::uint64_t>(fit) : kMostSteps;
  }
  return kMostSteps;
}

}  // namespace spotkeeper::cli
