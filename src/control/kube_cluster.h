// The cluster over the Kubernetes API.
#pragma once

#include <memory>
#include <optional>
#include <set>

#include "base/random.h"
#include "control/ports.h"
#include "kube/client.h"
#include "kube/event_recorder.h"
#include "kube/reflector.h"
#include "net/runtime.h"

namespace spotkeeper::control {

class KubeCluster final : public ClusterApi {
 public:
  struct Options {
    kube::ReflectorOptions reflector;
    /// What a drain needs is listed one collection after the other. If some can't be listed (for want of rights, say),
    /// the node's own pods are not kept waiting for the rest for longer than this.
    Duration stragglers = 10s;
    std::uint64_t seed = 1;  // of jitter
  };

  /// All of it outlives the cluster, and the cluster outlives its views and tasks. `events` is run by its owner.
  KubeCluster(net::Runtime& runtime, kube::Client& client, kube::EventRecorder& events)
      : KubeCluster(runtime, client, events, Options()) {}
  KubeCluster(net::Runtime& runtime, kube::Client& client, kube::EventRecorder& events, Options options);

  net::Task<Result<Node>> get_node(NodeName node) override;
  /// Views that watch the Node know its new state when this returns.
  net::Task<Result<Node>> patch_node(NodeChange change) override;
  net::Task<kube::EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace) override;
  net::Task<Result<kube::DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace) override;
  void emit(kube::EventNote note) override;

  std::unique_ptr<ClusterView> view_node(NodeName node) override;
  /// Namespaces in which the node has daemons and static pods only are left out: nothing of them is drained, and every
  /// node has some in kube-system, of which each cluster has thousands. A namespace whose last such pod goes stays in
  /// the view until the view goes.
  std::unique_ptr<ClusterView> view_around(NodeName node) override;

  class View;

 private:
  friend class View;
  net::Runtime& runtime_;
  kube::Client& client_;
  kube::EventRecorder& events_;
  Options options_;
  Random random_;
  std::set<View*> views_;
};

}  // namespace spotkeeper::control
