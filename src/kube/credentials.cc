#include "kube/credentials.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/json.h"
#include "net/process.h"
#include "net/signal.h"
#include "net/url.h"

namespace spotkeeper::kube {
namespace {

// client-go holds a token for 60 s with 10 s of leeway, and looks at certificate files every five minutes.
constexpr Duration kTokenAge = 50s;
constexpr Duration kCertificateAge = 5min;
constexpr Duration kExpiryLeeway = 10s;
constexpr std::size_t kComplaintKept = 1024;  // of a plugin's standard error

Result<std::string> header_safe(std::string_view text, std::string_view what) {
  const std::string_view token = trim(text);
  if (token.empty()) return fail(ErrorCode::Unauthorized, fmt::format("{} is empty", what));
  const bool odd = std::any_of(token.begin(), token.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (odd) return fail(ErrorCode::InvalidInput, fmt::format("{} holds control characters", what));
  return std::string(token);
}

class ConfiguredSource final : public CredentialSource {
 public:
  ConfiguredSource(net::Runtime& runtime, ClientConfig config, PluginRunner runner)
      : runtime_(runtime), config_(std::move(config)), runner_(std::move(runner)), plugin_ended_(runtime) {}

  net::Task<Result<Credentials>> current() override {
    SK_CO_CHECK(refresh_token_file());
    SK_CO_CHECK(refresh_certificate());
    if (config_.exec) {
      auto ready = co_await refresh_plugin();
      if (!ready) co_return fail(std::move(ready).error());
    }
    co_return compose();
  }

  bool refused(std::uint64_t generation) override {
    if (generation != generation_) return true;  // there are newer ones already
    if (!config_.token_file.empty()) token_read_.reset();
    if (config_.exec) credential_.reset();
    if (!config_.certificate.file.empty()) certificate_read_.reset();
    return !config_.token_file.empty() || config_.exec || !config_.certificate.file.empty();
  }

 private:
  Result<void> refresh_token_file() {
    if (config_.token_file.empty()) return {};
    const Steady now = runtime_.steady();
    if (token_read_ && now - *token_read_ < kTokenAge) return {};
    auto text = read_file(config_.token_file, 1U << 20U);
    auto token = text ? header_safe(*text, config_.token_file) : Result<std::string>(fail(text.error()));
    if (!token && token_.empty()) return fail(std::move(token).error().within("token"));
    token_read_ = now;
    if (!token) {  // the one we have may still be good; a 401 will say if not
      log::warn("keeping the old token", {{"error", token.error().message}});
      return {};
    }
    ++generation_;  // also if it is the same: a 401 for this reading must not read it for ever
    token_ = std::move(*token);
    return {};
  }

  Result<void> refresh_certificate() {
    if (config_.certificate.empty()) return {};
    const Steady now = runtime_.steady();
    if (certificate_read_ && now - *certificate_read_ < kCertificateAge) return {};
    auto chain = config_.certificate.read().within("client certificate");
    auto key = config_.key.read().within("client key");
    const bool had_one = !certificate_.chain.empty();
    if ((!chain || !key) && !had_one) return fail(chain ? key.error() : chain.error());
    certificate_read_ = now;
    if (!chain || !key) {
      log::warn("keeping the old client certificate", {{"error", (chain ? key : chain).error().message}});
      return {};
    }
    ++generation_;
    certificate_ = {std::move(*chain), std::move(*key)};
    return {};
  }

  [[nodiscard]] bool credential_good() const {
    return credential_ && (!credential_->expires || runtime_.now() < *credential_->expires - kExpiryLeeway);
  }

  net::Task<Result<void>> refresh_plugin() {
    if (credential_good()) co_return Result<void>();
    while (plugin_running_) co_await plugin_ended_.wait();
    if (credential_good()) co_return Result<void>();
    const struct Running {
      ConfiguredSource* source;
      ~Running() {
        source->plugin_running_ = false;
        source->plugin_ended_.notify();
      }
    } running{this};
    plugin_running_ = true;
    auto authority = config_.authority.read();
    if (!authority) co_return fail(std::move(authority).error().within("certificate authority"));
    std::string info = exec_info(*config_.exec, config_, *authority);
    auto run = runner_(*config_.exec, std::move(info));
    auto printed = co_await run;
    if (!printed) co_return fail(std::move(printed).error());
    auto credential = parse_exec_credential(*printed, *config_.exec);
    if (!credential)
      co_return fail(std::move(credential).error().within("credential plugin " + quote(config_.exec->command)));
    credential_ = std::move(*credential);
    ++generation_;
    co_return Result<void>();
  }

  Result<Credentials> compose() {
    Credentials out;
    out.generation = generation_;
    out.certificate = certificate_;
    std::string token = config_.token_file.empty() ? config_.token : token_;
    if (credential_) {
      if (!credential_->token.empty()) token = credential_->token;
      if (!credential_->certificate.chain.empty()) out.certificate = credential_->certificate;
    }
    if (!token.empty()) {
      SK_TRY(const std::string safe, header_safe(token, "the token"));
      out.headers.set("Authorization", "Bearer " + safe);
    } else if (!config_.username.empty()) {
      out.headers.set("Authorization", "Basic " + base64_encode(config_.username + ":" + config_.password));
    }
    impersonate(out.headers);
    return out;
  }

  void impersonate(net::HttpHeaders& headers) const {
    const Impersonation& as = config_.impersonate;
    if (as.user.empty()) return;
    headers.set("Impersonate-User", as.user);
    if (!as.uid.empty()) headers.set("Impersonate-Uid", as.uid);
    for (const std::string& group : as.groups) headers.add("Impersonate-Group", group);
    for (const auto& [key, value] : as.extra) headers.add("Impersonate-Extra-" + net::percent_encode(key), value);
  }

  net::Runtime& runtime_;
  ClientConfig config_;
  PluginRunner runner_;
  std::uint64_t generation_ = 0;
  std::string token_;
  std::optional<Steady> token_read_;
  ClientCertificate certificate_;
  std::optional<Steady> certificate_read_;
  std::optional<ExecCredential> credential_;
  bool plugin_running_ = false;
  net::Signal plugin_ended_;
};

net::Task<Result<std::string>> run_plugin(net::EventLoop& loop, Duration limit, ExecPlugin plugin, std::string info) {
  const std::string doing = "credential plugin " + quote(plugin.command);
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  auto environment = plugin.env;
  environment.emplace_back("KUBERNETES_EXEC_INFO", std::move(info));
  auto ended = co_await net::run_process(loop, std::move(words), std::move(environment), "", limit);
  if (!ended) {
    Error error = std::move(ended).error().within(doing);
    if (error.code == ErrorCode::NotFound && !plugin.install_hint.empty()) error.message += "; " + plugin.install_hint;
    if (error.code == ErrorCode::NotFound) error.code = ErrorCode::Unauthorized;
    co_return fail(std::move(error));
  }
  if (ended->exit_code == 0) co_return std::move(ended->out);
  const std::string_view said = trim(ended->err);
  const std::string_view end_of_it = said.substr(said.size() - std::min(said.size(), kComplaintKept));
  std::string message = fmt::format("{}: it exited with {}", doing, ended->exit_code);
  if (!end_of_it.empty()) message += ": " + to_valid_utf8(end_of_it);
  co_return fail(ErrorCode::Unauthorized, std::move(message));
}

}  // namespace

PluginRunner process_runner(net::EventLoop& loop, Duration limit) {
  return [&loop, limit](ExecPlugin plugin, std::string info) {
    return run_plugin(loop, limit, std::move(plugin), std::move(info));
  };
}

std::string exec_info(const ExecPlugin& plugin, const ClientConfig& config, const std::string& authority) {
  format::JsonObject spec;
  spec["interactive"] = false;
  if (plugin.provide_cluster_info) {
    format::JsonObject cluster;
    cluster["server"] = config.server;
    if (!config.tls_server_name.empty()) cluster["tls-server-name"] = config.tls_server_name;
    if (config.insecure) cluster["insecure-skip-tls-verify"] = true;
    if (!authority.empty()) cluster["certificate-authority-data"] = base64_encode(authority);
    if (!config.proxy.empty()) cluster["proxy-url"] = config.proxy;
    if (auto extension = format::parse_json(plugin.cluster_extension); extension) cluster["config"] = *extension;
    spec["cluster"] = std::move(cluster);
  }
  format::JsonObject info;
  info["apiVersion"] = plugin.api_version;
  info["kind"] = "ExecCredential";
  info["spec"] = std::move(spec);
  return format::write_json(info);
}

Result<ExecCredential> parse_exec_credential(const std::string& output, const ExecPlugin& plugin) {
  auto document = format::parse_json(output);
  if (!document) return fail(std::move(document).error().within("its output"));
  const format::JsonField root(*document);
  SK_TRY(const auto version, root["apiVersion"].get_or(""));
  if (version != plugin.api_version)
    return fail(ErrorCode::InvalidInput, fmt::format("it answers with apiVersion {}, the kubeconfig says {}",
                                                     quote(version), quote(plugin.api_version)));
  SK_TRY(const auto kind, root["kind"].get_or(""));
  if (kind != "ExecCredential")
    return fail(ErrorCode::InvalidInput, "it answers with kind " + quote(kind) + ", not ExecCredential");
  const format::JsonField status = root["status"];
  ExecCredential out;
  SK_TRY(out.token, status["token"].get_or(""));
  SK_TRY(out.certificate.chain, status["clientCertificateData"].get_or(""));
  SK_TRY(out.certificate.key, status["clientKeyData"].get_or(""));
  SK_TRY(out.expires, status["expirationTimestamp"].maybe<Instant>());
  if (out.certificate.chain.empty() != out.certificate.key.empty())
    return fail(ErrorCode::InvalidInput, "it gave only one of clientCertificateData and clientKeyData");
  if (out.token.empty() && out.certificate.chain.empty())
    return fail(ErrorCode::Unauthorized, "it gave neither a token nor a certificate");
  return out;
}

std::unique_ptr<CredentialSource> make_credential_source(net::Runtime& runtime, ClientConfig config,
                                                         PluginRunner runner) {
  return std::make_unique<ConfiguredSource>(runtime, std::move(config), std::move(runner));
}

}  // namespace spotkeeper::kube
