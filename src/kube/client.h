// The operations of the Kubernetes API that this product needs, typed where they are about nodes, pods and budgets, and
// as JSON for everything else.
//
// Every call ends within its time limit. Errors carry the server's own words; which error code means what is in
// base/result.h. With `dry_run` every mutation is sent with dryRun=All: checked by the server, and not carried out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "format/json.h"
#include "kube/answers.h"
#include "kube/lease.h"
#include "kube/pipeline.h"
#include "kube/reflector.h"
#include "kube/resource.h"
#include "kube/wire.h"
#include "model/disruption_budget.h"
#include "model/node.h"
#include "model/pod.h"
#include "model/snapshot.h"
#include "net/task.h"

namespace spotkeeper::kube {

enum class PatchType {
  Merge,      // RFC 7386
  Json,       // RFC 6902; a failing "test" is an InvalidInput (422), not a Conflict
  Strategic,  // built-in kinds only (custom resources answer Unsupported)
};

struct ServerVersion {
  std::string git;  // "v1.34.3"
  int major = 0;
  int minor = 0;
};

struct ClientLimits {
  Duration call = 30s;
  Duration eviction = 15s;  // the server itself may try for 10 s to update a budget
  /// The first try of what has seconds to be done in (a delete, a Node's patch) before it is made again on another
  /// connection; later ones last longer (ApiRequest::try_limit).
  Duration urgent_try = 3s;
  /// The same for the wait between two tries: a server that comes back is asked again at once.
  Duration urgent_wait = 1s;
};

class Client final : public LeaseApi {
 public:
  struct Options {
    bool dry_run = false;
    ClientLimits limits;
  };

  /// The pipeline outlives the client and its tasks.
  explicit Client(Pipeline& pipeline) : Client(pipeline, Options()) {}
  Client(Pipeline& pipeline, Options options) : pipeline_(pipeline), options_(options) {}

  // ---- Reading: always as of now (no resourceVersion is sent) -----------------------------------------------------

  net::Task<Result<Node>> get_node(NodeName node);
  net::Task<Result<Pod>> get_pod(ObjectName pod);
  net::Task<Result<DisruptionBudget>> get_budget(ObjectName budget);
  /// Hands on every object of a collection, `page` at a time from one snapshot of it. If that snapshot is gone before
  /// the last page (410) the error is Gone, and the caller begins anew.
  net::Task<Result<ListMeta>> list(Resource resource, WatchScope scope,
                                   std::function<Result<void>(const WireObject&)> on_item, std::size_t page = 500);

  // ---- Nodes and pods ---------------------------------------------------------------------------------------------

  /// One merge patch. Conflict if the change carries a version and the Node has moved on; InvalidInput if it changes
  /// taints without one (they have no merge key: the whole list is replaced).
  net::Task<Result<Node>> patch_node(NodeChange change);
  /// One try: what to do after a refusal is the caller's to decide. `grace` none: the pod's own.
  net::Task<EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace);
  /// No budget is asked. A grace of less than a second is sent as one second: 0 would remove the pod's object while its
  /// containers still run, and a StatefulSet would start a second one.
  net::Task<Result<DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace);

  // ---- Anything, as JSON. `target`: target_of(), with any query --------------------------------------------------

  net::Task<Result<format::JsonValue>> get(std::string target);
  /// Conflict if it exists (AlreadyExists is a 409).
  net::Task<Result<format::JsonValue>> create(std::string target, const format::JsonValue& object);
  /// Only for objects that were read whole as JSON: what is missing is deleted.
  net::Task<Result<format::JsonValue>> replace(std::string target, const format::JsonValue& object);
  net::Task<Result<format::JsonValue>> patch(std::string target, PatchType type, const format::JsonValue& patch);
  /// `options`: a DeleteOptions document, or null.
  net::Task<Result<format::JsonValue>> remove(std::string target, const format::JsonValue& options = nullptr);

  net::Task<Result<ServerVersion>> version();
  /// Whether the server serves a group and version ("policy/v1").
  net::Task<Result<bool>> serves(std::string group_version);

  // ---- Leases (LeaseApi): never queued behind other requests -------------------------------------------------------

  net::Task<Result<LeaseRecord>> get_lease(ObjectName lease, Duration limit) override;
  net::Task<Result<LeaseRecord>> create_lease(ObjectName lease, LeaseRecord record, Duration limit) override;
  net::Task<Result<LeaseRecord>> update_lease(ObjectName lease, LeaseRecord record, Duration limit) override;

  [[nodiscard]] Pipeline& pipeline() { return pipeline_; }

 private:
  net::Task<Result<std::string>> object_of(ApiRequest request);
  net::Task<Result<format::JsonValue>> document_of(ApiRequest request);
  net::Task<Result<LeaseRecord>> lease_of(ApiRequest request);
  [[nodiscard]] ApiRequest reading(std::string target, std::string_view accept) const;
  [[nodiscard]] ApiRequest mutation(std::string method, std::string target, std::string content_type,
                                    const format::JsonValue& body) const;

  Pipeline& pipeline_;
  Options options_;
};

/// The bodies that are sent, for tests.
[[nodiscard]] format::JsonValue merge_patch_of(const NodeChange& change);
[[nodiscard]] format::JsonValue eviction_of(const PodRef& pod, std::optional<GracePeriod> grace);

}  // namespace spotkeeper::kube
