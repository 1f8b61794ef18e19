// The machines that NodePools could make of the offerings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

/// Labels that follow from the offering and not from anybody's choice.
bool is_well_known(const std::string& key);

/// With the pods of the DaemonSets that would run there. Every way the labels of such a node can turn out: a NodePool's
/// requirement on a label of the user's own may leave a choice. None if the pool does not allow the type, the zone or
/// the capacity type.
std::vector<Host> new_hosts(const Problem& problem, const NodePool& pool, const Machine& machine,
                            const std::string& zone, const std::string& capacity_type, const std::string& name);

/// The one that has the labels which somebody promised (with or without its hostname). Nothing if it can't have them.
std::optional<Host> promised_host(const Problem& problem, const NodePool& pool, const Machine& machine,
                                  const std::string& zone, const std::string& capacity_type, const std::string& name,
                                  Labels promised);

/// The one that is launched in the place of one with the labels that somebody promised: those of its own machine, and
/// those of the user's that were promised. Nothing if it can't have them.
std::optional<Host> stand_in_host(const Problem& problem, const NodePool& pool, const Machine& machine,
                                  const std::string& zone, const std::string& capacity_type, const std::string& name,
                                  const Labels& promised);

/// All that can be had now, each with a name of its own.
std::vector<Host> possible_hosts(const Problem& problem);

/// What hosts of the pool have used of its limits: cpu, memory, nodes.
Amounts used_of_limits(const NodePool& pool, const std::vector<Host>& hosts);
/// The first limit that is exceeded; empty if none is.
std::string exceeded_limit(const NodePool& pool, const Amounts& used);

const NodePool* find_pool(const Problem& problem, const std::string& name);
/// nullptr if it is not offered, or not available.
const Offering* find_offering(const Problem& problem, const std::string& type, const std::string& zone,
                              const std::string& capacity_type);

}  // namespace spotkeeper::checker
