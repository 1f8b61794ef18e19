// What the examples' comments promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string example(std::string_view name) {
  return read_file(SPOTKEEPER_SOURCE_DIR "/examples/plan/" + std::string(name)).value();
}

format::JsonObject shop() {
  const Catalog catalog =
      Catalog::parse(read_file(SPOTKEEPER_SOURCE_DIR "/data/catalog/ec2.csv").value(), "ec2.csv").value();
  return planned_with(example("nodepool.yaml") + "\n---\n" + example("shop.yaml"), catalog);
}

TEST(ExampleShop, HasAPlaceForEveryPod) { EXPECT_THAT(unplaced(shop()), IsEmpty()); }

TEST(ExampleShop, PutsTheDatabaseOnDemandInThreeZones) {
  std::map<std::string, std::string> capacity_by_zone;
  const auto plan = shop();
  for (const auto& node : plan.at("nodes").as_array()) {
    for (const auto& pod : node.at("pods").as_array()) {
      if (!std::string_view(pod.as_string()).starts_with("shop/db-")) continue;
      capacity_by_zone.emplace(node.at("zone").as_string(), node.at("capacity_type").as_string());
    }
  }
  ASSERT_THAT(capacity_by_zone, SizeIs(3));
  for (const auto& [zone, capacity] : capacity_by_zone) EXPECT_EQ(capacity, "on-demand") << zone;
}

TEST(ExampleShop, LosesNoMoreOfTheWebThanItsBudgetLets) {
  const auto plan = shop();
  for (const auto& share : plan.at("risk").at("worst_pool_shares").as_array()) {
    if (share.at("workload") != "Deployment shop/web") continue;
    EXPECT_LE(share.at("pods").as_int64(), 4);
  }
}

}  // namespace
}  // namespace spotkeeper::control
