// Mixes of pods as clusters have them, and the machines to buy for them. Seeded: the same seed, the same documents.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/text.h"
#include "format/json.h"

namespace spotkeeper::bench {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

inline constexpr std::array<std::string_view, 3> kZones = {"us-east-1a", "us-east-1b", "us-east-1c"};
inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
inline constexpr std::string_view kHostLabel = "kubernetes.io/hostname";

/// One workload: so many pods that ask for the same.
struct Workload {
  std::string kind = "Deployment";  // or StatefulSet, Job
  std::string name = {};
  std::uint64_t replicas = 1;
  std::int64_t cpu = 100;             // thousandths of a core
  std::int64_t memory = 128;          // MiB
  bool sidecar = false;               // a mesh's proxy and an init container beside it
  std::string_view spread_over = {};  // DoNotSchedule, maxSkew 1; empty: anywhere
  bool apart = false;                 // no two on one node
  std::string zone = {};              // the only one it may run in
  bool on_demand = false;             // may not run on Spot
};

[[nodiscard]] inline JsonObject requests_of(std::int64_t cpu, std::int64_t memory) {
  JsonObject amounts;
  amounts["cpu"] = fmt::format("{}m", cpu);
  amounts["memory"] = fmt::format("{}Mi", memory);
  JsonObject out;
  out["requests"] = std::move(amounts);
  return out;
}

[[nodiscard]] inline JsonObject container_of(std::string_view name, std::int64_t cpu, std::int64_t memory) {
  JsonObject out;
  out["name"] = name;
  out["image"] = "registry.example/image";
  out["resources"] = requests_of(cpu, memory);
  return out;
}

[[nodiscard]] inline JsonObject selector_of(const std::string& name) {
  JsonObject labels;
  labels["app"] = name;
  JsonObject out;
  out["matchLabels"] = std::move(labels);
  return out;
}

[[nodiscard]] inline JsonObject pod_spec(const Workload& of) {
  JsonObject spec;
  spec.reserve(8);
  spec["containers"] = JsonArray{JsonValue(container_of("main", of.cpu, of.memory))};
  if (of.sidecar) {
    spec["containers"].get_array().push_back(container_of("proxy", 100, 128));
    spec["initContainers"] = JsonArray{JsonValue(container_of("init", 10, 32))};
  }
  if (!of.spread_over.empty()) {
    JsonObject spread;
    spread["maxSkew"] = 1;
    spread["topologyKey"] = of.spread_over;
    spread["whenUnsatisfiable"] = "DoNotSchedule";
    spread["labelSelector"] = selector_of(of.name);
    spec["topologySpreadConstraints"] = JsonArray{JsonValue(std::move(spread))};
  }
  if (of.apart) {
    JsonObject term;
    term["topologyKey"] = kHostLabel;
    term["labelSelector"] = selector_of(of.name);
    spec["affinity"]
        .emplace_object()["podAntiAffinity"]
        .emplace_object()["requiredDuringSchedulingIgnoredDuringExecution"] = JsonArray{JsonValue(std::move(term))};
  }
  JsonObject wanted;
  if (!of.zone.empty()) wanted[kZoneLabel] = of.zone;
  if (of.on_demand) wanted["karpenter.sh/capacity-type"] = "on-demand";
  if (!wanted.empty()) spec["nodeSelector"] = std::move(wanted);
  return spec;
}

[[nodiscard]] inline JsonValue document_of(const Workload& of) {
  JsonObject made;
  made["metadata"].emplace_object()["labels"] = selector_of(of.name)["matchLabels"];
  made["spec"] = pod_spec(of);
  const bool job = of.kind == "Job";
  JsonObject spec;
  spec[job ? "parallelism" : "replicas"] = static_cast<std::int64_t>(of.replicas);
  if (!job) spec["selector"] = selector_of(of.name);
  spec["template"] = std::move(made);
  JsonObject out;
  out["apiVersion"] = job ? "batch/v1" : "apps/v1";
  out["kind"] = of.kind;
  out["metadata"].emplace_object()["name"] = of.name;
  out["spec"] = std::move(spec);
  return out;
}

/// Draws workloads until there are so many pods; the last one is cut.
[[nodiscard]] inline std::vector<Workload> until(std::uint64_t pods, const std::function<Workload()>& draw) {
  std::vector<Workload> out;
  for (std::uint64_t left = pods; left > 0;) {
    Workload one = draw();
    one.name = fmt::format("w{}", out.size());
    one.replicas = std::clamp<std::uint64_t>(one.replicas, 1, left);
    left -= one.replicas;
    out.push_back(std::move(one));
  }
  return out;
}

/// Between the two, as likely below the geometric mean as above it.
[[nodiscard]] inline std::int64_t scaled(Random& random, std::int64_t least, std::int64_t most) {
  const double low = std::log(static_cast<double>(least));
  const double high = std::log(static_cast<double>(most));
  return std::llround(std::exp(low + random.unit() * (high - low)));
}
[[nodiscard]] inline std::uint64_t count(Random& random, std::int64_t least, std::int64_t most) {
  return static_cast<std::uint64_t>(scaled(random, least, most));
}

struct Mix {
  std::string_view name;
  std::string_view what;
  Workload (*draw)(Random& random);
};

[[nodiscard]] inline Workload web(Random& random) {
  return {.replicas = count(random, 2, 40), .cpu = 50 * scaled(random, 1, 12), .memory = 64 * scaled(random, 1, 12)};
}
[[nodiscard]] inline Workload service(Random& random) {
  const std::int64_t cpu = 250 * scaled(random, 1, 8);
  return {
      .replicas = count(random, 3, 30), .cpu = cpu, .memory = cpu * scaled(random, 2, 4), .spread_over = kZoneLabel};
}
[[nodiscard]] inline Workload cache(Random& random) {
  const std::int64_t cpu = 500 * scaled(random, 1, 8);
  return {.replicas = count(random, 2, 12), .cpu = cpu, .memory = cpu * scaled(random, 5, 8)};
}
[[nodiscard]] inline Workload encoder(Random& random) {
  const std::int64_t cpu = 1000 * scaled(random, 2, 14);
  return {.replicas = count(random, 4, 60), .cpu = cpu, .memory = cpu};
}
[[nodiscard]] inline Workload batch(Random& random) {
  const std::int64_t cpu = 500 * scaled(random, 1, 16);
  return {.kind = "Job", .replicas = count(random, 20, 400), .cpu = cpu, .memory = cpu * scaled(random, 1, 8)};
}
[[nodiscard]] inline Workload meshed(Random& random) {
  Workload out = web(random);
  out.sidecar = true;
  return out;
}
[[nodiscard]] inline Workload stateful(Random& random) {
  return {.kind = "StatefulSet",
          .replicas = count(random, 3, 9),
          .cpu = 500 * scaled(random, 1, 8),
          .memory = 1024 * scaled(random, 2, 32),
          .apart = true};
}
[[nodiscard]] inline Workload odd(Random& random) {
  return {.replicas = count(random, 2, 40), .cpu = scaled(random, 1100, 9700), .memory = scaled(random, 700, 41'000)};
}
[[nodiscard]] inline Workload heavy_tail(Random& random) {
  const double size = std::exp(1.3 * random.normal());
  const std::int64_t cpu = std::clamp<std::int64_t>(std::llround(300 * size), 10, 24'000);
  return {
      .replicas = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(5 * std::exp(1.2 * random.normal())), 1, 500),
      .cpu = cpu,
      .memory = std::clamp<std::int64_t>(cpu * scaled(random, 1, 8), 16, 180'000)};
}
[[nodiscard]] inline Workload pinned(Random& random) {
  Workload out = service(random);
  out.spread_over = {};
  if (random.chance(0.5)) out.zone = std::string(kZones[random.below(kZones.size())]);
  out.on_demand = random.chance(0.25);
  return out;
}
[[nodiscard]] inline Workload large(Random& random) {
  return {
      .replicas = count(random, 1, 16), .cpu = 1000 * scaled(random, 8, 30), .memory = 1024 * scaled(random, 16, 180)};
}
[[nodiscard]] inline Workload mixed(Random& random) {
  constexpr std::array kKinds = {&web, &service, &cache, &encoder, &batch, &meshed, &stateful, &odd, &pinned};
  return kKinds[random.below(kKinds.size())](random);
}

/// What people run, one after the other; each takes a seed and a number of pods.
inline constexpr std::array<Mix, 12> kMixes = {{
    {"web", "2 to 40 replicas of 50m to 600m and 64 to 768 MiB", &web},
    {"services", "3 to 30 replicas of 250m to 2 cores, 2 to 4 MiB a thousandth, spread over zones", &service},
    {"caches", "2 to 12 replicas of 0.5 to 4 cores, 5 to 8 MiB a thousandth", &cache},
    {"encoders", "4 to 60 replicas of 2 to 14 cores, 1 MiB a thousandth", &encoder},
    {"batch", "Jobs of 20 to 400 pods of 0.5 to 8 cores, 1 to 8 MiB a thousandth", &batch},
    {"meshed", "web with a proxy and an init container in each pod", &meshed},
    {"stateful", "3 to 9 replicas of 0.5 to 4 cores and 2 to 32 GiB, no two on one node", &stateful},
    {"odd", "2 to 40 replicas of 1.1 to 9.7 cores and 0.7 to 41 GiB, of no round size", &odd},
    {"heavy tail", "log-normal sizes and numbers of replicas: a few make up most", &heavy_tail},
    {"pinned", "half of the workloads tied to one zone, a quarter to on-demand", &pinned},
    {"large", "1 to 16 replicas of 8 to 30 cores and 16 to 180 GiB", &large},
    {"mixed", "any of the first eight, and pinned", &mixed},
}};

[[nodiscard]] inline std::vector<Workload> make(const Mix& mix, std::uint64_t pods, std::uint64_t seed) {
  Random random(seed);
  return until(pods, [&] { return mix.draw(random); });
}

/// 150,000 pods of 500 shapes, or as many of both.
[[nodiscard]] inline std::vector<Workload> many_shapes(std::uint64_t pods, std::uint64_t shapes, std::uint64_t seed) {
  Random random(seed);
  std::vector<Workload> out;
  for (std::uint64_t i = 0; i < shapes; ++i) {
    Workload one = heavy_tail(random);
    one.name = fmt::format("w{}", i);
    one.replicas = pods / shapes + (i < pods % shapes ? 1 : 0);
    out.push_back(std::move(one));
  }
  return out;
}

/// A Pod by itself, which nobody makes anew.
[[nodiscard]] inline JsonValue lone_pod(std::uint64_t number, JsonObject labels, JsonObject spec) {
  JsonObject document;
  document["apiVersion"] = "v1";
  document["kind"] = "Pod";
  JsonObject& metadata = document["metadata"].emplace_object();
  metadata["name"] = fmt::format("p{}", number);
  metadata["labels"] = std::move(labels);
  document["spec"] = std::move(spec);
  return document;
}

[[nodiscard]] inline JsonObject term_over(std::string_view key, const JsonObject& labels) {
  JsonObject term;
  term["topologyKey"] = key;
  term["labelSelector"].emplace_object()["matchLabels"] = labels;
  return term;
}

/// What pods of Karpenter's scheduling benchmark request.
[[nodiscard]] inline Workload karpenter_request(Random& random) {
  constexpr std::array<std::int64_t, 5> kCpu = {100, 250, 500, 1000, 1500};
  constexpr std::array<std::int64_t, 6> kMemory = {100, 256, 512, 1024, 2048, 4096};
  return {.cpu = kCpu[random.below(kCpu.size())], .memory = kMemory[random.below(kMemory.size())]};
}

/// Of Karpenter's scheduling benchmark (makeDiversePods): five kinds of pods in equal parts. Generic ones; spread over
/// zones; spread over hosts; near each other in a zone, in one of seven groups; and away from all like them.
[[nodiscard]] inline std::vector<JsonValue> karpenter_mix(std::uint64_t pods, std::uint64_t seed) {
  enum Kind : std::uint64_t { Generic, OverZones, OverHosts, Near, Apart };
  Random random(seed);
  const auto group = [&](const char* key) {
    JsonObject labels;
    labels[key] = std::string(1, static_cast<char>('a' + random.below(7)));
    return labels;
  };
  std::vector<JsonValue> out;
  out.reserve(pods);
  for (std::uint64_t i = 0; i < pods; ++i) {
    const std::uint64_t kind = i * 5 / pods;
    JsonObject spec = pod_spec(karpenter_request(random));
    JsonObject labels = group(kind == Near ? "my-affininity" : "my-label");
    if (kind == OverZones || kind == OverHosts) {
      JsonObject spread = term_over(kind == OverZones ? kZoneLabel : kHostLabel, group("my-label"));
      spread["maxSkew"] = 1;
      spread["whenUnsatisfiable"] = "DoNotSchedule";
      spec["topologySpreadConstraints"] = JsonArray{JsonValue(std::move(spread))};
    }
    if (kind == Apart) labels = {{"app", "nginx"}};
    if (kind == Near || kind == Apart) {
      JsonObject term = term_over(kind == Near ? kZoneLabel : kHostLabel, labels);
      spec["affinity"]
          .emplace_object()[kind == Near ? "podAffinity" : "podAntiAffinity"]
          .emplace_object()["requiredDuringSchedulingIgnoredDuringExecution"] = JsonArray{JsonValue(std::move(term))};
    }
    out.push_back(lone_pod(i, std::move(labels), std::move(spec)));
  }
  return out;
}

/// Of the same (makePreferencePods): pods that would rather be in one zone, and rather not in a zone, nor on a node,
/// with another one.
[[nodiscard]] inline std::vector<JsonValue> preference_mix(std::uint64_t pods, std::uint64_t seed) {
  Random random(seed);
  const Workload request = karpenter_request(random);  // of all alike
  const JsonObject labels = {{"app", "nginx"}};
  std::vector<JsonValue> out;
  out.reserve(pods);
  for (std::uint64_t i = 0; i < pods; ++i) {
    JsonObject in_zone;
    in_zone["key"] = kZoneLabel;
    in_zone["operator"] = "In";
    in_zone["values"] = JsonArray{JsonValue(kZones[0])};
    JsonObject liked;
    liked["weight"] = 1;
    liked["preference"].emplace_object()["matchExpressions"] = JsonArray{JsonValue(std::move(in_zone))};
    JsonArray avoided;
    for (const auto& [weight, key] : {std::pair(10, kZoneLabel), std::pair(1, kHostLabel)}) {
      JsonObject one;
      one["weight"] = weight;
      one["podAffinityTerm"] = term_over(key, labels);
      avoided.emplace_back(std::move(one));
    }
    JsonObject spec = pod_spec(request);
    JsonObject& affinity = spec["affinity"].emplace_object();
    affinity["nodeAffinity"].emplace_object()["preferredDuringSchedulingIgnoredDuringExecution"] =
        JsonArray{JsonValue(std::move(liked))};
    affinity["podAntiAffinity"].emplace_object()["preferredDuringSchedulingIgnoredDuringExecution"] =
        std::move(avoided);
    out.push_back(lone_pod(i, labels, std::move(spec)));
  }
  return out;
}

/// Of the same (fake.InstanceTypes): types of 1, 2, 3… cores, as a catalogue without Spot.
[[nodiscard]] inline std::string karpenter_types(std::int64_t count) {
  std::string out =
      "instance_type,arch,vcpu,memory_mib,allocatable_cpu_millis,allocatable_memory_mib,max_pods,on_demand_usd_per_"
      "hour,"
      "spot_savings_percent,interruption_rate\n";
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::int64_t memory = 2048 * i;
    const double price = 0.1 * static_cast<double>(i) + 0.1 * static_cast<double>(memory) * 1048576 / 1e9;
    out += fmt::format("it{}.large,amd64,{},{},{},{},{},{:.6f},,\n", i - 1, i, memory, 1000 * i - 100, memory - 10,
                       10 * i, price);
  }
  return out;
}

[[nodiscard]] inline std::vector<JsonValue> documents_of(const std::vector<Workload>& workloads) {
  std::vector<JsonValue> out;
  out.reserve(workloads.size());
  for (const Workload& each : workloads) out.push_back(document_of(each));
  return out;
}

/// A NodePool that takes everything, Spot and on-demand.
[[nodiscard]] inline JsonValue open_pool() {
  JsonObject requirement;
  requirement["key"] = "karpenter.sh/capacity-type";
  requirement["operator"] = "In";
  requirement["values"] = JsonArray{JsonValue("spot"), JsonValue("on-demand")};
  JsonObject node_class;
  node_class["group"] = "karpenter.k8s.aws";
  node_class["kind"] = "EC2NodeClass";
  node_class["name"] = "default";
  JsonObject spec;
  spec["requirements"] = JsonArray{JsonValue(std::move(requirement))};
  spec["nodeClassRef"] = std::move(node_class);
  JsonObject out;
  out["apiVersion"] = "karpenter.sh/v1";
  out["kind"] = "NodePool";
  out["metadata"].emplace_object()["name"] = "default";
  out["spec"].emplace_object()["template"].emplace_object()["spec"] = std::move(spec);
  return out;
}

/// The lines of a catalogue that are of category c, m or r, generation 3 on, amd64; the header with them.
[[nodiscard]] inline std::string usual_types(std::string_view csv) {
  std::string out;
  std::size_t arch = 0;
  for (const std::string_view line : split(csv, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string_view> fields = split(line, ',');
    if (out.empty()) {
      arch = static_cast<std::size_t>(std::find(fields.begin(), fields.end(), "arch") - fields.begin());
    } else {
      const std::string_view name = fields[0];
      const bool usual = (name[0] == 'c' || name[0] == 'm' || name[0] == 'r') && name[1] >= '3' && name[1] <= '9';
      if (!usual || arch >= fields.size() || fields[arch] != "amd64") continue;
    }
    out += std::string(line) + "\n";
  }
  return out;
}

}  // namespace spotkeeper::bench
