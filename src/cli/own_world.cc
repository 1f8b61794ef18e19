#include "cli/own_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/manifest_files.h"
#include "cli/terminal.h"
#include "kube/config.h"
#include "kube/connection.h"
#include "kube/resource.h"
#include "net/event_loop.h"

namespace spotkeeper::cli {
namespace {

constexpr std::size_t kShownChanges = 3;

// ---- A live cluster

constexpr kube::Resource kDeployments{"apps", "v1", "deployments", "Deployment", true};
constexpr kube::Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet", true};
constexpr kube::Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet", true};
constexpr kube::Resource kServices{"", "v1", "services", "Service", true};
constexpr kube::Resource kJobs{"batch", "v1", "jobs", "Job", true};
constexpr kube::Resource kAutoscalers{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true};
constexpr kube::Resource kIngresses{"networking.k8s.io", "v1", "ingresses", "Ingress", true};
constexpr kube::Resource kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false};

/// A kind that is listed; and, where the world can be made without it, what could be otherwise then.
struct Wanted {
  kube::Resource resource;
  std::string_view without = {};
};
constexpr Wanted kWanted[] = {
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

/// What a cluster shows to this user.
struct ClusterTexts {
  std::vector<sim::ManifestText> texts;
  std::vector<std::string> unread;  // whole sentences
};

/// One page after another, so that no answer is large.
net::Task<Result<void>> list_into(kube::Client& client, const kube::Resource& resource,
                                  std::vector<sim::ManifestText>& into) {
  std::string token;
  do {
    kube::Query query{{"limit", "500"}};
    if (!token.empty()) query.emplace_back("continue", token);
    std::string target = kube::target_of(resource, {}, {}, {}, query);
    auto answer = co_await client.get(std::move(target));
    if (!answer) co_return fail(std::move(answer).error().within(fmt::format("listing {}", resource.plural)));
    const format::JsonField root(*answer);
    const auto next = root["metadata"]["continue"].get_or("");
    if (!next) co_return fail(next.error());
    token = *next;
    into.push_back({fmt::format("the cluster's {}", resource.plural), std::move(*answer)});
  } while (!token.empty());
  co_return Result<void>();
}

/// Cluster-wide kinds are not in the cluster role `view`, and a small API server may not have every group.
bool may_be_missing(const Wanted& wanted, ErrorCode code) {
  return !wanted.without.empty() && (code == ErrorCode::Forbidden || code == ErrorCode::NotFound);
}

net::Task<Result<ClusterTexts>> list_all(kube::Client& client) {
  ClusterTexts found;
  for (const Wanted& wanted : kWanted) {
    const auto listed = co_await list_into(client, wanted.resource, found.texts);
    if (listed) continue;
    if (!may_be_missing(wanted, listed.error().code)) co_return fail(listed.error());
    found.unread.push_back(fmt::format("The cluster's {} could not be read ({}): {}.", wanted.resource.plural,
                                       listed.error().code == ErrorCode::Forbidden ? "forbidden" : "it has none",
                                       wanted.without));
  }
  co_return std::move(found);
}

Result<ClusterTexts> read_cluster(const KubernetesOptions& kubernetes) {
  kube::ConfigRequest request;
  request.kubeconfig = kubernetes.kubeconfig;
  request.context = kubernetes.context;
  SK_TRY(auto config, kube::load_config(request, kube::process_environment()));
  net::EventLoop loop;
  kube::ConnectOptions connect;
  connect.user_agent = "spotkeeper-simulate/" + std::string(version_text());
  SK_TRY(const auto connection, kube::connect(loop, std::move(config), connect));
  return loop.run_until(list_all(connection->client()));
}

}  // namespace

Result<sim::BuiltScenario> own_world(const Options& options, const Catalog& catalog) {
  const SimulateOptions& simulate = options.simulate;
  ClusterTexts read;
  if (simulate.from_cluster) {
    SK_TRY(read, read_cluster(options.kubernetes));
  } else {
    SK_TRY(auto files, read_manifest_files(simulate.from));
    for (ManifestFile& file : files) read.texts.push_back({std::move(file.name), std::move(file.text)});
  }
  SK_TRY(const auto found, sim::read_manifests(read.texts));
  SK_TRY(auto built, sim::build_scenario(found, {.rate = simulate.rate, .share = simulate.share}, catalog));
  for (std::string& sentence : read.unread) built.assumptions.push_back(std::move(sentence));
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
