// What is counted once says of every pod and host what a look at every other pod says.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/oracle/cases.h"
#include "tests/property/checker/kinds.h"
#include "tests/property/checker/neighbours.h"
#include "tests/property/checker/new_hosts.h"
#include "tests/property/checker/random_case.h"

namespace spotkeeper::checker {
namespace {

constexpr std::uint64_t kCases = 1'000;
constexpr std::size_t kNewHosts = 5;

// The nodes, with what runs there, and some that could be bought.
std::vector<Host> hosts_of(const Problem& problem, Random& random) {
  std::vector<Host> out = problem.hosts;
  for (Host& host : out) {
    for (const Pod& pod : problem.pods) {
      if (pod.node == host.name && !pod.finished) host.come(pod);
    }
  }
  const std::vector<Host> possible = possible_hosts(problem);
  for (std::size_t i = 0; i < kNewHosts && !possible.empty(); ++i) {
    out.push_back(possible[random.below(possible.size())]);
    out.back().labels["kubernetes.io/hostname"] = out.back().name += "-" + std::to_string(i);
  }
  return out;
}

std::string expect_same(const State& state, const Neighbours& neighbours) {
  for (const Pod& pod : state.problem->pods) {
    for (std::size_t i = 0; i < state.hosts.size(); ++i) {
      const Host& host = state.hosts[i];
      const Refusal spread = spread_refusal(state, pod, host, Domains::OfNodes, {});
      const Refusal affinity = affinity_refusal(state, pod, host);
      if (neighbours.refuse(pod, i) != (spread || affinity))
        return pod.name + " on " + host.name + ": " + spread.value_or(affinity.value_or("nothing refused it"));
    }
  }
  return "";
}

TEST(Neighbours, SayWhatTheRulesSay) {
  const oracle::Cases cases = oracle::cases_from_environment(kCases);
  std::uint64_t refused = 0;
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    Random random(seed);
    const Problem problem = read_case(random_case(seed));
    const Kinds kinds(problem);
    State state{&problem, &kinds, hosts_of(problem, random)};
    if (state.hosts.empty()) continue;
    Neighbours neighbours(state);
    ASSERT_EQ(expect_same(state, neighbours), "") << "seed " << seed;
    for (const Pod& pod : problem.pods) {
      if (!pod.node.empty()) continue;
      const std::size_t host = random.below(state.hosts.size());
      if (neighbours.refuse(pod, host)) ++refused;
      state.hosts[host].come(pod);
      neighbours.come(pod, host);
      ASSERT_EQ(expect_same(state, neighbours), "") << "seed " << seed << ", after " << pod.name;
    }
  }
  EXPECT_GT(refused, cases.count / 10);
}

}  // namespace
}  // namespace spotkeeper::checker
