// Tables: the rows that `kubectl get` prints, made by the server (meta.k8s.io/v1 Table).
#pragma once

#include <span>
#include <string>

#include <boost/json/value.hpp>

#include "base/time.h"

namespace spotkeeper::sim::serve {

/// A Table with a row for each object (in their JSON form) of that kind; for kinds without columns of their own, name
/// and age. `list_metadata` becomes the table's metadata. With `columns` false the column definitions are left out, as
/// in all but the first event of a watch.
[[nodiscard]] boost::json::value to_table(std::string_view kind, std::span<const boost::json::value> objects,
                                          const boost::json::value& list_metadata, Instant now, bool columns = true);

/// How kubectl writes an age: "45s", "3m20s", "57m", "5h12m", "2d3h", "40d".
[[nodiscard]] std::string human_age(Duration age);

}  // namespace spotkeeper::sim::serve
