#include "cli/own_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/cluster_lists.h"
#include "cli/manifest_files.h"
#include "cli/terminal.h"
#include "kube/resource.h"

namespace spotkeeper::cli {
namespace {

constexpr std::size_t kShownChanges = 3;

// ---- A live cluster

constexpr kube::Resource kServices{"", "v1", "services", "Service", true};
constexpr kube::Resource kAutoscalers{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true};
constexpr kube::Resource kIngresses{"networking.k8s.io", "v1", "ingresses", "Ingress", true};

constexpr WantedList kWanted[] = {
    {kube::kNodes},
    {kDeployments},
    {kStatefulSets},
    {kDaemonSets},
    {kServices},
    {kube::kPods},
    {kube::kDisruptionBudgets},
    {kJobs, "Jobs take no room here, and no work is lost"},
    {kAutoscalers, "every workload keeps its replicas"},
    {kIngresses, "no ALB stands before a service"},
    {kPriorityClasses, "a workload whose pods do not say what their class is worth has priority 0"},
};

}  // namespace

Result<sim::BuiltScenario> own_world(const Options& options, const Catalog& catalog) {
  const SimulateOptions& simulate = options.simulate;
  std::vector<sim::ManifestText> texts;
  std::vector<std::string> unread;
  if (simulate.from_cluster) {
    SK_TRY(auto lists, list_cluster(options.kubernetes, kWanted, "spotkeeper-simulate"));
    for (ListedPage& page : lists.pages) texts.push_back({std::move(page.name), std::move(page.document)});
    unread = std::move(lists.unread);
  } else {
    SK_TRY(auto files, read_manifest_files(simulate.from));
    for (ManifestFile& file : files) texts.push_back({std::move(file.name), std::move(file.text)});
  }
  SK_TRY(const auto found, sim::read_manifests(texts));
  SK_TRY(auto built, sim::build_scenario(found, {.rate = simulate.rate, .share = simulate.share}, catalog));
  for (std::string& sentence : unread) built.assumptions.push_back(std::move(sentence));
  if (simulate.seed) built.scenario.seed = static_cast<std::uint64_t>(*simulate.seed);
  return built;
}

std::vector<sim::Policy> own_policies(const SimulateOptions& options) {
  if (!options.compare.empty()) return options.compare;
  return {sim::Policy::None, sim::Policy::CordonAndDrain, sim::Policy::Spotkeeper};
}

Result<std::optional<sim::ChangeReport>> own_changes(const sim::Scenario& scenario,
                                                     const std::vector<sim::Report>& reports, Streams streams) {
  const auto loses = std::find_if(reports.rbegin(), reports.rend(),
                                  [](const sim::Report& report) { return report.traffic.lost() > 0; });
  if (loses == reports.rend()) return std::optional<sim::ChangeReport>();
  ProgressBar bar(streams.err, fmt::format("{} changes", scenario.name));
  SK_TRY(auto changes, sim::try_changes(scenario, *loses, [&](double share) { bar.update(share); }));
  return std::optional<sim::ChangeReport>(std::move(changes));
}

sim::PageAnswer own_answer(const sim::BuiltScenario& built, const std::optional<sim::ChangeReport>& changes) {
  sim::PageAnswer answer;
  answer.question = fmt::format("What if {}?", built.scenario.description);
  answer.assumptions = built.assumptions;
  if (!changes) {
    answer.finding = "Nothing is lost here, under any of these policies.";
    return answer;
  }
  for (const sim::TriedChange& tried : changes->tried) {
    if (tried.lost >= changes->lost || answer.changes.size() == kShownChanges) break;
    answer.changes.push_back(fmt::format("{}: {}: {} → {} lost", tried.workload.str(), tried.what,
                                         sim::thousands(changes->lost), sim::thousands(tried.lost)));
  }
  answer.finding = fmt::format("What helps most with {} (each change run again, {} seeds; {} lost as things are):{}",
                               sim::name_of(changes->policy), changes->seeds.size(), sim::thousands(changes->lost),
                               answer.changes.empty() ? " none of the changes that were tried" : "");
  return answer;
}

std::string own_world_text(const sim::PageAnswer& answer) {
  std::string text = fmt::format("\n{}\n", answer.finding);
  for (std::size_t i = 0; i < answer.changes.size(); ++i) text += fmt::format("  {}. {}\n", i + 1, answer.changes[i]);
  text += "\nAssumed, because nothing says it:\n";
  for (const std::string& assumption : answer.assumptions) text += fmt::format("  - {}\n", assumption);
  return text;
}

}  // namespace spotkeeper::cli
