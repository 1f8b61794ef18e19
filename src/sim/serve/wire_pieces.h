// What several of the API's objects have in common, on the wire: metadata, owners, selectors, amounts, pod templates.
// The text in the results are views into the arguments or `arena`.
#pragma once

#include <optional>

#include "kube/codec/objects.h"
#include "sim/objects.h"

namespace spotkeeper::sim::serve {

namespace wire = kube::wire;

[[nodiscard]] wire::Map map_of(const Labels& labels);
[[nodiscard]] wire::Text keep(const Uid& uid, wire::Arena& arena);
[[nodiscard]] wire::Text keep(const ResourceVersion& version, wire::Arena& arena);
[[nodiscard]] wire::ObjectMeta meta_of(const Meta& meta, wire::Arena& arena);
/// Adds the owner, if there is one, as the controller.
void own(wire::ObjectMeta& meta, const OwnerReference& owner, wire::Arena& arena);
[[nodiscard]] wire::LabelSelector selector_of(const LabelSelector& selector);
[[nodiscard]] std::optional<wire::LabelSelector> selector_of(const std::optional<LabelSelector>& selector);
[[nodiscard]] wire::Text effect_text(TaintEffect effect);
[[nodiscard]] wire::Quantities quantities_of(const Resources& resources, wire::Arena& arena);
/// What a workload makes its pods from.
[[nodiscard]] wire::PodTemplateSpec template_of(const PodBlueprint& blueprint, wire::Arena& arena);

}  // namespace spotkeeper::sim::serve
