// endpoint_feeder: tells haproxy what the EndpointSlices of a service say, as late as a cloud's load balancer would.
// Exit code: 0 after SIGTERM or SIGINT (or --print-config), 1 if it can't work, 2 for a wrong command line.
//
// Its log has a JSON object a line: {"time", "event", …}.
//   listed   the first list has come: endpoints
//   seen     change (added, removed), address, pod, node, due (when it will be applied), and the delays drawn:
//            controller_ms, api_ms, propagation_ms, joining_ms
//   applied  change, address, pod, node, slot, after_ms (since it was seen)
//   freed    slot: its drain is over
//   failed   change, address, pod, node, why
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "format/json.h"
#include "kube/config.h"
#include "kube/connection.h"
#include "kube/reflector.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "net/task_group.h"
#include "tests/tools/command_line.h"
#include "tests/tools/endpoint_feeder/haproxy.h"
#include "tests/tools/endpoint_feeder/plan.h"
#include "tests/tools/until_signal.h"

namespace spotkeeper::tools {
namespace {

constexpr kube::Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};

struct FeederOptions {
  std::string kubeconfig;
  std::string ns = "default";
  std::string service;
  std::string port;
  std::string log = "-";
  std::uint64_t seed = 1;
  bool print_config = false;
  Duration drain = 30s;
  DelayModel delays;
  BalancerConfig balancer;
};

class Feeder {
 public:
  Feeder(net::EventLoop& loop, const FeederOptions& options, std::FILE* log)
      : loop_(loop),
        log_(log),
        plan_(options.delays, options.seed),
        slots_(options.balancer.slots, options.drain),
        haproxy_(loop, options.balancer.socket),
        changed_(loop) {}

  void hear(const Endpoints& endpoints) {
    if (std::exchange(first_, false)) note("listed", {{"endpoints", endpoints.size()}});
    for (Change& change : plan_.observe(endpoints, loop_.steady())) {
      format::JsonObject fields = fields_of(change);
      fields["due"] = format_rfc3339_micro(loop_.now() + (change.due - loop_.steady()));
      fields["controller_ms"] = change.controller / 1ms;
      fields["api_ms"] = change.api / 1ms;
      fields["propagation_ms"] = change.propagation / 1ms;
      fields["joining_ms"] = change.joining / 1ms;
      note("seen", std::move(fields));
      const Steady due = change.due;
      waiting_.emplace(due, std::move(change));
    }
    changed_.notify();
  }

  /// Applies what is due, for ever.
  net::Task<void> run() {
    for (;;) {
      co_await apply_due();
      net::ScopedCall wake;
      if (const auto next = next_due())
        wake = net::ScopedCall(loop_, loop_.call_at(*next, [this] { changed_.notify(); }));
      co_await changed_.wait();
    }
  }

 private:
  net::Task<void> apply_due() {
    while (!waiting_.empty() && waiting_.begin()->first <= loop_.steady()) {
      const Change change = std::move(waiting_.extract(waiting_.begin()).mapped());
      co_await apply(change);
    }
    for (const std::size_t slot : slots_.expire(loop_.steady())) {
      auto closed = co_await haproxy_.close(slot);
      format::JsonObject fields{{"slot", slot + 1}};
      if (!closed) fields["why"] = closed.error().message;
      note(closed ? "freed" : "failed", std::move(fields));
    }
  }

  net::Task<void> apply(Change change) {
    const Steady now = loop_.steady();
    const auto slot = change.added ? slots_.assign(change.endpoint, now) : slots_.release(change.endpoint, now);
    Result<void> done = fail(ErrorCode::Unavailable, change.added ? "all slots are taken" : "it has no slot");
    if (slot && change.added) done = co_await haproxy_.open(*slot, change.endpoint);
    if (slot && !change.added) done = co_await haproxy_.drain(*slot);
    format::JsonObject fields = fields_of(change);
    if (slot) fields["slot"] = *slot + 1;
    fields["after_ms"] = (loop_.steady() - change.seen) / 1ms;
    if (!done) fields["why"] = done.error().message;
    note(done ? "applied" : "failed", std::move(fields));
  }

  [[nodiscard]] std::optional<Steady> next_due() const {
    std::optional<Steady> next = slots_.next_expiry();
    if (!waiting_.empty()) next = std::min(next.value_or(Steady::max()), waiting_.begin()->first);
    return next;
  }

  static format::JsonObject fields_of(const Change& change) {
    return {{"change", change.added ? "added" : "removed"},
            {"address", fmt::format("{}:{}", change.endpoint.address, change.endpoint.port)},
            {"pod", change.endpoint.pod},
            {"node", change.endpoint.node}};
  }

  void note(std::string_view event, format::JsonObject fields) {
    format::JsonObject line{{"time", format_rfc3339_micro(loop_.now())}, {"event", event}};
    for (auto& [key, value] : fields) line[key] = std::move(value);
    fmt::print(log_, "{}\n", format::write_json(line));
    std::fflush(log_);
  }

  net::EventLoop& loop_;
  std::FILE* log_;
  FeedPlan plan_;
  SlotTable slots_;
  Haproxy haproxy_;
  net::Signal changed_;
  bool first_ = true;
  std::multimap<Steady, Change> waiting_;
};

void range_option(CommandLine& line, const char* name, const char* meaning, DurationRange* into) {
  line.custom(name, "LEAST-MOST", meaning, [into](std::string_view text) -> Result<void> {
    SK_TRY(*into, parse_duration_range(text));
    return {};
  });
}

std::optional<int> read_options(int argc, char** argv, FeederOptions& options) {
  CommandLine line("endpoint_feeder",
                   "Feeds haproxy's runtime API from the EndpointSlices of a service, each change as late as a cloud's "
                   "load\nbalancer would be with it. What is there at the start is applied at once.");
  line.value("kubeconfig", "FILE", "default: as kubectl finds it", &options.kubeconfig);
  line.value("namespace", "NAME", "default: default", &options.ns);
  line.value("service", "NAME", "whose endpoints", &options.service);
  line.value("port-name", "NAME", "which of the service's ports, where there are several", &options.port);
  line.value("socket", "PATH", "haproxy's runtime API", &options.balancer.socket);
  line.value("slots", "N", "servers that haproxy was given (default 32)", &options.balancer.slots);
  line.value("drain", "how long a slot stays with an endpoint that has left (default 30s)", &options.drain);
  line.value("seed", "N", "of the delays", &options.seed);
  range_option(line, "controller", "from an EndpointSlice to the controller's call (default 1s-5s)",
               &options.delays.controller);
  range_option(line, "api", "until the API has taken it (default 500ms-2s)", &options.delays.api);
  range_option(line, "propagation", "until the balancer acts on it (default 5s-25s)", &options.delays.propagation);
  range_option(line, "joining", "the same, on top, for one that comes (default 0s)", &options.delays.joining);
  line.value("log", "FILE", "appended, one JSON object a line; \"-\" is standard output", &options.log);
  line.flag("print-config", "print haproxy's configuration for --socket, --slots and --bind, and end",
            &options.print_config);
  line.value("bind", "ADDRESS:PORT", "of haproxy, for --print-config", &options.balancer.bind);
  return line.read(argc, argv);
}

Result<void> feed(const FeederOptions& options, std::FILE* log) {
  net::EventLoop loop;
  SK_TRY(auto config,
         kube::load_config({.kubeconfig = options.kubeconfig, .context = {}}, kube::process_environment()));
  kube::ConnectOptions connect;
  connect.user_agent = "endpoint_feeder";
  SK_TRY(const auto connection, kube::connect(loop, std::move(config), connect));
  Feeder feeder(loop, options, log);
  EndpointSink sink(options.port, [&feeder](const Endpoints& endpoints) { feeder.hear(endpoints); });
  kube::Reflector reflector(connection->pipeline(), kEndpointSlices,
                            {.ns = NamespaceName(options.ns),
                             .field_selector = {},
                             .label_selector = "kubernetes.io/service-name=" + options.service},
                            sink, {}, Random(options.seed).fork(1));
  net::TaskGroup tasks(loop);
  tasks.start(reflector.run());
  tasks.start(feeder.run());
  loop.run_until(until_signal(loop));
  return {};
}

int run(int argc, char** argv) {
  FeederOptions options;
  if (const auto end = read_options(argc, argv, options)) return *end;
  const char* missing = options.balancer.socket.empty()                    ? "--socket"
                        : options.service.empty() && !options.print_config ? "--service"
                                                                           : nullptr;
  if (missing != nullptr || options.balancer.slots == 0 || options.balancer.slots > 1000) {
    fmt::print(stderr, "endpoint_feeder: {}\n",
               missing == nullptr ? "--slots: from 1 to 1000" : fmt::format("{} is missing", missing));
    return kBadUsage;
  }
  if (options.print_config) {
    fmt::print("{}", haproxy_config(options.balancer));
    return kDone;
  }
  std::FILE* const log = options.log == "-" ? stdout : std::fopen(options.log.c_str(), "ae");
  if (log == nullptr) {
    fmt::print(stderr, "endpoint_feeder: {} can't be written\n", options.log);
    return kFailed;
  }
  const auto fed = feed(options, log);
  if (fed) return kDone;
  fmt::print(stderr, "endpoint_feeder: {}\n", fed.error().message);
  return kFailed;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) { return spotkeeper::tools::run(argc, argv); }
