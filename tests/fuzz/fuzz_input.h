// What the fuzzers share: an input that says first how to cut the rest, and a check that ends the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace spotkeeper::fuzz {

/// Ends the process, which is how libFuzzer learns of a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Calls `feed` with pieces of `text`; the lengths come from `seed`, so the same input is cut the same way.
template <class Feed>
bool in_pieces(std::string_view text, std::uint32_t seed, Feed feed) {
  while (!text.empty()) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    const std::size_t length = 1 + (seed >> 24) % 13;
    const std::string_view piece = text.substr(0, length);
    if (!feed(piece)) return false;
    text.remove_prefix(piece.size());
  }
  return true;
}

}  // namespace spotkeeper::fuzz
