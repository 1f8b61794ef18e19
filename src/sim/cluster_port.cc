#include "sim/cluster_port.h"

#include <coroutine>
#include <utility>

#include "sim/cluster_view.h"

namespace spotkeeper::sim {
namespace {

using kube::EvictAnswer;
using kube::EvictOutcome;

ErrorCode code_of(const Refusal& refusal) {
  switch (refusal.code) {
    case 400:
    case 422: return ErrorCode::InvalidInput;
    case 403: return ErrorCode::Forbidden;
    case 404: return ErrorCode::NotFound;
    case 409: return ErrorCode::Conflict;
    case 429: return ErrorCode::Throttled;
    default: return ErrorCode::Unavailable;
  }
}

EvictAnswer answer_of(const Refusal& refusal) {
  EvictAnswer answer;
  answer.message = refusal.cause_message.empty() ? refusal.message : refusal.cause_message;
  if (refusal.retry_after) answer.retry_after = *refusal.retry_after;
  if (refusal.code == 404) answer.outcome = EvictOutcome::Gone;
  if (refusal.code == 409) answer.outcome = EvictOutcome::Replaced;
  if (refusal.code == 429) {
    answer.outcome = refusal.retry_after ? EvictOutcome::BudgetStale : EvictOutcome::BudgetRefused;
  }
  if (refusal.code == 500) answer.outcome = EvictOutcome::SeveralBudgets;
  if (refusal.code == 403) answer.outcome = EvictOutcome::Forbidden;
  return answer;
}

/// What a fate other than Answered looks like to the client.
Error error_of(ApiFate fate) {
  switch (fate) {
    case ApiFate::Throttled:
    case ApiFate::ThrottledBare: return {ErrorCode::Throttled, "429 Too Many Requests"};
    case ApiFate::Conflict: return {ErrorCode::Conflict, "409 Conflict: the object has been modified"};
    case ApiFate::LostAnswer: return {ErrorCode::Timeout, "the connection broke before an answer came"};
    default: return {ErrorCode::Unavailable, "503 Service Unavailable"};
  }
}

bool carried_out(ApiFate fate) {
  return fate == ApiFate::Answered || fate == ApiFate::UnavailableAfter || fate == ApiFate::LostAnswer;
}

/// Never goes on: its process has been killed.
struct Forever {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> /*caller*/) const noexcept {}
  void await_resume() const noexcept {}
};

}  // namespace

bool SimCluster::ends_here(std::string_view action, ActionPoint::Side side) const {
  return boundary_ && boundary_({agent_, action, side});
}

net::Task<Result<Node>> SimCluster::get_node(NodeName node) {
  const Duration way = world_.faults().latency() / 2;
  co_await net::sleep_for(runtime_, way);
  const ApiFate fate = world_.faults().fate(world_.now(), false);
  Result<Node> answer = fail(error_of(fate));
  if (fate == ApiFate::Answered) {
    const auto* found = world_.store().get<NodeObject>({{}, node.str()});
    if (found != nullptr) {
      answer = found->node;
    } else {
      answer = fail(ErrorCode::NotFound, "nodes \"" + node.str() + "\" not found");
    }
  }
  co_await net::sleep_for(runtime_, way);
  co_return answer;
}

net::Task<Result<Node>> SimCluster::patch_node(NodeChange change) {
  const Duration way = world_.faults().latency() / 2;
  if (ends_here("patch_node", ActionPoint::Side::Before)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  const ApiFate fate = world_.faults().fate(world_.now(), change.version.has_value());
  Result<Node> answer = fail(error_of(fate));
  if (carried_out(fate)) {
    const auto done = world_.patch_node(change);
    if (!done) {
      answer = fail(code_of(done.error()), done.error().message);
    } else if (fate == ApiFate::Answered) {
      answer = std::get<NodeObject>(**done).node;
    }
  }
  if (ends_here("patch_node", ActionPoint::Side::After)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  co_return answer;
}

net::Task<EvictAnswer> SimCluster::evict(PodRef pod, std::optional<GracePeriod> grace) {
  const Duration way = world_.faults().latency() / 2;
  if (ends_here("evict", ActionPoint::Side::Before)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  const ApiFate fate = world_.faults().fate(world_.now(), false);
  EvictAnswer answer;
  answer.outcome = fate == ApiFate::LostAnswer ? EvictOutcome::Unreachable : EvictOutcome::Failed;
  answer.message = error_of(fate).message;
  if (fate == ApiFate::Throttled || fate == ApiFate::ThrottledBare) answer.outcome = EvictOutcome::Throttled;
  if (fate == ApiFate::Throttled) answer.retry_after = world_.faults().api().retry_after;
  if (carried_out(fate)) {
    EvictCall call;
    call.pod = pod.name;
    call.uid = pod.uid;
    if (grace) call.grace = grace->length();
    const auto done = world_.evict(call);
    if (fate == ApiFate::Answered) {
      answer = done ? EvictAnswer{EvictOutcome::Accepted, {}, {}} : answer_of(done.error());
    }
  }
  if (ends_here("evict", ActionPoint::Side::After)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  co_return answer;
}

net::Task<Result<kube::DeleteOutcome>> SimCluster::delete_pod(PodRef pod, GracePeriod grace) {
  const Duration way = world_.faults().latency() / 2;
  if (ends_here("delete_pod", ActionPoint::Side::Before)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  const ApiFate fate = world_.faults().fate(world_.now(), false);
  Result<kube::DeleteOutcome> answer = fail(error_of(fate));
  if (carried_out(fate)) {
    DeleteCall call;
    call.name = pod.name;
    call.uid = pod.uid;
    call.grace = grace.length();
    const auto done = world_.delete_pod(call);
    if (fate == ApiFate::Answered) {
      if (done) {
        answer = kube::DeleteOutcome::Accepted;
      } else if (done.error().code == 404) {
        answer = kube::DeleteOutcome::Gone;
      } else if (done.error().code == 409) {
        answer = kube::DeleteOutcome::Replaced;
      } else {
        answer = fail(code_of(done.error()), done.error().message);
      }
    }
  }
  if (ends_here("delete_pod", ActionPoint::Side::After)) co_await Forever{};
  co_await net::sleep_for(runtime_, way);
  co_return answer;
}

void SimCluster::emit(kube::EventNote note) {
  EventObject event;
  event.meta.name.ns = note.ns;
  event.type = note.type == kube::EventNote::Type::Warning ? "Warning" : "Normal";
  event.reason = std::move(note.reason);
  event.action = std::move(note.action);
  event.note = std::move(note.note);
  event.regarding_api_version = std::move(note.api_version);
  event.regarding_kind = std::move(note.kind);
  event.regarding = {note.ns, std::move(note.name)};
  event.regarding_uid = std::move(note.uid);
  event.reporting_controller = "spotkeeper";
  event.reporting_instance = agent_.str();
  (void)world_.record_event(std::move(event));  // events are never waited for, and lost ones are not missed
}

std::unique_ptr<control::ClusterView> SimCluster::view_node(NodeName node) {
  return std::make_unique<SimView>(runtime_, world_, std::move(node), SimView::Scope::NodeAlone);
}

std::unique_ptr<control::ClusterView> SimCluster::view_around(NodeName node) {
  return std::make_unique<SimView>(runtime_, world_, std::move(node), SimView::Scope::Around);
}

}  // namespace spotkeeper::sim
