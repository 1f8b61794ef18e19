#include "cli/simulate_once.h"

#include <fmt/format.h>

#include "base/log.h"
#include "cli/terminal.h"

namespace spotkeeper::cli {

Result<sim::Report> simulate_once(const sim::Scenario& scenario, sim::Policy policy, const Options& options,
                                  Streams streams) {
  ProgressBar bar(streams.err, fmt::format("{} {}", scenario.name, sim::name_of(policy)));
  sim::RunOptions run;
  run.policy = policy;
  if (options.simulate.seed) run.seed = static_cast<std::uint64_t>(*options.simulate.seed);
  run.record_series = !options.simulate.html.empty() || options.output == OutputFormat::Csv;
  run.explain_losses = options.simulate.explain_lost;
  run.explain_deaths = options.simulate.explain_deaths;
  run.progress = [&](double share) {
    bar.update(share, format_duration(std::chrono::round<std::chrono::seconds>(scenario.duration * share)));
  };
  return sim::run(scenario, run);
}

Unheard::Unheard(const Options& options) {
  if (options.log.level != log::Level::Debug) log::capture(&sink_);
}

Unheard::~Unheard() { log::capture(nullptr); }

bool keeps_every_request(const std::vector<sim::Report>& reports, sim::Policy judged) {
  bool kept = true;
  for (const sim::Report& report : reports) {
    if (report.policy != judged) continue;
    if (report.traffic.sent() == 0) {
      log::error("no request was sent, so that none could be lost: the scenario needs a `load`");
      kept = false;
    }
    if (report.traffic.lost() == 0) continue;
    log::error(fmt::format("policy {} lost {} of {} requests", sim::name_of(judged), report.traffic.lost(),
                           report.traffic.sent()));
    kept = false;
  }
  return kept;
}

}  // namespace spotkeeper::cli
