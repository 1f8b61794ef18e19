#include "sim/loss_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace spotkeeper::sim {
namespace {

/// Equal for requests that were lost for the same reason.
auto cause_of(const LostRequest& lost) {
  return std::tuple(lost.outcome, lost.service, lost.pod.has_value(), lost.pod_node, lost.machine_gone,
                    lost.told_to_end.has_value(), lost.no_retry);
}

struct Cause {
  decltype(cause_of(std::declval<const LostRequest&>())) what;
  std::vector<const LostRequest*> losses;
};

/// By their first requests.
std::vector<Cause> causes_of(const std::vector<LostRequest>& losses) {
  std::vector<Cause> causes;
  for (const LostRequest& lost : losses) {
    const auto what = cause_of(lost);
    auto known = std::ranges::find_if(causes, [&](const Cause& cause) { return cause.what == what; });
    if (known == causes.end()) known = causes.insert(causes.end(), Cause{what, {}});
    known->losses.push_back(&lost);
  }
  return causes;
}

std::string line(const LostRequest& lost, Instant start, std::string_view indent) {
  return fmt::format("{}#{} sent at {:.3f} s on a {} connection{}: {}: {}\n", indent, lost.id,
                     seconds_of(lost.sent - start), lost.style == ClientStyle::New ? "new" : "kept",
                     lost.pod ? fmt::format(" to {} on {}", lost.pod->str(), lost.pod_node.str()) : std::string(),
                     name_of(lost.outcome), explain(lost));
}

std::string heading(const Cause& cause, Instant start) {
  const LostRequest& first = *cause.losses.front();
  std::set<ObjectName> pods;
  for (const LostRequest* lost : cause.losses) {
    if (lost->pod) pods.insert(*lost->pod);
  }
  std::string where = " by " + first.service.str() + ", of which no endpoint was known";
  if (pods.size() == 1) where = fmt::format(" by {} on {}", pods.begin()->str(), first.pod_node.str());
  if (pods.size() > 1) {
    where = fmt::format(" by {} pods of {} on {}", pods.size(), first.service.str(), first.pod_node.str());
  }
  return fmt::format("  {} {}{}, sent from {:.3f} s to {:.3f} s{}\n", cause.losses.size(), name_of(first.outcome),
                     where, seconds_of(first.sent - start), seconds_of(cause.losses.back()->sent - start),
                     cause.losses.size() > kLinesOfACause ? fmt::format("; the first {}:", kLinesOfACause) : ":");
}

}  // namespace

std::string list_losses(const std::vector<LostRequest>& losses, Instant start) {
  std::string text;
  if (losses.size() <= kLinesAtMost) {
    for (const LostRequest& lost : losses) text += line(lost, start, "  ");
    return text;
  }
  for (const Cause& cause : causes_of(losses)) {
    text += heading(cause, start);
    const std::size_t shown = std::min(cause.losses.size(), kLinesOfACause);
    for (std::size_t i = 0; i < shown; ++i) text += line(*cause.losses[i], start, "    ");
  }
  return text;
}

}  // namespace spotkeeper::sim
