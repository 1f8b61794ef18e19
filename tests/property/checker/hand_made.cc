#include "tests/property/checker/hand_made.h"

#include <cstdlib>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "format/yaml.h"

namespace spotkeeper::checker {
namespace {

Json yaml(std::string_view text) {
  auto read = format::parse_yaml(text);
  if (!read) std::abort();  // a test that was written wrong
  return read->value();
}

std::vector<std::string> in_default(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back("default/" + name);
  return out;
}

}  // namespace

HandMade::HandMade() {
  MachineFacts usual;
  usual.name = "m5.large";
  MachineFacts small = usual;
  small.name = "c5.large";
  small.allocatable_memory = 2500;
  MachineFacts arm = usual;
  arm.name = "m6g.large";
  arm.arch = "arm64";
  for (const MachineFacts& facts : {usual, small, arm}) {
    machines_.emplace(facts.name, make_machine(facts));
    for (const char* zone : {"zone-a", "zone-b"}) {
      offerings_.push_back({facts.name, zone, "on-demand", 100'000, true});
      offerings_.push_back({facts.name, zone, "spot", 40'000, true});
    }
  }
  offerings_.push_back({"m5.large", "zone-c", "spot", 30'000, false});
}

HandMade& HandMade::add(std::string_view text) {
  documents_.push_back(yaml(text));
  return *this;
}

HandMade& HandMade::node(const std::string& name, const std::string& labels, const std::string& spec) {
  Json document = yaml(fmt::format(
      "{{kind: Node, metadata: {{name: {0}, labels: {1}}}, spec: {2}, status: {{allocatable: {{cpu: 4, memory: 8Gi, "
      "pods: 10}}, capacity: {{cpu: 4, memory: 8Gi, pods: 10}}}}}}",
      name, labels, spec));
  document.at("metadata").at("labels").as_object()["kubernetes.io/hostname"] = name;
  documents_.push_back(std::move(document));
  return *this;
}

HandMade& HandMade::pod(const std::string& name, const std::string& spec, const std::string& labels) {
  return add(fmt::format("{{kind: Pod, metadata: {{name: {0}, labels: {1}}}, spec: {2}}}", name, labels, spec));
}

HandMade& HandMade::running(const std::string& name, const std::string& node, const std::string& labels,
                            const std::string& spec) {
  pod(name, spec, labels);
  documents_.back().at("spec").as_object()["nodeName"] = node;
  return *this;
}

HandMade& HandMade::pool(const std::string& name, const std::string& spec, const std::string& limits,
                         const std::string& labels) {
  return add(
      fmt::format("{{kind: NodePool, metadata: {{name: {0}}}, spec: {{limits: {1}, template: {{metadata: {{labels: "
                  "{2}}}, spec: {3}}}}}}}",
                  name, limits, labels, spec));
}

HandMade& HandMade::on(const std::string& node, const std::vector<std::string>& pods) {
  answer_.existing.emplace_back(node, in_default(pods));
  return *this;
}

HandMade& HandMade::on_new(const std::string& type, const std::string& zone, const std::string& capacity_type,
                           const std::vector<std::string>& pods, const std::vector<std::string>& other_types) {
  const double price = capacity_type == "spot" ? 0.04 : 0.1;
  PlannedNode node;
  static_cast<PlannedOffering&>(node) = {type, zone, capacity_type, price};
  node.pool = "pool";
  for (const std::string& other : other_types) node.alternatives.push_back({other, zone, capacity_type, price});
  node.pods = in_default(pods);
  answer_.nodes.push_back(std::move(node));
  answer_.cost += price;
  return *this;
}

HandMade& HandMade::left_out(const std::string& pod, const std::string& reason) {
  answer_.unplaced.emplace_back("default/" + pod, reason);
  return *this;
}

Problem HandMade::problem() const {
  Problem out = read_documents(documents_);
  out.machines = machines_;
  out.offerings = offerings_;
  return out;
}

std::string HandMade::verdict(const JudgeOptions& options) const {
  const Problem given = problem();
  return join(judge(given, answer_, options), "\n");
}

}  // namespace spotkeeper::checker
