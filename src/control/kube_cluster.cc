#include "control/kube_cluster.h"

#include <algorithm>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "kube/admission.h"
#include "kube/store.h"
#include "net/signal.h"
#include "net/task_group.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kAdmissionAgain = 1min;  // webhooks hardly change; they are read anew this often while a node drains
constexpr Duration kLateStep = 1min;        // what a watch may be late with a step before it counts as stuck

}  // namespace

/// Some collections of the API in one store.
class KubeCluster::View : public ClusterView {
 public:
  explicit View(KubeCluster& cluster)
      : cluster_(cluster), changed_(cluster.runtime_), store_([this] { on_change(); }), group_(cluster.runtime_) {
    cluster_.views_.insert(this);
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() override {
    group_.cancel_all();
    cluster_.views_.erase(this);
  }

  [[nodiscard]] const Snapshot& snapshot() const override { return store_.snapshot(); }
  [[nodiscard]] net::Signal& changed() override { return changed_; }
  [[nodiscard]] bool complete() const override {
    return std::ranges::all_of(feeds_, [](const Feed& feed) { return feed.reflector.synced(); });
  }
  [[nodiscard]] std::vector<std::string> stuck(Steady now) const override {
    std::vector<std::string> problems;
    for (const Feed& feed : feeds_)
      if (now > feed.reflector.step_by() + kLateStep)
        problems.push_back("the watch of " + feed.what + " has not made a step for " +
                           format_duration(now - feed.reflector.heard_at()));
    return problems;
  }

  void assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked) override {
    store_.assume_ending(pod, deletion, budgets_asked, cluster_.runtime_.steady());
    expire();
  }

  void learn(const Node& node) {
    if (snapshot().find_node(node.name) != nullptr) store_.learn(node);
  }

 protected:
  struct Feed {
    Feed(KubeCluster& cluster, kube::Resource resource, kube::WatchScope scope,
         std::unique_ptr<kube::ReflectorSink> into)
        : what(std::string(resource.plural) + (scope.ns.empty() ? "" : " in " + scope.ns.str())),
          sink(std::move(into)),
          reflector(cluster.client_.pipeline(), resource, std::move(scope), *sink, cluster.options_.reflector,
                    Random(cluster.random_.next())) {}
    std::string what;  // for people
    std::unique_ptr<kube::ReflectorSink> sink;
    kube::Reflector reflector;
  };

  Feed& watch(kube::Resource resource, kube::WatchScope scope, std::unique_ptr<kube::ReflectorSink> sink) {
    feeds_.emplace_back(cluster_, resource, std::move(scope), std::move(sink));
    group_.start(feeds_.back().reflector.run());
    return feeds_.back();
  }
  /// Reads which pods stand behind admission webhooks, now and then again. What is known of them is not waited for.
  void watch_admission() { group_.start(follow_admission()); }
  [[nodiscard]] kube::ClusterStore& store() { return store_; }
  [[nodiscard]] net::Runtime& runtime() { return cluster_.runtime_; }
  [[nodiscard]] const Options& options() const { return cluster_.options_; }

  virtual void on_change() { changed_.notify(); }

 private:
  net::Task<void> follow_admission() {
    for (bool told = false;;) {
      Result<std::vector<AdmissionBackend>> read = co_await kube::read_admission_backends(cluster_.client_);
      if (read) {
        store_.learn(*std::move(read));
      } else if (!std::exchange(told, true)) {
        log::warn("which pods serve admission webhooks can't be read; they are moved like others",
                  {{"problem", read.error().message}});
      }
      co_await net::sleep_for(cluster_.runtime_, kAdmissionAgain);
    }
  }

  void expire() {
    const auto next = store_.expire(runtime().steady());
    expiry_ = next ? net::ScopedCall(runtime(), runtime().call_at(*next, [this] { expire(); })) : net::ScopedCall();
  }

  KubeCluster& cluster_;
  net::Signal changed_;
  kube::ClusterStore store_;
  std::list<Feed> feeds_;
  net::ScopedCall expiry_;
  net::TaskGroup group_;  // last: its tasks use all of the above
};

namespace {

class NodeView final : public KubeCluster::View {
 public:
  NodeView(KubeCluster& cluster, const NodeName& node) : View(cluster) {
    kube::WatchScope scope;
    scope.field_selector = "metadata.name=" + node.str();
    watch(kube::kNodes, std::move(scope), store().node_sink());
  }
  [[nodiscard]] bool synced() const override { return complete(); }
};

class AroundView final : public KubeCluster::View {
 public:
  AroundView(KubeCluster& cluster, NodeName node)
      : View(cluster),
        node_(std::move(node)),
        own_pods_(watch(kube::kPods, on_node(node_), store().pod_sink({.ns = {}, .node = node_}))),
        patience_(runtime(),
                  runtime().call_at(runtime().steady() + options().stragglers, [this] { give_up_waiting(); })) {
    watch(kube::kNodes, {}, store().node_sink());
    watch_admission();
  }

  [[nodiscard]] bool synced() const override { return own_pods_.reflector.synced() && (waited_ || complete()); }

 protected:
  void on_change() override {
    follow_namespaces();
    View::on_change();
  }

 private:
  static kube::WatchScope on_node(const NodeName& node) {
    kube::WatchScope scope;
    scope.field_selector = "spec.nodeName=" + node.str();
    return scope;
  }

  void follow_namespaces() {
    for (const Pod* pod : snapshot().pods_on(node_)) {
      if (pod->mirror || pod->is_daemon() || !followed_.insert(pod->name.ns).second) continue;
      kube::WatchScope scope;
      scope.ns = pod->name.ns;
      watch(kube::kPods, scope, store().pod_sink({.ns = scope.ns, .node = {}}));
      watch(kube::kDisruptionBudgets, scope, store().budget_sink(scope.ns));
    }
  }

  void give_up_waiting() {
    waited_ = true;
    if (!complete())
      log::warn("deciding with a partial view: not everything could be listed in time", {{"node", node_.str()}});
    View::on_change();
  }

  NodeName node_;
  std::set<NamespaceName> followed_;
  bool waited_ = false;
  Feed& own_pods_;
  net::ScopedCall patience_;
};

}  // namespace

KubeCluster::KubeCluster(net::Runtime& runtime, kube::Client& client, kube::EventRecorder& events, Options options)
    : runtime_(runtime), client_(client), events_(events), options_(options), random_(options.seed) {}

net::Task<Result<Node>> KubeCluster::get_node(NodeName node) { return client_.get_node(std::move(node)); }

net::Task<Result<Node>> KubeCluster::patch_node(NodeChange change) {
  auto patched = co_await client_.patch_node(std::move(change));
  if (patched) {
    for (View* view : views_) view->learn(*patched);
  }
  co_return patched;
}

net::Task<kube::EvictAnswer> KubeCluster::evict(PodRef pod, std::optional<GracePeriod> grace) {
  return client_.evict(std::move(pod), grace);
}

net::Task<Result<kube::DeleteOutcome>> KubeCluster::delete_pod(PodRef pod, GracePeriod grace) {
  return client_.delete_pod(std::move(pod), grace);
}

void KubeCluster::emit(kube::EventNote note) { events_.emit(std::move(note)); }

std::unique_ptr<ClusterView> KubeCluster::view_node(NodeName node) { return std::make_unique<NodeView>(*this, node); }

std::unique_ptr<ClusterView> KubeCluster::view_around(NodeName node) {
  return std::make_unique<AroundView>(*this, std::move(node));
}

}  // namespace spotkeeper::control
