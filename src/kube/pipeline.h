// What every request to the API server goes through: credentials, the client-side limit, a time limit over all tries,
// waiting when the server asks for it, and one more try with fresh credentials after a 401.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/backoff.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "kube/credentials.h"
#include "kube/limiter.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/task.h"

namespace spotkeeper::kube {

inline constexpr std::string_view kAcceptJson = "application/json";
/// Built-in kinds come as protobuf; what the server has as JSON only (custom resources, aggregated APIs) as that.
inline constexpr std::string_view kAcceptProtobuf = "application/vnd.kubernetes.protobuf, application/json";

/// Who waits for whom. A flood of status patches delays no eviction.
enum class Lane {
  Normal,
  Eviction,
  Urgent,     // deletes of pods: never queued, whatever became of evictions
  Unlimited,  // leases and watches: never queued, and leases on connections of their own
};

/// What may be done with a request that did not get through.
enum class Retry {
  Never,      // one try: the caller decides (evictions)
  Refused,    // tried again where the server said that it did nothing (429, 503 with Retry-After)
  Ambiguous,  // also where nobody knows whether it was carried out: for requests that may be carried out twice
};

struct ApiRequest {
  std::string method = "GET";
  std::string target;
  std::string content_type;  // empty: no body
  std::string body;
  std::string_view accept = kAcceptJson;
  Lane lane = Lane::Normal;
  Retry retry = Retry::Ambiguous;
  Duration limit = 30s;  // for all tries and waits together
  /// For the first try, where less, twice that for others: a server that has died must not cost all, a slow one more.
  Duration try_limit = 30s;
  /// Between two tries, where the server does not say how long.
  Duration longest_wait = 5s;
};

struct PipelineStats {
  std::uint64_t sent = 0;
  std::uint64_t throttled = 0;  // 429 that was not about a budget
  std::uint64_t retried = 0;
  std::uint64_t unauthorized = 0;  // 401
  std::uint64_t failed = 0;        // no answer
};

class Pipeline {
 public:
  struct Parts {
    net::HttpTransport* transport = nullptr;
    net::HttpTransport* lease_transport =
        nullptr;  // for Lane::Unlimited exchanges that are not streams; may be the same
    CredentialSource* credentials = nullptr;
    /// Called when the client certificate changed: new connections are to use it. May be empty.
    std::function<void(const ClientCertificate&)> use_certificate;
    std::string base_path;  // of the configured server, without a slash at its end
    std::string user_agent = "spotkeeper";
  };

  Pipeline(net::Runtime& runtime, Parts parts, Random random);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Any status is an answer; an error means that there was none within the limit.
  net::Task<Result<net::HttpResponse>> send(ApiRequest request);
  /// The head of an answer that is read as it comes (watches). No retry but after a 401.
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(ApiRequest request);

  [[nodiscard]] net::Runtime& runtime() { return runtime_; }
  [[nodiscard]] const PipelineStats& stats() const { return stats_; }
  [[nodiscard]] const AdaptiveLimit& limit_of(Lane lane) const { return lane == Lane::Eviction ? eviction_ : normal_; }

 private:
  net::Task<Result<net::HttpRequest>> prepare(const ApiRequest& request, std::uint64_t& generation);
  net::Task<Result<net::HttpResponse>> one_try(const ApiRequest& request, Steady until);
  net::Task<Result<net::HttpResponse>> exchange(const ApiRequest& request, Steady until);
  [[nodiscard]] std::optional<Duration> wait_before_retry(const ApiRequest& request,
                                                          const Result<net::HttpResponse>& answer, Backoff& backoff);
  void learn(const ApiRequest& request, const net::HttpResponse& response);
  void log_warnings(const net::HttpHeaders& headers);
  AdaptiveLimit* limiter(Lane lane);

  net::Runtime& runtime_;
  Parts parts_;
  Random random_;
  AdaptiveLimit normal_;
  AdaptiveLimit eviction_;
  ClientCertificate certificate_;
  std::set<std::string> warned_;
  PipelineStats stats_;
};

}  // namespace spotkeeper::kube
