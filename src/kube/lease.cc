#include "kube/lease.h"

#include <utility>

#include "base/log.h"

namespace spotkeeper::kube {

Result<void> check(const ElectionOptions& options) {
  if (options.identity.empty()) return fail(ErrorCode::InvalidInput, "leader election: the identity is empty");
  if (options.lease.name.empty() || options.lease.ns.empty())
    return fail(ErrorCode::InvalidInput, "leader election: the lease has no name or namespace");
  if (options.duration < 1s || options.duration % 1s != 0s)
    return fail(ErrorCode::InvalidInput, "leader election: the duration must be whole seconds, at least one");
  if (options.duration <= options.renew_deadline)
    return fail(ErrorCode::InvalidInput, "leader election: the duration must be longer than the renew deadline");
  if (options.renew_deadline * 10 <= options.retry * 12)
    return fail(ErrorCode::InvalidInput, "leader election: the renew deadline must be longer than 1.2 times the retry");
  if (options.retry <= 0s) return fail(ErrorCode::InvalidInput, "leader election: the retry must be longer than 0");
  return {};
}

LeaderElector::LeaderElector(net::Runtime& runtime, LeaseApi& api, ElectionOptions options, Random random)
    : runtime_(runtime), api_(api), options_(std::move(options)), random_(random), changed_(runtime) {}

bool LeaderElector::leading() const { return won_ && runtime_.steady() < fence_; }

std::optional<Steady> LeaderElector::fence() const {
  if (!leading()) return std::nullopt;
  return fence_;
}

net::Task<void> LeaderElector::run() {
  for (;;) {
    const bool held = co_await try_once();
    if (held) {
      co_await net::sleep_for(runtime_, options_.retry);
      continue;
    }
    // Losing is decided by the time since the last success, not by one failed call.
    const Steady give_up = fence_ - options_.duration + options_.fence_margin + options_.renew_deadline;
    const bool taken = seen_ && !observed_.holder.empty() && observed_.holder != options_.identity;
    if (won_ && (taken || runtime_.steady() >= give_up)) step_down();
    const Duration pause = won_ ? options_.retry : random_.between(options_.retry, options_.retry * 22 / 10);
    co_await net::sleep_for(runtime_, pause);
  }
}

net::Task<bool> LeaderElector::try_once() {
  const Steady started = runtime_.steady();
  if (leading()) {
    const bool renewed = co_await renew_fast(started);
    if (renewed) co_return true;
  }
  auto found = co_await api_.get_lease(options_.lease, call_limit());
  if (!found && found.error().code == ErrorCode::NotFound) {
    const bool created = co_await create(runtime_.steady());
    co_return created;
  }
  if (!found) {
    log::warn("can't read the lease", {{"lease", options_.lease.str()}, {"error", found.error().message}});
    co_return false;
  }
  observe(*found);
  const Steady expiry = observed_at_ + observed_.duration;
  const bool mine = found->holder == options_.identity;
  if (!found->holder.empty() && !mine && runtime_.steady() < expiry) co_return false;
  const bool won = co_await win(*found, runtime_.steady());
  co_return won;
}

net::Task<bool> LeaderElector::renew_fast(Steady started) {
  LeaseRecord wanted = our_record(observed_);
  auto renewed = co_await api_.update_lease(options_.lease, std::move(wanted), call_limit());
  if (!renewed) co_return false;
  ours(*renewed, started);
  co_return true;
}

net::Task<bool> LeaderElector::win(LeaseRecord seen, Steady started) {
  LeaseRecord wanted = our_record(seen);
  auto updated = co_await api_.update_lease(options_.lease, std::move(wanted), call_limit());
  if (!updated) {
    if (updated.error().code != ErrorCode::Conflict)
      log::warn("can't update the lease", {{"lease", options_.lease.str()}, {"error", updated.error().message}});
    co_return false;
  }
  ours(*updated, started);
  co_return true;
}

net::Task<bool> LeaderElector::create(Steady started) {
  LeaseRecord wanted;
  wanted.holder = options_.identity;
  wanted.duration = std::chrono::duration_cast<std::chrono::seconds>(options_.duration);
  wanted.acquired = wanted.renewed = runtime_.now();
  auto created = co_await api_.create_lease(options_.lease, std::move(wanted), call_limit());
  if (!created) {
    log::warn("can't create the lease", {{"lease", options_.lease.str()}, {"error", created.error().message}});
    co_return false;
  }
  ours(*created, started);
  co_return true;
}

net::Task<void> LeaderElector::release(Duration limit) {
  step_down();
  const Steady until = runtime_.steady() + limit;
  while (runtime_.steady() < until) {
    auto found = co_await api_.get_lease(options_.lease, until - runtime_.steady());
    if (!found || found->holder != options_.identity) co_return;
    LeaseRecord given = *found;
    given.holder.clear();
    given.duration = 1s;
    given.acquired = given.renewed = runtime_.now();
    auto updated = co_await api_.update_lease(options_.lease, std::move(given), until - runtime_.steady());
    if (updated || updated.error().code != ErrorCode::Conflict) co_return;
    co_await net::sleep_for(runtime_, 50ms);
  }
}

void LeaderElector::observe(const LeaseRecord& record) {
  // The version changes with any write to the object (a label, say); only what the holder writes is a sign of life.
  LeaseRecord alike = record;
  alike.version = observed_.version;
  if (!seen_ || alike != observed_) observed_at_ = runtime_.steady();
  observed_ = record;
  seen_ = true;
}

void LeaderElector::ours(const LeaseRecord& record, Steady started) {
  const bool before = leading();
  observe(record);
  won_ = true;
  fence_ = started + options_.duration - options_.fence_margin;
  if (before) return;
  log::info("leading", {{"lease", options_.lease.str()}, {"term", record.transitions}});
  changed_.notify();
}

void LeaderElector::step_down() {
  if (!won_) return;
  won_ = false;
  log::warn("no longer leading", {{"lease", options_.lease.str()}, {"holder", observed_.holder}});
  changed_.notify();
}

LeaseRecord LeaderElector::our_record(const LeaseRecord& before) const {
  LeaseRecord next = before;
  next.holder = options_.identity;
  next.duration = std::chrono::duration_cast<std::chrono::seconds>(options_.duration);
  next.renewed = runtime_.now();
  if (before.holder != options_.identity) {
    next.acquired = next.renewed;
    ++next.transitions;
  }
  return next;
}

}  // namespace spotkeeper::kube
