#include "tests/tools/endpoint_feeder/plan.h"

#include <algorithm>

namespace spotkeeper::tools {

Change FeedPlan::change(bool added, const Endpoint& endpoint, Steady now) {
  Change out{.added = added, .endpoint = endpoint, .seen = now, .due = now};
  if (!first_) {
    Random& random = added ? coming_ : leaving_;
    out.controller = random.between(model_.controller.least, model_.controller.most);
    out.api = random.between(model_.api.least, model_.api.most);
    out.propagation = random.between(model_.propagation.least, model_.propagation.most);
    if (added) out.joining = random.between(model_.joining.least, model_.joining.most);
    out.due = now + out.controller + out.api + out.propagation + out.joining;
  }
  Steady& last = last_due_.try_emplace(endpoint, out.due).first->second;
  out.due = std::max(out.due, last);
  last = out.due;
  return out;
}

std::vector<Change> FeedPlan::observe(const Endpoints& now_there, Steady now) {
  std::vector<Change> changes;
  for (const Endpoint& endpoint : there_) {
    if (!now_there.contains(endpoint)) changes.push_back(change(false, endpoint, now));
  }
  for (const Endpoint& endpoint : now_there) {
    if (!there_.contains(endpoint)) changes.push_back(change(true, endpoint, now));
  }
  there_ = now_there;
  first_ = false;
  return changes;
}

std::optional<std::size_t> SlotTable::oldest(Slot::State state) const {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state == state && (!found || slots_[i].since < slots_[*found].since)) found = i;
  }
  return found;
}

std::optional<std::size_t> SlotTable::assign(const Endpoint& endpoint, Steady now) {
  auto slot = oldest(Slot::State::Free);
  if (!slot) slot = oldest(Slot::State::Draining);
  if (slot) slots_[*slot] = {Slot::State::Used, endpoint, now};
  return slot;
}

std::optional<std::size_t> SlotTable::release(const Endpoint& endpoint, Steady now) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != Slot::State::Used || slots_[i].endpoint != endpoint) continue;
    slots_[i].state = Slot::State::Draining;
    slots_[i].since = now;
    return i;
  }
  return std::nullopt;
}

std::vector<std::size_t> SlotTable::expire(Steady now) {
  std::vector<std::size_t> over;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != Slot::State::Draining || now - slots_[i].since < drain_) continue;
    slots_[i] = {Slot::State::Free, {}, now};
    over.push_back(i);
  }
  return over;
}

std::optional<Steady> SlotTable::next_expiry() const {
  const auto first = oldest(Slot::State::Draining);
  if (!first) return std::nullopt;
  return slots_[*first].since + drain_;
}

std::size_t SlotTable::used() const {
  return static_cast<std::size_t>(std::ranges::count(slots_, Slot::State::Used, &Slot::state));
}

}  // namespace spotkeeper::tools
