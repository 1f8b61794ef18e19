// Server-sent events: a stream of small messages to a browser over one answer (WHATWG HTML, "Server-sent events").
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http_server.h"
#include "net/task.h"

namespace spotkeeper::net {

class ServerSentEvents {
 public:
  explicit ServerSentEvents(ResponseWriter& response) : response_(response) {}

  /// The head of the answer; called first.
  Task<Result<void>> start();
  /// One message. `data` may have several lines; `event` and `id` have one (a line break in them would be read as
  /// another field, so it is an InvalidInput error) and may be empty, for none.
  Task<Result<void>> send(std::string event, std::string data, std::string id);
  /// Keeps proxies from closing a quiet stream, and shows that the peer is still there.
  Task<Result<void>> ping();

 private:
  ResponseWriter& response_;
};

}  // namespace spotkeeper::net
