// What the API server says when it refuses. Internal to src/sim.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sim/world.h"

namespace spotkeeper::sim {

inline tl::unexpected<Refusal> refuse(int code, std::string reason, std::string message) {
  return tl::unexpected(Refusal{code, std::move(reason), std::move(message), {}, {}, {}});
}

inline tl::unexpected<Refusal> not_found(std::string_view plural, std::string_view name) {
  return refuse(404, "NotFound", fmt::format("{} \"{}\" not found", plural, name));
}

inline tl::unexpected<Refusal> exists(std::string_view plural, std::string_view name) {
  return refuse(409, "AlreadyExists", fmt::format("{} \"{}\" already exists", plural, name));
}

inline tl::unexpected<Refusal> moved_on(std::string_view plural, std::string_view name) {
  return refuse(409, "Conflict",
                fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been modified; please apply "
                            "your changes to the latest version and try again",
                            plural, name));
}

/// The preconditions of a delete.
inline Answer<void> check(const DeleteCall& call, std::string_view plural, const Uid& uid,
                          const ResourceVersion& version) {
  if (call.uid && *call.uid != uid) {
    return refuse(409, "Conflict",
                  fmt::format("Operation cannot be fulfilled on {} \"{}\": the UID in the precondition ({}) does not "
                              "match the UID in record ({}). The object might have been deleted and then recreated",
                              plural, call.name.name, call.uid->str(), uid.str()));
  }
  if (call.version && *call.version != version) {
    return refuse(409, "Conflict",
                  fmt::format("Operation cannot be fulfilled on {} \"{}\": the ResourceVersion in the precondition "
                              "({}) does not match the ResourceVersion in record ({})",
                              plural, call.name.name, call.version->str(), version.str()));
  }
  return {};
}

}  // namespace spotkeeper::sim
