// drain_minimum: the fewest requests that could have been lost in a scenario. Exit code: 0 after the answer, 1 if the
// world can't be read, 2 for a wrong command line.
#include <fmt/format.h>

#include <string>

#include "base/file.h"
#include "tests/tools/command_line.h"
#include "tests/tools/drain_minimum/world.h"

namespace spotkeeper::tools {
namespace {

Result<std::string> find(const std::string& path) {
  SK_TRY(const std::string text, read_file(path));
  SK_TRY(const format::JsonValue document, format::parse_json(text));
  SK_TRY(const MinimumQuestion question, parse_minimum_question(document));
  return format::write_json(answer(question));
}

int run(int argc, char** argv) {
  std::string world;
  CommandLine line("drain_minimum",
                   "Tries every time at which the pods of a service could be told to end, and prints the fewest "
                   "requests that are lost,\nas JSON. What a world is: tests/tools/drain_minimum/world.h.");
  line.value("world", "FILE", "the scenario, as JSON", &world);
  if (const auto end = line.read(argc, argv)) return *end;
  if (world.empty()) {
    fmt::print(stderr, "drain_minimum: --world is missing\n");
    return kBadUsage;
  }
  const auto found = find(world);
  if (!found) {
    fmt::print(stderr, "drain_minimum: {}: {}\n", world, found.error().message);
    return kFailed;
  }
  fmt::print("{}\n", *found);
  return kDone;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) { return spotkeeper::tools::run(argc, argv); }
