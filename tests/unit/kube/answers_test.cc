#include "kube/answers.h"

#include <gtest/gtest.h>

#include "format/json.h"
#include "kube/codec/translate.h"
#include "net/http.h"

namespace spotkeeper::kube {
namespace {

net::HttpResponse text_answer(int status, std::string body, net::HttpHeaders headers = {}) {
  headers.set("Content-Type", "text/plain; charset=utf-8");
  return {status, std::move(headers), std::move(body)};
}

wire::Status status_object(int code, std::string_view reason, std::string_view message, std::string_view cause = {}) {
  wire::Status out;
  out.status = code < 300 ? "Success" : "Failure";
  out.code = code;
  out.reason = reason;
  out.message = message;
  if (!cause.empty()) {
    out.details.emplace();
    out.details->causes.push_back({cause, "", ""});
  }
  return out;
}

net::HttpResponse json_answer(const wire::Status& status, net::HttpHeaders headers = {}) {
  headers.set("Content-Type", "application/json");
  return {status.code, std::move(headers), format::write_json(to_json_document(status))};
}

net::HttpResponse protobuf_answer(const wire::Status& status, net::HttpHeaders headers = {}) {
  headers.set("Content-Type", "application/vnd.kubernetes.protobuf");
  return {status.code, std::move(headers), to_protobuf_document(status)};
}

constexpr std::string_view kBudget = "Cannot evict pod as it would violate the pod's disruption budget.";

struct Row {
  const char* what;
  net::HttpResponse answer;
  EvictOutcome outcome;
};

TEST(EvictAnswer, TellsEveryRowOfTheTableApart) {
  const auto uid_conflict =
      status_object(409, "Conflict",
                    "Operation cannot be fulfilled on Pod \"a\": the UID in the precondition (1) does "
                    "not match the UID in record (2). The object might have been deleted and then recreated");
  const auto changed =
      status_object(409, "Conflict", "Operation cannot be fulfilled on pods \"a\": the object has been modified");
  const auto refused = status_object(429, "TooManyRequests", kBudget, "DisruptionBudget");
  const auto stale_old = status_object(
      429, "TooManyRequests", "The disruption budget web is still being processed by the server.", "DisruptionBudget");
  auto stale_field = refused;
  stale_field.details->retry_after_seconds = 10;
  const auto several = status_object(
      500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  const auto contention =
      status_object(504, "Timeout", "Timeout: couldn't update PodDisruptionBudget \"web\" due to conflicts");
  const auto webhook =
      status_object(500, "InternalError", "Internal error occurred: failed calling webhook \"a.b\": timeout");
  const auto denied = status_object(400, "BadRequest", "admission webhook \"a.b\" denied the request: not today");

  const Row rows[] = {
      {"201", json_answer(status_object(201, "", "")), EvictOutcome::Accepted},
      {"200", json_answer(status_object(200, "", "")), EvictOutcome::Accepted},
      {"404", json_answer(status_object(404, "NotFound", "pods \"a\" not found")), EvictOutcome::Gone},
      {"409 about the UID", json_answer(uid_conflict), EvictOutcome::Replaced},
      {"409 about anything else", json_answer(changed), EvictOutcome::Contention},
      {"429 of a budget", json_answer(refused), EvictOutcome::BudgetRefused},
      {"429 of a stale budget", json_answer(refused, {{"Retry-After", "10"}}), EvictOutcome::BudgetStale},
      {"429 of a stale budget, in details", json_answer(stale_field), EvictOutcome::BudgetStale},
      {"429 of a stale budget, old server", json_answer(stale_old), EvictOutcome::BudgetStale},
      {"429 of priority and fairness",
       text_answer(429, "Too many requests, please try again later.\n", {{"Retry-After", "1"}}),
       EvictOutcome::Throttled},
      {"403 of a namespace that ends", json_answer(status_object(403, "Forbidden", "", "NamespaceTerminating")),
       EvictOutcome::NamespaceTerminating},
      {"403 of RBAC", json_answer(status_object(403, "Forbidden", "pods \"a\" is forbidden")), EvictOutcome::Forbidden},
      {"500 of several budgets", json_answer(several), EvictOutcome::SeveralBudgets},
      {"504 of conflicts", json_answer(contention), EvictOutcome::Contention},
      {"500 of a webhook that can't be asked", json_answer(webhook), EvictOutcome::WebhookFailed},
      {"a webhook that says no", json_answer(denied), EvictOutcome::Forbidden},
      {"502 of a proxy", {502, {{"Content-Type", "text/html"}}, "<html>Bad Gateway</html>"}, EvictOutcome::Unreachable},
      {"503", text_answer(503, "no"), EvictOutcome::Unreachable},
      {"400", json_answer(status_object(400, "BadRequest", "name in URL does not match")), EvictOutcome::Failed},
      {"500 of anything else", json_answer(status_object(500, "InternalError", "boom")), EvictOutcome::Failed},
      {"garbage", {429, {}, std::string("k8s\0\xff\xff", 6)}, EvictOutcome::Throttled},
  };
  for (const Row& row : rows)
    EXPECT_EQ(name_of(classify_eviction(row.answer).outcome), name_of(row.outcome)) << row.what;
}

TEST(EvictAnswer, IsTheSameInProtobuf) {
  auto refused = status_object(429, "TooManyRequests", kBudget, "DisruptionBudget");
  EXPECT_EQ(classify_eviction(protobuf_answer(refused)).outcome, EvictOutcome::BudgetRefused);
  refused.details->retry_after_seconds = 10;
  const EvictAnswer stale = classify_eviction(protobuf_answer(refused));
  EXPECT_EQ(stale.outcome, EvictOutcome::BudgetStale);
  EXPECT_EQ(stale.retry_after, std::optional<Duration>(10s));
  EXPECT_EQ(stale.message, kBudget);
}

TEST(EvictAnswer, KeepsTheServersWordsAndItsRetryAfter) {
  const EvictAnswer answer = classify_eviction(text_answer(429, "Too many requests.\nmore", {{"retry-after", "7"}}));
  EXPECT_EQ(answer.message, "Too many requests.");
  EXPECT_EQ(answer.retry_after, std::optional<Duration>(7s));
}

TEST(DeleteAnswer, TellsAcceptedGoneAndReplacedFromErrors) {
  EXPECT_EQ(classify_delete(json_answer(status_object(200, "", ""))).value(), DeleteOutcome::Accepted);
  EXPECT_EQ(classify_delete({202, {}, R"({"kind":"Pod","apiVersion":"v1"})"}).value(), DeleteOutcome::Accepted);
  EXPECT_EQ(classify_delete(json_answer(status_object(404, "NotFound", ""))).value(), DeleteOutcome::Gone);
  const auto replaced =
      status_object(409, "Conflict", "Precondition failed: UID in precondition: 1, UID in object meta: 2");
  EXPECT_EQ(classify_delete(json_answer(replaced)).value(), DeleteOutcome::Replaced);
  EXPECT_EQ(classify_delete(json_answer(status_object(403, "Forbidden", "no"))).error().code, ErrorCode::Forbidden);
  EXPECT_EQ(classify_delete(text_answer(429, "later")).error().code, ErrorCode::Throttled);
}

}  // namespace
}  // namespace spotkeeper::kube
