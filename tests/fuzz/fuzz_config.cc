// A configuration file of any bytes gives settings that can be stored, or an error that names the file.
#include "cli/config_file.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto settings = cli::parse_config(fuzz::text_of(data, size), "fuzz.yaml");
  if (!settings) {
    require(settings.error().message.starts_with("fuzz.yaml:"));
    return 0;
  }
  cli::Options options;
  for (const cli::FileSetting& setting : *settings) {
    require(cli::store(*setting.option, setting.text, options).has_value());
  }
  return 0;
}
