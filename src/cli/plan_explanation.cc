#include "cli/plan_explanation.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "plan/provision/reasons.h"

namespace spotkeeper::cli {
namespace {

std::string_view plural(std::int64_t count) { return count == 1 ? "" : "s"; }

std::string where_text(const plan::Problem& problem, const plan::Plan& plan, const plan::Explanation& explanation) {
  if (!explanation.unplaced.empty())
    return fmt::format("{} has no place: {}.\n", explanation.pod, explanation.unplaced);
  if (explanation.node) {
    const std::string& node = problem.nodes[*explanation.node].node.name.str();
    return fmt::format("{} {} {}, which is there{}.\n", explanation.pod, explanation.bound ? "runs on" : "goes to",
                       node, explanation.bound ? "" : " and costs nothing more");
  }
  const plan::NewNode& machine = plan.nodes[*explanation.machine];
  const plan::Offering& offering = problem.offerings[machine.offering];
  const std::size_t others = machine.pods.size() - 1;
  std::string text = fmt::format(
      "{} goes to a new {} in {}, {}, ${} an hour (NodePool {}), beside {} other pod{}; it bears ${} of that.\n",
      explanation.pod, problem.types[offering.type].name.str(), problem.zones[offering.zone],
      plan::name_of(offering.capacity), offering.price.str(), problem.pools[machine.pool].name, others,
      others == 1 ? "" : "s", explanation.bears.str());
  if (explanation.cheaper == 0) {
    text += "  No cheaper machine would take it.\n";
  } else if (explanation.cheaper_for_all == 0) {
    text += fmt::format("  {} cheaper machine{} would take it, none of them with all that is beside it.\n",
                        explanation.cheaper, plural(explanation.cheaper));
  } else if (others != 0) {
    text += fmt::format("  {} cheaper machine{} would take it, {} of them with all that is beside it.\n",
                        explanation.cheaper, plural(explanation.cheaper), explanation.cheaper_for_all);
  } else {
    text += fmt::format("  {} cheaper machine{} would take it.\n", explanation.cheaper, plural(explanation.cheaper));
  }
  return text;
}

std::string answer_text(const plan::Answers& answers) {
  std::string text = answers.why == plan::Refusal::None ? fmt::format("{} would take it", answers.count)
                                                        : plan::refused_text(answers.count, answers.why);
  if (!answers.detail.empty()) text += fmt::format(" ({})", answers.detail);
  return text;
}

std::string names_text(const plan::Answers& answers, std::int64_t of) {
  const auto shown = static_cast<std::int64_t>(answers.names.size());
  return fmt::format("{}{}", join(answers.names, " "), shown < of ? " …" : "");
}

std::string node_lines(std::string_view what, const std::vector<plan::Answers>& all) {
  std::string text;
  for (const plan::Answers& each : all)
    text += fmt::format("  {}: {}: {}\n", what, answer_text(each), names_text(each, each.count));
  return text;
}

}  // namespace

std::string explanation_text(const plan::Problem& problem, const plan::Plan& plan,
                             const plan::Explanation& explanation) {
  std::string text = where_text(problem, plan, explanation);
  if (explanation.given_up != plan::Refusal::None)
    text += fmt::format("  Given up for it, so that it has a place: its node has {}.\n", text_of(explanation.given_up));
  text += node_lines("Nodes that are there", explanation.nodes);
  text += node_lines("Machines of the plan", explanation.bought);
  for (const plan::AnswersOfPool& pool : explanation.pools) {
    for (const plan::Answers& each : pool.answers)
      text += fmt::format("  NodePool {}: {}; {} type{} from ${}: {}\n", problem.pools[pool.pool].name,
                          answer_text(each), each.types, plural(each.types), each.cheapest.value_or(Money()).str(),
                          names_text(each, each.types));
  }
  return text;
}

}  // namespace spotkeeper::cli
