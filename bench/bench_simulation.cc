// Links: spotkeeper_sim
//
// What an hour of a large cluster costs to simulate, under each policy: 1,000 nodes, 10,000 pods, one pool of Spot
// machines lost at once and others one by one. The goal is 60 s of one core. There is no peer: nobody else has the
// like.
//
//   bench_simulation [NODES PODS MINUTES]     the table; these three are the defaults' places
//   bench_simulation --scenario               the scenario as YAML, for `spotkeeper simulate`
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "base/log.h"
#include "cloud/aws/embedded_catalog.h"
#include "large_cluster.h"
#include "sim/run.h"

namespace spotkeeper::bench {
namespace {

constexpr double kGoal = 60;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int simulate(const ClusterSize& size) {
  const auto catalog = Catalog::parse(aws::embedded_catalog(), "catalogue");
  if (!catalog) return 1;
  const auto scenario = sim::parse_scenario(large_cluster(size), "large-cluster", *catalog);
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    return 1;
  }
  std::printf("## A large cluster simulated\n\n%u nodes, %u pods, %u minutes of virtual time, one core.", size.nodes,
              size.pods, size.minutes);
  std::printf(
      " Goal: %.0f s.\n\n| policy | CPU seconds | events | million a second | machines interrupted | evictions |"
      " requests lost of |\n|---|---|---|---|---|---|---|\n",
      kGoal);
  for (const sim::Policy policy : {sim::Policy::None, sim::Policy::CordonAndDrain, sim::Policy::Spotkeeper}) {
    sim::RunOptions options;
    options.policy = policy;
    const double begun = cpu_seconds();
    const auto report = sim::run(*scenario, options);
    const double took = cpu_seconds() - begun;
    if (!report) {
      std::fprintf(stderr, "%s\n", report.error().message.c_str());
      return 1;
    }
    const auto events = static_cast<unsigned long long>(report->events);
    std::printf(
        "| %s | %.1f | %llu | %.2f | %llu | %llu | %llu of %llu |\n", std::string(sim::name_of(policy)).c_str(), took,
        events, static_cast<double>(events) / took / 1e6, static_cast<unsigned long long>(report->interruptions),
        static_cast<unsigned long long>(report->pods.evicted), static_cast<unsigned long long>(report->traffic.lost()),
        static_cast<unsigned long long>(report->traffic.sent()));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace spotkeeper::bench

int main(int argc, char** argv) {
  using namespace spotkeeper;
  bench::ClusterSize size;
  if (argc == 2 && std::string_view(argv[1]) == "--scenario") {
    std::fputs(bench::large_cluster(size).c_str(), stdout);
    return 0;
  }
  if (argc == 4) {
    const auto number = [&](int i) { return static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)); };
    size = {number(1), number(2), number(3)};
  }
  return bench::simulate(size);
}
