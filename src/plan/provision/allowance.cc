#include "plan/provision/allowance.h"

#include <algorithm>
#include <map>

namespace spotkeeper::plan {

bool Allowance::within_limits(const Choice& choice) const {
  const auto& left = limits_left_[choice.pool];
  for (std::size_t i = 0; i < left.size(); ++i)
    if (choice.spends[i] > left[i]) return false;
  return true;
}

std::int64_t Allowance::copies_of(const Choice& choice, const Content& content,
                                  const std::vector<std::int64_t>& left) const {
  std::int64_t copies = std::numeric_limits<std::int64_t>::max();
  std::map<std::uint32_t, std::int64_t> by_workload;
  for (const auto& [item, count] : content) {
    copies = std::min(copies, left[item] / count);
    for (const auto& [workload, pods] : menu_.kinds()[item].workloads) by_workload[workload] += pods * count;
  }
  for (const auto& [workload, count] : by_workload) copies = std::min(copies, room_in_pool(workload, choice) / count);
  for (std::size_t i = 0; i < choice.spends.size(); ++i)
    if (choice.spends[i] > 0) copies = std::min(copies, limits_left_[choice.pool][i] / choice.spends[i]);
  return std::max<std::int64_t>(copies, 1);
}

void Allowance::count(const Choice& choice, const Content& content, std::int64_t machines) {
  for (std::size_t i = 0; i < choice.spends.size(); ++i) limits_left_[choice.pool][i] -= choice.spends[i] * machines;
  if (!choice.spot) return;
  for (const auto& [item, count] : content)
    for (const auto& [workload, pods] : menu_.kinds()[item].workloads)
      in_pool_[*choice.spot][workload] += pods * count * machines;
}

}  // namespace spotkeeper::plan
