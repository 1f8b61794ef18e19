// The instance catalogue that ships inside the binary: EC2's types in us-east-1 (data/catalog/ec2.csv).
#pragma once

#include <string_view>

namespace spotkeeper::aws {

/// The CSV text, for Catalog::parse; parsing it costs a few milliseconds, so it is done where it is needed, once.
[[nodiscard]] std::string_view embedded_catalog();

}  // namespace spotkeeper::aws
