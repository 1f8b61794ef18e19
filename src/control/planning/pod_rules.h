// What the API server's validation asks of the fields that decide about placement, and what of them nobody here knows.
#pragma once

#include <optional>

#include "base/result.h"
#include "format/json.h"

namespace spotkeeper::control {

/// Where the pod's spec stands: in a Pod, to which admission has added what it adds, or in a template.
enum class SpecOf { Pod, Template };

/// An InvalidInput says what of a pod's spec can't be understood: an operator that does not exist, maxSkew 0, an amount
/// that is none. Sources: k8s.io/kubernetes pkg/apis/core/validation, as of 1.34.
Result<void> check_pod_spec(const format::JsonField& spec, SpecOf of);

/// The Pod as the API server makes it: what a container has a limit of and no request for, it requests. Nothing where
/// it has all requests already, as every Pod that was stored. (core/v1 defaults.go SetDefaults_Pod.)
[[nodiscard]] std::optional<format::JsonValue> with_default_requests(const format::JsonValue& pod);

/// metav1.LabelSelector.
Result<void> check_selector(const format::JsonField& selector);

}  // namespace spotkeeper::control
