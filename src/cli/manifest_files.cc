#include "cli/manifest_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace spotkeeper::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{64} << 20U;

bool holds_manifests(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

/// The files of a folder that hold manifests, by name; a file as it is.
Result<std::vector<std::string>> files_of(const std::string& path) {
  std::error_code problem;
  if (path == "-" || !fs::is_directory(path, problem)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(path, problem), end; !problem && at != end; at.increment(problem)) {
    if (at->is_regular_file(problem) && holds_manifests(at->path())) files.push_back(at->path().string());
  }
  if (problem) return fail(ErrorCode::NotFound, fmt::format("can't read {}: {}", path, problem.message()));
  if (files.empty()) return fail(ErrorCode::NotFound, fmt::format("no .yaml, .yml or .json file is in {}", path));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<ManifestFile>> read_manifest_files(const std::vector<std::string>& paths) {
  std::vector<ManifestFile> texts;
  for (const std::string& path : paths) {
    SK_TRY(const auto files, files_of(path));
    for (const std::string& file : files) {
      SK_TRY(auto text, read_file(file == "-" ? "/dev/stdin" : file, kMostBytes));
      texts.push_back({file == "-" ? "standard input" : file, std::move(text)});
    }
  }
  return texts;
}

}  // namespace spotkeeper::cli
