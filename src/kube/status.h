// metav1.Status: what the API server says when it does not answer with an object.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace spotkeeper::kube {

struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
  friend bool operator==(const StatusCause&, const StatusCause&) = default;
};

struct ApiStatus {
  int code = 0;  // as HTTP has it
  bool success = false;
  std::string reason;  // "Conflict", "Expired"…; empty where there is none
  std::string message;
  std::vector<StatusCause> causes;
  std::optional<Duration> retry_after;  // of the header Retry-After; else details.retryAfterSeconds
  bool structured = false;              // it was a Status; else text of a proxy, of priority and fairness, or nothing

  [[nodiscard]] bool has_cause(std::string_view cause) const;
};

/// Reads a Status in JSON or in Kubernetes' protobuf, told apart by its first bytes.
Result<ApiStatus> parse_status(std::string_view body);

/// The status of any answer: what comes as neither JSON nor protobuf (API priority and fairness, a server that shuts
/// down and proxies send plain text or HTML) has its first line as the message.
[[nodiscard]] ApiStatus status_of(const net::HttpResponse& response);

/// Retry-After in seconds (the API server never sends a date).
[[nodiscard]] std::optional<Duration> retry_after_of(const net::HttpHeaders& headers);

/// The error that a refused request is, with the server's own words.
[[nodiscard]] Error error_of(const ApiStatus& status);

}  // namespace spotkeeper::kube
