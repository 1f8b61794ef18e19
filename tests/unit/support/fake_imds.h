// A metadata service without sockets: answers from a table, checks tokens as the real one does, and fails as told.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/http.h"
#include "net/http_date.h"
#include "net/runtime.h"

namespace spotkeeper::testing {

class FakeImds final : public net::HttpTransport {
 public:
  struct Reply {
    int status = 200;
    std::string body;
    std::optional<ErrorCode> error = std::nullopt;
    Duration delay{};
  };

  explicit FakeImds(net::Runtime& runtime) : runtime_(runtime) {}

  static constexpr const char* kSpot = "/latest/meta-data/spot/instance-action";
  static constexpr const char* kRebalance = "/latest/meta-data/events/recommendations/rebalance";
  static constexpr const char* kScheduled = "/latest/meta-data/events/maintenance/scheduled";
  static constexpr const char* kLifecycle = "/latest/meta-data/autoscaling/target-lifecycle-state";

  /// What is there; everything else is a 404.
  std::map<std::string, Reply> pages;
  /// Asked first, for every request; nothing: the usual answer.
  std::function<std::optional<Reply>(const net::HttpRequest&)> hook;
  bool require_tokens = true;
  bool has_tokens = true;
  /// No request comes to an end any more, whatever its limit: the transport itself is broken.
  bool stands_still = false;
  /// Written into every answer, if set: how far the service's clock is behind this machine's.
  std::optional<Duration> date_behind;
  std::vector<net::HttpRequest> requests;

  void put(const std::string& path, std::string body) { pages[path] = {200, std::move(body)}; }
  void spot(const std::string& action, Instant at) {
    put(kSpot, R"({"action":")" + action + R"(","time":")" + format_rfc3339(at) + R"("})");
  }
  void rebalance(Instant given) { put(kRebalance, R"({"noticeTime":")" + format_rfc3339(given) + R"("})"); }
  void forget_tokens() { tokens_.clear(); }
  [[nodiscard]] std::size_t tokens_given() const { return given_; }
  [[nodiscard]] std::size_t asked(const std::string& path) const {
    std::size_t times = 0;
    for (const auto& request : requests) times += request.target == path ? 1U : 0U;
    return times;
  }

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override {
    const Reply reply = answer(request);
    requests.push_back(request);
    if (stands_still) co_await net::sleep_for(runtime_, std::chrono::hours(24));
    if (reply.delay >= limit) {
      co_await net::sleep_for(runtime_, limit);
      co_return fail(ErrorCode::Timeout, "no answer");
    }
    co_await net::sleep_for(runtime_, reply.delay + 1ms);
    if (reply.error) co_return fail(*reply.error, reply.body.empty() ? "as the test says" : reply.body);
    net::HttpResponse response;
    response.status = reply.status;
    response.body = reply.body;
    if (date_behind) response.headers.set("Date", net::format_http_date(runtime_.now() - *date_behind));
    co_return response;
  }
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest /*request*/, Duration /*limit*/) override {
    co_return fail(ErrorCode::Unsupported, "no streams here");
  }

 private:
  Reply answer(const net::HttpRequest& request) {
    if (hook) {
      if (auto reply = hook(request)) return *reply;
    }
    if (request.target == "/latest/api/token") {
      if (!has_tokens) return {404, "not here"};
      const auto life = request.headers.find("X-aws-ec2-metadata-token-ttl-seconds");
      if (request.method != "PUT" || !life) return {400, "bad"};
      const std::string token = "token-" + std::to_string(++given_);
      tokens_[token] = runtime_.steady() + std::chrono::seconds(std::stoll(std::string(*life)));
      return {200, token};
    }
    std::size_t token_headers = 0;
    for (const auto& [name, value] : request.headers) token_headers += name == "X-aws-ec2-metadata-token" ? 1U : 0U;
    if (token_headers > 1) return {400, "two tokens"};
    if (const auto token = request.headers.find("X-aws-ec2-metadata-token")) {
      const auto known = tokens_.find(std::string(*token));
      if (known == tokens_.end() || known->second <= runtime_.steady()) return {401, "Unauthorized"};
    } else if (require_tokens) {
      return {401, "Unauthorized"};
    }
    const auto page = pages.find(request.target);
    return page == pages.end() ? Reply{404, "<html>404 - Not Found</html>"} : page->second;
  }

  net::Runtime& runtime_;
  std::map<std::string, Steady> tokens_;
  std::size_t given_ = 0;
};

}  // namespace spotkeeper::testing
