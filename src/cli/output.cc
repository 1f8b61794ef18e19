#include "cli/output.h"

#include "format/yaml.h"

namespace spotkeeper::cli {

void print_data(const format::JsonValue& document, const TextTable& table, OutputFormat format, Streams streams) {
  switch (format) {
    case OutputFormat::Table: return print(streams.out, table.str(Colours(streams.out)));
    case OutputFormat::Json: return print(streams.out, format::write_json(document, format::JsonStyle::Pretty) + "\n");
    case OutputFormat::Csv: return print(streams.out, table.csv());
    case OutputFormat::Yaml: return print(streams.out, format::write_yaml(document));
  }
}

}  // namespace spotkeeper::cli
