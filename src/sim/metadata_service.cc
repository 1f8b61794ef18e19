#include "sim/metadata_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/http_date.h"
#include "sim/metadata_entries.h"

namespace spotkeeper::sim {
namespace {

constexpr std::string_view kNotFound =
    "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html><html><head><title>404 - Not Found</title></head>"
    "<body><h1>404 - Not Found</h1></body></html>\n";
constexpr std::string_view kTokenHeader = "X-aws-ec2-metadata-token";
constexpr std::string_view kLifeHeader = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::int64_t kLongestLife = 21'600;

/// "06 Nov 1994 08:49:37 GMT": the time of scheduled events.
std::string format_event_time(Instant t) {
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto since = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch());
  const std::chrono::sys_days day(std::chrono::floor<std::chrono::days>(since));
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(since - day.time_since_epoch());
  return fmt::format("{:02} {} {:04} {:02}:{:02}:{:02} GMT", static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

const std::string& MetadataService::date() {
  const Instant second = std::chrono::floor<std::chrono::seconds>(world_.now + world_.dice.metadata().date_skew);
  if (date_.empty() || second != dated_) {
    dated_ = second;
    date_ = net::format_http_date(second);
  }
  return date_;
}

net::HttpResponse MetadataService::respond(int status, std::string body, std::string_view type) {
  net::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.headers.add("Date", date());
  response.headers.add("Server", "EC2ws");
  response.body = std::move(body);
  return response;
}

Result<net::HttpResponse> MetadataService::answer(MachineId id, const net::HttpRequest& request) {
  Machine& machine = world_.machines[id];
  if (!machine.alive) return fail(ErrorCode::Unavailable, "no route to 169.254.169.254");
  using Fate = FaultDice::MetadataFate;
  const Fate fate = world_.dice.metadata_fate(world_.now);
  if (fate == Fate::Silent) return fail(ErrorCode::Timeout, "no answer from 169.254.169.254");
  if (fate == Fate::Unavailable) return respond(503, "Service Unavailable");
  if (fate == Fate::Garbage) return respond(200, world_.dice.garbage());
  if (fate == Fate::Half) return fail(ErrorCode::Unavailable, "the connection was closed within the body");
  if (request.headers.find("X-Forwarded-For")) return respond(403, "");
  if (request.target == "/latest/api/token") return issue_token(machine, request);
  if (request.method != "GET") return respond(405, "");
  if (fate == Fate::Unauthorized) {
    machine.tokens.clear();
    return respond(401, "");
  }
  const auto token = request.headers.find(kTokenHeader);
  const auto known = token ? machine.tokens.find(*token) : machine.tokens.end();
  if (known == machine.tokens.end() || known->second <= world_.now) return respond(401, "");
  net::HttpResponse found = document(machine, request.target);
  const auto left = std::chrono::floor<std::chrono::seconds>(known->second - world_.now);
  found.headers.add(kLifeHeader, std::to_string(left.count()));
  return found;
}

net::HttpResponse MetadataService::issue_token(Machine& machine, const net::HttpRequest& request) {
  if (request.method != "PUT") return respond(405, "");
  const auto asked = request.headers.find(kLifeHeader);
  std::int64_t life = 0;
  if (!asked) return respond(400, "");
  const auto read = std::from_chars(asked->data(), asked->data() + asked->size(), life);
  if (read.ec != std::errc{} || read.ptr != asked->data() + asked->size() || life < 1 || life > kLongestLife) {
    return respond(400, "");
  }
  std::erase_if(machine.tokens, [&](const auto& token) { return token.second <= world_.now; });
  const std::string token =
      fmt::format("AQAEA{:x}-{}-{}==", world_.config.seed, machine.instance_id, ++machine.token_count);
  machine.tokens[token] =
      world_.now + std::min<Duration>(std::chrono::seconds(life), world_.dice.metadata().token_life);
  net::HttpResponse response = respond(200, token);
  response.headers.add(kLifeHeader, std::to_string(life));
  return response;
}

void MetadataService::notice(MachineId id, const Notice& notice) {
  Machine& machine = world_.machines[id];
  Notice kept = notice;
  if (kept.id.empty()) kept.id = fmt::format("instance-event-{:017x}", 0xe0000000ULL + id);
  if (kept.kind == InterruptionKind::Maybe && !kept.at) kept.at = world_.now;
  machine.notices[kept.kind] = std::move(kept);
  machine.notice_times[notice.kind] = world_.now;
}

void MetadataService::withdraw(MachineId id, InterruptionKind kind) {
  Machine& machine = world_.machines[id];
  const auto found = machine.notices.find(kind);
  if (found == machine.notices.end()) return;
  if (kind == InterruptionKind::Maintenance) machine.withdrawn.push_back(found->second);
  machine.notices.erase(found);
}

void MetadataService::complete_maintenance(MachineId id) {
  Machine& machine = world_.machines[id];
  const auto found = machine.notices.find(InterruptionKind::Maintenance);
  if (found == machine.notices.end()) return;
  machine.completed.push_back(found->second);
  machine.notices.erase(found);
}

void MetadataService::append_event(std::string& list, const Notice& notice, std::string_view state) const {
  const Instant at = notice.at.value_or(world_.now);
  const std::string_view marker = state == "canceled" ? "[Canceled] " : state == "completed" ? "[Completed] " : "";
  if (list.size() > 1) list += ",";
  list += fmt::format(
      "\n  {{\n    \"NotBefore\" : \"{}\",\n    \"Code\" : \"{}\",\n    \"Description\" : \"{}scheduled event\",\n"
      "    \"EventId\" : \"{}\",\n    \"NotAfter\" : \"{}\",\n    \"State\" : \"{}\"\n  }}",
      format_event_time(at), notice.code, marker, notice.id, format_event_time(at + 2h), state);
}

std::string MetadataService::scheduled_events(const Machine& machine) const {
  std::string list = "[";
  const auto active = machine.notices.find(InterruptionKind::Maintenance);
  if (active != machine.notices.end()) append_event(list, active->second, "active");
  for (const Notice& notice : machine.withdrawn) append_event(list, notice, "canceled");
  return list + (list.size() == 1 ? "]" : "\n]");
}

std::string MetadataService::event_history(const Machine& machine) const {
  std::string list = "[";
  for (const Notice& notice : machine.withdrawn) append_event(list, notice, "canceled");
  for (const Notice& notice : machine.completed) append_event(list, notice, "completed");
  return list + (list.size() == 1 ? "]" : "\n]");
}

net::HttpResponse MetadataService::document(const Machine& machine, std::string_view path) {
  const auto notice_of = [&](InterruptionKind kind) -> const Notice* {
    const auto found = machine.notices.find(kind);
    return found == machine.notices.end() ? nullptr : &found->second;
  };
  const Notice* kill = notice_of(InterruptionKind::Kill);
  const Notice* maybe = notice_of(InterruptionKind::Maybe);
  const Notice* retire = notice_of(InterruptionKind::Retire);
  constexpr std::string_view kMeta = "/latest/meta-data/";
  if (path == "/latest/dynamic/instance-identity/document") return respond(200, identity_document(machine));
  if (!path.starts_with(kMeta)) return respond(404, std::string(kNotFound), "text/html");
  path.remove_prefix(kMeta.size());
  if (path.ends_with('/')) path.remove_suffix(1);  // clients ask for entries and for lists of them in either form
  if (path == "spot/instance-action" && kill != nullptr) {
    return respond(200,
                   fmt::format(R"({{"action":"{}","time":"{}"}})",
                               kill->effect == InterruptionEffect::Reboot ? "stop" : name_of(kill->effect),
                               format_rfc3339(std::chrono::floor<std::chrono::seconds>(kill->at.value_or(world_.now)))),
                   "application/json");
  }
  if (path == "spot/termination-time" && kill != nullptr) {
    return respond(200, format_rfc3339(std::chrono::floor<std::chrono::seconds>(kill->at.value_or(world_.now))));
  }
  if (path == "events/recommendations/rebalance" && maybe != nullptr) {
    return respond(
        200,
        fmt::format(R"({{"noticeTime":"{}"}})", format_rfc3339(std::chrono::floor<std::chrono::seconds>(*maybe->at))),
        "application/json");
  }
  if (path == "events/maintenance/scheduled") return respond(200, scheduled_events(machine));
  if (path == "events/maintenance/history") return respond(200, event_history(machine));
  if (path == "autoscaling/target-lifecycle-state") return respond(200, retire != nullptr ? "Terminated" : "InService");
  const auto entry = metadata_entry(machine, path, world_.now);
  if (!entry) return respond(404, std::string(kNotFound), "text/html");
  return respond(200, *entry);
}

}  // namespace spotkeeper::sim
