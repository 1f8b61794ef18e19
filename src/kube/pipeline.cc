#include "kube/pipeline.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "kube/status.h"

namespace spotkeeper::kube {
namespace {

constexpr std::size_t kWarningsRemembered = 256;

// No answer to one request holds up the others of its lane for longer.
constexpr Duration kLongestPause = 1min;

bool says_nothing_was_done(int status) { return status == 429 || status == 503; }

}  // namespace

Pipeline::Pipeline(net::Runtime& runtime, Parts parts, Random random)
    : runtime_(runtime),
      parts_(std::move(parts)),
      random_(random),
      normal_(runtime, {.initial = 16, .least = 1, .most = 64}),
      eviction_(runtime, {.initial = 16, .least = 2, .most = 64}) {}

AdaptiveLimit* Pipeline::limiter(Lane lane) {
  if (lane == Lane::Urgent || lane == Lane::Unlimited) return nullptr;
  return lane == Lane::Eviction ? &eviction_ : &normal_;
}

net::Task<Result<net::HttpRequest>> Pipeline::prepare(const ApiRequest& request, std::uint64_t& generation) {
  auto credentials = co_await parts_.credentials->current();
  if (!credentials) co_return fail(std::move(credentials).error().within("credentials"));
  generation = credentials->generation;
  if (credentials->certificate != certificate_) {
    certificate_ = credentials->certificate;
    if (parts_.use_certificate) parts_.use_certificate(certificate_);
  }
  net::HttpRequest out;
  out.method = request.method;
  out.target = parts_.base_path + request.target;
  out.headers = credentials->headers;
  out.headers.set("Accept", request.accept);
  out.headers.set("User-Agent", parts_.user_agent);
  if (!request.content_type.empty()) out.headers.set("Content-Type", request.content_type);
  out.body = request.body;
  co_return out;
}

net::Task<Result<net::HttpResponse>> Pipeline::exchange(const ApiRequest& request, Steady until) {
  for (int attempt = 0;; ++attempt) {
    std::uint64_t generation = 0;
    auto prepared = co_await prepare(request, generation);
    if (!prepared) co_return fail(std::move(prepared).error());
    net::HttpTransport* transport = request.lane == Lane::Unlimited ? parts_.lease_transport : parts_.transport;
    const Duration left = until - runtime_.steady();
    if (left <= 0s) co_return fail(ErrorCode::Timeout, "no time is left for it");
    ++stats_.sent;
    auto answer = co_await transport->send(std::move(*prepared), left);
    if (!answer) ++stats_.failed;
    if (!answer || answer->status != 401) co_return answer;
    ++stats_.unauthorized;
    const bool fresh = parts_.credentials->refused(generation);
    if (attempt > 0 || !fresh) co_return answer;
  }
}

net::Task<Result<net::HttpResponse>> Pipeline::one_try(const ApiRequest& request, Steady until) {
  // Credentials may come from a program that hangs, so the whole try stands under the limit and not only the exchange.
  AdaptiveLimit* limit = limiter(request.lane);
  if (limit == nullptr) {
    auto answer = co_await net::with_timeout(runtime_, until - runtime_.steady(), exchange(request, until));
    co_return answer;
  }
  auto permit = co_await limit->acquire(until);
  if (!permit) co_return fail(std::move(permit).error());
  auto answer = co_await net::with_timeout(runtime_, until - runtime_.steady(), exchange(request, until));
  if (answer) learn(request, *answer);
  co_return answer;
}

void Pipeline::learn(const ApiRequest& request, const net::HttpResponse& response) {
  log_warnings(response.headers);
  AdaptiveLimit* limit = limiter(request.lane);
  if (response.status != 429) {
    if (response.status < 500) limit->succeeded();
    return;
  }
  const ApiStatus status = status_of(response);
  if (status.has_cause("DisruptionBudget")) return limit->succeeded();  // a refusal of the budget, not of the server
  ++stats_.throttled;
  limit->throttled(std::min<Duration>(status.retry_after.value_or(0s), kLongestPause));
}

std::optional<Duration> Pipeline::wait_before_retry(const ApiRequest& request, const Result<net::HttpResponse>& answer,
                                                    Backoff& backoff) {
  if (request.retry == Retry::Never) return std::nullopt;
  if (!answer) {
    const ErrorCode code = answer.error().code;
    const bool lost = code == ErrorCode::Unavailable || code == ErrorCode::Timeout;
    if (request.retry != Retry::Ambiguous || !lost) return std::nullopt;
    return backoff.next();
  }
  const auto asked = retry_after_of(answer->headers);
  if (says_nothing_was_done(answer->status)) {
    if (asked) return std::max(*asked, Duration(0)) + random_.between(0s, *asked / 10);
    return backoff.next();
  }
  if (answer->status < 500 || request.retry != Retry::Ambiguous) return std::nullopt;
  return asked ? *asked : backoff.next();
}

net::Task<Result<net::HttpResponse>> Pipeline::send(ApiRequest request) {
  const Steady until = runtime_.steady() + request.limit;
  Duration patience = request.try_limit;
  Backoff backoff({.first = 200ms, .factor = 2.0, .jitter = 0.5, .most = request.longest_wait}, Random(random_.next()));
  for (;;) {
    auto answer = co_await one_try(request, std::min(until, runtime_.steady() + patience));
    const auto wait = wait_before_retry(request, answer, backoff);
    if (!wait || runtime_.steady() + *wait >= until) {
      if (!answer) co_return fail(std::move(answer).error().within(request.method + " " + request.target));
      co_return answer;
    }
    if (!answer && answer.error().code == ErrorCode::Timeout) patience = 2 * request.try_limit;
    ++stats_.retried;
    co_await net::sleep_for(runtime_, *wait);
  }
}

net::Task<Result<std::unique_ptr<net::HttpStream>>> Pipeline::open(ApiRequest request) {
  const Steady until = runtime_.steady() + request.limit;
  for (int attempt = 0;; ++attempt) {
    std::uint64_t generation = 0;
    auto prepared = co_await net::with_timeout(runtime_, until - runtime_.steady(), prepare(request, generation));
    if (!prepared) co_return fail(std::move(prepared).error());
    ++stats_.sent;
    auto stream = co_await parts_.transport->open(std::move(*prepared), until - runtime_.steady());
    if (!stream) {
      ++stats_.failed;
      // Without its query, whose time-out is drawn anew each time: the same trouble reads the same.
      const std::string path = request.target.substr(0, request.target.find('?'));
      co_return fail(std::move(stream).error().within(request.method + " " + path));
    }
    log_warnings((*stream)->headers());
    if ((*stream)->status() != 401) co_return std::move(*stream);
    ++stats_.unauthorized;
    const bool fresh = parts_.credentials->refused(generation);
    if (attempt > 0 || !fresh) co_return std::move(*stream);
  }
}

void Pipeline::log_warnings(const net::HttpHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, "Warning") || warned_.size() >= kWarningsRemembered) continue;
    if (warned_.insert(value).second) log::warn("the API server warns", {{"warning", value}});
  }
}

}  // namespace spotkeeper::kube
