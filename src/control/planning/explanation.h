// An explanation as a document (docs/plan.md has the schema).
#pragma once

#include "format/json.h"
#include "plan/provision/explain.h"

namespace spotkeeper::control {

[[nodiscard]] format::JsonObject explanation_json(const plan::Problem& problem, const plan::Plan& plan,
                                                  const plan::Explanation& explanation);

}  // namespace spotkeeper::control
