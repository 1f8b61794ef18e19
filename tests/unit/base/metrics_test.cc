#include "base/metrics.h"

#include <array>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Metrics, WritesCountersAndGaugesInTheOrderOfTheirNames) {
  MetricsRegistry registry;
  registry.gauge("b_left", "Seconds left.").set(-1.5);
  Counter& answers = registry.counters("a_total", "Answers.", {"kind", "node"}).with({"404", "n1"});
  answers.add();
  answers.add(2);
  registry.counters("a_total", "", {}).with({"200", "n1"}).add();
  EXPECT_EQ(registry.text(),
            "# HELP a_total Answers.\n# TYPE a_total counter\n"
            "a_total{kind=\"200\",node=\"n1\"} 1\na_total{kind=\"404\",node=\"n1\"} 3\n"
            "# HELP b_left Seconds left.\n# TYPE b_left gauge\nb_left -1.5\n");
}

TEST(Metrics, WritesHistogramsCumulatively) {
  MetricsRegistry registry;
  constexpr std::array bounds = {0.5, 1.0};
  Histogram& waits = registry.histograms("wait_seconds", "Waits.", {"zone"}, bounds).with({"a"});
  for (const double value : {0.1, 0.5, 0.7, 9.0, std::numeric_limits<double>::quiet_NaN()}) waits.observe(value);
  EXPECT_EQ(registry.text(),
            "# HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{zone=\"a\",le=\"0.5\"} 2\nwait_seconds_bucket{zone=\"a\",le=\"1\"} 3\n"
            "wait_seconds_bucket{zone=\"a\",le=\"+Inf\"} 4\nwait_seconds_sum{zone=\"a\"} "
            "10.3\nwait_seconds_count{zone=\"a\"} 4\n");
}

TEST(Metrics, ObservesDurationsInSeconds) {
  Histogram histogram(seconds_buckets());
  histogram.observe(Duration(1500ms));
  EXPECT_EQ(histogram.sum(), 1.5);
}

TEST(Metrics, EscapesHelpAndLabelValues) {
  MetricsRegistry registry;
  registry.gauges("g", "a\\b\nc\"", {"l"}).with({"x\"y\\z\n\xff"}).set(1);
  EXPECT_EQ(registry.text(), "# HELP g a\\\\b\\nc\"\n# TYPE g gauge\ng{l=\"x\\\"y\\\\z\\n\xEF\xBF\xBD\"} 1\n");
}

TEST(Metrics, WritesWhatIsNoNumber) {
  MetricsRegistry registry;
  registry.gauge("a", "").set(std::numeric_limits<double>::infinity());
  registry.gauge("b", "").set(-std::numeric_limits<double>::infinity());
  registry.gauge("c", "").set(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(registry.text(), HasSubstr("\na +Inf\n"));
  EXPECT_THAT(registry.text(), HasSubstr("\nb -Inf\n"));
  EXPECT_THAT(registry.text(), HasSubstr("\nc NaN\n"));
}

TEST(Metrics, CountersNeverFall) {
  Counter counter;
  counter.add(2);
  counter.add(-1);
  counter.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(counter.value(), 2);
}

TEST(Metrics, TheSameSeriesIsTheSameObject) {
  MetricsRegistry registry;
  auto& family = registry.counters("a_total", "", {"k"});
  EXPECT_EQ(&family.with({"x"}), &registry.counters("a_total", "").with({"x"}));
  EXPECT_NE(&family.with({"x"}), &family.with({"y"}));
  EXPECT_EQ(&family.with({}), &family.with({""})) << "missing values are empty";
}

TEST(Metrics, ForgetsASeriesThatWasRemoved) {
  MetricsRegistry registry;
  auto& nodes = registry.gauges("node_left_seconds", "", {"node"});
  nodes.with({"n1"}).set(1);
  nodes.remove({"n1"});
  EXPECT_THAT(registry.text(), Not(HasSubstr("n1")));
}

TEST(Metrics, ADefectIsReportedAndLeftOutOfThePage) {
  MetricsRegistry registry;
  registry.counter("ok_total", "");
  registry.gauge("ok_total", "").set(7);
  registry.gauge("0bad", "").set(7);
  registry.gauges("bad_label", "", {"__x"}).with({"v"}).set(7);
  registry.histograms("bad_le", "", {"le"}).with({"v"}).observe(1.0);
  EXPECT_THAT(registry.defects(), SizeIs(4));
  EXPECT_EQ(registry.text(), "# HELP ok_total \n# TYPE ok_total counter\nok_total 0\n");
}

TEST(Metrics, KnowsNames) {
  EXPECT_TRUE(is_metric_name("a:b_1"));
  for (const std::string_view name : {"", "1a", "a-b", "a b", "é"}) EXPECT_FALSE(is_metric_name(name)) << name;
  EXPECT_TRUE(is_label_name("_a1"));
  for (const std::string_view name : {"", "__a", "a:b", "1"}) EXPECT_FALSE(is_label_name(name)) << name;
  MetricsRegistry registry;
  EXPECT_THAT(registry.defects(), IsEmpty());
}

}  // namespace
}  // namespace spotkeeper
