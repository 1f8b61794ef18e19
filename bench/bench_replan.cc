// Links: spotkeeper_control
// How long it takes to plan anew for the pods of one node that is lost, among 5,000 nodes with 100,000 pods: from the
// moment in which it is known which node. What can be made ready before has a column of its own.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "cloud/aws/embedded_catalog.h"
#include "control/planning/documents.h"
#include "plan/provision/candidates.h"
#include "plan/provision/standby.h"
#include "plan_mixes.h"

namespace spotkeeper::bench {
namespace {

constexpr std::uint64_t kNodes = 5'000;
constexpr std::uint64_t kPods = 100'000;
constexpr std::string_view kType = "m5.2xlarge";
constexpr int kRuns = 5;

/// The mix's pods dealt out in turn to nodes of three zones, each of which has room for `spare` percent more.
plan::Problem cluster(const Mix& mix, const Catalog& catalog, std::int64_t spare) {
  std::vector<JsonValue> documents = documents_of(make(mix, kPods, 1));
  documents.push_back(open_pool());
  control::PlanningOptions options;
  options.zones = {kZones.begin(), kZones.end()};
  plan::Problem problem = control::read_problem(documents, catalog, options).value();
  const auto type = std::ranges::find(problem.types, kType, [](const InstanceType& each) { return each.name.str(); });
  for (std::uint64_t i = 0; i < kNodes; ++i) {
    plan::ExistingNode existing;
    existing.node.name = NodeName(fmt::format("node-{:04}", i));
    existing.node.labels = plan::machine_labels(*type, kZones[i % kZones.size()],
                                                i % 4 == 0 ? plan::CapacityType::OnDemand : plan::CapacityType::Spot);
    existing.node.labels.set("kubernetes.io/hostname", existing.node.name.str());
    problem.nodes.push_back(std::move(existing));
  }
  for (std::size_t i = 0; i < problem.pods.size(); ++i) {
    plan::ExistingNode& existing = problem.nodes[i % kNodes];
    const Resources& wants = problem.shapes[problem.pods[i].shape].spec->requests;
    existing.node.allocatable.cpu.value += wants.cpu.value * (100 + spare) / 100;
    existing.node.allocatable.memory.value += wants.memory.value * (100 + spare) / 100;
    existing.pods.push_back({std::move(problem.pods[i].name), problem.pods[i].shape, false});
  }
  problem.pods.clear();
  return problem;
}

struct Took {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = std::numeric_limits<double>::infinity();
  double before = std::numeric_limits<double>::infinity();
};

/// Of the processor, in milliseconds.
double since(std::clock_t start) { return 1000 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

void row(const Mix& mix, const Catalog& catalog, std::int64_t spare) {
  const plan::Problem problem = cluster(mix, catalog, spare);
  Took least;
  plan::Plan plan;
  std::size_t waiting = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::clock_t ready = std::clock();
    plan::Standby standby(problem);
    least.before = std::min(least.before, since(ready));
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    plan = standby.plan_without(kNodes / 2, plan::StepBudget{0}, plan::Seed{1});
    least.cpu = std::min(least.cpu, since(cpu));
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    least.wall = std::min(least.wall, wall.count());
    waiting = standby.problem().pods.size();
  }
  fmt::print("| {} | {} % | {} | {:.1f} | {:.1f} | {:.1f} | {} | {} |\n", mix.name, spare, waiting, least.wall,
             least.cpu, least.before, plan.nodes.size(), plan.unplaced.size());
}

}  // namespace
}  // namespace spotkeeper::bench

int main() {
  using namespace spotkeeper::bench;
  const spotkeeper::Catalog catalog =
      spotkeeper::Catalog::parse(spotkeeper::aws::embedded_catalog(), "catalogue").value();
  fmt::print(
      "## A node is lost\n\n{} nodes with {} pods, all types of the catalogue; the least of {} runs. Goal: 50 ms.\n\n"
      "| pods of | room left on each node | pods without a place | wall clock, ms | processor, ms | made ready before, "
      "processor, ms | machines bought | left out |\n|---|---|---|---|---|---|---|---|\n",
      kNodes, kPods, kRuns);
  for (const std::string_view name : {"web", "services", "mixed"})
    for (const std::int64_t spare : {10, 0}) row(*std::ranges::find(kMixes, name, &Mix::name), catalog, spare);
}
