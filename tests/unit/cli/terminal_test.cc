#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <limits>

namespace spotkeeper::cli {
namespace {

TEST(TextTable, AlignsColumnsAndEndsLinesWithoutBlanks) {
  TextTable table({{"NAME"}, {"PODS", TextTable::Align::Right}, {"NOTE"}});
  table.add({"n1", "12", "dying"});
  table.add({"longer-name", "7"});
  EXPECT_EQ(table.str(),
            "NAME         PODS  NOTE\n"
            "n1             12  dying\n"
            "longer-name     7\n");
}

TEST(TextTable, CountsLettersAndNotBytesOrEscapes) {
  TextTable table({{"A"}, {"B"}});
  table.add({"Zürich", "x"});
  table.add({Colours(true).bad("lost"), "y"});
  EXPECT_EQ(table.str(),
            "A       B\n"
            "Zürich  x\n"
            "\033[31mlost\033[0m    y\n");
  EXPECT_EQ(display_width("Zürich"), 6U);
  EXPECT_EQ(display_width("\033[1mab\033[0m"), 2U);
  EXPECT_EQ(display_width("\033["), 0U);
}

TEST(TextTable, WithoutRowsIsItsHeadings) { EXPECT_EQ(TextTable({{"A"}, {"B"}}).str(), "A  B\n"); }

TEST(Colours, AreNothingWhereTheyAreOff) {
  EXPECT_EQ(Colours(false).good("x"), "x");
  EXPECT_EQ(Colours(true).good("x"), "\033[32mx\033[0m");
}

TEST(Terminal, AFileIsNone) {
  std::FILE* file = std::tmpfile();
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(Colours(file).on());
  ProgressBar bar(file, "title");
  bar.update(0.5, "half");
  bar.clear();
  EXPECT_EQ(std::ftell(file), 0) << "no progress is drawn into a file";
  std::fclose(file);
}

TEST(ProgressBar, ShowsTheShareThatIsDone) {
  EXPECT_EQ(ProgressBar::line("storm", 0.5, "1m of 2m"), "storm  [###############               ]  50 %  1m of 2m");
  EXPECT_EQ(ProgressBar::line("storm", 0, ""), "storm  [                              ]   0 %");
  EXPECT_EQ(ProgressBar::line("storm", 7, ""), "storm  [##############################] 100 %");
  EXPECT_EQ(ProgressBar::line("storm", -1, ""), ProgressBar::line("storm", 0, ""));
  EXPECT_EQ(ProgressBar::line("storm", std::numeric_limits<double>::quiet_NaN(), ""),
            ProgressBar::line("storm", 0, ""));
}

}  // namespace
}  // namespace spotkeeper::cli
