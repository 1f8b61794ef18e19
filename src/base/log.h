// Logging: one line an event, to standard error, as text or JSON. Structured: a message and fields.
//
//   log::info("node cordoned", {{"node", name}, {"left", format_duration(left)}});
//
// Secrets never go in a field. No function here throws, blocks on the network, or is needed for correctness.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace spotkeeper::log {

enum class Level { Debug, Info, Warn, Error, Off };
enum class Format { Text, Json };

/// One named value of a line. Numbers and booleans stay what they are in JSON.
class Field {
 public:
  Field(std::string_view key, std::string_view value) : key_(key), text_(value) {}
  Field(std::string_view key, const char* value) : key_(key), text_(value) {}
  Field(std::string_view key, const std::string& value) : key_(key), text_(value) {}
  Field(std::string_view key, bool value) : key_(key), text_(value ? "true" : "false"), bare_(true) {}
  Field(std::string_view key, std::int64_t value) : key_(key), text_(std::to_string(value)), bare_(true) {}
  Field(std::string_view key, std::uint64_t value) : key_(key), text_(std::to_string(value)), bare_(true) {}
  Field(std::string_view key, int value) : Field(key, std::int64_t{value}) {}
  Field(std::string_view key, unsigned value) : Field(key, std::uint64_t{value}) {}
  Field(std::string_view key, double value);

  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] bool bare() const { return bare_; }

 private:
  std::string_view key_;
  std::string text_;
  bool bare_ = false;
};

using Fields = std::initializer_list<Field>;

/// Sets the least level that is written, and how. Called once, by main, before anything is logged.
void configure(Level least, Format format);
[[nodiscard]] bool enabled(Level level);

void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) { write(Level::Debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::Info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::Warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::Error, message, fields); }

/// For the simulator and tests: lines go to `sink` (which outlives its use) instead of standard error; nullptr undoes
/// it.
void capture(std::string* sink);

}  // namespace spotkeeper::log
