#include "model/node.h"

namespace spotkeeper {
namespace {

std::string label_or_empty(const Labels& labels, std::string_view key) {
  const std::string* value = labels.find(key);
  return value == nullptr ? std::string() : *value;
}

void merge(Labels& into, const std::map<std::string, std::optional<std::string>>& changes) {
  for (const auto& [key, value] : changes) {
    if (value) {
      into.set(key, *value);
    } else {
      into.erase(key);
    }
  }
}

}  // namespace

void apply(const NodeChange& change, Node& node) {
  if (change.taints) node.taints = *change.taints;
  if (change.unschedulable) node.unschedulable = *change.unschedulable;
  merge(node.labels, change.labels);
  merge(node.annotations, change.annotations);
}

std::string Node::zone() const { return label_or_empty(labels, "topology.kubernetes.io/zone"); }
std::string Node::instance_type() const { return label_or_empty(labels, "node.kubernetes.io/instance-type"); }

}  // namespace spotkeeper
