#include "model/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

constexpr std::string_view required =
    "instance_type,arch,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,max_pods,on_demand_usd_per_hour";

std::string with_lines(std::string_view lines) { return std::string(required) + "\n" + std::string(lines); }

std::string error_of(std::string_view csv) {
  const Result<Catalog> catalog = Catalog::parse(csv, "types.csv");
  return catalog ? "no error" : catalog.error().message;
}

TEST(Catalog, ReadsATypeWithEverythingKnownAboutIt) {
  const Result<Catalog> catalog = Catalog::parse(
      "# a comment\n"
      "instance_type,arch,cpu_manufacturer,hypervisor,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,"
      "max_pods,gpu_name,gpu_count,accelerator_name,accelerator_count,local_nvme_gb,network_mbps,ebs_mbps,"
      "on_demand_usd_per_hour,spot_savings_percent,interruption_rate\n"
      "\n"
      "g6.12xlarge,amd64,amd,nitro,48,196608,47810,180000,234,l4,4,,,3760,40000,20000,4.6016,70,15-20%\r\n",
      "types.csv");
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message;
  ASSERT_EQ(catalog->types().size(), 1U);
  const InstanceType& type = catalog->types().front();
  EXPECT_EQ(type.name, InstanceTypeName("g6.12xlarge"));
  EXPECT_EQ(type.family(), "g6");
  EXPECT_EQ(type.arch, Architecture::Amd64);
  EXPECT_EQ(type.cpu_manufacturer, "amd");
  EXPECT_EQ(type.hypervisor, "nitro");
  EXPECT_EQ(type.vcpus, 48);
  EXPECT_EQ(type.memory, Bytes{196608LL << 20});
  EXPECT_EQ(type.allocatable_cpu, MilliCpu{47810});
  EXPECT_EQ(type.allocatable_memory, Bytes{180000LL << 20});
  EXPECT_EQ(type.max_pods, 234);
  EXPECT_EQ(type.gpus, (Accelerators{"l4", 4}));
  EXPECT_EQ(type.neuron, std::nullopt);
  EXPECT_EQ(type.local_nvme_gb, 3760);
  EXPECT_EQ(type.network_mbps, 40000);
  EXPECT_EQ(type.ebs_mbps, 20000);
  EXPECT_EQ(type.on_demand, Money{4'601'600});
  EXPECT_EQ(type.spot, (SpotFigures{70, InterruptionRate::From15To20}));
  EXPECT_EQ(type.spot_price(), Money{1'380'480});
}

TEST(Catalog, TakesColumnsInAnyOrderAndNeedsOnlyTheRequiredOnes) {
  const Result<Catalog> catalog = Catalog::parse(
      "on_demand_usd_per_hour,max_pods,arch,instance_type,vcpu,memory_mib,allocatable_memory_mib,allocatable_cpu_"
      "millis\n"
      "0.1,29,arm64,m6g.large,2,8192,7000,1930",
      "types.csv");
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message;
  EXPECT_EQ(catalog->types().front().arch, Architecture::Arm64);
  EXPECT_EQ(catalog->types().front().spot_price(), std::nullopt);
}

TEST(Catalog, IsSortedAndFindsTypesByName) {
  const Result<Catalog> catalog = Catalog::parse(with_lines("m6g.large,arm64,2,8192,1930,7000,29,0.1\n"
                                                            "a1.large,arm64,2,4096,1930,3055,29,0.05\n"),
                                                 "types.csv");
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message;
  std::vector<std::string> names;
  for (const InstanceType& type : catalog->types()) names.push_back(type.name.str());
  EXPECT_THAT(names, ElementsAre("a1.large", "m6g.large"));
  ASSERT_NE(catalog->find(InstanceTypeName("m6g.large")), nullptr);
  EXPECT_EQ(catalog->find(InstanceTypeName("m6g.large"))->on_demand, Money{100'000});
  EXPECT_EQ(catalog->find(InstanceTypeName("m6g")), nullptr);
  EXPECT_EQ(catalog->find(InstanceTypeName("z")), nullptr);
}

TEST(CatalogError, NamesFileLineColumnAndWhatWouldBeRight) {
  EXPECT_THAT(error_of(with_lines("m6g.large,arm64,two,8192,1930,7000,29,0.1\n")),
              StartsWith("types.csv:2:17: vcpu: expected a whole number, got 'two'"));
  EXPECT_THAT(error_of(with_lines("m6g.large,sparc,2,8192,1930,7000,29,0.1\n")),
              StartsWith("types.csv:2:11: arch: 'sparc' is none of amd64, arm64"));
  EXPECT_THAT(error_of(with_lines("m6g.large,arm64,2,8192,1930,7000,29,cheap\n")),
              StartsWith("types.csv:2:37: on_demand_usd_per_hour: 'cheap' is not an amount"));
  EXPECT_THAT(error_of(with_lines("M6G,arm64,2,8192,1930,7000,29,0.1\n")),
              StartsWith("types.csv:2:1: instance_type: 'M6G' is not a type's name"));
  EXPECT_THAT(error_of(with_lines("m6g.large,arm64,,8192,1930,7000,29,0.1\n")),
              StartsWith("types.csv:2:17: vcpu: is empty"));
  EXPECT_THAT(error_of(with_lines("m6g.large,arm64,2\n")), StartsWith("types.csv:2:1: 3 fields, but 8 columns"));
}

TEST(CatalogError, FindsWhatIsWrongWithTheColumns) {
  EXPECT_EQ(error_of(""), "types.csv: there is no line with column names");
  EXPECT_EQ(error_of("# only a comment\n"), "types.csv: there is no line with column names");
  EXPECT_EQ(error_of("instance_type,vcpus\n"), "types.csv:1:15: unknown column 'vcpus'; did you mean 'vcpu'?");
  EXPECT_EQ(error_of("arch,arch\n"), "types.csv:1:6: column arch stands here twice");
  EXPECT_EQ(error_of("instance_type\n"), "types.csv:1:1: column arch is missing");
}

TEST(CatalogError, RefusesLinesThatContradictThemselves) {
  EXPECT_EQ(error_of(with_lines("a1.large,arm64,2,4096,1930,5000,29,0.05\n")),
            "types.csv:2:1: more is allocatable than the type has");
  EXPECT_EQ(error_of(with_lines("a1.large,arm64,2,4096,1930,3055,29,0.05\nb1.x,arm64,2,4096,1930,3055,29,0.05\n"
                                "a1.large,arm64,2,4096,1930,3055,29,0.05\n")),
            "types.csv:4:1: a1.large stands in line 2 already");
  EXPECT_EQ(error_of(std::string(required) + ",spot_savings_percent,interruption_rate\n" +
                     "a1.large,arm64,2,4096,1930,3055,29,0.05,60,\n"),
            "types.csv:2:1: spot_savings_percent and interruption_rate need each other: one of them is empty");
  EXPECT_EQ(error_of(std::string(required) + ",gpu_name,gpu_count\na1.large,arm64,2,4096,1930,3055,29,0.05,,2\n"),
            "types.csv:2:1: gpu_name and gpu_count need each other: one of them is empty");
  EXPECT_EQ(error_of(with_lines("\"a1.large\",arm64,2,4096,1930,3055,29,0.05\n")),
            "types.csv:2:1: quotes have no meaning here");
}

}  // namespace
}  // namespace spotkeeper
