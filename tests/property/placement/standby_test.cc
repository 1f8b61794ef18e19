// What is worked out before a node is lost, and what is worked out afterwards, are one plan.
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/planning/documents.h"
#include "control/planning/report.h"
#include "plan/provision/standby.h"
#include "tests/oracle/cases.h"
#include "tests/property/checker/random_case.h"

namespace spotkeeper::plan {
namespace {

constexpr std::uint64_t kCases = 500;
constexpr int kMostFailures = 5;

Problem without_node(Problem problem, std::size_t node) {
  for (const BoundPod& pod : problem.nodes[node].pods) {
    const auto& workload = problem.shapes[pod.shape].workload;
    const bool of_daemon = workload && workload->kind == "DaemonSet";
    if (!of_daemon && !pod.terminating) problem.pods.push_back({pod.name, pod.shape});
  }
  problem.nodes.erase(problem.nodes.begin() + static_cast<std::ptrdiff_t>(node));
  return problem;
}

std::string text_of(const Problem& problem, const Plan& plan) {
  return format::write_json(control::plan_json(problem, plan, 0), format::JsonStyle::Pretty);
}

TEST(Standby, PlansAsIfTheNodeHadNeverBeenThere) {
  const oracle::Cases cases = oracle::cases_from_environment(kCases);
  int failures = 0;
  std::size_t lost = 0;
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    const checker::RandomCase random = checker::random_case(seed);
    const Catalog catalogue = Catalog::parse(random.catalogue, "catalogue").value();
    const auto read = control::read_problem(random.documents, catalogue, {});
    if (!read) continue;
    for (std::size_t node = 0; node < read->nodes.size() && failures < kMostFailures; ++node) {
      const Problem expected = without_node(*read, node);
      Standby standby(*read);
      const Plan plan = standby.plan_without(static_cast<NodeId>(node), {}, {});
      ++lost;
      const std::string right = text_of(expected, make_plan(expected, {}, {}));
      const std::string is = text_of(standby.problem(), plan);
      if (is == right) continue;
      ADD_FAILURE() << "seed " << seed << ", node " << node << "\n" << right << "\nand not\n" << is;
      ++failures;
    }
  }
  EXPECT_GT(lost, cases.count / 2);
}

}  // namespace
}  // namespace spotkeeper::plan
