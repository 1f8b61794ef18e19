#include "format/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::format {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPods =
    R"({"kind":"PodList","items":[{"metadata":{"name":"a","n":-12.5e1}},{"items":[1]},"\u00e9x",null],"metadata":{"resourceVersion":"7"}})";

struct Outcome {
  std::vector<std::string> elements;
  std::string rest;  // or the error
};

Outcome read_list(std::string_view text, std::size_t chunk, std::vector<std::string> path = {"items"}) {
  Outcome out;
  JsonListReader reader(std::move(path), [&](const JsonValue& element) {
    out.elements.push_back(write_json(element));
    return Result<void>();
  });
  for (std::size_t i = 0; i < text.size(); i += chunk) {
    if (auto done = reader.feed(text.substr(i, chunk)); !done) {
      out.rest = done.error().message;
      return out;
    }
  }
  auto rest = reader.finish();
  out.rest = rest ? write_json(*rest) : rest.error().message;
  return out;
}

TEST(JsonListReader, HandsOnTheElementsHoweverTheChunksAreCut) {
  for (std::size_t chunk = 1; chunk <= kPods.size(); ++chunk) {
    const Outcome out = read_list(kPods, chunk);
    EXPECT_THAT(out.elements,
                ElementsAre(R"({"metadata":{"name":"a","n":-125.0}})", R"({"items":[1]})", "\"éx\"", "null"));
    EXPECT_EQ(out.rest, R"({"kind":"PodList","items":[],"metadata":{"resourceVersion":"7"}})");
  }
}

TEST(JsonListReader, FollowsAPathAndTakesTheDocumentItself) {
  EXPECT_THAT(read_list(R"({"a":{"b":[1,[2]]},"b":[3]})", 4, {"a", "b"}).elements, ElementsAre("1", "[2]"));
  EXPECT_THAT(read_list("[1,{}]", 2, {}).elements, ElementsAre("1", "{}"));
}

TEST(JsonListReader, GoWritesAnEmptyListAsNull) {
  const Outcome out = read_list(R"({"items":null,"kind":"PodList"})", 5);
  EXPECT_TRUE(out.elements.empty());
  EXPECT_EQ(out.rest, R"({"items":null,"kind":"PodList"})");
}

TEST(JsonListReader, AnAnswerThatIsNoListIsAnError) {
  EXPECT_THAT(read_list(R"({"kind":"Status"})", 5).rest, HasSubstr("there is no 'items'"));
  EXPECT_THAT(read_list(R"({"items":{}})", 5).rest, HasSubstr("/items: expected an array, got an object"));
  EXPECT_THAT(read_list(R"({"items":[1,2)", 5).rest, HasSubstr("cut short"));
  EXPECT_THAT(read_list(R"({"items":[1,x]})", 5).rest, HasSubstr("at byte 12: syntax error"));
  EXPECT_THAT(read_list(R"({"items":[]} {})", 50).rest, HasSubstr("extra data"));
}

TEST(JsonListReader, StopsWhereTheCallerStops) {
  JsonListReader reader({"items"},
                        [](const JsonValue&) -> Result<void> { return fail(ErrorCode::Cancelled, "enough"); });
  const auto done = reader.feed(kPods);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Cancelled);
  EXPECT_FALSE(reader.feed(kPods));
  EXPECT_FALSE(reader.finish());
}

TEST(JsonListReader, BoundsOneElementAndNotTheList) {
  int seen = 0;
  JsonListReader reader({"items"}, [&](const JsonValue&) { return ++seen, Result<void>(); }, 1000);
  ASSERT_TRUE(reader.feed("{\"items\":[0"));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(reader.feed(",\"0123456789\""));
  EXPECT_GE(seen, 1000);
  EXPECT_FALSE(reader.feed(",\"" + std::string(2000, 'x')));
}

std::vector<std::string> split_documents(std::string_view text, std::size_t chunk, std::string* error = nullptr,
                                         std::size_t longest = kLongestJson) {
  std::vector<std::string> out;
  JsonSplitter splitter(
      [&](std::string_view document) {
        out.emplace_back(document);
        return Result<void>();
      },
      longest);
  for (std::size_t i = 0; i < text.size(); i += chunk)
    if (auto done = splitter.feed(text.substr(i, chunk)); !done) {
      if (error != nullptr) *error = done.error().message;
      return out;
    }
  if (auto done = splitter.finish(); !done && error != nullptr) *error = done.error().message;
  return out;
}

TEST(JsonSplitter, CutsAWatchIntoItsEventsHoweverTheChunksAreCut) {
  const std::string_view stream = "{\"type\":\"ADDED\",\"object\":{\"s\":\"}\\\"{\\\\\"}}\n{}[1,[2]] \r\n{\"a\":1}";
  for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk)
    EXPECT_THAT(split_documents(stream, chunk),
                ElementsAre("{\"type\":\"ADDED\",\"object\":{\"s\":\"}\\\"{\\\\\"}}", "{}", "[1,[2]]", "{\"a\":1}"));
}

TEST(JsonSplitter, SaysWhereTheStreamIsWrong) {
  std::string error;
  split_documents("{} x", 1, &error);
  EXPECT_EQ(error, "JSON: at byte 3: expected an object, got 'x'");
  split_documents("{}{\"a\"", 2, &error);
  EXPECT_THAT(error, HasSubstr("ends inside a document"));
  split_documents(R"({"a":"0123456789"})", 4, &error, 10);
  EXPECT_THAT(error, HasSubstr("a document of more than 10 bytes"));
  EXPECT_THAT(split_documents("[12345678]", 3, &error, 10), ElementsAre("[12345678]")) << "the limit itself fits";
}

}  // namespace
}  // namespace spotkeeper::format
