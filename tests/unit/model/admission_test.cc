#include "model/admission.h"

#include <gtest/gtest.h>

#include "model/snapshot.h"

namespace spotkeeper {
namespace {

AdmissionBackend backend(Labels selector) { return {{NamespaceName("policy"), "webhook"}, std::move(selector)}; }

TEST(AdmissionBackend, SelectsThePodsOfItsServiceInItsNamespace) {
  const AdmissionBackend webhook = backend(Labels{{"app", "guard"}, {"tier", "api"}});
  const Labels labels{{"app", "guard"}, {"tier", "api"}, {"more", "x"}};
  EXPECT_TRUE(webhook.selects({NamespaceName("policy"), "guard-0"}, labels));
  EXPECT_FALSE(webhook.selects({NamespaceName("default"), "guard-0"}, labels));
  EXPECT_FALSE(webhook.selects({NamespaceName("policy"), "guard-0"}, Labels{{"app", "guard"}}));
}

TEST(AdmissionBackend, WithoutASelectorSelectsNothing) {
  EXPECT_FALSE(backend({}).selects({NamespaceName("policy"), "guard-0"}, Labels{{"app", "guard"}}));
}

TEST(Snapshot, KnowsWhichPodsServeAdmissionAndForgetsWhatIsReplaced) {
  Snapshot cluster;
  Pod pod;
  pod.name = {NamespaceName("policy"), "guard-0"};
  pod.uid = Uid("00000000-0000-4000-8000-000000000001");
  pod.labels = cluster.intern(Labels{{"app", "guard"}});
  cluster.put(pod);
  const Pod& held = *cluster.find_pod(pod.name);
  EXPECT_FALSE(cluster.serves_admission(held));
  cluster.put(std::vector{backend(Labels{{"app", "guard"}})});
  EXPECT_TRUE(cluster.serves_admission(held));
  EXPECT_TRUE(Snapshot(cluster).serves_admission(held)) << "a copy knows it, too";
  cluster.put(std::vector<AdmissionBackend>{});
  EXPECT_FALSE(cluster.serves_admission(held));
}

}  // namespace
}  // namespace spotkeeper
