#include "base/log.h"
#include "cli/commands.h"

namespace spotkeeper::cli {

int run_simulate(const Options&, Streams) {
  log::error("this build has no simulate");
  return kFound;
}

}  // namespace spotkeeper::cli
