// The files of this repository, for tests that look at the tree itself.
#pragma once

#include <string>
#include <vector>

namespace spotkeeper::tree {

struct SourceFile {
  std::string path;  // below the root, with forward slashes
  std::string text;
};

/// Every file below `folder` (of the root) whose name ends with one of `endings`, by path.
std::vector<SourceFile> files_below(const std::string& folder, const std::vector<std::string>& endings);

}  // namespace spotkeeper::tree
