// What an API server does not take, and how it says so: what clients decide by. The simulated one must not take more.
#include <gmock/gmock.h>

#include "tests/e2e/kube/suite.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;

class Checking : public Suite {
 protected:
  using Parameters = Query;
  /// The error of what must be refused.
  template <class T>
  Error refused(const Result<T>& answer) {
    EXPECT_FALSE(answer) << "it was taken";
    return answer ? Error{} : answer.error();
  }
  Error refused_list(const Parameters& parameters) {
    return refused(await(client().get(target_of(kPods, ns, {}, {}, parameters))));
  }
  std::size_t listed(const Parameters& parameters) {
    const auto list = value_of(client().get(target_of(kPods, ns, {}, {}, parameters)));
    return format::JsonField(list)["items"].elements().value().size();
  }
  Error refused_patch(const Resource& kind, const std::string& name, const JsonValue& patch,
                      PatchType type = PatchType::Merge) {
    return refused(await(client().patch(target_of(kind, kind.namespaced ? ns : NamespaceName(), name), type, patch)));
  }
  static JsonValue taints(const JsonArray& all) { return JsonObject{{"spec", JsonObject{{"taints", all}}}}; }
};

TEST_F(Checking, AVersionMatchNeedsAVersion) {
  for (const Parameters& parameters : {Parameters{{"resourceVersionMatch", "Exact"}},
                                       Parameters{{"resourceVersionMatch", "Exact"}, {"resourceVersion", "0"}},
                                       Parameters{{"sendInitialEvents", "true"}}}) {
    const Error error = refused_list(parameters);
    EXPECT_EQ(error.code, ErrorCode::InvalidInput);
    EXPECT_THAT(error.message, HasSubstr("422"));
  }
}

TEST_F(Checking, WhatMayBeOldComesInOnePage) {
  for (const char* name : {"a", "b", "c"}) make_pod(name);
  EXPECT_EQ(listed({{"limit", "2"}}), 2u);
  // Of the watch cache, which may be behind: what it has, it gives in one piece.
  EXPECT_TRUE(turn_until([&] { return listed({{"limit", "2"}, {"resourceVersion", "0"}}) == 3; }));
}

TEST_F(Checking, FieldsThatAKindHasNotChooseNothing) {
  make_pod("a", {.node = "n-1"});
  make_pod("b", {.node = "n-2"});
  EXPECT_EQ(listed({{"fieldSelector", "spec.nodeName=n-1"}}), 1u);
  EXPECT_EQ(listed({{"fieldSelector", "spec.nodeName!=n-1,metadata.name=b"}}), 1u);
  EXPECT_EQ(listed({{"fieldSelector", "status.phase=Failed"}}), 0u);
  EXPECT_THAT(refused_list({{"fieldSelector", "spec.colour=blue"}}).message, HasSubstr("field label not supported"));
  EXPECT_EQ(refused_list({{"fieldSelector", "colour"}}).code, ErrorCode::InvalidInput);
}

TEST_F(Checking, APatchChangesNeitherNameNorUid) {
  const NodeName name = make_node("n");
  const Error renamed = refused_patch(kNodes, name.str(), JsonObject{{"metadata", JsonObject{{"name", "other"}}}});
  EXPECT_THAT(renamed.message, HasSubstr("does not match the name on the URL"));
  const Error reborn = refused_patch(kNodes, name.str(), JsonObject{{"metadata", JsonObject{{"uid", "other"}}}});
  EXPECT_THAT(reborn.message, HasSubstr("422"));
}

TEST_F(Checking, AReplacementOfAnotherUidIsAConflict) {
  const NodeName name = make_node("n");
  JsonValue node = value_of(client().get(target_of(kNodes, {}, name.str())));
  node.as_object()["metadata"].as_object()["uid"] = "8d7f4b3e-0000-4000-8000-00000000000f";
  EXPECT_EQ(refused(await(client().replace(target_of(kNodes, {}, name.str()), node))).code, ErrorCode::Conflict);
}

TEST_F(Checking, TaintsAreUniqueAndHaveAKeyAndAnEffect) {
  const NodeName name = make_node("n");
  const JsonObject one{{"key", "a"}, {"effect", "NoSchedule"}};
  for (const JsonArray& wrong : {JsonArray{one, one}, JsonArray{JsonObject{{"effect", "NoSchedule"}}},
                                 JsonArray{JsonObject{{"key", "a"}, {"effect", "Whenever"}}}})
    EXPECT_THAT(refused_patch(kNodes, name.str(), taints(wrong)).message, HasSubstr("422"));
  value_of(client().patch(target_of(kNodes, {}, name.str()), PatchType::Merge,
                          taints({one, JsonObject{{"key", "a"}, {"effect", "NoExecute"}}})));
}

TEST_F(Checking, APatchThatIsNoneOfItsTypeCannotBeDecoded) {
  const NodeName name = make_node("n");
  EXPECT_THAT(refused_patch(kNodes, name.str(), JsonArray{}).message, HasSubstr("400"));
  EXPECT_THAT(refused_patch(kNodes, name.str(), JsonObject{}, PatchType::Json).message, HasSubstr("400"));
}

TEST_F(Checking, ABudgetIsACountOrAShareUpToAll) {
  for (const JsonValue& wrong : {JsonValue(-1), JsonValue("101%")}) {
    const JsonObject spec{{"minAvailable", wrong}, {"selector", JsonObject{{"matchLabels", JsonObject{{"a", "b"}}}}}};
    const auto answer =
        await(client().create(target_of(kDisruptionBudgets, ns), JsonObject{{"apiVersion", "policy/v1"},
                                                                            {"kind", "PodDisruptionBudget"},
                                                                            {"metadata", JsonObject{{"name", "b"}}},
                                                                            {"spec", spec}}));
    EXPECT_THAT(refused(answer).message, HasSubstr("422"));
  }
}

TEST_F(Checking, ALeaseThatIsReplacedNeedNotBeThere) {
  const auto lease = [](int seconds) {
    return JsonObject{{"apiVersion", "coordination.k8s.io/v1"},
                      {"kind", "Lease"},
                      {"metadata", JsonObject{{"name", "l"}}},
                      {"spec", JsonObject{{"holderIdentity", "me"}, {"leaseDurationSeconds", seconds}}}};
  };
  EXPECT_THAT(refused(await(client().create(target_of(kLeases, ns), lease(0)))).message, HasSubstr("422"));
  value_of(client().replace(target_of(kLeases, ns, "l"), lease(15)));
  EXPECT_EQ(refused(await(client().create(target_of(kLeases, ns), lease(15)))).code, ErrorCode::Conflict);
}

TEST_F(Checking, AnotherDryRunThanAllIsRefused) {
  const PodRef pod = make_pod("web");
  const std::string target = target_of(kPods, ns, "web", {}, {{"dryRun", "Some"}});
  EXPECT_THAT(refused(await(client().remove(target))).message, HasSubstr("422"));
  EXPECT_TRUE(await(client().get_pod(pod.name)));
}

TEST_F(Checking, ADryRunOfADeletionShowsThePodAsItWouldEnd) {
  make_pod("web", {.node = "n-1", .grace = 30});
  make_pod("nowhere", {.node = {}, .grace = 30});
  const auto grace_of = [&](const char* pod) {
    const auto told = value_of(client().remove(target_of(kPods, ns, pod, {}, {{"dryRun", "All"}})));
    return format::JsonField(told)["metadata"]["deletionGracePeriodSeconds"].get_or(-1).value();
  };
  EXPECT_EQ(grace_of("web"), 30);
  EXPECT_EQ(grace_of("nowhere"), 0) << "no kubelet has to end it";
  const auto present = value_of(client().get(target_of(kPods, ns, "web")));
  EXPECT_FALSE(format::JsonField(present)["metadata"]["deletionTimestamp"].maybe<std::string>().value());
}

TEST_F(Checking, APodWithoutContainersIsInvalid) {
  const JsonObject pod{{"apiVersion", "v1"},
                       {"kind", "Pod"},
                       {"metadata", JsonObject{{"name", "none"}}},
                       {"spec", JsonObject{{"containers", JsonArray{}}}}};
  EXPECT_THAT(refused(await(client().create(target_of(kPods, ns), pod))).message, HasSubstr("422"));
}

TEST_F(Checking, AnEvictionIsOfThePodInItsPathAndOfItsOwnKind) {
  make_pod("web");
  const std::string target = target_of(kPods, ns, "web", "eviction");
  const auto eviction = [&](const char* kind, const char* name) {
    return JsonObject{{"apiVersion", kind == std::string("Pod") ? "v1" : "policy/v1"},
                      {"kind", kind},
                      {"metadata", JsonObject{{"name", name}, {"namespace", ns.str()}}}};
  };
  EXPECT_THAT(refused(await(client().create(target, eviction("Eviction", "other")))).message, HasSubstr("400"));
  EXPECT_THAT(refused(await(client().create(target, eviction("Pod", "web")))).message, HasSubstr("400"));
  value_of(client().create(target, eviction("Eviction", "web")));
}

}  // namespace
}  // namespace spotkeeper::kube
