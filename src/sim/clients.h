// Clients that send requests, and the pods' programs that answer them.
//
// A request is one entry of a slab that is used again, so a running load allocates nothing. A pod serves
// `Behaviour::concurrency` requests at once; up to `queue` more wait in line; one more is answered 503.
//
// What is sent depends on the seed and the load alone. Each load draws its arrivals from a stream of its own, and each
// request everything about itself (style, the client's machine, which endpoint, how long it takes to serve) from a
// generator that it brings along. So the policies of a comparison are sent the same requests at the same times after
// the load began, and lose different ones.
//
// A try is what goes to a pod; a request has several where its client tries again (sim/retries.h). Between two of them
// it is under way, too, and waits with its client. A try that the client has given up is still served.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/endpoints.h"
#include "sim/loss_book.h"
#include "sim/retries.h"
#include "sim/state.h"

namespace spotkeeper::sim {

class Clients {
 public:
  explicit Clients(World::State& world) : world_(world) {}

  void add_load(const Load& load);
  void begin_measuring();
  void stop();
  void handle(const Event& event);
  /// The program has ended, by itself or with its machine: what it had is lost.
  void program_ended(PodId id, bool machine_died);
  [[nodiscard]] const TrafficReport& report() const { return report_; }
  /// Keeps every loss from now on with its circumstances.
  void explain_losses() { book_ = std::make_unique<LossBook>(world_); }
  /// None, where explain_losses() was not called.
  [[nodiscard]] const std::vector<LostRequest>& losses() const;

  /// Requests since begin_measuring(). Sent is what came out of the loads, counted before anybody had to do with it.
  struct Ledger {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t lost = 0;
    std::uint64_t under_way = 0;
    std::uint64_t waiting = 0;  // of them to be tried again
  };
  [[nodiscard]] Ledger ledger() const;
  /// What the lists of a pod hold, counted one by one.
  struct Held {
    std::uint32_t serving = 0;
    std::uint32_t queued = 0;
    std::uint64_t counted = 0;  // of them sent since begin_measuring()
  };
  [[nodiscard]] Held held_by(const PodRun& run) const;

 private:
  struct Connection {
    PodId pod = kNone;
    MachineId machine = kNone;  // of the pod
    std::uint32_t uses = 0;
  };
  struct Source {
    Load load;
    ServiceId service = kNone;
    Random arrivals;
    std::vector<Connection> idle;
    std::uint32_t busy = 0;  // kept connections with a request on its way
    bool stopped = false;
    std::optional<RetryBudget> budget;  // of a load whose clients try again
  };
  /// What is the same at every try of a request.
  struct Call {
    std::uint64_t id = 0;
    Instant sent;  // for the first time
    std::uint32_t source = kNone;
    std::uint32_t tries = 1;
    double effort = 0;  // how much there is to do: a draw of the standard normal distribution
    Duration takes{};   // not zero: it is a long one, and takes so long on any pod
    ClientStyle style = ClientStyle::New;
    bool counted = false;
  };
  /// A try that a pod has.
  struct Request {
    Call call;
    Instant sent;
    Instant ends;             // of its service, once that has begun
    MachineId proxy = kNone;  // kNone: over a connection that was open
    PodId pod = kNone;
    std::uint32_t use = 0;  // counts the uses of this entry: events of an earlier use are void
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    std::uint32_t connection_uses = 0;
    bool queued = false;
    bool given_up = false;  // nobody waits for the answer any more
  };
  /// A try before anybody has taken it.
  struct Draft {
    Call call;
    MachineId proxy = kNone;  // that chose where it goes; kNone: an open connection did
    Random random;
  };
  /// A try that came to nothing.
  struct Failed {
    Call call;
    Outcome outcome = Outcome::Refused;
    PodId pod = kNone;
    MachineId proxy = kNone;
    Instant tried;
    std::optional<Duration> missing;
  };

  void arrive(std::uint32_t source);
  void plan_arrival(std::uint32_t source);
  /// The machine from whose point of view the request is sent; kNone: none lives.
  [[nodiscard]] MachineId pick_machine(Random& random) const;
  void send(Draft& draft);
  void send_new(Draft& draft);
  void send_kept(Draft& draft);
  void deliver(const Draft& draft, const Target& target, std::uint32_t connection_uses);
  void begin_service(std::uint32_t request);
  void finish(const Event& event);
  void count(const Call& call, Outcome outcome, PodId pod);
  /// A try, made just now, that no pod took.
  void fail_at_once(const Draft& draft, PodId pod, Outcome outcome, std::optional<Duration> missing = {});
  /// Tries it again, or loses it.
  void fail(const Failed& failed);
  void lose(const Failed& failed, NoRetry why);
  /// What keeps it from another try; where nothing does, that try is taken from the budget.
  [[nodiscard]] NoRetry ask_for_retry(const Failed& failed);
  void plan_retry(const Failed& failed);
  void try_again(std::uint32_t waiting);
  /// The client's limit is over; only of clients that would try again then.
  void give_up(const Event& event);
  /// The program or the machine that had it has ended.
  void drop(std::uint32_t request, Outcome outcome);
  void settle_connection(const Request& request, bool reusable);
  std::uint32_t allocate();
  void release(std::uint32_t request);

  World::State& world_;
  std::vector<Source> sources_;
  std::vector<Request> requests_;
  std::uint32_t free_ = kNone;
  std::vector<Call> waiting_;  // for their next try; places in `waiting_free_` are not in use
  std::vector<std::uint32_t> waiting_free_;
  std::uint64_t waiting_counted_ = 0;
  TrafficReport report_;
  std::unique_ptr<LossBook> book_;  // null: nobody asks why
  std::uint64_t last_id_ = 0;
  std::uint64_t under_way_ = 0;
  bool counting_ = false;
};

}  // namespace spotkeeper::sim
