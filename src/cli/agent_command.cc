// `spotkeeper agent`: wires an Agent to the real clock, sockets, signals and API server.
#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "cli/agent_pages.h"
#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/messenger.h"
#include "cli/nth_agent.h"
#include "control/agent.h"
#include "control/agent_health.h"
#include "control/kube_cluster.h"
#include "control/nth_report.h"
#include "kube/config.h"
#include "kube/connection.h"
#include "kube/event_recorder.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/task_group.h"
#include "net/url.h"
#include "observe/pages.h"

namespace spotkeeper::cli {
namespace {

constexpr const char* kNthName = "aws-node-termination-handler";  // who its events are from
constexpr Duration kFirstTrim = 30s;
constexpr Duration kNextTrims = 10min;
constexpr Duration kLastEvents = 3s;  // for events to leave before the process ends

net::TimeScale time_scale(const ClockOptions& clock) {
  const Instant origin = clock.origin.value_or(Instant());
  return {.epoch = clock.epoch.value_or(origin), .origin = origin, .rate = clock.rate};
}

/// Differs between nodes, so that their polls do not fall together; the same again for the same node.
std::uint64_t seed_of(std::string_view node) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : node) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// A Node's name is a DNS subdomain (RFC 1123): labels of lower-case letters, digits and inner dashes, with dots
/// between them, 253 characters at most. Anything else would go into paths and selectors as something other than a
/// name.
bool is_node_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto is_label = [&](std::string_view label) {
    return !label.empty() && is_alphanumeric(label.front()) && is_alphanumeric(label.back()) &&
           std::ranges::all_of(label, [&](char c) { return c == '-' || is_alphanumeric(c); });
  };
  return name.size() <= 253 && std::ranges::all_of(split(name, '.'), is_label);
}

std::string variable(const kube::Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// The pod that this process runs in, as the downward API tells it.
std::optional<ObjectName> own_pod(const kube::Environment& environment) {
  ObjectName pod{NamespaceName(variable(environment, "POD_NAMESPACE")), variable(environment, "POD_NAME")};
  if (pod.ns.empty() || pod.name.empty()) return std::nullopt;
  return pod;
}

control::AgentConfig agent_config(const Options& options, const kube::Environment& environment) {
  control::AgentConfig config;
  config.node = NodeName(options.agent.node_name);
  config.self = own_pod(environment);
  config.seed = seed_of(options.agent.node_name);
  config.dry_run = options.agent.dry_run;
  config.metadata.client.timeout = options.agent.metadata_timeout;
  config.metadata.client.allow_v1 = options.agent.imds_v1;
  config.metadata.interval = options.agent.poll_interval;
  config.metadata.alert_interval = options.agent.poll_interval / 2;
  config.metadata.seed = config.seed;
  config.notices.spot = options.agent.spot_notice;
  config.notices.lifecycle = options.agent.lifecycle_notice;
  config.rebalance_hold = options.agent.rebalance_hold;
  config.rebalance_drains = options.agent.on_rebalance == OnRebalance::DrainAfterReplacement;
  config.drain.keep_what_is_not_made_anew = true;
  config.acknowledge_within = options.agent.await_controller;
  config.drain.margin = options.drain.margin;
  config.drain.endpoint_propagation = options.drain.endpoint_delay;
  config.drain.longest_request = options.drain.longest_request;
  config.drain.grace_may_yield = options.drain.grace_may_yield;
  config.drain.wait_for_room = options.drain.wait_for_room;
  config.mark.exclude_from_load_balancers = options.drain.exclude_from_load_balancers;
  return config;
}

/// Everything an agent is made of, in the order in which it must not go away.
class AgentProcess {
 public:
  explicit AgentProcess(const Options& options) : loop_(time_scale(options.clock)), options_(options) {}

  Result<void> prepare() {
    if (!is_node_name(options_.agent.node_name))
      return fail(ErrorCode::InvalidInput,
                  "--node-name: " + quote(options_.agent.node_name) +
                      " is no name of a Node: lower-case letters, digits, '-' and '.', at most 253 characters");
    const bool after_replacement = options_.agent.on_rebalance == OnRebalance::DrainAfterReplacement;
    if (nth() == nullptr && after_replacement && !options_.drain.wait_for_room)
      return fail(ErrorCode::InvalidInput,
                  "--rebalance=drain-after-replacement needs --wait-for-room: a replacement is room on another node");
    kube::Environment environment = kube::process_environment();
    config_ = agent_config(options_, environment);
    if (nth() != nullptr) {
      for (const std::string& note : options_.nth->notes)
        log::warn("AWS Node Termination Handler's setting", {{"note", note}});
      apply_nth(*nth(), config_);
      environment = with_nth_server(std::move(environment), *nth());
    }
    SK_CHECK(connect_metadata().within("metadata service"));
    SK_CHECK(connect_cluster(environment));
    SK_TRY(messenger_, make_messenger(loop_, metrics_, options_.notify, nth(), config_.seed + 4));
    if (nth() != nullptr) report_as_nth();
    control::ClusterApi* const cluster = nth_report_ ? static_cast<control::ClusterApi*>(&*nth_report_) : &*cluster_;
    control::Messenger* const people = nth_report_ ? static_cast<control::Messenger*>(&*nth_report_) : messenger_.get();
    agent_ = std::make_unique<control::Agent>(
        control::AgentPorts{
            .runtime = loop_, .cluster = *cluster, .metadata = *metadata_, .metrics = metrics_, .messenger = people},
        config_);
    metrics_.gauges("spotkeeper_build_info", "Always 1: which version this is.", {"version"})
        .with({version_text()})
        .set(1);
    SK_TRY(pages_, observe::serve_pages(loop_, options_.agent.listen, page_sources()));
    if (nth() != nullptr) SK_CHECK(serve_nth_pages());
    log::info("the agent begins",
              {{"node", config_.node.str()}, {"version", version_text()}, {"listen", pages_->address().text()}});
    return {};
  }

  void run() { loop_.run_until(work()); }

 private:
  Result<void> connect_metadata() {
    SK_TRY(const net::Url url, net::parse_url(options_.agent.metadata_url));
    net::HttpClientOptions http;
    http.connect_limit = options_.agent.metadata_timeout;
    http.max_connections = 1;
    http.max_idle = 1;
    http.limits.body_bytes = std::uint64_t{256} * 1024;
    SK_TRY(metadata_, net::make_http_transport(loop_, url.origin, http));
    return {};
  }

  Result<void> connect_cluster(const kube::Environment& environment) {
    Result<kube::ClientConfig> config = kube::load_config({.kubeconfig = options_.kubernetes.kubeconfig,
                                                           .context = options_.kubernetes.context,
                                                           .service_account = kube::ConfigRequest().service_account},
                                                          environment);
    // Whatever is wrong with it (not there, not readable, not YAML), it is what was given that is wrong.
    if (!config) return fail(ErrorCode::InvalidInput, std::move(config).error().message);
    kube::ConnectOptions connect;
    connect.user_agent = "spotkeeper-agent/" + std::string(version_text());
    connect.client.dry_run = options_.agent.dry_run;
    connect.seed = config_.seed;
    SK_TRY(connection_, kube::connect(loop_, *std::move(config), connect));
    const std::string instance = config_.self ? config_.self->name : config_.node.str();
    events_.emplace(loop_, connection_->client(),
                    kube::EventSource{.controller = nth() != nullptr ? kNthName : "spotkeeper.dev/agent",
                                      .instance = instance.substr(0, 128),
                                      .cluster_scoped_in = NamespaceName("default")},
                    Random(config_.seed + 2));
    control::KubeCluster::Options cluster;
    cluster.seed = config_.seed + 3;
    cluster_.emplace(loop_, connection_->client(), *events_, cluster);
    return {};
  }

  [[nodiscard]] const NthSettings* nth() const { return options_.nth ? &options_.nth->settings : nullptr; }

  void report_as_nth() {
    nth_report_.emplace(
        *cluster_, messenger_.get(), metrics_,
        control::NthReportConfig{
            .node = config_.node, .emit_events = nth()->emit_events, .annotations = nth()->event_annotations});
    config_.metadata_answer = [this](std::string_view place, aws::AnswerKind kind) {
      nth_report_->on_metadata_answer(place, kind);
    };
  }

  /// At the ports that NTH's metrics and probes are looked for; there, both are at both.
  Result<void> serve_nth_pages() {
    std::set<std::uint16_t> ports;
    for (const auto& port : {nth()->prometheus_port, nth()->probes_port})
      if (port) ports.insert(*port);
    for (const std::uint16_t port : ports) {
      const auto address = net::SocketAddress::parse("0.0.0.0", port);
      SK_TRY(auto pages, observe::serve_pages(loop_, *address, nth_pages(page_sources(), *nth())));
      nth_pages_.push_back(std::move(pages));
    }
    return {};
  }

  observe::PageSources page_sources() { return agent_pages(metrics_, *agent_, config_, loop_); }

  net::Task<void> work() {
    net::TaskGroup helpers(loop_);
    helpers.start(events_->run());
    if (messenger_) helpers.start(messenger_->run());
    helpers.start(heed_signals());
    helpers.start(stay_small());
    co_await agent_->run();
    co_await events_->flush(kLastEvents);
  }

  net::Task<void> heed_signals() {
    net::SystemSignals signals(loop_, {SIGTERM, SIGINT});
    for (;;) {
      co_await signals.next();
      agent_->stop();
    }
  }

  net::Task<void> stay_small() {
    for (Duration wait = kFirstTrim;; wait = kNextTrims) {
      co_await net::sleep_for(loop_, wait);
      if (agent_->status().phase != control::AgentStatus::Phase::Draining) trim_memory();
    }
  }

  net::EventLoop loop_;
  const Options& options_;
  control::AgentConfig config_;
  MetricsRegistry metrics_;
  std::unique_ptr<net::HttpClient> metadata_;
  std::unique_ptr<kube::Connection> connection_;
  std::optional<kube::EventRecorder> events_;
  std::optional<control::KubeCluster> cluster_;
  std::unique_ptr<NotifyingMessenger> messenger_;
  std::optional<control::NthReport> nth_report_;
  std::unique_ptr<control::Agent> agent_;
  std::unique_ptr<net::HttpServer> pages_;
  std::vector<std::unique_ptr<net::HttpServer>> nth_pages_;
};

}  // namespace

int run_agent(const Options& options, Streams /*streams*/) {
  AgentProcess process(options);
  if (const auto ready = process.prepare(); !ready) {
    log::error("the agent can't begin", {{"problem", ready.error().message}});
    return ready.error().code == ErrorCode::InvalidInput ? kBadUsage : kFound;
  }
  process.run();
  return kDone;
}

}  // namespace spotkeeper::cli
