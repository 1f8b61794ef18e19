#include "tests/tools/imds_server/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tests/tools/words.h"

namespace spotkeeper::tools {
namespace {

using Verb = ControlCommand::Verb;

constexpr Duration kNoticeTime = 2min;
constexpr Duration kMaintenanceTime = 1h;

Result<void> take_time(Words& words, Duration fallback, ControlCommand& command) {
  command.in = fallback;
  if (words.take_if("in")) {
    SK_TRY(command.in, take_length(words));
  } else if (words.take_if("at")) {
    SK_TRY(command.at, parse_rfc3339(words.take()));
  }
  return {};
}

Result<void> take_notice(Words& words, ControlCommand& command) {
  command.verb = Verb::Notice;
  const std::string_view what = words.take();
  if (what == "cancel") {
    command.verb = Verb::CancelNotice;
    return {};
  }
  if (what == "terminate") {
    command.effect = InterruptionEffect::Terminate;
  } else if (what == "stop") {
    command.effect = InterruptionEffect::Stop;
  } else if (what == "hibernate") {
    command.effect = InterruptionEffect::Hibernate;
  } else {
    return fail(ErrorCode::InvalidInput,
                fmt::format("notice: {} is not terminate, stop, hibernate or cancel", quote(what)));
  }
  return take_time(words, kNoticeTime, command);
}

Result<void> take_maintenance(Words& words, ControlCommand& command) {
  command.verb = Verb::Maintenance;
  command.word = words.take();
  if (command.word.empty()) return fail(ErrorCode::InvalidInput, "maintenance: its code is missing");
  if (command.word == "cancel") command.verb = Verb::CancelMaintenance;
  if (command.word == "complete") command.verb = Verb::CompleteMaintenance;
  if (command.verb != Verb::Maintenance) return {};
  return take_time(words, kMaintenanceTime, command);
}

Result<void> take_fault(Words& words, FaultKind kind, ControlCommand& command) {
  command.verb = Verb::Fault;
  command.fault = kind;
  if (words.take_if("off")) return {};
  if (kind == FaultKind::Errors) {
    SK_TRY(command.status, parse_int(words.take(), 400, 599).within("errors"));
    if (words.take_if("off")) return {};
  }
  if (words.take_if("for")) {
    SK_TRY(command.length, take_length(words));
    return {};
  }
  if (!words.take_if("times"))
    return fail(ErrorCode::InvalidInput, fmt::format("{}: for LENGTH, times N or off", name_of(kind)));
  SK_TRY(command.times, parse_int<std::uint64_t>(words.take(), 1));
  return {};
}

Result<void> take_verb(Words& words, ControlCommand& command) {
  const std::string_view verb = words.take();
  if (verb == "notice") return take_notice(words, command);
  if (verb == "maintenance") return take_maintenance(words, command);
  if (const auto kind = named(kFaultKinds, verb)) return take_fault(words, *kind, command);
  if (verb == "rebalance") {
    command.verb = words.take_if("cancel") ? Verb::CancelRebalance : Verb::Rebalance;
  } else if (verb == "lifecycle") {
    command.verb = Verb::Lifecycle;
    command.word = words.take();
    if (command.word.empty()) return fail(ErrorCode::InvalidInput, "lifecycle: the state is missing");
  } else if (verb == "tokens" && words.take_if("expire")) {
    command.verb = Verb::ExpireTokens;
  } else if (verb == "reset") {
    command.verb = Verb::Reset;
  } else if (verb == "status") {
    command.verb = Verb::Status;
  } else if (verb == "help") {
    command.verb = Verb::Help;
  } else {
    return fail(ErrorCode::InvalidInput, fmt::format("unknown command {}; try help", quote(verb)));
  }
  return {};
}

}  // namespace

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::Hang: return "hang";
    case FaultKind::Half: return "half";
    case FaultKind::Errors: return "errors";
    case FaultKind::Garbage: return "garbage";
    case FaultKind::NoEvents: return "no-events";
  }
  return "unknown";
}

Result<ControlCommand> parse_control(std::string_view line) {
  Words words(line);
  ControlCommand command;
  const bool later = words.take_if("after");
  if (later) {
    SK_TRY(command.after, take_length(words).within("after"));
  }
  SK_CHECK(take_verb(words, command));
  const bool at_once = command.verb == Verb::Reset || command.verb == Verb::Status || command.verb == Verb::Help;
  if (later && at_once) return fail(ErrorCode::InvalidInput, "this can't be done later");
  if (words.left()) return fail(ErrorCode::InvalidInput, fmt::format("{} is too much", quote(words.take())));
  return command;
}

std::string control_help() {
  return "[after LENGTH] notice terminate|stop|hibernate [in LENGTH | at TIME]\n"
         "[after LENGTH] notice cancel\n"
         "[after LENGTH] rebalance [cancel]\n"
         "[after LENGTH] maintenance CODE [in LENGTH | at TIME]\n"
         "[after LENGTH] maintenance cancel|complete\n"
         "[after LENGTH] lifecycle STATE|none\n"
         "[after LENGTH] errors STATUS for LENGTH|times N|off\n"
         "[after LENGTH] garbage|half|hang|no-events for LENGTH|times N|off\n"
         "[after LENGTH] tokens expire\n"
         "reset\nstatus\nhelp";
}

void Faults::set(const ControlCommand& command, Steady now) {
  standing_.erase(command.fault);
  if (!command.length && !command.times) return;
  Fault fault{.status = command.status};
  if (command.length) fault.until = now + *command.length;
  if (command.times) fault.left = *command.times;
  standing_[command.fault] = fault;
}

std::optional<Faults::Hit> Faults::meet(std::string_view path, Steady now) {
  for (auto& [kind, fault] : standing_) {
    if (fault.over(now) || (kind == FaultKind::NoEvents && !tells_of_events(path))) continue;
    if (fault.left != UINT64_MAX) --fault.left;
    return Hit{kind, fault.status};
  }
  return std::nullopt;
}

std::vector<std::string_view> Faults::standing(Steady now) const {
  std::vector<std::string_view> names;
  for (const auto& [kind, fault] : standing_) {
    if (!fault.over(now)) names.push_back(name_of(kind));
  }
  return names;
}

bool tells_of_events(std::string_view path) {
  constexpr std::array<std::string_view, 3> places{"/latest/meta-data/spot/", "/latest/meta-data/events/",
                                                   "/latest/meta-data/autoscaling/"};
  return std::ranges::any_of(places, [path](std::string_view place) { return path.starts_with(place); });
}

}  // namespace spotkeeper::tools
