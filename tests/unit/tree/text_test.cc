// What holds for the text of every file: nothing is left for later, and no link leads nowhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/text.h"
#include "tests/unit/tree/source_files.h"

namespace spotkeeper::tree {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// "path:line" of each line that puts something off.
std::vector<std::string> put_off(const SourceFile& file) {
  // Written so that this file does not find itself.
  static const std::regex mark(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X|HA"
      "CK)\\b");
  std::vector<std::string> found;
  std::size_t number = 0;
  for (const std::string_view line : split(file.text, '\n')) {
    ++number;
    if (std::regex_search(line.begin(), line.end(), mark)) found.push_back(file.path + ":" + std::to_string(number));
  }
  return found;
}

/// The heading's anchor as GitHub makes it: lower case, blanks to hyphens, everything but letters, digits, - and _
/// gone.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : lower(trim(heading))) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (kept) anchor += c;
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

std::set<std::string> anchors_of(std::string_view markdown) {
  std::set<std::string> anchors;
  for (const std::string_view line : split(markdown, '\n')) {
    if (line.starts_with('#'))
      anchors.insert(anchor_of(line.substr(std::min(line.find_first_not_of('#'), line.size()))));
  }
  return anchors;
}

/// What is wrong with a link of a Markdown file; empty if nothing is. Links to other hosts are not followed.
std::string broken_link(const SourceFile& file, std::string_view target) {
  if (target.starts_with("http://") || target.starts_with("https://") || target.starts_with("mailto:")) return {};
  namespace fs = std::filesystem;
  const std::string_view path = target.substr(0, target.find('#'));
  const std::string_view anchor = target.size() > path.size() ? target.substr(path.size() + 1) : std::string_view();
  std::string text = file.text;
  if (!path.empty()) {
    const fs::path place = fs::path(SPOTKEEPER_SOURCE_DIR) / fs::path(file.path).parent_path() / path;
    if (!fs::exists(place)) return file.path + ": " + std::string(target) + " does not exist";
    std::ostringstream content;
    if (fs::is_regular_file(place)) content << std::ifstream(place).rdbuf();
    text = content.str();
  }
  if (!anchor.empty() && !anchors_of(text).contains(std::string(anchor))) {
    return file.path + ": " + std::string(target) + " has no such heading";
  }
  return {};
}

std::vector<std::string> broken_links(const SourceFile& file) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  std::vector<std::string> broken;
  for (std::sregex_iterator match(file.text.begin(), file.text.end(), link), end; match != end; ++match) {
    if (std::string why = broken_link(file, (*match)[1].str()); !why.empty()) broken.push_back(std::move(why));
  }
  return broken;
}

std::vector<SourceFile> everything_written_by_hand() {
  std::vector<SourceFile> all;
  for (const char* folder : {"src", "tests", "bench", "scripts", "cmake", "deploy", "docs", ".ci"}) {
    const std::vector<SourceFile> files =
        files_below(folder, {".h", ".cc", ".S", ".cmake", ".md", ".txt", ".sh", ".py", ".yaml", "run", "test", "lint"});
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

std::vector<SourceFile> documents() {
  std::vector<SourceFile> all = files_below("docs", {".md"});
  std::ostringstream readme;
  readme << std::ifstream(std::filesystem::path(SPOTKEEPER_SOURCE_DIR) / "README.md").rdbuf();
  all.push_back({"README.md", readme.str()});
  return all;
}

TEST(Tree, LeavesNothingForLater) {
  for (const SourceFile& file : everything_written_by_hand()) EXPECT_THAT(put_off(file), IsEmpty());
}

TEST(Tree, HasNoLinkThatLeadsNowhere) {
  const std::vector<SourceFile> all = documents();
  ASSERT_FALSE(all.back().text.empty()) << "README.md";
  for (const SourceFile& file : all) EXPECT_THAT(broken_links(file), IsEmpty());
}

TEST(TreeChecks, FindWhatIsPutOff) {
  EXPECT_THAT(put_off({"a.cc",
                       "int a;\n// TO"
                       "DO: more\n"}),
              ElementsAre("a.cc:2"));
  EXPECT_THAT(put_off({"a.cc", "// mastodon\n"}), IsEmpty());
}

TEST(TreeChecks, FindABrokenLink) {
  EXPECT_THAT(broken_links({"docs/a.md", "[x](nowhere.md) [y](../LICENSE)"}),
              ElementsAre("docs/a.md: nowhere.md does not exist"));
  EXPECT_THAT(broken_links({"docs/a.md", "# One thing\n[x](#one-thing) [y](#other)"}),
              ElementsAre("docs/a.md: #other has no such heading"));
  EXPECT_THAT(anchors_of("## `a b` (c)\n"), Contains("a-b-c"));
}

}  // namespace
}  // namespace spotkeeper::tree
