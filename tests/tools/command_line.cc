#include "tests/tools/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/text.h"

namespace spotkeeper::tools {

void CommandLine::custom(std::string name, std::string placeholder, std::string meaning,
                         std::function<Result<void>(std::string_view)> take) {
  options_.push_back({std::move(name), std::move(placeholder), std::move(meaning), std::move(take)});
}

void CommandLine::value(std::string name, std::string placeholder, std::string meaning, std::string* into) {
  custom(std::move(name), std::move(placeholder), std::move(meaning), [into](std::string_view text) -> Result<void> {
    *into = text;
    return {};
  });
}

void CommandLine::value(std::string name, std::string meaning, Duration* into) {
  custom(std::move(name), "DURATION", std::move(meaning), [into](std::string_view text) -> Result<void> {
    SK_TRY(const Duration length, parse_duration(text));
    if (length < Duration::zero()) return fail(ErrorCode::InvalidInput, "it can't be negative");
    *into = length;
    return {};
  });
}

void CommandLine::value(std::string name, std::string placeholder, std::string meaning, std::uint64_t* into) {
  custom(std::move(name), std::move(placeholder), std::move(meaning), [into](std::string_view text) -> Result<void> {
    SK_TRY(*into, parse_int<std::uint64_t>(text));
    return {};
  });
}

void CommandLine::values(std::string name, std::string placeholder, std::string meaning,
                         std::vector<std::string>* into) {
  custom(std::move(name), std::move(placeholder), std::move(meaning), [into](std::string_view text) -> Result<void> {
    into->emplace_back(text);
    return {};
  });
}

void CommandLine::flag(std::string name, std::string meaning, bool* into) {
  custom(std::move(name), "", std::move(meaning), [into](std::string_view) -> Result<void> {
    *into = true;
    return {};
  });
}

Result<const CommandLine::Option*> CommandLine::find(std::string_view name) const {
  const auto found = std::ranges::find(options_, name, &Option::name);
  if (found != options_.end()) return &*found;
  std::vector<std::string_view> names;
  names.reserve(options_.size());
  for (const Option& option : options_) names.emplace_back(option.name);
  return fail(ErrorCode::InvalidInput, fmt::format("unknown option --{}{}", name, did_you_mean(name, names)));
}

Result<void> CommandLine::parse(std::span<const std::string> arguments) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with("--"))
      return fail(ErrorCode::InvalidInput, fmt::format("unexpected argument {}", quote(argument)));
    const auto parts = split_once(argument.substr(2), '=');
    const std::string_view name = parts ? parts->first : argument.substr(2);
    SK_TRY(const Option* option, find(name));
    const bool alone = option->placeholder.empty();
    if (alone && parts) return fail(ErrorCode::InvalidInput, fmt::format("--{} takes no value", name));
    if (!alone && !parts && i + 1 == arguments.size())
      return fail(ErrorCode::InvalidInput, fmt::format("--{} needs a value", name));
    std::string_view text;
    if (parts) text = parts->second;
    if (!alone && !parts) text = arguments[++i];
    SK_CHECK(option->take(text).within(fmt::format("--{}", name)));
  }
  return {};
}

std::string CommandLine::help() const {
  std::string text = fmt::format("usage: {} [OPTION]…\n\n{}\n\n", program_, what_it_does_);
  for (const Option& option : options_)
    text += fmt::format("  --{} {}\n        {}\n", option.name, option.placeholder, option.meaning);
  return text;
}

std::optional<int> CommandLine::read(int argc, char** argv) const {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (std::ranges::find(arguments, "--help") != arguments.end()) {
    fmt::print("{}", help());
    return kDone;
  }
  const auto read = parse(arguments);
  if (read) return std::nullopt;
  fmt::print(stderr, "{}: {}\n", program_, read.error().message);
  return kBadUsage;
}

Result<HostAndPort> parse_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(ErrorCode::InvalidInput, fmt::format("{} is not ADDRESS:PORT", quote(text)));
  HostAndPort out;
  out.host = text.substr(0, colon);
  SK_TRY(out.port, parse_int<std::uint16_t>(text.substr(colon + 1)));
  return out;
}

Result<DurationRange> parse_duration_range(std::string_view text) {
  const auto ends = split_once(text, '-');
  DurationRange range;
  SK_TRY(range.least, parse_duration(ends ? ends->first : text));
  SK_TRY(range.most, parse_duration(ends ? ends->second : text));
  if (range.least < Duration::zero() || range.most < range.least)
    return fail(ErrorCode::InvalidInput, fmt::format("{} is no range from less to more", quote(text)));
  return range;
}

}  // namespace spotkeeper::tools
