#include "cli/plan_input.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cli/catalog_file.h"
#include "cli/cluster_lists.h"
#include "cli/manifest_files.h"
#include "control/planning/documents.h"
#include "format/yaml.h"

namespace spotkeeper::cli {
namespace {

/// YAML reads JSON, too, but a document of many megabytes is better read as what it is.
Result<void> parse_into(const ManifestFile& file, std::vector<format::JsonValue>& documents) {
  if (trim(file.text).starts_with('{')) {
    if (auto json = format::parse_json(file.text)) {
      documents.push_back(*std::move(json));
      return {};
    }
  }
  auto parsed = format::parse_yaml_stream(file.text);
  if (!parsed) return fail(ErrorCode::InvalidInput, format::in_file(file.name, parsed.error()));
  for (const format::YamlDocument& each : *parsed) documents.push_back(each.value());
  return {};
}

std::vector<std::string> list_in(const std::string& text) {
  std::vector<std::string> out;
  for (const std::string_view each : split(text, ','))
    if (!trim(each).empty()) out.emplace_back(trim(each));
  return out;
}

Result<control::PlanningOptions> planning_options(const PlanOptions& options) {
  control::PlanningOptions out;
  out.zones = list_in(options.zones);
  if (!options.prices.empty()) {
    SK_TRY(const std::string text, read_file(options.prices));
    SK_TRY(out.market.prices, control::parse_prices(text, options.prices));
  }
  for (const std::string& each : list_in(options.unavailable)) {
    SK_TRY(auto pool, control::parse_machines(each).within("--unavailable"));
    out.market.unavailable.push_back(std::move(pool));
  }
  out.policy.default_arch = options.default_arch;
  out.policy.preferences = options.preferences;
  out.policy.weight_price = Money{std::llround(options.weight_price * 1e6)};
  out.policy.notice = options.notice;
  out.policy.steady_on_demand = options.steady_on_demand;
  out.policy.pool_share = options.pool_share;
  out.policy.node_share = options.node_share;
  out.policy.budgets_cap = options.budgets_cap;
  return out;
}

constexpr kube::Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet", true};
constexpr kube::Resource kNodePools{"karpenter.sh", "v1", "nodepools", "NodePool", false};
constexpr kube::Resource kClaims{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true};
constexpr kube::Resource kVolumes{"", "v1", "persistentvolumes", "PersistentVolume", false};
constexpr kube::Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
constexpr kube::Resource kStorageClasses{"storage.k8s.io", "v1", "storageclasses", "StorageClass", false};
constexpr kube::Resource kCsiNodes{"storage.k8s.io", "v1", "csinodes", "CSINode", false};
constexpr WantedList kWanted[] = {
    {kube::kNodes},
    {kube::kPods},
    {kDeployments},
    {kReplicaSets, "pods of a ReplicaSet without a Deployment that are not made yet are not planned for"},
    {kStatefulSets},
    {kDaemonSets},
    {kJobs, "pods of Jobs that are not made yet are not planned for"},
    {kube::kDisruptionBudgets, "no budget says how much of a workload may be lost with one Spot pool"},
    {kNodePools, "machines are bought for the NodePools of the files alone"},
    {kClaims, "pods with claims have no place"},
    {kVolumes, "pods with claims that are bound have no place"},
    {kStorageClasses, "pods with claims that are not bound have no place"},
    {kCsiNodes, "nodes take as many volumes as there are"},
    {kNamespaces, "namespaces have no labels but their name"},
    {kPriorityClasses, "pods that do not say what their class is worth have priority 0"},
};

/// A file that holds one document.
Result<format::JsonValue> read_document(const std::string& path) {
  SK_TRY(std::string text, read_file(path));
  std::vector<format::JsonValue> documents;
  SK_CHECK(parse_into({path, std::move(text)}, documents));
  if (documents.size() != 1) return fail(ErrorCode::InvalidInput, path + ": expected one document");
  return std::move(documents.front());
}

}  // namespace

Result<PlanInput> read_plan_input(const Options& options) {
  PlanInput out;
  for (const std::string& each : options.plan.what_if) {
    SK_TRY(auto change, control::parse_change(each, read_document).within("--what-if"));
    out.changes.push_back(std::move(change));
  }
  SK_TRY(const Catalog catalog, load_catalog(options.catalog));
  SK_TRY(const auto planning, planning_options(options.plan));
  const bool live = !options.kubernetes.kubeconfig.empty() || !options.kubernetes.context.empty();
  if (options.plan.files.empty() && !live)
    return fail(ErrorCode::InvalidInput, "what is to be planned? --file, or --kubeconfig for a live cluster");
  std::vector<format::JsonValue> documents;
  std::vector<std::string> unread;
  if (live) {
    SK_TRY(auto lists, list_cluster(options.kubernetes, kWanted, "spotkeeper-plan"));
    for (ListedPage& page : lists.pages) documents.push_back(std::move(page.document));
    unread = std::move(lists.unread);
  }
  SK_TRY(const auto files, read_manifest_files(options.plan.files));
  for (const ManifestFile& file : files) SK_CHECK(parse_into(file, documents));
  SK_TRY(out.problem, control::read_problem(documents, catalog, planning));
  for (std::string& sentence : unread) out.problem.remarks.push_back(std::move(sentence));
  if (!out.changes.empty()) {
    SK_TRY(out.changed, control::changed(out.problem, out.changes, planning).within("--what-if"));
  }
  return out;
}

}  // namespace spotkeeper::cli
