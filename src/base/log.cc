// Lines are put together here and leave in one write(2): threads and processes that share standard error never mix
// within a line, and nothing is buffered when the process is killed. (spdlog was left out: with fields of our own
// nothing of it but the timestamp remained, for 0.3 MB of binary.)
#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <mutex>

#include "base/text.h"
#include "base/time.h"

namespace spotkeeper::log {
namespace {

struct State {
  std::atomic<Level> least{Level::Info};
  std::atomic<Format> format{Format::Text};
  std::atomic<bool> colours{false};
  std::mutex sink_lock;
  std::string* sink = nullptr;
};

State& state() {
  static State instance;
  return instance;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warn: return "warn";
    case Level::Error: return "error";
    case Level::Off: break;
  }
  return "off";
}

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::Debug: return "\033[2m";
    case Level::Warn: return "\033[33m";
    case Level::Error: return "\033[31m";
    default: return "\033[32m";
  }
}

/// Appends `text` between quotes as a JSON string. Bytes that are not UTF-8 become U+FFFD, so a line always parses.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : to_valid_utf8(text)) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool odd = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '"' || c == '=' || c == '\\';
    if (odd || static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::string text_line(Level level, std::string_view message, Fields fields, std::string_view time, bool colours) {
  std::string line;
  if (!time.empty()) fmt::format_to(std::back_inserter(line), "{} ", time);
  if (colours) line += colour_of(level);
  fmt::format_to(std::back_inserter(line), "{:<5}", name_of(level));
  if (colours) line += "\033[0m";
  line += ' ';
  // A message is ours, but may quote somebody else's bytes: a line stays one line and can't steer a terminal.
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", field.key());
    if (plain(field.text())) {
      line += field.text();
    } else {
      append_quoted(line, field.text());
    }
  }
  line += '\n';
  return line;
}

std::string json_line(Level level, std::string_view message, Fields fields, std::string_view time) {
  std::string line = "{";
  if (!time.empty()) fmt::format_to(std::back_inserter(line), R"("time":"{}",)", time);
  fmt::format_to(std::back_inserter(line), R"("level":"{}","message":)", name_of(level));
  append_quoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.key());
    line += ':';
    if (field.bare()) {
      line += field.text();
    } else {
      append_quoted(line, field.text());
    }
  }
  line += "}\n";
  return line;
}

/// The machine's own wall clock, whatever clock the product runs on: an operator lines these up with other logs.
std::string time_of_line() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(since_epoch);
  const std::string seconds = format_rfc3339(Instant(std::chrono::floor<std::chrono::seconds>(milliseconds)));
  return fmt::format("{}.{:03}Z", std::string_view(seconds).substr(0, seconds.size() - 1), (milliseconds % 1s).count());
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads standard error: a lost line must not stop the work
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Field::Field(std::string_view key, double value) : key_(key), bare_(std::isfinite(value)) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.assign(digits.data(), end);
}

void configure(Level least, Format format) {
  state().least = least;
  state().format = format;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: any value but an empty one
  state().colours = ::isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

bool enabled(Level level) { return level >= state().least && level != Level::Off; }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const std::scoped_lock lock(state().sink_lock);
  // A captured line has no time, so that a simulation's log is the same in every run.
  const std::string time = state().sink == nullptr ? time_of_line() : std::string();
  const bool colours = state().colours && state().sink == nullptr;
  const std::string line = state().format == Format::Json ? json_line(level, message, fields, time)
                                                          : text_line(level, message, fields, time, colours);
  if (state().sink != nullptr) {
    *state().sink += line;
  } else {
    write_all(STDERR_FILENO, line);
  }
}

void capture(std::string* sink) {
  const std::scoped_lock lock(state().sink_lock);
  state().sink = sink;
}

}  // namespace spotkeeper::log
