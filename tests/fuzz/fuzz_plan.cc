// Links: spotkeeper_control
// What a plan is asked for: whatever is in the documents, reading ends with a problem that has a plan, or with an
// error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "control/planning/documents.h"
#include "control/planning/report.h"
#include "format/yaml.h"

using namespace spotkeeper;

namespace {

constexpr std::string_view kTypes =
    "instance_type,arch,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,max_pods,on_demand_usd_per_hour,"
    "spot_savings_percent,interruption_rate\n"
    "small.large,amd64,2,4096,2000,4096,20,0.1,50,<5%\n"
    "wide.xlarge,arm64,4,8192,4000,8192,40,0.18,50,>20%\n";
constexpr std::size_t kMostPods = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = *Catalog::parse(kTypes, "types");
  const auto parsed = format::parse_yaml_stream(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed) return 0;
  std::vector<format::JsonValue> documents;
  for (const format::YamlDocument& each : *parsed) documents.push_back(each.value());
  const auto problem = control::read_problem(documents, catalog, {});
  if (!problem || problem->pods.size() > kMostPods) return 0;
  const plan::Plan plan = plan::make_plan(*problem, {2}, {});
  std::size_t pods = plan.unplaced.size() - problem->unreadable.size();
  for (const auto& each : plan.existing) pods += each.size();
  for (const plan::NewNode& each : plan.nodes) pods += each.pods.size();
  if (pods != problem->pods.size() || plan.lower_bound > plan.cost) std::abort();
  static_cast<void>(control::plan_json(*problem, plan, 0));
  return 0;
}
