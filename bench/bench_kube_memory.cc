// Links: spotkeeper_kube
// How much memory a whole large cluster takes, and how fast it is read: 150,000 pods of 8 kB (as JSON) in 1,500
// workloads on 5,000 nodes, in list pages of 500, through the reader and the store that the product uses.
//
// One process makes the pages and a child of it reads them from a pipe, so that the child's resident set is that of a
// client alone. Peers in the same run: a client that keeps each object as its parsed JSON document, and, where
// SPOTKEEPER_PEERS_BIN names the folder that holds it, what client-go's informers keep (tests/peers/pod_cache).
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "kube/codec/translate.h"
#include "kube/store.h"

using namespace spotkeeper;        // NOLINT(google-build-using-namespace)
using namespace spotkeeper::kube;  // NOLINT(google-build-using-namespace)

namespace {

constexpr int kNodeCount = 5'000;
constexpr int kPodCount = 150'000;
constexpr int kPeerPodCount = 5'000;
constexpr int kPage = 500;

enum class Wire { Protobuf, Json };

// ---- Making the cluster --------------------------------------------------------------------------------------------

class Maker {
 public:
  explicit Maker(Wire wire) : wire_(wire) {}

  std::string node(int i) {
    wire::Arena arena;
    wire::Node node;
    node.metadata.name = arena.keep(node_name(i));
    stamp(node.metadata, arena);
    for (int label = 0; label < 20; ++label)
      node.metadata.labels.emplace_back(arena.keep(fmt::format("node.example.com/property-number-{}", label)),
                                        arena.keep(fmt::format("value-{}", random_.below(50))));
    node.metadata.labels.emplace_back("topology.kubernetes.io/zone", "us-east-1a");
    node.metadata.labels.emplace_back("node.kubernetes.io/instance-type", "m5.4xlarge");
    node.spec.provider_id = arena.keep(fmt::format("aws:///us-east-1a/i-{:017x}", random_.next() >> 4));
    node.status.allocatable.entries = {{"cpu", "15890m"}, {"memory", "60000000Ki"}, {"pods", "234"}};
    node.status.conditions.push_back({"Ready", "True", {}, {}, "KubeletReady", "kubelet is posting ready status"});
    node.status.node_info.boot_id = arena.keep(uuid());
    return written(node, 4'000);
  }

  /// Daemons on every node, then stateful sets and jobs, the rest deployments.
  std::string pod(int i) {
    wire::Arena arena;
    wire::Pod pod;
    pod.spec.node_name = arena.keep(node_name(i % kNodeCount));
    if (i < 4 * kNodeCount) {
      daemon(pod, i, arena);
    } else if (i < 4 * kNodeCount + 6'000) {
      stateful(pod, i, arena);
    } else {
      deployed(pod, i, arena);
    }
    fill(pod, arena);
    return written(pod, 6'400);
  }

  std::string page(const std::vector<std::string>& items, bool nodes) const {
    if (wire_ == Wire::Protobuf) {
      wire::ListMeta meta;
      meta.resource_version = "123456789";
      return format::write_list({"v1", nodes ? "NodeList" : "PodList"}, to_protobuf(meta), items);
    }
    std::string out = R"({"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"123456789"},"items":[)";
    for (const auto& item : items) out += (out.back() == '[' ? "" : ",") + item;
    return out + "]}";
  }

 private:
  static std::string node_name(int i) {
    return fmt::format("ip-10-{}-{}-{}.ec2.internal", i / 65536, i / 256 % 256, i % 256);
  }
  std::string uuid() {
    const auto a = random_.next();
    const auto b = random_.next();
    return fmt::format("{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}", a >> 32, a >> 16 & 0xFFFF, a & 0xFFF, b >> 52,
                       b & 0xFFFFFFFFFFFF);
  }
  void stamp(wire::ObjectMeta& meta, wire::Arena& arena) {
    meta.uid = arena.keep(uuid());
    meta.resource_version = arena.keep(fmt::format("{}", 100'000'000 + random_.below(100'000'000)));
    meta.creation_timestamp.at = Instant(std::chrono::seconds(1'795'000'000 + random_.below(300'000)));
  }
  void owner(wire::Pod& pod, wire::Text kind, wire::Text name, wire::Arena& arena) {
    const bool job = kind == "Job";
    pod.metadata.owner_references.push_back({kind, name, arena.keep(uuid()), job ? "batch/v1" : "apps/v1", true, true});
  }

  void daemon(wire::Pod& pod, int i, wire::Arena& arena) {
    const auto app = arena.keep(fmt::format("node-observability-agent-{}", i / kNodeCount));
    pod.metadata.name = arena.keep(fmt::format("{}-{:05x}", app, i));
    pod.metadata.ns = "kube-system";
    pod.metadata.labels = {{"app.kubernetes.io/name", app}, {"controller-revision-hash", "76f8d8c8d9"}};
    owner(pod, "DaemonSet", app, arena);
    wire::NodeSelectorTerm here;
    here.match_fields.push_back({"metadata.name", "In", {pod.spec.node_name}});
    pod.spec.affinity.emplace().node_affinity.emplace().required.emplace().node_selector_terms.push_back(here);
    pod.spec.tolerations.push_back({"", "Exists", "", "", {}});
  }
  void stateful(wire::Pod& pod, int i, wire::Arena& arena) {
    const int set = i % 100;
    const auto app = arena.keep(fmt::format("replicated-database-cluster-number-{}", set));
    pod.metadata.name = arena.keep(fmt::format("{}-{}", app, i / 100));
    pod.metadata.ns = arena.keep(fmt::format("team-{}", set));
    pod.metadata.labels = {{"app.kubernetes.io/name", app},
                           {"controller-revision-hash", "replicated-database-6d5c8f9b7"},
                           {"statefulset.kubernetes.io/pod-name", pod.metadata.name}};
    owner(pod, "StatefulSet", app, arena);
    auto& volume = pod.spec.volumes.emplace_back();
    volume.name = "data";
    volume.source.persistent_volume_claim = {arena.keep(fmt::format("data-{}", pod.metadata.name)), false};
  }
  void deployed(wire::Pod& pod, int i, wire::Arena& arena) {
    const int set = i % 1'350;
    const auto app = arena.keep(fmt::format("customer-facing-service-{:04}", set));
    const auto hash = arena.keep(fmt::format("6d5c8f{:04x}", set));
    const auto replicas = arena.keep(fmt::format("{}-{}", app, hash));
    pod.metadata.name = arena.keep(fmt::format("{}-{:05x}", replicas, i));
    pod.metadata.ns = arena.keep(fmt::format("team-{}", set % 150));
    pod.metadata.labels = {{"app.kubernetes.io/name", app},
                           {"app.kubernetes.io/instance", app},
                           {"app.kubernetes.io/version", "2026.11.3"},
                           {"pod-template-hash", hash}};
    owner(pod, "ReplicaSet", replicas, arena);
    wire::TopologySpreadConstraint spread;
    spread.max_skew = 1;
    spread.topology_key = "topology.kubernetes.io/zone";
    spread.when_unsatisfiable = "DoNotSchedule";
    spread.label_selector.emplace().match_labels = {{"app.kubernetes.io/name", app}};
    pod.spec.topology_spread_constraints.push_back(spread);
  }
  void fill(wire::Pod& pod, wire::Arena& arena) {
    stamp(pod.metadata, arena);
    pod.spec.termination_grace_period_seconds = 60;
    pod.spec.priority = 0;
    pod.spec.scheduler_name = "default-scheduler";
    auto& container = pod.spec.containers.emplace_back();
    container.name = "main";
    container.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/service:2026.11.3";
    container.resources.requests.entries = {{"cpu", "250m"}, {"memory", "512Mi"}};
    container.resources.limits.entries = {{"memory", "1Gi"}};
    container.lifecycle.emplace().pre_stop.emplace().sleep = wire::SleepAction{15};
    for (const auto* key : {"not-ready", "unreachable"})
      pod.spec.tolerations.push_back(
          {arena.keep(fmt::format("node.kubernetes.io/{}", key)), "Exists", "", "NoExecute", 300});
    pod.status.phase = "Running";
    pod.status.start_time = pod.metadata.creation_timestamp;
    for (const auto* type : {"Ready", "ContainersReady", "Initialized", "PodScheduled"})
      pod.status.conditions.push_back({type, "True", {}, pod.metadata.creation_timestamp, "", ""});
  }

  /// The object with the rest of a real one's size: managedFields, environment, probes, mounts, which are skipped. All
  /// of it stands in the managedFields of three managers.
  template <class T>
  std::string written(const T& object, std::size_t rest) const {
    if (wire_ == Wire::Protobuf) {
      std::string out = to_protobuf(object);
      // Protobuf is little more than half the size of JSON, the same for what is skipped.
      const std::string fields = format::write_json(managed_fields(rest / 3 * 3 / 5));
      format::ProtoWriter(out).message(1, [&](format::ProtoWriter& meta) {
        for (const std::string_view manager : kManagers)
          meta.message(17, [&](format::ProtoWriter& entry) {
            entry.text(1, manager);
            entry.text(2, "Update");
            entry.text(3, "v1");
            entry.text(6, "FieldsV1");
            entry.message(7, [&](format::ProtoWriter& raw) { raw.text(1, fields); });
          });
      });
      return out;
    }
    format::JsonObject out = to_json(object);
    format::JsonArray managed;
    for (const std::string_view manager : kManagers)
      managed.push_back(format::JsonObject{{"manager", manager},
                                           {"operation", "Update"},
                                           {"apiVersion", "v1"},
                                           {"fieldsType", "FieldsV1"},
                                           {"fieldsV1", managed_fields(rest / 3)}});
    out["metadata"].as_object()["managedFields"] = std::move(managed);
    return format::write_json(out);
  }

  static constexpr std::array<std::string_view, 3> kManagers{"kube-controller-manager", "kube-scheduler", "kubelet"};
  /// About `size` bytes as JSON.
  static format::JsonValue managed_fields(std::size_t size) {
    format::JsonObject labels;
    for (std::size_t i = 0; i < size / 37; ++i)
      labels[fmt::format("f:app.kubernetes.io/name-{:03}", i)] = format::JsonObject();
    return format::JsonObject{{"f:metadata", format::JsonObject{{"f:labels", std::move(labels)}}}};
  }

  Wire wire_;
  Random random_{7};
};

// ---- Pages through a pipe ------------------------------------------------------------------------------------------

void write_all(int pipe, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = write(pipe, data, size);
    if (sent <= 0) return;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

std::string read_exactly(int pipe, std::size_t size) {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = read(pipe, out.data() + have, size - have);
    if (got <= 0) return {};
    have += static_cast<std::size_t>(got);
  }
  return out;
}

void send_page(int pipe, const std::string& page) {
  const std::uint64_t size = page.size();
  write_all(pipe, reinterpret_cast<const char*>(&size), sizeof size);
  write_all(pipe, page.data(), page.size());
}

void send_cluster(int pipe, Wire wire, int pods) {
  Maker maker(wire);
  std::vector<std::string> items;
  const auto send = [&](int count, bool nodes) {
    for (int i = 0; i < count; ++i) {
      items.push_back(nodes ? maker.node(i) : maker.pod(i));
      if (items.size() < kPage && i + 1 < count) continue;
      send_page(pipe, maker.page(items, nodes));
      items.clear();
    }
    send_page(pipe, {});
  };
  send(kNodeCount, true);
  send(pods, false);
}

// ---- The clients ---------------------------------------------------------------------------------------------------

long memory_kib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return std::stol(line.substr(field.size() + 1));
  return 0;
}

struct Report {
  std::uint64_t received = 0;
  std::uint64_t pods = 0;
  std::uint64_t failed = 0;
  double busy = 0;  // seconds of CPU in decoding and storing the pods alone
  long rss = 0, anon = 0, file = 0, peak = 0;
};

class Client {
 public:
  virtual ~Client() = default;
  virtual std::uint64_t take(const std::string& page, bool nodes) = 0;  // how many could not be read
  virtual void complete(bool nodes) = 0;
  [[nodiscard]] virtual std::uint64_t pods() const = 0;
};

class StoreClient final : public Client {
 public:
  std::uint64_t take(const std::string& page, bool nodes) override {
    std::uint64_t failed = 0;
    const auto listed = read_list(page, [&](const WireObject& object) -> Result<void> {
      SK_TRY(const auto meta, meta_of(object));
      if (!(nodes ? *nodes_ : *pods_).stage(object, meta)) ++failed;
      return {};
    });
    return listed ? failed : failed + 1;
  }
  void complete(bool nodes) override { (nodes ? *nodes_ : *pods_).commit(); }
  [[nodiscard]] std::uint64_t pods() const override { return store_.snapshot().pod_count(); }

 private:
  ClusterStore store_;
  std::unique_ptr<ReflectorSink> nodes_ = store_.node_sink();
  std::unique_ptr<ReflectorSink> pods_ = store_.pod_sink();
};

class DocumentClient final : public Client {
 public:
  std::uint64_t take(const std::string& page, bool nodes) override {
    auto document = format::parse_json(page);
    if (!document) return 1;
    for (auto& item : document->as_object()["items"].as_array())
      if (!nodes) kept_.push_back(item);
    return 0;
  }
  void complete(bool /*nodes*/) override {}
  [[nodiscard]] std::uint64_t pods() const override { return kept_.size(); }

 private:
  std::vector<format::JsonValue> kept_;
};

Report receive(int pipe, Client& client) {
  Report report;
  for (const bool nodes : {true, false}) {
    while (true) {
      const std::string head = read_exactly(pipe, sizeof(std::uint64_t));
      std::uint64_t size = 0;
      std::memcpy(&size, head.data(), std::min(head.size(), sizeof size));
      if (size == 0) break;
      const std::string page = read_exactly(pipe, size);
      if (!nodes) report.received += page.size();
      const std::clock_t start = std::clock();
      report.failed += client.take(page, nodes);
      if (!nodes) report.busy += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    }
    client.complete(nodes);
  }
  report.pods = client.pods();
  report.rss = memory_kib("VmRSS");
  report.anon = memory_kib("RssAnon");
  report.file = memory_kib("RssFile");
  report.peak = memory_kib("VmHWM");
  return report;
}

/// Runs the client in a child and the cluster's maker here.
Report measure(Wire wire, int pods, const std::function<std::unique_ptr<Client>()>& make_client) {
  int pages[2];
  int answer[2];
  if (pipe(pages) != 0 || pipe(answer) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(pages[1]);
    const auto client = make_client();
    const Report report = receive(pages[0], *client);
    write_all(answer[1], reinterpret_cast<const char*>(&report), sizeof report);
    _exit(0);
  }
  close(pages[0]);
  send_cluster(pages[1], wire, pods);
  close(pages[1]);
  Report report;
  const std::string bytes = read_exactly(answer[0], sizeof report);
  if (bytes.size() == sizeof report) std::memcpy(&report, bytes.data(), sizeof report);
  waitpid(child, nullptr, 0);
  close(answer[0]);
  close(answer[1]);
  return report;
}

/// A peer that reads the same pages from its standard input and prints its own figures; none where it is not there.
std::optional<Report> measure_peer(Wire wire, int pods, const std::vector<std::string>& arguments) {
  const char* folder = std::getenv("SPOTKEEPER_PEERS_BIN");
  const std::string program = folder == nullptr ? std::string() : std::string(folder) + "/pod_cache";
  int pages[2];
  int answer[2];
  if (access(program.c_str(), X_OK) != 0 || pipe(pages) != 0 || pipe(answer) != 0) return std::nullopt;
  const pid_t child = fork();
  if (child == 0) {
    dup2(pages[0], STDIN_FILENO);
    dup2(answer[1], STDOUT_FILENO);
    for (const int end : {pages[0], pages[1], answer[0], answer[1]}) close(end);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    execv(program.c_str(), words.data());
    _exit(127);
  }
  close(pages[0]);
  close(answer[1]);
  send_cluster(pages[1], wire, pods);
  close(pages[1]);
  std::string line;
  for (char c = 0; read(answer[0], &c, 1) == 1 && c != '\n';) line += c;
  waitpid(child, nullptr, 0);
  close(answer[0]);
  Report report;
  double nanoseconds = 0;
  std::istringstream(line) >> report.received >> report.pods >> report.failed >> nanoseconds >> report.rss >>
      report.anon >> report.file >> report.peak;
  report.busy = nanoseconds / 1e9;
  return report;
}

void print(const char* what, const Report& report) {
  const auto mib = [](auto kib) { return static_cast<double>(kib) / 1024; };
  const auto pods = static_cast<double>(report.pods);
  fmt::print("| {} | {} | {:.0f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.0f} | {:.0f} |\n", what, report.pods,
             static_cast<double>(report.received) / pods, mib(report.rss), mib(report.anon), mib(report.file),
             mib(report.peak), static_cast<double>(report.rss) * 1024 / pods, pods / report.busy / 1000);
}

}  // namespace

int main() {
  const auto store = [] { return std::make_unique<StoreClient>(); };
  const auto documents = [] { return std::make_unique<DocumentClient>(); };
  fmt::print(
      "## A large cluster in memory\n\n"
      "{} nodes and pods of 8 kB (as JSON) in about 1,500 workloads, listed in pages of {}; all of the client's "
      "process.\nMemory in MiB, the last two columns per pod and in thousands a second of CPU. Goal: 120 MiB for "
      "150,000 "
      "pods.\n\n"
      "| client | pods | bytes received a pod | RSS | RssAnon | RssFile | peak | RSS bytes a pod | decoded |\n"
      "|---|---|---|---|---|---|---|---|---|\n",
      kNodeCount, kPage);
  const Report protobuf = measure(Wire::Protobuf, kPodCount, store);
  print("Spotkeeper, protobuf", protobuf);
  print("Spotkeeper, JSON", measure(Wire::Json, kPodCount, store));
  using Arguments = std::vector<std::string>;
  if (const auto peer = measure_peer(Wire::Protobuf, kPodCount, Arguments{"protobuf"}))
    print("peer: client-go's types, protobuf", *peer);
  if (const auto peer = measure_peer(Wire::Protobuf, kPodCount, Arguments{"protobuf", "trimmed"}))
    print("peer: the same without managedFields", *peer);
  print("peer: Boost.JSON documents", measure(Wire::Json, kPeerPodCount, documents));
  std::fflush(stdout);
  const bool whole = protobuf.pods == kPodCount && protobuf.failed == 0;
  return whole && protobuf.rss <= 120L * 1024 ? 0 : 1;
}
