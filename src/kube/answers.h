// What the API server can say to an eviction or a delete, told apart (eviction.go of the API server; the table in
// docs/kubernetes.md).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/names.h"

namespace spotkeeper::net {
struct HttpResponse;
}

namespace spotkeeper::kube {

enum class EvictOutcome {
  Accepted,              // any 2xx: the pod is ending
  Gone,                  // 404: no such pod any more
  Replaced,              // 409: the name belongs to another pod now; ours is gone
  BudgetRefused,         // 429, cause DisruptionBudget: allowed again when the budget is
  BudgetStale,           // the same with Retry-After: the budget's status lags behind
  Throttled,             // 429 without that cause: the API server is protecting itself
  SeveralBudgets,        // 500: more than one budget covers the pod; never succeeds
  NamespaceTerminating,  // 403: the namespace is going, and the pod with it
  Forbidden,             // 403 for any other reason: RBAC, a webhook's refusal, an invalid budget
  Contention,            // 504: the server could not update the budget for conflicts
  WebhookFailed,         // an admission webhook could not be asked
  Unreachable,           // no answer: it may or may not have been carried out
  Failed,                // anything else
};
[[nodiscard]] std::string_view name_of(EvictOutcome outcome);

struct EvictAnswer {
  EvictOutcome outcome = EvictOutcome::Failed;
  std::string message;                  // the server's own words
  std::optional<Duration> retry_after;  // where the server said so
};

enum class DeleteOutcome { Accepted, Gone, Replaced };

/// What an answer to POST …/eviction means, in JSON, protobuf or plain text. Never fails: what nobody knows is Failed.
[[nodiscard]] EvictAnswer classify_eviction(const net::HttpResponse& answer);
/// What an answer to DELETE with a UID precondition means; anything but the three outcomes is an error.
Result<DeleteOutcome> classify_delete(const net::HttpResponse& answer);
/// The answer that an exchange without a response is.
[[nodiscard]] EvictAnswer unreachable(const Error& error);

/// An event about something, for `kubectl describe` and `kubectl events` (events.k8s.io/v1).
struct EventNote {
  enum class Type { Normal, Warning };
  Type type = Type::Normal;
  std::string kind;  // of what it is about: "Node", "Pod"
  std::string api_version = "v1";
  NamespaceName ns;  // empty: not namespaced
  std::string name;
  Uid uid;
  std::string reason;  // CamelCase, at most 128 bytes
  std::string action;  // what was done about it, CamelCase, at most 128 bytes
  std::string note;    // at most 1,024 bytes; longer ones are cut
  std::map<std::string, std::string> annotations;
};

}  // namespace spotkeeper::kube
