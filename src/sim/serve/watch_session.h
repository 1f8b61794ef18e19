// One watch: the changes of a kind that a client has not been told of, as events.
//
// Semantics of the real watch cache: a change that leaves the selector is DELETED with the object as it last matched
// and the version of the change; initial events are not in order of version; a bookmark says how far the client has
// heard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/serve/query.h"
#include "sim/store.h"

namespace spotkeeper::sim::serve {

/// How events are written onto the wire.
class EventWriter {
 public:
  EventWriter() = default;
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  virtual ~EventWriter() = default;

  /// "ADDED", "MODIFIED" or "DELETED" of an object; `version` replaces its own where given.
  virtual std::string event(std::string_view type, const Object& object, std::optional<std::uint64_t> version) = 0;
  /// A bookmark; `initial_end` marks the end of the initial events.
  virtual std::string bookmark(std::uint64_t version, bool initial_end) = 0;
  /// An ERROR event with a Status.
  virtual std::string error(int code, std::string_view reason, std::string_view message) = 0;
};

class WatchSession {
 public:
  /// From the changes after `since`; none: begins with everything that is there as ADDED, and, if the query asks for
  /// initial events, a bookmark that ends them.
  WatchSession(const Store& store, Kind kind, std::string ns, Query query, std::optional<std::uint64_t> since,
               std::unique_ptr<EventWriter> writer, Instant now);

  /// What has happened since the last call, ready to be written; empty if nothing has. Bookmarks come every minute,
  /// and 2 s before the end, if the client asked for them.
  [[nodiscard]] std::string poll(Instant now);
  /// The stream ends: its time is over, or the changes it needs are compacted away.
  [[nodiscard]] bool ended() const { return ended_; }
  /// When poll() has something to do at the latest.
  [[nodiscard]] Instant next_due() const;

 private:
  [[nodiscard]] bool chosen(const Object& object) const;
  void plan_bookmark(Instant now);
  std::string initial();
  std::string describe(const Change& change);

  const Store& store_;
  Kind kind_;
  std::string ns_;
  Query query_;
  std::unique_ptr<EventWriter> writer_;
  std::uint64_t heard_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool from_start_ = false;
  Instant next_bookmark_;
  Instant end_;
};

}  // namespace spotkeeper::sim::serve
