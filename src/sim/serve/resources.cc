#include "sim/serve/resources.h"

#include <algorithm>
#include <array>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace spotkeeper::sim::serve {
namespace {

namespace json = boost::json;

constexpr std::string_view kAll = "create delete get list patch update watch";
constexpr std::string_view kRead = "get list watch";
constexpr std::string_view kMake = "create get list watch";

constexpr std::string_view kKeep = "create delete get list watch";

constexpr std::array<Resource, 16> kResources{{
    {"", "v1", "nodes", "node", "Node", false, "no", kAll},
    {"", "v1", "pods", "pod", "Pod", true, "po", kAll},
    {"", "v1", "namespaces", "namespace", "Namespace", false, "ns", kMake},
    {"", "v1", "events", "event", "Event", true, "ev", kRead},
    {"", "v1", "configmaps", "configmap", "ConfigMap", true, "cm", kMake},
    {"", "v1", "services", "service", "Service", true, "svc", kRead},
    {"apps", "v1", "deployments", "deployment", "Deployment", true, "deploy", kAll},
    {"apps", "v1", "replicasets", "replicaset", "ReplicaSet", true, "rs", kRead},
    {"apps", "v1", "statefulsets", "statefulset", "StatefulSet", true, "sts", kRead},
    {"apps", "v1", "daemonsets", "daemonset", "DaemonSet", true, "ds", kRead},
    {"policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", true, "pdb", kAll},
    {"coordination.k8s.io", "v1", "leases", "lease", "Lease", true, "", kAll},
    {"discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", true, "", kRead},
    {"events.k8s.io", "v1", "events", "event", "Event", true, "ev", kAll},
    {"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "validatingwebhookconfiguration",
     "ValidatingWebhookConfiguration", false, "", kKeep},
    {"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration",
     "MutatingWebhookConfiguration", false, "", kKeep},
}};

struct Subresource {
  std::string_view parent;
  std::string_view name;
  std::string_view group;  // of its kind, where that is not its parent's
  std::string_view version;
  std::string_view kind;
  std::string_view verbs;
};
constexpr std::array<Subresource, 5> kSubresources{{
    {"pods", "eviction", "policy", "v1", "Eviction", "create"},
    {"deployments", "scale", "autoscaling", "v1", "Scale", "get patch update"},
    {"nodes", "status", "", "v1", "Node", "get patch update"},
    {"pods", "status", "", "v1", "Pod", "get patch update"},
    {"poddisruptionbudgets", "status", "policy", "v1", "PodDisruptionBudget", "get patch update"},
}};

json::array words(std::string_view text) {
  json::array list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

/// What `kubectl get all` asks for.
bool in_category_all(const Resource& resource) {
  return resource.group == "apps" || resource.plural == "pods" || resource.plural == "services";
}

json::value resource_list(std::string_view group, std::string_view version) {
  json::array list;
  for (const Resource& resource : kResources) {
    if (resource.group != group || resource.version != version) continue;
    json::object entry{{"name", resource.plural},
                       {"singularName", resource.singular},
                       {"namespaced", resource.namespaced},
                       {"kind", resource.kind},
                       {"verbs", words(resource.verbs)}};
    if (!resource.short_name.empty()) entry["shortNames"] = words(resource.short_name);
    if (in_category_all(resource)) entry["categories"] = words("all");
    list.emplace_back(std::move(entry));
    for (const Subresource& sub : kSubresources) {
      if (sub.parent != resource.plural) continue;
      json::object part{{"name", std::string(sub.parent) + "/" + std::string(sub.name)},
                        {"singularName", ""},
                        {"namespaced", resource.namespaced},
                        {"kind", sub.kind},
                        {"verbs", words(sub.verbs)}};
      if (sub.group != group) {
        part["group"] = sub.group;
        part["version"] = sub.version;
      }
      list.emplace_back(std::move(part));
    }
  }
  const std::string group_version =
      group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  return json::object{{"kind", "APIResourceList"},
                      {"apiVersion", "v1"},
                      {"groupVersion", group_version},
                      {"resources", std::move(list)}};
}

json::object group_entry(std::string_view group, std::string_view version) {
  const std::string group_version = std::string(group) + "/" + std::string(version);
  const json::object entry{{"groupVersion", group_version}, {"version", version}};
  return {{"name", group}, {"versions", json::array{entry}}, {"preferredVersion", entry}};
}

json::value group_list() {
  json::array groups;
  std::string_view last;
  for (const Resource& resource : kResources) {
    if (resource.group.empty() || resource.group == last) continue;
    last = resource.group;
    groups.emplace_back(group_entry(resource.group, resource.version));
  }
  return json::object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

json::value version_document() {
  // A version that has everything which is served, so that clients choose today's APIs.
  return json::object{{"major", "1"},        {"minor", "34"},           {"gitVersion", "v1.34.0-spotkeeper"},
                      {"gitCommit", ""},     {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
                      {"goVersion", "none"}, {"compiler", "none"},      {"platform", "linux/amd64"}};
}

// Takes the next segment off the front of a path: "/a/b" gives "a" and leaves "/b".
std::string_view next_segment(std::string_view& path) {
  if (path.empty() || path.front() != '/') return {};
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

const Resource* find_resource(std::string_view group, std::string_view version, std::string_view plural) {
  const auto* const found = std::find_if(kResources.begin(), kResources.end(), [&](const Resource& r) {
    return r.group == group && r.version == version && r.plural == plural;
  });
  return found == kResources.end() ? nullptr : found;
}

bool group_exists(std::string_view group, std::string_view version) {
  return std::any_of(kResources.begin(), kResources.end(),
                     [&](const Resource& r) { return r.group == group && r.version == version; });
}

}  // namespace

std::string_view Resource::api_version() const {
  if (group == "apps") return "apps/v1";
  if (group == "policy") return "policy/v1";
  if (group == "coordination.k8s.io") return "coordination.k8s.io/v1";
  if (group == "discovery.k8s.io") return "discovery.k8s.io/v1";
  if (group == "events.k8s.io") return "events.k8s.io/v1";
  if (group == "admissionregistration.k8s.io") return "admissionregistration.k8s.io/v1";
  return "v1";
}

std::optional<ResourcePath> parse_resource_path(std::string_view path) {
  std::string_view rest = path;
  const std::string_view root = next_segment(rest);
  std::string_view group;
  if (root == "apis") {
    group = next_segment(rest);
    if (group.empty()) return std::nullopt;
  } else if (root != "api") {
    return std::nullopt;
  }
  const std::string_view version = next_segment(rest);

  ResourcePath parsed;
  std::string_view plural = next_segment(rest);
  // "/namespaces/shop/pods" names pods; "/namespaces" and "/namespaces/shop" name namespaces themselves.
  if (plural == "namespaces") {
    std::string_view ahead = rest;
    const std::string_view ns = next_segment(ahead);
    const std::string_view inner = next_segment(ahead);
    if (!inner.empty()) {
      parsed.ns = ns;
      plural = inner;
      rest = ahead;
    }
  }
  parsed.resource = find_resource(group, version, plural);
  if (parsed.resource == nullptr) return std::nullopt;
  if (!parsed.ns.empty() && !parsed.resource->namespaced) return std::nullopt;
  parsed.name = next_segment(rest);
  parsed.subresource = next_segment(rest);
  if (!rest.empty()) return std::nullopt;
  return parsed;
}

std::optional<json::value> discovery_document(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path == "/version") return version_document();
  if (path == "/api") return json::object{{"kind", "APIVersions"}, {"versions", words("v1")}};
  if (path == "/apis") return group_list();
  if (path == "/api/v1") return resource_list("", "v1");
  std::string_view rest = path;
  if (next_segment(rest) != "apis") return std::nullopt;
  const std::string_view group = next_segment(rest);
  const std::string_view version = next_segment(rest);
  if (!rest.empty() || group.empty()) return std::nullopt;
  if (version.empty()) {
    if (!group_exists(group, "v1")) return std::nullopt;
    json::object document = group_entry(group, "v1");
    document["kind"] = "APIGroup";
    document["apiVersion"] = "v1";
    return document;
  }
  if (!group_exists(group, version)) return std::nullopt;
  return resource_list(group, version);
}

}  // namespace spotkeeper::sim::serve
