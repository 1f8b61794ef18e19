// The words of a line of control, taken one after the other.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace spotkeeper::tools {

class Words {
 public:
  /// The line outlives it.
  explicit Words(std::string_view line) {
    for (const std::string_view word : split(line, ' ')) {
      if (!trim(word).empty()) words_.push_back(trim(word));
    }
  }
  [[nodiscard]] bool left() const { return next_ < words_.size(); }
  /// Empty where none is left.
  std::string_view take() { return left() ? words_[next_++] : std::string_view(); }
  bool take_if(std::string_view word) {
    const bool is = left() && words_[next_] == word;
    next_ += is ? 1 : 0;
    return is;
  }

 private:
  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
};

/// The one of `all` that name_of() calls so.
template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<Enum, N>& all, std::string_view name) {
  const auto found = std::ranges::find_if(all, [name](Enum one) { return name_of(one) == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

/// The next word as a length of time, not negative.
inline Result<Duration> take_length(Words& words) {
  SK_TRY(const Duration length, parse_duration(words.take()));
  if (length < Duration::zero()) return fail(ErrorCode::InvalidInput, "a length of time can't be negative");
  return length;
}

}  // namespace spotkeeper::tools
