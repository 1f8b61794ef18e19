#include "kube/event_recorder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace spotkeeper::kube {
namespace {

constexpr std::size_t kLongestWord = 128;
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kMostSeries = 4096;

std::string cut(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return to_valid_utf8(text);
  std::string out(text.substr(0, longest - 3));
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();  // a sequence that was cut
  return to_valid_utf8(out) + "…";
}

/// Whether the same request may do better later.
bool passes(const Error& error) {
  switch (error.code) {
    case ErrorCode::Throttled:
    case ErrorCode::Timeout:
    case ErrorCode::Unavailable:
    case ErrorCode::Unauthorized: return true;
    default: return false;
  }
}

}  // namespace

EventRecorder::EventRecorder(net::Runtime& runtime, Client& client, EventSource source, Random random)
    : runtime_(runtime), client_(client), source_(std::move(source)), random_(random), changed_(runtime) {}

void EventRecorder::emit(EventNote note) {
  Key key{note.type, note.reason, note.action, note.kind, {note.ns, note.name}, note.uid};
  if (const auto known = series_.find(key); known != series_.end() && known->second.count > 1) {
    ++known->second.count;  // counted here; told by and by
    known->second.last = runtime_.now();
    known->second.last_seen = runtime_.steady();
    return;
  }
  if (queue_.size() >= kQueued) {
    ++stats_.dropped;
    return;
  }
  const Instant now = runtime_.now();
  const auto stamp = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::string name = fmt::format("{}.{:x}", note.name, stamp ^ (random_.next() & 0xFFFU));
  queue_.push_back({std::move(key), std::move(note), now, std::move(name)});
  changed_.notify();
}

net::Task<void> EventRecorder::run() {
  for (;;) {
    if (!queue_.empty()) {
      Job job = std::move(queue_.front());
      queue_.pop_front();
      sending_ = true;
      co_await send(std::move(job));
      sending_ = false;
      changed_.notify();
      continue;
    }
    const bool refreshed = co_await refresh_due();
    if (refreshed) continue;
    net::ScopedCall timer;
    if (const auto next = next_refresh())
      timer = net::ScopedCall(runtime_, runtime_.call_at(*next, [this] { changed_.notify(); }));
    co_await changed_.wait();
  }
}

net::Task<void> EventRecorder::flush(Duration limit) {
  const Steady until = runtime_.steady() + limit;
  const net::ScopedCall timer(runtime_, runtime_.call_at(until, [this] { changed_.notify(); }));
  while ((!queue_.empty() || sending_) && runtime_.steady() < until) co_await changed_.wait();
}

net::Task<void> EventRecorder::send(Job job) {
  Series& series = series_[job.key];
  const bool again = !series.event.empty();
  if (again) ++series.count;
  series.last = job.when;
  series.last_seen = runtime_.steady();
  if (again && series.told > 1) co_return;  // a series already: counted here, told by and by
  bool done = false;
  for (int attempt = 1; !done && attempt <= kTries; ++attempt) {
    if (attempt > 1) co_await net::sleep_for(runtime_, random_.between(7500ms, 12500ms));
    if (again) {
      done = co_await tell(series);
    } else {
      done = co_await create(job, series);
    }
  }
  if (!done) ++stats_.failed;
  if (series.event.empty() || series_.size() > kMostSeries) series_.erase(job.key);
}

net::Task<bool> EventRecorder::create(const Job& job, Series& series) {
  const NamespaceName ns = job.note.ns.empty() ? source_.cluster_scoped_in : job.note.ns;
  const format::JsonValue document = document_of(job, ns);
  std::string target = target_of(kEvents, ns);
  auto created = co_await client_.create(std::move(target), document);
  if (!created && passes(created.error())) co_return false;
  const bool there = !created && created.error().code == ErrorCode::Conflict;  // an earlier try has made it
  if (!created && !there) {
    ++stats_.failed;
    log::warn("an event was refused", {{"reason", job.note.reason}, {"error", created.error().message}});
    co_return true;  // it will not be taken later either
  }
  ++stats_.sent;
  series.event = job.name;
  series.ns = ns;
  series.told_at = runtime_.steady();
  co_return true;
}

net::Task<bool> EventRecorder::tell(Series& series) {
  const std::int32_t count = series.count;
  format::JsonObject patch;
  patch["series"] = format::JsonObject{{"count", count}, {"lastObservedTime", format_rfc3339_micro(series.last)}};
  std::string target = target_of(kEvents, series.ns, series.event);
  const format::JsonValue body(std::move(patch));
  auto patched = co_await client_.patch(std::move(target), PatchType::Merge, body);
  if (!patched && passes(patched.error())) co_return false;
  if (!patched) series.event.clear();  // it has expired (events live an hour): the next one is a new object
  if (patched) ++stats_.sent;
  series.told = count;
  series.told_at = runtime_.steady();
  co_return true;
}

net::Task<bool> EventRecorder::refresh_due() {
  const Steady now = runtime_.steady();
  for (auto entry = series_.begin(); entry != series_.end(); ++entry) {
    Series& series = entry->second;
    const bool ended = now - series.last_seen >= kSeriesEndsAfter;
    const bool behind = series.count > series.told;
    if (behind && (ended || now - series.told_at >= kRefreshEvery)) {
      const Key key = entry->first;
      const bool told = co_await tell(series);
      if (!told) series.told_at = runtime_.steady();  // tried; again after the next interval
      if (ended) series_.erase(key);
      co_return true;
    }
    if (ended) {
      series_.erase(entry);
      co_return true;
    }
  }
  co_return false;
}

std::optional<Steady> EventRecorder::next_refresh() const {
  std::optional<Steady> next;
  for (const auto& [key, series] : series_) {
    Steady due = series.last_seen + kSeriesEndsAfter;
    if (series.count > series.told) due = std::min(due, series.told_at + kRefreshEvery);
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

format::JsonValue EventRecorder::document_of(const Job& job, const NamespaceName& ns) const {
  const EventNote& note = job.note;
  format::JsonObject regarding;
  regarding["apiVersion"] = note.api_version;
  regarding["kind"] = note.kind;
  regarding["name"] = note.name;
  if (!note.ns.empty()) regarding["namespace"] = note.ns.str();
  if (!note.uid.empty()) regarding["uid"] = note.uid.str();
  format::JsonObject event;
  event["apiVersion"] = kEvents.api_version();
  event["kind"] = kEvents.kind;
  format::JsonObject metadata{{"name", job.name}, {"namespace", ns.str()}};
  if (!note.annotations.empty()) {
    format::JsonObject annotations;
    for (const auto& [key, value] : note.annotations) annotations[key] = value;
    metadata["annotations"] = std::move(annotations);
  }
  event["metadata"] = std::move(metadata);
  event["eventTime"] = format_rfc3339_micro(job.when);
  event["reportingController"] = source_.controller;
  event["reportingInstance"] = cut(source_.instance, kLongestWord);
  event["action"] = cut(note.action, kLongestWord);
  event["reason"] = cut(note.reason, kLongestWord);
  event["type"] = note.type == EventNote::Type::Normal ? "Normal" : "Warning";
  event["regarding"] = std::move(regarding);
  event["note"] = cut(note.note, kLongestNote);
  return event;
}

}  // namespace spotkeeper::kube
