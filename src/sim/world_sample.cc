// What a run's time series shows of the world at one instant.
#include <algorithm>

#include "sim/clients.h"
#include "sim/endpoints.h"
#include "sim/state.h"

namespace spotkeeper::sim {

std::vector<std::string> World::services() const {
  std::vector<std::string> names;
  names.reserve(state_->endpoints->count());
  for (ServiceId id = 0; id < state_->endpoints->count(); ++id) names.push_back(state_->endpoints->name_of(id).str());
  return names;
}

Sample World::sample() const {
  const State& state = *state_;
  Sample sample;
  sample.lost = state.clients->report().lost();
  sample.retries = state.clients->report().retries;
  for (ServiceId id = 0; id < state.endpoints->count(); ++id) sample.serving.push_back(state.endpoints->serving(id));
  for (const Machine& machine : state.machines) {
    const auto* object = state.store.get<NodeObject>({{}, machine.name.str()});
    if (!machine.alive || object == nullptr) {
      ++sample.nodes.gone;
      continue;
    }
    const Node& node = object->node;
    const bool marked = std::any_of(node.taints.begin(), node.taints.end(),
                                    [](const Taint& taint) { return taint.key.starts_with("spotkeeper.dev/"); });
    ++(!node.ready          ? sample.nodes.booting
       : node.unschedulable ? sample.nodes.cordoned
       : marked             ? sample.nodes.marked
                            : sample.nodes.ready);
  }
  return sample;
}

}  // namespace spotkeeper::sim
