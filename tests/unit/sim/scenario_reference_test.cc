#include "sim/scenario_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "base/text.h"
#include "cloud/aws/embedded_catalog.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {
namespace {

const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

TakenKeys keys() {
  auto keys = taken_keys(catalog());
  EXPECT_TRUE(keys) << (keys ? "" : keys.error().message);
  return keys ? std::move(*keys) : TakenKeys{};
}

TEST(ScenarioReference, SaysOfEveryKeyThatIsReadWhatItMeans) {
  std::set<std::string_view> known;
  for (const KeyMeaning& meaning : key_meanings()) {
    EXPECT_FALSE(meaning.meaning.empty()) << meaning.path;
    EXPECT_TRUE(known.insert(meaning.path).second) << meaning.path << " twice";
  }
  const TakenKeys read = keys();
  for (const FieldUse& use : read.taken) EXPECT_TRUE(known.contains(use.path)) << use.path << " has no meaning";
}

TEST(ScenarioReference, SaysNothingOfKeysThatAreNotRead) {
  const TakenKeys read = keys();
  for (const KeyMeaning& meaning : key_meanings())
    EXPECT_TRUE(std::ranges::any_of(read.taken, [&](const FieldUse& use) { return use.path == meaning.path; }))
        << meaning.path;
}

// A key that a map may have and that no reader of sim/scenario_fields.h takes would be missing on the page; so would
// one of a list that is empty in the example.
TEST(ScenarioReference, HasEveryKeyThatAMapMayHave) {
  const TakenKeys read = keys();
  EXPECT_GT(read.known.size(), 100U);
  for (const std::string& known : read.known) {
    const bool taken = std::ranges::any_of(read.taken, [&](const FieldUse& use) {
      const std::string rest = use.path.starts_with(known) ? use.path.substr(known.size()) : std::string("no");
      return rest.empty() || rest.starts_with('.') || rest.starts_with('[');
    });
    EXPECT_TRUE(taken) << known << ": read it with a reader of sim/scenario_fields.h, and put it into the example";
  }
}

TEST(ScenarioReference, HasRangesAndDefaultsAsTheReadersTakeThem) {
  const TakenKeys read = keys();
  const auto use_of = [&](std::string_view path) {
    const auto found = std::ranges::find_if(read.taken, [&](const FieldUse& use) { return use.path == path; });
    return found == read.taken.end() ? FieldUse{} : *found;
  };
  const FieldUse grace = use_of("workloads[].grace");
  EXPECT_EQ(grace.value, "duration of whole seconds");
  EXPECT_EQ(grace.fallback, "30s");
  const FieldUse concurrency = use_of("workloads[].server.concurrency");
  EXPECT_EQ(concurrency.range, "1 to 100000");
  EXPECT_EQ(concurrency.fallback, "32");
  const FieldUse effect = use_of("events[].effect");
  EXPECT_EQ(effect.value, "one of terminate, stop, hibernate, reboot");
  EXPECT_EQ(effect.fallback, "terminate");
  EXPECT_TRUE(use_of("events[].notice").required);
  EXPECT_TRUE(use_of("market.outages[].for").required);
  EXPECT_EQ(use_of("market.capacity.out-sigma").range, "0 to 3");
  EXPECT_EQ(use_of("cluster.endpoint-delay.p99").fallback, "3s");
}

// What is not listening is not told, and does not change what is read.
TEST(FieldUses, HearOnlyWhileTheyLive) {
  {
    const FieldUses uses;
    ASSERT_TRUE(parse_scenario(whole_scenario(), "whole.yaml", catalog()));
    EXPECT_FALSE(uses.taken().empty());
  }
  const FieldUses uses;
  EXPECT_TRUE(uses.taken().empty());
}

TEST(ScenarioReference, NamesTheNearestKeyOfAMistakeAtEveryPlace) {
  // A letter more in the name of each key of the example: the error names the place and the key that was meant.
  std::string whole;  // without its comments
  for (const std::string_view line : split(whole_scenario(), '\n')) {
    whole += line.substr(0, line.find('#'));
    whole += '\n';
  }
  std::size_t tried = 0;
  for (std::size_t at = whole.find(':'); at != std::string::npos; at = whole.find(':', at + 1)) {
    const std::size_t begin = whole.find_last_of(" {\n", at - 1) + 1;
    if (at == 0 || (whole[at + 1] != ' ' && whole[at + 1] != '\n')) continue;  // of a time
    const std::string key = whole.substr(begin, at - begin);
    const bool is_key =
        !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    const bool is_label = key == "team" || key == "tier" || key == "app";
    if (!is_key || is_label) continue;
    const std::string wrong = whole.substr(0, at) + "q" + whole.substr(at);
    const auto read = parse_scenario(wrong, "wrong.yaml", catalog());
    ASSERT_FALSE(read) << key;
    EXPECT_THAT(read.error().message, testing::StartsWith("wrong.yaml: line ")) << key;
    EXPECT_THAT(read.error().message, testing::HasSubstr("'" + key + "q'")) << key;
    ++tried;
  }
  EXPECT_GT(tried, 80U);
}

TEST(ScenarioPage, IsTheCommittedOne) {
  const auto page = scenario_page(catalog());
  ASSERT_TRUE(page);
  const auto committed = read_file(SPOTKEEPER_SOURCE_DIR "/docs/scenarios.md");
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(*committed, *page) << "spotkeeper docs scenarios > docs/scenarios.md";
}

}  // namespace
}  // namespace spotkeeper::sim
