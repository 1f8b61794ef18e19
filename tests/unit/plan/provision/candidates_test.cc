#include "plan/provision/candidates.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/file.h"

namespace spotkeeper::plan {
namespace {

const Catalog& real_catalog() {
  static const Catalog catalog =
      Catalog::parse(read_file(SPOTKEEPER_SOURCE_DIR "/data/catalog/ec2.csv").value(), "ec2.csv").value();
  return catalog;
}

std::set<std::string> labels_carried() {
  std::set<std::string> keys;
  for (const InstanceType& type : real_catalog().types())
    for (const auto& [key, value] : machine_labels(type, "us-east-1a", CapacityType::Spot)) keys.insert(key);
  return keys;
}

TEST(MachineLabels, OfATypeAreKnownToNodePools) {
  for (const std::string& key : labels_carried()) {
    if (!key.starts_with("karpenter.k8s.aws/")) continue;
    EXPECT_TRUE(is_known_type_label(key)) << key;
  }
}

TEST(MachineLabels, ThatNodePoolsMayNameAreOnSomeType) {
  const auto carried = labels_carried();
  for (const char* const name :
       {"instance-category", "instance-family", "instance-generation", "instance-size", "instance-cpu",
        "instance-memory", "instance-cpu-manufacturer", "instance-hypervisor", "instance-gpu-name",
        "instance-gpu-manufacturer", "instance-gpu-count", "instance-accelerator-name", "instance-accelerator-count",
        "instance-local-nvme", "instance-ebs-bandwidth", "instance-network-bandwidth"}) {
    const std::string key = std::string("karpenter.k8s.aws/") + name;
    EXPECT_TRUE(is_known_type_label(key)) << key;
    EXPECT_TRUE(carried.contains(key)) << key;
  }
}

TEST(MachineLabels, SayWhoMadeTheGpus) {
  const auto maker = [](const char* type) {
    const InstanceType* const known = real_catalog().find(InstanceTypeName(type));
    const Labels labels = machine_labels(*known, "us-east-1a", CapacityType::Spot);
    const std::string* const value = labels.find("karpenter.k8s.aws/instance-gpu-manufacturer");
    return value == nullptr ? std::string() : *value;
  };
  EXPECT_EQ(maker("g5.xlarge"), "nvidia");
  EXPECT_EQ(maker("g4ad.xlarge"), "amd");
  EXPECT_EQ(maker("m5.large"), "");
}

}  // namespace
}  // namespace spotkeeper::plan
