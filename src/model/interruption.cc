#include "model/interruption.h"

#include <algorithm>
#include <array>
#include <utility>

namespace spotkeeper {
namespace {

constexpr std::array<std::pair<InterruptionKind, std::string_view>, 4> kKinds{{
    {InterruptionKind::Maybe, "maybe"},
    {InterruptionKind::Maintenance, "maintenance"},
    {InterruptionKind::Retire, "retire"},
    {InterruptionKind::Kill, "kill"},
}};
constexpr std::array<std::pair<InterruptionEffect, std::string_view>, 4> kEffects{{
    {InterruptionEffect::Terminate, "terminate"},
    {InterruptionEffect::Stop, "stop"},
    {InterruptionEffect::Hibernate, "hibernate"},
    {InterruptionEffect::Reboot, "reboot"},
}};

template <class Value, std::size_t N>
std::string_view name_in(const std::array<std::pair<Value, std::string_view>, N>& table, Value value) {
  for (const auto& [each, name] : table)
    if (each == value) return name;
  return "unknown";
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& table, std::string_view text) {
  for (const auto& [each, name] : table)
    if (name == text) return each;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(InterruptionKind kind) { return name_in(kKinds, kind); }
std::optional<InterruptionKind> interruption_kind_of(std::string_view name) { return value_in(kKinds, name); }
std::string_view name_of(InterruptionEffect effect) { return name_in(kEffects, effect); }
std::optional<InterruptionEffect> interruption_effect_of(std::string_view name) { return value_in(kEffects, name); }

}  // namespace spotkeeper
