#include "sim/serve/node_leases.h"

#include <string>
#include <utility>
#include <vector>

namespace spotkeeper::sim::serve {
namespace {

constexpr std::int32_t kValidSeconds = 40;

}  // namespace

NodeLeases::NodeLeases(World& world) : world_(world), next_(world.now()) {
  const std::string name(kNamespace);
  if (world_.store().find(Kind::Namespace, {{}, name}) == nullptr) world_.add_namespace(name);
}

void NodeLeases::renew() {
  if (world_.now() < next_) return;
  next_ = world_.now() + kEvery;
  const NamespaceName ns{std::string(kNamespace)};
  std::vector<ObjectName> gone;
  for (const auto& [name, object] : world_.store().all(Kind::Lease)) {
    if (name.ns == ns && world_.store().find(Kind::Node, {{}, name.name}) == nullptr) gone.push_back(name);
  }
  for (const ObjectName& name : gone) {
    DeleteCall call;
    call.name = name;
    (void)world_.delete_lease(call);  // nobody else removes it between the look and this
  }
  for (const auto& [name, object] : world_.store().all(Kind::Node)) {
    if (!world_.machine_number(NodeName(name.name)) || !world_.machine_alive(NodeName(name.name))) continue;
    const auto* present = world_.store().get<LeaseObject>({ns, name.name});
    LeaseObject lease = present == nullptr ? LeaseObject{} : *present;
    lease.meta.name = {ns, name.name};
    lease.holder = name.name;
    lease.duration_seconds = kValidSeconds;
    lease.renewed = world_.now();
    (void)world_.put_lease(std::move(lease));  // with the present version it can't be refused
  }
}

}  // namespace spotkeeper::sim::serve
