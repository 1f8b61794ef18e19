#include "tests/property/checker/documents.h"

#include <algorithm>
#include <limits>

#include <boost/json/object.hpp>

#include "base/text.h"
#include "tests/property/checker/read_pod.h"
#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

const Json kNothing;

const Json& part(const Json& value, Path path) {
  const Json* at = find(value, path);
  return at != nullptr ? *at : kNothing;
}

std::string space_of(const Json& document) { return text(document, {"metadata", "namespace"}, "default"); }
std::string name_of(const Json& document) { return text(document, {"metadata", "name"}); }

std::int64_t bytes_of(const Json& value, Path path) {
  const Json* at = find(value, path);
  const auto amount = at != nullptr ? quantity(*at) : std::nullopt;
  return amount ? rounded("memory", *amount) : 0;
}

std::set<std::string> set_of(const std::vector<std::string>& values) { return {values.begin(), values.end()}; }

void add_ephemeral_claims(Problem& problem, const Pod& pod, const Json& spec) {
  const std::string name = pod.name.substr(pod.space.size() + 1);
  for (const Json* volume : list(spec, {"volumes"})) {
    const Json* made = find(*volume, {"ephemeral", "volumeClaimTemplate"});
    if (made != nullptr)
      problem.claims.emplace(pod.space + "/" + name + "-" + text(*volume, {"name"}), read_claim(*made));
  }
}

void add_pod(Problem& problem, const Json& document) {
  Pod pod = read_pod(space_of(document), name_of(document), part(document, {"metadata"}), part(document, {"spec"}),
                     part(document, {"status"}));
  for (const Json* owner : list(document, {"metadata", "ownerReferences"})) {
    if (!flag(*owner, {"controller"})) continue;
    pod.owner = pod.space + "/" + text(*owner, {"kind"}) + "/" + text(*owner, {"name"});
    if (text(*owner, {"kind"}) == "StatefulSet" && !pod.claims.empty()) pod.too_slow_for_spot = true;
  }
  add_ephemeral_claims(problem, pod, part(document, {"spec"}));
  problem.pods.push_back(std::move(pod));
}

// What stands on the workload about Spot; `broken` gets what can't be read.
std::optional<SpotShare> read_spot_share(const Json& document, std::vector<std::string>& broken) {
  const Json* base = find(document, {"metadata", "annotations", "spotkeeper.dev/on-demand-base"});
  const Json* share = find(document, {"metadata", "annotations", "spotkeeper.dev/spot-share"});
  if (base == nullptr && share == nullptr) return std::nullopt;
  SpotShare out;
  const auto read = [&](const Json* value, std::string_view unit, std::int64_t most, std::int64_t& into) {
    if (value == nullptr) return;
    const std::string written = value->is_string() ? std::string(value->as_string()) : "";
    const bool has_unit = written.ends_with(unit);
    const auto number = parse_int<std::int64_t>(written.substr(0, written.size() - (has_unit ? unit.size() : 0)));
    if (!has_unit || !number || *number < 0 || *number > most) broken.push_back("annotation \"" + written + "\"");
    into = number.value_or(0);
  };
  read(base, "", std::numeric_limits<std::int64_t>::max(), out.base);
  read(share, "%", 100, out.percent);
  return out;
}

std::int64_t copies(const Json& document, const std::string& kind) {
  if (kind != "Job") return whole(document, {"spec", "replicas"}).value_or(1);
  if (flag(document, {"spec", "suspend"})) return 0;
  const std::int64_t parallelism = whole(document, {"spec", "parallelism"}).value_or(1);
  return std::min(parallelism, whole(document, {"spec", "completions"}).value_or(parallelism));
}

// The pods that it has not made yet; those that it has made are in the problem.
void add_workload(Problem& problem, const Json& document, const std::string& kind) {
  const Json& spec = part(document, {"spec", "template", "spec"});
  const std::string owner = space_of(document) + "/" + kind + "/" + name_of(document);
  std::vector<std::string> broken;
  if (const auto share = read_spot_share(document, broken)) problem.spot_shares[owner] = *share;
  const std::int64_t there = std::count_if(problem.pods.begin(), problem.pods.end(),
                                           [&](const Pod& pod) { return pod.owner == owner && !pod.finished; });
  for (std::int64_t i = 0; i < copies(document, kind) - there; ++i) {
    const std::string name = name_of(document) + "-" + std::to_string(i);
    Pod pod = read_pod(space_of(document), name, part(document, {"spec", "template", "metadata"}), spec, kNothing);
    pod.owner = owner;
    pod.broken.insert(pod.broken.end(), broken.begin(), broken.end());
    for (const Json* made : list(document, {"spec", "volumeClaimTemplates"})) {
      const std::string claim = pod.space + "/" + text(*made, {"metadata", "name"}) + "-" + name;
      pod.claims.push_back(claim);
      problem.claims.emplace(claim, read_claim(*made));
    }
    if (kind == "StatefulSet" && !pod.claims.empty()) pod.too_slow_for_spot = true;
    add_ephemeral_claims(problem, pod, spec);
    problem.pods.push_back(std::move(pod));
  }
}

void add_daemon_set(Problem& problem, const Json& document) {
  Pod pod = read_pod(space_of(document), name_of(document), part(document, {"spec", "template", "metadata"}),
                     part(document, {"spec", "template", "spec"}), kNothing);
  for (const std::string_view key : {"not-ready", "unreachable"}) {
    pod.tolerations.push_back({"node.kubernetes.io/" + std::string(key), "Exists", "", "NoExecute"});
  }
  for (const std::string_view key : {"disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"}) {
    pod.tolerations.push_back({"node.kubernetes.io/" + std::string(key), "Exists", "", "NoSchedule"});
  }
  if (flag(document, {"spec", "template", "spec", "hostNetwork"})) {
    pod.tolerations.push_back({"node.kubernetes.io/network-unavailable", "Exists", "", "NoSchedule"});
  }
  pod.daemon = true;
  pod.owner = pod.space + "/DaemonSet/" + name_of(document);
  problem.daemons.push_back({std::move(pod)});
}

void add_node(Problem& problem, const Json& document) {
  Host host;
  host.name = name_of(document);
  host.labels = labels(document, {"metadata", "labels"});
  host.taints = read_taints(document, {"spec", "taints"});
  host.unschedulable = flag(document, {"spec", "unschedulable"});
  host.allocatable = amounts(document, {"status", "allocatable"});
  host.capacity = amounts(document, {"status", "capacity"});
  if (const auto pool = host.labels.find("karpenter.sh/nodepool"); pool != host.labels.end()) {
    host.pool_name = pool->second;
  }
  problem.hosts.push_back(std::move(host));
}

void add_node_pool(Problem& problem, const Json& document) {
  NodePool pool;
  pool.name = name_of(document);
  pool.labels = labels(document, {"spec", "template", "metadata", "labels"});
  Complaints ignored;
  pool.requirements = read_expressions(document, {"spec", "template", "spec", "requirements"},
                                       {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"}, ignored);
  pool.taints = read_taints(document, {"spec", "template", "spec", "taints"});
  pool.node_class = text(document, {"spec", "template", "spec", "nodeClassRef", "name"});
  pool.limits = amounts(document, {"spec", "limits"});
  problem.pools.push_back(std::move(pool));
}

void add_volume(Problem& problem, const Json& document) {
  Complaints ignored;
  Volume volume;
  if (find(document, {"spec", "nodeAffinity", "required"}) != nullptr) {
    volume.node_terms =
        read_node_terms(document, {"spec", "nodeAffinity", "required", "nodeSelectorTerms"}, ignored, ignored);
  }
  volume.labels = labels(document, {"metadata", "labels"});
  volume.driver = text(document, {"spec", "csi", "driver"});
  volume.handle = text(document, {"spec", "csi", "volumeHandle"});
  volume.storage_class = text(document, {"spec", "storageClassName"});
  volume.bytes = bytes_of(document, {"spec", "capacity", "storage"});
  volume.modes = set_of(strings(document, {"spec", "accessModes"}));
  volume.available =
      text(document, {"status", "phase"}) == "Available" && find(document, {"spec", "claimRef"}) == nullptr;
  problem.volumes[name_of(document)] = std::move(volume);
}

void add_storage_class(Problem& problem, const Json& document) {
  StorageClass out;
  out.provisioner = text(document, {"provisioner"});
  out.waits = text(document, {"volumeBindingMode"}) == "WaitForFirstConsumer";
  for (const Json* term : list(document, {"allowedTopologies"})) {
    NodeTerm one;
    for (const Json* e : list(*term, {"matchLabelExpressions"})) {
      one.labels.push_back({text(*e, {"key"}), "In", strings(*e, {"values"}), 0});
    }
    out.allowed.push_back(std::move(one));
  }
  problem.classes[name_of(document)] = std::move(out);
}

void add_csi_node(Problem& problem, const Json& document) {
  for (Host& host : problem.hosts) {
    if (host.name != name_of(document)) continue;
    for (const Json* driver : list(document, {"spec", "drivers"})) {
      if (const auto count = whole(*driver, {"allocatable", "count"})) {
        host.attach_limits[text(*driver, {"name"})] = *count;
      }
    }
  }
}

void add_budget(Problem& problem, const Json& document) {
  Complaints ignored;
  Budget out;
  out.space = space_of(document);
  out.selector = read_selector(document, {"spec", "selector"}, ignored);
  const auto read = [&](Path path, std::optional<std::int64_t>& number, std::optional<std::int64_t>& percent) {
    number = whole(document, path);
    const std::string written = text(document, path);
    if (written.ends_with('%')) percent = parse_int<std::int64_t>(written.substr(0, written.size() - 1)).value_or(0);
  };
  read({"spec", "maxUnavailable"}, out.max_gone, out.max_gone_percent);
  read({"spec", "minAvailable"}, out.least, out.least_percent);
  problem.budgets.push_back(std::move(out));
}

void add_other(Problem& problem, const Json& document, const std::string& kind) {
  if (kind == "Pod") add_pod(problem, document);
  if (kind == "DaemonSet") add_daemon_set(problem, document);
  if (kind == "PodDisruptionBudget") add_budget(problem, document);
  if (kind == "NodePool") add_node_pool(problem, document);
  if (kind == "PersistentVolume") add_volume(problem, document);
  if (kind == "StorageClass") add_storage_class(problem, document);
  if (kind == "CSINode") add_csi_node(problem, document);
  if (kind == "Namespace") problem.namespaces[name_of(document)] = labels(document, {"metadata", "labels"});
}

// By priorityClassName, where the API server has not put the number in yet.
void set_priorities(Problem& problem, const std::vector<Json>& documents) {
  std::map<std::string, std::int64_t> classes = {{"system-cluster-critical", 2'000'000'000},
                                                 {"system-node-critical", 2'000'001'000}};
  std::int64_t otherwise = 0;
  for (const Json& document : documents) {
    if (text(document, {"kind"}) != "PriorityClass") continue;
    const std::int64_t value = whole(document, {"value"}).value_or(0);
    classes[name_of(document)] = value;
    if (flag(document, {"globalDefault"})) otherwise = value;
  }
  std::map<std::string, const Json*> specs;  // of the pods, or of what they are made from
  for (const Json& document : documents) {
    const std::string kind = text(document, {"kind"});
    if (kind == "Pod") specs[space_of(document) + "/" + name_of(document)] = find(document, {"spec"});
    if (find(document, {"spec", "template", "spec"}) == nullptr || kind == "NodePool") continue;
    specs[space_of(document) + "/" + kind + "/" + name_of(document)] = find(document, {"spec", "template", "spec"});
  }
  for (Pod& pod : problem.pods) {
    auto found = specs.find(pod.name);
    if (found == specs.end()) found = specs.find(pod.owner);
    if (found == specs.end() || found->second == nullptr || whole(*found->second, {"priority"})) continue;
    const std::string name = text(*found->second, {"priorityClassName"});
    const auto known = classes.find(name);
    pod.priority = known != classes.end() ? known->second : otherwise;
    if (!name.empty() && known == classes.end()) pod.doubtful.emplace_back("an unknown PriorityClass");
  }
}

}  // namespace

Claim read_claim(const Json& document) {
  Claim claim;
  claim.volume = text(document, {"spec", "volumeName"});
  claim.storage_class = text(document, {"spec", "storageClassName"});
  claim.selected_node = text(document, {"metadata", "annotations", "volume.kubernetes.io/selected-node"});
  claim.lost = text(document, {"status", "phase"}) == "Lost";
  claim.terminating = find(document, {"metadata", "deletionTimestamp"}) != nullptr;
  claim.modes = set_of(strings(document, {"spec", "accessModes"}));
  claim.once_per_pod = claim.modes.contains("ReadWriteOncePod");
  claim.bytes = bytes_of(document, {"spec", "resources", "requests", "storage"});
  return claim;
}

Problem read_documents(const std::vector<Json>& documents) {
  Problem problem;
  for (const Json& document : documents) {
    const std::string kind = text(document, {"kind"});
    if (kind == "Node") add_node(problem, document);
    if (kind == "PersistentVolumeClaim") {
      problem.claims[space_of(document) + "/" + name_of(document)] = read_claim(document);
    }
  }
  for (const Json& document : documents) add_other(problem, document, text(document, {"kind"}));
  for (const Json& document : documents) {
    const std::string kind = text(document, {"kind"});
    if (kind == "Deployment" || kind == "ReplicaSet" || kind == "StatefulSet" || kind == "Job")
      add_workload(problem, document, kind);
  }
  set_priorities(problem, documents);
  return problem;
}

Machine make_machine(const MachineFacts& facts) {
  constexpr std::int64_t kMebi = 1 << 20;
  Machine out;
  out.name = facts.name;
  out.allocatable = {
      {"cpu", facts.allocatable_millis}, {"memory", facts.allocatable_memory * kMebi}, {"pods", facts.pods}};
  out.allocatable["ephemeral-storage"] = std::int64_t{17} << 30;  // a root volume of 20 GiB less the system's
  out.capacity = {{"cpu", facts.vcpus * 1000}, {"memory", facts.memory * kMebi}, {"pods", facts.pods}};
  const std::string prefix = "karpenter.k8s.aws/instance-";
  const auto [family, size] = split_once(facts.name, '.').value_or(std::pair<std::string_view, std::string_view>());
  const std::size_t digit = std::min(family.find_first_of("0123456789"), family.size());
  const std::size_t end = std::min(family.find_first_not_of("0123456789", digit), family.size());
  out.labels = {{"node.kubernetes.io/instance-type", facts.name},
                {"kubernetes.io/arch", facts.arch},
                {"kubernetes.io/os", "linux"},
                {prefix + "family", std::string(family)},
                {prefix + "category", std::string(family.substr(0, digit))},
                {prefix + "generation", std::string(family.substr(digit, end - digit))},
                {prefix + "size", std::string(size)},
                {prefix + "cpu", std::to_string(facts.vcpus)},
                {prefix + "memory", std::to_string(facts.memory)}};
  const std::map<std::string, std::string> columns = {{"cpu_manufacturer", "cpu-manufacturer"},
                                                      {"hypervisor", "hypervisor"},
                                                      {"local_nvme_gb", "local-nvme"},
                                                      {"network_mbps", "network-bandwidth"},
                                                      {"ebs_mbps", "ebs-bandwidth"},
                                                      {"gpu_name", "gpu-name"},
                                                      {"gpu_count", "gpu-count"},
                                                      {"accelerator_name", "accelerator-name"},
                                                      {"accelerator_count", "accelerator-count"}};
  for (const auto& [column, label] : columns) {
    const auto found = facts.more.find(column);
    if (found != facts.more.end() && !found->second.empty()) out.labels[prefix + label] = found->second;
  }
  const auto gpu = facts.more.find("gpu_name");
  const bool amd = gpu != facts.more.end() && gpu->second.starts_with("radeon");
  if (gpu != facts.more.end() && !gpu->second.empty()) {
    out.labels[prefix + "gpu-manufacturer"] = amd ? "amd" : "nvidia";
  }
  for (const auto& [column, resource] : {std::pair("gpu_count", amd ? "amd.com/gpu" : "nvidia.com/gpu"),
                                         std::pair("accelerator_count", "aws.amazon.com/neuron")}) {
    const auto found = facts.more.find(column);
    const auto count = parse_int<std::int64_t>(found != facts.more.end() ? found->second : "");
    if (count && *count > 0) out.allocatable[resource] = *count;
  }
  return out;
}

std::map<std::string, Machine> read_catalogue(std::string_view csv) {
  std::map<std::string, Machine> out;
  std::vector<std::string> header;
  for (const std::string_view line : split(csv, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string_view> fields = split(line, ',');
    if (header.empty()) {
      header.assign(fields.begin(), fields.end());
      continue;
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < fields.size() && i < header.size(); ++i) row[header[i]] = std::string(fields[i]);
    const auto number = [&](const char* column) { return parse_int<std::int64_t>(row[column]).value_or(0); };
    MachineFacts facts;
    facts.name = row["instance_type"];
    facts.arch = row["arch"];
    facts.vcpus = number("vcpu");
    facts.memory = number("memory_mib");
    facts.allocatable_millis = number("allocatable_cpu_millis");
    facts.allocatable_memory = number("allocatable_memory_mib");
    facts.pods = number("max_pods");
    facts.more = row;
    out.emplace(facts.name, make_machine(facts));
  }
  return out;
}

}  // namespace spotkeeper::checker
