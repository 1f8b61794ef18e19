// How a tool ends.
#pragma once

#include <csignal>

#include "net/event_loop.h"

namespace spotkeeper::tools {

/// Returns at SIGTERM or SIGINT.
inline net::Task<void> until_signal(net::EventLoop& loop) {
  net::SystemSignals signals(loop, {SIGTERM, SIGINT});
  (void)(co_await signals.next());
}

}  // namespace spotkeeper::tools
