// Who we are: tokens, certificates, plugins, rights.
#include <filesystem>
#include <fstream>

#include "tests/e2e/kube/suite.h"

namespace spotkeeper::kube {
namespace {

struct Identity : Suite {
  std::string folder = ::testing::TempDir() + unique("identity");
  Identity() { std::filesystem::create_directories(folder); }
  ~Identity() override { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder + "/" + name) << text;
    return folder + "/" + name;
  }
  static ErrorCode outcome(const Result<JsonValue>& result) {
    return result ? ErrorCode::Internal : result.error().code;
  }
  Result<JsonValue> ask(Connection& as) { return await(as.client().get(target_of(kPods, ns))); }
  std::string secret() const { return config.token; }
};

TEST_F(Identity, WithoutRightsIsForbiddenAndWithAWrongTokenUnauthorized) {
  EXPECT_EQ(outcome(ask(*connect_as([](ClientConfig& as) { as.token = "nobody-token"; }))), ErrorCode::Forbidden);
  EXPECT_EQ(outcome(ask(*connect_as([](ClientConfig& as) { as.token = "wrong"; }))), ErrorCode::Unauthorized);
}

// Trap 21.
TEST_F(Identity, Trap21ATokenFileIsReadAgainAfterA401) {
  const std::string path = file("token", "expired");
  const auto rotating = connect_as([&](ClientConfig& as) {
    as.token.clear();
    as.token_file = path;
  });
  EXPECT_EQ(outcome(ask(*rotating)), ErrorCode::Unauthorized);
  file("token", secret());
  EXPECT_TRUE(ask(*rotating)) << "the file is not trusted for 50 s any more";
  EXPECT_EQ(rotating->pipeline().stats().unauthorized, 2u);
}

TEST_F(Identity, APluginIsAskedAgainAfterA401) {
  const std::string script = file("plugin", R"(#!/bin/sh
count=$(cat "$0.count" 2>/dev/null || echo 0); count=$((count+1)); echo $count >"$0.count"
token=expired; [ $count -gt 1 ] && token=$TOKEN
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$token'"}}'
)");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const auto plugged = connect_as([&](ClientConfig& as) {
    as.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                         .command = script,
                         .args = {},
                         .env = {{"TOKEN", as.token}},
                         .provide_cluster_info = false,
                         .cluster_extension = "",
                         .install_hint = ""};
    as.token.clear();
  });
  EXPECT_TRUE(ask(*plugged));
  EXPECT_EQ(plugged->pipeline().stats().unauthorized, 1u);
  EXPECT_TRUE(ask(*plugged));
  EXPECT_EQ(plugged->pipeline().stats().unauthorized, 1u) << "what it printed is kept";
}

TEST_F(Identity, AClientCertificateWorksWithoutAToken) {
  const std::string pki = std::filesystem::path(config.authority.file).parent_path().string();
  const auto certified = connect_as([&](ClientConfig& as) {
    as.token.clear();
    as.certificate.file = pki + "/client.crt";
    as.key.file = pki + "/client.key";
  });
  EXPECT_TRUE(ask(*certified));
}

TEST_F(Identity, ImpersonationActsWithTheOthersRights) {
  const auto someone = connect_as([](ClientConfig& as) { as.impersonate.user = "jane"; });
  const auto refused = ask(*someone);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("jane"));
}

TEST_F(Identity, AServerThatIsNotTheOneMeantIsRefused) {
  EXPECT_EQ(outcome(ask(*connect_as([](ClientConfig& as) { as.authority = {}; }))), ErrorCode::Unauthorized)
      << "signed by nobody the system knows";
  EXPECT_EQ(outcome(ask(*connect_as([](ClientConfig& as) { as.tls_server_name = "other.example.org"; }))),
            ErrorCode::Unauthorized);
  EXPECT_TRUE(ask(*connect_as([](ClientConfig& as) { as.tls_server_name = "kubernetes.default.svc"; })));
  EXPECT_TRUE(ask(*connect_as([](ClientConfig& as) {
    as.authority = {};
    as.insecure = true;
  })));
}

}  // namespace
}  // namespace spotkeeper::kube
