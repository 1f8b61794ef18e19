#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "base/text.h"

namespace spotkeeper {
namespace {

constexpr std::array kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1,  0.25,  0.5,   1.0,   2.0,
                                 5.0,   10.0, 20.0,  30.0, 60.0, 120.0, 300.0, 600.0, 1800.0};

bool is_name(std::string_view name, bool colons) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

using LabelNames = std::vector<std::string>;
using LabelValues = std::vector<std::string>;

// {a="x",b="y"} or nothing; `bound` is a histogram's le.
std::string label_text(const LabelNames& names, const LabelValues& values, std::string_view bound = {}) {
  std::vector<std::string> pairs;
  pairs.reserve(names.size() + 1);
  for (std::size_t i = 0; i < names.size(); ++i)
    pairs.push_back(fmt::format("{}=\"{}\"", names[i], escape(values[i], true)));
  if (!bound.empty()) pairs.push_back(fmt::format("le=\"{}\"", bound));
  return pairs.empty() ? std::string() : "{" + join(pairs, ",") + "}";
}

void write_series(std::string& out, std::string_view name, const LabelNames& names, const LabelValues& values,
                  const Histogram& histogram) {
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i)
    out += fmt::format("{}_bucket{} {}\n", name, label_text(names, values, number(histogram.bounds()[i])),
                       histogram.at_most(i));
  out += fmt::format("{}_bucket{} {}\n", name, label_text(names, values, "+Inf"), histogram.count());
  const std::string labels = label_text(names, values);
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, labels, number(histogram.sum()), name, labels,
                     histogram.count());
}

template <class Metric>
void write_series(std::string& out, std::string_view name, const LabelNames& names, const LabelValues& values,
                  const Metric& metric) {
  out += fmt::format("{}{} {}\n", name, label_text(names, values), number(metric.value()));
}

template <class Metric>
constexpr std::string_view kType = "gauge";
template <>
constexpr std::string_view kType<Counter> = "counter";
template <>
constexpr std::string_view kType<Histogram> = "histogram";

}  // namespace

bool is_metric_name(std::string_view name) { return is_name(name, true); }
bool is_label_name(std::string_view name) { return is_name(name, false) && !name.starts_with("__"); }

std::span<const double> seconds_buckets() { return kSeconds; }

Histogram::Histogram(std::span<const double> bounds) {
  for (const double bound : bounds)
    if (std::isfinite(bound) && (bounds_.empty() || bound > bounds_.back())) bounds_.push_back(bound);
  counts_.resize(bounds_.size() + 1);
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  ++count_;
  sum_ += value;
}

std::uint64_t Histogram::at_most(std::size_t i) const {
  std::uint64_t total = 0;
  for (std::size_t k = 0; k <= i && k < counts_.size(); ++k) total += counts_[k];
  return total;
}

struct MetricsRegistry::Entry {
  std::string help;
  std::variant<MetricFamily<Counter>, MetricFamily<Gauge>, MetricFamily<Histogram>> family;
};

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

template <class Metric>
MetricFamily<Metric>& MetricsRegistry::family(std::string_view name, std::string_view help, Labels labels,
                                              std::span<const double> bounds) {
  const auto known = entries_.find(name);
  if (known != entries_.end())
    if (auto* same = std::get_if<MetricFamily<Metric>>(&known->second->family)) return *same;

  LabelNames names(labels.begin(), labels.end());
  std::string defect;
  if (known != entries_.end()) defect = "has two types";
  if (!is_metric_name(name)) defect = "is no metric name";
  for (const std::string& label : names)
    if (!is_label_name(label) || (label == "le" && kType<Metric> == "histogram"))
      defect = "has no label " + quote(label);

  MetricFamily<Metric> made(std::move(names), std::vector<double>(bounds.begin(), bounds.end()));
  auto entry = std::make_unique<Entry>(Entry{std::string(help), std::move(made)});
  auto& family = std::get<MetricFamily<Metric>>(entry->family);
  if (defect.empty()) {
    entries_.emplace(name, std::move(entry));
  } else {
    defects_.push_back(quote(name) + " " + defect);
    unwritten_.push_back(std::move(entry));
  }
  return family;
}

MetricFamily<Counter>& MetricsRegistry::counters(std::string_view name, std::string_view help, Labels labels) {
  return family<Counter>(name, help, labels, {});
}

MetricFamily<Gauge>& MetricsRegistry::gauges(std::string_view name, std::string_view help, Labels labels) {
  return family<Gauge>(name, help, labels, {});
}

MetricFamily<Histogram>& MetricsRegistry::histograms(std::string_view name, std::string_view help, Labels labels,
                                                     std::span<const double> bounds) {
  return family<Histogram>(name, help, labels, bounds);
}

std::string MetricsRegistry::text() const {
  std::string out;
  for (const auto& [key, entry] : entries_) {
    std::visit(
        [&out, name = std::string_view(key),
         help = std::string_view(entry->help)]<class Metric>(const MetricFamily<Metric>& family) {
          out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape(help, false), name, kType<Metric>);
          for (const auto& [values, metric] : family.series())
            write_series(out, name, family.labels(), values, *metric);
        },
        entry->family);
  }
  return out;
}

}  // namespace spotkeeper
