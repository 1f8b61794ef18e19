#include "kube/config.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"

namespace spotkeeper::kube {
namespace {

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// Missing files of a list are skipped; anything else that is wrong with one is not.
Result<std::vector<KubeconfigFile>> read_listed(const std::vector<std::string>& paths) {
  std::vector<KubeconfigFile> files;
  for (const std::string& path : paths) {
    auto text = read_file(path);
    if (!text && text.error().code == ErrorCode::NotFound) continue;
    if (!text) return fail(std::move(text).error().within("kubeconfig"));
    files.push_back({path, std::move(*text)});
  }
  return files;
}

}  // namespace

Environment process_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (const auto parts = split_once(*entry, '=')) all.emplace(parts->first, parts->second);
  }
  return all;
}

Result<std::string> PemSource::read() const {
  std::string text = data;
  if (text.empty() && !file.empty()) {
    SK_TRY(text, read_file(file, 1U << 20U));
  }
  if (!text.empty() && text.find("-----BEGIN ") == std::string::npos)
    return fail(ErrorCode::InvalidInput, (data.empty() ? file : std::string("the data given")) + " holds no PEM block");
  return text;
}

Result<ClientConfig> in_cluster_config(const ConfigRequest& request, const Environment& environment) {
  const std::string host = value_of(environment, "KUBERNETES_SERVICE_HOST");
  const std::string port = value_of(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(ErrorCode::InvalidInput,
                "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set");
  if (auto number = parse_int<std::uint16_t>(port, 1); !number)
    return fail(std::move(number).error().within("KUBERNETES_SERVICE_PORT"));
  ClientConfig config;
  config.origin = "in-cluster";
  const bool ipv6 = host.find(':') != std::string::npos;
  config.server = ipv6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
  config.token_file = request.service_account + "/token";
  config.authority.file = request.service_account + "/ca.crt";
  for (const std::string& file : {config.token_file, config.authority.file}) {
    if (auto there = read_file(file, 1U << 20U); !there) return fail(std::move(there).error().within("in-cluster"));
  }
  const auto ns = read_file(request.service_account + "/namespace", 4096);
  if (ns && !trim(*ns).empty()) config.ns = std::string(trim(*ns));
  return config;
}

Result<ClientConfig> load_config(const ConfigRequest& request, const Environment& environment) {
  if (!request.kubeconfig.empty()) {
    auto text = read_file(request.kubeconfig);
    if (!text) return fail(std::move(text).error().within("kubeconfig"));
    return resolve_kubeconfig({{request.kubeconfig, std::move(*text)}}, request.context, environment);
  }
  std::vector<std::string> paths;
  if (const std::string list = value_of(environment, "KUBECONFIG"); !list.empty()) {
    for (const std::string_view path : split(list, ':')) {
      if (!path.empty()) paths.emplace_back(path);
    }
  } else if (const std::string home = value_of(environment, "HOME"); !home.empty()) {
    paths.push_back(home + "/.kube/config");
  }
  SK_TRY(const auto files, read_listed(paths));
  if (!files.empty()) return resolve_kubeconfig(files, request.context, environment);
  if (!value_of(environment, "KUBERNETES_SERVICE_HOST").empty()) return in_cluster_config(request, environment);
  return fail(ErrorCode::NotFound, fmt::format("no kubeconfig: none of {} exists, and this is not a pod",
                                               paths.empty() ? "$KUBECONFIG, ~/.kube/config" : join(paths, ", ")));
}

}  // namespace spotkeeper::kube
