#include "cli/cluster_lists.h"

#include <fmt/format.h>

#include <utility>

#include "cli/commands.h"
#include "kube/config.h"
#include "kube/connection.h"
#include "net/event_loop.h"

namespace spotkeeper::cli {
namespace {

/// One page after another, so that no answer is large.
net::Task<Result<void>> list_into(kube::Client& client, const kube::Resource& resource, std::vector<ListedPage>& into) {
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
bool may_be_missing(const WantedList& wanted, ErrorCode code) {
  return !wanted.without.empty() && (code == ErrorCode::Forbidden || code == ErrorCode::NotFound);
}

net::Task<Result<ClusterLists>> list_all(kube::Client& client, std::span<const WantedList> all) {
  ClusterLists found;
  for (const WantedList& wanted : all) {
    const auto listed = co_await list_into(client, wanted.resource, found.pages);
    if (listed) continue;
    if (!may_be_missing(wanted, listed.error().code)) co_return fail(listed.error());
    found.unread.push_back(fmt::format("The cluster's {} could not be read ({}): {}.", wanted.resource.plural,
                                       listed.error().code == ErrorCode::Forbidden ? "forbidden" : "it has none",
                                       wanted.without));
  }
  co_return std::move(found);
}

}  // namespace

Result<ClusterLists> list_cluster(const KubernetesOptions& kubernetes, std::span<const WantedList> wanted,
                                  std::string_view program) {
  kube::ConfigRequest request;
  request.kubeconfig = kubernetes.kubeconfig;
  request.context = kubernetes.context;
  SK_TRY(auto config, kube::load_config(request, kube::process_environment()));
  net::EventLoop loop;
  kube::ConnectOptions connect;
  connect.user_agent = fmt::format("{}/{}", program, version_text());
  SK_TRY(const auto connection, kube::connect(loop, std::move(config), connect));
  return loop.run_until(list_all(connection->client(), wanted));
}

}  // namespace spotkeeper::cli
