// Who is told of interruptions, as the options say: control's messenger over observe's notifier and real sockets.
#pragma once

#include <memory>

#include "base/result.h"
#include "cli/options.h"
#include "control/ports.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace spotkeeper {
class MetricsRegistry;
}

namespace spotkeeper::cli {

class NotifyingMessenger : public control::Messenger {
 public:
  /// Sends, without end.
  virtual net::Task<void> run() = 0;
};

/// `nth`: the webhook of these settings, if there is one, is told as well; may be null. nullptr where nobody is to be
/// told: then nothing is held for it. InvalidInput names the option whose file can't be read or holds no URL, or whose
/// template is not supported; it shows nothing of what is in a file of URLs or keys. The loop and the metrics outlive
/// it.
Result<std::unique_ptr<NotifyingMessenger>> make_messenger(net::EventLoop& loop, MetricsRegistry& metrics,
                                                           const NotifyOptions& options, const NthSettings* nth,
                                                           std::uint64_t seed);

}  // namespace spotkeeper::cli
