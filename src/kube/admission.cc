#include "kube/admission.h"

#include <set>
#include <string>
#include <utility>

#include "kube/resource.h"

namespace spotkeeper::kube {
namespace {

using format::JsonField;
using format::JsonValue;

constexpr Resource kValidating{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                               "ValidatingWebhookConfiguration", false};
constexpr Resource kMutating{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                             "MutatingWebhookConfiguration", false};
constexpr std::string_view kPage = "20";

Result<AdmissionBackend> backend_of(const ObjectName& service, const JsonValue& object) {
  SK_TRY(const auto selector, JsonField(object)["spec"]["selector"].string_map());
  AdmissionBackend backend{service, {}};
  for (const auto& [key, value] : selector) backend.selector.set(key, value);
  return backend;
}

/// Adds what the next page of a list names, and says where the one after it begins; empty: nowhere.
Result<std::string> take_page(const JsonValue& page, std::set<ObjectName>& services) {
  SK_TRY(auto named, services_of_webhooks(page));
  services.insert(named.begin(), named.end());
  return JsonField(page)["metadata"]["continue"].get_or("");
}

net::Task<Result<void>> list_webhooks(Client& client, Resource resource, std::set<ObjectName>& services) {
  std::string next;
  do {
    Query query{{"limit", std::string(kPage)}};
    if (!next.empty()) query.emplace_back("continue", next);
    std::string target = target_of(resource, {}, {}, {}, query);
    Result<JsonValue> page = co_await client.get(std::move(target));
    if (!page) co_return fail(std::move(page).error());
    Result<std::string> after = take_page(*page, services);
    if (!after) co_return fail(std::move(after).error());
    next = *std::move(after);
  } while (!next.empty());
  co_return Result<void>();
}

}  // namespace

Result<std::vector<ObjectName>> services_of_webhooks(const JsonValue& configurations) {
  std::vector<ObjectName> services;
  SK_TRY(const auto items, JsonField(configurations)["items"].elements());
  for (const JsonField& item : items) {
    SK_TRY(const auto webhooks, item["webhooks"].elements());
    for (const JsonField& webhook : webhooks) {
      SK_TRY(const auto policy, webhook["failurePolicy"].get_or("Fail"));
      const JsonField service = webhook["clientConfig"]["service"];
      if (policy != "Fail" || !service.present()) continue;
      SK_TRY(auto ns, service["namespace"].as<std::string>());
      SK_TRY(auto name, service["name"].as<std::string>());
      services.push_back({NamespaceName(ns), std::move(name)});
    }
  }
  return services;
}

net::Task<Result<std::vector<AdmissionBackend>>> read_admission_backends(Client& client) {
  std::set<ObjectName> services;
  Result<void> validating = co_await list_webhooks(client, kValidating, services);
  if (!validating) co_return fail(std::move(validating).error());
  Result<void> mutating = co_await list_webhooks(client, kMutating, services);
  if (!mutating) co_return fail(std::move(mutating).error());
  std::vector<AdmissionBackend> backends;
  for (const ObjectName& service : services) {
    std::string target = target_of(kServices, service.ns, service.name);
    Result<JsonValue> object = co_await client.get(std::move(target));
    if (!object && object.error().code == ErrorCode::NotFound) continue;
    if (!object) co_return fail(std::move(object).error());
    Result<AdmissionBackend> backend = backend_of(service, *object);
    if (!backend) co_return fail(std::move(backend).error());
    backends.push_back(*std::move(backend));
  }
  co_return backends;
}

}  // namespace spotkeeper::kube
