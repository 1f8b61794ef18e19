#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cloud/aws/imds.h"
#include "net/cut_short.h"
#include "net/http_date.h"

namespace spotkeeper::aws {
namespace {

constexpr std::string_view kTokenHeader = "X-aws-ec2-metadata-token";
constexpr std::string_view kTokenLifeHeader = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr Duration kTokenRetry = 5s;  // while the old token still holds

AnswerKind kind_of(const Error& error) {
  if (net::is_cut_short(error)) return AnswerKind::Half;
  switch (error.code) {
    case ErrorCode::Timeout: return AnswerKind::Timeout;
    case ErrorCode::InvalidInput: return AnswerKind::Garbage;
    default: return AnswerKind::Unreachable;
  }
}

AnswerKind kind_of(const net::HttpResponse& response) {
  if (response.status == 200) return trim(response.body).empty() ? AnswerKind::Half : AnswerKind::Found;
  if (response.status == 404) return AnswerKind::None;
  if (response.status == 401) return AnswerKind::Unauthorized;
  if (response.status >= 400 && response.status < 500) return AnswerKind::Refused;
  if (response.status >= 500 && response.status < 600) return AnswerKind::ServerError;
  return AnswerKind::Unexpected;
}

}  // namespace

std::string_view name_of(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::Found: return "found";
    case AnswerKind::None: return "none";
    case AnswerKind::Unauthorized: return "unauthorized";
    case AnswerKind::Refused: return "refused";
    case AnswerKind::ServerError: return "server-error";
    case AnswerKind::Timeout: return "timeout";
    case AnswerKind::Unreachable: return "unreachable";
    case AnswerKind::Half: return "half";
    case AnswerKind::Garbage: return "garbage";
    case AnswerKind::Unexpected: return "unexpected";
  }
  return "unexpected";
}

void SkewEstimate::learn(Instant date, Steady sent, Steady received) {
  // When the Date was taken, our clock stood between `sent` and `received`, and the service's between `date` and a
  // second after it.
  const Duration least = date.time_since_epoch() - received.time_since_epoch();
  const Duration most = date.time_since_epoch() + Duration(1s) - sent.time_since_epoch();
  // Clocks drift, so what was learnt before is worth a little less each time.
  constexpr Duration drift = 1ms;
  const Duration both_least = least_ ? std::max(*least_ - drift, least) : least;
  const Duration both_most = most_ ? std::min(*most_ + drift, most) : most;
  const bool agree = both_least <= both_most;  // else the service's clock has jumped
  least_ = agree ? both_least : least;
  most_ = agree ? both_most : most;
}

std::optional<Duration> SkewEstimate::skew(Instant wall, Steady steady) const {
  if (!least_) return std::nullopt;
  const Duration ours = wall.time_since_epoch() - steady.time_since_epoch();
  return ours - std::clamp(ours, *least_, std::max(*least_, *most_));
}

ImdsClient::ImdsClient(net::Runtime& runtime, net::HttpTransport& transport, ImdsConfig config, Counter counter)
    : runtime_(runtime), transport_(transport), config_(config), counter_(std::move(counter)) {}

void ImdsClient::count(std::string_view what, AnswerKind kind) const {
  if (counter_) counter_(what, kind);
}

net::Task<MetadataAnswer> ImdsClient::exchange(net::HttpRequest request, std::string what) {
  const Steady sent = runtime_.steady();
  Result<net::HttpResponse> response = co_await transport_.send(std::move(request), config_.timeout);
  MetadataAnswer answer;
  if (!response) {
    answer.kind = kind_of(response.error());
    answer.problem = response.error().message;
  } else {
    answer.kind = kind_of(*response);
    if (const auto text = response->headers.find("Date")) {
      if (const auto date = net::parse_http_date(*text)) skew_.learn(*date, sent, runtime_.steady());
    }
    if (answer.kind == AnswerKind::Half) {
      answer.problem = "an empty answer";
    } else if (answer.kind != AnswerKind::Found && answer.kind != AnswerKind::None) {
      answer.problem = "status " + std::to_string(response->status) + ": " + quote(response->body);
    }
    answer.body = std::move(response->body);
  }
  // A body counts as found only when somebody has understood it.
  if (answer.kind != AnswerKind::Found) count(what, answer.kind);
  co_return answer;
}

net::Task<MetadataAnswer> ImdsClient::ask_token() {
  net::HttpRequest request;
  request.method = "PUT";
  request.target = "/latest/api/token";
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(config_.token_ttl);
  request.headers.set(kTokenLifeHeader, std::to_string(life.count()));
  const Steady asked = runtime_.steady();
  MetadataAnswer answer = co_await exchange(std::move(request), "token");
  if (answer.kind == AnswerKind::Found) {
    const bool sound = answer.body.size() <= 1024 && std::ranges::all_of(answer.body, [](char c) {
                         return c > ' ' && c < '\x7f';  // it goes into a header
                       });
    if (sound) {
      const Duration reserve = std::max(std::min(config_.token_reserve, config_.token_ttl / 2), config_.token_ttl / 10);
      token_ = Token{answer.body, asked + config_.token_ttl - reserve, asked + config_.token_ttl};
    } else {
      answer.kind = AnswerKind::Garbage;
      answer.problem = "not a token: " + quote(answer.body);
    }
    count("token", answer.kind);
  }
  co_return answer;
}

net::Task<MetadataAnswer> ImdsClient::ensure_token() {
  MetadataAnswer ready;
  ready.kind = AnswerKind::Found;
  const Steady now = runtime_.steady();
  if (without_token_ || (token_ && now < token_->renew)) co_return ready;
  MetadataAnswer answer = co_await ask_token();
  if (answer.kind == AnswerKind::Found) co_return ready;
  if (token_ && runtime_.steady() < token_->ends) {
    token_->renew = runtime_.steady() + kTokenRetry;
    co_return ready;
  }
  token_.reset();
  const bool knows_none = answer.kind == AnswerKind::None || answer.kind == AnswerKind::Refused;
  if (knows_none && config_.allow_v1) {
    without_token_ = true;
    co_return ready;
  }
  // "No token" must never be read as "no notice".
  if (answer.kind == AnswerKind::None) answer.kind = AnswerKind::Refused;
  if (answer.problem.empty()) answer.problem = "the service has no tokens (IMDSv1)";
  answer.problem = "asking for a token: " + answer.problem;
  co_return answer;
}

net::Task<MetadataAnswer> ImdsClient::get(std::string path, std::string what) {
  for (bool again = true;; again = false) {
    MetadataAnswer token = co_await ensure_token();
    if (token.kind != AnswerKind::Found) co_return token;
    net::HttpRequest request;
    request.target = "/latest/" + path;
    if (token_) request.headers.set(kTokenHeader, token_->text);
    MetadataAnswer answer = co_await exchange(std::move(request), what);
    if (answer.kind != AnswerKind::Unauthorized || !again) co_return answer;
    token_.reset();
    without_token_ = false;
  }
}

net::Task<std::string> ImdsClient::entry(std::string path) {
  const MetadataAnswer answer = co_await get("meta-data/" + path, "identity");
  if (answer.kind != AnswerKind::Found) co_return std::string();
  count("identity", AnswerKind::Found);
  co_return std::string(trim(answer.body));
}

net::Task<Result<InstanceIdentity>> ImdsClient::identity() {
  MetadataAnswer answer = co_await get("dynamic/instance-identity/document", "identity");
  InstanceIdentity identity;
  if (answer.kind == AnswerKind::Found) {
    Result<InstanceIdentity> parsed = parse_identity(answer.body);
    count("identity", parsed ? AnswerKind::Found : AnswerKind::Garbage);
    if (parsed) {
      identity = std::move(*parsed);
    } else {
      answer.problem = parsed.error().message;
    }
  }
  if (identity.instance_id.empty()) {
    identity.instance_id = co_await entry("instance-id");
    if (identity.instance_id.empty())
      co_return fail(ErrorCode::Unavailable, "the metadata service does not say which instance this is: " +
                                                 (answer.problem.empty() ? "no such document" : answer.problem));
    identity.instance_type = co_await entry("instance-type");
    identity.private_ip = co_await entry("local-ipv4");
    identity.zone = co_await entry("placement/availability-zone");
    identity.region = co_await entry("placement/region");
  }
  identity.life_cycle = co_await entry("instance-life-cycle");
  if (config_.names) {
    identity.local_hostname = co_await entry("local-hostname");
    identity.public_hostname = co_await entry("public-hostname");
    identity.public_ip = co_await entry("public-ipv4");
  }
  co_return identity;
}

}  // namespace spotkeeper::aws
