#include "sim/scenario_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/scenario.h"

namespace spotkeeper::sim {
namespace {

constexpr std::string_view kIntroduction = R"(# Scenario files

This page is generated: `spotkeeper docs scenarios`. Types, ranges and defaults are what the program's readers take.

A scenario is one YAML mapping: a cluster, what runs on it, who asks it for something, and what goes wrong. `spotkeeper
simulate NAME` runs one that ships, `spotkeeper simulate FILE` one of your own; the model behind it is in
[simulation.md](simulation.md). An unknown key, a wrong type and a value out of range are errors with file, line, column,
key, and the key that was probably meant.

Only `scenario` and `cluster` are required, the latter with at least one node unless `groups` bring some. Durations are
written with units: `400ms`, `90s`, `1m30s`; shares as `80%` or `0.8`; quantities as Kubernetes does: `500m`, `2Gi`. A key
that ends with `[]` is an element of a list. Where no default stands, the key may be left out, and its meaning says what that
means.
)";

struct Section {
  std::string_view key;  // its rows' paths begin so
  std::string_view text;
};

constexpr Section kSections[] = {
    {"", "## The scenario itself"},
    {"cluster",
     "## `cluster`\n\nNodes that nothing replaces, and how fast the cluster's parts react. Node names are `name-1`, "
     "`name-2` …"},
    {"groups",
     "## `groups`\n\nMachines that are replaced when they are lost, as an Auto Scaling group or a node pool does. A "
     "group's pools are every type in every zone of it."},
    {"market", "## `market`\n\nWhat happens to Spot machines of groups by chance, and by the scenario's will."},
    {"workloads", "## `workloads`\n\nWhat the pods are, and how their programs behave."},
    {"services", "## `services`\n\nWho answers for a name."},
    {"budgets", "## `budgets`\n\nPodDisruptionBudgets. Either `min-available` or `max-unavailable` is required."},
    {"load",
     "## `load`\n\nRequests, which come whether earlier ones were answered or not. Of `rate`, `share` and the servers' "
     "`service-time` two are needed: with `rate` and `share`, requests are made as long as it takes for the rate to be "
     "that share; with `share` alone, the rate follows from the service time."},
    {"events",
     "## `events`\n\nWhat happens to machines at a given time. Whom it happens to is said by one of `zone`, `nodes` "
     "and "
     "`share`."},
    {"agent", "## `agent`\n\nOptions of the simulated agents."},
    {"faults",
     "## `faults`\n\nWhat goes wrong between the agents and what they talk to. Shares are of requests, independent of "
     "each other."},
    {"variants",
     "## `variants`\n\nThe same scenario with something changed, each run under each policy on the same random "
     "numbers, "
     "and printed as one table. `spotkeeper simulate NAME/VARIANT` runs one of them with everything that can be asked "
     "of a "
     "run. In what a variant sets, maps are merged key by key, and `null` takes a key away; an element of a list "
     "changes "
     "the one of its `name` (and `namespace`, if it gives one; in `load`: of its `service`), or is added; lists whose "
     "elements have no names are replaced."},
};

std::string_view top_of(std::string_view path) {
  const std::size_t end = path.find_first_of(".[");
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string row_of(const FieldUse& use) {
  const auto meanings = key_meanings();
  const auto found =
      std::ranges::find_if(meanings, [&](const KeyMeaning& meaning) { return meaning.path == use.path; });
  const KeyMeaning meaning = found == meanings.end() ? KeyMeaning{} : *found;
  const std::string usual = use.required           ? "required"
                            : use.fallback.empty() ? std::string()
                                                   : "`" + cell(use.fallback) + "`";
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", use.path, cell(use.value), meaning.unit, use.range, usual,
                     cell(meaning.meaning));
}

}  // namespace

Result<TakenKeys> taken_keys(const Catalog& catalog) {
  FieldUses uses;  // NOLINT(misc-const-correctness): the readers write to it while it lives
  SK_TRY(const auto scenario, parse_scenario(whole_scenario(), "whole.yaml", catalog));
  return TakenKeys{uses.taken(), uses.known()};
}

Result<std::string> scenario_page(const Catalog& catalog) {
  SK_TRY(const auto keys, taken_keys(catalog));
  std::string page(kIntroduction);
  for (const Section& section : kSections) {
    page += fmt::format("\n{}\n\n| key | value | unit | range | default | what it is |\n|---|---|---|---|---|---|\n",
                        section.text);
    for (const FieldUse& use : keys.taken) {
      if (top_of(use.path) == section.key) page += row_of(use);
    }
  }
  page += fmt::format("\n## Every key in one file\n\n```yaml\n{}```\n", whole_scenario());
  return page;
}

}  // namespace spotkeeper::sim
