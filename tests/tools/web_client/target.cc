#include "tests/tools/web_client/target.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "net/url.h"

namespace spotkeeper::tools {
namespace {

Result<void> take_url(std::string_view text, Target& target) {
  SK_TRY(const net::Url url, net::parse_url(text));
  const auto address = net::SocketAddress::parse(url.origin.host, url.origin.port);
  if (url.origin.tls() || !address)
    return fail(ErrorCode::InvalidInput, fmt::format("url: {} is not http:// and an IP address", quote(text)));
  target.authority = url.origin.authority();
  target.address = *address;
  return {};
}

Result<void> take_style(std::string_view text, Target& target) {
  if (text != "new" && text != "kept" && text != "both")
    return fail(ErrorCode::InvalidInput, fmt::format("style: {} is not new, kept or both", quote(text)));
  target.new_style = text != "kept";
  target.kept_style = text != "new";
  return {};
}

Result<void> take_rate(std::string_view text, Target& target) {
  SK_TRY(target.rate, parse_double(text).within("rate"));
  if (target.rate < 0.01 || target.rate > 10'000)
    return fail(ErrorCode::InvalidInput, "rate: from 0.01 to 10000 a second");
  return {};
}

Result<void> take_length(std::string_view key, std::string_view text, Duration least, Duration& into) {
  SK_TRY(into, parse_duration(text).within(key));
  if (into < least) return fail(ErrorCode::InvalidInput, fmt::format("{}: at least {}", key, format_duration(least)));
  return {};
}

Result<void> take_kept(std::string_view text, Target& target) {
  SK_TRY(target.kept, parse_int<std::uint64_t>(text, 1, 10'000).within("kept"));
  return {};
}

Result<void> take(std::string_view key, std::string_view value, Target& target) {
  if (key == "name") {
    target.name = value;
    return {};
  }
  if (key == "url") return take_url(value, target);
  if (key == "rate") return take_rate(value, target);
  if (key == "style") return take_style(value, target);
  if (key == "takes") return take_length(key, value, Duration::zero(), target.takes);
  if (key == "deadline") return take_length(key, value, 1ms, target.deadline);
  if (key == "kept") return take_kept(value, target);
  constexpr std::array<std::string_view, 7> known{"name", "url", "rate", "style", "takes", "deadline", "kept"};
  return fail(ErrorCode::InvalidInput, fmt::format("unknown key {}{}", quote(key), did_you_mean(key, known)));
}

}  // namespace

std::string_view name_of(Style style) { return style == Style::New ? "new" : "kept"; }

Result<Target> parse_target(std::string_view text) {
  Target target;
  for (const std::string_view part : split(text, ',')) {
    const auto pair = split_once(part, '=');
    if (!pair) return fail(ErrorCode::InvalidInput, fmt::format("{} is not KEY=VALUE", quote(part)));
    SK_CHECK(take(pair->first, pair->second, target));
  }
  if (target.name.empty() || target.authority.empty())
    return fail(ErrorCode::InvalidInput, "it needs name=NAME and url=URL");
  if (target.takes >= target.deadline)
    return fail(ErrorCode::InvalidInput, "the deadline must be later than what a request takes");
  return target;
}

}  // namespace spotkeeper::tools
