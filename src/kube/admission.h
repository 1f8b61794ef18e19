// Which Services stand behind the API's admission webhooks.
#pragma once

#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "kube/client.h"
#include "model/admission.h"
#include "model/names.h"
#include "net/task.h"

namespace spotkeeper::kube {

/// The Services that the webhooks of a ValidatingWebhookConfigurationList or MutatingWebhookConfigurationList call and
/// that are not done without: failurePolicy Fail, which is also what an absent one means (admissionregistration/v1).
/// Webhooks with a `url` name none.
Result<std::vector<ObjectName>> services_of_webhooks(const format::JsonValue& configurations);

/// Reads the configurations of both kinds, a few at a time (each carries certificates), and the Services that they
/// name; only names and selectors are kept. A Service that does not exist is left out.
net::Task<Result<std::vector<AdmissionBackend>>> read_admission_backends(Client& client);

}  // namespace spotkeeper::kube
