// Tells an answer that was begun and not ended from one that never came: both are Unavailable, and who counts what a
// peer does wants to know.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace spotkeeper::net {

inline constexpr std::string_view kCutShort = "the peer closed the connection in the middle of a message";

/// The error of a message whose peer closed the connection before its end, whatever stands before it.
[[nodiscard]] inline bool is_cut_short(const Error& error) {
  return error.code == ErrorCode::Unavailable && error.message.find(kCutShort) != std::string::npos;
}

}  // namespace spotkeeper::net
