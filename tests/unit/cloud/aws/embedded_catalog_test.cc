#include "cloud/aws/embedded_catalog.h"

#include <gtest/gtest.h>

#include "model/catalog.h"

namespace spotkeeper::aws {
namespace {

const Catalog& shipped() {
  static const Catalog catalog = Catalog::parse(embedded_catalog(), "built-in catalogue").value();
  return catalog;
}

TEST(EmbeddedCatalog, HoldsTheTypesOfARealRegion) {
  EXPECT_EQ(shipped().types().size(), 1345U);
  const InstanceType* type = shipped().find(InstanceTypeName("m6i.2xlarge"));
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->arch, Architecture::Amd64);
  EXPECT_EQ(type->vcpus, 8);
  EXPECT_EQ(type->memory, Bytes{32LL << 30});
  EXPECT_EQ(type->on_demand, Money{384'000});
}

TEST(EmbeddedCatalog, KnowsSpotFiguresForMostTypesAndNoneForTheRest) {
  std::size_t with = 0;
  for (const InstanceType& type : shipped().types()) {
    if (type.spot) ++with;
    EXPECT_GT(type.on_demand, Money{}) << type.name.str();
  }
  EXPECT_EQ(with, 883U);
}

TEST(EmbeddedCatalog, StaysSmall) { EXPECT_LT(embedded_catalog().size(), 200'000U); }

}  // namespace
}  // namespace spotkeeper::aws
