#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace spotkeeper::cli {
namespace {

constexpr std::string_view column_gap = "  ";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::string cell_text(std::string_view text, std::size_t width, TextTable::Align align) {
  const std::size_t own = display_width(text);
  const std::string padding(width > own ? width - own : 0, ' ');
  return align == TextTable::Align::Right ? padding + std::string(text) : std::string(text) + padding;
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

void print(std::FILE* stream, std::string_view text) { std::fwrite(text.data(), 1, text.size(), stream); }

Colours::Colours(std::FILE* stream)
    : on_(is_terminal(stream) && variable("NO_COLOR").empty() && variable("TERM") != "dumb") {}

std::string Colours::painted(std::string_view code, std::string_view text) const {
  return on_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      i = std::min(text.find('m', i), text.size());
      continue;
    }
    const bool continuation = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    if (!continuation) ++width;
  }
  return width;
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::str(const Colours& colours) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    std::size_t width = display_width(columns_[column].heading);
    for (const std::vector<std::string>& row : rows_) width = std::max(width, display_width(row[column]));
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](auto&& cell) {
    std::string line;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column > 0) line += column_gap;
      line += cell_text(cell(column), widths[column], columns_[column].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line([&](std::size_t column) { return colours.strong(columns_[column].heading); });
  for (const std::vector<std::string>& row : rows_) add_line([&](std::size_t column) { return row[column]; });
  return out;
}

std::string TextTable::csv() const {
  std::vector<std::string> heading;
  heading.reserve(columns_.size());
  for (const Column& column : columns_) heading.push_back(csv_cell(column.heading));
  std::string out = join(heading, ",") + "\n";
  for (const std::vector<std::string>& row : rows_) {
    std::vector<std::string> cells;
    cells.reserve(row.size());
    for (const std::string& cell : row) cells.push_back(csv_cell(cell));
    out += join(cells, ",") + "\n";
  }
  return out;
}

ProgressBar::ProgressBar(std::FILE* stream, std::string title)
    : stream_(stream), title_(std::move(title)), shown_(is_terminal(stream)) {}

std::string ProgressBar::line(std::string_view title, double share, std::string_view note) {
  constexpr int cells = 30;
  const double done = std::isnan(share) ? 0.0 : std::clamp(share, 0.0, 1.0);
  const int filled = static_cast<int>(done * cells);
  const int percent = static_cast<int>(done * 100);
  return fmt::format("{}  [{:#<{}}{: <{}}] {:3} %{}{}", title, "", filled, "", cells - filled, percent,
                     note.empty() ? "" : "  ", note);
}

void ProgressBar::update(double share, std::string_view note) {
  if (!shown_) return;
  std::string next = line(title_, share, note);
  if (next == drawn_) return;
  drawn_ = std::move(next);
  print(stream_, "\r" + drawn_ + "\033[K");
  std::fflush(stream_);
}

void ProgressBar::clear() {
  if (drawn_.empty()) return;
  drawn_.clear();
  print(stream_, "\r\033[K");
  std::fflush(stream_);
}

}  // namespace spotkeeper::cli
