#include "tests/unit/plan/world.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace spotkeeper::plan::test {
namespace {

const NamespaceName kNamespace("default");

Uid uid_of(std::uint64_t number) {
  std::array<char, 40> text{};
  (void)std::snprintf(text.data(), text.size(), "00000000-0000-4000-8000-%012llx",
                      static_cast<unsigned long long>(number));
  return Uid(text.data());
}

std::string after_notice(Instant at) { return format_duration(at - kNotice); }

}  // namespace

Pod Workload::make(const PodSpec& wanted, std::uint64_t uid) const {
  Pod pod;
  pod.name = {kNamespace, wanted.name};
  pod.uid = uid_of(uid);
  pod.node = NodeName(wanted.node);
  pod.spec = std::make_shared<PodTemplate>(spec_);
  pod.labels = std::make_shared<Labels>(Labels{{"app", name_}});
  if (!kind_.empty()) pod.owner = std::make_shared<WorkloadRef>(WorkloadRef{kNamespace, kind_, name_});
  pod.mirror = mirror_;
  pod.phase = wanted.phase;
  pod.created = kNotice + wanted.created;
  pod.ready = wanted.ready && wanted.phase == PodPhase::Running;
  if (pod.ready) pod.ready_since = pod.created + ready_after_;
  if (wanted.terminating_since) {
    pod.deletion = kNotice + *wanted.terminating_since + spec_.grace.length();
    pod.deletion_grace = spec_.grace;
  }
  if (kind_ == "StatefulSet") pod.ordinal = std::stoi(wanted.name.substr(wanted.name.rfind('-') + 1));
  return pod;
}

void Workload::put_into(Snapshot& cluster, std::uint64_t& next_uid) const {
  for (const PodSpec& wanted : pods_) cluster.put(make(wanted, next_uid++));
}

// The arithmetic of the disruption controller (pkg/controller/disruption).
void Workload::put_budgets(Snapshot& cluster) const {
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    DisruptionBudget budget;
    budget.name = {kNamespace, name_ + (i == 0 ? "" : "-" + std::to_string(i))};
    budget.selector = LabelSelector{{{"app", SelectorOperator::In, {name_}}}, std::nullopt};
    budget.min_available = budgets_[i].min_available;
    budget.max_unavailable = budgets_[i].max_unavailable;
    budget.unhealthy = unhealthy_;
    budget.generation = 2;
    budget.observed_generation = stale_ ? 1 : 2;
    const auto alive = [](const PodSpec& pod) { return !pod.terminating_since; };
    const auto total = std::ranges::count_if(pods_, alive);
    budget.expected_pods = static_cast<std::int32_t>(total);
    budget.current_healthy = static_cast<std::int32_t>(std::ranges::count_if(
        pods_, [&](const PodSpec& pod) { return alive(pod) && pod.ready && pod.phase == PodPhase::Running; }));
    const std::int64_t desired =
        budget.min_available ? budget.min_available->of(total) : total - budget.max_unavailable->of(total);
    budget.desired_healthy = static_cast<std::int32_t>(std::max<std::int64_t>(desired, 0));
    budget.disruptions_allowed = failed_ ? 0 : std::max(budget.current_healthy - budget.desired_healthy, 0);
    cluster.put(std::move(budget));
  }
}

Node& World::node(const std::string& name) {
  Node node;
  node.name = NodeName(name);
  node.ready = true;
  node.allocatable.cpu = MilliCpu{4000};
  node.allocatable.memory = Bytes{std::int64_t{16} << 30};
  return nodes_.emplace_back(std::move(node));
}

void World::dies(const std::string& node, Duration after, InterruptionKind kind) {
  dies_some_time(node, kind);
  dying_.back().deadline = Deadline{kNotice + after};
}

void World::dies_some_time(const std::string& node, InterruptionKind kind) {
  Interruption interruption;
  interruption.node = NodeName(node);
  interruption.kind = kind;
  interruption.source = "test";
  interruption.id = node;
  interruption.noticed = kNotice;
  dying_.push_back(std::move(interruption));
}

void World::serves_admission(const std::string& workload) {
  admission_.push_back({{kNamespace, workload + "-webhook"}, Labels{{"app", workload}}});
}

Snapshot World::snapshot() const {
  Snapshot cluster;
  cluster.put(admission_);
  std::uint64_t next_uid = 1;
  for (const Node& node : nodes_) cluster.put(node);
  for (const Workload& workload : workloads_) {
    workload.put_into(cluster, next_uid);
    workload.put_budgets(cluster);
  }
  return cluster;
}

std::vector<std::string> said(const DrainPlan& plan) {
  std::vector<std::string> out;
  for (const auto& action : plan.now) {
    if (const auto* evict = std::get_if<Evict>(&action)) {
      out.push_back("evict " + evict->pod.name.name);
      if (evict->grace) out.back() += " grace " + format_duration(evict->grace->length());
      continue;
    }
    const auto& now = std::get<DeleteNow>(action);
    out.push_back("delete " + now.pod.name.name + " grace " + format_duration(now.grace.length()) + " " +
                  std::string(name_of(now.reason)));
    if (now.overrides_budget) out.back() += " over-budget";
    if (now.overrides_do_not_disrupt) out.back() += " over-wish";
  }
  return out;
}

std::vector<std::string> waits(const DrainPlan& plan) {
  std::vector<std::string> out;
  for (const Waiting& waiting : plan.waiting) {
    out.push_back(waiting.pod.name.name + ": " + std::string(name_of(waiting.reason)));
    if (waiting.until) out.back() += " until " + after_notice(*waiting.until);
  }
  return out;
}

std::optional<Duration> next_look(const DrainPlan& plan) {
  return plan.next_look ? std::optional(*plan.next_look - kNotice) : std::nullopt;
}

}  // namespace spotkeeper::plan::test
