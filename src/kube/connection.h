// A client over real sockets, from a configuration: transport, TLS, credentials, pipeline.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "kube/pipeline.h"
#include "net/event_loop.h"

namespace spotkeeper::kube {

struct ConnectOptions {
  std::string user_agent = "spotkeeper";  // "name/version (os/arch)"; what stands before the / is the field manager
  Client::Options client;
  std::uint64_t seed = 1;         // of jitter
  Duration authority_age = 5min;  // how often a certificate authority that comes from a file is looked at again
};

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  [[nodiscard]] virtual Client& client() = 0;
  [[nodiscard]] virtual Pipeline& pipeline() = 0;
};

/// Makes no connection yet, but reads what the configuration names: an error says what of it is unusable. Logs the
/// configuration's warnings. The loop outlives the connection; all tasks of the client must have ended before it goes.
Result<std::unique_ptr<Connection>> connect(net::EventLoop& loop, ClientConfig config, const ConnectOptions& options);

}  // namespace spotkeeper::kube
