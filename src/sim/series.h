// A run second by second: what served, what was lost, and how the nodes were.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace spotkeeper::sim {

/// Every machine is in one of these; of several that apply, the first in this order.
struct NodeStates {
  std::uint32_t gone = 0;      // the machine is dead
  std::uint32_t booting = 0;   // its Node is not Ready
  std::uint32_t cordoned = 0;  // unschedulable
  std::uint32_t marked = 0;    // one of our taints is on it
  std::uint32_t ready = 0;
};

struct Sample {
  Duration at{};                       // after the clock's start
  std::vector<std::uint32_t> serving;  // replicas that answer, by service
  std::uint64_t lost = 0;              // requests, since the sample before
  std::uint64_t retries = 0;           // tries after the first, since the sample before
  NodeStates nodes;
};

struct Series {
  static constexpr Duration kStep = 1s;
  std::vector<std::string> services;  // "namespace/name"
  std::vector<Sample> samples;
};

}  // namespace spotkeeper::sim
