// What stands behind the API's admission webhooks (ValidatingWebhookConfiguration, MutatingWebhookConfiguration).
#pragma once

#include "model/labels.h"
#include "model/names.h"

namespace spotkeeper {

/// A Service that a webhook with failurePolicy Fail calls. While none of its pods is Ready, the API refuses what the
/// webhook is to be asked about, evictions and new pods among it.
struct AdmissionBackend {
  ObjectName service;
  Labels selector;  // of the Service; an empty one selects nothing
  friend auto operator<=>(const AdmissionBackend&, const AdmissionBackend&) = default;
  [[nodiscard]] bool selects(const ObjectName& pod, const Labels& labels) const;
};

}  // namespace spotkeeper
