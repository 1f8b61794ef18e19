// The manifests that a command is pointed at.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace spotkeeper::cli {

struct ManifestFile {
  std::string name;  // for errors: the path, or "standard input"
  std::string text;
};

/// What is in these: files as they are, of folders the .yaml, .yml and .json files in and below them by name, of "-"
/// standard input. At most 64 MiB each.
Result<std::vector<ManifestFile>> read_manifest_files(const std::vector<std::string>& paths);

}  // namespace spotkeeper::cli
