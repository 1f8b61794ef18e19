#include "kube/resource.h"

#include "net/url.h"

namespace spotkeeper::kube {

std::string Resource::api_version() const {
  if (group.empty()) return std::string(version);
  std::string text(group);
  text += '/';
  text += version;
  return text;
}

std::string with_query(std::string path, const Query& query) {
  char between = path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    path += between;
    path += name;
    path += '=';
    path += net::percent_encode(value);
    between = '&';
  }
  return path;
}

std::string target_of(const Resource& resource, const NamespaceName& ns, std::string_view name,
                      std::string_view subresource, const Query& query) {
  std::string path = resource.group.empty() ? "/api/" : "/apis/";
  path += resource.api_version();
  if (resource.namespaced && !ns.empty()) {
    path += "/namespaces/";
    path += net::percent_encode(ns.str());
  }
  path += '/';
  path += resource.plural;
  if (!name.empty()) {
    path += '/';
    path += net::percent_encode(name);
  }
  if (!subresource.empty()) {
    path += '/';
    path += subresource;
  }
  return with_query(std::move(path), query);
}

}  // namespace spotkeeper::kube
