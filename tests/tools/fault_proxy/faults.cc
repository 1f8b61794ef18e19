#include "tests/tools/fault_proxy/faults.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "tests/tools/words.h"

namespace spotkeeper::tools {
namespace {

using Verb = ProxyCommand::Verb;

Result<void> take_kinds(Words& words, FaultRule& rule) {
  for (const std::string_view name : split(words.take(), ',')) {
    const auto kind = named(kCallKinds, name);
    if (!kind) return fail(ErrorCode::InvalidInput, fmt::format("of: {} is no kind of call", quote(name)));
    rule.kinds.insert(*kind);
  }
  return {};
}

Result<void> take_extent(Words& words, FaultRule& rule) {
  if (words.take_if("on")) return {};
  if (words.take_if("for")) {
    SK_TRY(rule.length, take_length(words));
    return {};
  }
  if (!words.take_if("times"))
    return fail(ErrorCode::InvalidInput, fmt::format("{}: for LENGTH, times N or on", name_of(rule.fault)));
  SK_TRY(rule.times, parse_int<std::uint64_t>(words.take(), 1));
  return {};
}

Result<void> take_rule(Words& words, FaultRule& rule) {
  if (rule.fault == CallFault::Answer) {
    SK_TRY(rule.status, parse_int(words.take(), 400, 599).within("answer"));
    if (words.take_if("retry-after")) {
      SK_TRY(rule.retry_after, parse_int<std::int64_t>(words.take(), 0).within("retry-after"));
    }
  }
  if (rule.fault == CallFault::Delay) {
    SK_TRY(rule.delay, take_length(words).within("delay"));
  }
  if (words.take_if("of")) {
    SK_CHECK(take_kinds(words, rule));
  }
  if (words.take_if("share")) {
    SK_TRY(const int percent, parse_int(words.take(), 1, 100).within("share"));
    rule.share = percent / 100.0;
  }
  return take_extent(words, rule);
}

bool asks_to_watch(std::string_view target) {
  return target.find("watch=true") != std::string_view::npos || target.find("watch=1") != std::string_view::npos;
}

}  // namespace

std::string_view name_of(CallKind kind) {
  switch (kind) {
    case CallKind::Watch: return "watch";
    case CallKind::Read: return "read";
    case CallKind::Node: return "node";
    case CallKind::Evict: return "evict";
    case CallKind::Delete: return "delete";
    case CallKind::Event: return "event";
    case CallKind::Other: return "other";
  }
  return "unknown";
}

std::string_view name_of(CallFault fault) {
  switch (fault) {
    case CallFault::Answer: return "answer";
    case CallFault::Hang: return "hang";
    case CallFault::Reset: return "reset";
    case CallFault::Lose: return "lose";
    case CallFault::Half: return "half";
    case CallFault::Delay: return "delay";
  }
  return "unknown";
}

CallKind call_kind(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (method == "GET") return asks_to_watch(target) ? CallKind::Watch : CallKind::Read;
  if (path.find("/events") != std::string_view::npos) return CallKind::Event;
  if (method == "DELETE") return CallKind::Delete;
  if (method == "POST" && path.ends_with("/eviction")) return CallKind::Evict;
  if (method == "PATCH" && path.starts_with("/api/v1/nodes/")) return CallKind::Node;
  return CallKind::Other;
}

Result<ProxyCommand> parse_proxy_command(std::string_view line) {
  Words words(line);
  ProxyCommand command;
  const std::string_view verb = words.take();
  if (const auto fault = named(kCallFaults, verb)) {
    command.verb = Verb::Add;
    command.rule.fault = *fault;
    SK_CHECK(take_rule(words, command.rule));
  } else if (verb == "clear") {
    command.verb = Verb::Clear;
  } else if (verb == "cut") {
    command.verb = Verb::Cut;
  } else if (verb == "status") {
    command.verb = Verb::Status;
  } else if (verb == "help") {
    command.verb = Verb::Help;
  } else {
    return fail(ErrorCode::InvalidInput, fmt::format("unknown command {}; try help", quote(verb)));
  }
  if (words.left()) return fail(ErrorCode::InvalidInput, fmt::format("{} is too much", quote(words.take())));
  return command;
}

std::string proxy_help() {
  return "answer STATUS [retry-after SECONDS] | hang | reset | lose | half | delay LENGTH\n"
         "  [of watch,read,node,evict,delete,event,other] [share PERCENT] for LENGTH|times N|on\n"
         "clear\ncut\nstatus\nhelp";
}

void CallFaults::add(FaultRule rule, Steady now) {
  Standing standing;
  if (rule.length) standing.until = now + *rule.length;
  if (rule.times) standing.left = *rule.times;
  standing.rule = std::move(rule);
  standing_.push_back(std::move(standing));
}

std::optional<FaultRule> CallFaults::meet(CallKind kind, Steady now) {
  for (Standing& standing : standing_) {
    const FaultRule& rule = standing.rule;
    if (now >= standing.until || standing.left == 0) continue;
    if (!rule.kinds.empty() && !rule.kinds.contains(kind)) continue;
    if (rule.share < 1.0 && !random_.chance(rule.share)) continue;
    if (standing.left != UINT64_MAX) --standing.left;
    ++met_[rule.fault];
    ++disturbed_[kind];
    return rule;
  }
  return std::nullopt;
}

}  // namespace spotkeeper::tools
