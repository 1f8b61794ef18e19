// What the agent and the executor need of a cluster. Two implementations: control/kube_cluster.h over the Kubernetes
// API, and the simulator's over its world (with latency, watch lag, refusals and partial views). The code above can't
// tell. And where what people are told goes to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/answers.h"
#include "model/node.h"
#include "model/snapshot.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::observe {
struct Notification;
}

namespace spotkeeper::control {

/// A part of the cluster, kept up to date while this object lives.
class ClusterView {
 public:
  ClusterView() = default;
  ClusterView(const ClusterView&) = delete;
  ClusterView& operator=(const ClusterView&) = delete;
  virtual ~ClusterView() = default;

  /// What must be known for anything to be decided has been listed once. Nothing is decided before.
  [[nodiscard]] virtual bool synced() const = 0;
  /// Nothing is known to be missing from the snapshot. A view may be synced without: a list that is refused for good
  /// must not keep a pod from being told to end in time. Then only what needs no more than the pod itself is decided.
  [[nodiscard]] virtual bool complete() const = 0;
  /// Which watches make no step of their own any more, for people: neither hearing something nor failing within the
  /// time that either may take, at `now`. An API server that is away or refuses is none of that. Empty: all are well.
  [[nodiscard]] virtual std::vector<std::string> stuck(Steady now) const = 0;
  [[nodiscard]] virtual const Snapshot& snapshot() const = 0;
  /// Notified after every change of `snapshot()` or `synced()`.
  [[nodiscard]] virtual net::Signal& changed() = 0;
  /// The API accepted the end of that pod (eviction or delete): until the watch says so itself, the snapshot shows the
  /// pod as terminating and, after an eviction that its budgets had to allow (`budgets_asked`: none is for a pod that
  /// was ending before), they have one disruption less. Without it the lag of the watch would make us act twice.
  virtual void assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked) = 0;
};

class ClusterApi {
 public:
  ClusterApi() = default;
  ClusterApi(const ClusterApi&) = delete;
  ClusterApi& operator=(const ClusterApi&) = delete;
  virtual ~ClusterApi() = default;

  virtual net::Task<Result<Node>> get_node(NodeName node) = 0;
  /// One PATCH. Conflict where the change carries a version and the Node has moved on.
  virtual net::Task<Result<Node>> patch_node(NodeChange change) = 0;
  virtual net::Task<kube::EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace) = 0;
  virtual net::Task<Result<kube::DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace) = 0;
  /// Queued and sent when there is time; dropped rather than ever waited for.
  virtual void emit(kube::EventNote note) = 0;

  /// That Node alone: what an idle agent watches.
  virtual std::unique_ptr<ClusterView> view_node(NodeName node) = 0;
  /// What a drain of that node needs: all Nodes, the pods on it, and the pods and budgets of every namespace that has a
  /// pod on it.
  virtual std::unique_ptr<ClusterView> view_around(NodeName node) = 0;
};

/// Brings people the news of an interruption. Nothing ever waits for it but the end of the process.
class Messenger {
 public:
  Messenger() = default;
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;
  virtual ~Messenger() = default;

  /// Takes it over and returns at once. The same moment of the same interruption is told once, however often it comes.
  virtual void tell(const observe::Notification& news) = 0;
  /// Goes on when everything has been sent or given up, or after `limit`.
  virtual net::Task<void> flush(Duration limit) = 0;
};

}  // namespace spotkeeper::control
