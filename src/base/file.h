// Whole files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spotkeeper {

/// The contents of a file of at most `most` bytes. NotFound if there is none, Forbidden if it may not be read,
/// InvalidInput if it is longer or not a file; the message names the path.
Result<std::string> read_file(const std::string& path, std::size_t most = 16U << 20U);

/// Writes `content` to a new file, or over what the file held. Forbidden, NotFound (a folder of the path) or
/// Unavailable (a full disk); the message names the path, and what was there before may be gone.
Result<void> write_file(const std::string& path, std::string_view content);

}  // namespace spotkeeper
