// docs/scenarios.md as the readers of scenario files say it: every key with its type, range and default is what they
// take when they read the example on the page (`FieldUses`), and only what each key means is written down here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "sim/scenario_fields.h"

namespace spotkeeper::sim {

struct KeyMeaning {
  std::string_view path;  // "cluster.nodes[].count"; a map's own row ends with it: "cluster.nodes[].taints[].key"
  std::string_view unit;  // empty: none, or part of the value
  std::string_view meaning;
};
[[nodiscard]] std::span<const KeyMeaning> key_meanings();

/// A scenario in which every list has an element, so that every reader is called. It is read without an error.
[[nodiscard]] std::string_view whole_scenario();

struct TakenKeys {
  std::vector<FieldUse> taken;
  std::vector<std::string> known;  // what maps may have, by their readers
};
/// What the readers take of `whole_scenario`.
Result<TakenKeys> taken_keys(const Catalog& catalog);

/// The page, in Markdown.
Result<std::string> scenario_page(const Catalog& catalog);

}  // namespace spotkeeper::sim
