#include "sim/market/boot.h"

#include <algorithm>

namespace spotkeeper::sim::market {
namespace {

constexpr Duration kMetalAdds = 5min;

Duration median_of(AmiFamily family) {
  switch (family) {
    case AmiFamily::AL2: return 55s;
    case AmiFamily::AL2023: return 60s;
    case AmiFamily::Bottlerocket: return 50s;
  }
  return 60s;
}

}  // namespace

std::string_view name_of(AmiFamily family) {
  switch (family) {
    case AmiFamily::AL2: return "AL2";
    case AmiFamily::AL2023: return "AL2023";
    case AmiFamily::Bottlerocket: return "Bottlerocket";
  }
  return "AL2023";
}

bool is_metal(const InstanceType& type) { return type.hypervisor.empty(); }

Duration median_boot(const BootTimes& times, const InstanceType& type) {
  if (times.median) return *times.median;
  return median_of(times.family) + (is_metal(type) ? kMetalAdds : Duration{});
}

Duration draw_boot(const BootTimes& times, const InstanceType& type, Random& random) {
  return std::min<Duration>(random.lognormal(median_boot(times, type), times.sigma), 24h);
}

}  // namespace spotkeeper::sim::market
