// Watches, streaming lists, and what ends them.
#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "net/http_client.h"
#include "net/url.h"
#include "tests/e2e/kube/suite.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;

constexpr Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};

/// Keeps names and says what came.
struct Recorder final : ReflectorSink {
  std::map<std::string, std::string> objects;  // name to version
  std::vector<std::string> seen;
  int commits = 0;

  void begin_list() override { staged_.clear(); }
  Result<void> stage(const WireObject&, const WireMeta& meta) override {
    staged_[meta.name] = meta.version;
    return {};
  }
  void commit() override {
    objects = staged_;
    ++commits;
  }
  Result<void> apply(WatchType type, const WireObject&, const WireMeta& meta) override {
    if (type == WatchType::Deleted) {
      objects.erase(meta.name);
      seen.push_back("-" + meta.name);
    } else {
      seen.push_back((type == WatchType::Added ? "+" : "~") + meta.name);
      objects[meta.name] = meta.version;
    }
    return {};
  }

 private:
  std::map<std::string, std::string> staged_;
};

/// Hands on everything; the next watch from a version asks for version 1 instead, which is long gone.
class TimeTraveller final : public net::HttpTransport {
 public:
  explicit TimeTraveller(net::HttpTransport& under) : under_(under) {}
  bool armed = false;
  std::vector<std::string> targets;

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override {
    return under_.send(std::move(request), limit);
  }
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest request, Duration limit) override {
    const std::size_t at = request.target.find("resourceVersion=");
    if (armed && at != std::string::npos && at + 16 < request.target.size()) {
      request.target = request.target.substr(0, at) + "resourceVersion=1";
      armed = false;
    }
    targets.push_back(request.target);
    return under_.open(std::move(request), limit);
  }

 private:
  net::HttpTransport& under_;
};

struct Watching : Suite {
  Recorder sink;
  net::TaskGroup group{loop};
  std::unique_ptr<Reflector> reflector;

  ~Watching() override { group.cancel_all(); }

  void start(bool watch_list, const std::string& field_selector = {}) {
    WatchScope scope;
    scope.ns = ns;
    scope.field_selector = field_selector;
    ReflectorOptions options;
    options.watch_list = watch_list;
    reflector = std::make_unique<Reflector>(connection->pipeline(), kPods, scope, sink, options, Random(1));
    group.start(reflector->run());
    ASSERT_TRUE(turn_until([&] { return reflector->synced(); })) << reflector->trouble();
  }
  /// Hands on the events of one watch until its end, or until `more` is false.
  void each_event(Resource resource, Query query, std::string_view accept,
                  const std::function<bool(const WatchEvent&)>& more) {
    query.emplace_back("watch", "1");
    ApiRequest request;
    request.target = target_of(resource, ns, {}, {}, query);
    request.accept = accept;
    request.lane = Lane::Unlimited;
    auto stream = value_of(connection->pipeline().open(std::move(request)));
    ASSERT_TRUE(stream);
    ASSERT_EQ(stream->status(), 200);
    bool go_on = true;
    WatchDecoder decoder(stream->headers().find("Content-Type").value_or(""),
                         [&](const WatchEvent& event) -> Result<void> {
                           go_on = go_on && more(event);
                           return {};
                         });
    while (go_on) {
      const auto bytes = await(stream->read(30s));
      ASSERT_TRUE(bytes) << bytes.error().message;
      if (bytes->empty()) return;
      ASSERT_TRUE(decoder.feed(*bytes));
    }
  }
  void make_config_map(const std::string& name) {
    value_of(client().create(
        target_of(kConfigMaps, ns),
        JsonObject{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", JsonObject{{"name", name}}}}));
  }
  /// Makes etcd forget every version but the last; its address stands beside the kubeconfig. ConfigMaps have no watch
  /// cache on this server, so that it shows at once.
  void compact() {
    const std::string beside = std::filesystem::path(config.authority.file).parent_path().parent_path().string();
    const auto address = read_file(beside + "/etcd");
    ASSERT_TRUE(address) << address.error().message;
    auto etcd = net::make_http_transport(loop, net::parse_url(trim(*address))->origin, {});
    ASSERT_TRUE(etcd) << etcd.error().message;
    const auto ask = [&](const std::string& target, const std::string& body) {
      net::HttpRequest request;
      request.method = "POST";
      request.target = target;
      request.body = body;
      return value_of((*etcd)->send(std::move(request), 10s)).body;
    };
    const auto range = format::parse_json(ask("/v3/kv/range", R"({"key":"AA=="})"));
    ASSERT_TRUE(range) << range.error().message;
    const auto revision = format::JsonField(*range)["header"]["revision"].as<std::string>();
    ASSERT_TRUE(revision) << revision.error().message;
    ask("/v3/kv/compaction", R"({"revision":")" + *revision + R"("})");
  }
  bool saw(const std::string& what) {
    return turn_until([&] { return std::ranges::find(sink.seen, what) != sink.seen.end(); });
  }
};

TEST_F(Watching, AfterAListReportsWhatIsAddedChangedAndDeleted) {
  const PodRef first = make_pod("first");
  start(false);
  EXPECT_TRUE(sink.objects.contains("first"));
  make_pod("second");
  EXPECT_TRUE(saw("+second"));
  value_of(client().patch(target_of(kPods, ns, "second"), PatchType::Merge,
                          JsonObject{{"metadata", JsonObject{{"labels", JsonObject{{"x", "y"}}}}}}));
  EXPECT_TRUE(saw("~second"));
  finish(first);
  EXPECT_TRUE(saw("-first"));
  EXPECT_EQ(sink.objects.size(), 1u);
}

TEST_F(Watching, AStreamingListIsCompleteAndGoesOnAsAWatch) {
  const int minor = value_of(client().version()).minor;
  const bool streams = minor == 32 || minor >= 34;  // WatchList by default; elsewhere the server refuses, and we list
  for (int i = 0; i < 20; ++i) make_pod("p" + std::to_string(i), {.node = "", .ready = false});
  start(true);
  EXPECT_EQ(sink.objects.size(), 20u);
  EXPECT_EQ(sink.commits, 1);
  const auto watches = reflector->stats().watches;
  if (streams) {
    EXPECT_EQ(watches, 1u) << "the list is the beginning of the watch";
    EXPECT_GE(reflector->stats().bookmarks, 1u);
  } else {
    EXPECT_GE(reflector->stats().lists, 1u);
  }
  EXPECT_FALSE(reflector->position().empty());
  make_pod("late");
  EXPECT_TRUE(saw("+late"));
  if (streams) {
    EXPECT_EQ(reflector->stats().watches, watches);
  }
}

// Trap 3.
TEST_F(Watching, Trap3LeavingTheSelectorIsADeletionWithoutTheObjectBeingGone) {
  const PodRef pod = make_pod("web");
  start(true, "status.phase=Running");
  EXPECT_TRUE(sink.objects.contains("web"));
  value_of(client().patch(target_of(kPods, ns, "web", "status"), PatchType::Merge,
                          JsonObject{{"status", JsonObject{{"phase", "Failed"}}}}));
  EXPECT_TRUE(saw("-web"));
  EXPECT_EQ(value_of(client().get_pod(pod.name)).phase, PodPhase::Failed);
}

TEST_F(Watching, BookmarksMoveThePositionOn) {
  start(true);
  const std::string before = reflector->position();
  const NamespaceName elsewhere = make_namespace("elsewhere");
  make_pod("other", {}, elsewhere);  // nothing of ours, but the collection's version moves
  std::string bookmark = before;
  // One comes about 2 s before a watch's time is over, but the server promises nothing; a busy one may skip it.
  const Steady until = loop.steady() + 90s;
  while (bookmark == before && loop.steady() < until) {
    each_event(kPods, {{"allowWatchBookmarks", "true"}, {"timeoutSeconds", "5"}, {"resourceVersion", before}},
               kAcceptProtobuf, [&](const WatchEvent& event) {
                 if (event.type == WatchType::Bookmark) bookmark = event.meta.version;
                 return bookmark == before;
               });
  }
  EXPECT_NE(bookmark, before);
}

// Trap 1.
TEST_F(Watching, Trap1AnExpiredVersionIsAnErrorInsideA200Stream) {
  compact();
  for (const std::string_view accept : {kAcceptJson, kAcceptProtobuf}) {
    ApiStatus status;
    each_event(kConfigMaps, {{"resourceVersion", "1"}}, accept, [&](const WatchEvent& event) {
      if (event.type == WatchType::Error) status = event.status;
      return status.code == 0;
    });
    EXPECT_EQ(status.code, 410);
    EXPECT_EQ(status.reason, "Expired");
  }
}

TEST_F(Watching, AListWhoseSnapshotIsCompactedAwayBeginsAnew) {
  for (int i = 0; i < 6; ++i) make_config_map("c" + std::to_string(i));
  WatchScope scope;
  scope.ns = ns;
  int seen = 0;
  const auto gone = await(client().list(
      kConfigMaps, scope,
      [&](const WireObject&) -> Result<void> {
        ++seen;
        return {};
      },
      2));
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(seen, 6);
  const auto first = value_of(client().get(target_of(kConfigMaps, ns, {}, {}, {{"limit", "2"}})));
  const auto token = format::JsonField(first)["metadata"]["continue"].as<std::string>();
  ASSERT_TRUE(token);
  make_config_map("later");
  compact();
  const auto expired = await(client().get(target_of(kConfigMaps, ns, {}, {}, {{"limit", "2"}, {"continue", *token}})));
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, ErrorCode::Gone);
}

TEST_F(Watching, ARelistAfterA410LosesNothing) {
  make_config_map("before");
  net::HttpClientOptions options_of_http;
  options_of_http.tls.ca_pem = config.authority.read().value();
  auto http = net::make_http_transport(loop, net::parse_url(config.server)->origin, options_of_http);
  ASSERT_TRUE(http) << http.error().message;
  TimeTraveller traveller(**http);
  const auto credentials = make_credential_source(loop, config, {});
  Pipeline pipeline(loop,
                    {.transport = &traveller,
                     .lease_transport = &traveller,
                     .credentials = credentials.get(),
                     .use_certificate = {},
                     .base_path = ""},
                    Random(1));
  WatchScope scope;
  scope.ns = ns;
  ReflectorOptions options;
  options.watch_list = false;
  options.least_watch = options.most_watch = 1s;  // the server ends each watch after a second
  Reflector travelling(pipeline, kConfigMaps, scope, sink, options, Random(1));
  {
    net::TaskGroup running(loop);
    running.start(travelling.run());
    ASSERT_TRUE(turn_until([&] { return travelling.stats().watches >= 1; }));
    compact();
    traveller.armed = true;
    ASSERT_TRUE(turn_until([&] { return travelling.stats().expired == 1 && sink.commits == 2; }));
    make_config_map("after");
    EXPECT_TRUE(saw("+after"));
  }
  EXPECT_TRUE(sink.objects.contains("before"));
  EXPECT_EQ(travelling.stats().lists, 2u);
}

TEST_F(Watching, AServerWithoutStreamingListsIsListed) {
  // What old servers say to one is what this one says to an invalid combination: 422.
  ApiRequest request;
  request.target =
      target_of(kPods, ns, {}, {}, {{"watch", "1"}, {"sendInitialEvents", "true"}, {"resourceVersion", ""}});
  request.lane = Lane::Unlimited;
  const auto stream = value_of(connection->pipeline().open(std::move(request)));
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->status(), 422);
}

TEST_F(Watching, WithoutTheRightWaitsAndSaysSo) {
  const auto nobody = connect_as([](ClientConfig& as) { as.token = "nobody-token"; });
  Reflector refused(nobody->pipeline(), kPods, {}, sink, {}, Random(1));
  net::TaskGroup running(loop);
  running.start(refused.run());
  EXPECT_TRUE(turn_until([&] { return !refused.trouble().empty(); }));
  EXPECT_THAT(refused.trouble(), HasSubstr("forbidden"));
  EXPECT_FALSE(refused.synced());
  running.cancel_all();
}

}  // namespace
}  // namespace spotkeeper::kube
