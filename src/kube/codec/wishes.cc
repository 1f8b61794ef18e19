#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "kube/codec/parts.h"

namespace spotkeeper::kube {
namespace {

std::optional<bool> boolean_of(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

/// "60%": in (0, 1].
Result<double> share_of(std::string_view text) {
  if (!text.ends_with('%')) return fail(ErrorCode::InvalidInput, quote(text) + " is not a percentage such as 60%");
  SK_TRY(const double percent, parse_double(text.substr(0, text.size() - 1)));
  if (percent <= 0 || percent > 100) return fail(ErrorCode::InvalidInput, quote(text) + " is not within (0%, 100%]");
  return percent / 100;
}

Result<Duration> request_length(std::string_view text) {
  SK_TRY(const Duration length, parse_duration(text));
  if (length <= 0ns || length > 24h) return fail(ErrorCode::InvalidInput, quote(text) + " is not within (0s, 24h]");
  return length;
}

/// "sleep 15" as people write it where there is no sleep action.
std::optional<std::chrono::seconds> sleep_of(const wire::ExecAction& exec) {
  const auto& command = exec.command;
  static constexpr std::array<std::string_view, 3> kSleep{"sleep", "/bin/sleep", "/usr/bin/sleep"};
  static constexpr std::array<std::string_view, 4> kShell{"sh", "/bin/sh", "bash", "/bin/bash"};
  const auto is_one = [](const auto& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  std::string_view seconds;
  if (command.size() == 2 && is_one(kSleep, command[0])) {
    seconds = command[1];
  } else if (command.size() == 3 && is_one(kShell, command[0]) && command[1] == "-c") {
    const auto parts = split_once(trim(command[2]), ' ');
    if (!parts || !is_one(kSleep, parts->first)) return std::nullopt;
    seconds = trim(parts->second);
  }
  const auto whole = parse_int<std::int32_t>(seconds, 0);
  return whole ? std::optional(std::chrono::seconds(*whole)) : std::nullopt;
}

PreStop pre_stop_of(const wire::LifecycleHandler& handler) {
  if (handler.sleep) return {std::chrono::seconds(std::max<std::int64_t>(0, handler.sleep->seconds))};
  if (handler.exec) return {sleep_of(*handler.exec)};
  return {};
}

}  // namespace

PodWishes wishes_from(const wire::Map& annotations) {
  PodWishes out;
  const auto unreadable = [&](std::string_view key, std::string_view why) {
    out.unreadable.push_back("annotation " + std::string(key) + ": " + std::string(why));
  };
  const auto flag = [&](std::string_view key, std::string_view value, bool wished) {
    const auto read = boolean_of(value);
    if (!read) unreadable(key, quote(value) + " is neither true nor false");
    if (read == wished) out.do_not_disrupt = true;
  };
  for (const auto& [key, value] : annotations) {
    if (key == "karpenter.sh/do-not-disrupt") {
      flag(key, value, true);
    } else if (key == "cluster-autoscaler.kubernetes.io/safe-to-evict") {
      flag(key, value, false);
    } else if (key == "spotkeeper.dev/longest-request") {
      if (const auto length = request_length(value)) {
        out.longest_request = *length;
      } else {
        unreadable(key, length.error().message);
      }
    } else if (key == "spotkeeper.dev/min-serving") {
      if (const auto share = share_of(value)) {
        out.min_serving = *share;
      } else {
        unreadable(key, share.error().message);
      }
    }
  }
  std::ranges::sort(out.unreadable);  // the annotations come in any order
  return out;
}

std::optional<PreStop> longest_pre_stop(const wire::PodSpec& spec) {
  std::optional<PreStop> longest;
  const auto look_at = [&](const wire::Container& container) {
    if (!container.lifecycle || !container.lifecycle->pre_stop) return;
    const PreStop hook = pre_stop_of(*container.lifecycle->pre_stop);
    // A hook of unknown length may be the longest of all.
    if (!longest || !hook.sleep || (longest->sleep && *hook.sleep > *longest->sleep)) longest = hook;
  };
  for (const auto& container : spec.containers) look_at(container);
  for (const auto& container : spec.init_containers)
    if (container.restart_policy == "Always") look_at(container);
  return longest;
}

std::optional<WorkloadRef> workload_of(const wire::ObjectMeta& meta, const NamespaceName& ns) {
  const auto controller = std::ranges::find_if(
      meta.owner_references, [](const wire::OwnerReference& each) { return each.controller.value_or(false); });
  if (controller == meta.owner_references.end()) return std::nullopt;
  const auto group = split_once(controller->api_version, '/');
  if (controller->kind == "Node" && !group) return std::nullopt;  // a mirror pod: the kubelet follows a file

  // A kind of the same name in somebody else's group is another kind.
  const bool built_in = !group || group->first == "apps" || group->first == "batch";
  WorkloadRef out{ns, std::string(controller->kind), std::string(controller->name)};
  if (!built_in) out.kind += "." + std::string(group->first);

  if (out.kind == "ReplicaSet") {
    const auto hash = std::ranges::find(meta.labels, "pod-template-hash", &std::pair<wire::Text, wire::Text>::first);
    if (hash == meta.labels.end() || hash->second.empty()) return out;
    const std::string suffix = "-" + std::string(hash->second);
    if (out.name.size() > suffix.size() && out.name.ends_with(suffix)) {
      out.kind = "Deployment";
      out.name.resize(out.name.size() - suffix.size());
    }
  }
  return out;
}

}  // namespace spotkeeper::kube
