// The instance catalogue a command works with.
#pragma once

#include "cli/options.h"
#include "model/catalog.h"

namespace spotkeeper::cli {

/// The file that --catalog names, else the one in the binary.
Result<Catalog> load_catalog(const CatalogOptions& options);

}  // namespace spotkeeper::cli
