#include "sim/page/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"

extern "C" {
extern const char spotkeeper_report_page_begin[];
extern const char spotkeeper_report_page_end[];
}

namespace spotkeeper::sim {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

/// JSON that may stand in a script element: nothing in it can end the element.
std::string for_script(const format::JsonValue& value) {
  std::string out;
  for (const char c : format::write_json(value)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string subtitle(const Scenario& scenario, const Report& first) {
  return escaped(fmt::format("{}{}seed {}, {} measured", scenario.description,
                             scenario.description.empty() ? "" : " · ", first.seed, format_duration(first.measured)));
}

std::string cards(const std::vector<Report>& reports) {
  std::string html;
  for (const Report& report : reports) {
    const std::uint64_t lost = report.traffic.lost();
    html += fmt::format(
        "<div class=\"card\" style=\"--own: var(--{0})\" data-policy=\"{0}\"><b>{0}</b>\n"
        "<div class=\"figure {1}\" data-lost=\"{2}\">{3}</div>\n"
        "<div class=\"soft\">lost of {4} requests</div>\n"
        "<div class=\"soft\">{5} pods killed hard, {6} budget overrides</div></div>\n",
        name_of(report.policy), lost == 0 ? "zero" : "some", lost, thousands(lost), thousands(report.traffic.sent()),
        thousands(report.pods.killed_hard), thousands(report.budget_overrides));
  }
  return html;
}

std::string table(const std::vector<Report>& reports) {
  std::string html = "<table>\n<thead><tr><th scope=\"col\">figure</th>";
  for (const Report& report : reports) html += fmt::format("<th scope=\"col\">{}</th>", name_of(report.policy));
  html += "</tr></thead>\n<tbody>\n";
  for (const ReportRow& row : report_rows(reports)) {
    html += fmt::format("<tr{}><th scope=\"row\">{}</th>", row.part ? " class=\"part\"" : "", escaped(row.what));
    for (const std::string& cell : row.cells) html += fmt::format("<td>{}</td>", escaped(cell));
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>";
}

std::string list_of(std::string_view element, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string html = fmt::format("<{}>\n", element);
  for (const std::string& item : items) html += fmt::format("<li>{}</li>\n", escaped(item));
  return html + fmt::format("</{}>\n", element);
}

std::string answer_html(const PageAnswer& answer) {
  return fmt::format(
      "<section id=\"answer\" aria-labelledby=\"answer-title\">\n<h2 id=\"answer-title\">{}</h2>\n<p>{}</p>\n{}"
      "<details open><summary>Assumed, because nothing says it</summary>\n{}</details>\n</section>\n",
      escaped(answer.question), escaped(answer.finding), list_of("ol", answer.changes),
      list_of("ul", answer.assumptions));
}

std::string footer(const Scenario& scenario, const Report& first, bool own) {
  return escaped(own ? fmt::format("spotkeeper simulate --from … --seed {}: the same manifests, seed and version give "
                                   "the same page.",
                                   first.seed)
                     : fmt::format("spotkeeper simulate {} --seed {}: the same scenario, seed and version give the "
                                   "same page.",
                                   scenario.name, first.seed));
}

format::JsonObject series_of(const Series& series) {
  format::JsonArray seconds, lost, ready, marked, cordoned, booting, gone;
  std::vector<format::JsonArray> serving(series.services.size());
  for (const Sample& sample : series.samples) {
    seconds.push_back(sample.at / Series::kStep);
    lost.push_back(sample.lost);
    ready.push_back(sample.nodes.ready);
    marked.push_back(sample.nodes.marked);
    cordoned.push_back(sample.nodes.cordoned);
    booting.push_back(sample.nodes.booting);
    gone.push_back(sample.nodes.gone);
    for (std::size_t i = 0; i < serving.size(); ++i) serving[i].push_back(sample.serving[i]);
  }
  format::JsonArray services;
  for (format::JsonArray& one : serving) services.push_back(std::move(one));
  return {{"seconds", std::move(seconds)},
          {"lost", std::move(lost)},
          {"serving", std::move(services)},
          {"nodes", format::JsonObject{{"ready", std::move(ready)},
                                       {"marked", std::move(marked)},
                                       {"cordoned", std::move(cordoned)},
                                       {"booting", std::move(booting)},
                                       {"gone", std::move(gone)}}}};
}

std::string_view label_of(const ScenarioEvent& event) {
  switch (event.what) {
    case ScenarioEvent::What::Spot: return "notice";
    case ScenarioEvent::What::Rebalance: return "rebalance";
    case ScenarioEvent::What::Scheduled: return "scheduled event";
    case ScenarioEvent::What::Lifecycle: return "termination";
    case ScenarioEvent::What::Death: return "death";
    case ScenarioEvent::What::Reboot: return "reboot";
  }
  return "";
}

/// What happens to machines, for the vertical lines; in the order of time.
format::JsonArray events_of(const Scenario& scenario) {
  std::vector<std::pair<std::int64_t, std::string>> marks;
  for (const ScenarioEvent& event : scenario.events) {
    marks.emplace_back(event.at / 1s, label_of(event));
    const bool ends = event.what != ScenarioEvent::What::Rebalance && event.what != ScenarioEvent::What::Death &&
                      event.what != ScenarioEvent::What::Reboot;
    if (!ends) continue;
    if (event.cancelled_after) {
      marks.emplace_back((event.at + *event.cancelled_after) / 1s, "withdrawn");
    } else {
      marks.emplace_back((event.at + event.deadline) / 1s, "deadline");
    }
  }
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  format::JsonArray events;
  for (const auto& [second, label] : marks) events.push_back(format::JsonObject{{"second", second}, {"label", label}});
  return events;
}

format::JsonValue data_of(const Scenario& scenario, const std::vector<Report>& reports) {
  format::JsonArray services;
  for (const std::string& service : reports.front().series.services) services.emplace_back(service);
  format::JsonArray runs;
  for (const Report& report : reports) {
    runs.push_back(format::JsonObject{
        {"policy", name_of(report.policy)}, {"lost", report.traffic.lost()}, {"series", series_of(report.series)}});
  }
  return format::JsonObject{
      {"services", std::move(services)}, {"events", events_of(scenario)}, {"runs", std::move(runs)}};
}

}  // namespace

std::string report_page(const Scenario& scenario, const std::vector<Report>& reports,
                        const std::optional<PageAnswer>& answer) {
  const std::pair<std::string_view, std::string> parts[] = {
      {"@TITLE@", escaped("Simulation: " + scenario.name)},
      {"@SUBTITLE@", subtitle(scenario, reports.front())},
      {"@CARDS@", cards(reports)},
      {"@TABLE@", table(reports)},
      {"@ANSWER@", answer ? answer_html(*answer) : std::string()},
      {"@FOOTER@", footer(scenario, reports.front(), answer.has_value())},
      {"@DATA@", for_script(data_of(scenario, reports))},
  };
  std::string_view rest(spotkeeper_report_page_begin,
                        static_cast<std::size_t>(spotkeeper_report_page_end - spotkeeper_report_page_begin));
  std::string page;
  while (!rest.empty()) {
    const std::size_t at = rest.find('@');
    page += rest.substr(0, at);
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at);
    const auto part =
        std::find_if(std::begin(parts), std::end(parts), [&](const auto& p) { return rest.starts_with(p.first); });
    if (part == std::end(parts)) {
      page += '@';  // of the style sheet
      rest.remove_prefix(1);
      continue;
    }
    page += part->second;
    rest.remove_prefix(part->first.size());
  }
  return page;
}

}  // namespace spotkeeper::sim
