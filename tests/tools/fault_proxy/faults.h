// What a fault proxy does to the calls that go through it, and what it is told of it over its control socket: a line a
// command, and a line for each answer.
//
//   answer STATUS [retry-after SECONDS] …   the proxy answers that itself; the server is not asked
//   hang …      no answer; the connection stays open until the client ends it
//   reset …     the connection ends before an answer; the server is not asked
//   lose …      the server is asked, and the connection ends before its answer
//   half …      the connection ends in the middle of the server's answer (a watch: after its first bytes)
//   delay LENGTH …   the server is asked that much later
//     …         [of KIND[,KIND]…] [share PERCENT] for LENGTH|times N|on
//     KIND      watch, read, node (a PATCH of one), evict, delete, event, other; without `of` all of them
//   clear       none of these any more
//   cut         connections with an answer under way (watches) end now
//   status      one line of JSON: calls: {KIND: how many came}, disturbed: {KIND: how many met a fault},
//               met: {fault's name: how often}, under_way, early: how many calls came again, the same, before a
//               Retry-After that they were answered was over
//   help        these lines
//
// Of several faults that stand, the first that meets a call decides. LENGTH is "90s", "1m30s".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::tools {

enum class CallKind : std::uint8_t { Watch, Read, Node, Evict, Delete, Event, Other };
inline constexpr std::array kCallKinds{CallKind::Watch,  CallKind::Read,  CallKind::Node, CallKind::Evict,
                                       CallKind::Delete, CallKind::Event, CallKind::Other};
[[nodiscard]] std::string_view name_of(CallKind kind);
/// Of a request to a Kubernetes API server.
[[nodiscard]] CallKind call_kind(std::string_view method, std::string_view target);

enum class CallFault : std::uint8_t { Answer, Hang, Reset, Lose, Half, Delay };
inline constexpr std::array kCallFaults{CallFault::Answer, CallFault::Hang, CallFault::Reset,
                                        CallFault::Lose,   CallFault::Half, CallFault::Delay};
[[nodiscard]] std::string_view name_of(CallFault fault);

struct FaultRule {
  CallFault fault = CallFault::Answer;
  int status = 0;                           // of Answer
  std::optional<std::int64_t> retry_after;  // of Answer: seconds
  Duration delay{};                         // of Delay
  std::set<CallKind> kinds;                 // empty: all
  double share = 1.0;                       // of those calls, by chance
  std::optional<Duration> length;           // how long it stands; neither this nor `times`: until it is cleared
  std::optional<std::uint64_t> times;       // how many calls it meets
};

struct ProxyCommand {
  enum class Verb { Add, Clear, Cut, Status, Help };
  Verb verb = Verb::Status;
  FaultRule rule;  // of Add
};
/// InvalidInput says what of the line is wrong.
Result<ProxyCommand> parse_proxy_command(std::string_view line);
[[nodiscard]] std::string proxy_help();

/// The faults that stand.
class CallFaults {
 public:
  explicit CallFaults(std::uint64_t seed) : random_(seed) {}
  void add(FaultRule rule, Steady now);
  void clear() { standing_.clear(); }
  /// What meets a call of this kind now, counted as one of its times; nothing: none.
  std::optional<FaultRule> meet(CallKind kind, Steady now);
  /// How often each has met a call, since the start.
  [[nodiscard]] const std::map<CallFault, std::uint64_t>& met() const { return met_; }
  /// How many calls of each kind a fault has met, since the start.
  [[nodiscard]] const std::map<CallKind, std::uint64_t>& disturbed() const { return disturbed_; }

 private:
  struct Standing {
    FaultRule rule;
    Steady until = Steady::max();
    std::uint64_t left = UINT64_MAX;
  };
  Random random_;
  std::vector<Standing> standing_;
  std::map<CallFault, std::uint64_t> met_;
  std::map<CallKind, std::uint64_t> disturbed_;
};

}  // namespace spotkeeper::tools
