// The machines that can be had, with what they hold, cost and risk. Parsed once from CSV (docs/catalog.md has the
// format); reading a file, or the catalogue in the binary, is somebody else's business.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "model/money.h"
#include "model/quantity.h"

namespace spotkeeper {

using InstanceTypeName = Name<struct InstanceTypeNameTag>;  // "m6g.2xlarge"

enum class Architecture { Amd64, Arm64 };
/// As the node label kubernetes.io/arch has it.
[[nodiscard]] std::string_view name_of(Architecture arch);

/// How much of the type's Spot capacity was reclaimed in the month before, in the classes of AWS's Spot Instance
/// Advisor.
enum class InterruptionRate { Below5, From5To10, From10To15, From15To20, Above20 };
/// "<5%", "5-10%", "10-15%", "15-20%", ">20%".
[[nodiscard]] std::string_view name_of(InterruptionRate rate);

/// What is known of a type as Spot capacity. The saving is an average over zones and weeks, not a market's price.
struct SpotFigures {
  std::int64_t savings_percent = 0;  // 0 to 99, against on-demand
  InterruptionRate rate = InterruptionRate::Below5;
  friend bool operator==(const SpotFigures&, const SpotFigures&) = default;
};

/// GPUs or AWS's own chips. A count of 0 is a share of one ("g6f").
struct Accelerators {
  std::string name;  // "l4", "inferentia2"
  std::int64_t count = 0;
  friend bool operator==(const Accelerators&, const Accelerators&) = default;
};

struct InstanceType {
  InstanceTypeName name;
  Architecture arch = Architecture::Amd64;
  std::string cpu_manufacturer;  // "intel", "amd", "aws"; may be empty, as everything below that is not a number
  std::string hypervisor;        // "nitro", "xen"; empty: bare metal
  std::int64_t vcpus = 0;
  Bytes memory;
  MilliCpu allocatable_cpu;  // what a node of it gives to pods
  Bytes allocatable_memory;
  std::int64_t max_pods = 0;
  std::optional<Accelerators> gpus;
  std::optional<Accelerators> neuron;  // inferentia, trainium
  std::optional<std::int64_t> local_nvme_gb;
  std::optional<std::int64_t> network_mbps;
  std::optional<std::int64_t> ebs_mbps;
  Money on_demand;                  // an hour
  std::optional<SpotFigures> spot;  // none: not known as Spot capacity

  /// "m6g" of "m6g.2xlarge".
  [[nodiscard]] std::string_view family() const;
  /// On-demand less the saving; none where there are no figures.
  [[nodiscard]] std::optional<Money> spot_price() const;

  friend bool operator==(const InstanceType&, const InstanceType&) = default;
};

class Catalog {
 public:
  /// `file` names the text in errors: "types.csv:7:31: vcpu: 'x' is not a whole number". All or nothing.
  static Result<Catalog> parse(std::string_view csv, std::string_view file);

  /// By name.
  [[nodiscard]] std::span<const InstanceType> types() const { return types_; }
  /// nullptr if there is none of that name.
  [[nodiscard]] const InstanceType* find(const InstanceTypeName& name) const;

 private:
  std::vector<InstanceType> types_;
};

}  // namespace spotkeeper
