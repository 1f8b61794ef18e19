// The command line of a tool: `--name value` or `--name=value`, and flags that stand alone.
//
//   CommandLine line("web_server", "Answers HTTP requests.");
//   line.value("listen", "ADDRESS:PORT", "where it listens", &listen);
//   line.flag("abrupt", "exits at once on SIGTERM", &abrupt);
//   if (const auto end = line.read(argc, argv)) return *end;
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::tools {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

class CommandLine {
 public:
  CommandLine(std::string program, std::string what_it_does)
      : program_(std::move(program)), what_it_does_(std::move(what_it_does)) {}

  /// What `into` holds before is the default. It outlives read().
  void value(std::string name, std::string placeholder, std::string meaning, std::string* into);
  /// A length of time, not negative: "20s", "1m30s".
  void value(std::string name, std::string meaning, Duration* into);
  void value(std::string name, std::string placeholder, std::string meaning, std::uint64_t* into);
  /// Given once or more often, each with a value.
  void values(std::string name, std::string placeholder, std::string meaning, std::vector<std::string>* into);
  /// A value that only the caller can judge.
  void custom(std::string name, std::string placeholder, std::string meaning,
              std::function<Result<void>(std::string_view)> take);
  void flag(std::string name, std::string meaning, bool* into);

  /// InvalidInput names the argument that is wrong.
  [[nodiscard]] Result<void> parse(std::span<const std::string> arguments) const;
  /// parse() for main(): the exit code if the program is to end here (after --help, or a message on standard error).
  [[nodiscard]] std::optional<int> read(int argc, char** argv) const;
  [[nodiscard]] std::string help() const;

 private:
  struct Option {
    std::string name;
    std::string placeholder;  // empty: it stands alone
    std::string meaning;
    std::function<Result<void>(std::string_view)> take;
  };
  [[nodiscard]] Result<const Option*> find(std::string_view name) const;

  std::string program_;
  std::string what_it_does_;
  std::vector<Option> options_;
};

/// "127.0.0.1:80", "[::1]:80" as its two parts; the port may be 0.
struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostAndPort> parse_host_and_port(std::string_view text);

/// "3s" (both ends) or "1s-5s".
struct DurationRange {
  Duration least{};
  Duration most{};
};
Result<DurationRange> parse_duration_range(std::string_view text);

}  // namespace spotkeeper::tools
