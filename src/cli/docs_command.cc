#include "base/log.h"
#include "cli/catalog_file.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "sim/scenario_reference.h"

namespace spotkeeper::cli {
namespace {

/// Of the catalogue in the binary: the page is the same everywhere.
Result<std::string> scenarios_page() {
  SK_TRY(const auto catalog, load_catalog({}));
  return sim::scenario_page(catalog);
}

}  // namespace

int run_docs(const Options& options, Streams streams) {
  const Result<std::string> page =
      options.page == DocsPage::Scenarios ? scenarios_page() : Result<std::string>(configuration_page());
  if (!page) {
    log::error(page.error().message);
    return kFound;
  }
  print(streams.out, *page);
  return kDone;
}

}  // namespace spotkeeper::cli
