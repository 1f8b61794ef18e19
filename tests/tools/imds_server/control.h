// What the metadata service is told over its control socket: a line a command, and a line for each answer.
//
//   [after LENGTH] notice terminate|stop|hibernate [in LENGTH | at TIME]   a Spot notice; the default is in 2m
//   [after LENGTH] notice cancel
//   [after LENGTH] rebalance                          a rebalance recommendation, made now
//   [after LENGTH] rebalance cancel
//   [after LENGTH] maintenance CODE [in LENGTH | at TIME]   a scheduled event ("system-reboot"); the default is in 1h
//   [after LENGTH] maintenance cancel|complete
//   [after LENGTH] lifecycle STATE                    the Auto Scaling group's target state; "none": no group
//   [after LENGTH] errors STATUS for LENGTH|times N|off     that status to every request
//   [after LENGTH] garbage for LENGTH|times N|off     200 with bytes that mean nothing, to every request
//   [after LENGTH] half for LENGTH|times N|off        an answer that breaks off, to every request
//   [after LENGTH] hang for LENGTH|times N|off        no answer; the connection stays open until the client ends it
//   [after LENGTH] no-events for LENGTH|times N|off   404 on every place where an event could be told of
//   [after LENGTH] tokens expire                      every token that was given is refused from now on
//   reset       everything above is as at the start, and what waits for its `after` is dropped
//   status      one line of JSON (server.h)
//   help        these lines
//
// Answers: "ok", "error: …", or what was asked for. LENGTH is "90s", "1m30s"; TIME is RFC 3339.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/interruption.h"

namespace spotkeeper::tools {

/// In the order in which they are looked at: of two that stand, the first decides.
enum class FaultKind : std::uint8_t { Hang, Half, Errors, Garbage, NoEvents };
inline constexpr std::array kFaultKinds{FaultKind::Hang, FaultKind::Half, FaultKind::Errors, FaultKind::Garbage,
                                        FaultKind::NoEvents};
/// "hang", "half", "errors", "garbage", "no-events".
[[nodiscard]] std::string_view name_of(FaultKind kind);

struct ControlCommand {
  enum class Verb {
    Notice,
    CancelNotice,
    Rebalance,
    CancelRebalance,
    Maintenance,
    CancelMaintenance,
    CompleteMaintenance,
    Lifecycle,
    Fault,
    ExpireTokens,
    Reset,
    Status,
    Help,
  };
  Verb verb = Verb::Status;
  Duration after{};                                           // none of Reset, Status, Help
  InterruptionEffect effect = InterruptionEffect::Terminate;  // of Notice
  std::string word{};                                         // Maintenance: its code; Lifecycle: the state
  Duration in{};                // Notice, Maintenance: when it takes place, from when the command is carried out
  std::optional<Instant> at{};  // the same as a time; wins over `in`
  FaultKind fault = FaultKind::Errors;
  int status = 503;                  // of FaultKind::Errors
  std::optional<Duration> length{};  // of Fault; neither this nor `times`: off
  std::optional<std::uint64_t> times{};
};
/// InvalidInput says what of the line is wrong.
Result<ControlCommand> parse_control(std::string_view line);
/// The lines of `help`.
[[nodiscard]] std::string control_help();

/// Which fault meets which request.
class Faults {
 public:
  void set(const ControlCommand& command, Steady now);
  void clear() { standing_.clear(); }

  struct Hit {
    FaultKind kind = FaultKind::Errors;
    int status = 0;
  };
  /// The fault that a request for `path` meets now, counted as one of its times; nothing: none.
  std::optional<Hit> meet(std::string_view path, Steady now);
  /// Those that stand, by their names.
  [[nodiscard]] std::vector<std::string_view> standing(Steady now) const;

 private:
  struct Fault {
    int status = 0;
    Steady until = Steady::max();
    std::uint64_t left = UINT64_MAX;
    [[nodiscard]] bool over(Steady now) const { return now >= until || left == 0; }
  };
  std::map<FaultKind, Fault> standing_;
};

/// A place of the metadata service where an interruption may be told of.
[[nodiscard]] bool tells_of_events(std::string_view path);

}  // namespace spotkeeper::tools
