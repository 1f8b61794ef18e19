#include "tests/e2e/kube/suite.h"

#include <unistd.h>

#include <atomic>

#include "kube/config.h"

namespace spotkeeper::kube {
namespace {

std::string fresh_suffix() {
  static std::atomic<int> number{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return std::to_string(static_cast<std::uint64_t>(now) % 1'000'000'000) + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(++number);
}

JsonObject metadata(const std::string& name, const NamespaceName& in) {
  JsonObject out{{"name", name}};
  if (!in.empty()) out["namespace"] = in.str();
  return out;
}

}  // namespace

Suite::Suite() : suffix_(fresh_suffix()) {
  auto loaded = load_config({}, process_environment());
  if (!loaded) throw std::runtime_error(loaded.error().message);
  config = std::move(*loaded);
  connection = connect_as([](ClientConfig&) {});
  ns = make_namespace("suite");
}

std::unique_ptr<Connection> Suite::connect_as(const std::function<void(ClientConfig&)>& change,
                                              const ConnectOptions& options) {
  ClientConfig changed = config;
  change(changed);
  auto made = connect(loop, std::move(changed), options);
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

bool Suite::turn_until(const std::function<bool()>& done) {
  return await([](net::EventLoop& on, std::function<bool()> condition) -> net::Task<bool> {
    const Steady until = on.steady() + 30s;
    while (!condition() && on.steady() < until) co_await net::sleep_for(on, 2ms);
    co_return condition();
  }(loop, done));
}

NamespaceName Suite::make_namespace(const std::string& name) {
  const NamespaceName made(unique(name));
  value_of(
      client().create(target_of(kNamespaces, {}),
                      JsonObject{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata(made.str(), {})}}));
  return made;
}

NodeName Suite::make_node(const std::string& name) {
  const NodeName made(unique(name));
  JsonObject labels{{"topology.kubernetes.io/zone", "a"}};
  JsonObject meta = metadata(made.str(), {});
  meta["labels"] = std::move(labels);
  value_of(client().create(target_of(kNodes, {}),
                           JsonObject{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", std::move(meta)}}));
  JsonObject status{{"allocatable", JsonObject{{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}}},
                    {"capacity", JsonObject{{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}}},
                    {"conditions", JsonArray{JsonObject{{"type", "Ready"}, {"status", "True"}}}}};
  value_of(client().patch(target_of(kNodes, {}, made.str(), "status"), PatchType::Merge,
                          JsonObject{{"status", std::move(status)}}));
  return made;
}

JsonValue Suite::pod_document(const std::string& name, const PodSpec& spec, const NamespaceName& in) const {
  JsonObject meta = metadata(name, in);
  meta["labels"] = JsonObject{{"app", spec.app}};
  if (spec.with_owner)
    meta["ownerReferences"] = JsonArray{JsonObject{{"apiVersion", "apps/v1"},
                                                   {"kind", "ReplicaSet"},
                                                   {"name", spec.app},
                                                   {"uid", "8d7f4b3e-0000-4000-8000-000000000001"},
                                                   {"controller", true}}};
  JsonObject body{
      {"terminationGracePeriodSeconds", spec.grace},
      {"containers", JsonArray{JsonObject{{"name", "c"},
                                          {"image", "registry.local/app:1"},
                                          {"resources", JsonObject{{"requests", JsonObject{{"cpu", "100m"}}}}}}}}};
  if (!spec.node.empty()) body["nodeName"] = spec.node;
  return JsonObject{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(meta)}, {"spec", std::move(body)}};
}

PodRef Suite::make_pod(const std::string& name, const PodSpec& spec, const NamespaceName& in) {
  const auto made = value_of(client().create(target_of(kPods, in), pod_document(name, spec, in)));
  if (spec.ready) {
    JsonObject status{{"phase", "Running"},
                      {"conditions", JsonArray{JsonObject{{"type", "Ready"}, {"status", "True"}}}}};
    value_of(client().patch(target_of(kPods, in, name, "status"), PatchType::Merge,
                            JsonObject{{"status", std::move(status)}}));
  }
  const auto uid = format::JsonField(made)["metadata"]["uid"].get_or("");
  return {{in, name}, Uid(uid.value_or(""))};
}

void Suite::make_budget(const std::string& name, const std::string& app, int allowed, const NamespaceName& in) {
  JsonObject spec{{"minAvailable", 1}, {"selector", JsonObject{{"matchLabels", JsonObject{{"app", app}}}}}};
  value_of(client().create(target_of(kDisruptionBudgets, in), JsonObject{{"apiVersion", "policy/v1"},
                                                                         {"kind", "PodDisruptionBudget"},
                                                                         {"metadata", metadata(name, in)},
                                                                         {"spec", std::move(spec)}}));
  JsonObject status{{"observedGeneration", 1},
                    {"disruptionsAllowed", allowed},
                    {"currentHealthy", 1 + allowed},
                    {"desiredHealthy", 1},
                    {"expectedPods", 1 + allowed}};
  value_of(client().patch(target_of(kDisruptionBudgets, in, name, "status"), PatchType::Merge,
                          JsonObject{{"status", std::move(status)}}));
}

void Suite::finish(const PodRef& pod) {
  value_of(client().remove(target_of(kPods, pod.name.ns, pod.name.name),
                           JsonObject{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"gracePeriodSeconds", 0}}));
}

}  // namespace spotkeeper::kube
