// The labelSelector and fieldSelector parameters of list and watch requests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/labels.h"

namespace spotkeeper::sim::serve {

/// "a=b,c!=d,e in (x,y),f notin (z),g,!h" (apimachinery pkg/labels). Empty text matches everything.
Result<LabelSelector> parse_label_selector(std::string_view text);

/// "spec.nodeName=n1,status.phase!=Failed": all must hold.
struct FieldRequirement {
  std::string field;
  bool equal = true;
  std::string value;
};
Result<std::vector<FieldRequirement>> parse_field_selector(std::string_view text);

}  // namespace spotkeeper::sim::serve
