// Small, exact helpers for text. ASCII only where letters matter: no locale is ever asked.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace spotkeeper {

/// Without the blanks (space, tab, CR, LF, VT, FF) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The pieces between separators; always at least one, and empty ones are kept: "a,,b" has three.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// The part before the first separator and the part after it; nullopt if there is no separator.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view text,
                                                                                      char separator);

/// The pieces (anything convertible to std::string_view) with `between` put between them.
template <class Pieces>
[[nodiscard]] std::string join(const Pieces& pieces, std::string_view between) {
  std::string out;
  bool first = true;
  for (const auto& piece : pieces) {
    if (!first) out += between;
    out += std::string_view(piece);
    first = false;
  }
  return out;
}

/// A to Z become a to z; every other byte stays.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The text as it may stand in a message: in single quotes, control bytes, quotes and broken UTF-8 escaped, and cut
/// after `longest` bytes with "…" as the sign of it.
[[nodiscard]] std::string quote(std::string_view text, std::size_t longest = 80);

/// The same text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

namespace detail {
[[nodiscard]] Error not_a_number(std::string_view what, std::string_view text);
[[nodiscard]] Error out_of_range(std::string_view text, std::string_view least, std::string_view most);
}  // namespace detail

/// A whole number in decimal: an optional '-', then digits and nothing else (no blanks, no '+'); both ends inclusive.
template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
[[nodiscard]] Result<T> parse_int(std::string_view text, T least = std::numeric_limits<T>::min(),
                                  T most = std::numeric_limits<T>::max()) {
  T value{};
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, problem] = std::from_chars(begin, end, value);
  if (problem == std::errc::invalid_argument || stop != end) return fail(detail::not_a_number("a whole number", text));
  if (problem != std::errc{} || value < least || value > most)
    return fail(detail::out_of_range(text, std::to_string(least), std::to_string(most)));
  return value;
}

/// A finite number in decimal or scientific notation ("0.5", "-3", "1e-3") and nothing else; correctly rounded.
Result<double> parse_double(std::string_view text);

/// The candidate that was probably meant: the one with the least edit distance (insertions, deletions, replacements,
/// swaps of neighbours; letter case counts for nothing), if that is at most a third of the word's length and at least
/// one. nullopt if none is near. The first of several that are equally near.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

/// Ready to be put behind a message: "; did you mean 'foo'?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// RFC 4648 §4, with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// RFC 4648 §4. Line breaks are skipped, as PEM-like values in kubeconfigs have them; any other foreign character,
/// missing or superfluous padding, and bits set behind the last byte are errors.
Result<std::string> base64_decode(std::string_view text);

/// Two lower-case digits a byte.
[[nodiscard]] std::string hex_encode(std::string_view bytes);
/// Digits of either case, an even number of them.
Result<std::string> hex_decode(std::string_view text);

}  // namespace spotkeeper
