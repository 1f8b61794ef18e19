#include "kube/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "format/json.h"
#include "net/event_loop.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;
using testing::VirtualRuntime;

std::string authorization(const Credentials& credentials) {
  return std::string(credentials.headers.find("Authorization").value_or(""));
}

struct CredentialsTest : ::testing::Test {
  VirtualRuntime runtime;
  ClientConfig config;
  std::vector<std::string> outputs;  // of the plugin, one a run; the last is repeated
  std::size_t runs = 0;
  Duration plugin_takes{};

  std::unique_ptr<CredentialSource> source() {
    return make_credential_source(runtime, config,
                                  [this](const ExecPlugin&, const std::string&) { return run_plugin(this); });
  }
  static net::Task<Result<std::string>> run_plugin(CredentialsTest* test) {
    if (test->plugin_takes > 0s) co_await net::sleep_for(test->runtime, test->plugin_takes);
    const std::size_t index = std::min(test->runs++, test->outputs.size() - 1);
    co_return test->outputs[index];
  }
  Credentials now(CredentialSource& from) {
    auto got = runtime.run(from.current());
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : Credentials{};
  }
  void use_plugin() {
    config.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                             .command = "x",
                             .args = {},
                             .env = {},
                             .provide_cluster_info = false,
                             .cluster_extension = "",
                             .install_hint = ""};
  }
  static std::string printed(const std::string& status) {
    return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
  }
};

TEST_F(CredentialsTest, SendTokensPasswordsAndImpersonation) {
  config.token = "abc";
  config.impersonate = {.user = "jane", .uid = "7", .groups = {"a", "b"}, .extra = {{"acme.org/x", "1"}}};
  auto credentials = now(*source());
  EXPECT_EQ(authorization(credentials), "Bearer abc");
  EXPECT_EQ(credentials.headers.find("Impersonate-User"), "jane");
  EXPECT_EQ(credentials.headers.find("Impersonate-Uid"), "7");
  EXPECT_EQ(credentials.headers.find("Impersonate-Extra-acme.org%2Fx"), "1");
  EXPECT_EQ(std::count_if(credentials.headers.begin(), credentials.headers.end(),
                          [](const auto& field) { return field.first == "Impersonate-Group"; }),
            2);

  config = {};
  config.username = "joe";
  config.password = "secret";
  EXPECT_EQ(authorization(now(*source())), "Basic " + base64_encode("joe:secret"));
}

TEST_F(CredentialsTest, RefuseATokenThatWouldSplitTheHeader) {
  config.token = "abc\r\nX-Evil: 1";
  const auto from = source();
  EXPECT_FALSE(runtime.run(from->current()));
}

TEST_F(CredentialsTest, ReadTheTokenFileAgainAfterFiftySeconds) {
  const std::string path = ::testing::TempDir() + "token-" + std::to_string(::getpid());
  std::ofstream(path) << "one\n";
  config.token = "loses";
  config.token_file = path;
  const auto from = source();
  EXPECT_EQ(authorization(now(*from)), "Bearer one");
  std::ofstream(path) << "two\n";
  runtime.advance(49s);
  EXPECT_EQ(authorization(now(*from)), "Bearer one");
  runtime.advance(1s);
  EXPECT_EQ(authorization(now(*from)), "Bearer two");
  std::filesystem::remove(path);
  runtime.advance(50s);
  EXPECT_EQ(authorization(now(*from)), "Bearer two") << "a file that is gone does not take the token away";
}

// Trap 21: a token that was rotated is read again after a 401, not only when its time has come.
TEST_F(CredentialsTest, Trap21ReadTheTokenFileAgainAfterA401) {
  const std::string path = ::testing::TempDir() + "token401-" + std::to_string(::getpid());
  std::ofstream(path) << "one";
  config.token_file = path;
  const auto from = source();
  const Credentials first = now(*from);
  std::ofstream(path) << "two";
  EXPECT_TRUE(from->refused(first.generation));
  EXPECT_EQ(authorization(now(*from)), "Bearer two");
  EXPECT_TRUE(from->refused(first.generation)) << "a late 401 for the old token is worth another try too";
  EXPECT_EQ(authorization(now(*from)), "Bearer two");
  std::filesystem::remove(path);
}

TEST_F(CredentialsTest, NothingHelpsAStaticTokenThatIsRefused) {
  config.token = "abc";
  const auto from = source();
  EXPECT_FALSE(from->refused(now(*from).generation));
}

TEST_F(CredentialsTest, KeepWhatAPluginPrintedUntilItExpires) {
  use_plugin();
  outputs = {printed(R"({"token":"a","expirationTimestamp":")" + format_rfc3339(runtime.now() + 15min) + R"("})"),
             printed(R"({"token":"b"})")};
  const auto from = source();
  EXPECT_EQ(authorization(now(*from)), "Bearer a");
  runtime.advance(14min);
  EXPECT_EQ(authorization(now(*from)), "Bearer a");
  EXPECT_EQ(runs, 1u);
  runtime.advance(50s);
  EXPECT_EQ(authorization(now(*from)), "Bearer b");
  runtime.advance(24h);
  EXPECT_EQ(authorization(now(*from)), "Bearer b") << "without an expiry it is good until it is refused";
  EXPECT_EQ(runs, 2u);
}

TEST_F(CredentialsTest, RunThePluginOnceForManyWhoAskAtOnceAndOnceAfterA401) {
  use_plugin();
  plugin_takes = 1s;
  outputs = {printed(R"({"token":"a"})"), printed(R"({"token":"b"})")};
  const auto from = source();
  std::vector<std::string> seen;
  std::uint64_t generation = 0;
  const auto ask = [](CredentialSource& asked, std::vector<std::string>& out, std::uint64_t& last) -> net::Task<void> {
    auto got = co_await asked.current();
    out.push_back(got ? authorization(*got) : got.error().message);
    if (got) last = got->generation;
  };
  net::TaskGroup group(runtime);
  for (int i = 0; i < 5; ++i) group.start(ask(*from, seen, generation));
  runtime.advance(2s);
  EXPECT_THAT(seen, ::testing::SizeIs(5));
  EXPECT_THAT(seen, ::testing::Each("Bearer a"));
  EXPECT_EQ(runs, 1u);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(from->refused(generation));
  EXPECT_EQ(authorization(now(*from)), "Bearer b");
  EXPECT_EQ(runs, 2u);
}

TEST_F(CredentialsTest, AnswersOfPluginsAreChecked) {
  use_plugin();
  const ExecPlugin& plugin = *config.exec;
  const auto both = parse_exec_credential(
      printed(
          R"({"token":"t","clientCertificateData":"C","clientKeyData":"K","expirationTimestamp":"2030-01-01T00:00:00Z"})"),
      plugin);
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->certificate, (ClientCertificate{"C", "K"}));
  EXPECT_EQ(format_rfc3339(both->expires.value()), "2030-01-01T00:00:00Z");

  EXPECT_FALSE(parse_exec_credential("not json", plugin));
  EXPECT_FALSE(parse_exec_credential(printed("{}"), plugin)) << "neither token nor certificate";
  EXPECT_FALSE(parse_exec_credential(printed(R"({"clientKeyData":"K"})"), plugin)) << "half a certificate";
  const auto version = parse_exec_credential(
      R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}})",
      plugin);
  ASSERT_FALSE(version);
  EXPECT_THAT(version.error().message, HasSubstr("v1beta1"));
}

TEST_F(CredentialsTest, PluginsAreToldAboutTheClusterOnlyWhereTheyAskForIt) {
  use_plugin();
  config.server = "https://h:1";
  EXPECT_EQ(exec_info(*config.exec, config, "CA"),
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}})");
  config.exec->provide_cluster_info = true;
  config.exec->cluster_extension = R"({"audience":"x"})";
  const auto info = format::parse_json(exec_info(*config.exec, config, "CA")).value();
  const format::JsonField cluster = format::JsonField(info)["spec"]["cluster"];
  EXPECT_EQ(cluster["server"].as<std::string>().value(), "https://h:1");
  EXPECT_EQ(cluster["certificate-authority-data"].as<std::string>().value(), base64_encode("CA"));
  EXPECT_EQ(cluster["config"]["audience"].as<std::string>().value(), "x");
}

// ---- Real processes -----------------------------------------------------------------------------------------------

struct PluginProcess : ::testing::Test {
  net::EventLoop loop;
  std::string script = ::testing::TempDir() + "plugin-" + std::to_string(::getpid());

  Result<std::string> run(const std::string& body, std::vector<std::string> args = {}, Duration limit = 30s) {
    std::ofstream(script) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    ExecPlugin plugin;
    plugin.command = script;
    plugin.args = std::move(args);
    plugin.env = {{"MINE", "from the kubeconfig"}};
    const PluginRunner runner = process_runner(loop, limit);
    return loop.run_until(runner(plugin, "the info"));
  }
  ~PluginProcess() override { std::filesystem::remove(script); }
};

TEST_F(PluginProcess, IsRunWithoutAShellAndWithItsEnvironment) {
  EXPECT_EQ(run("printf '%s|' \"$@\" \"$MINE\" \"${PATH:+inherited}\" \"$KUBERNETES_EXEC_INFO\"", {"$(id)", "a b", ";"})
                .value(),
            "$(id)|a b|;|from the kubeconfig|inherited|the info|");
}

// Its first token has expired when it is printed, so that the next request runs the plugin again.
TEST_F(PluginProcess, OfTheBetaVersionIsAskedAndRunAgainWhenItsTokenExpires) {
  const std::string version = "client.authentication.k8s.io/v1beta1";
  const std::string asked = script + ".asked";
  std::ofstream(script)
      << "#!/bin/sh\n"
      << R"(printf '%s\n' "$KUBERNETES_EXEC_INFO" >>)" << asked << "\n"
      << "runs=$(wc -l <" << asked << ")\n"
      << R"([ "$runs" -eq 1 ] && expires=2001-01-01T00:00:00Z || expires=2199-01-01T00:00:00Z)" << "\n"
      << R"(printf '{"apiVersion":")" << version
      << R"(","kind":"ExecCredential","status":{"token":"t%d","expirationTimestamp":"%s"}}' "$runs" $expires)" << "\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  ClientConfig config;
  config.exec.emplace();
  config.exec->api_version = version;
  config.exec->command = script;
  const auto source = make_credential_source(loop, config, process_runner(loop));
  for (const char* token : {"Bearer t1", "Bearer t2", "Bearer t2"}) {
    const auto got = loop.run_until(source->current());
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(authorization(*got), token);
  }
  std::ifstream in(asked);
  const std::string info((std::istreambuf_iterator<char>(in)), {});
  const std::string line = R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",)"
                           R"("spec":{"interactive":false}})"
                           "\n";
  EXPECT_EQ(info, line + line);
  std::filesystem::remove(asked);
}

TEST_F(PluginProcess, HasNoInputAndMayPrintMuch) {
  EXPECT_EQ(run("cat; head -c 200000 /dev/zero").value().size(), 200000u);
}

TEST_F(PluginProcess, FailsWithItsStatusAndTheEndOfItsErrors) {
  const auto result =
      run("i=0; while [ $i -lt 3000 ]; do echo filler >&2; i=$((i+1)); done; echo the reason >&2; exit 3");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("it exited with 3"));
  EXPECT_THAT(result.error().message, HasSubstr("the reason"));
  EXPECT_LT(result.error().message.size(), 1400u);
}

TEST_F(PluginProcess, IsKilledWithAllItStartedWhenItsTimeIsOver) {
  const std::string marker = script + ".pid";
  const auto result = run("sleep 300 & echo $! >" + marker + "; wait", {}, 2s);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Timeout);
  int pid = 0;
  std::ifstream(marker) >> pid;
  ASSERT_GT(pid, 0);
  // The orphan is init's to reap; until then it is a zombie, which no longer runs either.
  std::string text;
  const auto runs = [&] {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    text.clear();
    std::getline(stat, text);
    return !text.empty() && text.find(") Z ") == std::string::npos && text.find(") X ") == std::string::npos;
  };
  // The kernel takes a moment to carry a SIGKILL out.
  for (int look = 0; look < 500 && runs(); ++look) {
    loop.run_until([](net::Runtime& runtime) -> net::Task<void> { co_await net::sleep_for(runtime, 10ms); }(loop));
  }
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos || text.find(") X ") != std::string::npos) << text;
  std::filesystem::remove(marker);
}

TEST_F(PluginProcess, EndsThoughAGrandchildHoldsItsOutputOpen) {
  EXPECT_EQ(run("sleep 300 & echo done; exit 0").value(), "done\n");
}

TEST_F(PluginProcess, ThatPrintsWithoutEndIsRefused) {
  const auto result = run("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("1 MiB"));
}

TEST_F(PluginProcess, ThatDoesNotExistComesWithTheInstallHint) {
  ExecPlugin plugin;
  plugin.command = "/nowhere/plugin";
  plugin.install_hint = "install it so";
  const auto result = loop.run_until(process_runner(loop, 5s)(plugin, ""));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("install it so"));
}

}  // namespace
}  // namespace spotkeeper::kube
