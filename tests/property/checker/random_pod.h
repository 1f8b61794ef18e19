// Random pod specifications.
#pragma once

#include "base/random.h"
#include "format/json.h"

namespace spotkeeper::checker {

/// What the cluster around the pod has, so that what it asks for is now and then there.
struct PodSurroundings {
  bool pools = false;            // there are NodePools
  bool running = false;          // the pod is to be on a node: nothing about where it could go
  int claims = 0;                // claims named "claim-0"… that may be used
  bool other_namespace = false;  // lives in "other" instead of "default"
};

/// {"metadata": {"labels": …}, "spec": {…}}.
format::JsonObject random_pod(Random& random, const PodSurroundings& around);
/// Makes the specification one that the API server would refuse, where placement depends on it.
void break_pod(Random& random, format::JsonObject& pod);

/// One of them.
template <class T>
const T& pick(Random& random, std::initializer_list<T> of) {
  return *(of.begin() + random.below(of.size()));
}
inline std::string pick(Random& random, std::initializer_list<const char*> of) {
  return *(of.begin() + random.below(of.size()));
}

}  // namespace spotkeeper::checker
