#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "format/yaml.h"
#include "kube/codec/decode.h"
#include "kube/codec/documents.h"
#include "kube/codec/translate.h"
#include "sim/manifests/known_fields.h"
#include "sim/manifests/manifests.h"
#include "sim/manifests/object_parts.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

constexpr std::int32_t kMostReplicas = 100'000;
constexpr std::size_t kMostObjects = 200'000;

/// The kinds that are read, and the API group in which they are.
struct ReadKind {
  std::string_view kind;
  std::string_view group;
  std::string_view version;
};
constexpr ReadKind kReadKinds[] = {
    {"Deployment", "apps", "apps/v1"},
    {"StatefulSet", "apps", "apps/v1"},
    {"DaemonSet", "apps", "apps/v1"},
    {"Job", "batch", "batch/v1"},
    {"Service", "", "v1"},
    {"Node", "", "v1"},
    {"Pod", "", "v1"},
    {"PodDisruptionBudget", "policy", "policy/v1"},
    {"HorizontalPodAutoscaler", "autoscaling", "autoscaling/v2"},
    {"PriorityClass", "scheduling.k8s.io", "scheduling.k8s.io/v1"},
    {"Ingress", "networking.k8s.io", "networking.k8s.io/v1"},
};

std::string_view group_of(std::string_view api_version) {
  const auto parts = split_once(api_version, '/');
  return parts ? parts->first : std::string_view();
}

/// Of Kubernetes itself; others have the domain of who made them.
bool is_built_in(std::string_view group) {
  return group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
}

bool looks_like_json(std::string_view name, std::string_view text) {
  text = trim(text);
  const bool object = text.starts_with('{') && text.size() > 1 && (text[1] == '"' || text[1] == '\n' || text[1] == ' ');
  return name.ends_with(".json") || object;
}

class Reader {
 public:
  Result<FoundCluster> read(std::span<const ManifestText> texts) {
    for (const ManifestText& text : texts) {
      SK_CHECK(read_text(text).within(text.name));
      found_.sources.push_back(text.name);
    }
    if (objects_ == 0)
      return fail(ErrorCode::InvalidInput, join(found_.sources, ", ") + ": no Kubernetes object is there");
    for (const Pod& pod : pods_) add_start(pod);
    return std::move(found_);
  }

 private:
  Result<void> read_text(const ManifestText& given) {
    if (const auto* json = std::get_if<format::JsonValue>(&given.content); json != nullptr) {
      document_ = nullptr;
      return read_all(JsonField(*json));
    }
    const auto& text = std::get<std::string>(given.content);
    auto documents = format::parse_yaml_stream(text);
    if (!documents) {
      return fail(unreadable(text, given.name, std::move(documents).error()));
    }
    for (std::size_t i = 0; i < documents->size(); ++i) {
      document_ = &(*documents)[i];
      auto done = read_all(document_->root());
      if (done) continue;
      if (documents->size() == 1) return done;
      return std::move(done).within(fmt::format("document {}", i + 1));
    }
    return {};
  }

  static Error unreadable(std::string_view text, std::string_view name, Error as_yaml) {
    if (text.find("{{") != std::string_view::npos) {
      return std::move(as_yaml).within(
          "this looks like a template that has not been rendered (helm template makes manifests of it)");
    }
    if (looks_like_json(name, text)) {
      if (const auto as_json = format::parse_json(text); !as_json) return not_in("JSON", as_json.error());
    }
    return not_in("YAML", as_yaml);
  }
  /// Of "YAML: line 3, …": "not YAML: line 3, …".
  static Error not_in(std::string_view language, const Error& error) {
    const std::string prefix = std::string(language) + ": ";
    std::string_view what = error.message;
    if (what.starts_with(prefix)) what.remove_prefix(prefix.size());
    return {error.code, fmt::format("not {}{}", prefix, what)};
  }

  /// The row of its kind; nullptr if it is of a kind that is passed over, and then it is counted. An error about a kind
  /// or a group that is nearly right.
  Result<const ReadKind*> kind_read(const JsonField& object, const std::string& kind) {
    SK_TRY(const auto version, object["apiVersion"].get_or(""));
    const std::string_view group = group_of(version);
    const auto found = std::ranges::find(kReadKinds, kind, &ReadKind::kind);
    if (found == std::end(kReadKinds)) {
      std::vector<std::string_view> names;
      for (const ReadKind& each : kReadKinds) {
        if (!version.empty() && each.group == group) names.push_back(each.kind);
      }
      const std::string hint = did_you_mean(kind, names);
      if (!hint.empty()) return fail(object["kind"].error(fmt::format("unknown kind {}{}", quote(kind), hint)));
      ++found_.passed_over[kind.substr(0, 100)];
      return nullptr;
    }
    const bool ours = version.empty() || group == found->group || group == "extensions";
    if (!ours && is_built_in(group)) {
      return fail(
          object["apiVersion"].error(fmt::format("{} has no {}: it is of {}", quote(version), kind, found->version)));
    }
    if (ours && version != "autoscaling/v2beta1") return &*found;
    ++found_.passed_over[fmt::format("{} ({})", kind, version.substr(0, 100))];
    return nullptr;
  }

  /// What has been in an API server has an uid, and no field that that server did not know.
  static Result<void> check_fields(const JsonField& object, const std::string& kind) {
    if (object["metadata"]["uid"].present()) return {};
    SK_TRY(const auto version, object["apiVersion"].get_or(""));
    const bool newer_scaler = kind == "HorizontalPodAutoscaler" && version != "autoscaling/v1";
    return only_known_fields(object, newer_scaler ? kind + "Autoscalingv2" : kind);
  }

  Result<void> read_all(const JsonField& document) {
    return kube::each_object(
        document, [this](const JsonField& object, const std::string& kind) { return read_object(object, kind); });
  }

  Result<void> read_object(const JsonField& object, const std::string& kind) {
    if (++objects_ > kMostObjects) return fail(object.error("more than 200000 objects"));
    SK_TRY(const ReadKind* const known, kind_read(object, kind));
    if (known == nullptr) return {};
    SK_CHECK(check_fields(object, kind));
    SK_TRY(const auto hook, object["metadata"]["annotations"]["helm.sh/hook"].get_or(""));
    if (!hook.empty() && (kind == "Job" || kind == "Pod")) {
      ++found_.passed_over[kind + " (a Helm hook)"];
      return {};
    }
    return read_known(object, kind);
  }

  Result<void> read_known(const JsonField& object, std::string_view kind) {
    if (kind == "Deployment") return read_workload<kube::wire::Deployment>(object, Kind::Deployment);
    if (kind == "StatefulSet") return read_workload<kube::wire::StatefulSet>(object, Kind::StatefulSet);
    if (kind == "DaemonSet") return read_workload<kube::wire::DaemonSet>(object, Kind::DaemonSet);
    if (kind == "Service") return read_service(object);
    if (kind == "PodDisruptionBudget") return read_budget(object);
    if (kind == "Node") return read_node(object);
    if (kind == "Job") return read_job(object);
    if (kind == "Ingress") return read_named(object, kind, read_ingress, found_.ingresses);
    if (kind == "HorizontalPodAutoscaler") return read_named(object, kind, read_autoscaler, found_.autoscalers);
    if (kind == "PriorityClass") return read_named(object, kind, read_priority_class, found_.priority_classes);
    return read_pod(object);
  }

  template <class Found>
  Result<void> read_named(const JsonField& object, std::string_view kind, Result<Found> (*reads)(const JsonField&),
                          std::vector<Found>& into) {
    SK_TRY(auto name, name_of(object, kind));
    SK_TRY(auto found, reads(object));
    if constexpr (std::is_same_v<Found, FoundPriorityClass>) {
      found.name = std::move(name.name);
    } else {
      found.name = std::move(name);
    }
    into.push_back(std::move(found));
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
    if (kind != "Node" && kind != "PriorityClass") name.ns = NamespaceName(ns.empty() ? "default" : ns);
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
    const JsonField spec = object["spec"];
    SK_TRY(found.replicas, spec["replicas"].maybe<std::int32_t>());
    if (found.replicas && (*found.replicas < 0 || *found.replicas > kMostReplicas)) {
      return fail(spec["replicas"].error("out of range: 0 to 100000"));
    }
    SK_CHECK(spec["template"].is_object());
    SK_CHECK(check_amounts(spec["template"]["spec"]));
    kube::wire::Arena arena;
    const auto wire = kube::from_json<Wire>(*object.value(), arena);
    if (!wire) return fail(placed(object, wire.error()));
    if (wire->spec.selector) found.selector = kube::selector_from(*wire->spec.selector);
    found.labels = kube::labels_from(wire->metadata.labels);
    found.pod_labels = kube::labels_from(wire->spec.pod_template.metadata.labels);
    found.pod_annotations = kube::labels_from(wire->spec.pod_template.metadata.annotations);
    if (kind == Kind::Job) {
      own_labels(found);
    } else if (!wire->spec.selector) {
      return fail(spec["selector"].error("missing"));
    }
    if (!found.selector.matches(found.pod_labels)) {
      return fail(spec["selector"].error("does not match the labels of its own template"));
    }
    auto made = kube::template_from(wire->spec.pod_template,
                                    kind == Kind::DaemonSet ? kube::TemplateOf::DaemonSet : kube::TemplateOf::Workload);
    if (!made) return fail(placed(object, made.error()));
    found.spec = std::move(*made);
    SK_TRY(const auto preemption, spec["template"]["spec"]["preemptionPolicy"].get_or(""));
    found.preempts = preemption != "Never";
    SK_CHECK(add_claims(spec["volumeClaimTemplates"], found.spec.claims));
    SK_TRY(found.readiness, probe_in(object, "readinessProbe"));
    SK_TRY(found.startup, probe_in(object, "startupProbe"));
    if (kind == Kind::Job) {
      SK_TRY(found.job, read_job_settings(object));
    }
    found_.workloads.push_back(std::move(found));
    return {};
  }

  /// As the Job controller does it: its template often has no labels at all.
  static void own_labels(FoundWorkload& job) {
    constexpr std::string_view kKey = "batch.kubernetes.io/job-name";
    job.pod_labels.set(kKey, job.name.name);
    job.selector = {};
    job.selector.requirements.push_back({std::string(kKey), SelectorOperator::In, {job.name.name}});
  }

  /// One that is over, or waits for somebody to say so, has no pods.
  Result<void> read_job(const JsonField& object) {
    SK_TRY(const auto suspended, object["spec"]["suspend"].get_or(false));
    SK_TRY(const auto conditions, object["status"]["conditions"].elements());
    bool over = suspended;
    for (const JsonField& condition : conditions) {
      SK_TRY(const auto type, condition["type"].get_or(""));
      SK_TRY(const auto status, condition["status"].get_or(""));
      over = over || (status == "True" && (type == "Complete" || type == "Failed"));
    }
    if (over) {
      ++found_.passed_over["Job (suspended or over)"];
      return {};
    }
    // What is read of it stands where a Deployment has it.
    return read_workload<kube::wire::Deployment>(object, Kind::Job);
  }

  Result<void> read_service(const JsonField& object) {
    FoundService found;
    SK_TRY(found.name, name_of(object, "Service"));
    SK_TRY(const auto selector, object["spec"]["selector"].string_map());
    for (const auto& [key, value] : selector) found.selector.set(key, value);
    SK_CHECK(read_load_balancer(object, found));
    found_.services.push_back(std::move(found));
    return {};
  }

  Result<void> read_budget(const JsonField& object) {
    SK_TRY(const auto name, name_of(object, "PodDisruptionBudget"));
    auto budget = kube::decode_budget(kube::WireObject::of(*object.value()));
    if (!budget) return fail(placed_limit(object, budget.error()));
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

  /// "budget shop/web: minAvailable: 'x' is not a percentage" is about that field.
  [[nodiscard]] Error placed_limit(const JsonField& object, const Error& error) const {
    for (const std::string_view limit : {"minAvailable", "maxUnavailable"}) {
      const std::string said = std::string(limit) + ": ";
      const std::size_t at = error.message.find(said);
      const JsonField field = object["spec"][limit];
      if (!error.message.starts_with('/') && at != std::string::npos && field.present()) {
        return field.error(std::string_view(error.message).substr(at + said.size()));
      }
    }
    return placed(object, error);
  }

  Result<void> read_node(const JsonField& object) {
    SK_TRY(const auto name, name_of(object, "Node"));
    auto node = kube::decode_node(kube::WireObject::of(*object.value()));
    if (!node) return fail(placed(object, node.error()));
    found_.nodes.push_back(std::move(*node));
    return {};
  }

  Result<void> read_pod(const JsonField& object) {
    SK_CHECK(check_amounts(object["spec"]));
    auto pod = kube::decode_pod(kube::WireObject::of(*object.value()), shared_);
    if (!pod) return fail(placed(object, pod.error()));
    ++found_.pods;
    if (pod->owner == nullptr && !pod->mirror) ++found_.lone_pods;
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
