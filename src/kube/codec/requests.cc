#include <algorithm>
#include <map>

#include "kube/codec/parts.h"
#include "model/quantity.h"

namespace spotkeeper::kube {
namespace {

/// Exact amounts by name: rounding comes once, at the end of all sums.
using Amounts = std::map<std::string_view, Quantity>;

Result<Amounts> amounts_from(const wire::Quantities& quantities) {
  Amounts out;
  for (const auto& [name, text] : quantities.entries) {
    auto amount = Quantity::parse(text);
    if (!amount) return fail(std::move(amount).error().within(name));
    out[name] = std::max(*amount, Quantity());
  }
  return out;
}

void add(Amounts& sum, const Amounts& more) {
  for (const auto& [name, amount] : more) sum[name] += amount;
}
void raise(Amounts& to, const Amounts& least) {
  for (const auto& [name, amount] : least) to[name] = std::max(to[name], amount);
}

bool is_sidecar(const wire::Container& container) { return container.restart_policy == "Always"; }

Result<Amounts> container_requests(const wire::Container& container, MissingRequests missing) {
  SK_TRY(Amounts out, amounts_from(container.resources.requests).within("requests"));
  if (missing == MissingRequests::AreLimits) {
    SK_TRY(const Amounts limits, amounts_from(container.resources.limits).within("limits"));
    out.insert(limits.begin(), limits.end());
  }
  return out;
}

const wire::ContainerStatus* status_of(std::string_view name, const std::vector<wire::ContainerStatus>& statuses) {
  const auto found = std::ranges::find(statuses, name, &wire::ContainerStatus::name);
  return found == statuses.end() ? nullptr : &*found;
}

class Sum {
 public:
  Sum(const wire::PodStatus* status, MissingRequests missing) : status_(status), missing_(missing) {
    if (status == nullptr) return;
    // A resize that can't be done is not going to be: what was asked for does not count then.
    infeasible_ = std::ranges::any_of(status->conditions, [](const wire::PodCondition& each) {
      return each.type == "PodResizePending" && each.status == "True" && each.reason == "Infeasible";
    });
  }

  /// What one container counts for: its spec, or what the kubelet gave it if that is more.
  Result<Amounts> of(const wire::Container& container) const {
    SK_TRY(Amounts out, container_requests(container, missing_).within(container.name));
    if (status_ == nullptr) return out;
    const wire::ContainerStatus* status = status_of(container.name, status_->container_statuses);
    if (status == nullptr) status = status_of(container.name, status_->init_container_statuses);
    if (status == nullptr) return out;
    SK_TRY(Amounts actual, amounts_from(status->allocated_resources).within(container.name));
    if (status->resources) {
      SK_TRY(const Amounts running, amounts_from(status->resources->requests).within(container.name));
      raise(actual, running);
    }
    if (infeasible_ && !actual.empty()) return actual;
    raise(out, actual);
    return out;
  }

 private:
  const wire::PodStatus* status_;
  MissingRequests missing_;
  bool infeasible_ = false;
};

Result<Amounts> aggregate(const wire::PodSpec& spec, const Sum& sum) {
  Amounts running;
  for (const auto& container : spec.containers) {
    SK_TRY(const Amounts own, sum.of(container));
    add(running, own);
  }
  // Init containers run one after the other beside the sidecars started before them.
  Amounts sidecars;
  Amounts peak;
  for (const auto& container : spec.init_containers) {
    SK_TRY(Amounts moment, sum.of(container));
    if (is_sidecar(container)) {
      add(running, moment);
      add(sidecars, moment);
      moment = sidecars;
    } else {
      add(moment, sidecars);
    }
    raise(peak, moment);
  }
  raise(running, peak);
  return running;
}

bool counts_at_pod_level(std::string_view name) {
  return name == "cpu" || name == "memory" || name.starts_with("hugepages-");
}

bool is_counted(std::string_view name) {
  return name == "ephemeral-storage" || name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") ||
         name.find('/') != std::string_view::npos;
}

Resources rounded(const Amounts& amounts) {
  Resources out;
  for (const auto& [name, amount] : amounts) {
    if (name == "cpu") {
      out.cpu.value = amount.ceil_milli();
    } else if (name == "memory") {
      out.memory.value = amount.ceil();
    } else if (is_counted(name) && amount.ceil() != 0) {
      out.other.emplace_back(name, amount.ceil());
    }
  }
  return out;
}

}  // namespace

Result<Resources> effective_requests(const wire::PodSpec& spec, const wire::PodStatus* status,
                                     MissingRequests missing) {
  SK_TRY(Amounts total, aggregate(spec, Sum(status, missing)));
  if (spec.resources) {
    SK_TRY(Amounts whole, amounts_from(spec.resources->requests).within("pod-level requests"));
    if (missing == MissingRequests::AreLimits) {
      SK_TRY(const Amounts limits, amounts_from(spec.resources->limits).within("pod-level limits"));
      whole.insert(limits.begin(), limits.end());
    }
    for (const auto& [name, amount] : whole)
      if (counts_at_pod_level(name)) total[name] = amount;
  }
  SK_TRY(const Amounts overhead, amounts_from(spec.overhead).within("overhead"));
  add(total, overhead);
  return rounded(total);
}

Result<Resources> resources_from(const wire::Quantities& amounts) {
  SK_TRY(const Amounts exact, amounts_from(amounts));
  return rounded(exact);
}

}  // namespace spotkeeper::kube
