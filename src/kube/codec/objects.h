// The parts of Kubernetes' API objects that we read or show, each with the numbers and names of its fields.
//
// Numbers: generated.proto of k8s.io/api and k8s.io/apimachinery; names: their Go JSON tags. What is not listed is
// skipped when decoding, so an object decoded here must never be PUT back: what was skipped would be deleted.
// A std::optional is a pointer in Go: absent and zero are different things (an absent LabelSelector matches nothing, an
// empty one everything). Everything else that is absent is zero or empty.
#pragma once

#include "kube/codec/wire_apps.h"
#include "kube/codec/wire_event.h"
#include "kube/codec/wire_groups.h"
#include "kube/codec/wire_meta.h"
#include "kube/codec/wire_node.h"
#include "kube/codec/wire_pod.h"
