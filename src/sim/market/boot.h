// How long a machine takes from the accepted launch request until its node is Ready.
//
// Medians, for virtual machines of the usual sizes. AL2: registered after 39 s, Ready some ten later
// (github.com/awslabs/amazon-eks-ami/issues/1099; 40 s in github.com/aws/karpenter-provider-aws/issues/3102). AL2023:
// nodeadm adds up to 20 s (amazon-eks-ami/issues/1751). Bottlerocket: 71 s from an Auto Scaling group's change
// (github.com/keikoproj/instance-manager/pull/290), of which the group takes some 20. Of bare metal EC2 says only that
// it takes longer; the minutes added here are an assumption.
#pragma once

#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "model/catalog.h"

namespace spotkeeper::sim::market {

enum class AmiFamily { AL2, AL2023, Bottlerocket };
/// "AL2", "AL2023", "Bottlerocket".
[[nodiscard]] std::string_view name_of(AmiFamily family);

struct BootTimes {
  AmiFamily family = AmiFamily::AL2023;
  std::optional<Duration> median;  // none: by family and type
  double sigma = 0.25;             // of its logarithm
};

/// Bare metal has no hypervisor in the catalogue.
[[nodiscard]] bool is_metal(const InstanceType& type);
[[nodiscard]] Duration median_boot(const BootTimes& times, const InstanceType& type);
/// Log-normal, at most a day.
[[nodiscard]] Duration draw_boot(const BootTimes& times, const InstanceType& type, Random& random);

}  // namespace spotkeeper::sim::market
