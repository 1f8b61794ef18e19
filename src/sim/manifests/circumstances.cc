#include "sim/manifests/circumstances.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace spotkeeper::sim {
namespace {

using Assumptions = std::vector<std::string>;

template <class... Arguments>
void assume(Assumptions& into, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  into.push_back(fmt::format(text, std::forward<Arguments>(arguments)...));
}

// ---- Replicas

const FoundAutoscaler* autoscaler_of(const FoundCluster& cluster, const FoundWorkload& workload) {
  const auto found = std::ranges::find_if(cluster.autoscalers, [&](const FoundAutoscaler& scaler) {
    return scaler.name.ns == workload.name.ns && scaler.target == workload.name.name &&
           scaler.target_kind == name_of(workload.kind);
  });
  return found == cluster.autoscalers.end() ? nullptr : &*found;
}

void autoscale(const FoundAutoscaler& scaler, const FoundWorkload& workload, Circumstances& into,
               Assumptions& assumptions) {
  const std::string name = workload.name.str();
  const std::int32_t said = workload.replicas.value_or(scaler.least);
  into.replicas = said == 0 ? 0 : std::clamp(said, scaler.least, scaler.most);
  const std::string range = fmt::format("{} to {} replicas", scaler.least, scaler.most);
  if (into.replicas == 0) {
    assume(assumptions, "{}: its autoscaler is off, as it has 0 replicas.", name);
  } else if (workload.kind != Kind::Deployment) {
    assume(assumptions, "{}: it keeps {} of the {} of its autoscaler, which this world has for Deployments alone.",
           name, into.replicas, range);
  } else if (!scaler.cpu) {
    assume(assumptions, "{}: it keeps {} of the {} of its autoscaler, which goes by {}: this world has no such metric.",
           name, into.replicas, range, join(scaler.unmodelled, ", "));
  } else {
    into.autoscale = AutoscaleSettings{};
    into.autoscale->least = scaler.least;
    into.autoscale->most = scaler.most;
    into.autoscale->utilisation = std::min(*scaler.cpu, 1.0);
    assume(assumptions,
           "{}: it begins with {} of the {} of its autoscaler, which holds them at {:.0f} % of the requests that a pod "
           "serves at once, as it would hold its CPU{}.",
           name, into.replicas, range, 100 * into.autoscale->utilisation,
           scaler.unmodelled.empty() ? "" : "; its other metrics (" + join(scaler.unmodelled, ", ") + ") are not had");
  }
}

void replicas(const FoundCluster& cluster, const FoundWorkload& workload, Circumstances& into,
              Assumptions& assumptions) {
  if (const FoundAutoscaler* scaler = autoscaler_of(cluster, workload); scaler != nullptr) {
    return autoscale(*scaler, workload, into, assumptions);
  }
  into.replicas = workload.replicas.value_or(1);
  if (!workload.replicas) {
    assume(assumptions, "{}: it has 1 replica, as neither it nor a HorizontalPodAutoscaler says how many.",
           workload.name.str());
  }
}

// ---- Priority

void priority(const FoundCluster& cluster, const FoundWorkload& workload, Circumstances& into,
              Assumptions& assumptions) {
  into.priority = workload.spec.priority;
  into.preempts = workload.preempts;
  if (into.priority != 0) return;  // an API server has put the class' value there
  const std::string& wanted = workload.spec.priority_class;
  if (wanted == "system-cluster-critical" || wanted == "system-node-critical") {
    into.priority = wanted == "system-node-critical" ? 2'000'001'000 : 2'000'000'000;
    return;
  }
  const auto& classes = cluster.priority_classes;
  const auto found = std::ranges::find_if(classes, [&](const FoundPriorityClass& each) {
    return wanted.empty() ? each.global_default : each.name == wanted;
  });
  if (found != classes.end()) {
    into.priority = found->value;
    into.preempts = into.preempts && found->preempts;
  } else if (!wanted.empty()) {
    assume(assumptions, "{}: its priority is 0, as no PriorityClass {} was given.", workload.name.str(), quote(wanted));
  }
}

// ---- Load balancers

bool is_behind(const FoundIngress& ingress, const FoundService& service) {
  return ingress.name.ns == service.name.ns &&
         std::ranges::find(ingress.services, service.name.name) != ingress.services.end();
}

std::optional<LoadBalancerSettings> balanced(const FoundService& service, std::string_view what, TargetType targets,
                                             LoadBalancerType type, Assumptions& assumptions) {
  if (targets == TargetType::Instance) {
    assume(assumptions,
           "{}: {} sends requests to ports of nodes (target type instance), which this world has not: its clients are "
           "in the cluster here, and what a node that leaves the load balancer costs is not counted.",
           service.name.str(), what);
    return std::nullopt;
  }
  assume(assumptions, "{}: its requests come through {} with the pods as its targets.", service.name.str(), what);
  return usual(type);
}

// ---- What is not used

struct Unused {
  std::string_view kind;
  std::string_view could;
};
/// What objects that are often beside workloads could change; nothing, where they can't.
constexpr Unused kUnused[] = {
    {"ClusterRole", ""},
    {"ClusterRoleBinding", ""},
    {"ConfigMap", ""},
    {"CronJob", "the pods of its Jobs take room, and are cut short"},
    {"CustomResourceDefinition", ""},
    {"DestinationRule", "retries and outlier detection would hide losses"},
    {"EC2NodeClass", "lost nodes would be replaced; here they are not"},
    {"Gateway", "requests come through its proxy, whose pods may be lost, too"},
    {"HTTPRoute", "requests come through a proxy, which may try again"},
    {"Job (a Helm hook)", "it runs when a release is installed or changed"},
    {"Job (suspended or over)", ""},
    {"LimitRange", "containers without requests would get some"},
    {"Namespace", ""},
    {"NetworkPolicy", ""},
    {"NodePool", "lost nodes would be replaced; here they are not"},
    {"PersistentVolumeClaim", "its volume may lie in another zone than is assumed"},
    {"Pod (a Helm hook)", "it runs when a release is installed, changed or tested"},
    {"PodMonitor", ""},
    {"PrometheusRule", ""},
    {"Provisioner", "lost nodes would be replaced; here they are not"},
    {"ReplicaSet", "where no Deployment made it, its pods take room and answer requests"},
    {"ReplicationController", "its pods take room and answer requests"},
    {"ResourceQuota", "pods beyond it would be refused"},
    {"Role", ""},
    {"RoleBinding", ""},
    {"Rollout", "its pods take room and answer requests"},
    {"ScaledObject", "it changes how many replicas its workload has"},
    {"Secret", ""},
    {"ServiceAccount", ""},
    {"ServiceMonitor", ""},
    {"VerticalPodAutoscaler", "it changes requests, and evicts pods for that"},
    {"VirtualService", "its proxies may try again what was lost"},
};

void name_kind(std::string_view kind, std::size_t count, Assumptions& assumptions) {
  const auto known = std::ranges::find(kUnused, kind, &Unused::kind);
  const std::string could = known == std::end(kUnused) ? "what they would change is not known here"
                            : known->could.empty()     ? "they change nothing that is counted here"
                                                       : std::string(known->could);
  assume(assumptions, "{} object{} of kind {} {} no part of this world: {}.", count, count == 1 ? "" : "s", kind,
         count == 1 ? "is" : "are", could);
}

}  // namespace

Circumstances circumstances_of(const FoundCluster& cluster, const FoundWorkload& workload, Assumptions& assumptions) {
  Circumstances found;
  if (workload.kind == Kind::Deployment || workload.kind == Kind::StatefulSet) {
    replicas(cluster, workload, found, assumptions);
  }
  priority(cluster, workload, found, assumptions);
  return found;
}

std::optional<LoadBalancerSettings> load_balancer_of(const FoundCluster& cluster, const FoundService& service,
                                                     Assumptions& assumptions) {
  if (service.network) return balanced(service, "an NLB", *service.network, LoadBalancerType::Nlb, assumptions);
  if (service.load_balancer) {
    assume(
        assumptions,
        "{}: its clients are in the cluster here; nothing says that its load balancer is an NLB, and a Classic one is "
        "not modelled.",
        service.name.str());
    return std::nullopt;
  }
  const auto ingress =
      std::ranges::find_if(cluster.ingresses, [&](const FoundIngress& each) { return is_behind(each, service); });
  if (ingress == cluster.ingresses.end()) return std::nullopt;
  if (ingress->ingress_class == "alb") {
    return balanced(service, "an ALB", service.alb_override.value_or(ingress->targets), LoadBalancerType::Alb,
                    assumptions);
  }
  assume(assumptions,
         "{}: its clients are in the cluster here; the controller of its Ingress{} is not modelled, and may try again "
         "what was lost.",
         service.name.str(),
         ingress->ingress_class.empty() ? " (which names no class)" : " (class " + ingress->ingress_class + ")");
  return std::nullopt;
}

void name_what_is_not_used(const FoundCluster& cluster, Assumptions& assumptions) {
  for (const FoundAutoscaler& scaler : cluster.autoscalers) {
    const bool used = std::ranges::any_of(
        cluster.workloads, [&](const FoundWorkload& workload) { return autoscaler_of(cluster, workload) == &scaler; });
    if (!used) {
      assume(assumptions, "HorizontalPodAutoscaler {}: its {} {} was not given.", scaler.name.str(), scaler.target_kind,
             scaler.target);
    }
  }
  for (const FoundIngress& ingress : cluster.ingresses) {
    const bool used =
        std::ranges::any_of(cluster.services, [&](const FoundService& service) { return is_behind(ingress, service); });
    if (!used) assume(assumptions, "Ingress {}: no Service behind it was given.", ingress.name.str());
  }
  if (cluster.lone_pods > 0) {
    assume(assumptions, "{} pod{} without a controller {} no part of this world: {} room, and {} lost for good.",
           cluster.lone_pods, cluster.lone_pods == 1 ? "" : "s", cluster.lone_pods == 1 ? "is" : "are",
           cluster.lone_pods == 1 ? "it takes" : "they take", cluster.lone_pods == 1 ? "is" : "are");
  }
  for (const auto& [kind, count] : cluster.passed_over) name_kind(kind, count, assumptions);
}

}  // namespace spotkeeper::sim
