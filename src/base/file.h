// Whole files.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace spotkeeper {

/// The contents of a file of at most `most` bytes. NotFound if there is none, Forbidden if it may not be read,
/// InvalidInput if it is longer or not a file; the message names the path.
Result<std::string> read_file(const std::string& path, std::size_t most = 16U << 20U);

}  // namespace spotkeeper
