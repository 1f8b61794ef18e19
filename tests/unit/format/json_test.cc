#include "format/json.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::format {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

JsonValue json(std::string_view text) { return parse_json(text).value(); }
std::string error_of(std::string_view text, const JsonReadOptions& options = {}) {
  auto parsed = parse_json(text, options);
  return parsed ? "no error" : parsed.error().message;
}

TEST(Json, WritesWhatItReads) {
  for (const std::string_view text :
       {"null", "true", "-1", "9223372036854775807", "18446744073709551615", "0.0374", "1.0", "1e+20", R"("a\n\"\\")",
        R"({"b":1,"a":[{},[],"",null]})", R"("\u0001é😀")"})
    EXPECT_EQ(write_json(json(text)), text);
}

TEST(Json, ReadsNumbersToTheLastBit) {
  for (const double value : {0.1, 0.0374, 1.7976931348623157e308, 5e-324, 123456789.123456789, 2.2250738585072014e-308})
    EXPECT_EQ(json(write_json(JsonValue(value))).as_double(), value);
  EXPECT_EQ(json("18446744073709551616").as_double(), 18446744073709551616.0) << "beyond 64 bits";
}

TEST(Json, WritesWhatJsonCannotHold) {
  EXPECT_EQ(write_json(JsonValue(std::numeric_limits<double>::quiet_NaN())), "null");
  EXPECT_EQ(write_json(JsonValue("a\xff")), "\"a\xEF\xBF\xBD\"");
}

TEST(Json, PrettyHasOneValueALine) {
  EXPECT_EQ(write_json(json(R"({"a":[1,{"b":{}}],"c":[]})"), JsonStyle::Pretty),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": []\n}");
}

TEST(Json, NamesTheLineAndColumnOfAnError) {
  EXPECT_THAT(error_of("{\n  \"a\": x}"), HasSubstr("JSON: line 2, column 8: syntax error"));
  EXPECT_THAT(error_of("{\"a\":1} 2"), HasSubstr("line 1, column 9: extra data"));
  EXPECT_THAT(error_of("{\"a\":"), HasSubstr("incomplete"));
}

TEST(Json, RefusesWhatIsNotRfc8259) {
  for (const std::string_view text : {"", " ", "{a:1}", "[1,]", "01", "1.", "'a'", "\"\t\"", "nul", "\"\xff\"",
                                      "// c\n1", "NaN", R"("\ud800")", "1e999", "[1]]"})
    EXPECT_NE(error_of(text), "no error") << text;
}

TEST(Json, LimitsTheDepth) {
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(error_of(deep), "no error");
  EXPECT_EQ(depth_of(json(deep)), 64U);
  EXPECT_THAT(error_of("[" + deep + "]"), HasSubstr("deep"));
  EXPECT_EQ(error_of("[[]]", {.max_depth = 2}), "no error");
  EXPECT_NE(error_of("[[[]]]", {.max_depth = 2}), "no error");
}

TEST(Json, TheLastOfDuplicateKeysCountsUnlessRefused) {
  EXPECT_EQ(write_json(json(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
  EXPECT_THAT(error_of("{\"b\":1,\n\"a\":{\"b\":2,\"b\":3}}", {.refuse_duplicate_keys = true}),
              HasSubstr("line 2, column 14: duplicate key 'b'"));
}

TEST(JsonPointer, UnescapesItsTokens) {
  EXPECT_THAT(parse_pointer("/a~1b/~0~1/").value(), ElementsAre("a/b", "~/", ""));
  EXPECT_TRUE(parse_pointer("").value().empty());
  for (const std::string_view pointer : {"a", "/~", "/~2"}) EXPECT_FALSE(parse_pointer(pointer)) << pointer;
  EXPECT_EQ(escape_pointer_token("a/~b"), "a~1~0b");
}

TEST(JsonPointer, FindsWhatItNames) {
  const JsonValue document = json(R"({"a":[{"b/c":7}]})");
  EXPECT_EQ(*find_json(document, "/a/0/b~1c").value(), JsonValue(7));
  EXPECT_EQ(find_json(document, "").value(), &document);
  for (const std::string_view pointer : {"/x", "/a/1", "/a/0/b~1c/d"})
    EXPECT_EQ(find_json(document, pointer).error().code, ErrorCode::NotFound) << pointer;
  EXPECT_FALSE(find_json(document, "/a/00"));
  EXPECT_FALSE(find_json(document, "/a/-"));
}

}  // namespace
}  // namespace spotkeeper::format
