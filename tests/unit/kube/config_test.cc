#include "kube/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace spotkeeper::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kPlain = R"(apiVersion: v1
kind: Config
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority: ca.pem
    tls-server-name: api.internal
users:
- name: u
  user:
    token: abc
contexts:
- name: here
  context: {cluster: c, user: u, namespace: shop}
current-context: here
)";

Result<ClientConfig> resolve(std::string_view text, const std::string& context = {}, const Environment& env = {}) {
  return resolve_kubeconfig({{"/home/me/.kube/config", std::string(text)}}, context, env);
}

/// A kubeconfig with this user entry (indented by four blanks a line) and cluster entry.
std::string with(const std::string& user, const std::string& cluster = "server: https://h:1") {
  return "clusters: [{name: c, cluster: {" + cluster + "}}]\nusers:\n- name: u\n  user:\n" + user +
         "\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n";
}

/// A folder of its own that goes with the test.
struct Folder {
  std::filesystem::path path;
  Folder()
      : path(std::filesystem::temp_directory_path() /
             ("kubeconfig-" + std::to_string(::getpid()) + "-" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(path);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

TEST(Kubeconfig, FollowsTheCurrentContextAndResolvesPathsAgainstItsFolder) {
  const auto config = resolve(kPlain);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->authority.file, "/home/me/.kube/ca.pem");
  EXPECT_EQ(config->tls_server_name, "api.internal");
  EXPECT_EQ(config->token, "abc");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_THAT(config->origin, HasSubstr("'here'"));
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(Kubeconfig, TheFirstFileWinsForEachName) {
  const std::string first = "clusters: [{name: c, cluster: {server: 'https://first:1'}}]\ncurrent-context: here\n";
  const auto config = resolve_kubeconfig({{"/a/one", first}, {"/b/two", std::string(kPlain)}}, "", {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://first:1");
  EXPECT_EQ(config->token, "abc") << "what only the second file has is still found";
  EXPECT_EQ(config->authority.file, "") << "an entry is taken whole";
}

TEST(Kubeconfig, ErrorsNameFileLineAndKey) {
  const auto bad_type = resolve("clusters:\n- name: c\n  cluster:\n    server: [1]\n");
  ASSERT_FALSE(bad_type);
  EXPECT_THAT(bad_type.error().message, HasSubstr("/home/me/.kube/config"));
  EXPECT_THAT(bad_type.error().message, HasSubstr("line 4"));
  EXPECT_THAT(bad_type.error().message, HasSubstr("server"));

  const auto not_yaml = resolve("clusters: [");
  ASSERT_FALSE(not_yaml);
  EXPECT_THAT(not_yaml.error().message, HasSubstr("/home/me/.kube/config"));

  const auto no_context = resolve(kPlain, "her");
  ASSERT_FALSE(no_context);
  EXPECT_THAT(no_context.error().message, HasSubstr("did you mean 'here'"));

  const auto bad_base64 = resolve(with("    client-certificate-data: '*'\n    client-key: k"));
  ASSERT_FALSE(bad_base64);
  EXPECT_THAT(bad_base64.error().message, HasSubstr("client-certificate-data"));
}

TEST(Kubeconfig, RefusesANameThatOccursTwiceInOneFile) {
  const auto config = resolve("users: [{name: u, user: {}}, {name: u, user: {}}]");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("occurs twice"));
}

TEST(Kubeconfig, UnknownKeysAreWarnings) {
  const auto config = resolve(with("    token: t\n    tokn: x"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("tokn")));
}

TEST(Kubeconfig, InsecureIsAWarningAndWithACertificateAuthorityAnError) {
  const auto insecure = resolve(with("    token: t", "server: https://h:1, insecure-skip-tls-verify: true"));
  ASSERT_TRUE(insecure) << insecure.error().message;
  EXPECT_TRUE(insecure->insecure);
  EXPECT_THAT(insecure->warnings, ElementsAre(HasSubstr("insecure-skip-tls-verify")));

  const auto both = resolve(
      with("    token: t", "server: https://h:1, insecure-skip-tls-verify: true, certificate-authority: ca.pem"));
  ASSERT_FALSE(both);
}

TEST(Kubeconfig, DataWinsOverFilesAndFilesOverNothing) {
  const Folder folder;
  const std::string pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  EXPECT_EQ((PemSource{pem, "/nowhere"}).read().value(), pem);
  EXPECT_EQ((PemSource{"", folder.write("ca", pem)}).read().value(), pem);
  EXPECT_EQ(PemSource{}.read().value(), "");
  EXPECT_FALSE((PemSource{"", folder.write("no-pem", "hello")}).read());
  EXPECT_FALSE((PemSource{"", "/nowhere"}).read());
}

TEST(Kubeconfig, ReadsAnExecPlugin) {
  const auto config = resolve(with(R"(    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/get-token
      args: [--cluster, a]
      env: [{name: PROFILE, value: p}]
      interactiveMode: IfAvailable
      provideClusterInfo: true
      installHint: get it from there)"));
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, "/home/me/.kube/bin/get-token");
  EXPECT_THAT(config->exec->args, ElementsAre("--cluster", "a"));
  EXPECT_THAT(config->exec->env, ElementsAre(std::pair<std::string, std::string>("PROFILE", "p")));
  EXPECT_TRUE(config->exec->provide_cluster_info);
}

TEST(Kubeconfig, RefusesExecPluginsThatCannotWork) {
  for (const char* lines :
       {"apiVersion: client.authentication.k8s.io/v1alpha1\n      command: c",
        "apiVersion: client.authentication.k8s.io/v1\n      command: c",  // no interactiveMode
        "apiVersion: client.authentication.k8s.io/v1beta1\n      command: ''",
        "apiVersion: client.authentication.k8s.io/v1beta1\n      command: c\n      interactiveMode: Always"})
    EXPECT_FALSE(resolve(with("    exec:\n      " + std::string(lines)))) << lines;
}

TEST(Kubeconfig, APluginIsNotUsedBesideOtherCredentials) {
  const auto config =
      resolve(with("    token: t\n    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c}"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->exec);
}

TEST(Kubeconfig, ReadsImpersonation) {
  const auto config =
      resolve(with("    token: t\n    as: jane\n    as-groups: [a, b]\n    as-user-extra: {scopes: [one, two]}"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->impersonate.user, "jane");
  EXPECT_THAT(config->impersonate.groups, ElementsAre("a", "b"));
  EXPECT_EQ(config->impersonate.extra.size(), 2u);
  EXPECT_FALSE(resolve(with("    token: t\n    as-groups: [a]")));
}

TEST(LoadConfig, TakesTheListOfKubeconfigAndSkipsMissingFiles) {
  const Folder folder;
  const std::string second = folder.write("second", kPlain);
  const auto config = load_config({}, {{"KUBECONFIG", "/nowhere/first:" + second}, {"HOME", "/nowhere"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->token, "abc");
  EXPECT_EQ(config->authority.file, (folder.path / "ca.pem").string());
}

TEST(LoadConfig, AnExplicitPathMustExist) {
  const auto config = load_config({.kubeconfig = "/nowhere/config", .context = ""}, {{"HOME", "/nowhere"}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("/nowhere/config"));
}

TEST(LoadConfig, FallsBackToTheHomeFolderAndThenToThePod) {
  const Folder folder;
  folder.write(".kube/config", kPlain);
  folder.write("sa/token", "secret\n");
  folder.write("sa/ca.crt", "-----BEGIN CERTIFICATE-----");
  folder.write("sa/namespace", "kube-system\n");
  const Environment pod{{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  ConfigRequest request;
  request.service_account = (folder.path / "sa").string();

  Environment at_home = pod;
  at_home["HOME"] = folder.path.string();
  EXPECT_EQ(load_config(request, at_home)->token, "abc");

  const auto in_pod = load_config(request, pod);
  ASSERT_TRUE(in_pod) << in_pod.error().message;
  EXPECT_EQ(in_pod->server, "https://[fd00::1]:443");
  EXPECT_EQ(in_pod->token_file, (folder.path / "sa/token").string());
  EXPECT_EQ(in_pod->ns, "kube-system");

  EXPECT_FALSE(load_config(request, {}));
}

TEST(Kubeconfig, TakesAnHttpProxyAndRefusesOthersByName) {
  const auto through = [](const std::string& url) {
    return resolve(with("    token: t", "server: https://h:1, proxy-url: '" + url + "'"));
  };
  EXPECT_EQ(through("http://u:p@proxy:3128")->proxy, "http://u:p@proxy:3128");
  for (const std::string scheme : {"https", "socks5", "SOCKS5", "ftp"}) {
    const auto refused = through(scheme + "://u:geheim@proxy:1080");
    ASSERT_FALSE(refused) << scheme;
    EXPECT_THAT(refused.error().message, HasSubstr("/home/me/.kube/config: line 1"));
    EXPECT_THAT(refused.error().message, HasSubstr("/clusters/0/cluster/proxy-url: "));
    EXPECT_THAT(refused.error().message, HasSubstr("only http:// proxies"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("geheim"))) << "it may be logged";
  }
  for (const std::string url : {"proxy:3128", "http://", "http://proxy:0", "http://pro xy"}) {
    const auto refused = through(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_THAT(refused.error().message, HasSubstr("proxy-url"));
  }
}

TEST(Kubeconfig, AClusterWhoseProxyCannotBeUsedHarmsNoOtherContext) {
  const std::string text =
      "clusters: [{name: c, cluster: {server: 'https://h:1'}},"
      " {name: far, cluster: {server: 'https://f:1', proxy-url: 'socks5://p:1'}}]\n"
      "users: [{name: u, user: {token: t}}]\n"
      "contexts: [{name: here, context: {cluster: c, user: u}}, {name: there, context: {cluster: far, user: u}}]\n"
      "current-context: here\n";
  const auto near = resolve(text);
  EXPECT_TRUE(near) << near.error().message;
  EXPECT_FALSE(resolve(text, "there"));
}

TEST(ProxyFromEnvironment, IsRefusedByNameWhereItCannotBeUsed) {
  const auto refused = resolve(kPlain, {}, {{"HTTPS_PROXY", "socks5://127.0.0.1:1080"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("HTTPS_PROXY"));
  EXPECT_THAT(refused.error().message, HasSubstr("socks5"));
}

TEST(ProxyFromEnvironment, ObeysNoProxy) {
  const Environment proxied{{"https_proxy", "proxy:3128"},
                            {"NO_PROXY", ".internal, exact.org,10.0.0.0/8,other.net:444,2001:db8::/32"}};
  const auto proxy = [&](std::string_view server) { return proxy_from_environment(server, proxied); };
  EXPECT_EQ(proxy("https://api.example.org:6443"), "http://proxy:3128");
  EXPECT_EQ(proxy("https://api.internal"), "");
  EXPECT_EQ(proxy("https://exact.org"), "");
  EXPECT_EQ(proxy("https://sub.exact.org"), "");
  EXPECT_EQ(proxy("https://inexact.org"), "http://proxy:3128");
  EXPECT_EQ(proxy("https://10.1.2.3:6443"), "");
  EXPECT_EQ(proxy("https://11.1.2.3:6443"), "http://proxy:3128");
  EXPECT_EQ(proxy("https://other.net:444"), "");
  EXPECT_EQ(proxy("https://other.net"), "http://proxy:3128");
  EXPECT_EQ(proxy("https://[2001:db8::5]:6443"), "");
  EXPECT_EQ(proxy("https://localhost:6443"), "");
  EXPECT_EQ(proxy("https://127.0.0.1:6443"), "");
  EXPECT_EQ(proxy_from_environment("https://a", {{"HTTPS_PROXY", "http://p"}, {"NO_PROXY", "*"}}), "");
  EXPECT_EQ(proxy_from_environment("https://a", {}), "");
}

}  // namespace
}  // namespace spotkeeper::kube
