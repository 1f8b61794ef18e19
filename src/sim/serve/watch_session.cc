#include "sim/serve/watch_session.h"

#include <algorithm>
#include <utility>

namespace spotkeeper::sim::serve {
namespace {

constexpr Duration kBookmarkEvery = 60s;
constexpr Duration kBookmarkBeforeEnd = 2s;  // so that the next watch begins where this one ends
constexpr Duration kDefaultLength = 30min;   // the server's own limit where the client names none

}  // namespace

WatchSession::WatchSession(const Store& store, Kind kind, std::string ns, Query query,
                           std::optional<std::uint64_t> since, std::unique_ptr<EventWriter> writer, Instant now)
    : store_(store),
      kind_(kind),
      ns_(std::move(ns)),
      query_(std::move(query)),
      writer_(std::move(writer)),
      heard_(since.value_or(0)),
      from_start_(!since.has_value()),
      end_(now + query_.timeout.value_or(kDefaultLength)) {
  plan_bookmark(now);
}

void WatchSession::plan_bookmark(Instant now) {
  next_bookmark_ = now + kBookmarkEvery;
  const Instant last = end_ - kBookmarkBeforeEnd;
  if (last > now) next_bookmark_ = std::min(next_bookmark_, last);
}

bool WatchSession::chosen(const Object& object) const {
  return kind_of(object) == kind_ && (ns_.empty() || key_of(object).ns.str() == ns_) && selects(query_, object);
}

std::string WatchSession::initial() {
  std::string out;
  for (const auto& [name, object] : store_.all(kind_))
    if (chosen(*object)) out += writer_->event("ADDED", *object, std::nullopt);
  heard_ = store_.version();
  if (query_.initial_events) out += writer_->bookmark(heard_, true);
  return out;
}

std::string WatchSession::describe(const Change& change) {
  if (kind_of(*change.object) != kind_) return {};
  const bool is = change.type != ChangeType::Deleted && chosen(*change.object);
  const bool was =
      change.type == ChangeType::Deleted ? chosen(*change.object) : change.before != nullptr && chosen(*change.before);
  if (is) return writer_->event(was ? "MODIFIED" : "ADDED", *change.object, std::nullopt);
  if (!was) return {};
  const Object& last = change.before != nullptr ? *change.before : *change.object;
  return writer_->event("DELETED", last, change.version);
}

std::string WatchSession::poll(Instant now) {
  if (ended_) return {};
  std::string out;
  if (!begun_) {
    begun_ = true;
    if (from_start_) out += initial();
  }
  if (!store_.remembers(heard_)) {
    ended_ = true;
    return out + writer_->error(410, "Expired", "too old resource version: " + std::to_string(heard_));
  }
  while (heard_ < store_.version()) {
    ++heard_;
    if (const Change* change = store_.change(heard_)) out += describe(*change);
  }
  if (query_.bookmarks && now >= next_bookmark_) {
    plan_bookmark(now);
    out += writer_->bookmark(heard_, false);
  }
  ended_ = now >= end_;
  return out;
}

Instant WatchSession::next_due() const { return query_.bookmarks ? std::min(next_bookmark_, end_) : end_; }

}  // namespace spotkeeper::sim::serve
