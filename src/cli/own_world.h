// `spotkeeper simulate --from` and `--from-cluster`: a world made of what somebody has.
#pragma once

#include "base/result.h"
#include "cli/commands.h"
#include "model/catalog.h"
#include "sim/manifests/build.h"
#include "sim/manifests/changes.h"
#include "sim/page/report_page.h"

namespace spotkeeper::cli {

/// Reads what `options.simulate` names; of a cluster with GET requests alone.
Result<sim::BuiltScenario> own_world(const Options& options, const Catalog& catalog);

/// The policies that are compared in such a world: those that were asked for, else `none`, `cordon-and-drain` and
/// `spotkeeper`.
[[nodiscard]] std::vector<sim::Policy> own_policies(const SimulateOptions& options);

/// The changes are tried under the most careful policy that loses something: the last of `reports` that does. None, if
/// nothing is lost under any.
Result<std::optional<sim::ChangeReport>> own_changes(const sim::Scenario& scenario,
                                                     const std::vector<sim::Report>& reports, Streams streams);

/// The answer in words: the question, the changes that help most with their figures, and what was assumed.
[[nodiscard]] sim::PageAnswer own_answer(const sim::BuiltScenario& built,
                                         const std::optional<sim::ChangeReport>& changes);

/// What stands behind the table of reports, for people: the answer without its question.
[[nodiscard]] std::string own_world_text(const sim::PageAnswer& answer);

}  // namespace spotkeeper::cli
