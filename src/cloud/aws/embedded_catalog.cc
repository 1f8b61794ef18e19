#include "cloud/aws/embedded_catalog.h"

extern "C" {
extern const char spotkeeper_embedded_catalog_begin[];
extern const char spotkeeper_embedded_catalog_end[];
}

namespace spotkeeper::aws {

std::string_view embedded_catalog() { return {spotkeeper_embedded_catalog_begin, spotkeeper_embedded_catalog_end}; }

}  // namespace spotkeeper::aws
