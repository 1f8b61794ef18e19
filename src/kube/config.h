// Where the API server is and how to be somebody there: kubeconfig files as kubectl reads them, or what the kubelet
// gives to a pod. Values only; nothing here talks to a server (kube/credentials.h does what takes time).
//
// Rules: client-go tools/clientcmd and rest.InClusterConfig; docs/kubernetes.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace spotkeeper::kube {

/// The environment of a process, as a value, so that tests can choose it.
using Environment = std::map<std::string, std::string>;
[[nodiscard]] Environment process_environment();

/// PEM text that stands in the configuration itself, or in a file that is read again when it is needed (its contents
/// may be renewed).
struct PemSource {
  std::string data;  // wins over `file`
  std::string file;
  [[nodiscard]] bool empty() const { return data.empty() && file.empty(); }
  /// Empty where neither is set. An error if the file can't be read or holds no PEM block.
  [[nodiscard]] Result<std::string> read() const;
  friend bool operator==(const PemSource&, const PemSource&) = default;
};

/// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;  // "client.authentication.k8s.io/v1" or "…/v1beta1"
  std::string command;      // absolute, or a name looked up in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // added to the process's own
  bool provide_cluster_info = false;
  std::string cluster_extension;  // JSON from the cluster's extension client.authentication.k8s.io/exec; may be empty
  std::string install_hint;       // shown when the command does not exist
  friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::vector<std::pair<std::string, std::string>> extra;  // a key may occur several times
  friend bool operator==(const Impersonation&, const Impersonation&) = default;
};

struct ClientConfig {
  std::string origin;  // for messages: "context 'a' of /home/me/.kube/config", "in-cluster"

  std::string server;           // "https://host:port" with any path, without a slash at its end
  PemSource authority;          // empty: the system's roots
  bool insecure = false;        // insecure-skip-tls-verify
  std::string tls_server_name;  // for SNI and verification; empty: the host of `server`
  std::string proxy;            // "http://[user:password@]host:port"; empty: direct
  std::string ns = "default";

  PemSource certificate;  // with `key`: a client certificate
  PemSource key;
  std::string token;
  std::string token_file;  // wins over `token`; read again at least every 50 s
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;  // only where none of the above is set
  Impersonation impersonate;

  std::vector<std::string> warnings;  // to be logged once by who uses this

  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

struct ConfigRequest {
  std::string kubeconfig;  // an explicit path: must exist, and is the only file read
  std::string context;     // instead of current-context
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";  // where a pod finds its token
};

/// The configuration to use: `request.kubeconfig`; else the files of $KUBECONFIG (missing ones are skipped; of two that
/// define the same name the first wins); else ~/.kube/config; else, inside a pod, the service account. Every error
/// names file, line and key.
Result<ClientConfig> load_config(const ConfigRequest& request, const Environment& environment);

/// The service account of the pod that this process runs in.
Result<ClientConfig> in_cluster_config(const ConfigRequest& request, const Environment& environment);

/// A set of kubeconfig files already read, first the strongest; `path` is for messages and as the base of relative
/// paths.
struct KubeconfigFile {
  std::string path;
  std::string text;
};
Result<ClientConfig> resolve_kubeconfig(const std::vector<KubeconfigFile>& files, const std::string& context,
                                        const Environment& environment);

/// The proxy for an https server by HTTPS_PROXY and NO_PROXY (either case; golang.org/x/net/http/httpproxy: hosts,
/// .domains, *, IPs, CIDRs, each with an optional port; never for localhost); empty: none.
[[nodiscard]] std::string proxy_from_environment(std::string_view server, const Environment& environment);

}  // namespace spotkeeper::kube
