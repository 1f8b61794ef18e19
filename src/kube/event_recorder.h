// Kubernetes events (events.k8s.io/v1) that never hold anything up: queued, sent when there is time, dropped when there
// is too much of them.
//
// The same event again (type, reason, action and object equal) is not a new object: the second one turns it into a
// series, later ones are counted here and told every 30 minutes and when nothing has come for 6 (client-go
// tools/events).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "base/random.h"
#include "base/time.h"
#include "kube/answers.h"
#include "kube/client.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::kube {

struct EventSource {
  std::string controller;  // a qualified name: "spotkeeper.dev/agent"
  std::string instance;    // which one: the pod's name; at most 128 bytes
  /// Where events about what is not namespaced are put.
  NamespaceName cluster_scoped_in = NamespaceName("default");
};

struct EventStats {
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;  // the queue was full
  std::uint64_t failed = 0;   // given up after kEventTries, or refused for good
};

class EventRecorder {
 public:
  static constexpr std::size_t kQueued = 1000;
  static constexpr int kTries = 12;
  static constexpr Duration kRefreshEvery = 30min;
  static constexpr Duration kSeriesEndsAfter = 6min;

  /// The client outlives the task of run().
  EventRecorder(net::Runtime& runtime, Client& client, EventSource source, Random random);
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  /// Never waits. Works whether or not run() is under way.
  void emit(EventNote note);
  /// Sends until it is destroyed.
  net::Task<void> run();
  /// Goes on when everything queued has been dealt with, or after `limit`; for an orderly end.
  net::Task<void> flush(Duration limit);

  [[nodiscard]] const EventStats& stats() const { return stats_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  struct Key {
    EventNote::Type type;
    std::string reason;
    std::string action;
    std::string kind;
    ObjectName object;
    Uid uid;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Series {
    std::string event;  // the object's name; empty: not created yet
    NamespaceName ns;
    std::int32_t count = 1;
    std::int32_t told = 1;  // of `count`
    Instant last;
    Steady last_seen;
    Steady told_at;
  };
  struct Job {
    Key key;
    EventNote note;
    Instant when;
    std::string name;  // the object's, the same in every try: one whose answer was lost makes no second event
  };

  net::Task<void> send(Job job);
  net::Task<bool> create(const Job& job, Series& series);
  net::Task<bool> tell(Series& series);
  net::Task<bool> refresh_due();
  [[nodiscard]] std::optional<Steady> next_refresh() const;
  [[nodiscard]] format::JsonValue document_of(const Job& job, const NamespaceName& ns) const;

  net::Runtime& runtime_;
  Client& client_;
  EventSource source_;
  Random random_;
  net::Signal changed_;
  std::deque<Job> queue_;
  bool sending_ = false;
  std::map<Key, Series> series_;
  EventStats stats_;
};

}  // namespace spotkeeper::kube
