#include "sim/serve/identity.h"

#include <algorithm>

#include <fmt/format.h>

namespace spotkeeper::sim::serve {
namespace {

constexpr std::string_view kMasters = "system:masters";

std::optional<Caller> authenticate(const net::HttpHeaders& headers,
                                   const std::optional<net::TlsStream::PeerSubject>& certificate,
                                   std::string_view administrator_token) {
  if (administrator_token.empty()) return Caller{"admin", true};
  // As in the API server a certificate is looked at first.
  if (certificate) {
    const auto& groups = certificate->organizations;
    return Caller{certificate->common_name, std::find(groups.begin(), groups.end(), kMasters) != groups.end()};
  }
  const std::string_view said = headers.find("Authorization").value_or("");
  if (said == fmt::format("Bearer {}", administrator_token)) return Caller{"admin", true};
  if (said == fmt::format("Bearer {}", kNobodyToken)) return Caller{"nobody", false};
  return std::nullopt;
}

}  // namespace

std::optional<Caller> identify(const net::HttpHeaders& headers,
                               const std::optional<net::TlsStream::PeerSubject>& certificate,
                               std::string_view administrator_token) {
  auto caller = authenticate(headers, certificate, administrator_token);
  const auto other = headers.find("Impersonate-User");
  if (!caller || !caller->administrator || !other) return caller;
  return Caller{std::string(*other), headers.find("Impersonate-Group").value_or("") == kMasters};
}

StatusDetails forbidden(const Caller& caller, std::string_view verb, const ResourcePath& path) {
  const Resource& resource = *path.resource;
  const std::string whole =
      path.subresource.empty() ? std::string(resource.plural) : fmt::format("{}/{}", resource.plural, path.subresource);
  const std::string plural =
      resource.group.empty() ? std::string(resource.plural) : fmt::format("{}.{}", resource.plural, resource.group);
  const std::string named = path.name.empty() ? plural : fmt::format("{} \"{}\"", plural, path.name);
  const std::string where = path.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", path.ns);
  return {403,
          "Forbidden",
          fmt::format(R"({} is forbidden: User "{}" cannot {} resource "{}" in API group "{}" {})", named, caller.user,
                      verb, whole, resource.group, where),
          "",
          "",
          {}};
}

}  // namespace spotkeeper::sim::serve
