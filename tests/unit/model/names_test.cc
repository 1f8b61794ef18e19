#include "model/names.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

TEST(Uid, KeepsAUuidInSixteenBytesAndGivesItBack) {
  const std::string text = "8d7f4b3e-0a1b-4c2d-9e3f-00112233aabb";
  EXPECT_EQ(sizeof(Uid), 16U);
  EXPECT_EQ(Uid(text).str(), text);
  EXPECT_EQ(Uid(text), Uid(text));
  EXPECT_EQ(Uid(text).hash(), Uid(text).hash());
}

TEST(Uid, KeepsAnyOtherTextToo) {
  for (const char* text : {"", "web-1", "8D7F4B3E-0A1B-4C2D-9E3F-00112233AABB", "00000000-0000-0000-0000-000000000000",
                           "8d7f4b3e-0a1b-4c2d-fe3f-00112233aabb", "8d7f4b3e-0a1b-4c2d-9e3f-00112233aab",
                           "8d7f4b3e+0a1b-4c2d-9e3f-00112233aabb"}) {
    const Uid uid(text);
    const std::vector<Uid> copies(1, uid);
    EXPECT_EQ(copies.front().str(), text);
    EXPECT_EQ(copies.front(), uid);
    EXPECT_EQ(uid.empty(), *text == '\0');
  }
}

TEST(Uid, IsOrderedAsItsText) {
  const std::vector<std::string> texts = {"",
                                          "0",
                                          "8d7f4b3e-0a1b-4c2d-9e3f-00112233aabb",
                                          "8d7f4b3e-0a1b-4c2d-9e3f-00112233aabc",
                                          "9d7f4b3e-0a1b-4c2d-8e3f-00112233aabb",
                                          "web"};
  for (const auto& a : texts)
    for (const auto& b : texts) {
      EXPECT_EQ(Uid(a) < Uid(b), a < b) << a << " " << b;
      EXPECT_EQ(Uid(a) == Uid(b), a == b) << a << " " << b;
    }
}

TEST(Uid, SurvivesBeingAssignedOverAnother) {
  Uid uid("first");
  uid = Uid("8d7f4b3e-0a1b-4c2d-9e3f-00112233aabb");
  const Uid second("second");
  uid = second;
  EXPECT_EQ(uid.str(), "second");
  Uid moved = std::move(uid);
  EXPECT_EQ(moved.str(), "second");
  EXPECT_EQ((std::unordered_set<Uid>{moved, second, Uid("third")}.size()), 2U);
}

TEST(SharedName, ComparesByTextAndIsOnePointer) {
  EXPECT_EQ(sizeof(NodeName), sizeof(void*));
  const NodeName a("n1");
  NodeName copy = a;
  EXPECT_FALSE(a.sole());
  EXPECT_EQ(a, NodeName("n1"));
  EXPECT_LT(a, NodeName("n2"));
  EXPECT_LT(NodeName(), a);
  EXPECT_TRUE(NodeName("").empty());
  EXPECT_EQ(NodeName().str(), "");
  copy = NodeName("n3");
  EXPECT_TRUE(a.sole());
  EXPECT_EQ(copy.str(), "n3");
}

}  // namespace
}  // namespace spotkeeper
