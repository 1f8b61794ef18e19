// What AWS Node Termination Handler counts and says of its work, in its words, for those who look for them: it stands
// between an agent and its cluster, and between it and the people who are told. Everything else goes through as it is.
//
// Source: its documentation of metrics and of Kubernetes events (version 1.25). docs/nth.md has both lists.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "cloud/aws/imds.h"
#include "control/ports.h"
#include "kube/event_recorder.h"
#include "model/names.h"

namespace spotkeeper {
class MetricsRegistry;
}

namespace spotkeeper::control {

struct NthReportConfig {
  NodeName node;
  bool emit_events = false;                        // without it no event is sent at all, as there
  std::map<std::string, std::string> annotations;  // of events about the Node, beside what is known of the machine
};

class NthReport final : public ClusterApi, public Messenger {
 public:
  /// `people` may be null. All of it outlives this.
  NthReport(ClusterApi& cluster, Messenger* people, MetricsRegistry& metrics, NthReportConfig config);
  ~NthReport() override;

  /// An answer of the metadata service about one place ("spot", …): those that are none are counted as errors of its
  /// monitor; the first of a row is told in an event.
  void on_metadata_answer(std::string_view place, aws::AnswerKind kind);

  // ClusterApi.
  net::Task<Result<Node>> get_node(NodeName node) override { return cluster_.get_node(std::move(node)); }
  net::Task<Result<Node>> patch_node(NodeChange change) override { return cluster_.patch_node(std::move(change)); }
  net::Task<kube::EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace) override {
    return cluster_.evict(std::move(pod), grace);
  }
  net::Task<Result<kube::DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace) override {
    return cluster_.delete_pod(std::move(pod), grace);
  }
  /// Our reasons become theirs (docs/nth.md). Reasons that they have no word for stay.
  void emit(kube::EventNote note) override;
  std::unique_ptr<ClusterView> view_node(NodeName node) override { return cluster_.view_node(std::move(node)); }
  std::unique_ptr<ClusterView> view_around(NodeName node) override { return cluster_.view_around(std::move(node)); }

  // Messenger.
  void tell(const observe::Notification& news) override;
  net::Task<void> flush(Duration limit) override;

 private:
  struct Counters;
  void acted(std::string_view action, std::string_view event_id, bool success);
  void say(kube::EventNote::Type type, std::string_view reason, std::string note);
  void send(kube::EventNote note);

  ClusterApi& cluster_;
  Messenger* people_;
  NthReportConfig config_;
  std::unique_ptr<Counters> counters_;
  std::string event_id_;           // of the interruption that was told last
  Uid node_uid_;                   // as events have named it; empty: not known yet
  std::set<std::string> ended_;    // interruptions whose end has been told
  std::set<std::string> failing_;  // places whose last answer was an error
};

}  // namespace spotkeeper::control
