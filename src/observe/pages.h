// What a process says about itself over HTTP: /metrics, /healthz, /readyz.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "net/address.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/http_server.h"

namespace spotkeeper::observe {

/// Empty: all is well; else what is not, one line each.
using Problems = std::vector<std::string>;

struct PageSources {
  const MetricsRegistry* metrics = nullptr;
  /// /healthz: what only a restart can help. Nothing that another process would suffer from as well belongs here.
  std::function<Problems()> unhealthy;
  /// /readyz: what keeps it from doing its work now.
  std::function<Problems()> unready;
  std::string health_path = "/healthz";
  std::string health_body = "ok\n";      // where nothing is wrong
  std::function<void()> before_metrics;  // brings gauges up to date; may be empty
};

/// 200 with the page, or "ok"; 503 with the problems; 404 for other places, 405 for methods but GET and HEAD.
[[nodiscard]] net::HttpResponse answer_page(const PageSources& sources, std::string_view method,
                                            std::string_view target);

/// Serves the pages until it is destroyed. Port 0 lets the kernel choose.
Result<std::unique_ptr<net::HttpServer>> serve_pages(net::EventLoop& loop, const net::SocketAddress& address,
                                                     PageSources sources);

}  // namespace spotkeeper::observe
