// One simulated run, with a progress bar on a terminal.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"
#include "sim/run.h"

namespace spotkeeper::cli {

/// With the seed and what the options want to be recorded.
Result<sim::Report> simulate_once(const sim::Scenario& scenario, sim::Policy policy, const Options& options,
                                  Streams streams);

/// While it lives, what the simulated agents log goes nowhere, unless everything is wanted: it belongs to their virtual
/// time.
class Unheard {
 public:
  explicit Unheard(const Options& options);
  Unheard(const Unheard&) = delete;
  Unheard& operator=(const Unheard&) = delete;
  ~Unheard();

 private:
  std::string sink_;
};

/// False when the policy that is judged lost a request, or had none to lose: the log then says so.
bool keeps_every_request(const std::vector<sim::Report>& reports, sim::Policy judged);

}  // namespace spotkeeper::cli
