// Keeps a copy of one collection up to date: LIST or WatchList, then WATCH for ever, through every way in which those
// end (client-go tools/cache/reflector.go; docs/kubernetes.md has the table).
//
// Rules kept here. The first list is consistent (resourceVersion ""), never "0": a copy older than what an earlier
// process acted on is worse than none. A new list replaces the copy only when it is complete. The position in the watch
// is taken from bookmarks, from events after the initial ones, and from nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/backoff.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "kube/pipeline.h"
#include "kube/resource.h"
#include "kube/watch.h"
#include "net/task.h"

namespace spotkeeper::kube {

/// Which objects of a collection. Selectors in the API's syntax ("spec.nodeName=a"); empty: all.
struct WatchScope {
  NamespaceName ns;
  std::string field_selector;
  std::string label_selector;
};

/// The part of a request's query that the selectors are.
[[nodiscard]] Query selectors_of(const WatchScope& scope);

/// Where the objects go. Calls come one at a time, between waits of the reflector's task, which none of them may
/// destroy. An error means that this object could not be read: it is counted and logged, and the rest goes on.
class ReflectorSink {
 public:
  ReflectorSink() = default;
  ReflectorSink(const ReflectorSink&) = delete;
  ReflectorSink& operator=(const ReflectorSink&) = delete;
  virtual ~ReflectorSink() = default;

  /// A new list begins: what was staged for an earlier one that never ended is dropped.
  virtual void begin_list() = 0;
  virtual Result<void> stage(const WireObject& object, const WireMeta& meta) = 0;
  /// What was staged is now all there is.
  virtual void commit() = 0;
  /// Added, Modified or Deleted, after a commit.
  virtual Result<void> apply(WatchType type, const WireObject& object, const WireMeta& meta) = 0;
  /// All events that came in one piece have been applied.
  virtual void settled() {}
};

struct ReflectorOptions {
  bool watch_list = true;       // ask for a streaming list first
  std::size_t page = 500;       // objects a page of LIST
  Duration idle = 5min;         // a watch without a byte for so long is hung and opened anew
  Duration initial_idle = 30s;  // the same while its initial events are awaited
  Duration least_watch = 300s;  // timeoutSeconds is drawn between these
  Duration most_watch = 600s;
  /// client-go waits up to 30 s (60 s with jitter); a node has 120 s to live, so we look again sooner.
  BackoffPolicy backoff{.first = 800ms, .factor = 2.0, .jitter = 1.0, .most = 8s};
  Duration backoff_reset = 2min;  // of peace, after which the next failure waits the first time again
};

struct ReflectorStats {
  std::uint64_t lists = 0;    // begun, of either kind
  std::uint64_t watches = 0;  // opened and answered 200
  std::uint64_t events = 0;   // objects, bookmarks not counted
  std::uint64_t bookmarks = 0;
  std::uint64_t expired = 0;     // 410 of either kind: a relist
  std::uint64_t hung = 0;        // given up by the watchdog
  std::uint64_t unreadable = 0;  // objects that could not be decoded
  std::uint64_t failures = 0;    // everything that led to a wait
};

class Reflector {
 public:
  /// The pipeline and the sink outlive the task of run().
  Reflector(Pipeline& pipeline, Resource resource, WatchScope scope, ReflectorSink& sink, ReflectorOptions options,
            Random random);
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  /// Works until it is destroyed. Called once.
  net::Task<void> run();

  /// A complete list has been committed.
  [[nodiscard]] bool synced() const { return synced_; }
  [[nodiscard]] const ReflectorStats& stats() const { return stats_; }
  /// When the server was last heard of (any byte of a list or watch).
  [[nodiscard]] Steady heard_at() const { return heard_at_; }
  /// When its next step is over at the latest: an answer, a byte, a time-out, the end of a wait. It is always in the
  /// future, whatever the server does, unless the reflector itself has come to a standstill.
  [[nodiscard]] Steady step_by() const { return step_by_; }
  /// The resource version up to which the copy is complete; empty: not yet.
  [[nodiscard]] const std::string& position() const { return position_; }
  /// What went wrong last; empty while all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  enum class Next { Reopen, Relist, Backoff };
  struct Outcome {
    Next next = Next::Reopen;
    Duration at_least{};  // Retry-After
    std::string why;      // for Backoff
  };

  net::Task<Outcome> list();
  net::Task<Result<ListMeta>> page(std::string token, std::size_t size);
  net::Task<Outcome> watch(bool initial);
  net::Task<Outcome> consume(net::HttpStream& stream, bool initial);
  net::Task<Outcome> refused(net::HttpStream& stream, bool initial);
  [[nodiscard]] ApiRequest watch_request(bool initial);
  void stage(const WireObject& object, const WireMeta& meta);
  void take(const WatchEvent& event, bool& initial, std::optional<Outcome>& end);
  Outcome ended_by(const ApiStatus& status, bool initial);
  void complete(std::string version);
  void unreadable(const WireMeta& meta, const Error& error);
  net::Task<void> wait(Outcome outcome);
  void expect_step_within(Duration longest) { step_by_ = pipeline_.runtime().steady() + longest; }

  Pipeline& pipeline_;
  Resource resource_;
  WatchScope scope_;
  ReflectorSink& sink_;
  ReflectorOptions options_;
  Random random_;
  Backoff backoff_;
  Steady last_failure_{};
  Steady listed_at_{};     // when the last list was complete
  int fresh_expired_ = 0;  // lists in a row whose position was refused at once
  bool synced_ = false;
  bool watch_list_ = true;
  std::string position_;
  std::string trouble_;
  Steady heard_at_{};
  Steady step_by_{};
  ReflectorStats stats_;
};

}  // namespace spotkeeper::kube
