#include "cli/simulate_once.h"

#include <fmt/format.h>

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
  run.progress = [&](double share) {
    bar.update(share, format_duration(std::chrono::round<std::chrono::seconds>(scenario.duration * share)));
  };
  return sim::run(scenario, run);
}

}  // namespace spotkeeper::cli
