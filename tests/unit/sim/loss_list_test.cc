#include "sim/loss_list.h"

#include <gmock/gmock.h>

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr Instant kStart{Duration{1'767'225'600s}};

LostRequest refused(std::uint64_t id, const std::string& pod, const std::string& node) {
  LostRequest lost;
  lost.id = id;
  lost.sent = lost.tried = lost.lost = kStart + id * 100ms;
  lost.outcome = Outcome::Refused;
  lost.service = {NamespaceName("shop"), "web"};
  lost.pod = ObjectName{NamespaceName("shop"), pod};
  lost.pod_node = NodeName(node);
  lost.proxy = NodeName("b-3");
  return lost;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(LossList, HasALineForEachOfAFew) {
  std::vector<LostRequest> losses;
  for (std::uint64_t id = 1; id <= kLinesAtMost; ++id) losses.push_back(refused(id, "web-x", "a-1"));
  const std::string text = list_losses(losses, kStart);
  EXPECT_EQ(lines_of(text), kLinesAtMost);
  EXPECT_THAT(text, StartsWith("  #1 sent at 0.100 s on a new connection to shop/web-x on a-1: refused: the proxy on "
                               "b-3 had not heard"));
}

TEST(LossList, GroupsManyByTheirCauseWithTheFirstOnesInFull) {
  std::vector<LostRequest> losses;
  for (std::uint64_t id = 1; id <= 30; ++id) losses.push_back(refused(id, id % 2 == 0 ? "web-x" : "web-y", "a-1"));
  for (std::uint64_t id = 31; id <= 32; ++id) losses.push_back(refused(id, "web-z", "a-2"));
  losses.push_back(refused(33, "web-z", "a-2"));
  losses.back().outcome = Outcome::Cut;
  const std::string text = list_losses(losses, kStart);
  EXPECT_THAT(text, StartsWith("  30 refused by 2 pods of shop/web on a-1, sent from 0.100 s to 3.000 s; the first 3:\n"
                               "    #1 sent"));
  EXPECT_THAT(text, HasSubstr("  2 refused by shop/web-z on a-2, sent from 3.100 s to 3.200 s:\n    #31 sent"));
  EXPECT_THAT(text, HasSubstr("  1 cut by shop/web-z on a-2"));
  EXPECT_EQ(lines_of(text), 3U + 3 + 2 + 1);
}

TEST(LossList, SaysWhereNoEndpointWasKnown) {
  std::vector<LostRequest> losses;
  for (std::uint64_t id = 1; id <= 21; ++id) {
    losses.push_back(refused(id, "", ""));
    losses.back().pod.reset();
  }
  EXPECT_THAT(list_losses(losses, kStart), HasSubstr("21 refused by shop/web, of which no endpoint was known"));
}

}  // namespace
}  // namespace spotkeeper::sim
