#include "plan/schedule/board.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

constexpr std::string_view kOldArchLabel = "beta.kubernetes.io/arch";
constexpr std::string_view kEbsDriver = "ebs.csi.aws.com";

bool is_arch(std::string_view key) { return key == kArchLabel || key == kOldArchLabel; }

bool names_architecture(const PodTemplate& spec) {
  const auto in_selector = [](const auto& entry) { return is_arch(entry.first); };
  if (std::ranges::any_of(spec.node_selector, in_selector)) return true;
  return spec.affinity.has_node_required &&
         std::ranges::any_of(spec.affinity.node_required, [](const NodeSelectorTerm& term) {
           return std::ranges::any_of(term.labels, [](const auto& each) { return is_arch(each.key); });
         });
}

/// The problem's own.
std::shared_ptr<const Labels> labels_of(const ExistingNode& existing) {
  return {std::shared_ptr<const Labels>(), &existing.node.labels};
}

NodeFacts facts_of_existing(const ExistingNode& existing, const ResourceNames& names) {
  const Node& node = existing.node;
  return {node.name.str(),
          labels_of(existing),
          node.taints,
          node.unschedulable || node.deletion.has_value(),
          names.amounts_of(node.allocatable, node.max_pods),
          existing.attach_limits};
}

}  // namespace

bool fits(const Amounts& wanted, const Amounts& room) {
  return std::equal(wanted.begin(), wanted.end(), room.begin(), room.end(),
                    [](std::int64_t wants, std::int64_t has) { return wants <= 0 || wants <= has; });
}

ResourceNames::ResourceNames(const Problem& problem) {
  std::set<std::string> names;
  for (const Shape& shape : problem.shapes)
    for (const auto& [name, amount] : shape.spec->requests.other)
      if (!name.starts_with("attachable-volumes-")) names.insert(name);
  others_.assign(names.begin(), names.end());
}

Amounts ResourceNames::amounts_of(const Resources& requests) const { return amounts_of(requests, 1); }

Amounts ResourceNames::amounts_of(const Resources& allocatable, std::int64_t pods) const {
  Amounts out(size(), 0);
  out[kCpu] = allocatable.cpu.value;
  out[kMemory] = allocatable.memory.value;
  out[kPods] = pods;
  for (const auto& [name, amount] : allocatable.other) {
    const auto at = std::ranges::lower_bound(others_, name);
    if (at != others_.end() && *at == name) out[3 + static_cast<std::size_t>(at - others_.begin())] = amount;
  }
  return out;
}

std::string ResourceNames::text_of(std::size_t resource, std::int64_t amount) const {
  switch (resource) {
    case kCpu: return fmt::format("{:.6g} CPU", static_cast<double>(amount) / 1000);
    case kMemory: return fmt::format("{:.3g} GiB of memory", static_cast<double>(amount) / (1 << 30));
    case kPods: return fmt::format("{} pods", amount);
    default: return fmt::format("{} of {}", amount, others_[resource - 3]);
  }
}

Board::Board(const Problem& problem) : problem_(problem), names_(problem), topology_(problem) {
  for (const Shape& shape : problem.shapes) {
    requests_.push_back(names_.amounts_of(shape.spec->requests));
    names_arch_.push_back(names_architecture(*shape.spec) ? 1 : 0);
  }
  add_existing();
}

void Board::add_existing() {
  nodes_.reserve(problem_.nodes.size());
  std::vector<DomainsOfNode> domains;
  for (const ExistingNode& existing : problem_.nodes) {
    Seat seat;
    seat.facts = facts_of_existing(existing, names_);
    seat.free = seat.facts.allocatable;
    seat.domains = topology_.domains_of(*seat.facts.labels, seat.facts.taints, seat.facts.name, false);
    domains.push_back(seat.domains);
    nodes_.push_back(std::move(seat));
  }
  topology_.add_nodes(domains);
  for (NodeId node = 0; node < problem_.nodes.size(); ++node) {
    std::set<WorkloadRef> daemons;
    for (const BoundPod& pod : problem_.nodes[node].pods) {
      place(pod.shape, node, pod.terminating);
      const auto& workload = problem_.shapes[pod.shape].workload;
      if (workload && workload->kind == "DaemonSet") daemons.insert(*workload);
    }
    if (!problem_.nodes[node].node.deletion) reserve_daemons(node, daemons);
  }
  topology_.begin();
}

/// A DaemonSet's pod that is missing is on its way: its room is kept where it has room.
void Board::reserve_daemons(NodeId node, const std::set<WorkloadRef>& there) {
  for (const ShapeId daemon : problem_.daemons) {
    const auto& workload = problem_.shapes[daemon].workload;
    if (workload && there.contains(*workload)) continue;
    if (allows(daemon, node) != Refusal::None) continue;
    place(daemon, node);
    nodes_[node].awaited.push_back(daemon);
  }
}

std::vector<ShapeId> Board::daemons_of(const NodeFacts& facts) const {
  std::vector<ShapeId> out;
  for (const ShapeId daemon : problem_.daemons)
    if (suits(daemon, facts) == Refusal::None) out.push_back(daemon);
  return out;
}

NodeId Board::open(NodeFacts facts, DomainsOfNode domains) {
  Seat seat;
  seat.free = facts.allocatable;
  seat.facts = std::move(facts);
  topology_.add_node(domains);
  seat.domains = std::move(domains);
  nodes_.push_back(std::move(seat));
  const auto node = static_cast<NodeId>(nodes_.size() - 1);
  for (const ShapeId daemon : daemons_of(nodes_[node].facts)) place(daemon, node);
  return node;
}

void Board::close(NodeId node) {
  for (const ShapeId daemon : daemons_of(nodes_[node].facts)) remove(daemon, node);
  topology_.remove_node(nodes_[node].domains);
  nodes_[node].free.assign(names_.size(), 0);
}

Refusal Board::suits(ShapeId id, const NodeFacts& facts) const {
  const Shape& shape = problem_.shapes[id];
  const PodTemplate& spec = *shape.spec;
  if (facts.cordoned && !tolerates_cordon(spec.tolerations)) return Refusal::Cordoned;
  if (untolerated(spec.tolerations, facts.taints) != nullptr) return Refusal::Taint;
  if (!selects(spec, *facts.labels, facts.name)) return Refusal::Selector;
  if (names_arch_[id] == 0 && !(shape.workload && shape.workload->kind == "DaemonSet")) {
    const std::string* const arch = facts.labels->find(kArchLabel);
    if (arch != nullptr && *arch != name_of(problem_.policy.default_arch)) return Refusal::Architecture;
  }
  const auto reaches = [&](const auto& terms) { return matches_any(terms, *facts.labels, facts.name); };
  if (std::ranges::all_of(shape.volumes.where, reaches)) return Refusal::None;
  const std::string* const capacity = facts.labels->find(kCapacityLabel);
  const bool is_spot = capacity != nullptr && *capacity == name_of(CapacityType::Spot);
  return shape.kept_off_spot && is_spot ? Refusal::SpotLimit : Refusal::VolumePlace;
}

Refusal Board::refuses_amounts(ShapeId shape, const Amounts& free) const {
  const Amounts& wanted = requests_[shape];
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] <= 0 || wanted[i] <= free[i]) continue;
    if (i == ResourceNames::kCpu) return Refusal::Cpu;
    if (i == ResourceNames::kMemory) return Refusal::Memory;
    return i == ResourceNames::kPods ? Refusal::Pods : Refusal::Other;
  }
  return Refusal::None;
}

bool Board::attaches(const VolumeNeeds& volumes, const Seat& seat) const {
  if (volumes.own.empty() && volumes.shared.empty()) return true;
  std::map<std::string, std::int64_t> more(volumes.own.begin(), volumes.own.end());
  for (const auto& volume : volumes.shared)
    if (!seat.attached_together.contains(volume)) ++more[volume.first];
  for (const auto& [driver, count] : more) {
    const auto& limits = seat.facts.attach_limits;
    const auto limit = std::ranges::find(limits, driver, &std::pair<std::string, std::int64_t>::first);
    std::int64_t most = 0;
    if (limit != limits.end()) {
      most = limit->second;
    } else if (seat.facts.name.empty() && driver == kEbsDriver) {
      most = kVolumesOfNewNode;
    } else {
      continue;
    }
    const auto own = seat.attached.find(driver);
    std::int64_t there = own == seat.attached.end() ? 0 : own->second;
    for (const auto& [volume, pods] : seat.attached_together) there += volume.first == driver ? 1 : 0;
    if (there + count > most) return false;
  }
  return true;
}

bool Board::in_use(const VolumeNeeds& volumes) const {
  return std::ranges::any_of(volumes.exclusive, [&](const std::string& claim) { return exclusive_.contains(claim); });
}

Refusal Board::allows(ShapeId id, NodeId node, Scope scope) const {
  const Seat& seat = nodes_[node];
  if (const Refusal no = refuses_amounts(id, seat.free); no != Refusal::None) return no;
  if (const Refusal no = suits(id, seat.facts); no != Refusal::None) return no;
  return allows_suited(id, node, scope);
}

Refusal Board::allows_suited(ShapeId id, NodeId node, Scope scope) const {
  const Seat& seat = nodes_[node];
  if (const Refusal no = refuses_amounts(id, seat.free); no != Refusal::None) return no;
  const Shape& shape = problem_.shapes[id];
  if (!shape.spec->host_ports.empty() && ports_clash(shape.spec->host_ports, seat.ports)) return Refusal::Ports;
  if (in_use(shape.volumes)) return Refusal::Exclusive;
  if (!attaches(shape.volumes, seat)) return Refusal::Attachments;
  return topology_.allows(id, seat.domains, scope);
}

Refusal Board::allows_on_fresh(ShapeId id, const NodeFacts& facts, const DomainsOfNode& domains) const {
  Seat seat;
  seat.facts = facts;
  seat.free = facts.allocatable;
  const std::vector<ShapeId> daemons = daemons_of(facts);
  for (const ShapeId daemon : daemons) {
    for (std::size_t i = 0; i < seat.free.size(); ++i) seat.free[i] -= requests_[daemon][i];
    const auto& ports = problem_.shapes[daemon].spec->host_ports;
    seat.ports.insert(seat.ports.end(), ports.begin(), ports.end());
  }
  if (const Refusal no = refuses_amounts(id, seat.free); no != Refusal::None) return no;
  const Shape& shape = problem_.shapes[id];
  if (ports_clash(shape.spec->host_ports, seat.ports)) return Refusal::Ports;
  if (in_use(shape.volumes)) return Refusal::Exclusive;
  if (!attaches(shape.volumes, seat)) return Refusal::Attachments;
  return topology_.allows(id, domains, Scope::All, daemons);
}

void Board::place(ShapeId id, NodeId node, bool terminating, Scope scope) {
  Seat& seat = nodes_[node];
  const Shape& shape = problem_.shapes[id];
  const Amounts& wanted = requests_[id];
  for (std::size_t i = 0; i < wanted.size(); ++i) seat.free[i] -= wanted[i];
  seat.ports.insert(seat.ports.end(), shape.spec->host_ports.begin(), shape.spec->host_ports.end());
  for (const auto& [driver, count] : shape.volumes.own) seat.attached[driver] += count;
  for (const auto& volume : shape.volumes.shared) ++seat.attached_together[volume];
  for (const std::string& claim : shape.volumes.exclusive) ++exclusive_[claim];
  topology_.place(id, seat.domains, terminating, scope);
}

void Board::remove(ShapeId id, NodeId node, Scope scope) {
  take(id, node);
  topology_.remove(id, nodes_[node].domains, scope);
}

void Board::lose(NodeId node) {
  for (const BoundPod& pod : problem_.nodes[node].pods) {
    take(pod.shape, node);
    topology_.remove(pod.shape, nodes_[node].domains, Scope::All, pod.terminating);
  }
  for (const ShapeId daemon : nodes_[node].awaited) remove(daemon, node);
  topology_.remove_node(nodes_[node].domains);
  topology_.begin();
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(node));
}

void Board::nodes_have_moved() {
  for (NodeId node = 0; node < problem_.nodes.size(); ++node)
    nodes_[node].facts.labels = labels_of(problem_.nodes[node]);
}

/// Its room, ports and volumes.
void Board::take(ShapeId id, NodeId node) {
  Seat& seat = nodes_[node];
  const Shape& shape = problem_.shapes[id];
  const Amounts& wanted = requests_[id];
  for (std::size_t i = 0; i < wanted.size(); ++i) seat.free[i] += wanted[i];
  for (const HostPort& port : shape.spec->host_ports) seat.ports.erase(std::ranges::find(seat.ports, port));
  for (const auto& [driver, count] : shape.volumes.own) seat.attached[driver] -= count;
  for (const auto& volume : shape.volumes.shared)
    if (--seat.attached_together[volume] == 0) seat.attached_together.erase(volume);
  for (const std::string& claim : shape.volumes.exclusive)
    if (--exclusive_[claim] == 0) exclusive_.erase(claim);
}

}  // namespace spotkeeper::plan
