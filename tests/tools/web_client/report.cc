#include "tests/tools/web_client/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace spotkeeper::tools {
namespace {

double ms(Duration length) {
  // Three decimals: more would be noise.
  return static_cast<double>(std::chrono::round<std::chrono::microseconds>(length).count()) / 1000.0;
}

format::JsonObject loss(const RequestEnd& end, const StreamReport& stream) {
  format::JsonObject object;
  object["id"] = end.id;
  object["target"] = stream.target().name;
  object["style"] = name_of(stream.style());
  object["at"] = ms(end.due) / 1000.0;
  object["outcome"] = name_of(end.outcome);
  object["after_ms"] = ms(end.after);
  object["pod"] = end.served_by.empty() ? format::JsonValue(nullptr) : format::JsonValue(end.served_by);
  object["pod_address"] = end.pod_address.empty() ? format::JsonValue(nullptr) : format::JsonValue(end.pod_address);
  object["source_port"] = end.source_port;
  object["answers_before"] = end.answers_before;
  object["error"] = end.error;
  return object;
}

}  // namespace

StreamReport::Second& StreamReport::second_of(Duration due) {
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(0, due / 1s));
  if (seconds_.size() <= index) seconds_.resize(index + 1);
  return seconds_[index];
}

void StreamReport::sent(Duration due) {
  ++sent_;
  ++second_of(due).sent;
}

void StreamReport::ended(RequestEnd end) {
  const auto index = static_cast<std::size_t>(end.outcome);
  ++counts_.at(index);
  Second& second = second_of(end.due);
  ++second.ended.at(index);
  if (end.outcome == Outcome::Answered) {
    second.worst = std::max(second.worst, end.after);
    answered_after_.push_back(end.after);
    ++served_by_[end.served_by];
  } else {
    losses_.push_back(std::move(end));
  }
}

std::uint64_t StreamReport::lost() const {
  std::uint64_t sum = 0;
  for (const Outcome outcome : all_outcomes()) sum += is_loss(outcome) ? count(outcome) : 0;
  return sum;
}

format::JsonArray StreamReport::seconds() const {
  format::JsonArray all;
  for (std::size_t i = 0; i < seconds_.size(); ++i) {
    const Second& second = seconds_[i];
    format::JsonObject object{{"at", i}, {"sent", second.sent}};
    object["answered"] = second.ended[static_cast<std::size_t>(Outcome::Answered)];
    object["worst_ms"] = ms(second.worst);
    for (const Outcome outcome : all_outcomes()) {
      const std::uint32_t count = second.ended[static_cast<std::size_t>(outcome)];
      if (outcome != Outcome::Answered && count > 0) object[name_of(outcome)] = count;
    }
    all.push_back(std::move(object));
  }
  return all;
}

format::JsonObject StreamReport::latencies() const {
  format::JsonObject object;
  if (answered_after_.empty()) return object;
  std::vector<Duration> sorted = answered_after_;
  std::ranges::sort(sorted);
  const auto at = [&](std::size_t percent) { return ms(sorted[(sorted.size() - 1) * percent / 100]); };
  object["median"] = at(50);
  object["p99"] = at(99);
  object["most"] = at(100);
  return object;
}

format::JsonObject StreamReport::to_json() const {
  format::JsonObject outcomes;
  for (const Outcome outcome : all_outcomes()) {
    if (count(outcome) > 0) outcomes[name_of(outcome)] = count(outcome);
  }
  format::JsonObject pods;
  for (const auto& [pod, answers] : served_by_) pods[pod] = answers;
  format::JsonObject object;
  object["target"] = target_.name;
  object["url"] = "http://" + target_.authority;
  object["style"] = name_of(style_);
  object["rate"] = target_.rate;
  object["takes_ms"] = ms(target_.takes);
  object["deadline_ms"] = ms(target_.deadline);
  object["sent"] = sent();
  object["answered"] = answered();
  object["lost"] = lost();
  object["unsent"] = count(Outcome::Unsent);
  object["outcomes"] = std::move(outcomes);
  object["connections"] = connections_;
  object["latency_ms"] = latencies();
  object["served_by"] = std::move(pods);
  object["seconds"] = seconds();
  return object;
}

std::string StreamReport::summary() const {
  std::string text =
      fmt::format("{} {}: {} sent, {} answered, {} lost", target_.name, name_of(style_), sent(), answered(), lost());
  std::string parts;
  for (const Outcome outcome : all_outcomes()) {
    if (outcome == Outcome::Answered || count(outcome) == 0) continue;
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count(outcome), name_of(outcome));
  }
  return parts.empty() ? text : fmt::format("{} ({})", text, parts);
}

format::JsonValue to_json(const RunReport& run, const std::vector<const StreamReport*>& streams) {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t lost = 0;
  std::uint64_t unsent = 0;
  format::JsonArray parts;
  format::JsonArray losses;
  for (const StreamReport* stream : streams) {
    sent += stream->sent();
    answered += stream->answered();
    lost += stream->lost();
    unsent += stream->count(Outcome::Unsent);
    parts.push_back(stream->to_json());
    for (const RequestEnd& end : stream->losses()) losses.push_back(loss(end, *stream));
  }
  format::JsonObject ports{{"next", run.next_port}, {"taken", run.ports_taken}};
  format::JsonObject object;
  object["run"] = run.run;
  object["started"] = format_rfc3339_micro(run.started);
  object["seconds"] = ms(run.sending) / 1000.0;
  object["sent"] = sent;
  object["answered"] = answered;
  object["lost"] = lost;
  object["unsent"] = unsent;
  object["worst_start_lag_ms"] = ms(run.worst_start_lag);
  object["source_ports"] = std::move(ports);
  object["streams"] = std::move(parts);
  object["lost_requests"] = std::move(losses);
  return object;
}

}  // namespace spotkeeper::tools
