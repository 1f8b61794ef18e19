#include "tests/property/checker/random_case.h"

#include <string>

#include <fmt/format.h>

#include "tests/property/checker/documents.h"
#include "tests/property/checker/random_pod.h"

namespace spotkeeper::checker {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

constexpr const char* kColumns =
    "instance_type,arch,cpu_manufacturer,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,max_pods,gpu_"
    "name,"
    "gpu_count,hypervisor,on_demand_usd_per_hour,spot_savings_percent,interruption_rate\n";

JsonObject named(const char* version, const char* kind, const std::string& name) {
  JsonObject out;
  out.reserve(8);  // so that what is held by reference stays where it is
  out["apiVersion"] = version;
  out["kind"] = kind;
  out["metadata"].emplace_object()["name"] = name;
  return out;
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) { out_.seed = seed; }

  RandomCase make() {
    pools_ = random_.chance(0.6);
    out_.catalogue = kColumns;
    add_namespaces();
    const std::uint64_t nodes = pools_ ? random_.below(3) : 1 + random_.below(3);
    if (random_.chance(0.3)) add_storage();
    for (std::uint64_t i = 0; i < nodes; ++i) add_node("node-" + std::to_string(i));
    if (pools_) add_pools();
    if (random_.chance(0.2)) add_daemon_set();
    if (random_.chance(0.2)) add_priority_class();
    if (random_.chance(0.2)) add_budget();
    const std::uint64_t most = pools_ ? 8 : 6;
    const std::uint64_t wanted = 1 + random_.below(most);
    for (int i = 0; pending_ < wanted; ++i) add_workload(i, wanted - pending_);
    for (Json& document : out_.documents) {
      const std::string kind = text(document, {"kind"});
      const bool has_copies = find(document, {"spec", "template"}) != nullptr && kind != "NodePool";
      if (has_copies && kind != "DaemonSet" && random_.chance(0.15)) say_how_much_on_spot(document);
      if ((kind == "ReplicaSet" || kind == "StatefulSet") && random_.chance(0.3)) adopt_a_running_pod(document);
    }
    return std::move(out_);
  }

 private:
  void add(JsonObject document) { out_.documents.emplace_back(std::move(document)); }

  void add_namespaces() {
    for (const auto& [name, env] : {std::pair("default", "dev"), std::pair("other", "prod")}) {
      JsonObject space = named("v1", "Namespace", name);
      space["metadata"].get_object()["labels"].emplace_object()["env"] = env;
      space["metadata"].get_object()["labels"].get_object()["kubernetes.io/metadata.name"] = name;
      add(std::move(space));
    }
  }

  JsonArray taints(double chance) {
    JsonArray out;
    if (!random_.chance(chance)) return out;
    JsonObject taint;
    taint["key"] = pick(random_, {"dedicated", "dedicated", "gpu"});
    taint["value"] = pick(random_, {"x", "y"});
    taint["effect"] = pick(random_, {"NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule"});
    out.push_back(std::move(taint));
    return out;
  }

  void add_node(const std::string& name) {
    JsonObject node = named("v1", "Node", name);
    JsonObject& labels = node["metadata"].get_object()["labels"].emplace_object();
    labels["kubernetes.io/hostname"] = name;
    labels["kubernetes.io/os"] = "linux";
    labels["kubernetes.io/arch"] = random_.chance(0.93) ? "amd64" : "arm64";
    if (random_.chance(0.92)) labels["topology.kubernetes.io/zone"] = pick(random_, {"zone-a", "zone-b"});
    if (random_.chance(0.5)) labels["disk"] = pick(random_, {"ssd", "hdd"});
    if (random_.chance(0.4)) labels["rank"] = pick(random_, {"1", "2", "3", "many"});
    if (pools_ && random_.chance(0.5)) labels["karpenter.sh/nodepool"] = "pool-0";
    JsonObject& spec = node["spec"].emplace_object();
    if (JsonArray some = taints(0.2); !some.empty()) spec["taints"] = std::move(some);
    if (random_.chance(0.06)) spec["unschedulable"] = true;
    JsonObject resources;
    resources["cpu"] = pick(random_, {"1", "2", "1900m", "3", "4"});
    resources["memory"] = pick(random_, {"2Gi", "4Gi", "3500Mi", "8Gi"});
    resources["pods"] = pick(random_, {"3", "5", "10", "10"});
    if (random_.chance(0.1)) resources["nvidia.com/gpu"] = "1";
    node["status"].emplace_object()["allocatable"] = resources;
    node["status"].get_object()["capacity"] = resources;
    add_ready(node);
    add(std::move(node));
    if (claims_ > 0 && random_.chance(0.5)) add_csi_node(name);
    for (std::uint64_t i = 0; i < random_.below(4); ++i) add_running(name, i);
  }

  static void add_ready(JsonObject& node) {
    JsonObject ready;
    ready["type"] = "Ready";
    ready["status"] = "True";
    node["status"].get_object()["conditions"] = JsonArray{JsonValue(std::move(ready))};
  }

  void add_csi_node(const std::string& name) {
    JsonObject node = named("storage.k8s.io/v1", "CSINode", name);
    JsonObject driver;
    driver["name"] = "ebs.csi.aws.com";
    driver["nodeID"] = name;
    driver["allocatable"].emplace_object()["count"] = static_cast<std::int64_t>(random_.below(3));
    node["spec"].emplace_object()["drivers"] = JsonArray{JsonValue(std::move(driver))};
    add(std::move(node));
  }

  void add_running(const std::string& node, std::uint64_t index) {
    PodSurroundings around;
    around.running = true;
    JsonObject pod = random_pod(random_, around);
    const JsonValue labels = pod["metadata"].get_object()["labels"];
    JsonObject out = named("v1", "Pod", node + "-pod-" + std::to_string(index));
    out["metadata"].get_object()["namespace"] = random_.chance(0.8) ? "default" : "other";
    out["metadata"].get_object()["labels"] = labels;
    if (random_.chance(0.08)) out["metadata"].get_object()["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    out["spec"] = pod["spec"];
    out["spec"].get_object()["nodeName"] = node;
    out["status"].emplace_object()["phase"] = pick(random_, {"Running", "Running", "Running", "Succeeded"});
    add(std::move(out));
  }

  void add_storage() {
    add_class("wait", "WaitForFirstConsumer", random_.chance(0.3));
    add_class("now", "Immediate", false);
    claims_ = 3;
    for (int i = 0; i < claims_; ++i) add_claim("claim-" + std::to_string(i));
  }

  void add_class(const std::string& name, const char* mode, bool zonal) {
    JsonObject out = named("storage.k8s.io/v1", "StorageClass", name);
    out["provisioner"] = "ebs.csi.aws.com";
    out["volumeBindingMode"] = mode;
    if (zonal) {
      JsonObject expression;
      expression["key"] = "topology.kubernetes.io/zone";
      expression["values"] = JsonArray{JsonValue("zone-a")};
      JsonObject term;
      term["matchLabelExpressions"] = JsonArray{JsonValue(std::move(expression))};
      out["allowedTopologies"] = JsonArray{JsonValue(std::move(term))};
    }
    add(std::move(out));
  }

  void add_claim(const std::string& name) {
    JsonObject out = named("v1", "PersistentVolumeClaim", name);
    out["metadata"].get_object()["namespace"] = "default";
    JsonObject& spec = out["spec"].emplace_object();
    spec["accessModes"] = JsonArray{JsonValue(random_.chance(0.15) ? "ReadWriteOncePod" : "ReadWriteOnce")};
    spec["resources"].emplace_object()["requests"].emplace_object()["storage"] = "1Gi";
    spec["storageClassName"] = random_.chance(0.85) ? "wait" : "now";
    out["status"].emplace_object()["phase"] = "Pending";
    if (random_.chance(0.6)) {
      spec["volumeName"] = "volume-of-" + name;
      out["metadata"].get_object()["annotations"].emplace_object()["pv.kubernetes.io/bind-completed"] = "yes";
      out["status"].get_object()["phase"] = random_.chance(0.93) ? "Bound" : "Lost";
      if (random_.chance(0.95)) add_volume("volume-of-" + name, name);
    }
    add(std::move(out));
  }

  void add_volume(const std::string& name, const std::string& claim) {
    JsonObject out = named("v1", "PersistentVolume", name);
    JsonObject& spec = out["spec"].emplace_object();
    spec["capacity"].emplace_object()["storage"] = "1Gi";
    spec["accessModes"] = JsonArray{JsonValue("ReadWriteOnce")};
    spec["storageClassName"] = "wait";
    spec["csi"].emplace_object()["driver"] = "ebs.csi.aws.com";
    spec["csi"].get_object()["volumeHandle"] = "vol-" + claim;
    spec["claimRef"].emplace_object()["name"] = claim;
    spec["claimRef"].get_object()["namespace"] = "default";
    JsonObject expression;
    expression["key"] = "topology.kubernetes.io/zone";
    expression["operator"] = "In";
    expression["values"] = JsonArray{JsonValue(pick(random_, {"zone-a", "zone-b", "zone-c"}))};
    JsonObject term;
    term["matchExpressions"] = JsonArray{JsonValue(std::move(expression))};
    if (random_.chance(0.8)) {
      spec["nodeAffinity"].emplace_object()["required"].emplace_object()["nodeSelectorTerms"] =
          JsonArray{JsonValue(std::move(term))};
    } else {
      out["metadata"].get_object()["labels"].emplace_object()["topology.kubernetes.io/zone"] = "zone-a__zone-c";
    }
    out["status"].emplace_object()["phase"] = "Bound";
    add(std::move(out));
  }

  void add_machine(const char* family, const char* size, const char* arch, int cpus, int mebi, std::int64_t micros) {
    const std::string type = std::string(family) + "." + size;
    const bool spot = random_.chance(0.85);
    const bool gpu = random_.chance(0.05);
    const std::uint64_t saving = 30 + random_.below(50);
    const int pods = random_.chance(0.3) ? 4 : 29;
    out_.catalogue +=
        fmt::format("{},{},intel,{},{},{},{},{},{},{},nitro,{}.{:06},{},{}\n", type, arch, cpus, mebi, cpus * 1000 - 90,
                    mebi - 700, pods, gpu ? "t4" : "", gpu ? "1" : "", micros / 1'000'000, micros % 1'000'000,
                    spot ? std::to_string(saving) : "", spot ? "5-10%" : "");
    for (const char* zone : {"zone-a", "zone-b", "zone-c"}) {
      const std::int64_t here = micros * static_cast<std::int64_t>(920 + random_.below(161)) / 1000;
      if (random_.chance(0.9)) out_.offerings.push_back({type, zone, "on-demand", here, random_.chance(0.95)});
      const std::int64_t cheap = here * static_cast<std::int64_t>(100 - saving) / 100;
      if (spot && random_.chance(0.9)) out_.offerings.push_back({type, zone, "spot", cheap, random_.chance(0.9)});
      if (reserved_ && random_.chance(0.3)) {
        out_.offerings.push_back({type, zone, "reserved", here / 1000, random_.chance(0.9)});
      }
    }
  }

  void add_pools() {
    reserved_ = random_.chance(0.15);
    add_machine("m5", "large", "amd64", 2, 8192, 96'000);
    if (random_.chance(0.7)) add_machine("c5", "large", "amd64", 2, 4096, 85'000);
    if (random_.chance(0.6)) add_machine("m5", "xlarge", "amd64", 4, 16384, 192'000);
    if (random_.chance(0.5)) add_machine("m6g", "large", "arm64", 2, 8192, 77'000);
    if (random_.chance(0.3)) add_machine("c5", "2xlarge", "amd64", 8, 16384, 340'000);
    for (std::uint64_t i = 0; i <= random_.below(4) / 2; ++i) add_pool("pool-" + std::to_string(i));
  }

  JsonObject pool_requirement() {
    JsonObject out;
    const auto set = [&](const char* key, const std::string& op, std::initializer_list<std::string> values) {
      out["key"] = key;
      out["operator"] = op;
      JsonArray all;
      for (const std::string& value : values) all.emplace_back(value);
      if (!all.empty()) out["values"] = std::move(all);
    };
    switch (random_.below(10)) {
      case 0: set("karpenter.sh/capacity-type", "In", {pick(random_, {"spot", "on-demand", "reserved"})}); break;
      case 1: set("karpenter.sh/capacity-type", "In", {"spot", "on-demand"}); break;
      case 2:
        set("topology.kubernetes.io/zone", pick(random_, {"In", "NotIn"}), {pick(random_, {"zone-a", "zone-b"})});
        break;
      case 3:
        set("karpenter.k8s.aws/instance-cpu", pick(random_, {"Gt", "Lt", "Gte", "Lte"}),
            {pick(random_, {"2", "3", "4"})});
        break;
      case 4:
        set("karpenter.k8s.aws/instance-family", pick(random_, {"In", "NotIn"}), {pick(random_, {"m5", "c5"})});
        break;
      case 5: set("team", pick(random_, {"In", "NotIn"}), {"red"}); break;
      case 6: set("team", "In", {"red", "blue"}); break;
      case 7:
        if (random_.chance(0.2)) {
          set("rank", "Exists", {});
        } else {
          set("rank", pick(random_, {"Gt", "Lt", "Gte", "Lte"}), {pick(random_, {"1", "3"})});
        }
        break;
      case 8: set("kubernetes.io/arch", "In", {"amd64", "arm64"}); break;
      default:
        set(pick<const char*>(random_, {"node.kubernetes.io/instance-type", "karpenter.k8s.aws/instance-family"}),
            "Exists", {});
        out["minValues"] = static_cast<std::int64_t>(1 + random_.below(3));
        break;
    }
    return out;
  }

  void add_pool(const std::string& name) {
    JsonObject out = named("karpenter.sh/v1", "NodePool", name);
    JsonObject& spec = out["spec"].emplace_object();
    JsonObject& of_template = spec["template"].emplace_object();
    if (random_.chance(0.4)) of_template["metadata"].emplace_object()["labels"].emplace_object()["disk"] = "ssd";
    JsonObject& inner = of_template["spec"].emplace_object();
    JsonArray requirements;
    for (std::uint64_t i = 0; i < random_.below(4); ++i) requirements.push_back(pool_requirement());
    inner["requirements"] = std::move(requirements);
    if (JsonArray some = taints(0.2); !some.empty()) inner["taints"] = std::move(some);
    if (JsonArray some = taints(0.1); !some.empty()) inner["startupTaints"] = std::move(some);
    JsonObject& node_class = inner["nodeClassRef"].emplace_object();
    node_class["group"] = "karpenter.k8s.aws";
    node_class["kind"] = "EC2NodeClass";
    node_class["name"] = "default";
    if (random_.chance(0.3)) spec["weight"] = static_cast<std::int64_t>(1 + random_.below(100));
    if (random_.chance(0.2)) {
      JsonObject& limits = spec["limits"].emplace_object();
      if (random_.chance(0.6)) limits["cpu"] = pick(random_, {"2", "4", "6"});
      if (random_.chance(0.4)) limits["memory"] = pick(random_, {"8Gi", "20Gi"});
      if (random_.chance(0.3)) limits["nodes"] = "1";
    }
    add(std::move(out));
  }

  void add_daemon_set() {
    JsonObject out = named("apps/v1", "DaemonSet", "agent");
    out["metadata"].get_object()["namespace"] = "system";
    JsonObject container;
    container["name"] = "agent";
    JsonObject& resources = container["resources"].emplace_object();
    resources[random_.chance(0.7) ? "requests" : "limits"].emplace_object()["cpu"] = "200m";
    if (random_.chance(0.2)) {
      JsonObject port;
      port["containerPort"] = 80;
      port["hostPort"] = 80;
      container["ports"] = JsonArray{JsonValue(std::move(port))};
    }
    JsonObject& made = out["spec"].emplace_object()["template"].emplace_object();
    made["metadata"].emplace_object()["labels"].emplace_object()["daemon"] = "agent";
    JsonObject& spec = made["spec"].emplace_object();
    spec["containers"] = JsonArray{JsonValue(std::move(container))};
    if (random_.chance(0.4)) spec["nodeSelector"].emplace_object()["disk"] = "ssd";
    if (random_.chance(0.4)) {
      JsonObject all;
      all["operator"] = "Exists";
      spec["tolerations"] = JsonArray{JsonValue(std::move(all))};
    }
    add(std::move(out));
  }

  void add_priority_class() {
    JsonObject out = named("scheduling.k8s.io/v1", "PriorityClass", "urgent");
    out["value"] = 1000;
    if (random_.chance(0.2)) out["globalDefault"] = true;
    add(std::move(out));
  }

  void add_budget() {
    JsonObject out = named("policy/v1", "PodDisruptionBudget", "budget");
    out["metadata"].get_object()["namespace"] = "default";
    JsonObject& spec = out["spec"].emplace_object();
    spec["selector"].emplace_object()["matchLabels"].emplace_object()["app"] = pick(random_, {"a", "b"});
    if (random_.chance(0.5)) {
      spec["maxUnavailable"] = static_cast<std::int64_t>(random_.below(3));
    } else {
      spec["minAvailable"] = "50%";
    }
    add(std::move(out));
  }

  void add_workload(int index, std::uint64_t room) {
    PodSurroundings around;
    around.pools = pools_;
    around.claims = claims_;
    around.other_namespace = random_.chance(0.15);
    JsonObject pod = random_pod(random_, around);
    if (random_.chance(0.07)) break_pod(random_, pod);
    const std::string space = around.other_namespace ? "other" : "default";
    const char* kind = pick<const char*>(random_, {"Pod", "Pod", "Deployment", "ReplicaSet", "StatefulSet", "Job"});
    const std::uint64_t copies = kind == std::string("Pod") ? 1 : 1 + random_.below(std::min<std::uint64_t>(room, 4));
    pending_ += copies;
    JsonObject out = named(kind == std::string("Pod") ? "v1" : "apps/v1", kind, "work-" + std::to_string(index));
    out["metadata"].get_object()["namespace"] = space;
    if (kind == std::string("Pod")) {
      out["metadata"].get_object()["labels"] = pod["metadata"].get_object()["labels"];
      out["spec"] = pod["spec"];
      return add(std::move(out));
    }
    JsonObject& spec = out["spec"].emplace_object();
    const bool job = kind == std::string("Job");
    if (job) out["apiVersion"] = "batch/v1";
    spec[job ? "parallelism" : "replicas"] = static_cast<std::int64_t>(copies);
    if (!job) spec["selector"].emplace_object()["matchLabels"] = pod["metadata"].get_object()["labels"];
    spec["template"] = std::move(pod);
    if (kind == std::string("StatefulSet") && claims_ > 0 && random_.chance(0.5)) add_claim_template(spec);
    add(std::move(out));
  }

  static void add_claim_template(JsonObject& spec) {
    JsonObject claim;
    claim["metadata"].emplace_object()["name"] = "disk";
    JsonObject& inner = claim["spec"].emplace_object();
    inner["accessModes"] = JsonArray{JsonValue("ReadWriteOnce")};
    inner["resources"].emplace_object()["requests"].emplace_object()["storage"] = "1Gi";
    inner["storageClassName"] = "wait";
    spec["volumeClaimTemplates"] = JsonArray{JsonValue(std::move(claim))};
  }

  void say_how_much_on_spot(Json& workload) {
    JsonObject annotations;
    const bool wrong = random_.chance(0.1);
    const std::uint64_t which = random_.below(3);
    if (which != 0)
      annotations["spotkeeper.dev/on-demand-base"] =
          wrong ? pick(random_, {"two", "-1", "1.5"}) : pick(random_, {"0", "1", "2"});
    if (which != 1)
      annotations["spotkeeper.dev/spot-share"] =
          wrong ? pick(random_, {"0.7", "170%", "-5%"}) : pick(random_, {"0%", "34%", "50%", "70%"});
    workload.at("metadata").get_object()["annotations"] = std::move(annotations);
  }

  /// One that runs becomes a pod of the workload, with the labels of its others.
  void adopt_a_running_pod(const Json& workload) {
    for (Json& document : out_.documents) {
      const bool is_free = find(document, {"spec", "nodeName"}) != nullptr &&
                           find(document, {"metadata", "ownerReferences"}) == nullptr &&
                           find(document, {"metadata", "deletionTimestamp"}) == nullptr;
      const auto space = [](const Json& of) { return text(of, {"metadata", "namespace"}); };
      if (!is_free || space(document) != space(workload)) continue;
      JsonObject owner;
      owner["apiVersion"] = "apps/v1";
      owner["kind"] = text(workload, {"kind"});
      owner["name"] = text(workload, {"metadata", "name"});
      owner["uid"] = "uid-of-" + text(workload, {"metadata", "name"});
      owner["controller"] = true;
      JsonObject& metadata = document.at("metadata").get_object();
      metadata["ownerReferences"] = JsonArray{JsonValue(std::move(owner))};
      metadata["labels"] = workload.at("spec").at("template").at("metadata").at("labels");
      return;
    }
  }

  Random random_;
  RandomCase out_;
  bool pools_ = false;
  bool reserved_ = false;
  int claims_ = 0;
  std::uint64_t pending_ = 0;
};

}  // namespace

RandomCase random_case(std::uint64_t seed) { return Maker(seed).make(); }

Problem read_case(const RandomCase& random) {
  Problem out = read_documents(random.documents);
  out.machines = read_catalogue(random.catalogue);
  out.offerings = random.offerings;
  return out;
}

std::string describe(const RandomCase& random) {
  std::string out = "seed " + std::to_string(random.seed) + "\n";
  for (const Json& document : random.documents) out += format::write_json(document) + "\n";
  out += random.catalogue;
  for (const Offering& offering : random.offerings) {
    out += fmt::format("{} {} {} {} {}\n", offering.type, offering.zone, offering.capacity_type, offering.micros,
                       offering.available ? "" : "(can't be had)");
  }
  return out;
}

}  // namespace spotkeeper::checker
