// Small clusters and plans written by hand, to see what the referee says of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/property/checker/documents.h"
#include "tests/property/checker/judge.h"

namespace spotkeeper::checker {

/// The spec of a pod of one container with these requests, as YAML.
inline std::string asks(const std::string& resources) {
  return "{containers: [{resources: {requests: " + resources + "}}]}";
}

/// Flow YAML throughout: pod("p", "{nodeSelector: {disk: ssd}}").
class HandMade {
 public:
  HandMade();

  /// Any document.
  HandMade& add(std::string_view yaml);
  /// A Ready node with 4 cores, 8Gi and room for 10 pods; `labels` beside its hostname.
  HandMade& node(const std::string& name, const std::string& labels = "{}", const std::string& spec = "{}");
  /// In namespace default. `labels` are the pod's.
  HandMade& pod(const std::string& name, const std::string& spec = "{}", const std::string& labels = "{}");
  HandMade& running(const std::string& name, const std::string& node, const std::string& labels = "{}",
                    const std::string& spec = "{}");
  /// A NodePool with the template's spec, and limits.
  HandMade& pool(const std::string& name, const std::string& spec = "{}", const std::string& limits = "{}",
                 const std::string& labels = "{}");

  /// The plan: what goes to nodes that are there…
  HandMade& on(const std::string& node, const std::vector<std::string>& pods);
  /// …to a new one, at its price…
  HandMade& on_new(const std::string& type, const std::string& zone, const std::string& capacity_type,
                   const std::vector<std::string>& pods, const std::vector<std::string>& other_types = {});
  /// …and what is left out.
  HandMade& left_out(const std::string& pod, const std::string& reason = "because");

  [[nodiscard]] Problem problem() const;
  /// For a change by hand before the verdict.
  Answer& answer() { return answer_; }
  /// What the referee says, in one text; empty: nothing is wrong.
  [[nodiscard]] std::string verdict(const JudgeOptions& options = {}) const;

 private:
  std::vector<Json> documents_;
  std::map<std::string, Machine> machines_;
  std::vector<Offering> offerings_;
  Answer answer_;
};

}  // namespace spotkeeper::checker
