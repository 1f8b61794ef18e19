#include "control/planning/shapes.h"

#include <utility>

namespace spotkeeper::control {

plan::ShapeId Shapes::add(plan::Shape shape) {
  Key key{shape.spec.get(), shape.labels.get(), shape.ns.str(), shape.workload ? shape.workload->str() : std::string(),
          shape.volumes,    shape.refused};
  const auto [at, added] = known_.try_emplace(std::move(key), static_cast<plan::ShapeId>(shapes_.size()));
  if (added) shapes_.push_back(std::move(shape));
  return at->second;
}

plan::Shape Shapes::empty_shape(const std::string& ns) const {
  plan::Shape shape;
  shape.ns = NamespaceName(ns);
  shape.spec = no_spec_;
  shape.labels = no_labels_;
  return shape;
}

}  // namespace spotkeeper::control
