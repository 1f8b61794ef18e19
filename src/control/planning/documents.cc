#include "control/planning/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "control/planning/pod_rules.h"
#include "control/planning/pools.h"
#include "control/planning/shapes.h"
#include "control/planning/volumes.h"
#include "kube/codec/decode.h"
#include "kube/codec/documents.h"
#include "kube/codec/translate.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::int32_t kMostReplicas = 200'000;
constexpr std::string_view kAssumedZones[] = {"us-east-1a", "us-east-1b", "us-east-1c"};
constexpr std::string_view kWorkloads[] = {"Deployment", "ReplicaSet", "StatefulSet", "Job"};

struct Object {
  std::string kind;
  std::string ns;  // empty: of a kind that has none
  std::string name;
  JsonField field;
  [[nodiscard]] std::string str() const { return ns.empty() ? name : ns + "/" + name; }
};

/// The groups in which the kinds that are read live; "" is core's.
const std::map<std::string_view, std::string_view>& groups() {
  static const std::map<std::string_view, std::string_view> known = {
      {"Pod", ""},
      {"Node", ""},
      {"Namespace", ""},
      {"PersistentVolume", ""},
      {"PersistentVolumeClaim", ""},
      {"Deployment", "apps"},
      {"ReplicaSet", "apps"},
      {"StatefulSet", "apps"},
      {"DaemonSet", "apps"},
      {"Job", "batch"},
      {"PodDisruptionBudget", "policy"},
      {"PriorityClass", "scheduling.k8s.io"},
      {"StorageClass", "storage.k8s.io"},
      {"CSINode", "storage.k8s.io"},
      {"NodePool", "karpenter.sh"},
  };
  return known;
}

bool is_namespaced(std::string_view kind) {
  return kind == "Pod" || kind == "Deployment" || kind == "ReplicaSet" || kind == "StatefulSet" ||
         kind == "DaemonSet" || kind == "Job" || kind == "PodDisruptionBudget" || kind == "PersistentVolumeClaim";
}

class Reader {
 public:
  Reader(const Catalog& catalog, const PlanningOptions& options) : catalog_(catalog), options_(options) {}

  Result<plan::Problem> read(std::span<const format::JsonValue> documents) {
    const auto keep = [this](const JsonField& object, const std::string& kind) { return collect(object, kind); };
    for (const format::JsonValue& document : documents) SK_CHECK(kube::each_object(JsonField(document), keep));
    problem_.policy = options_.policy;
    read_namespaces();
    read_priorities();
    read_storage();
    read_pools();
    read_market();
    read_nodes();
    count_claims();
    for (const Object& pod : of("Pod")) read_pod(pod);
    for (const std::string_view kind : kWorkloads)
      for (const Object& workload : of(kind)) read_workload(workload);
    for (const Object& daemon : of("DaemonSet")) read_daemon_set(daemon);
    read_budgets();
    problem_.shapes = shapes_.take();
    return std::move(problem_);
  }

 private:
  // ---- Which objects there are

  Result<void> collect(const JsonField& object, const std::string& kind) {
    const auto known = groups().find(kind);
    SK_TRY(const auto version, object["apiVersion"].get_or(""));
    const auto group = split_once(version, '/');
    if (known == groups().end()) return {};
    if (!version.empty() && (group ? group->first : std::string_view()) != known->second) return {};
    return add(object, kind);
  }

  Result<void> add(const JsonField& object, const std::string& kind) {
    Object out{kind, "", "", object};
    SK_TRY(out.name, object["metadata"]["name"].as<std::string>());
    SK_TRY(const auto ns, object["metadata"]["namespace"].get_or("default"));
    if (is_namespaced(kind)) out.ns = ns.empty() ? "default" : ns;
    if (!names_.emplace(kind, out.str()).second)
      return fail(object["metadata"]["name"].error(fmt::format("a second {} called {}", kind, quote(out.str()))));
    objects_[kind].push_back(std::move(out));
    return {};
  }

  [[nodiscard]] const std::vector<Object>& of(std::string_view kind) const {
    static const std::vector<Object> none;
    const auto found = objects_.find(kind);
    return found == objects_.end() ? none : found->second;
  }

  void unreadable(const Object& object, const Error& error) {
    problem_.unreadable.emplace_back(object.str(), fmt::format("{}: {}", object.kind, error.message));
  }

  // ---- What pods refer to

  void read_namespaces() {
    for (const Object& each : of("Namespace")) {
      const auto labels = each.field["metadata"]["labels"].string_map();
      if (!labels) {
        unreadable(each, labels.error());
        continue;
      }
      Labels& into = problem_.namespaces[NamespaceName(each.name)];
      for (const auto& [key, value] : *labels) into.set(key, value);
    }
    for (const auto& [kind, objects] : objects_)
      for (const Object& each : objects)
        if (!each.ns.empty()) problem_.namespaces.try_emplace(NamespaceName(each.ns));
    for (auto& [name, labels] : problem_.namespaces) labels.set("kubernetes.io/metadata.name", name.str());
  }

  void read_priorities() {
    priorities_ = {{"system-cluster-critical", 2'000'000'000}, {"system-node-critical", 2'000'001'000}};
    for (const Object& each : of("PriorityClass")) {
      const auto value = each.field["value"].get_or(std::int32_t{0});
      const auto global = each.field["globalDefault"].get_or(false);
      if (!value || !global) {
        unreadable(each, value ? global.error() : value.error());
        continue;
      }
      priorities_.insert_or_assign(each.name, *value);
      if (*global) default_priority_ = *value;
    }
  }

  void read_storage() {
    const auto read_all = [&](std::string_view kind, Result<void> (Volumes::*keep)(const JsonField&)) {
      for (const Object& each : of(kind))
        if (const auto done = (volumes_.*keep)(each.field); !done) unreadable(each, done.error());
    };
    read_all("StorageClass", &Volumes::add_class);
    read_all("PersistentVolume", &Volumes::add_volume);
    read_all("PersistentVolumeClaim", &Volumes::add_claim);
  }

  // ---- Nodes and what can be bought

  void read_pools() {
    for (const Object& each : of("NodePool")) {
      if (each.field["metadata"]["deletionTimestamp"].present()) continue;
      auto pool = read_node_pool(each.field);
      if (pool) {
        problem_.pools.push_back(*std::move(pool));
      } else {
        problem_.remarks.push_back(fmt::format("NodePool {} is set aside: {}.", each.name, pool.error().message));
      }
    }
    std::ranges::sort(problem_.pools, {}, &NodePool::name);
  }

  void read_market() {
    std::set<std::string> zones(options_.zones.begin(), options_.zones.end());
    if (zones.empty()) {
      zones = volumes_.zones();
      for (const NodePool& pool : problem_.pools) zones.merge(zones_of(pool));
      for (const PriceRow& row : options_.prices)
        if (!row.zone.empty()) zones.insert(row.zone);
      for (const Object& each : of("Node")) {
        const auto zone = each.field["metadata"]["labels"][plan::kZoneLabel].get_or("");
        if (zone && !zone->empty()) zones.insert(*zone);
      }
    }
    if (zones.empty() && !problem_.pools.empty()) {
      zones.insert(std::begin(kAssumedZones), std::end(kAssumedZones));
      problem_.remarks.push_back(fmt::format("Nothing names a zone: {} are assumed.", join(zones, ", ")));
    }
    if (problem_.pools.empty()) return;
    problem_.zones.assign(zones.begin(), zones.end());
    problem_.types.assign(catalog_.types().begin(), catalog_.types().end());
    problem_.offerings = offerings_of(problem_.types, problem_.zones, options_);
  }

  void read_nodes() {
    for (const Object& each : of("Node")) {
      auto node = kube::decode_node(kube::WireObject::of(*each.field.value()));
      if (!node) {
        unreadable(each, node.error());
        continue;
      }
      problem_.nodes.push_back({*std::move(node), {}, {}});
    }
    std::ranges::sort(problem_.nodes, {}, [](const plan::ExistingNode& each) { return each.node.name; });
    for (std::size_t i = 0; i < problem_.nodes.size(); ++i) node_index_[problem_.nodes[i].node.name.str()] = i;
    for (const Object& each : of("CSINode")) {
      const auto node = node_index_.find(each.name);
      if (node == node_index_.end()) continue;
      const auto limits = attach_limits(each.field);
      if (limits) {
        problem_.nodes[node->second].attach_limits = *limits;
      } else {
        unreadable(each, limits.error());
      }
    }
  }

  static Result<std::vector<std::pair<std::string, std::int64_t>>> attach_limits(const JsonField& object) {
    std::vector<std::pair<std::string, std::int64_t>> out;
    SK_TRY(const auto drivers, object["spec"]["drivers"].elements());
    for (const JsonField& driver : drivers) {
      SK_TRY(auto name, driver["name"].as<std::string>());
      SK_TRY(const auto count, driver["allocatable"]["count"].maybe<std::int64_t>());
      if (count) out.emplace_back(std::move(name), *count);
    }
    std::ranges::sort(out);
    return out;
  }

  // ---- Pods

  /// The claims that a pod's volumes name. `pod`: its name, after which a generic ephemeral volume's claim is called.
  static Result<std::vector<ClaimUse>> claims_of(const JsonField& spec, const std::string& pod) {
    std::vector<ClaimUse> out;
    SK_TRY(const auto elements, spec["volumes"].elements());
    for (const JsonField& volume : elements) {
      if (volume["persistentVolumeClaim"].present()) {
        SK_TRY(auto claim, volume["persistentVolumeClaim"]["claimName"].as<std::string>());
        out.push_back({std::move(claim), {}});
      }
      if (volume["ephemeral"].present()) {
        SK_TRY(const auto name, volume["name"].as<std::string>());
        out.push_back({fmt::format("{}-{}", pod, name), volume["ephemeral"]["volumeClaimTemplate"]});
      }
    }
    return out;
  }

  /// A StatefulSet's pods have a claim for each of its templates, too.
  static Result<void> add_template_claims(const JsonField& templates, const std::string& pod,
                                          std::vector<ClaimUse>& claims) {
    SK_TRY(const auto elements, templates.elements());
    for (const JsonField& each : elements) {
      SK_TRY(const auto name, each["metadata"]["name"].as<std::string>());
      claims.push_back({fmt::format("{}-{}", name, pod), each});
    }
    return {};
  }

  /// A claim that several pods use is one volume for all of them.
  void count_claims() {
    const auto count = [&](const Object& object, const JsonField& spec, std::int64_t pods) {
      const auto elements = spec["volumes"].elements();
      if (!elements) return;
      for (const JsonField& volume : *elements) {
        const auto claim = volume["persistentVolumeClaim"]["claimName"].get_or("");
        if (claim && !claim->empty()) volumes_.count_use(object.ns, *claim, pods);
      }
    };
    for (const Object& pod : of("Pod"))
      if (!is_over(pod.field)) count(pod, pod.field["spec"], 1);
    for (const std::string_view kind : kWorkloads)
      for (const Object& each : of(kind))
        count(each, each.field["spec"]["template"]["spec"], copies_of(each).value_or(1));
  }

  static bool is_over(const JsonField& pod) {
    const auto phase = pod["status"]["phase"].get_or("");
    return phase && (*phase == "Succeeded" || *phase == "Failed");
  }

  std::int32_t priority_of(const JsonField& spec) {
    const auto said = spec["priority"].maybe<std::int32_t>();
    if (said && *said) return **said;
    const auto name = spec["priorityClassName"].get_or("");
    if (!name || name->empty()) return default_priority_;
    const auto known = priorities_.find(*name);
    if (known != priorities_.end()) return known->second;
    const std::string remark = fmt::format("PriorityClass {} is not there: its pods count as priority 0.", *name);
    if (std::ranges::find(problem_.remarks, remark) == problem_.remarks.end()) problem_.remarks.push_back(remark);
    return 0;
  }

  void read_pod(const Object& object) {
    if (is_over(object.field)) return;
    const JsonField spec = object.field["spec"];
    const auto node = spec["nodeName"].get_or("");
    const std::string node_name = node.value_or("");
    const auto checked = check_pod_spec(spec, SpecOf::Pod);
    const auto defaulted = with_default_requests(*object.field.value());
    auto pod = kube::decode_pod(kube::WireObject::of(defaulted ? *defaulted : *object.field.value()), shared_);
    if (!pod) return read_broken_pod(object, node_name, pod.error());
    pod->name = {NamespaceName(object.ns), object.name};
    if (pod->owner) live_[pod->owner->str()].insert(object.name);
    plan::Shape shape = shape_of(*pod, priority_of(spec));
    const auto claims = claims_of(spec, object.name);
    auto needs = claims ? volumes_.needs_of(object.ns, *claims) : Result<plan::VolumeNeeds>(fail(claims.error()));
    if (needs) {
      shape.volumes = *std::move(needs);
    } else if (node_name.empty()) {
      shape.refused = needs.error().message;
    }
    if (!checked && node_name.empty()) shape.refused = checked.error().message;
    if (node_name.empty()) {
      if (!pod->terminating()) problem_.pods.push_back({pod->name, shapes_.add(std::move(shape))});
      return;
    }
    const auto at = node_index_.find(node_name);
    if (at == node_index_.end()) return;
    problem_.nodes[at->second].pods.push_back({pod->name, shapes_.add(std::move(shape)), pod->terminating()});
  }

  /// One that can't be decoded: a pending pod is refused; on a node it takes nobody knows how much.
  void read_broken_pod(const Object& object, const std::string& node, const Error& error) {
    if (node.empty()) {
      plan::Shape shape = shapes_.empty_shape(object.ns);
      shape.refused = error.message;
      problem_.pods.push_back({{NamespaceName(object.ns), object.name}, shapes_.add(std::move(shape))});
      return;
    }
    const auto at = node_index_.find(node);
    if (at == node_index_.end()) return;
    problem_.nodes[at->second].node.max_pods = 0;
    problem_.remarks.push_back(fmt::format("Node {} takes no pods here: what its pod {} uses can't be read ({}).", node,
                                           object.str(), error.message));
  }

  plan::Shape shape_of(const Pod& pod, std::int32_t priority) {
    plan::Shape shape;
    shape.ns = pod.name.ns;
    shape.spec = pod.spec;
    if (pod.spec->priority != priority) {
      PodTemplate with = *pod.spec;
      with.priority = priority;
      shape.spec = shared_.intern(std::move(with));
    }
    shape.labels = pod.labels;
    if (pod.owner) shape.workload = *pod.owner;
    return shape;
  }

  // ---- Workloads

  static Result<std::int32_t> copies_of(const Object& object) {
    const JsonField spec = object.field["spec"];
    const auto count = [](const JsonField& field, std::int32_t fallback) -> Result<std::int32_t> {
      SK_TRY(const auto number, field.get_or(fallback));
      if (number < 0 || number > kMostReplicas) return fail(field.error("out of range: 0 to 200000"));
      return number;
    };
    if (object.kind != "Job") return count(spec["replicas"], 1);
    SK_TRY(const auto suspended, spec["suspend"].get_or(false));
    SK_TRY(const auto conditions, object.field["status"]["conditions"].elements());
    for (const JsonField& condition : conditions) {
      SK_TRY(const auto type, condition["type"].get_or(""));
      SK_TRY(const auto status, condition["status"].get_or(""));
      if (status == "True" && (type == "Complete" || type == "Failed")) return 0;
    }
    if (suspended) return 0;
    SK_TRY(const auto parallelism, count(spec["parallelism"], 1));
    SK_TRY(const auto completions, count(spec["completions"], std::max(parallelism, 1)));
    SK_TRY(const auto done, count(object.field["status"]["succeeded"], 0));
    return std::clamp(completions - done, 0, parallelism);
  }

  /// Another object that is here makes its pods: a ReplicaSet's Deployment.
  [[nodiscard]] bool is_made_by_another(const Object& object) const {
    const auto owners = object.field["metadata"]["ownerReferences"].elements();
    if (!owners) return false;
    return std::ranges::any_of(*owners, [&](const JsonField& owner) {
      const auto controller = owner["controller"].get_or(false);
      const auto kind = owner["kind"].get_or("");
      const auto name = owner["name"].get_or("");
      return controller && *controller && kind && name && names_.contains({*kind, object.ns + "/" + *name});
    });
  }

  /// What the pods of a template share; an error is the reason why they can't be placed.
  Result<plan::Shape> template_shape(const Object& object, kube::TemplateOf of) {
    const JsonField made = object.field["spec"]["template"];
    SK_CHECK(made.is_object());
    SK_CHECK(check_pod_spec(made["spec"], SpecOf::Template));
    kube::wire::Arena arena;
    // What is read of the others stands where a Deployment has it.
    SK_TRY(const auto wire, kube::from_json<kube::wire::Deployment>(*object.field.value(), arena));
    SK_TRY(PodTemplate spec, kube::template_from(wire.spec.pod_template, of));
    spec.priority = priority_of(made["spec"]);
    plan::Shape shape;
    shape.ns = NamespaceName(object.ns);
    shape.spec = shared_.intern(std::move(spec));
    Labels labels = kube::labels_from(wire.spec.pod_template.metadata.labels);
    if (object.kind == "Job") labels.set("batch.kubernetes.io/job-name", object.name);
    shape.labels = shared_.intern(std::move(labels));
    shape.workload = WorkloadRef{shape.ns, object.kind, object.name};
    return shape;
  }

  void read_workload(const Object& object) {
    if (is_made_by_another(object) || object.field["metadata"]["deletionTimestamp"].present()) return;
    const auto copies = copies_of(object);
    if (!copies) return unreadable(object, copies.error());
    const WorkloadRef workload{NamespaceName(object.ns), object.kind, object.name};
    auto shape = template_shape(object, kube::TemplateOf::Workload);
    if (!shape) {
      plan::Shape broken = shapes_.empty_shape(object.ns);
      broken.refused = shape.error().message;
      broken.workload = workload;
      shape = std::move(broken);
    }
    const std::set<std::string>& live = live_[workload.str()];
    std::int32_t missing = *copies - static_cast<std::int32_t>(live.size());
    for (std::int32_t number = 0; missing > 0; ++number) {
      const std::string name = fmt::format("{}-{}", object.name, number);
      if (live.contains(name)) continue;
      --missing;
      add_copy(object, *shape, name);
    }
  }

  void add_copy(const Object& object, const plan::Shape& like, const std::string& name) {
    plan::Shape shape = like;
    if (shape.refused.empty()) {
      const auto needs = copy_needs(object, name);
      if (needs) {
        shape.volumes = *needs;
      } else {
        shape.refused = needs.error().message;
      }
    }
    problem_.pods.push_back({{NamespaceName(object.ns), name}, shapes_.add(std::move(shape))});
  }

  Result<plan::VolumeNeeds> copy_needs(const Object& object, const std::string& name) {
    SK_TRY(auto claims, claims_of(object.field["spec"]["template"]["spec"], name));
    if (object.kind == "StatefulSet") {
      SK_CHECK(add_template_claims(object.field["spec"]["volumeClaimTemplates"], name, claims));
    }
    return volumes_.needs_of(object.ns, claims);
  }

  void read_daemon_set(const Object& object) {
    if (object.field["metadata"]["deletionTimestamp"].present()) return;
    auto shape = template_shape(object, kube::TemplateOf::DaemonSet);
    if (!shape) {
      problem_.remarks.push_back(
          fmt::format("DaemonSet {} takes no room here: {}.", object.str(), shape.error().message));
      return;
    }
    problem_.daemons.push_back(shapes_.add(*std::move(shape)));
  }

  void read_budgets() {
    for (const Object& each : of("PodDisruptionBudget")) {
      auto budget = kube::decode_budget(kube::WireObject::of(*each.field.value()));
      if (!budget) {
        problem_.remarks.push_back(
            fmt::format("PodDisruptionBudget {} is passed over: {}.", each.str(), budget.error().message));
        continue;
      }
      budget->name = {NamespaceName(each.ns), each.name};
      problem_.budgets.push_back(*std::move(budget));
    }
    std::ranges::sort(problem_.budgets, {}, &DisruptionBudget::name);
  }

  const Catalog& catalog_;
  const PlanningOptions& options_;
  plan::Problem problem_;
  Shapes shapes_;
  Snapshot shared_;  // interns what pods have in common
  Volumes volumes_;
  std::map<std::string, std::vector<Object>, std::less<>> objects_;  // by kind
  std::set<std::pair<std::string, std::string>> names_;              // kind and full name
  std::map<std::string, std::size_t> node_index_;
  std::map<std::string, std::int32_t> priorities_;
  std::int32_t default_priority_ = 0;
  std::map<std::string, std::set<std::string>> live_;  // names of pods that are there, by workload
};

}  // namespace

Result<plan::Problem> read_problem(std::span<const format::JsonValue> documents, const Catalog& catalog,
                                   const PlanningOptions& options) {
  return Reader(catalog, options).read(documents);
}

}  // namespace spotkeeper::control
