#include "sim/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/market/report_json.h"

namespace spotkeeper::sim {
namespace {

constexpr std::array kLosses{Outcome::Refused,  Outcome::Reset,   Outcome::Cut,
                             Outcome::Error5xx, Outcome::Timeout, Outcome::Unreachable};

format::JsonObject requests(std::uint64_t sent, std::uint64_t answered, std::uint64_t lost,
                            const std::array<std::uint64_t, outcome_count>& ended) {
  format::JsonObject by;
  for (const Outcome outcome : kLosses) by[name_of(outcome)] = ended[static_cast<std::size_t>(outcome)];
  format::JsonObject object;
  object["sent"] = sent;
  object["answered"] = answered;
  object["lost"] = lost;
  object["lost_percent"] = sent == 0 ? 0.0 : 100.0 * static_cast<double>(lost) / static_cast<double>(sent);
  object["lost_by"] = std::move(by);
  return object;
}

format::JsonObject style(const StyleCounts& counts) {
  return requests(counts.sent, counts.answered(), counts.lost(), counts.ended);
}

format::JsonValue seconds(const std::optional<Duration>& length) {
  if (!length) return nullptr;
  return seconds_of(*length);
}

format::JsonObject jobs(const std::vector<JobReport>& reports) {
  format::JsonObject all;
  for (const JobReport& report : reports) {
    format::JsonObject job;
    job["completions"] = report.completions;
    job["succeeded"] = report.succeeded;
    job["failed_pods"] = report.failed;
    job["gave_up"] = report.gave_up;
    job["took_seconds"] = seconds(report.took);
    job["work_lost_seconds"] = seconds_of(report.work_lost);
    all[report.name.str()] = std::move(job);
  }
  return all;
}

}  // namespace

bool tries_again(const Report& report) { return report.traffic.retries + report.traffic.over_budget > 0; }

format::JsonValue to_json(const Report& report) {
  const TrafficReport& traffic = report.traffic;
  std::array<std::uint64_t, outcome_count> ended{};
  for (const StyleCounts& counts : traffic.styles) {
    for (std::size_t i = 0; i < ended.size(); ++i) ended[i] += counts.ended[i];
  }
  format::JsonObject clients;
  clients["new"] = style(traffic.styles[static_cast<std::size_t>(ClientStyle::New)]);
  clients["kept"] = style(traffic.styles[static_cast<std::size_t>(ClientStyle::Kept)]);
  format::JsonObject lost_by_pod;
  for (const auto& [pod, lost] : traffic.lost_by_pod) lost_by_pod[pod.empty() ? "(no endpoint)" : pod] = lost;
  format::JsonObject pods;
  pods["evicted"] = report.pods.evicted;
  pods["deleted"] = report.pods.deleted;
  pods["killed_hard"] = report.pods.killed_hard;
  pods["created"] = report.pods.created;
  pods["repeated"] = report.pods.repeated;
  if (report.pods.preempted > 0) pods["preempted"] = report.pods.preempted;
  const auto since_start = [&](const std::optional<Instant>& at) {
    return seconds(at ? std::optional<Duration>(*at - report.clock_started) : std::nullopt);
  };
  format::JsonObject object;
  object["scenario"] = report.scenario;
  object["seed"] = report.seed;
  object["policy"] = name_of(report.policy);
  object["measured_seconds"] = seconds_of(report.measured);
  format::JsonObject all = requests(traffic.sent(), traffic.answered(), traffic.lost(), ended);
  if (tries_again(report)) {
    all["retries"] = traffic.retries;
    all["answered_by_retry"] = traffic.saved;
    all["lost_over_budget"] = traffic.over_budget;
  }
  object["requests"] = std::move(all);
  object["clients"] = std::move(clients);
  object["pods"] = std::move(pods);
  object["budget_overrides"] = report.budget_overrides;
  object["interruptions"] = report.interruptions;
  if (report.recommendations > 0) object["recommendations"] = report.recommendations;
  object["recovered_after_seconds"] = seconds(report.recovered_after);
  object["slowest_answer_seconds"] = seconds_of(traffic.slowest);
  object["first_loss_seconds"] = since_start(traffic.first_loss);
  object["last_loss_seconds"] = since_start(traffic.last_loss);
  object["lost_by_pod"] = std::move(lost_by_pod);
  object["cost"] = market::cost_json(report.market);
  object["market"] = market::market_json(report.market);
  if (!report.jobs.empty()) object["jobs"] = jobs(report.jobs);
  if (report.agent_restarts) object["agent_restarts"] = *report.agent_restarts;
  if (report.losses_explained) {
    format::JsonArray losses;
    for (const LostRequest& lost : report.losses) losses.push_back(to_json(lost, report.clock_started));
    object["lost_requests"] = std::move(losses);
  }
  if (report.deaths_explained) {
    format::JsonArray deaths;
    for (const PodDeath& death : report.deaths) deaths.push_back(to_json(death, report.clock_started));
    object["deaths"] = std::move(deaths);
  }
  return object;
}

std::string to_csv(const std::vector<Report>& reports) {
  std::string csv = "policy,second,lost,nodes_ready,nodes_marked,nodes_cordoned,nodes_gone,nodes_booting";
  if (reports.empty()) return csv + "\n";
  for (const std::string& service : reports.front().series.services) csv += ",serving:" + service;
  const bool retries = std::ranges::any_of(reports, tries_again);
  if (retries) csv += ",retries";
  csv += "\n";
  for (const Report& report : reports) {
    for (const Sample& sample : report.series.samples) {
      const NodeStates& nodes = sample.nodes;
      csv += fmt::format("{},{},{},{},{},{},{},{}", name_of(report.policy), sample.at / Series::kStep, sample.lost,
                         nodes.ready, nodes.marked, nodes.cordoned, nodes.gone, nodes.booting);
      for (const std::uint32_t serving : sample.serving) csv += fmt::format(",{}", serving);
      if (retries) csv += fmt::format(",{}", sample.retries);
      csv += "\n";
    }
  }
  return csv;
}

}  // namespace spotkeeper::sim
