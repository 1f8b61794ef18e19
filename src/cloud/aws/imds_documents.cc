#include <algorithm>

#include "base/text.h"
#include "cloud/aws/imds.h"
#include "format/json.h"
#include "net/http_date.h"

namespace spotkeeper::aws {
namespace {

using format::JsonField;
using format::JsonValue;

constexpr std::size_t kLongestText = 1024;

Result<JsonValue> read_document(std::string_view body) { return format::parse_json(body, {.max_depth = 8}); }

Result<ScheduledEvent> read_event(const JsonField& field) {
  ScheduledEvent event;
  SK_CHECK(field.is_object());
  SK_TRY(event.id, field["EventId"].as<std::string>());
  if (event.id.empty() || event.id.size() > 128) return fail(field["EventId"].error("an id of 1 to 128 bytes"));
  SK_TRY(event.code, field["Code"].as<std::string>());
  SK_TRY(const auto state, field["State"].as<std::string>());
  const std::string known = lower(state);
  if (known == "active") {
    event.state = ScheduledEvent::State::Active;
  } else if (known == "completed") {
    event.state = ScheduledEvent::State::Completed;
  } else if (known == "canceled" || known == "cancelled") {
    event.state = ScheduledEvent::State::Canceled;
  } else {
    return fail(field["State"].error("no state of a scheduled event: " + quote(state)));
  }
  SK_TRY(event.description, field["Description"].get_or(""));
  event.description = to_valid_utf8(std::string_view(event.description).substr(0, kLongestText));
  SK_TRY(const auto from, field["NotBefore"].as<std::string>());
  const auto not_before = parse_event_time(from);
  if (!not_before) return fail(field["NotBefore"].error(not_before.error().message));
  event.not_before = *not_before;
  SK_TRY(const auto until, field["NotAfter"].get_or(""));  // absent or empty where the event has no end
  if (!until.empty()) {
    const auto not_after = parse_event_time(until);
    if (!not_after) return fail(field["NotAfter"].error(not_after.error().message));
    event.not_after = *not_after;
  }
  return event;
}

}  // namespace

Result<Instant> parse_event_time(std::string_view text) {
  // An HTTP date but for the weekday and, below ten, the first digit of the day.
  const std::string_view date = trim(text);
  const std::string_view missing = date.size() > 1 && date[1] == ' ' ? "Mon, 0" : "Mon, ";
  auto time = net::parse_http_date(std::string(missing) + std::string(date.substr(0, 40)));
  if (!time) return fail(ErrorCode::InvalidInput, "not a time such as '21 Jan 2019 09:00:43 GMT': " + quote(text));
  return time;
}

Result<SpotAction> parse_spot_action(std::string_view body) {
  SK_TRY(const JsonValue document, read_document(body));
  const JsonField root(document);
  SK_CHECK(root.is_object());
  SpotAction action;
  SK_TRY(const auto name, root["action"].as<std::string>());
  const auto effect = interruption_effect_of(name);
  if (!effect || *effect == InterruptionEffect::Reboot)
    return fail(root["action"].error("neither terminate nor stop nor hibernate: " + quote(name)));
  action.effect = *effect;
  SK_TRY(action.at, root["time"].as<Instant>());
  return action;
}

Result<RebalanceAdvice> parse_rebalance(std::string_view body) {
  SK_TRY(const JsonValue document, read_document(body));
  const JsonField root(document);
  SK_CHECK(root.is_object());
  RebalanceAdvice advice;
  SK_TRY(advice.given, root["noticeTime"].as<Instant>());
  return advice;
}

Result<ScheduledEvents> parse_scheduled_events(std::string_view body) {
  SK_TRY(const JsonValue document, read_document(body));
  const JsonField root(document);
  SK_TRY(const auto elements, root.elements());
  ScheduledEvents found;
  for (const JsonField& element : elements) {
    auto event = read_event(element);
    if (event) {
      found.events.push_back(*std::move(event));
    } else {
      found.unreadable.push_back(std::move(event).error().message);
    }
  }
  return found;
}

Result<std::string> parse_lifecycle_state(std::string_view body) {
  const std::string_view state = trim(body);
  const bool sound = !state.empty() && state.size() <= 64 && std::ranges::all_of(state, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':';
  });
  if (!sound) return fail(ErrorCode::InvalidInput, "not a lifecycle state: " + quote(body));
  return std::string(state);
}

Result<InstanceIdentity> parse_identity(std::string_view body) {
  SK_TRY(const JsonValue document, read_document(body));
  const JsonField root(document);
  SK_CHECK(root.is_object());
  InstanceIdentity identity;
  SK_TRY(identity.instance_id, root["instanceId"].as<std::string>());
  if (identity.instance_id.empty()) return fail(root["instanceId"].error("empty"));
  SK_TRY(identity.instance_type, root["instanceType"].get_or(""));
  SK_TRY(identity.region, root["region"].get_or(""));
  SK_TRY(identity.zone, root["availabilityZone"].get_or(""));
  SK_TRY(identity.private_ip, root["privateIp"].get_or(""));
  SK_TRY(identity.account_id, root["accountId"].get_or(""));
  return identity;
}

}  // namespace spotkeeper::aws
