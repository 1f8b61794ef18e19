#include "tests/unit/tree/source_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace spotkeeper::tree {

std::vector<SourceFile> files_below(const std::string& folder, const std::vector<std::string>& endings) {
  namespace fs = std::filesystem;
  const fs::path root = SPOTKEEPER_SOURCE_DIR;
  std::vector<SourceFile> files;
  if (!fs::exists(root / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string name = entry.path().filename().string();
    bool wanted = false;
    for (const std::string& ending : endings) wanted = wanted || name.ends_with(ending);
    if (!wanted || !entry.is_regular_file()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    files.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace spotkeeper::tree
