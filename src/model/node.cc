#include "model/node.h"

namespace spotkeeper {
namespace {

std::string label_or_empty(const Labels& labels, std::string_view key) {
  const std::string* value = labels.find(key);
  return value == nullptr ? std::string() : *value;
}

}  // namespace

std::string Node::zone() const { return label_or_empty(labels, "topology.kubernetes.io/zone"); }
std::string Node::instance_type() const { return label_or_empty(labels, "node.kubernetes.io/instance-type"); }

}  // namespace spotkeeper
