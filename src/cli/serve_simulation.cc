#include "cli/serve_simulation.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "cli/simulate_once.h"
#include "cli/terminal.h"
#include "sim/page/report_page.h"
#include "sim/serve/serve_run.h"

namespace spotkeeper::cli {
namespace {

namespace fs = std::filesystem;
using sim::serve::ServeProgress;

std::string whole_seconds(Duration length) { return format_duration(std::chrono::round<std::chrono::seconds>(length)); }

/// The folder of a served world. A temporary one goes when the run has ended well; its logs stay when it has not.
class WorldFolder {
 public:
  static Result<WorldFolder> open(const std::string& wanted) {
    std::error_code error;
    if (!wanted.empty()) {
      fs::create_directories(wanted, error);
      if (error)
        return fail(ErrorCode::InvalidInput, fmt::format("can't make the folder {}: {}", wanted, error.message()));
      return WorldFolder(wanted, false);
    }
    std::string name = (fs::temp_directory_path(error) / "spotkeeper-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr)
      return fail(ErrorCode::Unavailable, fmt::format("can't make a temporary folder: {}", std::strerror(errno)));
    return WorldFolder(name, true);
  }
  void remove() const {
    std::error_code ignored;  // what is left behind is a few log files
    if (temporary_) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  WorldFolder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
  std::string path_;
  bool temporary_;
};

Result<std::string> own_binary() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return fail(ErrorCode::Unavailable, "can't find this program's own file: " + error.message());
  return path.string();
}

std::string note_of(const ServeProgress& now) {
  if (now.stage == ServeProgress::Stage::Serving) return fmt::format("{} of {} nodes watched", now.agents, now.nodes);
  return fmt::format("{}  {} machines told to go, {} requests, {} lost", whole_seconds(now.elapsed), now.interruptions,
                     sim::thousands(now.sent), sim::thousands(now.lost));
}

/// Draws the run: a bar on a terminal, and otherwise a line when its stage changes.
class ServeView {
 public:
  ServeView(Streams streams, const sim::Scenario& scenario, const sim::serve::ServeOptions& options)
      : streams_(streams),
        bar_(streams.err, fmt::format("{} served", scenario.name)),
        keep_(options.keep),
        agents_(options.agents) {}

  void show(const ServeProgress& now) {
    if (now.stage == ServeProgress::Stage::Finished) return;
    if (!announced_) announce(now);
    bar_.update(now.share, note_of(now));
  }
  void clear() { bar_.clear(); }

 private:
  void announce(const ServeProgress& now) {
    announced_ = true;
    log::info(
        "the world is served",
        {{"nodes", static_cast<std::uint64_t>(now.nodes)}, {"kubeconfig", now.kubeconfig}, {"agents", now.agent_list}});
    if (keep_) print(streams_.err, fmt::format("export KUBECONFIG={}\n", now.kubeconfig));
    if (!agents_) print(streams_.err, fmt::format("{} has each node's agent as a command line\n", now.agent_list));
  }
  Streams streams_;
  ProgressBar bar_;
  bool keep_;
  bool agents_;
  bool announced_ = false;
};

}  // namespace

Result<std::vector<sim::Report>> serve_simulation(const sim::Scenario& scenario, const Options& options,
                                                  Streams streams,
                                                  const std::function<void(const std::vector<sim::Report>&)>& early) {
  std::vector<sim::Report> reports;
  sim::serve::ServeOptions serve;
  serve.seed = options.simulate.seed ? static_cast<std::uint64_t>(*options.simulate.seed) : scenario.seed;
  serve.speed = options.simulate.speed;
  serve.keep = options.simulate.keep;
  serve.explain_losses = options.simulate.explain_lost;
  serve.explain_deaths = options.simulate.explain_deaths;
  serve.agents = options.simulate.agents;
  SK_TRY(serve.program, own_binary());
  for (const sim::Policy policy : options.simulate.compare) {
    if (policy == sim::Policy::Spotkeeper) continue;  // that is the served one
    SK_TRY(auto report, simulate_once(scenario, policy, options, streams));
    reports.push_back(std::move(report));
  }
  SK_TRY(const WorldFolder folder, WorldFolder::open(options.simulate.directory));
  serve.directory = folder.path();
  ServeView view(streams, scenario, serve);
  serve.progress = [&](const ServeProgress& now) { view.show(now); };
  serve.reported = [&](const sim::Report& report) {
    view.clear();
    reports.push_back(report);
    if (!serve.keep) return;
    early(reports);
    print(streams.err, "The world goes on; Ctrl-C ends it.\n");
  };
  const auto report = sim::serve::serve_scenario(scenario, serve);
  view.clear();
  // Ctrl-C is a kept world's ordinary end, and nobody wants the logs of another that was given up.
  const bool cancelled = !report && report.error().code == ErrorCode::Cancelled;
  if (report || cancelled) folder.remove();
  if (!report && !(cancelled && serve.keep)) return fail(report.error());
  return reports;
}

}  // namespace spotkeeper::cli
