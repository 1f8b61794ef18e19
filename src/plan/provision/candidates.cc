#include "plan/provision/candidates.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kMostVariants = 64;          // of a NodePool's open labels
constexpr std::int64_t kRootVolume = 17LL << 30U;  // allocatable of the 20 GiB that a node class has by default
constexpr std::array<std::string_view, 17> kTypeLabels = {
    "instance-category",   "instance-family",        "instance-generation",        "instance-size",
    "instance-cpu",        "instance-memory",        "instance-cpu-manufacturer",  "instance-hypervisor",
    "instance-gpu-name",   "instance-gpu-count",     "instance-accelerator-name",  "instance-accelerator-count",
    "instance-local-nvme", "instance-ebs-bandwidth", "instance-network-bandwidth", "instance-gpu-manufacturer",
    "ec2nodeclass"};
constexpr std::size_t kMachineLabels = 12;  // and that of its NodePool
constexpr std::string_view kAwsPrefix = "karpenter.k8s.aws/";
constexpr std::string_view kOldZoneLabel = "failure-domain.beta.kubernetes.io/zone";
constexpr std::string_view kOldRegionLabel = "failure-domain.beta.kubernetes.io/region";

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "c" and "7" of "c7gn", "u" and "1" of "u-6tb1".
std::pair<std::string, std::string> category_and_generation(std::string_view family) {
  std::size_t at = 0;
  while (at < family.size() && is_letter(family[at])) ++at;
  const std::string category(family.substr(0, at));
  if (const std::size_t size = family.find("tb"); at < family.size() && family[at] == '-' && size != family.npos) {
    at = size + 2;
  }
  const std::size_t begin = at;
  while (at < family.size() && is_digit(family[at])) ++at;
  return {category, std::string(family.substr(begin, at - begin))};
}

/// A zone's name without its last letter.
std::string_view region_of(std::string_view zone) {
  return !zone.empty() && is_letter(zone.back()) ? zone.substr(0, zone.size() - 1) : zone;
}

/// The catalogue has GPUs of two makers.
bool is_amd(const Accelerators& gpus) { return gpus.name.starts_with("radeon"); }

/// Those of the type alone, as a machine has them.
void add_type_labels(const InstanceType& type, std::vector<Labels::Entry>& into) {
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) into.emplace_back(std::string(kAwsPrefix).append(key), value);
  };
  const auto number = [&](std::string_view key, std::int64_t value) { add(key, std::to_string(value)); };
  const auto [category, generation] = category_and_generation(type.family());
  if (type.neuron) {
    number("instance-accelerator-count", type.neuron->count);
    add("instance-accelerator-name", type.neuron->name);
  }
  add("instance-category", category);
  number("instance-cpu", type.vcpus);
  add("instance-cpu-manufacturer", type.cpu_manufacturer);
  if (type.ebs_mbps) number("instance-ebs-bandwidth", *type.ebs_mbps);
  add("instance-family", type.family());
  add("instance-generation", generation);
  if (type.gpus) {
    number("instance-gpu-count", type.gpus->count);
    add("instance-gpu-manufacturer", is_amd(*type.gpus) ? "amd" : "nvidia");
    add("instance-gpu-name", type.gpus->name);
  }
  add("instance-hypervisor", type.hypervisor);
  if (type.local_nvme_gb) number("instance-local-nvme", *type.local_nvme_gb);
  number("instance-memory", type.memory.value >> 20U);
  if (type.network_mbps) number("instance-network-bandwidth", *type.network_mbps);
  add("instance-size",
      std::string_view(type.name.str()).substr(std::min(type.family().size() + 1, type.name.str().size())));
}

/// With those of its place, which have no value yet. In the order in which Labels keeps them, so that nothing is moved.
Labels type_labels(const InstanceType& type) {
  const std::string_view arch = name_of(type.arch);
  std::vector<Labels::Entry> entries;
  entries.reserve(kTypeLabels.size() + kMachineLabels);
  entries.emplace_back("beta.kubernetes.io/arch", arch);
  entries.emplace_back("beta.kubernetes.io/instance-type", type.name.str());
  entries.emplace_back("beta.kubernetes.io/os", "linux");
  entries.emplace_back(kOldRegionLabel, "");
  entries.emplace_back(kOldZoneLabel, "");
  add_type_labels(type, entries);
  entries.emplace_back(kCapacityLabel, "");
  entries.emplace_back(kArchLabel, arch);
  entries.emplace_back("kubernetes.io/os", "linux");
  entries.emplace_back(kTypeLabel, type.name.str());
  entries.emplace_back(kRegionLabel, "");
  entries.emplace_back(kZoneLabel, "");
  return Labels(std::move(entries));
}

void set_place(Labels& labels, std::string_view zone, CapacityType capacity) {
  labels.set(kZoneLabel, zone);
  labels.set(kOldZoneLabel, zone);
  labels.set(kRegionLabel, region_of(zone));
  labels.set(kOldRegionLabel, region_of(zone));
  labels.set(kCapacityLabel, name_of(capacity));
}

Resources allocatable_of(const InstanceType& type) {
  Resources out{type.allocatable_cpu, type.allocatable_memory, {}};
  Resources more;
  more.other.emplace_back("ephemeral-storage", kRootVolume);
  out += more;
  const auto add = [&](std::string_view name, std::int64_t count) {
    Resources one;
    if (count > 0) one.other.emplace_back(name, count);
    out += one;
  };
  if (type.gpus) add(is_amd(*type.gpus) ? "amd.com/gpu" : "nvidia.com/gpu", type.gpus->count);
  if (type.neuron) add("aws.amazon.com/neuron", type.neuron->count);
  return out;
}

/// Whether the requirement, and a template's label, allow what the machine itself says of that key.
bool allowed(const NodePool& pool, const Labels& machine, const std::set<std::string>& open) {
  for (const PoolRequirement& each : pool.requirements)
    if (!open.contains(each.key) && !each.allows(machine.find(each.key))) return false;
  return std::ranges::all_of(pool.labels, [&](const auto& label) {
    const std::string* const own = machine.find(label.first);
    return own == nullptr || *own == label.second;
  });
}

bool follows_from_machine(std::string_view key) {
  return key == kZoneLabel || key == kRegionLabel || key == kTypeLabel || key == kArchLabel || key == kCapacityLabel ||
         key == "kubernetes.io/os" || key.starts_with(kAwsPrefix) || key.starts_with("beta.kubernetes.io/") ||
         key.starts_with("failure-domain.beta.kubernetes.io/");
}

/// What pods say of a label that a NodePool leaves open.
struct Named {
  std::set<std::string> wanted;   // in In
  std::set<std::string> avoided;  // in NotIn
  std::set<std::string> near;     // beside the bounds of Gt and Lt
  bool any = false;               // somebody says something else than In
  bool domain = false;            // some rule between pods is over it
};

void look_at(const SelectorRequirement& each, Named& out) {
  if (each.op == SelectorOperator::In) {
    out.wanted.insert(each.values.begin(), each.values.end());
    return;
  }
  out.any = true;
  if (each.op == SelectorOperator::NotIn) out.avoided.insert(each.values.begin(), each.values.end());
  if (each.op != SelectorOperator::Gt && each.op != SelectorOperator::Lt) return;
  const auto bound = parse_int<std::int64_t>(each.values.front());
  if (!bound || *bound == std::numeric_limits<std::int64_t>::max() ||
      *bound == std::numeric_limits<std::int64_t>::min()) {
    return;
  }
  out.near.insert(std::to_string(*bound + (each.op == SelectorOperator::Gt ? 1 : -1)));
}

bool has_domain(const PodTemplate& spec, const std::string& key) {
  const auto over = [&](const auto& each) { return each.topology_key == key; };
  return std::ranges::any_of(spec.spread, over) || std::ranges::any_of(spec.affinity.pod_required, over) ||
         std::ranges::any_of(spec.affinity.anti_required, over) ||
         std::ranges::any_of(spec.affinity.pod_preferred, over, &PreferredPodTerm::term) ||
         std::ranges::any_of(spec.affinity.anti_preferred, over, &PreferredPodTerm::term);
}

Named named(const Problem& problem, const std::string& key) {
  Named out;
  const auto look = [&](const std::vector<NodeSelectorTerm>& terms) {
    for (const NodeSelectorTerm& term : terms)
      for (const SelectorRequirement& each : term.labels)
        if (each.key == key) look_at(each, out);
  };
  for (const Shape& shape : problem.shapes) {
    if (const std::string* value = shape.spec->node_selector.find(key); value != nullptr) out.wanted.insert(*value);
    look(shape.spec->affinity.node_required);
    for (const PreferredNodeTerm& each : shape.spec->affinity.node_preferred) look({each.term});
    for (const auto& terms : shape.volumes.where) look(terms);
    out.domain = out.domain || has_domain(*shape.spec, key);
  }
  return out;
}

/// A value that the requirement allows, where nobody names one.
std::optional<std::string> some_value(const PoolRequirement& requirement) {
  const auto bound = [&](std::int64_t by) {
    const auto number = parse_int<std::int64_t>(requirement.values.front());
    return std::to_string(number.value_or(0) + by);
  };
  switch (requirement.op) {
    case PoolOperator::In: return std::ranges::min(requirement.values);
    case PoolOperator::Exists: return "true";
    case PoolOperator::Gt: return bound(1);
    case PoolOperator::Lt: return bound(-1);
    case PoolOperator::Gte:
    case PoolOperator::Lte: return bound(0);
    case PoolOperator::NotIn:
    case PoolOperator::DoesNotExist: return std::nullopt;
  }
  return std::nullopt;
}

/// Values of the requirement's own that nobody avoids, where anybody says something of the key but In.
std::vector<std::string> own_values(const PoolRequirement& requirement, const Named& named) {
  if (requirement.op == PoolOperator::In) {
    std::vector<std::string> out;
    for (const std::string& value : requirement.values) {
      if (named.avoided.contains(value)) continue;
      out.push_back(value);
      if (!named.domain) break;
    }
    return out;
  }
  if (requirement.op != PoolOperator::Exists && requirement.op != PoolOperator::NotIn) return {};
  std::string value = "true";
  for (int i = 0; named.avoided.contains(value) || std::ranges::count(requirement.values, value) != 0; ++i)
    value = "other-" + std::to_string(i);
  return {value};
}

/// What the pool leaves open: by key the values that are worth a candidate; none is the label's absence.
using Choices = std::map<std::string, std::vector<std::optional<std::string>>>;

Choices choices_of(const NodePool& pool, const Problem& problem) {
  Choices out;
  for (const PoolRequirement& each : pool.requirements) {
    if (follows_from_machine(each.key) || pool.labels.contains(each.key) || out.contains(each.key)) continue;
    const auto agreed = [&](const std::string* value) {
      return std::ranges::all_of(pool.requirements,
                                 [&](const auto& other) { return other.key != each.key || other.allows(value); });
    };
    const Named said = named(problem, each.key);
    std::set<std::string> worth = said.wanted;
    worth.insert(said.near.begin(), said.near.end());
    worth.insert(said.avoided.begin(), said.avoided.end());
    for (const PoolRequirement& other : pool.requirements) {
      if (other.key != each.key || !(said.any || said.domain)) continue;
      for (std::string& value : own_values(other, said)) worth.insert(std::move(value));
    }
    std::vector<std::optional<std::string>> values;
    for (const std::string& value : worth)
      if (agreed(&value)) values.emplace_back(value);
    if (agreed(nullptr)) values.emplace_back(std::nullopt);
    for (const PoolRequirement& other : pool.requirements) {
      if (!values.empty() || other.key != each.key) continue;
      if (auto value = some_value(other); value && agreed(&*value)) values.push_back(std::move(value));
    }
    out.emplace(each.key, std::move(values));
  }
  return out;
}

/// Every combination, as labels.
std::vector<Labels> variants_of(const Choices& choices) {
  std::vector<Labels> out{Labels()};
  for (const auto& [key, values] : choices) {
    std::vector<Labels> next;
    for (const Labels& before : out) {
      for (const auto& value : values) {
        if (next.size() == kMostVariants) break;
        next.push_back(before);
        if (value) next.back().set(key, *value);
      }
    }
    out = std::move(next);
  }
  return out;
}

class Builder {
 public:
  Builder(Board& board, std::span<const Candidate> known) : board_(board), problem_(board.problem()), known_(known) {
    allocatable_.reserve(problem_.types.size());
    for (const InstanceType& each : problem_.types)
      allocatable_.push_back(board.resources().amounts_of(allocatable_of(each), each.max_pods));
  }

  std::vector<Candidate> build() {
    for (std::uint32_t pool = 0; pool < problem_.pools.size(); ++pool) add_pool(pool);
    std::ranges::sort(out_, [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::tuple<Money, std::int32_t, std::uint32_t, std::uint32_t, std::uint32_t> rank(
      const Candidate& each) const {
    return {each.price, -problem_.pools[each.pool].weight, each.pool, each.offering, each.variant};
  }

  void add_pool(std::uint32_t id) {
    const NodePool& pool = problem_.pools[id];
    const Choices choices = choices_of(pool, problem_);
    if (!known_.empty() && choices.empty()) {
      for (const Candidate& each : known_)
        if (each.pool == id) add(id, each.offering, each.facts.labels);
      return;
    }
    std::set<std::string> open;
    for (const auto& [key, values] : choices) open.insert(key);
    const std::vector<Labels> variants = variants_of(choices);
    out_.reserve(out_.size() + problem_.offerings.size() * variants.size());
    std::vector<Labels> machines;  // by type: of its offering that is looked at
    machines.reserve(problem_.types.size());
    for (const InstanceType& type : problem_.types) {
      Labels& labels = machines.emplace_back(type_labels(type));
      if (!pool.node_class.empty()) labels.set("karpenter.k8s.aws/ec2nodeclass", pool.node_class);
      labels.set(kPoolLabel, pool.name);
    }
    for (std::uint32_t offering = 0; offering < problem_.offerings.size(); ++offering) {
      const Offering& offered = problem_.offerings[offering];
      Labels& labels = machines[offered.type];
      set_place(labels, problem_.zones[offered.zone], offered.capacity);
      if (!allowed(pool, labels, open)) continue;
      for (std::uint32_t i = 0; i < variants.size(); ++i) {
        add(id, offering, with_variant(id, labels, variants[i]));
        out_.back().variant = i;
      }
    }
  }

  [[nodiscard]] std::shared_ptr<const Labels> with_variant(std::uint32_t pool, Labels labels,
                                                           const Labels& variant) const {
    for (const auto& [key, value] : problem_.pools[pool].labels) labels.set(key, value);
    for (const auto& [key, value] : variant) labels.set(key, value);
    return std::make_shared<const Labels>(std::move(labels));
  }

  void add(std::uint32_t pool, std::uint32_t offering, std::shared_ptr<const Labels> labels) {
    Candidate out{pool, offering, 0, {}, {}, {}, problem_.offerings[offering].price};
    out.facts.labels = std::move(labels);
    out.facts.taints = problem_.pools[pool].taints;
    out.facts.allocatable = allocatable_[problem_.offerings[offering].type];
    out.domains = board_.topology().domains_of(*out.facts.labels, out.facts.taints, {}, true);
    out.room = out.facts.allocatable;
    for (const ShapeId daemon : board_.daemons_of(out.facts))
      for (std::size_t i = 0; i < out.room.size(); ++i) out.room[i] -= board_.requests_of(daemon)[i];
    out_.push_back(std::move(out));
  }

  Board& board_;
  const Problem& problem_;
  std::span<const Candidate> known_;
  std::vector<Amounts> allocatable_;  // by type
  std::vector<Candidate> out_;
};

}  // namespace

bool is_known_type_label(std::string_view key) {
  return key.starts_with(kAwsPrefix) &&
         std::ranges::find(kTypeLabels, key.substr(kAwsPrefix.size())) != kTypeLabels.end();
}

Labels machine_labels(const InstanceType& type, std::string_view zone, CapacityType capacity) {
  Labels labels = type_labels(type);
  set_place(labels, zone, capacity);
  return labels;
}

std::vector<Candidate> candidates_of(Board& board, std::span<const Candidate> known) {
  return Builder(board, known).build();
}

}  // namespace spotkeeper::plan
