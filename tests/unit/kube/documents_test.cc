#include "kube/codec/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::kube {
namespace {

using format::JsonField;
using format::JsonValue;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Seen {
  std::vector<std::string> objects;  // "Kind name"
  std::string error;
};

Seen seen_in(const char* json) {
  const JsonValue document = format::parse_json(json).value();
  Seen out;
  const auto done =
      each_object(JsonField(document), [&](const JsonField& object, const std::string& kind) -> Result<void> {
        SK_TRY(const auto name, object["metadata"]["name"].as<std::string>());
        out.objects.push_back(kind + " " + name);
        return {};
      });
  if (!done) out.error = done.error().message;
  return out;
}

TEST(Documents, AreOneObjectOrAListOfThem) {
  EXPECT_THAT(seen_in(R"({"kind": "Pod", "metadata": {"name": "a"}})").objects, ElementsAre("Pod a"));
  EXPECT_THAT(seen_in(R"({"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}},
                                                    {"kind": "Node", "metadata": {"name": "b"}}]})")
                  .objects,
              ElementsAre("Pod a", "Node b"));
}

TEST(Documents, OfAListHaveTheKindThatItSays) {
  EXPECT_THAT(seen_in(R"({"kind": "NodePoolList", "items": [{"metadata": {"name": "a"}}]})").objects,
              ElementsAre("NodePool a"));
  EXPECT_THAT(seen_in(R"({"kind": "AllowList", "metadata": {"name": "not-a-list"}})").objects,
              ElementsAre("AllowList not-a-list"));
}

TEST(Documents, WithoutAKindAreRefused) {
  EXPECT_THAT(seen_in(R"({"metadata": {"name": "a"}})").error, HasSubstr("what kind of object is this?"));
  EXPECT_THAT(seen_in(R"({"kind": "List", "items": [{"metadata": {"name": "a"}}]})").error,
              HasSubstr("/items/0/kind: missing"));
  EXPECT_THAT(seen_in("[]").error, HasSubstr("expected an object"));
}

TEST(Documents, EndAtTheFirstErrorOfTheVisitor) {
  const Seen seen = seen_in(R"({"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}}, {"kind": "Pod"},
                                                          {"kind": "Pod", "metadata": {"name": "c"}}]})");
  EXPECT_THAT(seen.objects, ElementsAre("Pod a"));
  EXPECT_THAT(seen.error, HasSubstr("/items/1/metadata/name"));
}

TEST(AmountInADocument, IsTextOrANumber) {
  const JsonValue amounts = format::parse_json(R"({"text": "1500m", "whole": 2, "part": 0.5, "less": "-1",
                                                   "none": "many", "yes": true})")
                                .value();
  const JsonField field(amounts);
  EXPECT_EQ(amount_in(field["text"]).value().ceil_milli(), 1500);
  EXPECT_EQ(amount_in(field["whole"]).value().ceil(), 2);
  EXPECT_EQ(amount_in(field["part"]).value().ceil_milli(), 500);
  EXPECT_THAT(amount_in(field["less"]).error().message, HasSubstr("expected 0 or more"));
  for (const char* const wrong : {"none", "yes", "absent"}) EXPECT_FALSE(amount_in(field[wrong])) << wrong;
}

TEST(AmountsInADocument, PassOverNullAndNameTheOneThatIsWrong) {
  const JsonValue good = format::parse_json(R"({"cpu": "1", "memory": null})").value();
  EXPECT_TRUE(check_amounts(JsonField(good)));
  const JsonValue wrong = format::parse_json(R"({"cpu": "1", "memory": "much"})").value();
  EXPECT_THAT(check_amounts(JsonField(wrong)).error().message, HasSubstr("/memory: "));
}

}  // namespace
}  // namespace spotkeeper::kube
