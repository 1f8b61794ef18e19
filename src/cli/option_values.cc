// One text to one typed value: the syntax and the range of every option type.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "cli/options.h"
#include "net/url.h"

namespace spotkeeper::cli {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

tl::unexpected<Error> refuse(const Option& option, std::string_view text, std::string_view why) {
  const std::string shown = option.secret ? "the value" : quote(text);
  return fail(ErrorCode::InvalidInput, fmt::format("{} {}", shown, why));
}

/// The first word of the list that is no choice, and the one that was probably meant.
std::optional<std::string> wrong_word(const ListType& type, std::string_view text) {
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view word = trim(piece);
    if (std::ranges::find(type.choices, word) != type.choices.end()) continue;
    return fmt::format("{} is none of {}{}", quote(word), fmt::join(type.choices, ", "),
                       did_you_mean(word, type.choices));
  }
  return std::nullopt;
}

tl::unexpected<Error> wrong_type(const Option& option, std::string_view text) {
  const std::string range = option.range();
  if (const auto* list = std::get_if<ListType>(&option.type)) {
    if (auto wrong = wrong_word(*list, text)) return fail(ErrorCode::InvalidInput, *std::move(wrong));
  }
  if (const auto* choice = std::get_if<ChoiceType>(&option.type)) {
    return refuse(option, text, "is none of " + range + did_you_mean(text, choice->choices));
  }
  return refuse(option, text,
                range.empty() ? fmt::format("is not {}", option.kind())
                              : fmt::format("is not {}; allowed: {}", option.kind(), range));
}

tl::unexpected<Error> out_of_range(const Option& option, std::string_view text) {
  return refuse(option, text, fmt::format("is out of range; allowed: {}", option.range()));
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

/// "127.0.0.1:9464", "[::1]:9464", ":9464" (every IPv4 address). A name would need DNS at the start: not an address.
std::optional<net::SocketAddress> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const Result<std::uint16_t> port = parse_int<std::uint16_t>(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  if (!port || bare_ipv6) return std::nullopt;
  return net::SocketAddress::parse(host.empty() ? "0.0.0.0" : host, *port);
}

std::optional<std::size_t> choice_index(const ChoiceType& type, std::string_view text) {
  const auto place = std::find(type.choices.begin(), type.choices.end(), text);
  if (place == type.choices.end()) return std::nullopt;
  return static_cast<std::size_t>(place - type.choices.begin());
}

/// "a,b" as indices; nothing if one is no choice, or stands twice.
std::optional<std::vector<std::size_t>> choice_indices(const ListType& type, std::string_view text) {
  if (text == "false") return std::vector<std::size_t>();
  if (text == "true") text = type.bare;
  std::vector<std::size_t> indices;
  for (const std::string_view word : split(text, ',')) {
    const auto place = std::find(type.choices.begin(), type.choices.end(), trim(word));
    const auto index = static_cast<std::size_t>(place - type.choices.begin());
    const bool twice = std::find(indices.begin(), indices.end(), index) != indices.end();
    if (place == type.choices.end() || twice) return std::nullopt;
    indices.push_back(index);
  }
  return indices;
}

/// Each on a line; nothing if one is empty.
std::optional<std::vector<std::string>> texts_in(std::string_view text) {
  std::vector<std::string> texts;
  for (const std::string_view each : split(text, '\n')) {
    if (each.empty()) return std::nullopt;
    texts.emplace_back(each);
  }
  return texts;
}

/// 99999999999999999999 fits no type, but for a person it is a number that is out of range.
bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <class Value>
std::string range_text(Value least, Value most, auto&& show) {
  return fmt::format("{} to {}", show(least), show(most));
}

}  // namespace

std::string Option::environment() const {
  if (placement != Placement::Anywhere) return {};
  std::string variable = "SPOTKEEPER_";
  for (const char c : name) variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

std::string Option::placeholder() const {
  return std::visit(
      Overloaded{[](const FlagType&) { return std::string(); }, [](const IntegerType&) { return std::string("N"); },
                 [](const NumberType&) { return std::string("NUMBER"); },
                 [](const DurationType&) { return std::string("DURATION"); },
                 [](const InstantType&) { return std::string("TIME"); },
                 [](const TextType& text) { return std::string(text.placeholder); },
                 [](const PathType&) { return std::string("FILE"); },
                 [](const PathsType&) { return std::string("FILE…"); },
                 [](const TextsType& texts) { return std::string(texts.placeholder); },
                 [](const UrlType&) { return std::string("URL"); },
                 [](const AddressType&) { return std::string("[ADDRESS]:PORT"); },
                 [](const ChoiceType& choice) { return fmt::format("{}", fmt::join(choice.choices, "|")); },
                 [](const ListType&) { return std::string("LIST"); }},
      type);
}

std::string Option::range() const {
  const auto plain = [](auto value) { return fmt::format("{}", value); };
  return std::visit(
      Overloaded{[&](const IntegerType& range) { return range_text(range.least, range.most, plain); },
                 [&](const NumberType& range) { return range_text(range.least, range.most, plain); },
                 [](const DurationType& range) {
                   return fmt::format("{} to {}", format_duration(range.least), format_duration(range.most));
                 },
                 [](const FlagType&) { return std::string("true, false"); },
                 [](const TextType& text) {
                   return text.names == nullptr ? std::string() : fmt::format("{}", fmt::join(text.names(), ", "));
                 },
                 [](const ChoiceType& choice) { return fmt::format("{}", fmt::join(choice.choices, ", ")); },
                 [](const ListType& list) { return fmt::format("{}", fmt::join(list.choices, ", ")); },
                 [](const auto&) { return std::string(); }},
      type);
}

std::string Option::kind() const {
  return std::visit(
      Overloaded{[](const FlagType&) { return "a truth value"; }, [](const IntegerType&) { return "a whole number"; },
                 [](const NumberType&) { return "a number"; },
                 [](const DurationType&) { return "a duration with its unit, such as 1.5s or 2m"; },
                 [](const InstantType&) { return "an instant such as 2026-01-31T12:00:00Z"; },
                 [](const TextType&) { return "text"; }, [](const PathType&) { return "a path"; },
                 [](const PathsType&) { return "paths"; }, [](const TextsType&) { return "texts"; },
                 [](const UrlType&) { return "a URL such as http://169.254.169.254"; },
                 [](const AddressType&) { return "an address and port such as 127.0.0.1:9464, [::1]:9464 or :9464"; },
                 [](const ChoiceType&) { return "one of the choices"; },
                 [](const ListType&) { return "a list with commas, each name once"; }},
      type);
}

Result<void> store(const Option& option, std::string_view text, Options& into) {
  const auto parsed = [&](auto value, auto keep) -> Result<void> {
    if (!value) return wrong_type(option, text);
    keep(into, std::move(*value));
    return {};
  };
  const auto ranged = [&](auto value, const auto& type) -> Result<void> {
    if (value && (*value < type.least || *value > type.most)) return out_of_range(option, text);
    return parsed(value, type.store);
  };
  const auto text_if = [&](bool good) { return good ? std::optional(std::string(text)) : std::nullopt; };
  return std::visit(
      Overloaded{[&](const FlagType& type) { return parsed(parse_flag(text), type.store); },
                 [&](const IntegerType& type) -> Result<void> {
                   const Result<std::int64_t> value = parse_int<std::int64_t>(text);
                   if (!value && is_digits(text)) return out_of_range(option, text);
                   return ranged(value, type);
                 },
                 [&](const NumberType& type) { return ranged(parse_double(text), type); },
                 [&](const DurationType& type) { return ranged(parse_duration(text), type); },
                 [&](const InstantType& type) { return parsed(parse_rfc3339(text), type.store); },
                 [&](const TextType& type) { return parsed(text_if(!text.empty()), type.store); },
                 [&](const PathType& type) { return parsed(text_if(!text.empty()), type.store); },
                 [&](const PathsType& type) { return parsed(texts_in(text), type.store); },
                 [&](const TextsType& type) { return parsed(texts_in(text), type.store); },
                 [&](const UrlType& type) { return parsed(text_if(net::parse_url(text).has_value()), type.store); },
                 [&](const AddressType& type) { return parsed(parse_address(text), type.store); },
                 [&](const ChoiceType& type) { return parsed(choice_index(type, text), type.store); },
                 [&](const ListType& type) { return parsed(choice_indices(type, text), type.store); }},
      option.type);
}

}  // namespace spotkeeper::cli
