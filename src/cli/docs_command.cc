#include "cli/commands.h"
#include "cli/help.h"
#include "cli/terminal.h"

namespace spotkeeper::cli {

int run_docs(const Options& options, Streams streams) {
  switch (options.page) {
    case DocsPage::Configuration: print(streams.out, configuration_page()); break;
  }
  return kDone;
}

}  // namespace spotkeeper::cli
