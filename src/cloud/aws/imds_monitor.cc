#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "cloud/aws/imds.h"

namespace spotkeeper::aws {
namespace {

constexpr std::size_t kMostGarbageKnown = 32;  // of a place
constexpr Duration kOtherGarbage = 1min;       // error pages with a request's id in them are all different
constexpr Duration kProblemAgain = 1h;
constexpr Duration kIdentityAgain = 10min;

std::string path_of(MetadataTopic topic) {
  switch (topic) {
    case MetadataTopic::Spot: return "meta-data/spot/instance-action";
    case MetadataTopic::Rebalance: return "meta-data/events/recommendations/rebalance";
    case MetadataTopic::Scheduled: return "meta-data/events/maintenance/scheduled";
    case MetadataTopic::Lifecycle: return "meta-data/autoscaling/target-lifecycle-state";
  }
  return {};
}

MetadataNotice notice_of(MetadataTopic topic, Steady now) {
  MetadataNotice notice;
  notice.topic = topic;
  notice.source = "imds/" + std::string(name_of(topic));
  notice.received = now;
  return notice;
}

MetadataNotice notice_of(const SpotAction& action, Steady now) {
  MetadataNotice notice = notice_of(MetadataTopic::Spot, now);
  notice.kind = InterruptionKind::Kill;
  notice.effect = action.effect;
  notice.announced = action.at;
  notice.id = "spot-" + std::string(spotkeeper::name_of(action.effect)) + "-" + format_rfc3339(action.at);
  notice.detail =
      "spot instance action " + std::string(spotkeeper::name_of(action.effect)) + " at " + format_rfc3339(action.at);
  return notice;
}

MetadataNotice notice_of(const RebalanceAdvice& advice, Steady now) {
  MetadataNotice notice = notice_of(MetadataTopic::Rebalance, now);
  notice.kind = InterruptionKind::Maybe;
  notice.announced = advice.given;
  notice.id = "rebalance-" + format_rfc3339(advice.given);
  notice.detail = "rebalance recommendation of " + format_rfc3339(advice.given);
  return notice;
}

InterruptionEffect effect_of(std::string_view code) {
  if (code == "instance-reboot" || code == "system-reboot" || code == "system-maintenance")
    return InterruptionEffect::Reboot;
  if (code == "instance-stop") return InterruptionEffect::Stop;
  return InterruptionEffect::Terminate;  // instance-retirement, and what this version does not know
}

MetadataNotice notice_of(const ScheduledEvent& event, Steady now) {
  MetadataNotice notice = notice_of(MetadataTopic::Scheduled, now);
  notice.kind = InterruptionKind::Maintenance;
  notice.effect = effect_of(event.code);
  notice.announced = event.not_before;
  notice.id = event.id;
  notice.detail = event.code + " not before " + format_rfc3339(event.not_before) + ": " + event.description;
  return notice;
}

/// The state says nothing about when, and the id must not depend on when it is asked for.
MetadataNotice notice_of(std::string_view lifecycle_state, Steady now) {
  MetadataNotice notice = notice_of(MetadataTopic::Lifecycle, now);
  notice.kind = InterruptionKind::Retire;
  notice.id = "asg-terminated";
  notice.detail = "target lifecycle state " + std::string(lifecycle_state);
  return notice;
}

/// A document whose last byte is not the one that closes what its first byte opened.
bool ends_early(std::string_view body) {
  const std::string_view text = trim(body);
  return (text.starts_with('{') && !text.ends_with('}')) || (text.starts_with('[') && !text.ends_with(']'));
}

}  // namespace

std::string_view name_of(MetadataTopic topic) {
  switch (topic) {
    case MetadataTopic::Spot: return "spot";
    case MetadataTopic::Rebalance: return "rebalance";
    case MetadataTopic::Scheduled: return "scheduled";
    case MetadataTopic::Lifecycle: return "asg";
  }
  return {};
}

ImdsMonitor::ImdsMonitor(net::Runtime& runtime, net::HttpTransport& transport, MonitorConfig config,
                         ImdsClient::Counter counter)
    : runtime_(runtime),
      config_(config),
      client_(runtime, transport, config.client, std::move(counter)),
      random_(config.seed),
      changed_(runtime),
      last_activity_(runtime.steady()) {}

net::Task<void> ImdsMonitor::run() {
  for (;;) {
    const Steady next = runtime_.steady() + wait();
    co_await round();
    co_await learn_identity();
    co_await net::sleep_until(runtime_, next);
  }
}

net::Task<void> ImdsMonitor::learn_identity() {
  // Nice to know, and asked for only while the service answers, so that it holds up no look at the notices.
  if (identity_ || silent_ || runtime_.steady() < next_identity_) co_return;
  next_identity_ = runtime_.steady() + kIdentityAgain;
  Result<InstanceIdentity> identity = co_await client_.identity();
  if (!identity) co_return;
  identity_ = *std::move(identity);
  changed_.notify();
}

Duration ImdsMonitor::wait() {
  const bool alert =
      std::ranges::any_of(notices_, [](const auto& entry) { return entry.second.topic == MetadataTopic::Rebalance; });
  const Duration longest = alert ? std::min(config_.alert_interval, config_.interval) : config_.interval;
  return duration_of_seconds(seconds_of(longest) * (1.0 - config_.jitter * random_.unit()));
}

bool ImdsMonitor::due(MetadataTopic topic) const {
  const auto& next = asked_.at(place_of(topic)).next;
  return !next || runtime_.steady() >= *next;
}

net::Task<void> ImdsMonitor::round() {
  std::array order = kMetadataTopics;
  if (silent_) std::ranges::rotate(order, std::next(std::ranges::find(order, *silent_)));
  silent_.reset();
  for (const MetadataTopic topic : order) {
    if (!due(topic)) continue;
    const bool answered = co_await look(topic);
    last_activity_ = runtime_.steady();
    if (!answered) {
      silent_ = topic;
      co_return;
    }
  }
}

net::Task<bool> ImdsMonitor::look(MetadataTopic topic) {
  const MetadataAnswer answer = co_await client_.get(path_of(topic), std::string(name_of(topic)));
  if (answer.kind == AnswerKind::Found) {
    if (auto notices = understand(topic, answer.body)) learn(topic, std::move(*notices));
    co_return true;
  }
  if (answer.kind == AnswerKind::None) {
    learn(topic, {});
    co_return true;
  }
  report(topic, answer);
  co_return answer.kind != AnswerKind::Timeout&& answer.kind != AnswerKind::Unreachable;
}

std::optional<std::vector<MetadataNotice>> ImdsMonitor::understand(MetadataTopic topic, const std::string& body) {
  const Steady now = runtime_.steady();
  std::vector<MetadataNotice> notices;
  const auto refuse = [&](const Error& error) {
    client_.count(name_of(topic), ends_early(body) ? AnswerKind::Half : AnswerKind::Garbage);
    complain(topic, body, error.message);
    return std::nullopt;
  };
  switch (topic) {
    case MetadataTopic::Spot: {
      const auto action = parse_spot_action(body);
      if (!action) return refuse(action.error());
      notices.push_back(notice_of(*action, now));
      break;
    }
    case MetadataTopic::Rebalance: {
      const auto advice = parse_rebalance(body);
      if (!advice) return refuse(advice.error());
      notices.push_back(notice_of(*advice, now));
      break;
    }
    case MetadataTopic::Scheduled: {
      const auto events = parse_scheduled_events(body);
      if (!events) return refuse(events.error());
      for (const std::string& problem : events->unreadable) complain(topic, body, problem);
      if (!events->unreadable.empty()) client_.count(name_of(topic), AnswerKind::Garbage);
      for (const ScheduledEvent& event : events->events)
        if (event.state == ScheduledEvent::State::Active) notices.push_back(notice_of(event, now));
      // What stood and can't be read now may still stand.
      if (!events->unreadable.empty()) keep_unmentioned(*events, notices);
      break;
    }
    case MetadataTopic::Lifecycle: {
      const auto state = parse_lifecycle_state(body);
      if (!state) return refuse(state.error());
      if (state->ends_with("Terminated")) notices.push_back(notice_of(std::string_view(*state), now));
      break;
    }
  }
  client_.count(name_of(topic), AnswerKind::Found);
  return notices;
}

void ImdsMonitor::keep_unmentioned(const ScheduledEvents& events, std::vector<MetadataNotice>& notices) const {
  for (const auto& known : notices_) {
    const bool mentioned =
        std::ranges::any_of(events.events, [&](const ScheduledEvent& event) { return event.id == known.first; });
    if (known.second.topic == MetadataTopic::Scheduled && !mentioned) notices.push_back(known.second);
  }
}

void ImdsMonitor::learn(MetadataTopic topic, std::vector<MetadataNotice> now) {
  std::map<std::string, MetadataNotice> next;
  for (MetadataNotice& notice : now) {
    const auto same = std::ranges::find_if(notices_, [&](const auto& entry) {
      // A machine has one spot notice. Mocks move its time with every poll; the first one is the one to keep.
      const bool one_spot_notice = topic == MetadataTopic::Spot && entry.second.effect == notice.effect;
      return entry.second.topic == topic && (entry.first == notice.id || one_spot_notice);
    });
    if (same != notices_.end()) {
      notice.id = same->first;
      notice.received = same->second.received;
      if (topic == MetadataTopic::Spot && notice.announced >= same->second.announced) notice = same->second;
    }
    next.insert_or_assign(notice.id, std::move(notice));
  }
  for (const auto& [id, notice] : notices_)
    if (notice.topic != topic) next.emplace(id, notice);
  if (topic == MetadataTopic::Scheduled)
    asked_.at(place_of(topic)).next = runtime_.steady() + duration_of_seconds(seconds_of(config_.scheduled_interval) *
                                                                              (1.0 - config_.jitter * random_.unit()));
  const bool first = !std::exchange(asked_.at(place_of(topic)).answered, true);
  if (!first && next == notices_) return;
  notices_ = std::move(next);
  changed_.notify();
}

void ImdsMonitor::complain(MetadataTopic topic, std::string_view body, std::string_view why) {
  Garbage& garbage = garbage_[topic];
  const std::string cut(body.substr(0, 256));
  if (garbage.known.contains(cut)) return;
  if (garbage.last && runtime_.steady() < *garbage.last + kOtherGarbage) return;
  if (garbage.known.size() >= kMostGarbageKnown) garbage.known.clear();
  garbage.known.insert(cut);
  garbage.last = runtime_.steady();
  log::error(
      "the metadata service answered what can't be understood; the same is logged once, other bytes at most "
      "once a minute, and all of it is counted",
      {{"place", path_of(topic)}, {"problem", why}, {"bytes", quote(body, 200)}});
}

void ImdsMonitor::report(MetadataTopic topic, const MetadataAnswer& answer) {
  const auto [entry, first] = logged_.try_emplace({topic, answer.kind}, runtime_.steady());
  if (!first && runtime_.steady() < entry->second + kProblemAgain) return;
  entry->second = runtime_.steady();
  log::warn("the metadata service did not answer; going on, and counting",
            {{"place", path_of(topic)}, {"answer", name_of(answer.kind)}, {"problem", answer.problem}});
}

}  // namespace spotkeeper::aws
