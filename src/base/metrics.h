// Metrics: counters, gauges and histograms, bound once at the start and written as Prometheus' text format 0.0.4.
//
//   auto& answers = registry.counters("spotkeeper_imds_answers_total", "Answers of the metadata service.", {"kind"});
//   Counter& none = answers.with({"404"});      // kept; never looked up again
//   none.add();
//
// No threads: one event loop binds, counts and writes. References stay good as long as the registry lives.
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"

namespace spotkeeper {

/// Only grows.
class Counter {
 public:
  /// Less than nothing, and NaN, are ignored.
  void add(double amount = 1) {
    if (amount > 0) value_ += amount;
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  double value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_ = value; }
  void add(double amount) { value_ += amount; }
  [[nodiscard]] double value() const { return value_; }

 private:
  double value_ = 0;
};

/// Counts observations by upper bounds that are fixed when it is made.
class Histogram {
 public:
  /// Finite and rising bounds; others are left out. The bucket of everything (+Inf) is always there.
  explicit Histogram(std::span<const double> bounds);

  /// NaN is ignored.
  void observe(double value);
  void observe(Duration value) { observe(seconds_of(value)); }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
  /// Observations of at most bounds()[i].
  [[nodiscard]] std::uint64_t at_most(std::size_t i) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;  // of each bucket alone
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

/// Bounds for times from a few milliseconds to the two minutes of a spot notice and beyond, in seconds.
[[nodiscard]] std::span<const double> seconds_buckets();

/// All series of one name: one for each combination of label values that was asked for.
template <class Metric>
class MetricFamily {
 public:
  MetricFamily(std::vector<std::string> labels, std::vector<double> bounds)
      : labels_(std::move(labels)), bounds_(std::move(bounds)) {}

  /// The series with these label values, in the order of the labels' names. Missing values are empty, superfluous ones
  /// are left out.
  Metric& with(std::initializer_list<std::string_view> values) {
    if (const auto known = series_.find(std::span(values)); known != series_.end()) return *known->second;
    std::vector<std::string> key(values.begin(), values.end());
    key.resize(labels_.size());
    auto& series = series_[std::move(key)];
    if (!series) series = make();
    return *series;
  }
  /// The one series of a family without labels.
  Metric& only() { return with({}); }
  /// Takes a series out, so that what is gone (a node, a pool) is not reported for ever. References to it end.
  void remove(std::initializer_list<std::string_view> values) {
    std::vector<std::string> key(values.begin(), values.end());
    key.resize(labels_.size());
    series_.erase(key);
  }

  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  [[nodiscard]] const auto& series() const { return series_; }  // label values to unique_ptr<Metric>, in order

 private:
  /// Finds a series by its values without making strings of them.
  struct Before {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                          [](std::string_view x, std::string_view y) { return x < y; });
    }
  };
  std::unique_ptr<Metric> make() const {
    if constexpr (std::is_constructible_v<Metric, std::span<const double>>)
      return std::make_unique<Metric>(std::span<const double>(bounds_));
    else
      return std::make_unique<Metric>();
  }

  std::vector<std::string> labels_;
  std::vector<double> bounds_;
  std::map<std::vector<std::string>, std::unique_ptr<Metric>, Before> series_;
};

/// All metrics of a process. A name is taken once: asked for again with the same type it is the same family (whose
/// help, labels and bounds stay the first ones).
///
/// A name that Prometheus would not take, or that has another type already, is a defect of ours, but not one to die of:
/// the family works, is left out of the page, and `defects()` tells.
class MetricsRegistry {
 public:
  using Labels = std::initializer_list<std::string_view>;

  MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;
  ~MetricsRegistry();

  MetricFamily<Counter>& counters(std::string_view name, std::string_view help, Labels labels = {});
  MetricFamily<Gauge>& gauges(std::string_view name, std::string_view help, Labels labels = {});
  MetricFamily<Histogram>& histograms(std::string_view name, std::string_view help, Labels labels = {},
                                      std::span<const double> bounds = seconds_buckets());

  /// A family without labels has one series, at 0 from the start.
  Counter& counter(std::string_view name, std::string_view help) { return counters(name, help).only(); }
  Gauge& gauge(std::string_view name, std::string_view help) { return gauges(name, help).only(); }
  Histogram& histogram(std::string_view name, std::string_view help,
                       std::span<const double> bounds = seconds_buckets()) {
    return histograms(name, help, {}, bounds).only();
  }

  /// The page, families and series in the order of their names.
  [[nodiscard]] std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  /// What was wrong with the names that were asked for; empty in a correct program.
  [[nodiscard]] const std::vector<std::string>& defects() const { return defects_; }

 private:
  struct Entry;
  template <class Metric>
  MetricFamily<Metric>& family(std::string_view name, std::string_view help, Labels labels,
                               std::span<const double> bounds);

  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  std::vector<std::unique_ptr<Entry>> unwritten_;  // those with a defect
  std::vector<std::string> defects_;
};

/// [a-zA-Z_:][a-zA-Z0-9_:]*
[[nodiscard]] bool is_metric_name(std::string_view name);
/// [a-zA-Z_][a-zA-Z0-9_]*, not beginning with "__", which Prometheus keeps for itself.
[[nodiscard]] bool is_label_name(std::string_view name);

}  // namespace spotkeeper
