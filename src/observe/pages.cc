#include "observe/pages.h"

#include <utility>

#include "base/text.h"

namespace spotkeeper::observe {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

net::HttpResponse page(int status, std::string_view type, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", type);
  response.headers.set("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

net::HttpResponse verdict(const std::function<Problems()>& check, const std::string& good) {
  const Problems problems = check ? check() : Problems();
  if (problems.empty()) return page(200, kPlain, good);
  return page(503, kPlain, join(problems, "\n") + "\n");
}

net::Task<void> answer(const PageSources& sources, const net::ServerRequest& request, net::ResponseWriter& writer) {
  net::HttpResponse response = answer_page(sources, request.method, request.target);
  // A peer that has gone away needs no answer.
  const Result<void> sent = co_await writer.send(std::move(response));
  static_cast<void>(sent);
}

}  // namespace

net::HttpResponse answer_page(const PageSources& sources, std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const bool known = path == "/metrics" || path == sources.health_path || path == "/readyz";
  if (!known) return page(404, kPlain, "not found; there are /metrics, " + sources.health_path + " and /readyz\n");
  if (method != "GET" && method != "HEAD") {
    net::HttpResponse refused = page(405, kPlain, "only GET and HEAD\n");
    refused.headers.set("Allow", "GET, HEAD");
    return refused;
  }
  if (path == sources.health_path) return verdict(sources.unhealthy, sources.health_body);
  if (path == "/readyz") return verdict(sources.unready, "ok\n");
  if (sources.before_metrics) sources.before_metrics();
  return page(200, MetricsRegistry::kContentType, sources.metrics != nullptr ? sources.metrics->text() : std::string());
}

Result<std::unique_ptr<net::HttpServer>> serve_pages(net::EventLoop& loop, const net::SocketAddress& address,
                                                     PageSources sources) {
  net::HttpServerOptions options;
  options.limits.body_bytes = std::uint64_t{64} * 1024;
  options.max_connections = 64;
  const auto shared = std::make_shared<PageSources>(std::move(sources));
  return net::HttpServer::listen(
      loop, address,
      [shared](const net::ServerRequest& request, net::ResponseWriter& writer) {
        return answer(*shared, request, writer);
      },
      options);
}

}  // namespace spotkeeper::observe
