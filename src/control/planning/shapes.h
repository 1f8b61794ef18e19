// Pods with equal constraints held as one shape.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "plan/schedule/problem.h"

namespace spotkeeper::control {

class Shapes {
 public:
  /// The number of an equal shape that was added before, or of this one. Specs and labels come from one Snapshot's
  /// tables, so equal ones are one object.
  plan::ShapeId add(plan::Shape shape);
  [[nodiscard]] const plan::Shape& at(plan::ShapeId shape) const { return shapes_[shape]; }
  /// Of a pod of which nothing is known but where it lives.
  [[nodiscard]] plan::Shape empty_shape(const std::string& ns) const;
  [[nodiscard]] std::vector<plan::Shape> take() { return std::move(shapes_); }

 private:
  using Key = std::tuple<const PodTemplate*, const Labels*, std::string, std::string, plan::VolumeNeeds, std::string>;
  std::vector<plan::Shape> shapes_;
  std::map<Key, plan::ShapeId> known_;  // only looked up: the order of addresses does not show
  std::shared_ptr<const PodTemplate> no_spec_ = std::make_shared<const PodTemplate>();
  std::shared_ptr<const Labels> no_labels_ = std::make_shared<const Labels>();
};

}  // namespace spotkeeper::control
