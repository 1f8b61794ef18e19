// The service behind the traffic of the end-to-end tests: what it answers, and how it ends.
//
// A request is any target but the probes'. Its fields:
//   X-Request-Id   what the request is called, in the log and in the answer; without it nothing is logged
//   X-Takes        how long it is worked on before the answer is sent ("250ms"; default 0s, at most 20s)
//   X-Streams      "yes": the head of the answer is sent at once, and the body when the work is done
// The answer is 200 with X-Request-Id, X-Served-By (the server's name) and a body of the id and a line's end; 400 for a
// field that can't be understood. /ready is 200 once `ready_after` has passed since the start, else 503; /live is 200.
//
// The log has one line for each id when it comes and one when its answer has been handed to the kernel, one for the
// signal that it obeys in order, and a last one when it ends by itself, in order or not; who is killed has no such
// line:
//   1767225600.123 received ID
//   1767225600.373 answered ID
//   1767225601.001 ending SIGTERM
//   1767225616.001 ended SIGTERM
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/task.h"

namespace spotkeeper::tools {

inline constexpr Duration kLongestWork = 20s;

/// What a request asks for.
struct Order {
  std::string id;  // empty: it has none
  Duration takes{};
  bool streams = false;
};
Result<Order> parse_order(const net::HttpHeaders& headers);

/// Lines for a file descriptor, written a little later in one piece: when `kFlushAfter` has passed since the first of
/// them, and at the end. A line that can't be written is dropped: the client's own count is what decides.
class RequestLog {
 public:
  static constexpr Duration kFlushAfter = 100ms;

  RequestLog(net::Runtime& runtime, int fd) : runtime_(runtime), fd_(fd) {}
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;
  ~RequestLog() { flush(); }

  void add(std::string_view word, std::string_view id);
  void flush();

 private:
  net::Runtime& runtime_;
  int fd_;
  std::string pending_;
  net::ScopedCall later_;
};

struct ServiceConfig {
  std::string name;  // X-Served-By
  Duration ready_after{};
  Duration linger = 15s;  // after SIGTERM: how long it goes on answering, each answer the last of its connection
  Duration finish = 30s;  // and then, with nothing accepted any more, for what is under way
  bool abrupt = false;    // SIGTERM ends it at once instead
};

class Service {
 public:
  /// The loop outlives it.
  static Result<std::unique_ptr<Service>> start(net::EventLoop& loop, const net::SocketAddress& address,
                                                ServiceConfig config, int log_fd);
  [[nodiscard]] const net::SocketAddress& address() const { return server_->address(); }
  /// Works until SIGTERM has come and what follows it is over. SIGINT ends it at once.
  net::Task<void> run();
  /// What SIGTERM sets going.
  net::Task<void> end();

 private:
  Service(net::EventLoop& loop, ServiceConfig config, int log_fd);
  net::Task<void> answer(const net::ServerRequest& request, net::ResponseWriter& writer);
  net::Task<void> serve(Order order, net::ResponseWriter& writer);
  [[nodiscard]] net::HttpResponse probe(std::string_view target) const;

  net::EventLoop& loop_;
  ServiceConfig config_;
  Steady started_;
  RequestLog log_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace spotkeeper::tools
