#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/catalog_file.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cloud/aws/embedded_catalog.h"

namespace spotkeeper::cli {
namespace {

constexpr std::int64_t mib = 1 << 20;

std::string memory_text(Bytes bytes) {
  return fmt::format("{:.4g} GiB", static_cast<double>(bytes.value) / (1024 * mib));
}

std::string accelerators_text(const InstanceType& type) {
  const std::optional<Accelerators>& any = type.gpus ? type.gpus : type.neuron;
  if (!any) return {};
  return any->count == 0 ? fmt::format("part of a {}", any->name) : fmt::format("{} {}", any->count, any->name);
}

TextTable table_of(const Catalog& catalog) {
  using Align = TextTable::Align;
  TextTable table({{"TYPE"},
                   {"ARCH"},
                   {"VCPU", Align::Right},
                   {"MEMORY", Align::Right},
                   {"PODS' CPU", Align::Right},
                   {"PODS' MEMORY", Align::Right},
                   {"PODS", Align::Right},
                   {"ACCELERATORS"},
                   {"ON-DEMAND $/H", Align::Right},
                   {"SPOT $/H", Align::Right},
                   {"SAVED", Align::Right},
                   {"INTERRUPTED", Align::Right}});
  for (const InstanceType& type : catalog.types()) {
    table.add({type.name.str(), std::string(name_of(type.arch)), std::to_string(type.vcpus), memory_text(type.memory),
               fmt::format("{}m", type.allocatable_cpu.value), memory_text(type.allocatable_memory),
               std::to_string(type.max_pods), accelerators_text(type), type.on_demand.str(),
               type.spot ? type.spot_price()->str() : "",
               type.spot ? fmt::format("{} %", type.spot->savings_percent) : "",
               type.spot ? std::string(name_of(type.spot->rate)) : ""});
  }
  return table;
}

/// Amounts of money are text: a double would not keep them exact.
format::JsonObject json_of(const InstanceType& type) {
  format::JsonObject object;
  object["name"] = type.name.str();
  object["arch"] = name_of(type.arch);
  object["vcpus"] = type.vcpus;
  object["memory_mib"] = type.memory.value / mib;
  object["allocatable_cpu_millis"] = type.allocatable_cpu.value;
  object["allocatable_memory_mib"] = type.allocatable_memory.value / mib;
  object["max_pods"] = type.max_pods;
  if (!type.cpu_manufacturer.empty()) object["cpu_manufacturer"] = type.cpu_manufacturer;
  if (!type.hypervisor.empty()) object["hypervisor"] = type.hypervisor;
  const auto add_accelerators = [&](const char* key, const std::optional<Accelerators>& accelerators) {
    if (accelerators) object[key] = {{"name", accelerators->name}, {"count", accelerators->count}};
  };
  add_accelerators("gpus", type.gpus);
  add_accelerators("neuron", type.neuron);
  const auto add_number = [&](const char* key, std::optional<std::int64_t> number) {
    if (number) object[key] = *number;
  };
  add_number("local_nvme_gb", type.local_nvme_gb);
  add_number("network_mbps", type.network_mbps);
  add_number("ebs_mbps", type.ebs_mbps);
  object["on_demand_usd_per_hour"] = type.on_demand.str();
  if (type.spot) {
    object["spot"] = {{"usd_per_hour", type.spot_price()->str()},
                      {"savings_percent", type.spot->savings_percent},
                      {"interruption_rate", name_of(type.spot->rate)}};
  }
  return object;
}

/// As `Catalog::parse` reads it.
std::string csv_of(const Catalog& catalog) {
  std::string csv =
      "instance_type,arch,cpu_manufacturer,hypervisor,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,"
      "max_pods,gpu_name,gpu_count,accelerator_name,accelerator_count,local_nvme_gb,network_mbps,ebs_mbps,"
      "on_demand_usd_per_hour,spot_savings_percent,interruption_rate\n";
  const auto number = [](std::optional<std::int64_t> of) { return of ? std::to_string(*of) : std::string(); };
  const auto accelerators = [](const std::optional<Accelerators>& of) {
    return of ? fmt::format("{},{}", of->name, of->count) : std::string(",");
  };
  for (const InstanceType& type : catalog.types()) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", type.name.str(), name_of(type.arch),
                       type.cpu_manufacturer, type.hypervisor, type.vcpus, type.memory.value / mib,
                       type.allocatable_cpu.value, type.allocatable_memory.value / mib, type.max_pods,
                       accelerators(type.gpus), accelerators(type.neuron), number(type.local_nvme_gb),
                       number(type.network_mbps), number(type.ebs_mbps), type.on_demand.str(),
                       type.spot ? fmt::format("{},{}", type.spot->savings_percent, name_of(type.spot->rate)) : ",");
  }
  return csv;
}

}  // namespace

Result<Catalog> load_catalog(const CatalogOptions& options) {
  if (options.file.empty()) return Catalog::parse(aws::embedded_catalog(), "built-in catalogue");
  SK_TRY(const std::string text, read_file(options.file));
  return Catalog::parse(text, options.file);
}

int run_catalog(const Options& options, Streams streams) {
  const Result<Catalog> catalog = load_catalog(options.catalog);
  if (!catalog) {
    print(streams.err, catalog.error().message + "\n");
    return kBadUsage;
  }
  if (options.output == OutputFormat::Csv) {
    print(streams.out, csv_of(*catalog));
    return kDone;
  }
  format::JsonArray types;
  for (const InstanceType& type : catalog->types()) types.push_back(json_of(type));
  print_data({{"types", std::move(types)}}, table_of(*catalog), options.output, streams);
  return kDone;
}

}  // namespace spotkeeper::cli
