// Links: spotkeeper_cloud
// What a process pays for knowing 1,345 instance types: once, when it first asks.
#include <benchmark/benchmark.h>

#include "cloud/aws/embedded_catalog.h"
#include "model/catalog.h"

namespace spotkeeper {
namespace {

void ParseEmbeddedCatalog(benchmark::State& state) {
  const std::string_view csv = aws::embedded_catalog();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Catalog::parse(csv, "bench"));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(csv.size()));
}
BENCHMARK(ParseEmbeddedCatalog)->Unit(benchmark::kMillisecond);

void FindType(benchmark::State& state) {
  const Catalog catalog = Catalog::parse(aws::embedded_catalog(), "bench").value();
  const InstanceTypeName name("m6i.2xlarge");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(catalog.find(name));
}
BENCHMARK(FindType);

}  // namespace
}  // namespace spotkeeper
