// core/v1 Node and Namespace. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_meta.h"

namespace spotkeeper::kube::wire {

struct Taint {
  Text key;
  Text value;
  Text effect;
  Time time_added;
};
constexpr auto fields(const Taint*) {
  return std::tuple{Field{1, "key", &Taint::key}, Field{2, "value", &Taint::value}, Field{3, "effect", &Taint::effect},
                    Field{4, "timeAdded", &Taint::time_added}};
}

struct NodeSpec {
  Text pod_cidr;
  Text provider_id;
  bool unschedulable = false;
  std::vector<Taint> taints;
  std::vector<Text> pod_cidrs;
};
constexpr auto fields(const NodeSpec*) {
  return std::tuple{Field{1, "podCIDR", &NodeSpec::pod_cidr}, Field{3, "providerID", &NodeSpec::provider_id},
                    Field{4, "unschedulable", &NodeSpec::unschedulable}, Field{5, "taints", &NodeSpec::taints},
                    Field{7, "podCIDRs", &NodeSpec::pod_cidrs}};
}

struct NodeCondition {
  Text type;
  Text status;
  Time last_heartbeat_time;
  Time last_transition_time;
  Text reason;
  Text message;
};
constexpr auto fields(const NodeCondition*) {
  return std::tuple{Field{1, "type", &NodeCondition::type},
                    Field{2, "status", &NodeCondition::status},
                    Field{3, "lastHeartbeatTime", &NodeCondition::last_heartbeat_time},
                    Field{4, "lastTransitionTime", &NodeCondition::last_transition_time},
                    Field{5, "reason", &NodeCondition::reason},
                    Field{6, "message", &NodeCondition::message}};
}

struct NodeAddress {
  Text type;
  Text address;
};
constexpr auto fields(const NodeAddress*) {
  return std::tuple{Field{1, "type", &NodeAddress::type}, Field{2, "address", &NodeAddress::address}};
}

struct NodeSystemInfo {
  Text machine_id;
  Text system_uuid;
  Text boot_id;
  Text kernel_version;
  Text os_image;
  Text container_runtime_version;
  Text kubelet_version;
  Text kube_proxy_version;
  Text operating_system;
  Text architecture;
};
constexpr auto fields(const NodeSystemInfo*) {
  return std::tuple{Field{1, "machineID", &NodeSystemInfo::machine_id},
                    Field{2, "systemUUID", &NodeSystemInfo::system_uuid},
                    Field{3, "bootID", &NodeSystemInfo::boot_id},
                    Field{4, "kernelVersion", &NodeSystemInfo::kernel_version},
                    Field{5, "osImage", &NodeSystemInfo::os_image},
                    Field{6, "containerRuntimeVersion", &NodeSystemInfo::container_runtime_version},
                    Field{7, "kubeletVersion", &NodeSystemInfo::kubelet_version},
                    Field{8, "kubeProxyVersion", &NodeSystemInfo::kube_proxy_version},
                    Field{9, "operatingSystem", &NodeSystemInfo::operating_system},
                    Field{10, "architecture", &NodeSystemInfo::architecture}};
}

struct NodeStatus {
  Quantities capacity;
  Quantities allocatable;
  std::vector<NodeCondition> conditions;
  std::vector<NodeAddress> addresses;
  NodeSystemInfo node_info;
};
constexpr auto fields(const NodeStatus*) {
  return std::tuple{Field{1, "capacity", &NodeStatus::capacity}, Field{2, "allocatable", &NodeStatus::allocatable},
                    Field{4, "conditions", &NodeStatus::conditions}, Field{5, "addresses", &NodeStatus::addresses},
                    Field{7, "nodeInfo", &NodeStatus::node_info}};
}

struct Node {
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
};
constexpr auto fields(const Node*) {
  return std::tuple{Field{1, "metadata", &Node::metadata}, Field{2, "spec", &Node::spec},
                    Field{3, "status", &Node::status}};
}

struct NamespaceStatus {
  Text phase;
};
constexpr auto fields(const NamespaceStatus*) { return std::tuple{Field{1, "phase", &NamespaceStatus::phase}}; }

struct Namespace {
  ObjectMeta metadata;
  NamespaceStatus status;
};
constexpr auto fields(const Namespace*) {
  return std::tuple{Field{1, "metadata", &Namespace::metadata}, Field{3, "status", &Namespace::status}};
}

}  // namespace spotkeeper::kube::wire
