#include "model/labels.h"

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

SelectorRequirement rule(std::string key, SelectorOperator op, std::vector<std::string> values = {}) {
  return {std::move(key), op, std::move(values)};
}

TEST(Labels, AreSortedAndTheLastOfEqualKeysWins) {
  const Labels labels(std::vector<Labels::Entry>{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"b", "4"}});
  EXPECT_EQ(labels, (Labels{{"a", "2"}, {"b", "4"}}));
  EXPECT_EQ(labels.size(), 2U);
}

TEST(Labels, TellAnEmptyValueFromAbsence) {
  Labels labels{{"a", ""}};
  ASSERT_NE(labels.find("a"), nullptr);
  EXPECT_EQ(*labels.find("a"), "");
  EXPECT_EQ(labels.find("b"), nullptr);
  labels.set("b", "1");
  labels.set("b", "2");
  labels.erase("a");
  labels.erase("absent");
  EXPECT_EQ(labels, (Labels{{"b", "2"}}));
}

TEST(SelectorRequirement, HasKubernetesMeaning) {
  const Labels web{{"app", "web"}, {"rev", "7"}};
  EXPECT_TRUE(rule("app", SelectorOperator::In, {"api", "web"}).matches(web));
  EXPECT_FALSE(rule("app", SelectorOperator::In, {}).matches(web));
  EXPECT_FALSE(rule("app", SelectorOperator::NotIn, {"web"}).matches(web));
  EXPECT_TRUE(rule("zone", SelectorOperator::NotIn, {"a"}).matches(web)) << "an absent key is not in any list";
  EXPECT_TRUE(rule("app", SelectorOperator::Exists).matches(web));
  EXPECT_TRUE(rule("zone", SelectorOperator::DoesNotExist).matches(web));
  EXPECT_TRUE(rule("rev", SelectorOperator::Gt, {"6"}).matches(web));
  EXPECT_FALSE(rule("rev", SelectorOperator::Gt, {"7"}).matches(web));
  EXPECT_TRUE(rule("rev", SelectorOperator::Lt, {"10"}).matches(web)) << "as numbers, not as text";
  EXPECT_FALSE(rule("app", SelectorOperator::Gt, {"1"}).matches(web)) << "not a number";
  EXPECT_FALSE(rule("rev", SelectorOperator::Lt, {"10", "11"}).matches(web));
}

TEST(LabelSelector, WithoutRequirementsMatchesEverythingAndInvalidOnesNothing) {
  EXPECT_TRUE(LabelSelector{}.matches(Labels{}));
  EXPECT_TRUE(LabelSelector{}.matches(Labels{{"a", "b"}}));
  EXPECT_FALSE((LabelSelector{{}, "unknown operator"}.matches(Labels{{"a", "b"}})));
  const LabelSelector both{{rule("a", SelectorOperator::Exists), rule("b", SelectorOperator::Exists)}, {}};
  EXPECT_FALSE(both.matches(Labels{{"a", "1"}}));
  EXPECT_TRUE(both.matches(Labels{{"a", "1"}, {"b", "1"}}));
}

}  // namespace
}  // namespace spotkeeper
