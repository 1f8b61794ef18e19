#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "format/yaml.h"
#include "kube/codec/decode.h"
#include "kube/codec/translate.h"
#include "sim/manifests/manifests.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

constexpr std::int32_t kMostReplicas = 100'000;
constexpr std::size_t kMostObjects = 200'000;

class Reader {
 public:
  Result<FoundCluster> read(std::span<const ManifestText> texts) {
    for (const ManifestText& text : texts) SK_CHECK(read_text(text).within(text.name));
    for (const Pod& pod : pods_) add_start(pod);
    return std::move(found_);
  }

 private:
  Result<void> read_text(const ManifestText& given) {
    if (const auto* json = std::get_if<format::JsonValue>(&given.content); json != nullptr) {
      document_ = nullptr;
      return read_object(JsonField(*json), {});
    }
    const auto& text = std::get<std::string>(given.content);
    auto documents = format::parse_yaml_stream(text);
    if (!documents) {
      const bool unrendered = text.find("{{") != std::string::npos;
      return fail(std::move(documents).error().within(
          unrendered ? "this looks like a template that has not been rendered (helm template makes manifests of it)"
                     : "not YAML"));
    }
    for (std::size_t i = 0; i < documents->size(); ++i) {
      document_ = &(*documents)[i];
      auto done = read_object(document_->root(), {});
      if (done) continue;
      if (documents->size() == 1) return done;
      return std::move(done).within(fmt::format("document {}", i + 1));
    }
    return {};
  }

  /// `kind_of_list`: of items whose list says it for them.
  Result<void> read_object(const JsonField& object, std::string_view kind_of_list) {
    SK_CHECK(object.is_object());
    SK_TRY(const auto said, object["kind"].maybe<std::string>());
    if (!said && kind_of_list.empty()) return fail(object["kind"].error("missing: what kind of object is this?"));
    const std::string kind = said.value_or(std::string(kind_of_list));
    if (kind == "List" || (kind.ends_with("List") && object["items"].present())) {
      SK_TRY(const auto items, object["items"].elements());
      const std::string_view of = std::string_view(kind).substr(0, kind.size() - 4);
      for (const JsonField& item : items) SK_CHECK(read_object(item, of));
      return {};
    }
    if (++objects_ > kMostObjects) return fail(object.error("more than 200000 objects"));
    if (kind == "Deployment") return read_workload<kube::wire::Deployment>(object, Kind::Deployment);
    if (kind == "StatefulSet") return read_workload<kube::wire::StatefulSet>(object, Kind::StatefulSet);
    if (kind == "DaemonSet") return read_workload<kube::wire::DaemonSet>(object, Kind::DaemonSet);
    if (kind == "Service") return read_service(object);
    if (kind == "PodDisruptionBudget") return read_budget(object);
    if (kind == "Node") return read_node(object);
    if (kind == "Pod") return read_pod(object);
    ++found_.passed_over[kind.substr(0, 100)];
    return {};
  }

  /// An error of the codec names a field of the object: "/spec/replicas: expected …". Here it gets its place.
  [[nodiscard]] Error placed(const JsonField& object, const Error& error) const {
    if (document_ == nullptr || !error.message.starts_with('/')) return object.error(error.message);
    const auto parts = split_once(error.message, ':');
    const std::string pointer = object.path() + std::string(parts ? parts->first : std::string_view());
    return {error.code, fmt::format("{}: {}", document_->describe_place(pointer), error.message)};
  }

  Result<ObjectName> name_of(const JsonField& object, std::string_view kind) {
    const JsonField metadata = object["metadata"];
    ObjectName name;
    SK_TRY(name.name, metadata["name"].as<std::string>());
    if (name.name.empty() || name.name.size() > 253) return fail(metadata["name"].error("expected a name"));
    SK_TRY(const auto ns, metadata["namespace"].get_or("default"));
    if (kind != "Node") name.ns = NamespaceName(ns.empty() ? "default" : ns);
    if (!names_.insert({std::string(kind), name}).second) {
      return fail(metadata["name"].error(fmt::format("a second {} called {}", kind, quote(name.str()))));
    }
    return name;
  }

  /// The slowest of the containers' probes of that name.
  Result<std::optional<FoundProbe>> probe_in(const JsonField& object, std::string_view which) {
    std::optional<FoundProbe> slowest;
    SK_TRY(const auto containers, object["spec"]["template"]["spec"]["containers"].elements());
    for (const JsonField& container : containers) {
      const JsonField probe = container[which];
      if (!probe.present()) continue;
      SK_CHECK(probe.is_object());
      SK_TRY(const auto delay, probe["initialDelaySeconds"].get_or(std::int64_t{0}));
      SK_TRY(const auto period, probe["periodSeconds"].get_or(std::int64_t{10}));
      if (delay < 0 || delay > 86'400) return fail(probe["initialDelaySeconds"].error("out of range: 0 to 86400"));
      if (period < 0 || period > 3'600) return fail(probe["periodSeconds"].error("out of range: 1 to 3600"));
      const FoundProbe found{std::chrono::seconds(delay), std::chrono::seconds(period == 0 ? 10 : period)};
      if (!slowest || found.initial_delay > slowest->initial_delay) slowest = found;
    }
    return slowest;
  }

  /// The StatefulSet controller gives each pod a claim of its own for each of these.
  static Result<void> add_claims(const JsonField& templates, std::vector<std::string>& claims) {
    SK_TRY(const auto elements, templates.elements());
    for (const JsonField& element : elements) {
      SK_TRY(const auto name, element["metadata"]["name"].as<std::string>());
      if (name.empty() || name.size() > 253) return fail(element["metadata"]["name"].error("expected a name"));
      claims.push_back(name + "-*");
    }
    return {};
  }

  template <class Wire>
  Result<void> read_workload(const JsonField& object, Kind kind) {
    FoundWorkload found;
    found.kind = kind;
    SK_TRY(found.name, name_of(object, sim::name_of(kind)));
    SK_TRY(const auto replicas, object["spec"]["replicas"].get_or(std::int32_t{1}));
    if (replicas < 0 || replicas > kMostReplicas) {
      return fail(object["spec"]["replicas"].error("out of range: 0 to 100000"));
    }
    found.replicas = replicas;
    SK_CHECK(object["spec"]["template"].is_object());
    kube::wire::Arena arena;
    const auto wire = kube::from_json<Wire>(*object.value(), arena);
    if (!wire) return fail(placed(object, wire.error()));
    if (!wire->spec.selector) return fail(object["spec"]["selector"].error("missing"));
    found.selector = kube::selector_from(*wire->spec.selector);
    found.labels = kube::labels_from(wire->metadata.labels);
    found.pod_labels = kube::labels_from(wire->spec.pod_template.metadata.labels);
    found.pod_annotations = kube::labels_from(wire->spec.pod_template.metadata.annotations);
    if (!found.selector.matches(found.pod_labels)) {
      return fail(object["spec"]["selector"].error("does not match the labels of its own template"));
    }
    auto spec = kube::template_from(wire->spec.pod_template,
                                    kind == Kind::DaemonSet ? kube::TemplateOf::DaemonSet : kube::TemplateOf::Workload);
    if (!spec) return fail(placed(object, spec.error()));
    found.spec = std::move(*spec);
    SK_CHECK(add_claims(object["spec"]["volumeClaimTemplates"], found.spec.claims));
    SK_TRY(found.readiness, probe_in(object, "readinessProbe"));
    SK_TRY(found.startup, probe_in(object, "startupProbe"));
    found_.workloads.push_back(std::move(found));
    return {};
  }

  Result<void> read_service(const JsonField& object) {
    FoundService found;
    SK_TRY(found.name, name_of(object, "Service"));
    SK_TRY(const auto selector, object["spec"]["selector"].string_map());
    for (const auto& [key, value] : selector) found.selector.set(key, value);
    found_.services.push_back(std::move(found));
    return {};
  }

  Result<void> read_budget(const JsonField& object) {
    SK_TRY(const auto name, name_of(object, "PodDisruptionBudget"));
    auto budget = kube::decode_budget(kube::WireObject::of(*object.value()));
    if (!budget) return fail(placed(object, budget.error()));
    if (budget->min_available && budget->max_unavailable) {
      return fail(object["spec"].error("minAvailable and maxUnavailable together"));
    }
    DisruptionBudget found;  // its status is this world's own affair
    found.name = name;
    found.selector = std::move(budget->selector);
    found.min_available = budget->min_available;
    found.max_unavailable = budget->max_unavailable;
    found.unhealthy = budget->unhealthy;
    found_.budgets.push_back(std::move(found));
    return {};
  }

  Result<void> read_node(const JsonField& object) {
    SK_TRY(const auto name, name_of(object, "Node"));
    auto node = kube::decode_node(kube::WireObject::of(*object.value()));
    if (!node) return fail(placed(object, node.error()));
    found_.nodes.push_back(std::move(*node));
    return {};
  }

  Result<void> read_pod(const JsonField& object) {
    auto pod = kube::decode_pod(kube::WireObject::of(*object.value()), shared_);
    if (!pod) return fail(placed(object, pod.error()));
    pods_.push_back(std::move(*pod));
    return {};
  }

  void add_start(const Pod& pod) {
    if (!pod.ready || !pod.started || !pod.ready_since || *pod.ready_since < *pod.started) return;
    for (FoundWorkload& workload : found_.workloads) {
      if (workload.name.ns != pod.name.ns || !workload.selector.matches(*pod.labels)) continue;
      workload.became_ready.push_back(*pod.ready_since - *pod.started);
    }
  }

  FoundCluster found_;
  Snapshot shared_;  // interns what pods have in common
  std::vector<Pod> pods_;
  std::set<std::pair<std::string, ObjectName>> names_;
  std::size_t objects_ = 0;
  const format::YamlDocument* document_ = nullptr;
};

}  // namespace

Result<FoundCluster> read_manifests(std::span<const ManifestText> texts) { return Reader().read(texts); }

}  // namespace spotkeeper::sim
