#include "sim/metadata_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace spotkeeper::sim {
namespace {

constexpr std::string_view kAccount = "123456789012";
constexpr std::string_view kImage = "ami-0123456789abcdef0";
constexpr std::string_view kRole = "spotkeeper-node";
constexpr std::string_view kMac = "02:00:0a:00:00:01";
constexpr Duration kCredentialsLast = 6h;

std::string_view region_of(const NodeSpec& spec) { return std::string_view(spec.zone).substr(0, spec.zone.size() - 1); }

std::string credentials(Instant now) {
  const Instant made = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format(
      "{{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"{}\",\n  \"Type\" : \"AWS-HMAC\",\n"
      "  \"AccessKeyId\" : \"ASIASIMULATED0000000\",\n  \"SecretAccessKey\" : \"simulated\",\n"
      "  \"Token\" : \"simulated\",\n  \"Expiration\" : \"{}\"\n}}",
      format_rfc3339(made), format_rfc3339(made + kCredentialsLast));
}

std::string role_info(Instant now) {
  return fmt::format(
      "{{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"{}\",\n"
      "  \"InstanceProfileArn\" : \"arn:aws:iam::{}:instance-profile/{}\",\n"
      "  \"InstanceProfileId\" : \"AIPASIMULATED00000000\"\n}}",
      format_rfc3339(std::chrono::floor<std::chrono::seconds>(now)), kAccount, kRole);
}

std::optional<std::string> network_entry(const Machine& machine, std::string_view name) {
  if (name == "device-number") return "0";
  if (name == "interface-id") return "eni-" + machine.instance_id.substr(2);
  if (name == "local-hostname") return machine.spec.name;
  if (name == "local-ipv4s") return machine.spec.private_ip;
  if (name == "mac") return std::string(kMac);
  if (name == "owner-id") return std::string(kAccount);
  if (name == "security-groups") return "nodes";
  if (name == "subnet-id") return "subnet-0123456789abcdef0";
  if (name == "vpc-id") return "vpc-0123456789abcdef0";
  return std::nullopt;
}

/// Entries that are the same for every machine.
std::optional<std::string> fixed_entry(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> entries{{
      {"ami-id", kImage},
      {"ami-launch-index", "0"},
      {"ami-manifest-path", "(unknown)"},
      {"iam/security-credentials", kRole},
      {"instance-action", "none"},
      {"mac", kMac},
      {"network/interfaces/macs", "02:00:0a:00:00:01/"},
      {"reservation-id", "r-0123456789abcdef0"},
      {"security-groups", "nodes"},
      {"services/domain", "amazonaws.com"},
      {"services/partition", "aws"},
  }};
  const auto* const found =
      std::find_if(entries.begin(), entries.end(), [path](const auto& entry) { return entry.first == path; });
  if (found == entries.end()) return std::nullopt;
  return std::string(found->second);
}

}  // namespace

std::optional<std::string> metadata_entry(const Machine& machine, std::string_view path, Instant now) {
  const NodeSpec& spec = machine.spec;
  if (path == "instance-id") return machine.instance_id;
  if (path == "instance-type") return spec.instance_type;
  if (path == "instance-life-cycle") return spec.capacity_type;
  if (path == "placement/availability-zone") return spec.zone;
  if (path == "placement/region") return std::string(region_of(spec));
  if (path == "local-hostname" || path == "hostname") return spec.name;
  if (path == "local-ipv4") return spec.private_ip;
  if (path == "iam/info") return role_info(now);
  if (path == fmt::format("iam/security-credentials/{}", kRole)) return credentials(now);
  const std::string own_network = fmt::format("network/interfaces/macs/{}/", kMac);
  if (path.starts_with(own_network)) return network_entry(machine, path.substr(own_network.size()));
  return fixed_entry(path);
}

std::string identity_document(const Machine& machine) {
  const NodeSpec& spec = machine.spec;
  return fmt::format(
      "{{\n  \"accountId\" : \"{}\",\n  \"architecture\" : \"x86_64\",\n  \"availabilityZone\" : \"{}\",\n"
      "  \"billingProducts\" : null,\n  \"devpayProductCodes\" : null,\n  \"marketplaceProductCodes\" : null,\n"
      "  \"imageId\" : \"{}\",\n  \"instanceId\" : \"{}\",\n  \"instanceType\" : \"{}\",\n  \"kernelId\" : null,\n"
      "  \"pendingTime\" : \"2026-01-01T00:00:00Z\",\n  \"privateIp\" : \"{}\",\n  \"ramdiskId\" : null,\n"
      "  \"region\" : \"{}\",\n  \"version\" : \"2017-09-30\"\n}}",
      kAccount, spec.zone, kImage, machine.instance_id, spec.instance_type, spec.private_ip, region_of(spec));
}

}  // namespace spotkeeper::sim
