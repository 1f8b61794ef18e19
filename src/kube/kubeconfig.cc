// Kubeconfig files: read, merged as client-go merges them (of two files that define the same name the first wins), and
// resolved to the one configuration that a context names.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "format/yaml.h"
#include "kube/config.h"
#include "net/url.h"

namespace spotkeeper::kube {
namespace {

using format::JsonField;

struct Cluster {
  ClientConfig part;  // server, authority, insecure, tls_server_name, proxy
  std::string exec_extension;
  std::optional<Error> unusable;  // why no context can use it; others are none the worse for it
};
struct User {
  ClientConfig part;  // credentials, impersonation
};
struct Context {
  std::string cluster;
  std::string user;
  std::string ns;
};

/// The merged content of all files so far.
struct Merged {
  std::map<std::string, Cluster> clusters;
  std::map<std::string, User> users;
  std::map<std::string, Context> contexts;
  std::string current;
  std::vector<std::string> warnings;
};

/// A tunnel through an http:// proxy is all that the transport can do. The URL itself may hold a password.
Result<void> check_proxy(const std::string& proxy) {
  const auto parts = proxy.find("://");
  const std::string scheme = parts == std::string::npos ? std::string() : lower(proxy.substr(0, parts));
  if (!scheme.empty() && scheme != "http")
    return fail(ErrorCode::Unsupported, "only http:// proxies can be used, and this is one of " + quote(scheme));
  SK_CHECK(net::parse_url(proxy));
  return {};
}

/// Reads one file; relative paths in it start at its own folder.
class FileReader {
 public:
  FileReader(std::string path, Merged& into)
      : path_(std::move(path)), folder_(std::filesystem::path(path_).parent_path()), into_(into) {}

  Result<void> read(const JsonField& root) {
    if (!root.present()) return {};  // an empty file configures nothing
    SK_CHECK(root.is_object());
    SK_CHECK(check_kind(root));
    SK_CHECK(named(root["clusters"], "cluster", into_.clusters, [this](const JsonField& f) { return cluster(f); }));
    SK_CHECK(named(root["users"], "user", into_.users, [this](const JsonField& f) { return user(f); }));
    SK_CHECK(named(root["contexts"], "context", into_.contexts, [this](const JsonField& f) { return context(f); }));
    SK_TRY(const auto current, root["current-context"].get_or(""));
    if (into_.current.empty()) into_.current = current;
    return unknown(
        root, {"apiVersion", "kind", "preferences", "clusters", "users", "contexts", "current-context", "extensions"});
  }

 private:
  static Result<void> check_kind(const JsonField& root) {
    SK_TRY(const auto kind, root["kind"].get_or("Config"));
    if (kind != "Config") return fail(root["kind"].error("it must be 'Config', not " + quote(kind)));
    SK_TRY(const auto version, root["apiVersion"].get_or("v1"));
    if (version != "v1") return fail(root["apiVersion"].error("it must be 'v1', not " + quote(version)));
    return {};
  }

  /// A list of {name, `key`}: what is there under a name already stays; twice in one file is an error.
  template <class T, class Read>
  Result<void> named(const JsonField& list, std::string_view key, std::map<std::string, T>& all, Read read) {
    std::set<std::string> here;
    SK_TRY(const auto entries, list.elements());
    for (const JsonField& entry : entries) {
      SK_TRY(const auto name, entry["name"].template as<std::string>());
      if (!here.insert(name).second) return fail(entry["name"].error("the name " + quote(name) + " occurs twice"));
      SK_TRY(T value, read(entry[key]));
      all.emplace(name, std::move(value));
      SK_CHECK(unknown(entry, {"name", key}));
    }
    return {};
  }

  /// Keys that we do not know are warnings: a newer kubectl may have written them.
  Result<void> unknown(const JsonField& object, std::initializer_list<std::string_view> known) {
    if (auto only = object.only_keys(known); !only) into_.warnings.push_back(only.error().message);
    return {};
  }

  [[nodiscard]] std::string resolve(const std::string& path) const {
    if (path.empty() || path.front() == '/') return path;
    return (folder_ / path).lexically_normal().string();
  }

  Result<PemSource> pem(const JsonField& object, const std::string& key) {
    PemSource out;
    SK_TRY(const auto encoded, object[key + "-data"].get_or(""));
    auto decoded = base64_decode(encoded);
    if (!decoded) return fail(object[key + "-data"].error(decoded.error().message));
    out.data = std::move(*decoded);
    SK_TRY(const auto file, object[key].get_or(""));
    out.file = resolve(file);
    return out;
  }

  Result<Cluster> cluster(const JsonField& object) {
    Cluster out;
    SK_TRY(out.part.server, object["server"].get_or(""));
    while (out.part.server.ends_with('/')) out.part.server.pop_back();
    SK_TRY(out.part.authority, pem(object, "certificate-authority"));
    SK_TRY(out.part.insecure, object["insecure-skip-tls-verify"].get_or(false));
    if (out.part.insecure && !out.part.authority.empty())
      return fail(object["insecure-skip-tls-verify"].error("it can't be true together with a certificate-authority"));
    SK_TRY(out.part.tls_server_name, object["tls-server-name"].get_or(""));
    SK_TRY(out.part.proxy, object["proxy-url"].get_or(""));
    if (!out.part.proxy.empty()) {
      if (const auto usable = check_proxy(out.part.proxy); !usable)
        out.unusable = object["proxy-url"].error(usable.error().message).within(path_);
    }
    SK_TRY(const auto extensions, object["extensions"].elements());
    for (const JsonField& extension : extensions) {
      SK_TRY(const auto name, extension["name"].get_or(""));
      const format::JsonValue* value = extension["extension"].value();
      if (name == "client.authentication.k8s.io/exec" && value != nullptr)
        out.exec_extension = format::write_json(*value);
    }
    SK_CHECK(unknown(object, {"server", "certificate-authority", "certificate-authority-data", "proxy-url",
                              "insecure-skip-tls-verify", "tls-server-name", "disable-compression", "extensions"}));
    return out;
  }

  Result<Context> context(const JsonField& object) {
    Context out;
    SK_TRY(out.cluster, object["cluster"].get_or(""));
    SK_TRY(out.user, object["user"].get_or(""));
    SK_TRY(out.ns, object["namespace"].get_or(""));
    SK_CHECK(unknown(object, {"cluster", "user", "namespace", "extensions"}));
    return out;
  }

  Result<User> user(const JsonField& object) {
    User out;
    ClientConfig& part = out.part;
    SK_TRY(part.certificate, pem(object, "client-certificate"));
    SK_TRY(part.key, pem(object, "client-key"));
    if (part.certificate.empty() != part.key.empty())
      return fail(object.error("client-certificate and client-key are only of use together"));
    SK_TRY(part.token, object["token"].get_or(""));
    SK_TRY(const auto token_file, object["tokenFile"].get_or(""));
    part.token_file = resolve(token_file);
    SK_TRY(part.username, object["username"].get_or(""));
    SK_TRY(part.password, object["password"].get_or(""));
    SK_TRY(part.impersonate, impersonation(object));
    const bool has_other =
        !part.certificate.empty() || !part.token.empty() || !part.token_file.empty() || !part.username.empty();
    if (object["exec"].present()) {
      SK_TRY(auto plugin, exec(object["exec"]));
      if (!has_other) part.exec = std::move(plugin);
    }
    if (object["auth-provider"].present() && !has_other && !part.exec)
      return fail(object["auth-provider"].error("these plugins no longer exist; use 'exec'"));
    SK_CHECK(unknown(object, {"client-certificate", "client-certificate-data", "client-key", "client-key-data", "token",
                              "tokenFile", "username", "password", "as", "as-uid", "as-groups", "as-user-extra", "exec",
                              "auth-provider", "extensions"}));
    return out;
  }

  static Result<Impersonation> impersonation(const JsonField& object) {
    Impersonation out;
    SK_TRY(out.user, object["as"].get_or(""));
    SK_TRY(out.uid, object["as-uid"].get_or(""));
    SK_TRY(out.groups, object["as-groups"].strings());
    SK_TRY(const auto extra, object["as-user-extra"].members());
    for (const auto& [key, values] : extra) {
      SK_TRY(const auto texts, values.strings());
      for (const std::string& text : texts) out.extra.emplace_back(key, text);
    }
    if (out.user.empty() && (!out.uid.empty() || !out.groups.empty() || !out.extra.empty()))
      return fail(object.error("as-uid, as-groups and as-user-extra need 'as'"));
    return out;
  }

  Result<ExecPlugin> exec(const JsonField& object) {
    ExecPlugin out;
    SK_TRY(out.api_version, object["apiVersion"].as<std::string>());
    const bool v1 = out.api_version == "client.authentication.k8s.io/v1";
    if (!v1 && out.api_version != "client.authentication.k8s.io/v1beta1")
      return fail(object["apiVersion"].error(
          fmt::format("it must be client.authentication.k8s.io/v1 or /v1beta1, not {}", quote(out.api_version))));
    SK_TRY(out.command, object["command"].as<std::string>());
    if (out.command.empty()) return fail(object["command"].error("it is empty"));
    if (out.command.find('/') != std::string::npos) out.command = resolve(out.command);
    SK_TRY(out.args, object["args"].strings());
    SK_TRY(const auto variables, object["env"].elements());
    for (const JsonField& variable : variables) {
      SK_TRY(auto name, variable["name"].as<std::string>());
      SK_TRY(auto value, variable["value"].get_or(""));
      out.env.emplace_back(std::move(name), std::move(value));
    }
    SK_TRY(out.provide_cluster_info, object["provideClusterInfo"].get_or(false));
    SK_TRY(out.install_hint, object["installHint"].get_or(""));
    SK_CHECK(check_interactive(object["interactiveMode"], v1));
    return out;
  }

  /// Nobody can type anything here, so a plugin that insists on it can't be used.
  static Result<void> check_interactive(const JsonField& field, bool required) {
    SK_TRY(const auto mode, field.maybe<std::string>());
    if (!mode && required) return fail(field.error("client.authentication.k8s.io/v1 requires it"));
    if (mode && *mode == "Always") return fail(field.error("'Always' needs a terminal, which this program has not"));
    if (mode && *mode != "Never" && *mode != "IfAvailable")
      return fail(field.error("it must be Never, IfAvailable or Always, not " + quote(*mode)));
    return {};
  }

  std::string path_;
  std::filesystem::path folder_;
  Merged& into_;
};

template <class T>
Result<const T*> pick(const std::map<std::string, T>& all, std::string_view kind, const std::string& name,
                      const std::string& where) {
  const auto found = all.find(name);
  if (found != all.end()) return &found->second;
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const auto& [each, value] : all) names.emplace_back(each);
  return fail(ErrorCode::InvalidInput,
              fmt::format("{}: there is no {} {}{}", where, kind, quote(name), did_you_mean(name, names)));
}

Result<void> check_server(const ClientConfig& config, const std::string& where) {
  if (config.server.empty()) return fail(ErrorCode::InvalidInput, where + ": the cluster has no 'server'");
  const bool tls = config.server.starts_with("https://");
  if (!tls && !config.server.starts_with("http://"))
    return fail(ErrorCode::InvalidInput,
                fmt::format("{}: server {} must begin with https://", where, quote(config.server)));
  return {};
}

}  // namespace

Result<ClientConfig> resolve_kubeconfig(const std::vector<KubeconfigFile>& files, const std::string& context,
                                        const Environment& environment) {
  Merged merged;
  std::vector<std::string> paths;
  for (const KubeconfigFile& file : files) {
    auto document = format::parse_yaml(file.text);
    if (!document) return fail(std::move(document).error().within(file.path));
    const std::size_t warnings = merged.warnings.size();
    if (auto read = FileReader(file.path, merged).read(document->root()); !read)
      return fail(std::move(read).error().within(file.path));
    for (std::size_t i = warnings; i < merged.warnings.size(); ++i)
      merged.warnings[i] = file.path + ": " + merged.warnings[i];
    paths.push_back(file.path);
  }
  const std::string where = join(paths, ", ");
  const std::string name = context.empty() ? merged.current : context;
  if (name.empty()) return fail(ErrorCode::InvalidInput, where + ": no current-context, and no context was asked for");
  SK_TRY(const Context* chosen, pick(merged.contexts, "context", name, where));
  SK_TRY(const Cluster* cluster, pick(merged.clusters, "cluster", chosen->cluster, where));
  if (cluster->unusable) return fail(*cluster->unusable);
  ClientConfig out;
  if (!chosen->user.empty()) {
    SK_TRY(const User* user, pick(merged.users, "user", chosen->user, where));
    out = user->part;
  }
  out.origin = fmt::format("context {} of {}", quote(name), where);
  out.server = cluster->part.server;
  out.authority = cluster->part.authority;
  out.insecure = cluster->part.insecure;
  out.tls_server_name = cluster->part.tls_server_name;
  out.proxy = cluster->part.proxy;
  if (!chosen->ns.empty()) out.ns = chosen->ns;
  if (out.exec) out.exec->cluster_extension = cluster->exec_extension;
  out.warnings = std::move(merged.warnings);
  SK_CHECK(check_server(out, where));
  if (out.proxy.empty()) {
    out.proxy = proxy_from_environment(out.server, environment);
    if (!out.proxy.empty()) SK_CHECK(check_proxy(out.proxy).within("the environment's HTTPS_PROXY"));
  }
  if (out.insecure)
    out.warnings.push_back(where +
                           ": insecure-skip-tls-verify is on: anybody on the way can read and change everything");
  return out;
}

}  // namespace spotkeeper::kube
