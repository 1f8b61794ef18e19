#include "base/log.h"
#include "cli/commands.h"

namespace spotkeeper::cli {

int run_agent(const Options&, Streams) {
  log::error("this build has no agent");
  return kFound;
}

}  // namespace spotkeeper::cli
