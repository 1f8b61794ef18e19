#include "kube/answers.h"

#include <array>
#include <utility>

#include "kube/status.h"
#include "net/http.h"

namespace spotkeeper::kube {
namespace {

constexpr std::array<std::pair<EvictOutcome, std::string_view>, 13> kOutcomes{{
    {EvictOutcome::Accepted, "accepted"},
    {EvictOutcome::Gone, "gone"},
    {EvictOutcome::Replaced, "replaced"},
    {EvictOutcome::BudgetRefused, "budget-refused"},
    {EvictOutcome::BudgetStale, "budget-stale"},
    {EvictOutcome::Throttled, "throttled"},
    {EvictOutcome::SeveralBudgets, "several-budgets"},
    {EvictOutcome::NamespaceTerminating, "namespace-terminating"},
    {EvictOutcome::Forbidden, "forbidden"},
    {EvictOutcome::Contention, "contention"},
    {EvictOutcome::WebhookFailed, "webhook-failed"},
    {EvictOutcome::Unreachable, "unreachable"},
    {EvictOutcome::Failed, "failed"},
}};

bool says(const ApiStatus& status, std::string_view words) { return status.message.find(words) != std::string::npos; }

/// "the UID in the precondition (a) does not match the UID in record (b)", or "Precondition failed: UID in
/// precondition: a, UID in object meta: b". A conflict about anything else is not about who the pod is.
bool is_other_pod(const ApiStatus& status) { return status.code == 409 && says(status, "UID in "); }

EvictOutcome too_many_requests(const ApiStatus& status) {
  // Priority and fairness, and a server that shuts down, answer in plain text and name no cause.
  if (!status.has_cause("DisruptionBudget")) return EvictOutcome::Throttled;
  // Old servers send no Retry-After with a stale budget.
  const bool stale = status.retry_after.has_value() || says(status, "being processed by the server");
  return stale ? EvictOutcome::BudgetStale : EvictOutcome::BudgetRefused;
}

EvictOutcome server_error(const ApiStatus& status) {
  if (says(status, "more than one PodDisruptionBudget")) return EvictOutcome::SeveralBudgets;
  if (status.code == 504 && says(status, "due to conflicts")) return EvictOutcome::Contention;
  // A gateway between us and the server, or a server too busy to say: nobody knows whether it was carried out.
  return status.code == 500 ? EvictOutcome::Failed : EvictOutcome::Unreachable;
}

EvictOutcome outcome_of(const ApiStatus& status) {
  if (status.success) return EvictOutcome::Accepted;
  // Webhooks answer with any code.
  if (says(status, "failed calling webhook")) return EvictOutcome::WebhookFailed;
  if (says(status, "admission webhook") && says(status, "denied the request")) return EvictOutcome::Forbidden;
  switch (status.code) {
    case 403:
      return status.has_cause("NamespaceTerminating") ? EvictOutcome::NamespaceTerminating : EvictOutcome::Forbidden;
    case 404: return EvictOutcome::Gone;
    case 409: return is_other_pod(status) ? EvictOutcome::Replaced : EvictOutcome::Contention;
    case 429: return too_many_requests(status);
    default: return status.code >= 500 ? server_error(status) : EvictOutcome::Failed;
  }
}

}  // namespace

std::string_view name_of(EvictOutcome outcome) {
  for (const auto& [each, name] : kOutcomes)
    if (each == outcome) return name;
  return "unknown";
}

EvictAnswer classify_eviction(const net::HttpResponse& answer) {
  ApiStatus status = status_of(answer);
  return {outcome_of(status), std::move(status.message), status.retry_after};
}

Result<DeleteOutcome> classify_delete(const net::HttpResponse& answer) {
  const ApiStatus status = status_of(answer);
  if (status.success) return DeleteOutcome::Accepted;
  if (status.code == 404) return DeleteOutcome::Gone;
  if (is_other_pod(status)) return DeleteOutcome::Replaced;
  return fail(error_of(status));
}

EvictAnswer unreachable(const Error& error) { return {EvictOutcome::Unreachable, error.message, std::nullopt}; }

}  // namespace spotkeeper::kube
