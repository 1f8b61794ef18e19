// From the documents a user gives, the catalogue and the prices to what the referee judges by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/property/checker/reading.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

/// Pods, and Deployments, ReplicaSets, StatefulSets and Jobs expanded to theirs (name-0, name-1, …); Nodes, NodePools,
/// claims and the rest. Kinds that have no say in placement are left out.
Problem read_documents(const std::vector<Json>& documents);

/// The machines of a catalogue (docs/catalog.md). Broken lines are left out.
std::map<std::string, Machine> read_catalogue(std::string_view csv);

/// One machine; `memory` in MiB.
struct MachineFacts {
  std::string name;
  std::string arch = "amd64";
  std::int64_t vcpus = 2;
  std::int64_t memory = 4096;
  std::int64_t allocatable_millis = 1900;
  std::int64_t allocatable_memory = 3500;
  std::int64_t pods = 29;
  std::map<std::string, std::string> more;  // other columns of the catalogue, by name
};
Machine make_machine(const MachineFacts& facts);

/// A PersistentVolumeClaim, or the template of one.
Claim read_claim(const Json& document);

}  // namespace spotkeeper::checker
