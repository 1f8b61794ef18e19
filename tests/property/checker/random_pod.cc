#include "tests/property/checker/random_pod.h"

#include <string>

namespace spotkeeper::checker {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

JsonArray array(std::initializer_list<std::string> values) {
  JsonArray out;
  for (const std::string& value : values) out.emplace_back(value);
  return out;
}

std::string app(Random& random) { return pick(random, {"a", "b", "c"}); }

JsonObject expression(const std::string& key, const std::string& op, JsonArray values) {
  JsonObject out;
  out["key"] = key;
  out["operator"] = op;
  if (!values.empty()) out["values"] = std::move(values);
  return out;
}

JsonObject requests(Random& random, bool small) {
  JsonObject out;
  if (random.chance(0.85)) {
    out["cpu"] = small ? pick(random, {"50m", "100m", "0.1"})
                       : pick(random, {"100m", "250m", "500m", "1", "1.5", "0.3333", "1100m"});
  }
  if (random.chance(0.7)) {
    out["memory"] =
        small ? pick(random, {"64Mi", "100M"}) : pick(random, {"128Mi", "512Mi", "1Gi", "1.5Gi", "1e9", "2G"});
  }
  return out;
}

JsonObject container(Random& random, const std::string& name, bool small) {
  JsonObject resources;
  resources["requests"] = requests(random, small);
  if (random.chance(0.1)) resources["limits"] = requests(random, small);
  JsonObject out;
  out["name"] = name;
  out["image"] = "image";
  out["resources"] = std::move(resources);
  return out;
}

JsonObject selector(Random& random) {
  JsonObject out;
  if (random.chance(0.05)) return out;  // everything
  if (random.chance(0.7)) {
    JsonObject wanted;
    wanted["app"] = app(random);
    out["matchLabels"] = std::move(wanted);
    return out;
  }
  const std::string op = pick(random, {"In", "NotIn", "Exists", "DoesNotExist"});
  const std::string key = pick(random, {"app", "tier"});
  JsonArray values;
  if (op == "In" || op == "NotIn") values = key == "app" ? array({app(random), app(random)}) : array({"x"});
  JsonArray expressions;
  expressions.push_back(expression(key, op, std::move(values)));
  out["matchExpressions"] = std::move(expressions);
  return out;
}

std::string topology(Random& random) {
  return pick(random, {"topology.kubernetes.io/zone", "topology.kubernetes.io/zone", "topology.kubernetes.io/zone",
                       "kubernetes.io/hostname", "kubernetes.io/hostname", "kubernetes.io/hostname", "disk", "team",
                       "karpenter.sh/capacity-type"});
}

JsonObject spread(Random& random) {
  JsonObject out;
  out["maxSkew"] = static_cast<std::int64_t>(1 + random.below(2));
  out["topologyKey"] = topology(random);
  out["whenUnsatisfiable"] = random.chance(0.85) ? "DoNotSchedule" : "ScheduleAnyway";
  if (random.chance(0.95)) out["labelSelector"] = selector(random);
  if (random.chance(0.15) && out["whenUnsatisfiable"] == "DoNotSchedule") {
    out["minDomains"] = static_cast<std::int64_t>(1 + random.below(4));
  }
  if (random.chance(0.15)) out["nodeAffinityPolicy"] = pick(random, {"Honor", "Ignore"});
  if (random.chance(0.2)) out["nodeTaintsPolicy"] = pick(random, {"Honor", "Ignore"});
  if (random.chance(0.1) && out.contains("labelSelector")) out["matchLabelKeys"] = array({"tier"});
  return out;
}

JsonObject pod_term(Random& random) {
  JsonObject out;
  out["topologyKey"] = topology(random);
  if (random.chance(0.97)) out["labelSelector"] = selector(random);
  if (random.chance(0.1)) out["namespaces"] = array({pick(random, {"default", "other"})});
  if (random.chance(0.1)) {
    JsonObject spaces;
    if (random.chance(0.7)) {
      JsonObject wanted;
      wanted["env"] = pick(random, {"dev", "prod"});
      spaces["matchLabels"] = std::move(wanted);
    }
    out["namespaceSelector"] = std::move(spaces);
  }
  if (random.chance(0.05) && out.contains("labelSelector")) {
    out[random.chance(0.5) ? "matchLabelKeys" : "mismatchLabelKeys"] = array({"tier"});
  }
  return out;
}

JsonObject node_expression(Random& random, bool pools) {
  switch (random.below(pools ? 11 : 7)) {
    case 0:
      return expression("topology.kubernetes.io/zone", pick(random, {"In", "NotIn"}),
                        array({pick(random, {"zone-a", "zone-b", "zone-c"}), "zone-b"}));
    case 1: return expression("disk", pick(random, {"In", "NotIn"}), array({pick(random, {"ssd", "hdd"})}));
    case 2: return expression("disk", pick(random, {"Exists", "DoesNotExist"}), {});
    case 3: return expression("rank", pick(random, {"Gt", "Lt"}), array({pick(random, {"1", "2", "3"})}));
    case 4:
      return expression("kubernetes.io/arch", "In", random.chance(0.5) ? array({"arm64"}) : array({"amd64", "arm64"}));
    case 5: return expression("team", pick(random, {"In", "NotIn"}), array({pick(random, {"red", "blue"})}));
    case 6: return expression("kubernetes.io/os", "In", array({"linux"}));
    case 7:
      return expression("karpenter.sh/capacity-type", pick(random, {"In", "NotIn"}),
                        array({pick(random, {"spot", "on-demand"})}));
    case 10: return expression("team", pick(random, {"Exists", "DoesNotExist"}), {});
    case 8:
      return expression("karpenter.k8s.aws/instance-cpu", pick(random, {"Gt", "Lt"}),
                        array({pick(random, {"2", "3", "4"})}));
    default:
      return expression("karpenter.k8s.aws/instance-family", pick(random, {"In", "NotIn"}),
                        array({pick(random, {"m5", "c5", "m6g"})}));
  }
}

void add_node_affinity(Random& random, const PodSurroundings& around, JsonObject& spec) {
  JsonArray terms;
  for (std::uint64_t i = 0; i <= random.below(2); ++i) {
    JsonArray expressions;
    for (std::uint64_t k = 0; k <= random.below(2); ++k) expressions.push_back(node_expression(random, around.pools));
    JsonObject term;
    if (!random.chance(0.04)) term["matchExpressions"] = std::move(expressions);
    if (random.chance(0.04)) {
      JsonArray fields;
      fields.push_back(expression("metadata.name", pick(random, {"In", "NotIn"}), array({"node-0"})));
      term["matchFields"] = std::move(fields);
    }
    terms.push_back(std::move(term));
  }
  JsonObject required;
  required["nodeSelectorTerms"] = std::move(terms);
  spec["affinity"].emplace_object();
  JsonObject affinity;
  if (random.chance(0.8)) affinity["requiredDuringSchedulingIgnoredDuringExecution"] = std::move(required);
  if (random.chance(0.3) || affinity.empty()) {
    JsonObject liked;
    liked["matchExpressions"] = JsonArray{JsonValue(node_expression(random, around.pools))};
    JsonObject preference;
    preference["weight"] = static_cast<std::int64_t>(1 + random.below(100));
    preference["preference"] = std::move(liked);
    affinity["preferredDuringSchedulingIgnoredDuringExecution"] = JsonArray{JsonValue(std::move(preference))};
  }
  spec["affinity"].get_object()["nodeAffinity"] = std::move(affinity);
}

void add_pod_affinity(Random& random, const char* kind, JsonObject& spec) {
  if (!spec.contains("affinity")) spec["affinity"].emplace_object();
  JsonObject out;
  JsonArray required;
  for (std::uint64_t i = 0; i <= random.below(5) / 4; ++i) required.push_back(pod_term(random));
  out["requiredDuringSchedulingIgnoredDuringExecution"] = std::move(required);
  if (random.chance(0.2)) {
    JsonObject preference;
    preference["weight"] = static_cast<std::int64_t>(1 + random.below(100));
    preference["podAffinityTerm"] = pod_term(random);
    out["preferredDuringSchedulingIgnoredDuringExecution"] = JsonArray{JsonValue(std::move(preference))};
  }
  spec["affinity"].get_object()[kind] = std::move(out);
}

void add_tolerations(Random& random, JsonObject& spec) {
  JsonArray out;
  const auto add = [&](const char* key, const char* op, const char* value, const char* effect) {
    JsonObject one;
    if (*key != 0) one["key"] = key;
    if (*op != 0) one["operator"] = op;
    if (*value != 0) one["value"] = value;
    if (*effect != 0) one["effect"] = effect;
    out.push_back(std::move(one));
  };
  switch (random.below(6)) {
    case 0: add("", "Exists", "", ""); break;
    case 1: add("dedicated", "", "x", ""); break;
    case 2: add("dedicated", "Equal", "y", "NoSchedule"); break;
    case 3: add("dedicated", "Exists", "", "NoExecute"); break;
    case 4: add("node.kubernetes.io/unschedulable", "Exists", "", "NoSchedule"); break;
    default:
      add("dedicated", "Exists", "", "");
      add("gpu", "Equal", "yes", "");
      break;
  }
  spec["tolerations"] = std::move(out);
}

void add_host_port(Random& random, JsonObject& of) {
  JsonObject port;
  port["containerPort"] = 80;
  port["hostPort"] = random.chance(0.5) ? 80 : 81;
  if (random.chance(0.3)) port["protocol"] = pick(random, {"TCP", "UDP"});
  if (random.chance(0.3)) port["hostIP"] = pick(random, {"0.0.0.0", "10.0.0.1", "10.0.0.2"});
  of["ports"] = JsonArray{JsonValue(std::move(port))};
}

JsonArray init_containers(Random& random) {
  JsonArray out;
  for (std::uint64_t i = 0; i <= random.below(2); ++i) {
    JsonObject one = container(random, "init-" + std::to_string(i), random.chance(0.5));
    if (random.chance(0.5)) {
      one["restartPolicy"] = "Always";
      if (random.chance(0.1)) add_host_port(random, one);
    }
    out.push_back(std::move(one));
  }
  return out;
}

void add_resources(Random& random, JsonObject& spec) {
  JsonArray containers;
  for (std::uint64_t i = 0; i <= random.below(5) / 4; ++i) {
    containers.push_back(container(random, "main-" + std::to_string(i), false));
  }
  if (random.chance(0.12)) add_host_port(random, containers[0].get_object());
  if (random.chance(0.04)) {
    containers[0].get_object()["resources"].get_object()["requests"].get_object()["nvidia.com/gpu"] = "1";
    containers[0].get_object()["resources"].get_object()["limits"].emplace_object()["nvidia.com/gpu"] = "1";
  }
  spec["containers"] = std::move(containers);
  if (random.chance(0.15)) spec["initContainers"] = init_containers(random);
  if (random.chance(0.06)) {
    JsonObject overhead;
    overhead["cpu"] = "120m";
    overhead["memory"] = "33Mi";
    spec["overhead"] = std::move(overhead);
  }
  if (random.chance(0.06)) {
    JsonObject whole;
    whole["requests"] = requests(random, false);
    spec["resources"] = std::move(whole);
  }
}

void add_wishes(Random& random, const PodSurroundings& around, JsonObject& spec) {
  if (random.chance(0.15)) {
    JsonObject wanted;
    wanted[pick(random, {"disk", "topology.kubernetes.io/zone", "team"})] = pick(random, {"ssd", "zone-a", "red"});
    spec["nodeSelector"] = std::move(wanted);
  }
  if (random.chance(0.15)) add_node_affinity(random, around, spec);
  if (random.chance(0.12)) add_pod_affinity(random, "podAffinity", spec);
  if (random.chance(0.3)) add_tolerations(random, spec);
  if (random.chance(0.25)) {
    JsonArray spreads;
    spreads.push_back(spread(random));
    if (random.chance(0.2)) {
      JsonObject second = spread(random);
      if (second["topologyKey"] != spreads[0].get_object()["topologyKey"]) spreads.push_back(std::move(second));
    }
    spec["topologySpreadConstraints"] = std::move(spreads);
  }
  if (random.chance(0.06)) spec["terminationGracePeriodSeconds"] = 300;
  if (random.chance(0.2)) {
    spec["priority"] = static_cast<std::int64_t>(100 * random.below(3));
  } else if (random.chance(0.1)) {
    spec["priorityClassName"] = random.chance(0.9) ? "urgent" : "system-cluster-critical";
  }
  if (random.chance(0.03)) {
    JsonObject sleep;
    sleep["sleep"].emplace_object()["seconds"] = 200;
    spec["containers"].get_array()[0].get_object()["lifecycle"].emplace_object()["preStop"] = std::move(sleep);
  }
  if (around.claims > 0 && random.chance(0.3)) {
    JsonObject claim;
    claim["claimName"] = "claim-" + std::to_string(random.below(static_cast<std::uint64_t>(around.claims)));
    JsonObject volume;
    volume["name"] = "data";
    volume["persistentVolumeClaim"] = std::move(claim);
    spec["volumes"] = JsonArray{JsonValue(std::move(volume))};
  }
}

JsonObject bad_spread() {
  JsonObject out;
  out["maxSkew"] = 1;
  out["topologyKey"] = "topology.kubernetes.io/zone";
  out["whenUnsatisfiable"] = "DoNotSchedule";
  JsonObject wanted;
  wanted["app"] = "a";
  JsonObject chosen;
  chosen["matchLabels"] = std::move(wanted);
  out["labelSelector"] = std::move(chosen);
  return out;
}

}  // namespace

JsonObject random_pod(Random& random, const PodSurroundings& around) {
  JsonObject labels;
  if (random.chance(0.95)) labels["app"] = app(random);
  if (random.chance(0.3)) labels["tier"] = pick(random, {"x", "y"});
  JsonObject metadata;
  metadata["labels"] = std::move(labels);
  JsonObject spec;
  add_resources(random, spec);
  if (!around.running) add_wishes(random, around, spec);
  if (random.chance(0.15)) add_pod_affinity(random, "podAntiAffinity", spec);
  JsonObject out;
  out["metadata"] = std::move(metadata);
  out["spec"] = std::move(spec);
  return out;
}

void break_pod(Random& random, JsonObject& pod) {
  JsonObject& spec = pod["spec"].get_object();
  JsonObject broken = bad_spread();
  const std::uint64_t which = random.below(13);
  if (which == 0) broken["maxSkew"] = 0;
  if (which == 1) broken["maxSkew"] = -1;
  if (which == 2) broken["topologyKey"] = "";
  if (which == 3) broken["whenUnsatisfiable"] = "Perhaps";
  if (which == 4) broken["minDomains"] = 0;
  if (which == 5) broken["nodeAffinityPolicy"] = "Sometimes";
  if (which == 6) broken["matchLabelKeys"] = array({"tier"}), broken.erase("labelSelector");
  if (which == 7)
    broken["labelSelector"].get_object()["matchExpressions"] =
        JsonArray{JsonValue(expression("app", "Like", array({"a"})))};
  if (which == 8)
    broken["labelSelector"].get_object()["matchExpressions"] = JsonArray{JsonValue(expression("app", "In", {}))};
  if (which <= 8) {
    spec["topologySpreadConstraints"] = JsonArray{JsonValue(std::move(broken))};
    return;
  }
  if (which == 9) {
    JsonObject toleration;
    toleration["key"] = "dedicated";
    toleration["operator"] = "Like";
    spec["tolerations"] = JsonArray{JsonValue(std::move(toleration))};
  } else if (which == 10) {
    spec["containers"].get_array()[0].get_object()["resources"].get_object()["requests"].get_object()["cpu"] = "much";
  } else if (which == 11) {
    JsonObject term;
    term["matchExpressions"] = JsonArray{JsonValue(expression("disk", "Matches", array({"ssd"})))};
    spec["affinity"]
        .emplace_object()["nodeAffinity"]
        .emplace_object()["requiredDuringSchedulingIgnoredDuringExecution"]
        .emplace_object()["nodeSelectorTerms"] = JsonArray{JsonValue(std::move(term))};
  } else {
    JsonObject term;
    term["topologyKey"] = random.chance(0.5) ? "" : "kubernetes.io/hostname";
    term["labelSelector"].emplace_object()["matchExpressions"] =
        JsonArray{JsonValue(expression("app", "Exists", array({"a"})))};
    spec["affinity"]
        .emplace_object()["podAntiAffinity"]
        .emplace_object()["requiredDuringSchedulingIgnoredDuringExecution"] = JsonArray{JsonValue(std::move(term))};
  }
}

}  // namespace spotkeeper::checker
