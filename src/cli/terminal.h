// What a person at a terminal sees: columns, colours, progress. In a pipe or a file there are no colours and no
// progress, and the columns stay.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace spotkeeper::cli {

[[nodiscard]] bool is_terminal(std::FILE* stream);
/// Writes all of it, or as much as the stream takes; whether it did shows when the stream is flushed.
void print(std::FILE* stream, std::string_view text);

/// Escape sequences, all empty where colours are off: on anything but a terminal, where NO_COLOR is set to something
/// (https://no-color.org), and where TERM is "dumb".
class Colours {
 public:
  explicit Colours(std::FILE* stream);
  explicit constexpr Colours(bool on) : on_(on) {}

  [[nodiscard]] std::string good(std::string_view text) const { return painted("32", text); }     // green
  [[nodiscard]] std::string warning(std::string_view text) const { return painted("33", text); }  // yellow
  [[nodiscard]] std::string bad(std::string_view text) const { return painted("31", text); }      // red
  [[nodiscard]] std::string strong(std::string_view text) const { return painted("1", text); }
  [[nodiscard]] std::string faint(std::string_view text) const { return painted("2", text); }
  [[nodiscard]] bool on() const { return on_; }

 private:
  [[nodiscard]] std::string painted(std::string_view code, std::string_view text) const;
  bool on_ = false;
};

/// Columns that fit what is in them.
class TextTable {
 public:
  enum class Align { Left, Right };
  struct Column {
    std::string heading;
    Align align = Align::Left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell a column; missing ones are empty. A cell may hold escape sequences of `Colours`: they take no width.
  void add(std::vector<std::string> cells);
  /// The headings (bold where colours are on), then the rows; two blanks between columns, none at a line's end.
  [[nodiscard]] std::string str(const Colours& colours = Colours(false)) const;
  /// The same as RFC 4180 has it, for cells without escape sequences.
  [[nodiscard]] std::string csv() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that `text` takes: code points of UTF-8 without escape sequences.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// One line that is drawn over itself: "zone-storm  [#####     ]  50 %  1m of 2m". Nothing at all without a terminal.
class ProgressBar {
 public:
  ProgressBar(std::FILE* stream, std::string title);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  /// `share` of the work is done (clamped to 0..1). Draws only when something on the line changes, so it may be called
  /// as often as one likes.
  void update(double share, std::string_view note = {});
  /// Takes the line away, for a report to stand in its place.
  void clear();

  /// The line for a share, without the terminal's control bytes.
  [[nodiscard]] static std::string line(std::string_view title, double share, std::string_view note);

 private:
  std::FILE* stream_;
  std::string title_;
  std::string drawn_;
  bool shown_;
};

}  // namespace spotkeeper::cli
