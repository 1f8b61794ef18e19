// Data on standard output, as the person or the program asked for it (--output).
#pragma once

#include "cli/commands.h"
#include "cli/terminal.h"
#include "format/json.h"

namespace spotkeeper::cli {

/// The same data twice: `document` for programs (its schema is documented and stable), `table` for people and as CSV.
void print_data(const format::JsonValue& document, const TextTable& table, OutputFormat format, Streams streams);

}  // namespace spotkeeper::cli
