// An explanation for people.
#pragma once

#include <string>

#include "plan/provision/explain.h"

namespace spotkeeper::cli {

/// Where the pod is and at what price, then a line for every answer that nodes and machines give it.
[[nodiscard]] std::string explanation_text(const plan::Problem& problem, const plan::Plan& plan,
                                           const plan::Explanation& explanation);

}  // namespace spotkeeper::cli
