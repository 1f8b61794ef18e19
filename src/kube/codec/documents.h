// What documents that people write have in common, whoever reads them: lists of objects, and amounts.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "format/json.h"
#include "model/quantity.h"

namespace spotkeeper::kube {

using ObjectVisitor = std::function<Result<void>(const format::JsonField& object, const std::string& kind)>;

/// Calls `visit` with every object that the document holds: itself, or of a list (List, PodList, …) each of its items,
/// whose kind the list says for those that don't. Ends at the first error.
Result<void> each_object(const format::JsonField& document, const ObjectVisitor& visit);

/// "500m", "1.5Gi", 2: an amount of a resource, 0 or more.
Result<Quantity> amount_in(const format::JsonField& field);

/// An error at the first member of a resource list that is no such amount; null is none, and passed over.
Result<void> check_amounts(const format::JsonField& amounts);

}  // namespace spotkeeper::kube
