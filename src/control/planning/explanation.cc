#include "control/planning/explanation.h"

#include <string>
#include <utility>
#include <vector>

#include "control/planning/report.h"

namespace spotkeeper::control {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

std::string answer_text(plan::Refusal why) {
  return why == plan::Refusal::None ? "would take it" : std::string(plan::text_of(why));
}

JsonArray strings(const std::vector<std::string>& all) {
  JsonArray out;
  for (const std::string& each : all) out.emplace_back(each);
  return out;
}

JsonArray node_answers(const std::vector<plan::Answers>& all) {
  JsonArray out;
  for (const plan::Answers& each : all) {
    out.emplace_back(JsonObject{{"answer", answer_text(each.why)},
                                {"detail", each.detail},
                                {"nodes", each.count},
                                {"names", strings(each.names)}});
  }
  return out;
}

JsonArray pool_answers(const plan::Problem& problem, const std::vector<plan::AnswersOfPool>& pools) {
  JsonArray out;
  for (const plan::AnswersOfPool& pool : pools) {
    for (const plan::Answers& each : pool.answers) {
      out.emplace_back(JsonObject{{"node_pool", problem.pools[pool.pool].name},
                                  {"answer", answer_text(each.why)},
                                  {"detail", each.detail},
                                  {"machines", each.count},
                                  {"types", each.types},
                                  {"cheapest_per_hour", each.cheapest.value_or(Money()).str()},
                                  {"names", strings(each.names)}});
    }
  }
  return out;
}

JsonArray rules_json(const plan::Explanation& explanation) {
  JsonArray out;
  for (const plan::BindingRule& each : plan::binding_rules(explanation))
    out.emplace_back(
        JsonObject{{"rule", plan::text_of(each.rule)}, {"nodes", each.nodes}, {"machines", each.machines}});
  return out;
}

JsonValue machine_json(const plan::Problem& problem, const plan::Plan& plan, const plan::Explanation& explanation) {
  if (!explanation.machine) return nullptr;
  const plan::NewNode& node = plan.nodes[*explanation.machine];
  JsonObject out = offering_json(problem, node.offering);
  out["node_pool"] = problem.pools[node.pool].name;
  out["pods"] = node.pods.size();
  out["bears_per_hour"] = explanation.bears.str();
  out["cheaper"] = explanation.cheaper;
  out["cheaper_for_all_its_pods"] = explanation.cheaper_for_all;
  return out;
}

}  // namespace

JsonObject explanation_json(const plan::Problem& problem, const plan::Plan& plan,
                            const plan::Explanation& explanation) {
  JsonObject out{{"pod", explanation.pod}, {"node", nullptr}};
  if (explanation.node) out["node"] = problem.nodes[*explanation.node].node.name.str();
  out["machine"] = machine_json(problem, plan, explanation);
  out["was_there_before"] = explanation.bound;
  out["unplaced"] = explanation.unplaced;
  out["given_up"] = explanation.given_up == plan::Refusal::None ? "" : plan::text_of(explanation.given_up);
  out["bound_by"] = rules_json(explanation);
  out["nodes"] = node_answers(explanation.nodes);
  out["bought"] = node_answers(explanation.bought);
  out["machines"] = pool_answers(problem, explanation.pools);
  return out;
}

}  // namespace spotkeeper::control
