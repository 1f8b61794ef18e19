// What became of all requests of a run: totals, every second, and each lost one.
//
// As JSON (one document; times in seconds since `started`, lengths in milliseconds):
//   run, started (RFC 3339), seconds        its name (every id begins with it), when its clock began, how long it sent
//   sent, answered, lost, unsent            of all streams; sent = answered + lost, and unsent stands apart
//   worst_start_lag_ms                      how late this program itself was with a request: the machine was too busy
//   source_ports: {next, taken}
//   streams: [{target, url, style, rate, takes_ms, deadline_ms, sent, answered, lost, unsent,
//              outcomes: {refused: N, …} (only those there were), connections (opened),
//              latency_ms: {median, p99, most} (of the answered, from when they were due),
//              served_by: {POD: N}, seconds: [{at, sent, answered, worst_ms, OUTCOME: N…}]}]
//   lost_requests: [{id, target, style, at, outcome, after_ms, pod, pod_address, source_port, answers_before, error}]
//     pod: who answered last on its connection; null on a fresh one. answers_before: how many had come on it. Before a
//     balancer that chooses anew for every request that says little: its log knows (endpoint_feeder/haproxy.h).
//     pod_address: the address to which the connection was led, as connection tracking has it (translation.h), or null.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "format/json.h"
#include "tests/tools/web_client/outcome.h"
#include "tests/tools/web_client/target.h"

namespace spotkeeper::tools {

/// One request that is over.
struct RequestEnd {
  std::string id;
  Duration due{};    // since the start
  Duration after{};  // from then until its end
  Outcome outcome = Outcome::Answered;
  std::string served_by{};    // this answer's pod, else that of the last answer on the connection; empty: nobody yet
  std::string pod_address{};  // of a lost one: whom a service's address stood for; empty: not known
  std::uint16_t source_port = 0;
  std::uint64_t answers_before = 0;  // on its connection
  std::string error{};               // for people
};

class StreamReport {
 public:
  StreamReport(const Target& target, Style style) : target_(target), style_(style) {}

  void sent(Duration due);
  void ended(RequestEnd end);
  void opened_connection() { ++connections_; }

  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return counts_[static_cast<std::size_t>(outcome)]; }
  /// Those that could be tried.
  [[nodiscard]] std::uint64_t sent() const { return sent_ - count(Outcome::Unsent); }
  [[nodiscard]] std::uint64_t answered() const { return count(Outcome::Answered); }
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] const std::vector<RequestEnd>& losses() const { return losses_; }
  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] Style style() const { return style_; }
  [[nodiscard]] format::JsonObject to_json() const;
  /// "l4 new: 6750 sent, 6748 answered, 2 lost (2 refused)".
  [[nodiscard]] std::string summary() const;

 private:
  struct Second {
    std::uint32_t sent = 0;
    std::array<std::uint32_t, kOutcomes> ended{};
    Duration worst{};  // of the answered
  };
  Second& second_of(Duration due);
  [[nodiscard]] format::JsonArray seconds() const;
  [[nodiscard]] format::JsonObject latencies() const;

  Target target_;
  Style style_;
  std::uint64_t sent_ = 0;
  std::uint64_t connections_ = 0;
  std::array<std::uint64_t, kOutcomes> counts_{};
  std::vector<Second> seconds_;
  std::vector<Duration> answered_after_;
  std::map<std::string, std::uint64_t> served_by_;
  std::vector<RequestEnd> losses_;
};

struct RunReport {
  std::string run{};
  Instant started{};
  Duration sending{};
  Duration worst_start_lag{};
  std::uint16_t next_port = 0;
  std::uint64_t ports_taken = 0;
};
[[nodiscard]] format::JsonValue to_json(const RunReport& run, const std::vector<const StreamReport*>& streams);

}  // namespace spotkeeper::tools
