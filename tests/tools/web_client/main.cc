// web_client: sends requests at a fixed rate and counts what became of each. Exit code: 0 if it ran, whatever was lost;
// 1 if its report can't be written; 2 for a wrong command line.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "net/event_loop.h"
#include "net/task_group.h"
#include "tests/tools/command_line.h"
#include "tests/tools/web_client/load.h"

namespace spotkeeper::tools {
namespace {

struct ClientOptions {
  std::vector<Target> targets;
  Duration length = 10s;
  std::string run = fmt::format("r{}", ::getpid());
  PortRange ports{20'000, 29'999};
  std::uint64_t first_port = 0;
  std::string report;
};

std::optional<int> read_options(int argc, char** argv, ClientOptions& options) {
  CommandLine line("web_client",
                   "Sends requests at a fixed rate to one or more targets, in both client styles at once, and counts "
                   "what became of\neach. SIGTERM and SIGINT end the sending; what is under way is waited for.");
  line.custom("target", "KEY=VALUE,…",
              "name=NAME,url=http://IP:PORT and, if wanted, rate=10 (a second, of each style), style=new|kept|both, "
              "takes=0s, deadline=10s, kept=24; may be given more than once",
              [&options](std::string_view text) -> Result<void> {
                SK_TRY(Target target, parse_target(text));
                options.targets.push_back(std::move(target));
                return {};
              });
  line.value("for", "how long to send", &options.length);
  line.value("run", "NAME", "what the ids begin with; default: r and the process's id", &options.run);
  line.custom("source-ports", "FIRST-LAST", "its own range, which no other client has; default 20000-29999",
              [&options](std::string_view text) -> Result<void> {
                SK_TRY(options.ports, parse_port_range(text));
                return {};
              });
  line.value("first-port", "PORT", "where to begin in it: source_ports.next of the last client's report",
             &options.first_port);
  line.value("report", "FILE", "where the report goes as JSON; default: nowhere", &options.report);
  return line.read(argc, argv);
}

/// What can't work, before anything is sent.
Result<void> check(const ClientOptions& options) {
  if (options.targets.empty()) return fail(ErrorCode::InvalidInput, "--target is missing");
  std::set<std::string> names;
  double connections = 0;
  for (const Target& target : options.targets) {
    if (!names.insert(target.name).second)
      return fail(ErrorCode::InvalidInput, fmt::format("two targets are called {}", target.name));
    if (target.kept_style) connections += static_cast<double>(target.kept);
    if (target.new_style)
      connections += target.rate * std::min(seconds_of(options.length), seconds_of(PortWalk::kRest));
  }
  if (connections > options.ports.size())
    return fail(ErrorCode::InvalidInput,
                fmt::format("--source-ports: {} ports are too few for {:.0f} connections in {}", options.ports.size(),
                            connections, format_duration(PortWalk::kRest)));
  return {};
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // if not, requests without a descriptor are counted as unsent
}

net::Task<void> stop_at_signal(net::EventLoop& loop, net::TaskGroup& senders) {
  net::SystemSignals signals(loop, {SIGTERM, SIGINT});
  (void)(co_await signals.next());
  loop.post([&senders] { senders.cancel_all(); });
}

class Run {
 public:
  Run(net::EventLoop& loop, const ClientOptions& options)
      : loop_(loop),
        options_(options),
        state_{options.run, {}, PortWalk(options.ports, static_cast<std::uint16_t>(options.first_port)), {}, {}} {
    for (const Target& target : options.targets) {
      if (target.new_style) streams_.push_back(std::make_unique<LoadStream>(loop, state_, target, Style::New));
      if (target.kept_style) streams_.push_back(std::make_unique<LoadStream>(loop, state_, target, Style::Kept));
    }
  }

  net::Task<void> run() {
    net::TaskGroup senders(loop_);
    net::TaskGroup watch(loop_);
    state_.start = loop_.steady();
    report_.started = loop_.now();
    fmt::print("sending since {}\n", format_rfc3339_micro(report_.started));
    std::fflush(stdout);
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      // The streams take turns, so that their requests do not leave in bursts.
      const double share = static_cast<double>(i) / static_cast<double>(streams_.size());
      const Duration first = duration_of_seconds(share / streams_[i]->report().target().rate);
      senders.start(streams_[i]->send(first, options_.length));
    }
    watch.start(stop_at_signal(loop_, senders));
    co_await senders.join();
    report_.sending = loop_.steady() - state_.start;
    for (const auto& stream : streams_) co_await stream->finish();
  }

  [[nodiscard]] Result<void> write() {
    report_.run = state_.name;
    report_.worst_start_lag = state_.worst_start_lag;
    report_.next_port = state_.ports.next();
    report_.ports_taken = state_.ports.taken();
    std::vector<const StreamReport*> reports;
    reports.reserve(streams_.size());
    for (const auto& stream : streams_) reports.push_back(&stream->report());
    for (const StreamReport* each : reports) fmt::print("{}\n", each->summary());
    if (options_.report.empty()) return {};
    return write_file(options_.report, format::write_json(to_json(report_, reports)) + "\n");
  }

 private:
  net::EventLoop& loop_;
  const ClientOptions& options_;
  RunState state_;
  RunReport report_;
  std::vector<std::unique_ptr<LoadStream>> streams_;
};

int run(int argc, char** argv) {
  ClientOptions options;
  if (const auto end = read_options(argc, argv, options)) return *end;
  if (const auto fine = check(options); !fine) {
    fmt::print(stderr, "web_client: {}\n", fine.error().message);
    return kBadUsage;
  }
  raise_descriptor_limit();
  net::EventLoop loop;
  Run run(loop, options);
  loop.run_until(run.run());
  const auto written = run.write();
  if (written) return kDone;
  fmt::print(stderr, "web_client: {}\n", written.error().message);
  return kFailed;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) { return spotkeeper::tools::run(argc, argv); }
