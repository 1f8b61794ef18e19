// A cluster of any size as a scenario: Spot machines in three zones and four types, taken back one by one and once a
// whole pool at a time; workloads of all sizes in many namespaces, most of them under budgets; some that are asked.
#pragma once

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace spotkeeper::bench {

struct ClusterSize {
  std::uint32_t nodes = 1000;
  std::uint32_t pods = 10'000;  // of Deployments; each node runs one more, of a DaemonSet
  std::uint32_t minutes = 60;
};

/// YAML that `spotkeeper simulate` reads.
[[nodiscard]] inline std::string large_cluster(const ClusterSize& size) {
  constexpr std::uint32_t kSizes[] = {2, 3, 6, 12, 25, 52};  // replicas
  std::string workloads;
  std::string services;
  std::string budgets;
  std::string load;
  std::uint32_t left = size.pods;
  for (std::uint32_t i = 0; left > 0; ++i) {
    const std::uint32_t replicas = kSizes[i % 6] < left ? kSizes[i % 6] : left;
    left -= replicas;
    const std::string name = "w" + std::to_string(i);
    const std::string ns = "team-" + std::to_string(i / 12);
    const std::string both = fmt::format("name: {}, namespace: {}", name, ns);
    workloads += "  - {" + both + ", replicas: " + std::to_string(replicas) + ", requests: {cpu: 250m, memory: 512Mi}" +
                 ", start: 4s, ready-after: " + std::to_string(5 + i % 30) + "s, probe-period: 5s, grace: 30s" +
                 ", pre-stop: 15s, server: {answers-after-term: 5s}}\n";
    if (i % 4 != 3) budgets += "  - {" + both + ", max-unavailable: 25%}\n";
    if (i % 12 != 3) continue;
    services += "  - {" + both + "}\n";
    load += fmt::format("  - {{service: {}, namespace: {}, rate: 2, connections: 8}}\n", name, ns);
  }
  return "scenario: large-cluster\nduration: " + std::to_string(size.minutes) + "m\nwarm-up: 10m\n" +
         "cluster:\n  endpoint-delay: {median: 400ms, p99: 3s, at-most: 10s, straggler: 10s}\n" +
         "groups:\n  - name: node\n    size: " + std::to_string(size.nodes) +
         "\n    zones: [us-east-1a, us-east-1b, us-east-1c]\n    types: [m5.xlarge, m5a.xlarge, c5.xlarge, "
         "c5a.xlarge]\n"
         "    policy: spread\n"
         "market:\n  interruptions: {times: 300}\n  storms:\n    - {at: 5m, zone: us-east-1a, type: m5.xlarge, within: "
         "3m}\n"
         "workloads:\n" +
         workloads +
         "  - {name: node-logger, namespace: kube-system, kind: DaemonSet, requests: {cpu: 50m, memory: 64Mi}, "
         "tolerates-everything: true}\n" +
         "services:\n" + services + "budgets:\n" + budgets + "load:\n" + load;
}

}  // namespace spotkeeper::bench
