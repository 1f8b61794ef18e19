#include "net/virtual_runtime.h"

#include <algorithm>

namespace spotkeeper::net {

VirtualRuntime::CallId VirtualRuntime::call_at(Steady when, std::function<void()> what) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].what = std::move(what);
  slots_[slot].used = true;
  heap_.push_back({std::max(when, steady_), order_++, slot, slots_[slot].generation});
  std::push_heap(heap_.begin(), heap_.end(), Later{});
  return static_cast<CallId>((std::uint64_t{slots_[slot].generation} << 32) | (slot + 1ULL));
}

std::function<void()> VirtualRuntime::release(std::uint32_t slot) {
  auto what = std::move(slots_[slot].what);
  slots_[slot].what = nullptr;
  slots_[slot].used = false;
  ++slots_[slot].generation;
  free_.push_back(slot);
  return what;
}

void VirtualRuntime::cancel(CallId call) {
  const auto bits = static_cast<std::uint64_t>(call);
  if (bits == 0) return;
  const auto slot = static_cast<std::uint32_t>((bits & 0xffff'ffffU) - 1);
  const auto generation = static_cast<std::uint32_t>(bits >> 32);
  if (slot >= slots_.size() || !slots_[slot].used || slots_[slot].generation != generation) return;
  // The function dies only after the slot is free: its destructor may cancel other calls.
  const auto what = release(slot);
}

void VirtualRuntime::drop_withdrawn() {
  while (!heap_.empty() && withdrawn(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    heap_.pop_back();
  }
}

std::optional<Steady> VirtualRuntime::next_due() {
  drop_withdrawn();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

bool VirtualRuntime::run_one(Steady limit) {
  drop_withdrawn();
  if (heap_.empty() || heap_.front().when > limit) return false;
  const Pending next = heap_.front();
  std::pop_heap(heap_.begin(), heap_.end(), Later{});
  heap_.pop_back();
  steady_ = std::max(steady_, next.when);
  const auto what = release(next.slot);
  ++calls_;
  what();
  return true;
}

void VirtualRuntime::run_until(Steady until) {
  while (run_one(until)) {
  }
  steady_ = std::max(steady_, until);
}

bool VirtualRuntime::run_until(const std::function<bool()>& done, Duration most) {
  const Steady limit = steady_ + most;
  while (!done()) {
    if (!run_one(limit)) return done();
  }
  return true;
}

void VirtualRuntime::advance_to(Steady when) { steady_ = std::max(steady_, when); }

}  // namespace spotkeeper::net
