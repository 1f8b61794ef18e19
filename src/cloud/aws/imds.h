// The EC2 instance metadata service (IMDS): what a machine can learn about its own end.
//
// `ImdsClient` asks one question and gives a typed answer; `ImdsMonitor` asks them again and again and keeps the
// notices that stand. Neither ends because of an answer, however wrong and however often.
//
// Sources: Amazon EC2 User Guide, "Access instance metadata" (IMDSv2), "Spot Instance interruption notices", "EC2
// instance rebalance recommendations", "Scheduled events for your instances"; Amazon EC2 Auto Scaling User Guide,
// "Retrieve the target lifecycle state".
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "model/interruption.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::aws {

/// The places that the monitor asks.
enum class MetadataTopic { Spot, Rebalance, Scheduled, Lifecycle };
inline constexpr std::array kMetadataTopics = {MetadataTopic::Spot, MetadataTopic::Rebalance, MetadataTopic::Scheduled,
                                               MetadataTopic::Lifecycle};
/// "spot", "rebalance", "scheduled", "asg"; a notice's source is "imds/" and this.
[[nodiscard]] std::string_view name_of(MetadataTopic topic);

/// What became of one request. Each is counted.
enum class AnswerKind {
  Found,         // 200 with a body that was understood
  None,          // 404: there is nothing to tell, which is normal
  Unauthorized,  // 401: the token was refused (a fresh one is tried once)
  Refused,       // any other 4xx; 403: the service is switched off for this machine
  ServerError,   // 5xx
  Timeout,       // no answer in the time given
  Unreachable,   // no connection, or one that broke
  Half,          // a body that ends too early
  Garbage,       // a body that can't be understood
  Unexpected,    // a status that none of the above covers
};
inline constexpr std::array kAnswerKinds = {
    AnswerKind::Found,       AnswerKind::None,       AnswerKind::Unauthorized, AnswerKind::Refused,
    AnswerKind::ServerError, AnswerKind::Timeout,    AnswerKind::Unreachable,  AnswerKind::Half,
    AnswerKind::Garbage,     AnswerKind::Unexpected,
};
/// "found", "none", "unauthorized", …: the metric's label.
[[nodiscard]] std::string_view name_of(AnswerKind kind);

// ---------------------------------------------------------------------------------------------------------------------
// The documents.

/// /latest/meta-data/spot/instance-action. The three actions end differently: a stopped or hibernated machine may come
/// back as the same node.
struct SpotAction {
  InterruptionEffect effect = InterruptionEffect::Terminate;
  Instant at;  // on Amazon's clock
};
/// /latest/meta-data/events/recommendations/rebalance.
struct RebalanceAdvice {
  Instant given;  // on Amazon's clock
};
/// One element of /latest/meta-data/events/maintenance/scheduled.
struct ScheduledEvent {
  enum class State { Active, Completed, Canceled };
  std::string id;    // "instance-event-0d59937288b749b32"
  std::string code;  // "instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"
  std::string description;  // for people
  State state = State::Active;
  Instant not_before;  // on Amazon's clock
  std::optional<Instant> not_after;
};
/// What the elements were, and why those that are missing could not be read: one bad element does not hide the others.
struct ScheduledEvents {
  std::vector<ScheduledEvent> events;
  std::vector<std::string> unreadable;
};
struct InstanceIdentity {
  std::string instance_id;
  std::string instance_type;
  std::string region;
  std::string zone;
  std::string private_ip;
  std::string account_id;
  std::string life_cycle;  // "spot", "on-demand", "scheduled"; empty where the service does not say
  // Only with ImdsConfig::names; empty where the machine has none.
  std::string local_hostname;
  std::string public_hostname;
  std::string public_ip;
};

/// Each refuses what it does not understand with an InvalidInput error that names the place and the bytes.
Result<SpotAction> parse_spot_action(std::string_view body);
Result<RebalanceAdvice> parse_rebalance(std::string_view body);
Result<ScheduledEvents> parse_scheduled_events(std::string_view body);
/// "InService", "Terminated", "Warmed:Stopped"…: one word of letters and colons.
Result<std::string> parse_lifecycle_state(std::string_view body);
Result<InstanceIdentity> parse_identity(std::string_view body);
/// "21 Jan 2019 09:00:43 GMT", the time of scheduled events.
Result<Instant> parse_event_time(std::string_view text);

// ---------------------------------------------------------------------------------------------------------------------
// The client.

/// How far this machine's wall clock is ahead of the service's clock, from the Date of its answers. A Date is cut to
/// the second and an answer travels, so that each one gives an interval in which the service's clock lies; they are
/// intersected. They are kept against the clock that does not jump: a wall clock that is set is noticed at once and
/// spoils nothing.
class SkewEstimate {
 public:
  /// An answer with that `date`, asked for at `sent` and here at `received`.
  void learn(Instant date, Steady sent, Steady received);
  /// While this machine's wall clock reads `wall` at `steady`: zero if that is possible; else the end of the interval
  /// that is nearest to zero. None: no Date has been seen yet.
  [[nodiscard]] std::optional<Duration> skew(Instant wall, Steady steady) const;

 private:
  // How far the service's clock is ahead of the steady one.
  std::optional<Duration> least_;
  std::optional<Duration> most_;
};

struct ImdsConfig {
  Duration timeout = 1s;         // of one request
  Duration token_ttl = 6h;       // asked for; 1 s to 6 h
  Duration token_reserve = 30s;  // a token is renewed this long before it ends, or when a tenth of its time is left
  bool allow_v1 = false;         // go on without a token where the service has none
  bool names = false;            // the identity has host names and public addresses, too
};

/// One answer: its kind, and the body where it is Found.
struct MetadataAnswer {
  AnswerKind kind = AnswerKind::Unexpected;
  std::string body;
  std::string problem;  // for people; empty for Found and None
};

/// Asks the metadata service. One request at a time.
class ImdsClient {
 public:
  /// Called for every answer, those about tokens included (`what` is then "token").
  using Counter = std::function<void(std::string_view what, AnswerKind kind)>;

  ImdsClient(net::Runtime& runtime, net::HttpTransport& transport, ImdsConfig config, Counter counter = {});

  /// GET /latest/<path>. A 401 is answered with one fresh token and one more try.
  net::Task<MetadataAnswer> get(std::string path, std::string what);
  /// The identity document, with the life cycle; where the document can't be had, what the single entries say.
  net::Task<Result<InstanceIdentity>> identity();
  /// For answers that were fetched but turned out to be unreadable.
  void count(std::string_view what, AnswerKind kind) const;
  /// How far this machine's wall clock is ahead of the service's now; none: not known yet.
  [[nodiscard]] std::optional<Duration> skew() const { return skew_.skew(runtime_.now(), runtime_.steady()); }

 private:
  struct Token {
    std::string text;
    Steady renew;  // from then on a new one is asked for
    Steady ends;   // from then on it is not used
  };
  net::Task<MetadataAnswer> exchange(net::HttpRequest request, std::string what);
  net::Task<MetadataAnswer> ask_token();
  /// Found: go on, with `token_` where there is one.
  net::Task<MetadataAnswer> ensure_token();
  /// One text of /latest/meta-data; empty where it can't be had.
  net::Task<std::string> entry(std::string path);

  net::Runtime& runtime_;
  net::HttpTransport& transport_;
  ImdsConfig config_;
  Counter counter_;
  std::optional<Token> token_;
  bool without_token_ = false;  // the service has none and v1 is allowed
  SkewEstimate skew_;
};

// ---------------------------------------------------------------------------------------------------------------------
// The monitor.

/// One notice that stands. Its instants are on the service's clock.
struct MetadataNotice {
  MetadataTopic topic = MetadataTopic::Spot;
  InterruptionKind kind = InterruptionKind::Kill;
  InterruptionEffect effect = InterruptionEffect::Terminate;
  std::string source;                // "imds/spot", …
  std::string id;                    // the same notice has the same id in every poll, and after a restart
  std::optional<Instant> announced;  // when it takes place (Maybe: when it was given); none: the service does not say
  Steady received;                   // when it was first seen
  std::string detail;                // for people
  friend bool operator==(const MetadataNotice&, const MetadataNotice&) = default;
};

struct MonitorConfig {
  ImdsConfig client;
  Duration interval = 1s;           // between two looks at spot notices, rebalance advice and the lifecycle state
  Duration alert_interval = 500ms;  // the same while a rebalance recommendation stands; never more than `interval`
  Duration scheduled_interval = 10s;
  double jitter = 0.1;  // a wait is shortened by up to this share, never lengthened
  std::uint64_t seed = 1;
};

/// Polls, and keeps the notices that stand. Spot notices are asked for first in every round. A round that gets no
/// answer at all ends there, and the next goes on with the place after it, so that no place waits behind one that
/// hangs.
class ImdsMonitor {
 public:
  ImdsMonitor(net::Runtime& runtime, net::HttpTransport& transport, MonitorConfig config,
              ImdsClient::Counter counter = {});

  /// Polls for ever; ended by destroying the Task.
  net::Task<void> run();

  /// The notices that stand, by id. A notice goes when the service answers without it; an error leaves it.
  [[nodiscard]] const std::map<std::string, MetadataNotice>& notices() const { return notices_; }
  /// The place has answered, with a notice or with none, at least once. What it does not show then is not there.
  [[nodiscard]] bool answered(MetadataTopic topic) const { return asked_.at(place_of(topic)).answered; }
  /// Notified when `notices()` or `answered()` has changed.
  [[nodiscard]] net::Signal& changed() { return changed_; }
  /// See ImdsClient::skew.
  [[nodiscard]] std::optional<Duration> skew() const { return client_.skew(); }
  /// The last sign of life: answers that are errors count, since a process that is restarted gets the same ones.
  [[nodiscard]] Steady last_activity() const { return last_activity_; }
  /// Which machine this is; nothing until the service has said so.
  [[nodiscard]] const std::optional<InstanceIdentity>& identity() const { return identity_; }

 private:
  net::Task<void> learn_identity();
  net::Task<bool> look(MetadataTopic topic);  // false: nobody answered
  net::Task<void> round();
  [[nodiscard]] bool due(MetadataTopic topic) const;
  [[nodiscard]] Duration wait();
  /// Replaces the notices of `topic`.
  void learn(MetadataTopic topic, std::vector<MetadataNotice> now);
  std::optional<std::vector<MetadataNotice>> understand(MetadataTopic topic, const std::string& body);
  /// Adds the scheduled events that stand and that `events` says nothing about.
  void keep_unmentioned(const ScheduledEvents& events, std::vector<MetadataNotice>& notices) const;
  void complain(MetadataTopic topic, std::string_view body, std::string_view why);
  void report(MetadataTopic topic, const MetadataAnswer& answer);

  net::Runtime& runtime_;
  MonitorConfig config_;
  ImdsClient client_;
  Random random_;
  net::Signal changed_;
  std::map<std::string, MetadataNotice> notices_;
  /// By topic. Looked at several times a second, so they lie in one place.
  struct Asked {
    bool answered = false;
    std::optional<Steady> next;  // not before then; none: at every round
  };
  /// Answers of a place that could not be understood.
  struct Garbage {
    std::set<std::string> known;  // bytes that were logged
    std::optional<Steady> last;   // when the last of them was
  };
  [[nodiscard]] static constexpr std::size_t place_of(MetadataTopic topic) { return static_cast<std::size_t>(topic); }
  std::array<Asked, kMetadataTopics.size()> asked_;
  std::optional<MetadataTopic> silent_;                            // where the last round ended without an answer
  std::map<std::pair<MetadataTopic, AnswerKind>, Steady> logged_;  // problems, each at most once an hour
  std::map<MetadataTopic, Garbage> garbage_;                       // what was logged of it
  std::optional<InstanceIdentity> identity_;
  Steady next_identity_;
  Steady last_activity_;
};

}  // namespace spotkeeper::aws
