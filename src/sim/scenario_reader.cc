// Reads scenario files. Each reader below takes one kind of map, refuses keys that it does not know, and says what
// stands where it stands.
#include <algorithm>
#include <limits>
#include <set>

#include "base/text.h"
#include "format/yaml.h"
#include "sim/overrides.h"
#include "sim/scenario.h"
#include "sim/scenario_fields.h"
#include "sim/scenario_parts.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

// ---- services and budgets

Result<ScenarioService> read_service(const JsonField& field) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"name", "namespace", "selector", "load-balancer"}));
  ScenarioService service;
  SK_TRY(service.name, object_name(field));
  SK_TRY(service.selector, labels_in(field["selector"]));
  if (!field["selector"].present()) service.selector.set("app", service.name.name);
  SK_TRY(service.load_balancer, load_balancer_in(field["load-balancer"]));
  return service;
}

Result<std::optional<CountOrPercent>> count_in(const JsonField& field) {
  note(field, "count, or share", "0 to 1000000, or 0% to 100%");
  const format::JsonValue* value = field.value();
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    SK_TRY(const auto text, field.as<std::string>());
    const auto number = text.ends_with('%') ? parse_int<std::int32_t>(std::string_view(text).substr(0, text.size() - 1))
                                            : Result<std::int32_t>(fail(ErrorCode::InvalidInput, ""));
    if (!number || *number < 0 || *number > 100) return fail(field.error("expected a count, or a share such as 80%"));
    return CountOrPercent{*number, true};
  }
  SK_TRY(const auto count, number_in<std::int32_t>(field, 0, 0, 1'000'000));
  return CountOrPercent{count, false};
}

Result<ScenarioBudget> read_budget(const JsonField& field) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"name", "namespace", "selector", "min-available", "max-unavailable", "unhealthy"}));
  ScenarioBudget read;
  DisruptionBudget& budget = read.budget;
  SK_TRY(budget.name, object_name(field));
  SK_TRY(const auto labels, labels_in(field["selector"]));
  LabelSelector selector;
  if (!field["selector"].present()) {
    selector.requirements.push_back({"app", SelectorOperator::In, {budget.name.name}});
  }
  for (const auto& [key, value] : labels) selector.requirements.push_back({key, SelectorOperator::In, {value}});
  budget.selector = std::move(selector);
  SK_TRY(budget.min_available, count_in(field["min-available"]));
  SK_TRY(budget.max_unavailable, count_in(field["max-unavailable"]));
  if (budget.min_available.has_value() == budget.max_unavailable.has_value()) {
    return fail(field.error("expected either min-available or max-unavailable"));
  }
  SK_TRY(budget.unhealthy, one_of<UnhealthyPodEviction>(field["unhealthy"], UnhealthyPodEviction::IfHealthyBudget,
                                                        {{"IfHealthyBudget", UnhealthyPodEviction::IfHealthyBudget},
                                                         {"AlwaysAllow", UnhealthyPodEviction::AlwaysAllow}}));
  return read;
}

// ---- events and faults

Result<void> read_event(const JsonField& field, Scenario& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"at", "notice", "zone", "nodes", "share", "deadline", "effect", "cancelled-after", "down"}));
  using What = ScenarioEvent::What;
  ScenarioEvent event;
  SK_TRY(event.at, duration_in(field["at"], 0s));
  if (event.at >= into.duration)
    return fail(field["at"].error("the run ends before that, after its duration of " + format_duration(into.duration)));
  SK_TRY(event.what, one_of<What>(field["notice"], What::Spot,
                                  {{"spot", What::Spot},
                                   {"rebalance", What::Rebalance},
                                   {"scheduled", What::Scheduled},
                                   {"lifecycle", What::Lifecycle},
                                   {"death", What::Death},
                                   {"reboot", What::Reboot}},
                                  true));
  SK_TRY(event.zone, text_in(field["zone"], ""));
  SK_TRY(event.nodes, texts_in(field["nodes"]));
  SK_TRY(event.share, share_in(field["share"], 0));
  const int ways = (event.zone.empty() ? 0 : 1) + (event.nodes.empty() ? 0 : 1) + (event.share > 0 ? 1 : 0);
  if (ways != 1) return fail(field.error("expected one of zone, nodes, share"));
  std::vector<std::string_view> names;
  names.reserve(into.nodes.size());
  for (const NodeSpec& node : into.nodes) names.push_back(node.name);
  for (const std::string& node : event.nodes) {
    if (std::find(names.begin(), names.end(), node) != names.end()) continue;
    return fail(field["nodes"].error("no node " + quote(node) + did_you_mean(node, names)));
  }
  const bool zone_known = event.zone.empty() || std::any_of(into.nodes.begin(), into.nodes.end(),
                                                            [&](const auto& n) { return n.zone == event.zone; });
  if (!zone_known) return fail(field["zone"].error("no node is in zone " + quote(event.zone)));
  SK_TRY(event.deadline, duration_in(field["deadline"], event.deadline, 1s, 24h));
  using Effect = InterruptionEffect;
  const Effect usual = event.what == What::Scheduled ? Effect::Reboot : Effect::Terminate;
  SK_TRY(event.effect, one_of<Effect>(field["effect"], usual,
                                      {{"terminate", Effect::Terminate},
                                       {"stop", Effect::Stop},
                                       {"hibernate", Effect::Hibernate},
                                       {"reboot", Effect::Reboot}}));
  SK_TRY(event.down, duration_in(field["down"], event.down, 1s, 24h));
  SK_TRY(event.cancelled_after, maybe_duration_in(field["cancelled-after"]));
  into.events.push_back(std::move(event));
  return {};
}

Result<void> read_window(const JsonField& field, std::optional<Duration>& from, std::optional<Duration>& until) {
  SK_TRY(from, maybe_duration_in(field["from"]));
  SK_TRY(until, maybe_duration_in(field["until"]));
  return {};
}

Result<void> read_faults(const JsonField& field, Scenario& into) {
  SK_CHECK(keys_in(field, {"api", "metadata", "clock-skew"}));
  SK_TRY(into.clock_skew, duration_in(field["clock-skew"], 0s, -24h));
  const JsonField api = field["api"];
  SK_CHECK(keys_in(api, {"latency", "watch-lag", "conflict", "throttled", "throttled-bare", "retry-after",
                         "unavailable", "lost-answer", "watch-gap", "partial-view", "from", "until"}));
  ApiFaults& a = into.api_faults;
  SK_TRY(a.latency, duration_in(api["latency"], a.latency, 1us, 1min));
  SK_TRY(a.watch_lag, duration_in(api["watch-lag"], a.watch_lag, 1us, 10min));
  SK_TRY(a.conflict, share_in(api["conflict"], 0));
  SK_TRY(a.throttled, share_in(api["throttled"], 0));
  SK_TRY(a.throttled_bare, share_in(api["throttled-bare"], 0));
  SK_TRY(a.retry_after, duration_in(api["retry-after"], a.retry_after, 0s, 10min));
  SK_TRY(a.unavailable, share_in(api["unavailable"], 0));
  SK_TRY(a.lost_answer, share_in(api["lost-answer"], 0));
  SK_TRY(a.watch_gap, share_in(api["watch-gap"], 0));
  SK_TRY(a.partial_view, share_in(api["partial-view"], 0));
  SK_CHECK(read_window(api, a.from, a.until));
  const JsonField metadata = field["metadata"];
  SK_CHECK(keys_in(metadata, {"unavailable", "garbage", "half-answer", "unauthorized", "slow", "token-life",
                              "date-skew", "latency", "from", "until"}));
  MetadataFaults& m = into.metadata_faults;
  SK_TRY(m.unavailable, share_in(metadata["unavailable"], 0));
  SK_TRY(m.garbage, share_in(metadata["garbage"], 0));
  SK_TRY(m.half_answer, share_in(metadata["half-answer"], 0));
  SK_TRY(m.unauthorized, share_in(metadata["unauthorized"], 0));
  SK_TRY(m.slow, share_in(metadata["slow"], 0));
  SK_TRY(m.token_life, duration_in(metadata["token-life"], m.token_life, 1s, 6h));
  SK_TRY(m.date_skew, duration_in(metadata["date-skew"], 0s, -24h));
  SK_TRY(m.latency, duration_in(metadata["latency"], m.latency, 1us, 1min));
  return read_window(metadata, m.from, m.until);
}

template <class T, class Read>
Result<void> read_unique(const JsonField& field, std::vector<T>& into, Read read, auto name_of_one) {
  SK_TRY(const auto elements, field.elements());
  std::set<ObjectName> names;
  for (const JsonField& element : elements) {
    SK_TRY(auto one, read(element));
    if (!names.insert(name_of_one(one)).second) {
      return fail(element.error("a second one called " + quote(name_of_one(one).str())));
    }
    into.push_back(std::move(one));
  }
  return {};
}

Result<std::uint64_t> seed_in(const JsonField& field) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();  // as --seed
  SK_TRY(const auto seed, number_in<std::int64_t>(field, 1, 0, kMost));
  return static_cast<std::uint64_t>(seed);
}

/// Labels that select something else than what there is, most likely by a mistake.
Result<void> check_selector(const JsonField& field, std::string_view what, const ObjectName& name, const auto& selects,
                            const Scenario& scenario) {
  std::vector<std::string_view> names;
  for (const ScenarioWorkload& workload : scenario.workloads) {
    if (workload.workload.name.ns != name.ns) continue;
    if (selects(*workload.workload.blueprint.labels)) return {};
    names.push_back(workload.workload.name.name);
  }
  const bool own = field["selector"].present();
  const JsonField place = own ? field["selector"] : field["name"];
  std::string wanted = name.name;
  if (own) {
    const format::JsonField app = field["selector"]["app"];
    if (app.present()) {
      SK_TRY(wanted, app.as<std::string>());
    }
  }
  return fail(place.error("no workload in namespace " + quote(name.ns.str()) + " has pods for this " +
                          std::string(what) +
                          (names.empty() ? std::string("; there is none in it") : did_you_mean(wanted, names))));
}

Result<void> check_selectors(const JsonField& root, const Scenario& scenario) {
  SK_TRY(const auto services, root["services"].elements());
  SK_TRY(const auto budgets, root["budgets"].elements());
  for (std::size_t i = 0; i < services.size(); ++i) {
    const ScenarioService& service = scenario.services[i];
    const auto selects = [&](const Labels& labels) {
      return std::ranges::all_of(service.selector, [&](const Labels::Entry& wanted) {
        const auto* value = labels.find(wanted.first);
        return value != nullptr && *value == wanted.second;
      });
    };
    SK_CHECK(check_selector(services[i], "service", service.name, selects, scenario));
  }
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const DisruptionBudget& budget = scenario.budgets[i].budget;
    const auto selects = [&](const Labels& labels) { return budget.covers(labels); };
    SK_CHECK(check_selector(budgets[i], "budget", budget.name, selects, scenario));
  }
  return {};
}

/// What no scenario can do without, all of it in one error.
Result<void> check_least(const JsonField& root) {
  constexpr std::string_view kNeeded =
      "a scenario needs at least the keys 'scenario' (its name) and 'cluster' with 'nodes', each with a 'name'";
  if (!root.present()) return fail(root.error("the file says nothing: " + std::string(kNeeded)));
  SK_CHECK(root.is_object());
  std::vector<std::string_view> missing;
  for (const std::string_view key : {"scenario", "cluster"}) {
    if (!root[key].present()) missing.push_back(key);
  }
  if (missing.empty()) return {};
  return fail(root.error("missing: " + join(missing, ", ") + "; " + std::string(kNeeded)));
}

Result<Scenario> read_scenario(const JsonField& root, const Catalog& catalog) {
  SK_CHECK(keys_in(root, {"scenario", "description", "seed", "duration", "warm-up", "cluster", "market", "groups",
                          "workloads", "services", "budgets", "load", "events", "agent", "faults", "variants"}));
  SK_CHECK(check_least(root));
  Scenario scenario;
  SK_TRY(scenario.name, name_in(root["scenario"]));
  SK_TRY(scenario.description, text_in(root["description"], ""));
  SK_TRY(scenario.seed, seed_in(root["seed"]));
  SK_TRY(scenario.duration, duration_in(root["duration"], scenario.duration, 1s, 24h));
  SK_TRY(scenario.warm_up, duration_in(root["warm-up"], scenario.warm_up, 0s, 24h));
  SK_CHECK(keys_in(root["agent"], {"grace-may-yield"}));
  SK_TRY(scenario.grace_may_yield, flag_in(root["agent"]["grace-may-yield"], false));
  SK_CHECK(read_cluster(root["cluster"], catalog, scenario));
  SK_CHECK(read_groups(root, catalog, scenario));
  SK_CHECK(read_unique(root["workloads"], scenario.workloads, read_workload,
                       [](const ScenarioWorkload& w) { return w.workload.name; }));
  SK_CHECK(
      read_unique(root["services"], scenario.services, read_service, [](const ScenarioService& s) { return s.name; }));
  SK_CHECK(read_unique(root["budgets"], scenario.budgets, read_budget,
                       [](const ScenarioBudget& b) { return b.budget.name; }));
  SK_CHECK(check_selectors(root, scenario));
  SK_TRY(const auto loads, root["load"].elements());
  for (const JsonField& load : loads) SK_CHECK(read_load(load, scenario));
  SK_TRY(const auto events, root["events"].elements());
  for (const JsonField& event : events) SK_CHECK(read_event(event, scenario));
  SK_CHECK(read_faults(root["faults"], scenario));
  return scenario;
}

/// A variant is read as a scenario of its own: the document with what it sets written over.
Result<ScenarioVariant> read_variant(const JsonField& field, const format::YamlDocument& document,
                                     const Scenario& scenario, const Catalog& catalog) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"name", "description", "set"}));
  ScenarioVariant variant;
  SK_TRY(variant.name, name_in(field["name"]));
  SK_TRY(variant.description, text_in(field["description"], ""));
  const JsonField set = field["set"];
  note(set, "map", "keys of a scenario");
  for (const std::string_view key : {"scenario", "variants"}) {
    if (set[key].present()) return fail(set[key].error("a variant can't set it"));
  }
  OverriddenDocument overridden(document.value(), document);
  overridden.erase("variants");
  if (set.present()) {
    SK_CHECK(set.is_object());
    overridden.write_over(*set.value(), set.path());
  }
  auto read = read_scenario(overridden.root(), catalog);
  if (!read) {
    Error error = std::move(read).error();
    error.message += " (in variant " + quote(variant.name) + ")";
    return fail(std::move(error));
  }
  read->name = scenario.name + "/" + variant.name;
  if (!variant.description.empty()) read->description = variant.description;
  variant.scenario = std::make_shared<const Scenario>(std::move(*read));
  return variant;
}

Result<void> read_variants(const format::YamlDocument& document, const Catalog& catalog, Scenario& into) {
  constexpr std::size_t kMost = 20;
  SK_TRY(const auto elements, document.root()["variants"].elements());
  if (elements.size() > kMost) return fail(document.root()["variants"].error("more than 20 of them"));
  for (const JsonField& element : elements) {
    SK_TRY(auto variant, read_variant(element, document, into, catalog));
    for (const ScenarioVariant& known : into.variants) {
      if (known.name == variant.name) return fail(element["name"].error("a second one called " + quote(known.name)));
    }
    into.variants.push_back(std::move(variant));
  }
  return {};
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view yaml, std::string_view file, const Catalog& catalog) {
  auto document = format::parse_yaml(yaml);
  if (!document) return fail(std::move(document).error().within(file));
  auto scenario = read_scenario(document->root(), catalog);
  if (!scenario) return std::move(scenario).within(file);
  const auto variants = read_variants(*document, catalog, *scenario);
  if (!variants) return fail(Error(variants.error()).within(file));
  return scenario;
}

}  // namespace spotkeeper::sim
