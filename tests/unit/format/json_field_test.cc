#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"

namespace spotkeeper::format {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class JsonFieldTest : public testing::Test {
 protected:
  JsonValue document = parse_json(R"({
    "name": "n1", "none": null, "on": true, "count": 3, "big": 18446744073709551615, "minus": -1, "whole": 2.0,
    "half": 0.5, "at": "2026-11-22T16:00:00Z", "every": "1m30s", "list": [{"effect": 5}], "words": ["a", "b"],
    "labels": {"x/y": "1", "z": "2"}, "mixed": ["a", 1]})")
                           .value();
  JsonField root{document};

  template <class T>
  std::string error_of(const Result<T>& result) {
    return result ? "no error" : result.error().message;
  }
};

TEST_F(JsonFieldTest, ReadsEveryType) {
  EXPECT_EQ(root["name"].as<std::string>().value(), "n1");
  EXPECT_EQ(root["name"].as<std::string_view>().value(), "n1");
  EXPECT_TRUE(root["on"].as<bool>().value());
  EXPECT_EQ(root["count"].as<std::int32_t>().value(), 3);
  EXPECT_EQ(root["whole"].as<std::int64_t>().value(), 2);
  EXPECT_EQ(root["big"].as<std::uint64_t>().value(), UINT64_MAX);
  EXPECT_EQ(root["count"].as<double>().value(), 3.0);
  EXPECT_EQ(format_rfc3339(root["at"].as<Instant>().value()), "2026-11-22T16:00:00Z");
  EXPECT_EQ(root["every"].as<Duration>().value(), Duration(90s));
}

TEST_F(JsonFieldTest, NamesThePlaceAndBothTypes) {
  EXPECT_EQ(error_of(root["list"].elements().value()[0]["effect"].as<std::string>()),
            "/list/0/effect: expected a string, got a number");
  EXPECT_EQ(error_of(root["name"].as<bool>()), "/name: expected a boolean, got a string");
  EXPECT_EQ(error_of(root["half"].as<std::int64_t>()), "/half: expected a whole number, got a number");
  EXPECT_EQ(error_of(root["labels"].elements()), "/labels: expected an array, got an object");
  EXPECT_EQ(error_of(root["words"].members()), "/words: expected an object, got an array");
  EXPECT_EQ(error_of(root["mixed"].strings()), "/mixed/1: expected a string, got a number");
  EXPECT_EQ(error_of(root["name"].as<Duration>()).substr(0, 6), "/name:");
  EXPECT_EQ(error_of(root["count"].as<Duration>()),
            "/count: expected a duration with its unit (60s, 1h30m), got a number");
  EXPECT_EQ(error_of(root.as<std::string>()), "expected a string, got an object");
}

TEST_F(JsonFieldTest, ChecksRanges) {
  EXPECT_EQ(error_of(root["big"].as<std::int64_t>()), "/big: is too large");
  EXPECT_EQ(error_of(root["minus"].as<std::uint64_t>()), "/minus: must not be negative");
  EXPECT_EQ(error_of(root["minus"].as<std::uint16_t>()), "/minus: -1 is not between 0 and 65535");
}

TEST_F(JsonFieldTest, NullAndMissingAreAbsent) {
  for (const JsonField& field : {root["none"], root["nowhere"], root["none"]["below"]}) {
    EXPECT_FALSE(field.present());
    EXPECT_EQ(field.maybe<std::string>().value(), std::nullopt);
    EXPECT_EQ(field.get_or("x").value(), "x");
    EXPECT_THAT(field.elements().value(), IsEmpty());
    EXPECT_THAT(field.string_map().value(), IsEmpty());
  }
  EXPECT_EQ(error_of(root["nowhere"]["be/low"].as<bool>()), "/nowhere/be~1low: is required and missing");
  EXPECT_EQ(error_of(root["none"].is_object()), "/none: is required and missing");
}

TEST_F(JsonFieldTest, SteppingThroughWhatIsNoObjectIsAnError) {
  EXPECT_EQ(error_of(root["name"]["first"]["x"].maybe<std::string>()), "/name: expected an object, got a string");
  EXPECT_EQ(error_of(root["name"]["first"].elements()), "/name: expected an object, got a string");
}

TEST_F(JsonFieldTest, ReadsListsAndMapsOfStrings) {
  EXPECT_THAT(root["words"].strings().value(), ElementsAre("a", "b"));
  EXPECT_THAT(root["labels"].string_map().value(), ElementsAre(Pair("x/y", "1"), Pair("z", "2")));
}

TEST_F(JsonFieldTest, RefusesUnknownKeysAndSaysWhatWasMeant) {
  EXPECT_EQ(error_of(root["labels"].only_keys({"x/y", "z"})), "no error");
  EXPECT_EQ(error_of(root["labels"].only_keys({"x/yy", "z"})), "/labels: unknown key 'x/y'; did you mean 'x/yy'?");
  EXPECT_EQ(error_of(root["labels"].only_keys({"colour", "z"})), "/labels: unknown key 'x/y'; known here: colour, z");
}

TEST(JsonMergePatch, FollowsTheTableOfRfc7386) {
  const std::string_view table[][3] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& [target, patch, result] : table) {
    JsonValue value = parse_json(target).value();
    apply_merge_patch(value, parse_json(patch).value());
    EXPECT_EQ(write_json(value), result) << target << " with " << patch;
  }
}

std::string patched(std::string_view target, std::string_view patch) {
  JsonValue value = parse_json(target).value();
  const auto done = apply_json_patch(value, parse_json(patch).value());
  if (done) return write_json(value);
  EXPECT_EQ(value, parse_json(target).value()) << "a failed patch changes nothing";
  return done.error().message;
}

TEST(JsonPatch, FollowsTheExamplesOfRfc6902) {
  const std::string_view table[][3] = {
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"foo":"bar","baz":"qux"})"},
      {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])", R"({"foo":["bar","qux","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
       R"({"baz":"boo","foo":"bar"})"},
      {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2.0}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
       R"({"foo":"bar","child":{"grandchild":{}}})"},
      {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
       R"({"foo":["bar",["abc","def"]]})"},
      {R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])", R"({"a":{"b":1},"c":{"b":1}})"},
      {R"({"a":1})", R"([{"op":"replace","path":"","value":[2]}])", R"([2])"},
      {R"({"a":null})", R"([{"op":"test","path":"/a","value":null}])", R"({"a":null})"},
  };
  for (const auto& [target, patch, result] : table) EXPECT_EQ(patched(target, patch), result) << patch;
}

TEST(JsonPatch, SaysWhichOperationFailedAndWhy) {
  EXPECT_EQ(patched("{}", R"([{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"}])"),
            "operation 1: there is no 'b'");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/a","value":"1"}])"), "operation 0: the value is another");
  EXPECT_EQ(patched("[]", R"([{"op":"add","path":"/1","value":1}])"), "operation 0: there is no '1'");
  EXPECT_EQ(patched("[1,2]", R"([{"op":"remove","path":"/-"}])"), "operation 0: '-' is no index");
  EXPECT_EQ(patched("[1,2]", R"([{"op":"remove","path":"/01"}])"), "operation 0: '01' is no index");
  EXPECT_EQ(patched("{}", R"([{"op":"jump","path":"/a"}])"), "operation 0: unknown operation 'jump'");
  EXPECT_EQ(patched("{}", R"([{"op":"add","path":"/a"}])"), "operation 0: there is no 'value'");
  EXPECT_EQ(patched("{}", R"([{"op":"move","path":"/a"}])"), "operation 0: /0/from: is required and missing");
  EXPECT_EQ(patched(R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])"),
            "operation 0: a value cannot be moved into itself");
  EXPECT_EQ(patched("{}", R"({"op":"add"})"), "expected an array, got an object");
  EXPECT_EQ(patched("{}", "null"), "a JSON patch is an array of operations");
  EXPECT_EQ(patched("{}", "[5]"), "operation 0: /0: expected an object, got a number");
}

TEST(JsonPatch, BoundsWhatCopiesBlowUpTo) {
  JsonArray operations;
  for (int i = 0; i < 40; ++i) operations.push_back(parse_json(R"({"op":"copy","from":"/a","path":"/a/-"})").value());
  JsonValue target = parse_json(R"({"a":["0123456789"]})").value();
  const auto done = apply_json_patch(target, operations);
  ASSERT_FALSE(done);
  EXPECT_LE(depth_of(target), kJsonDepth);
}

}  // namespace
}  // namespace spotkeeper::format
