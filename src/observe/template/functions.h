// The functions that a template can call: those of Go's text/template, and those of sprig that messages use.
//
// Sources: https://pkg.go.dev/text/template#hdr-Functions and https://masterminds.github.io/sprig/. What each does to
// values of a wrong type is theirs, too: an error, or a text such as "%!d(string=x)".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "observe/template/value.h"

namespace spotkeeper::observe {

/// What the caller of a template gives beside the data.
struct TemplateContext {
  Instant now;                                                    // for `now`
  std::function<std::string(std::string_view)> environment = {};  // for `env`; without it every variable is empty
};

/// Go's type of a parameter.
enum class Parameter : std::uint8_t { Any, Text, Int, Flag, Dictionary };

struct Call {
  std::span<const TemplateValue> arguments;
  const TemplateContext& context;
  std::size_t room;  // bytes that the result may have

  [[nodiscard]] const TemplateValue& at(std::size_t i) const { return arguments[i]; }
  /// Of a Text, Int, Flag or Dictionary parameter.
  [[nodiscard]] const std::string& text(std::size_t i) const { return *arguments[i].text(); }
  [[nodiscard]] std::int64_t integer(std::size_t i) const { return *arguments[i].integer(); }
};

enum class Evaluation : std::uint8_t { Eager, And, Or };  // and, or stop at the first argument that decides

struct Function {
  std::string_view name;
  std::vector<Parameter> parameters = {};
  std::optional<Parameter> more = {};  // of any number of further arguments
  Result<TemplateValue> (*call)(const Call&) = nullptr;
  Evaluation evaluation = Evaluation::Eager;
};

[[nodiscard]] const Function* find_function(std::string_view name);
[[nodiscard]] std::vector<std::string_view> function_names();
/// Functions that Go or sprig have and this has not, so that the error can say so.
[[nodiscard]] bool is_known_elsewhere(std::string_view name);

/// The parts of the table, one a file.
[[nodiscard]] std::span<const Function> builtin_functions();
[[nodiscard]] std::span<const Function> text_functions();
[[nodiscard]] std::span<const Function> collection_functions();

/// A method of time.Time; nullptr if it is not supported.
struct TimeMethod {
  std::string_view name;
  std::vector<Parameter> parameters;
  TemplateValue (*call)(const GoTime&, std::span<const TemplateValue>);
};
[[nodiscard]] const TimeMethod* find_time_method(std::string_view name);

/// "trunc: …".
[[nodiscard]] tl::unexpected<Error> call_error(std::string_view what);
/// What `write` puts out, as a value; an error if it does not fit.
Result<TemplateValue> bounded(const Call& call, const std::function<void(class BoundedText&)>& write);

}  // namespace spotkeeper::observe
