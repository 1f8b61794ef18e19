#include "format/yaml.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::format {
namespace {

using testing::HasSubstr;

std::string json_of(std::string_view yaml) {
  auto document = parse_yaml(yaml);
  return document ? write_json(document->value()) : document.error().message;
}

TEST(Yaml, ReadsScalarsAsKubernetesDoes) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"true", "true"},
      {"Yes", "true"},
      {"on", "true"},
      {"y", "true"},
      {"no", "false"},
      {"OFF", "false"},
      {"n", "false"},
      {"yEs", "\"yEs\""},
      {"~", "null"},
      {"Null", "null"},
      {"0", "0"},
      {"-12", "-12"},
      {"+5", "5"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"017", "15"},
      {"0b11", "3"},
      {"1_000", "1000"},
      {"08", "8.0"},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"1.", "1.0"},
      {"+1.5", "1.5"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.2.3", "\"1.2.3\""},
      {"1:30", "\"1:30\""},
      {"-9223372036854775808", "-9223372036854775808"},
      {"2026-11-22", "\"2026-11-22\""},
      {"100m", "\"100m\""},
      {"'true'", "\"true\""},
      {"\"1\"", "\"1\""},
      {"!!str 1", "\"1\""},
      {"!!int 1", "1"},
      {"!!float 1", "1.0"},
      {"!!binary Zm9v", "\"foo\""},
      {"! yes", "\"yes\""},
      {"-", "[null]"},
      {"0x", "\"0x\""},
      {"-0x10", "-16"},
      {"!!bool 'yes'", "true"},
  };
  for (const auto& [yaml, json] : table) EXPECT_EQ(json_of(yaml), json) << yaml;
}

TEST(Yaml, RefusesWhatJsonCannotHold) {
  EXPECT_EQ(json_of("a: .nan"), "YAML: line 1, column 4: '.nan' has no place in JSON");
  EXPECT_EQ(json_of("a: -.Inf"), "YAML: line 1, column 4: '-.Inf' has no place in JSON");
  EXPECT_EQ(json_of("a: !!int x"), "YAML: line 1, column 4: 'x' is no 'int'");
  EXPECT_EQ(json_of("a: !mine x"), "YAML: line 1, column 4: unknown tag '!mine'");
  EXPECT_EQ(json_of("a: !mine [x]"), "YAML: line 1, column 4: unknown tag '!mine'");
  EXPECT_EQ(json_of("? [a]\n: b"), "YAML: line 1, column 3: a key must be a word, not a list, a map or an alias");
  EXPECT_EQ(json_of("~: b"), "YAML: line 1, column 1: a key must not be null");
}

TEST(Yaml, MakesStringsOfKeys) {
  EXPECT_EQ(json_of("{on: 1, 0x10: 2, 1.5: 3, 'on ': 4}"), R"({"true":1,"16":2,"1.5":3,"on ":4})");
}

TEST(Yaml, DuplicateKeysAreErrors) {
  EXPECT_EQ(json_of("a: 1\nb:\n  c: 1\n  c: 2\n"), "YAML: line 4, column 3: duplicate key 'c'");
  EXPECT_EQ(json_of("1: a\n'1': b"), "YAML: line 2, column 1: duplicate key '1'");
}

TEST(Yaml, SaysWhereInAFileAnErrorIs) {
  EXPECT_EQ(in_file("a.yaml", parse_yaml("a: 1\n a: {b: 1}\n").error()).substr(0, 9), "a.yaml:2:");
  EXPECT_EQ(in_file("a.yaml", parse_yaml("b: 1\nb: 2\n").error()), "a.yaml:2:1: duplicate key 'b'");
  EXPECT_EQ(in_file("a.yaml", {ErrorCode::InvalidInput, "no place"}), "a.yaml: no place");
}

TEST(Yaml, NamesThePlaceOfASyntaxError) { EXPECT_THAT(json_of("a: 1\n b: [2"), HasSubstr("YAML: line 2, column ")); }

TEST(Yaml, KnowsThePlaceOfEverything) {
  const auto document =
      parse_yaml("kind: Config\nclusters:\n- name: a\n  cluster:\n    server: x\n-   name: b\n").value();
  EXPECT_EQ(document.place_of(""), (YamlPlace{1, 1}));
  EXPECT_EQ(document.place_of("/clusters"), (YamlPlace{2, 1}));
  EXPECT_EQ(document.place_of("/clusters/0/cluster/server"), (YamlPlace{5, 5}));
  EXPECT_EQ(document.place_of("/clusters/1"), (YamlPlace{6, 5}));
  EXPECT_EQ(document.place_of("/clusters/1/nothing/here"), (YamlPlace{6, 5})) << "the innermost part around it";
}

TEST(Yaml, FieldsNameLineAndColumn) {
  const auto document = parse_yaml("clusters:\n- name: 5\n  clustr: {}\n").value();
  const auto cluster = document.root()["clusters"].elements().value()[0];
  EXPECT_EQ(cluster["name"].as<std::string>().error().message,
            "line 2, column 3: /clusters/0/name: expected a string, got a number");
  EXPECT_EQ(cluster.only_keys({"name", "cluster"}).error().message,
            "line 3, column 3: /clusters/0: unknown key 'clustr'; did you mean 'cluster'?");
  EXPECT_EQ(cluster["user"].as<std::string>().error().message,
            "line 2, column 3: /clusters/0/user: is required and missing");
}

TEST(Yaml, HintsAtQuotesForAWordThatIsNoText) {
  const auto document = parse_yaml("name: n").value();
  EXPECT_EQ(document.root()["name"].as<std::string>().error().message,
            "line 1, column 1: /name: expected a string, got a boolean (in quotes, it is text)");
}

TEST(Yaml, ReadsStreamsWithoutTheirEmptyDocuments) {
  const auto documents = parse_yaml_stream("# c\n---\n---\na: 1\n---\n- 2\n...\n---\n'': x\n").value();
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(write_json(documents[1].value()), "[2]");
  EXPECT_EQ(documents[1].place_of(""), (YamlPlace{6, 1}));
  EXPECT_EQ(json_of(""), "null");
  EXPECT_EQ(json_of("a\n---\nb\n"), "YAML: line 3, column 1: a second document where one is expected");
}

TEST(Yaml, ResolvesAliasesAndMergeKeys) {
  EXPECT_EQ(json_of("a: &x {k: 1}\nb: *x\nc: [*x, &y 5, *y]"), R"({"a":{"k":1},"b":{"k":1},"c":[{"k":1},5,5]})");
  EXPECT_EQ(json_of("a: &x {k: 1, l: 2}\nb: {k: 3, <<: *x, m: 4}"), R"({"a":{"k":1,"l":2},"b":{"k":3,"m":4,"l":2}})");
  EXPECT_EQ(json_of("<<: [{k: 1}, {k: 2, l: 3}]"), R"({"k":1,"l":3})") << "the first wins";
  EXPECT_EQ(json_of("'<<': 1"), R"({"<<":1})") << "quoted, it is a key";
  EXPECT_EQ(json_of("<<: 5"), "YAML: line 1, column 5: only maps can be merged");
  EXPECT_EQ(json_of("a: *x"), "YAML: line 1, column 4: unknown anchor 'x'");
  EXPECT_EQ(json_of("a: &x [*x]"), "YAML: line 1, column 8: unknown anchor 'x'") << "nothing can hold itself";
  EXPECT_EQ(json_of("&x a: 1\n---\n*x"), "YAML: line 3, column 1: unknown anchor 'x'")
      << "anchors end with their document";
}

TEST(Yaml, KnowsThePlacesOfWhatWasMerged) {
  const auto document = parse_yaml("a: &x\n  k: 1\nb:\n  l: 2\n  <<: *x\n").value();
  EXPECT_EQ(document.place_of("/b/l"), (YamlPlace{4, 3}));
  EXPECT_EQ(document.place_of("/b/k"), (YamlPlace{2, 3}));
}

TEST(Yaml, BoundsWhatAliasesBlowUpTo) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k) bomb += "," + last;
    bomb += "]\n";
  }
  EXPECT_THAT(json_of(bomb), HasSubstr("aliases blow the document up too far"));
}

TEST(Yaml, LimitsTheDepth) {
  EXPECT_THAT(json_of(std::string(65, '[')), HasSubstr("more than 64 levels"));
  EXPECT_EQ(json_of(std::string(64, '[') + std::string(64, ']')), std::string(64, '[') + std::string(64, ']'));
  std::string nested = "a0: &a0 []\n";
  for (int i = 1; i < 70; ++i)
    nested += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_THAT(json_of(nested), HasSubstr("more than 64 levels")) << "through aliases, too";
}

TEST(YamlWriter, WritesBlocksAsKubectlDoes) {
  const JsonValue value =
      parse_json(R"({"kind":"List","items":[{"name":"a","args":["-x","y: z"],"empty":{}},[1,[2]],[]],
                                      "text":"line 1\n  line 2\n","none":null,"half":0.5})")
          .value();
  EXPECT_EQ(write_yaml(value),
            "kind: List\n"
            "items:\n"
            "- name: a\n"
            "  args:\n"
            "  - \"-x\"\n"
            "  - \"y: z\"\n"
            "  empty: {}\n"
            "- - 1\n"
            "  - - 2\n"
            "- []\n"
            "text: |\n"
            "  line 1\n"
            "    line 2\n"
            "none: null\n"
            "half: 0.5\n");
}

TEST(YamlWriter, WhatItWritesReadsBackEqual) {
  const std::string nul(1, '\0');
  JsonArray texts;
  for (const std::string_view text : {"",
                                      " ",
                                      "true",
                                      "y",
                                      "no",
                                      "~",
                                      "null",
                                      "1",
                                      "0x1",
                                      "1_0",
                                      "1e3",
                                      ".inf",
                                      "...",
                                      "---",
                                      "-",
                                      "- a",
                                      "a: b",
                                      "a:",
                                      "a #b",
                                      "#a",
                                      "{a}",
                                      "[a]",
                                      "*a",
                                      "&a",
                                      "!a",
                                      "|",
                                      ">",
                                      "%a",
                                      "@a",
                                      "`a",
                                      "'a'",
                                      "\"a\"",
                                      "a\\b",
                                      "a\nb",
                                      "a\nb\n",
                                      "a\n\n",
                                      "a\n\n\n",
                                      "\n",
                                      "\na",
                                      " a\nb",
                                      "a \nb",
                                      "a\n b",
                                      "a\tb",
                                      "\ta",
                                      "a\r\nb",
                                      "é😀",
                                      "\x7f",
                                      "\xC2\x85",
                                      "\xE2\x80\xA8",
                                      "\xEF\xBB\xBF",
                                      "\xEF\xBF\xBE",
                                      "<<",
                                      "=",
                                      "a,b",
                                      "2026-11-22",
                                      "1:30",
                                      "a  b",
                                      "a: ",
                                      "?",
                                      "? a",
                                      "a\n---\nb"})
    texts.push_back(JsonValue(text));
  texts.push_back(JsonValue(nul));
  for (const JsonValue& text : texts) EXPECT_EQ(parse_yaml(write_yaml(text)).value().value(), text) << write_yaml(text);
  JsonObject keys;
  for (const JsonValue& text : texts) keys.emplace(text.get_string(), texts);
  keys.emplace(std::string(2000, 'k'), parse_json(R"([[1,{"a":{}}],{"b":[2]}])").value());
  keys.emplace(std::string(2000, ':'), parse_json(R"({"a":[1]})").value());
  EXPECT_EQ(parse_yaml(write_yaml(keys)).value().value(), JsonValue(keys));
}

TEST(YamlWriter, NumbersKeepTheirKind) {
  for (const JsonValue& value : {JsonValue(1), JsonValue(1.0), JsonValue(1e20), JsonValue(1e-7), JsonValue(0.1),
                                 JsonValue(std::numeric_limits<std::int64_t>::min()), JsonValue(UINT64_MAX)})
    EXPECT_EQ(parse_yaml(write_yaml(value)).value().value(), value);
}

}  // namespace
}  // namespace spotkeeper::format
