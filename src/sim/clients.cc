#include "sim/clients.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/kubelets.h"
#include "sim/load_balancers.h"

namespace spotkeeper::sim {
namespace {

// From the end of a program to the client that hears its connections close; requests sent meanwhile are reset.
constexpr Duration kCloseHeard = 500us;

constexpr std::uint64_t kArrivals = 0xC11'0000;  // the first load's stream of the seed
constexpr std::uint64_t kRetries = 0x2E7'0000;   // and that of its retries
constexpr std::uint64_t kLong = 0x1049;          // of a request: whether it is a long one
constexpr std::uint64_t kMostTries = 64;         // more than the reader of scenarios allows

}  // namespace

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, outcome_count> names{"answered", "refused", "reset",      "cut",
                                                              "5xx",      "timeout", "unreachable"};
  return names.at(static_cast<std::size_t>(outcome));
}

std::uint64_t StyleCounts::lost() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 1; i < ended.size(); ++i) sum += ended[i];
  return sum;
}

void Clients::add_load(const Load& load) {
  const ServiceId service = world_.endpoints->find(load.service);
  if (service == kNone || load.rate <= 0) return;
  const Random own = Random(world_.config.seed).fork(kArrivals + sources_.size());
  sources_.push_back({load, service, own, {}, 0, false, {}});
  if (load.retries.most > 0) sources_.back().budget.emplace(load.retries.budget);
  plan_arrival(static_cast<std::uint32_t>(sources_.size() - 1));
}

void Clients::begin_measuring() {
  counting_ = true;
  last_id_ = 0;
  under_way_ = waiting_counted_ = 0;
  report_ = {};
}

Clients::Ledger Clients::ledger() const {
  return {counting_ ? last_id_ : 0, report_.answered(), report_.lost(), under_way_, waiting_counted_};
}

Clients::Held Clients::held_by(const PodRun& run) const {
  Held held;
  for (std::uint32_t at = run.serving_first; at != kNone; at = requests_[at].next) {
    ++held.serving;
    if (requests_[at].call.counted) ++held.counted;
  }
  for (std::uint32_t at = run.queue_first; at != kNone; at = requests_[at].next) {
    ++held.queued;
    if (requests_[at].call.counted) ++held.counted;
  }
  return held;
}

void Clients::stop() {
  for (Source& source : sources_) source.stopped = true;
}

void Clients::plan_arrival(std::uint32_t source) {
  const Duration mean = duration_of_seconds(1.0 / sources_[source].load.rate);
  world_.after(sources_[source].arrivals.exponential(mean), EventKind::RequestArrives, source);
}

void Clients::handle(const Event& event) {
  switch (event.kind) {
    case EventKind::RequestArrives: return arrive(event.a);
    case EventKind::RequestAgain: return try_again(event.a);
    case EventKind::RequestGivenUp: return give_up(event);
    default: return finish(event);
  }
}

void Clients::arrive(std::uint32_t id) {
  Source& source = sources_[id];
  if (source.stopped) return;
  Draft draft{{}, kNone, Random(source.arrivals.next())};
  plan_arrival(id);
  Call& call = draft.call;
  call.id = ++last_id_;
  call.sent = world_.now;
  call.source = id;
  call.counted = counting_;
  call.effort = draft.random.normal();
  if (draft.random.chance(source.load.kept_share)) call.style = ClientStyle::Kept;
  const LongRequests& longs = source.load.longs;
  if (longs.share > 0) {
    Random own = draft.random.fork(kLong);
    if (own.chance(longs.share)) call.takes = own.between(longs.time / 2, longs.time);
  }
  if (source.budget) source.budget->first_try(world_.now);
  send(draft);
}

void Clients::send(Draft& draft) { draft.call.style == ClientStyle::Kept ? send_kept(draft) : send_new(draft); }

MachineId Clients::pick_machine(Random& random) const {
  const std::size_t size = world_.machines.size();
  if (size == 0) return kNone;
  const auto first = static_cast<std::size_t>(random.below(size));
  for (std::size_t i = 0; i < size; ++i) {
    const auto id = static_cast<MachineId>((first + i) % size);
    if (world_.machines[id].alive) return id;
  }
  return kNone;
}

void Clients::send_new(Draft& draft) {
  Target target;
  if (sources_[draft.call.source].load.from_outside) {
    const ServiceId service = sources_[draft.call.source].service;
    draft.proxy = kLoadBalancer;
    target = world_.balancers->route(service, draft.random);
    if (book_) book_->asked(service, draft.proxy);
    return deliver(draft, target, 0);
  }
  draft.proxy = pick_machine(draft.random);
  if (draft.proxy != kNone) {
    const ServiceId service = sources_[draft.call.source].service;
    target = world_.endpoints->route(service, draft.proxy, draft.random);
    if (book_) book_->asked(service, draft.proxy);
  }
  deliver(draft, target, 0);
}

void Clients::send_kept(Draft& draft) {
  Source& source = sources_[draft.call.source];
  // The client's connection ends at an ALB, which has connections of its own to every target.
  if (source.load.from_outside && world_.balancers->chooses_per_request(source.service)) return send_new(draft);
  while (!source.idle.empty() && source.idle.size() + source.busy >= source.load.connections) {
    const std::size_t chosen = draft.random.below(source.idle.size());
    const Connection connection = source.idle[chosen];
    source.idle[chosen] = source.idle.back();
    source.idle.pop_back();
    const PodRun& run = world_.pods[connection.pod];
    if (!world_.machines[connection.machine].alive && !run.closed) {
      // Nobody said that the other end is gone: the request waits for an answer until the client's limit.
      return fail_at_once(draft, connection.pod, Outcome::Timeout);
    }
    if (run.program == Program::Closing || run.program == Program::Ended) {
      if (world_.now < run.ended_at + kCloseHeard) {
        return fail_at_once(draft, connection.pod, Outcome::Reset, world_.now - run.ended_at);
      }
      continue;  // the client has heard that it is closed
    }
    return deliver(draft, {connection.pod, connection.machine}, connection.uses + 1);
  }
  send_new(draft);
}

void Clients::deliver(const Draft& draft, const Target& target, std::uint32_t uses) {
  if (target.pod == kNone) return fail_at_once(draft, kNone, Outcome::Refused);
  PodRun& run = world_.pods[target.pod];
  if (!world_.machines[target.machine].alive) {
    return fail_at_once(draft, target.pod, Outcome::Unreachable);
  }
  if (run.program != Program::Serving && run.program != Program::Draining) {
    return fail_at_once(draft, target.pod, Outcome::Refused);
  }
  const bool busy = run.serving_count >= run.behaviour().concurrency;
  if (busy && run.queue_count >= run.behaviour().queue) {
    return fail_at_once(draft, target.pod, Outcome::Error5xx);
  }
  const std::uint32_t request = allocate();
  Request& entry = requests_[request];
  entry.call = draft.call;
  entry.sent = world_.now;
  entry.pod = target.pod;
  entry.proxy = draft.proxy;
  entry.connection_uses = uses;
  entry.given_up = false;
  if (draft.call.counted) ++under_way_;
  const Load& load = sources_[draft.call.source].load;
  if (load.retries.most > 0 && load.retries.idempotent) {
    world_.after(load.time_limit, EventKind::RequestGivenUp, request, entry.use);
  }
  if (draft.call.style == ClientStyle::Kept) ++sources_[draft.call.source].busy;
  if (!busy) return begin_service(request);
  entry.queued = true;
  entry.next = kNone;
  entry.previous = run.queue_last;
  if (run.queue_last != kNone) {
    requests_[run.queue_last].next = request;
  } else {
    run.queue_first = request;
  }
  run.queue_last = request;
  ++run.queue_count;
}

void Clients::begin_service(std::uint32_t request) {
  Request& entry = requests_[request];
  PodRun& run = world_.pods[entry.pod];
  entry.queued = false;
  entry.previous = kNone;
  entry.next = run.serving_first;
  if (run.serving_first != kNone) requests_[run.serving_first].previous = request;
  run.serving_first = request;
  ++run.serving_count;
  const Behaviour& behaviour = run.behaviour();
  const double usual = seconds_of(behaviour.service_time) * std::exp(behaviour.service_sigma * entry.call.effort);
  const bool is_long = entry.call.takes > Duration{};
  entry.ends = world_.now + (is_long ? entry.call.takes : duration_of_seconds(usual));
  world_.at(entry.ends, EventKind::RequestEnds, request, entry.use);
}

void Clients::finish(const Event& event) {
  const Request& entry = requests_[event.a];
  if (entry.use != event.b) return;
  PodRun& run = world_.pods[entry.pod];
  if (entry.previous != kNone) {
    requests_[entry.previous].next = entry.next;
  } else {
    run.serving_first = entry.next;
  }
  if (entry.next != kNone) requests_[entry.next].previous = entry.previous;
  --run.serving_count;
  const Duration took = world_.now - entry.sent;
  const Duration limit = sources_[entry.call.source].load.time_limit;
  const bool late = took > limit;
  if (late && !entry.given_up) {
    fail({entry.call, Outcome::Timeout, entry.pod, entry.proxy, entry.sent, took - limit});
  } else if (entry.call.counted) {
    report_.slowest = std::max(report_.slowest, world_.now - entry.call.sent);
    if (entry.call.tries > 1) ++report_.saved;
    count(entry.call, Outcome::Answered, entry.pod);
  }
  settle_connection(entry, !late && !entry.given_up && run.program == Program::Serving);
  const PodId pod = entry.pod;
  release(event.a);
  if (run.queue_first != kNone) {
    const std::uint32_t next = run.queue_first;
    run.queue_first = requests_[next].next;
    if (run.queue_first != kNone) {
      requests_[run.queue_first].previous = kNone;
    } else {
      run.queue_last = kNone;
    }
    --run.queue_count;
    begin_service(next);
  }
  if (run.program == Program::Closing) world_.kubelets->drained(pod);
}

void Clients::settle_connection(const Request& request, bool reusable) {
  if (request.call.style != ClientStyle::Kept) return;
  Source& source = sources_[request.call.source];
  --source.busy;
  if (!reusable || request.connection_uses + 1 >= source.load.requests_per_connection) return;
  if (source.idle.size() + source.busy >= source.load.connections) return;
  source.idle.push_back({request.pod, world_.pods[request.pod].machine, request.connection_uses});
}

void Clients::program_ended(PodId id, bool machine_died) {
  PodRun& run = world_.pods[id];
  for (std::uint32_t at = run.serving_first; at != kNone;) {
    const std::uint32_t next = requests_[at].next;
    drop(at, Outcome::Cut);
    at = next;
  }
  for (std::uint32_t at = run.queue_first; at != kNone;) {
    const std::uint32_t next = requests_[at].next;
    drop(at, machine_died ? Outcome::Cut : Outcome::Reset);
    at = next;
  }
  run.serving_first = run.queue_first = run.queue_last = kNone;
  run.serving_count = run.queue_count = 0;
}

void Clients::drop(std::uint32_t request, Outcome outcome) {
  const Request& entry = requests_[request];
  if (!entry.given_up) {
    const auto missing = entry.queued ? std::nullopt : std::optional(entry.ends - world_.now);
    fail({entry.call, outcome, entry.pod, entry.proxy, entry.sent, missing});
  }
  settle_connection(entry, false);
  release(request);
}

void Clients::fail_at_once(const Draft& draft, PodId pod, Outcome outcome, std::optional<Duration> missing) {
  fail({draft.call, outcome, pod, draft.proxy, world_.now, missing});
}

void Clients::fail(const Failed& failed) {
  const NoRetry why = ask_for_retry(failed);
  why == NoRetry::MayTry ? plan_retry(failed) : lose(failed, why);
}

void Clients::lose(const Failed& failed, NoRetry why) {
  const Call& call = failed.call;
  if (!call.counted) return;
  if (why == NoRetry::OverBudget) ++report_.over_budget;
  count(call, failed.outcome, failed.pod);
  if (!book_) return;
  book_->note({call.id, call.sent, failed.tried, call.tries, why, call.style, sources_[call.source].service,
               failed.proxy, failed.pod},
              failed.outcome, failed.missing);
}

NoRetry Clients::ask_for_retry(const Failed& failed) {
  Source& source = sources_[failed.call.source];
  const NoRetry allowed = may_retry(source.load.retries, failed.call.tries, failed.outcome);
  if (allowed != NoRetry::MayTry) return allowed;
  return source.budget->spend(world_.now) ? NoRetry::MayTry : NoRetry::OverBudget;
}

void Clients::plan_retry(const Failed& failed) {
  const Load& load = sources_[failed.call.source].load;
  // When the client hears that it came to nothing: at once, or when its patience is over.
  Instant heard = world_.now;
  if (failed.outcome == Outcome::Unreachable) heard += load.retries.connect_limit;
  if (failed.outcome == Outcome::Timeout) heard = std::max(heard, failed.tried + load.time_limit);
  const std::uint64_t number = failed.call.id * kMostTries + failed.call.tries;
  Random random = Random(world_.config.seed).fork(kRetries + failed.call.source).fork(number);
  if (waiting_free_.empty()) {
    waiting_free_.push_back(static_cast<std::uint32_t>(waiting_.size()));
    waiting_.emplace_back();
  }
  const std::uint32_t place = waiting_free_.back();
  waiting_free_.pop_back();
  waiting_[place] = failed.call;
  if (failed.call.counted) {
    ++under_way_;
    ++waiting_counted_;
  }
  world_.at(heard + back_off(load.retries, failed.call.tries, random), EventKind::RequestAgain, place);
}

void Clients::try_again(std::uint32_t waiting) {
  Draft draft{waiting_[waiting], kNone, Random(0)};
  waiting_free_.push_back(waiting);
  Call& call = draft.call;
  const std::uint64_t number = call.id * kMostTries + call.tries;
  draft.random = Random(world_.config.seed).fork(kRetries + call.source).fork(~number);
  ++call.tries;
  if (call.counted) {
    --under_way_;
    --waiting_counted_;
    ++report_.retries;
  }
  send(draft);
}

void Clients::give_up(const Event& event) {
  Request& entry = requests_[event.a];
  if (entry.use != event.b) return;
  const Failed failed{entry.call, Outcome::Timeout, entry.pod, entry.proxy, entry.sent, {}};
  if (entry.call.counted) --under_way_;
  entry.given_up = true;
  entry.call.counted = false;
  fail(failed);
}

const std::vector<LostRequest>& Clients::losses() const {
  static const std::vector<LostRequest> none;
  return book_ ? book_->losses() : none;
}

void Clients::count(const Call& call, Outcome outcome, PodId pod) {
  StyleCounts& counts = report_.styles[static_cast<std::size_t>(call.style)];
  ++counts.sent;
  ++counts.ended[static_cast<std::size_t>(outcome)];
  if (outcome == Outcome::Answered) return;
  ++report_.lost_by_pod[pod == kNone ? std::string() : world_.pods[pod].pod().name.str()];
  if (!report_.first_loss) report_.first_loss = world_.now;
  report_.last_loss = world_.now;
}

std::uint32_t Clients::allocate() {
  if (free_ == kNone) {
    requests_.emplace_back();
    return static_cast<std::uint32_t>(requests_.size() - 1);
  }
  const std::uint32_t taken = free_;
  free_ = requests_[taken].next;
  return taken;
}

void Clients::release(std::uint32_t request) {
  if (requests_[request].call.counted) --under_way_;
  ++requests_[request].use;
  requests_[request].next = free_;
  free_ = request;
}

}  // namespace spotkeeper::sim
