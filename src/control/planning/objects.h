// The objects of the documents that a plan is made of, by kind.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "format/json.h"

namespace spotkeeper::control {

struct Object {
  std::string kind;
  std::string ns;  // empty: of a kind that has none
  std::string name;
  format::JsonField field;
  [[nodiscard]] std::string str() const { return ns.empty() ? name : ns + "/" + name; }
};

/// Those that make the pods of a plan: "Deployment", "ReplicaSet", "StatefulSet", "Job".
[[nodiscard]] std::span<const std::string_view> workload_kinds();

/// Objects refer to the documents that they were read from, which outlive them.
class Objects {
 public:
  /// A document's objects; those of kinds that say nothing about placement are passed over. InvalidInput where one is
  /// no object with a kind and a name, or two of one kind have the same name.
  Result<void> collect(const format::JsonValue& document);

  /// In the order of the documents.
  [[nodiscard]] const std::vector<Object>& of(std::string_view kind) const;
  /// `full_name`: "namespace/name" where the kind has a namespace.
  [[nodiscard]] bool contains(const std::string& kind, const std::string& full_name) const;
  /// The namespaces that objects are in.
  [[nodiscard]] const std::set<std::string>& namespaces() const { return namespaces_; }

 private:
  Result<void> take(const format::JsonField& object, const std::string& kind);

  std::map<std::string, std::vector<Object>, std::less<>> by_kind_;
  std::set<std::pair<std::string, std::string>> names_;  // kind and full name
  std::set<std::string> namespaces_;
};

}  // namespace spotkeeper::control
