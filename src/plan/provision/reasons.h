// Why a pod has no place, in words for who has to do something about it.
#pragma once

#include <cstdint>
#include <string>

#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

/// "3 have too little CPU", "1 is cordoned".
[[nodiscard]] std::string refused_text(std::int64_t count, Refusal refusal);

/// "no node takes it: 2 have too little CPU, 1 has a taint that it does not tolerate; no machine that NodePools can buy
/// does: …". What the pod's own constraints say, where they could not be understood.
[[nodiscard]] std::string reason_of(const Purchase& purchase, ShapeId shape);

}  // namespace spotkeeper::plan
