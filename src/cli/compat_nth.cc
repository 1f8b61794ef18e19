#include "cli/compat_nth.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "net/url.h"
#include "observe/notify.h"
#include "observe/nth_event.h"

namespace spotkeeper::cli {
namespace {

/// One value that was set, and by what.
struct Set {
  std::string text;
  std::string by;  // "--dry-run", "DRY_RUN"
};

class Reader {
 public:
  Result<NthConfiguration> read(std::span<const std::string> arguments, const kube::Environment& environment) {
    from_environment(environment);
    from_arguments(arguments);
    check_types_and_fates();
    fill();
    if (!problems_.empty()) return fail(ErrorCode::InvalidInput, join(problems_, "\n"));
    return std::move(made_);
  }

 private:
  void problem(std::string text) { problems_.push_back(std::move(text)); }

  void from_environment(const kube::Environment& environment) {
    for (const NthOption& option : nth_options()) {
      const auto found = environment.find(std::string(option.environment));
      if (found != environment.end() && !found->second.empty()) {
        set_[option.flag] = {.text = found->second, .by = std::string(option.environment)};
      }
    }
  }

  void from_arguments(std::span<const std::string> arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      std::string_view argument = arguments[i];
      if (!argument.starts_with('-') || argument == "-") {
        problem(quote(argument) + ": an argument that is no flag");
        continue;
      }
      argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
      const auto equals = split_once(argument, '=');
      const std::string_view name = equals ? equals->first : argument;
      const NthOption* const option = find_nth_option(name);
      if (option == nullptr) {
        std::vector<std::string_view> flags;
        for (const NthOption& known : nth_options()) flags.push_back(known.flag);
        problem("--" + std::string(name) + ": NTH has no such flag" + did_you_mean(name, flags));
        continue;
      }
      std::string text = equals ? std::string(equals->second) : "true";
      if (!equals && option->type != NthType::Flag) {
        if (i + 1 == arguments.size()) {
          problem("--" + std::string(name) + ": a value is missing");
          continue;
        }
        text = arguments[++i];
      }
      set_[option->flag] = {.text = std::move(text), .by = "--" + std::string(name)};
    }
  }

  void check_types_and_fates() {
    for (const NthOption& option : nth_options()) {
      const auto found = set_.find(option.flag);
      if (found == set_.end()) continue;
      const Set& given = found->second;
      bool as_default = given.text == option.fallback;
      if (option.type == NthType::Flag) {
        const auto value = parse_go_bool(given.text);
        if (!value) {
          problem(given.by + ": " + value.error().message);
          set_.erase(found);  // its default stands for it in what is looked at next
          continue;
        }
        as_default = *value == (option.fallback == "true");
      } else if (option.type == NthType::Integer) {
        const auto value = integer_of(given.text);
        if (!value) {
          problem(given.by + ": " + value.error().message);
          set_.erase(found);  // its default stands for it in what is looked at next
          continue;
        }
        as_default = std::to_string(*value) == option.fallback;
      }
      if (as_default || option.fate == NthFate::Honoured) continue;
      const std::string what = given.by + "=" + (option.secret ? "…" : given.text) + ": ";
      if (option.fate == NthFate::Refused) {
        problem(what + "not supported: " + std::string(option.meaning));
      } else if (option.flag != "uptime-from-file") {  // the chart sets it always, and nobody meant it
        made_.notes.push_back(what + "no effect: " + std::string(option.meaning));
      }
    }
  }

  /// Decimal, as NTH reads its variables.
  static Result<std::int64_t> integer_of(std::string_view text) {
    return parse_int<std::int64_t>(text.starts_with('+') ? text.substr(1) : text);
  }

  [[nodiscard]] bool is_set(std::string_view flag) const { return set_.contains(flag); }
  [[nodiscard]] std::string text(std::string_view flag) const {
    const auto found = set_.find(flag);
    return found != set_.end() ? found->second.text : std::string(find_nth_option(flag)->fallback);
  }
  [[nodiscard]] bool flag(std::string_view name) const { return parse_go_bool(text(name)).value_or(false); }
  [[nodiscard]] std::int64_t integer(std::string_view name) const { return integer_of(text(name)).value_or(0); }
  [[nodiscard]] std::string by(std::string_view flag) const {
    const auto found = set_.find(flag);
    return found != set_.end() ? found->second.by : "--" + std::string(flag);
  }

  void fill() {
    NthSettings& to = made_.settings;
    to.dry_run = flag("dry-run");
    to.node_name = text("node-name");
    if (to.node_name.empty()) problem("NODE_NAME or --node-name: the Node's name is required");
    to.pod_name = text("pod-name");
    to.pod_namespace = text("pod-namespace");
    to.metadata_url = text("metadata-url");
    if (!net::parse_url(to.metadata_url))
      problem(by("metadata-url") + ": " + quote(to.metadata_url) + " is no http URL");
    to.kubernetes_service_host = text("kubernetes-service-host");
    to.kubernetes_service_port = text("kubernetes-service-port");
    to.spot = flag("enable-spot-interruption-draining");
    to.scheduled_events = flag("enable-scheduled-event-draining");
    to.asg_lifecycle = flag("enable-asg-lifecycle-draining");
    to.rebalance_draining = flag("enable-rebalance-draining");
    to.rebalance_monitoring = flag("enable-rebalance-monitoring") || to.rebalance_draining;
    to.cordon_only = flag("cordon-only");
    to.taint_node = flag("taint-node");
    to.exclude_from_load_balancers = flag("exclude-from-load-balancers");
    to.json_logging = flag("json-logging");
    to.emit_events = flag("emit-kubernetes-events");
    fill_grace();
    fill_choices();
    fill_webhook();
    fill_servers();
    fill_annotations();
  }

  void fill_grace() {
    const bool old = is_set("grace-period") && !is_set("pod-termination-grace-period");
    const std::int64_t seconds = integer(old ? "grace-period" : "pod-termination-grace-period");
    if (seconds >= 0) made_.settings.pod_grace_seconds = seconds;
    if (is_set("grace-period")) {
      made_.notes.push_back(
          by("grace-period") + ": " +
          (old ? "an old name; use pod-termination-grace-period" : "no effect beside pod-termination-grace-period"));
    }
  }

  void fill_choices() {
    NthSettings& to = made_.settings;
    to.log_level = lower(text("log-level"));
    constexpr std::array<std::string_view, 3> levels = {"debug", "info", "error"};
    if (std::find(levels.begin(), levels.end(), to.log_level) == levels.end()) {
      problem(by("log-level") + ": " + quote(text("log-level")) + " is none of debug, info, error");
    }
    constexpr std::array<std::string_view, 3> effects = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
    const std::string effect = text("taint-effect");
    const auto* const found = std::find(effects.begin(), effects.end(), effect);
    if (found == effects.end()) {
      problem(by("taint-effect") + ": " + quote(effect) + " is none of NoSchedule, PreferNoSchedule, NoExecute" +
              did_you_mean(effect, effects));
      return;
    }
    to.taint_effect = static_cast<TaintEffect>(found - effects.begin());
  }

  void fill_webhook() {
    NthSettings& to = made_.settings;
    to.webhook_url = text("webhook-url");
    to.webhook_proxy = text("webhook-proxy");
    to.webhook_template = text("webhook-template");
    to.webhook_template_file = text("webhook-template-file");
    if (to.webhook_url.empty()) return;
    // What is wrong must not be shown: the URL is the secret.
    if (!net::parse_url(to.webhook_url)) problem(by("webhook-url") + ": it is no http or https URL");
    if (!to.webhook_proxy.empty() && !net::parse_url(to.webhook_proxy)) {
      problem(by("webhook-proxy") + ": it is no http URL");
    }
    auto headers = observe::parse_webhook_headers(text("webhook-headers"));
    if (headers) {
      to.webhook_headers = *std::move(headers);
    } else {
      problem(by("webhook-headers") + ": " + headers.error().message);
    }
    const observe::TemplateValue sample = observe::template_value(observe::NthEvent());
    const bool file = !to.webhook_template_file.empty();
    const auto made = file ? observe::MessageTemplate::in_file(to.webhook_template_file, sample)
                           : observe::MessageTemplate::given(to.webhook_template, sample);
    if (!made) problem(by(file ? "webhook-template-file" : "webhook-template") + ": " + made.error().message);
  }

  void fill_servers() {
    NthSettings& to = made_.settings;
    const auto port = [&](std::string_view on, std::string_view name) -> std::optional<std::uint16_t> {
      if (!flag(on)) return std::nullopt;
      const std::int64_t value = integer(name);
      if (value >= 1 && value <= 65535) return static_cast<std::uint16_t>(value);
      problem(by(name) + ": " + std::to_string(value) + " is no port");
      return std::nullopt;
    };
    to.prometheus_port = port("enable-prometheus-server", "prometheus-server-port");
    to.probes_port = port("enable-probes-server", "probes-server-port");
    to.probes_path = text("probes-server-endpoint");
    if (to.probes_port && !to.probes_path.starts_with('/')) {
      problem(by("probes-server-endpoint") + ": " + quote(to.probes_path) + " does not begin with '/'");
    }
  }

  void fill_annotations() {
    const std::string given = text("kubernetes-events-extra-annotations");
    if (given.empty()) return;
    for (const std::string_view piece : split(given, ',')) {
      const auto pair = split_once(piece, '=');
      if (!pair || trim(pair->first).empty()) {
        problem(by("kubernetes-events-extra-annotations") + ": " + quote(piece) + " is not of the form key=value");
        continue;
      }
      made_.settings.event_annotations[std::string(trim(pair->first))] = std::string(trim(pair->second));
    }
  }

  std::map<std::string_view, Set> set_;  // by flag
  std::vector<std::string> problems_;
  NthConfiguration made_;
};

}  // namespace

Result<bool> parse_go_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return fail(ErrorCode::InvalidInput, quote(text) + " is neither true nor false");
}

Result<NthConfiguration> parse_nth(std::span<const std::string> arguments, const kube::Environment& environment) {
  return Reader().read(arguments, environment);
}

}  // namespace spotkeeper::cli
