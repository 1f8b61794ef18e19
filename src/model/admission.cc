#include "model/admission.h"

#include <algorithm>

namespace spotkeeper {

bool AdmissionBackend::selects(const ObjectName& pod, const Labels& labels) const {
  return !selector.empty() && pod.ns == service.ns && std::ranges::all_of(selector, [&](const Labels::Entry& wanted) {
    const std::string* const value = labels.find(wanted.first);
    return value != nullptr && *value == wanted.second;
  });
}

}  // namespace spotkeeper
