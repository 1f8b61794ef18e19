#include "sim/losses.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace spotkeeper::sim {
namespace {

std::string seconds(Duration length) { return fmt::format("{:.1f} s", seconds_of(length)); }

std::string where(const LostRequest& lost) {
  if (lost.proxy) return fmt::format("the proxy on {}", lost.proxy->str());
  if (!lost.balancer.empty()) return lost.balancer;
  return "the client's kept connection";
}

/// "heard 2.1 s after", or that it never did.
std::string heard_after(const LostRequest& lost, std::string_view what) {
  if (!lost.missing) return fmt::format("{} had not heard by the end of the run that {}", where(lost), what);
  return fmt::format("{} heard {} after {}", where(lost), seconds(*lost.missing), what);
}

std::string explain_refused(const LostRequest& lost) {
  if (!lost.pod) {
    const std::string since = lost.wrong_since ? seconds(lost.lost - *lost.wrong_since) : "some time";
    const std::string until = lost.missing ? fmt::format(
                                                 " A replica that served {} longer, or one more, would have "
                                                 "kept it.",
                                                 seconds(*lost.missing))
                                           : std::string();
    return fmt::format("{} had known no endpoint of {} for {}.{}", where(lost), lost.service.str(), since, until);
  }
  const std::string heard = heard_after(lost, "the pod had stopped answering");
  if (!lost.missing) return heard + ".";
  return fmt::format("{}: a preStop {} longer would have kept it.", heard, seconds(*lost.missing));
}

std::string explain_unreachable(const LostRequest& lost) {
  const std::string heard = heard_after(lost, fmt::format("the machine {} had died", lost.pod_node.str()));
  if (!lost.told_to_end) {
    return heard + "; nobody had told the pod to end, so nothing but the lost heartbeats could say so.";
  }
  const std::string began = seconds(lost.wrong_since.value_or(lost.lost) - *lost.told_to_end);
  return fmt::format("{}; the pod's end had begun {} before that, which was too late.", heard, began);
}

std::string explain_reset(const LostRequest& lost) {
  if (lost.missing) {
    return fmt::format(
        "it went over a kept connection {:.1f} ms after the program had closed it, and before the client "
        "heard.",
        seconds_of(*lost.missing) * 1000);
  }
  return fmt::format(
      "the program ended while the request was one of {} in its queue: it would have had to accept less "
      "or to end later.",
      lost.waiting);
}

std::string explain_cut(const LostRequest& lost) {
  const std::string needed =
      lost.missing ? fmt::format("{} more were needed", seconds(*lost.missing)) : "it still waited for its turn";
  if (lost.machine_gone) {
    if (!lost.told_to_end) {
      return fmt::format("the machine {} died while the pod answered it ({}); nobody had told the pod to end.",
                         lost.pod_node.str(), needed);
    }
    return fmt::format(
        "the machine {} died while the pod answered it ({}): the pod's end began {} before, which was too "
        "late.",
        lost.pod_node.str(), needed, seconds(lost.lost - *lost.told_to_end));
  }
  return fmt::format(
      "the program ended while it answered ({}): a longer grace, or a program that finishes what it has "
      "after SIGTERM, would have kept it.",
      needed);
}

std::string explain_timeout(const LostRequest& lost) {
  if (lost.machine_gone && !lost.proxy && lost.balancer.empty()) {
    const std::string told =
        lost.termed ? "although the program had been told to close it" : "and no SIGTERM had come in time to close it";
    return fmt::format("its kept connection led to {}, which had died {} before, {}.", lost.pod_node.str(),
                       seconds(lost.tried - lost.wrong_since.value_or(lost.tried)), told);
  }
  if (!lost.missing) return "no answer had come within the client's limit: too few replicas served.";
  return fmt::format(
      "the answer came {} after the client's limit, behind {} others in the pod: too few replicas served.",
      seconds(*lost.missing), lost.serving + lost.waiting);
}

format::JsonValue after(const std::optional<Instant>& at, Instant start) {
  if (!at) return nullptr;
  return seconds_of(*at - start);
}

std::string reason(const LostRequest& lost) {
  switch (lost.outcome) {
    case Outcome::Answered: break;
    case Outcome::Refused: return explain_refused(lost);
    case Outcome::Reset: return explain_reset(lost);
    case Outcome::Cut: return explain_cut(lost);
    case Outcome::Error5xx:
      return fmt::format("the pod was answering {} and {} more filled its queue: too few replicas served.",
                         lost.serving, lost.waiting);
    case Outcome::Timeout: return explain_timeout(lost);
    case Outcome::Unreachable: return explain_unreachable(lost);
  }
  return "it was answered.";
}

/// What of a client that tries again kept it from doing so.
std::string no_retry(const LostRequest& lost) {
  switch (lost.no_retry) {
    case NoRetry::NeverTries:
    case NoRetry::MayTry: break;
    case NoRetry::MayBeDone:
      return " It may have been carried out, and this client sends only again what has not been begun.";
    case NoRetry::UsedUp: return fmt::format(" The client had tried {} times: its retries were used up.", lost.tries);
    case NoRetry::OverBudget:
      return fmt::format(" The client had tried {}, and the budget of retries was used up.",
                         lost.tries == 1 ? "once" : std::to_string(lost.tries) + " times");
  }
  return {};
}

std::string_view word(NoRetry why) {
  constexpr std::array<std::string_view, 5> words{"", "", "may-be-done", "used-up", "over-budget"};
  return words.at(static_cast<std::size_t>(why));
}

}  // namespace

std::string explain(const LostRequest& lost) { return reason(lost) + no_retry(lost); }

format::JsonValue to_json(const LostRequest& lost, Instant start) {
  format::JsonObject object;
  object["id"] = lost.id;
  object["sent_seconds"] = seconds_of(lost.sent - start);
  object["lost_seconds"] = seconds_of(lost.lost - start);
  object["client"] = lost.style == ClientStyle::New ? "new" : "kept";
  object["outcome"] = name_of(lost.outcome);
  object["service"] = lost.service.str();
  object["pod"] = lost.pod ? format::JsonValue(lost.pod->str()) : nullptr;
  object["node"] = lost.pod ? format::JsonValue(lost.pod_node.str()) : nullptr;
  object["machine_gone"] = lost.machine_gone;
  object["proxy"] = lost.proxy ? format::JsonValue(lost.proxy->str()) : nullptr;
  if (!lost.balancer.empty()) object["load_balancer"] = lost.balancer;
  object["told_to_end_seconds"] = after(lost.told_to_end, start);
  object["sigterm_seconds"] = after(lost.termed, start);
  object["wrong_since_seconds"] = after(lost.wrong_since, start);
  object["heard_seconds"] = after(lost.heard, start);
  object["missing_seconds"] = lost.missing ? format::JsonValue(seconds_of(*lost.missing)) : nullptr;
  object["serving"] = lost.serving;
  object["waiting"] = lost.waiting;
  if (lost.no_retry != NoRetry::NeverTries) {
    object["tries"] = lost.tries;
    object["last_try_seconds"] = seconds_of(lost.tried - start);
    object["no_retry"] = word(lost.no_retry);
  }
  object["explanation"] = explain(lost);
  return object;
}

}  // namespace spotkeeper::sim
