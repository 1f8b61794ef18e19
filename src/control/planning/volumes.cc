#include "control/planning/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "kube/codec/documents.h"
#include "kube/codec/parts.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::string_view kEbsDriver = "ebs.csi.aws.com";
constexpr std::string_view kNoProvisioner = "kubernetes.io/no-provisioner";
constexpr std::string_view kOldZone = "failure-domain.beta.kubernetes.io/zone";
constexpr std::string_view kOldRegion = "failure-domain.beta.kubernetes.io/region";

Result<SelectorRequirement> requirement(const JsonField& expression) {
  SelectorRequirement out;
  SK_TRY(out.key, expression["key"].as<std::string>());
  SK_TRY(const auto op, expression["operator"].as<std::string>());
  SK_TRY(out.values, expression["values"].strings());
  const auto known = kube::selector_operator_of(op);
  if (!known) return fail(expression["operator"].error("unknown operator " + quote(op)));
  out.op = *known;
  return out;
}

/// Where the old spelling and the new one of a label may stand; the migration of in-tree volumes knows both.
std::string_view driver_of(std::string_view provisioner) {
  return provisioner == "kubernetes.io/aws-ebs" ? kEbsDriver : provisioner;
}

Result<std::int64_t> bytes_in(const JsonField& amount) {
  if (!amount.present()) return 0;
  SK_TRY(const Quantity quantity, kube::amount_in(amount));
  return quantity.ceil();
}

Result<std::string> full_name_of(const JsonField& object) {
  SK_TRY(const auto ns, object["metadata"]["namespace"].get_or("default"));
  SK_TRY(const auto name, object["metadata"]["name"].as<std::string>());
  return ns + "/" + name;
}

}  // namespace

Result<std::vector<NodeSelectorTerm>> node_terms(const JsonField& terms) {
  std::vector<NodeSelectorTerm> out;
  SK_TRY(const auto elements, terms.elements());
  for (const JsonField& element : elements) {
    NodeSelectorTerm term;
    SK_TRY(const auto expressions, element["matchExpressions"].elements());
    for (const JsonField& each : expressions) {
      SK_TRY(auto made, requirement(each));
      term.labels.push_back(std::move(made));
    }
    SK_TRY(const auto fields, element["matchFields"].elements());
    for (const JsonField& each : fields) {
      SK_TRY(auto made, requirement(each));
      term.fields.push_back(std::move(made));
    }
    out.push_back(std::move(term));
  }
  return out;
}

Result<Volumes::Claim> Volumes::read_claim(const JsonField& claim) {
  Claim out;
  const JsonField spec = claim["spec"];
  SK_TRY(const auto storage_class, spec["storageClassName"].maybe<std::string>());
  out.names_class = storage_class.has_value();
  out.storage_class = storage_class.value_or("");
  SK_TRY(out.volume, spec["volumeName"].get_or(""));
  SK_TRY(const auto modes, spec["accessModes"].strings());
  out.modes.insert(modes.begin(), modes.end());
  out.exclusive = out.modes.contains("ReadWriteOncePod");
  SK_TRY(out.bytes, bytes_in(spec["resources"]["requests"]["storage"]));
  SK_TRY(out.selected_node, claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"].get_or(""));
  SK_TRY(const auto phase, claim["status"]["phase"].get_or(""));
  if (phase == "Lost") out.fault = "its volume is lost";
  if (claim["metadata"]["deletionTimestamp"].present()) out.fault = "it is being deleted";
  return out;
}

Result<void> Volumes::add_claim(const JsonField& claim) {
  SK_TRY(auto name, full_name_of(claim));
  auto read = read_claim(claim);
  if (!read) {
    Claim broken;
    broken.fault = read.error().message;
    read = std::move(broken);
  }
  claims_.insert_or_assign(std::move(name), *std::move(read));
  return {};
}

/// What the volume says of its nodes: its affinity, and its zone labels, which hold for nodes that have a zone at all.
Result<std::vector<std::vector<NodeSelectorTerm>>> Volumes::places_of(const JsonField& volume) {
  std::vector<std::vector<NodeSelectorTerm>> where;
  const JsonField required = volume["spec"]["nodeAffinity"]["required"];
  if (required.present()) {
    SK_TRY(auto terms, node_terms(required["nodeSelectorTerms"]));
    for (const NodeSelectorTerm& term : terms)
      for (const SelectorRequirement& each : term.labels)
        if (each.key == plan::kZoneLabel) zones_.insert(each.values.begin(), each.values.end());
    where.push_back(std::move(terms));
  }
  SK_TRY(const auto labels, volume["metadata"]["labels"].string_map());
  NodeSelectorTerm anywhere;
  for (const std::string_view key : {plan::kZoneLabel, plan::kRegionLabel, kOldZone, kOldRegion})
    anywhere.labels.push_back({std::string(key), SelectorOperator::DoesNotExist, {}});
  for (const auto& [key, old] : {std::pair(plan::kZoneLabel, kOldZone), std::pair(plan::kRegionLabel, kOldRegion)}) {
    for (const std::string_view spelling : {key, old}) {
      const auto label = labels.find(std::string(spelling));
      if (label == labels.end()) continue;
      std::vector<std::string> values;
      for (std::size_t at = 0; at <= label->second.size();) {
        const std::size_t end = std::min(label->second.find("__", at), label->second.size());
        values.push_back(label->second.substr(at, end - at));
        at = end + 2;
      }
      if (key == plan::kZoneLabel) zones_.insert(values.begin(), values.end());
      NodeSelectorTerm by_new{{{std::string(key), SelectorOperator::In, values}}, {}};
      NodeSelectorTerm by_old{{{std::string(old), SelectorOperator::In, values}}, {}};
      where.push_back({std::move(by_new), std::move(by_old), anywhere});
    }
  }
  return where;
}

Result<void> Volumes::add_volume(const JsonField& object) {
  Volume out;
  const JsonField spec = object["spec"];
  SK_TRY(auto name, object["metadata"]["name"].as<std::string>());
  if (spec["csi"].present()) {
    SK_TRY(out.driver, spec["csi"]["driver"].get_or(""));
    SK_TRY(out.handle, spec["csi"]["volumeHandle"].get_or(""));
  } else if (spec["awsElasticBlockStore"].present()) {
    out.driver = kEbsDriver;
    SK_TRY(out.handle, spec["awsElasticBlockStore"]["volumeID"].get_or(""));
  }
  if (out.handle.empty()) out.handle = name;
  SK_TRY(out.storage_class, spec["storageClassName"].get_or(""));
  if (spec["claimRef"].present()) {
    SK_TRY(const auto ns, spec["claimRef"]["namespace"].get_or("default"));
    SK_TRY(const auto claim, spec["claimRef"]["name"].get_or(""));
    out.claimed_by = ns + "/" + claim;
  }
  SK_TRY(out.bytes, bytes_in(spec["capacity"]["storage"]));
  SK_TRY(const auto modes, spec["accessModes"].strings());
  out.modes.insert(modes.begin(), modes.end());
  SK_TRY(const auto phase, object["status"]["phase"].get_or(""));
  out.available = (phase.empty() || phase == "Available") && !object["metadata"]["deletionTimestamp"].present();
  SK_TRY(out.where, places_of(object));
  volumes_.insert_or_assign(std::move(name), std::move(out));
  return {};
}

Result<void> Volumes::add_class(const JsonField& object) {
  Class out;
  SK_TRY(auto name, object["metadata"]["name"].as<std::string>());
  SK_TRY(out.provisioner, object["provisioner"].get_or(""));
  SK_TRY(const auto mode, object["volumeBindingMode"].get_or("Immediate"));
  out.waits = mode == "WaitForFirstConsumer";
  SK_TRY(const auto topologies, object["allowedTopologies"].elements());
  for (const JsonField& topology : topologies) {
    NodeSelectorTerm term;
    SK_TRY(const auto expressions, topology["matchLabelExpressions"].elements());
    for (const JsonField& each : expressions) {
      SelectorRequirement wanted;
      SK_TRY(wanted.key, each["key"].as<std::string>());
      SK_TRY(wanted.values, each["values"].strings());
      if (wanted.key == plan::kZoneLabel) zones_.insert(wanted.values.begin(), wanted.values.end());
      term.labels.push_back(std::move(wanted));
    }
    out.where.push_back(std::move(term));
  }
  SK_TRY(const auto chosen,
         object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"].get_or(""));
  if (chosen == "true" && (default_class_.empty() || name < default_class_)) default_class_ = name;
  classes_.insert_or_assign(std::move(name), std::move(out));
  return {};
}

void Volumes::count_use(const std::string& ns, const std::string& claim, std::int64_t pods) {
  uses_[ns + "/" + claim] += pods;
}

void Volumes::attach(const std::string& full_name, const std::string& driver, const std::string& handle,
                     plan::VolumeNeeds& needs) {
  if (driver.empty()) return;  // no driver counts it
  if (uses_[full_name] > 1) {
    needs.shared.emplace_back(driver, handle);
    return;
  }
  const auto at = std::ranges::find(needs.own, driver, &std::pair<std::string, std::int64_t>::first);
  if (at == needs.own.end()) {
    needs.own.emplace_back(driver, 1);
  } else {
    ++at->second;
  }
}

/// A volume that is there already and would do: the smallest, by name among equals. It is this claim's from now on.
Volumes::Volume* Volumes::available_for(const std::string& full_name, const Claim& claim) {
  Volume* best = nullptr;
  for (auto& [name, volume] : volumes_) {
    if (!volume.available || volume.storage_class != claim.storage_class || volume.bytes < claim.bytes) continue;
    if (!volume.claimed_by.empty() && volume.claimed_by != full_name) continue;
    if (!std::ranges::includes(volume.modes, claim.modes)) continue;
    if (best == nullptr || volume.bytes < best->bytes) best = &volume;
  }
  if (best != nullptr) best->claimed_by = full_name;
  return best;
}

Result<void> Volumes::bind_new(const std::string& full_name, const Claim& given, plan::VolumeNeeds& needs) {
  Claim claim = given;
  if (!claim.names_class) claim.storage_class = default_class_;
  const auto refuse = [](std::string why) { return fail(ErrorCode::InvalidInput, std::move(why)); };
  if (claim.storage_class.empty()) return refuse("it is bound to no volume and has no class that could make one");
  const auto found = classes_.find(claim.storage_class);
  if (found == classes_.end()) return refuse("its StorageClass " + quote(claim.storage_class) + " is not there");
  const Class& storage_class = found->second;
  if (!storage_class.waits) return refuse("it is not bound, and its class binds before a pod is placed");
  if (!claim.selected_node.empty()) {
    needs.where.push_back({{{}, {{"metadata.name", SelectorOperator::In, {claim.selected_node}}}}});
  }
  if (const Volume* volume = available_for(full_name, claim); volume != nullptr) {
    needs.where.insert(needs.where.end(), volume->where.begin(), volume->where.end());
    attach(full_name, volume->driver, volume->handle, needs);
    return {};
  }
  if (storage_class.provisioner.empty() || storage_class.provisioner == kNoProvisioner)
    return refuse("no volume of its class that is there would do, and none can be made");
  if (!storage_class.where.empty()) needs.where.push_back(storage_class.where);
  attach(full_name, std::string(driver_of(storage_class.provisioner)), full_name, needs);
  return {};
}

Result<void> Volumes::bind(const std::string& full_name, const Claim& claim, plan::VolumeNeeds& needs) {
  if (!claim.fault.empty()) return fail(ErrorCode::InvalidInput, claim.fault);
  if (claim.exclusive) needs.exclusive.push_back(full_name);
  if (claim.volume.empty()) return bind_new(full_name, claim, needs);
  const auto found = volumes_.find(claim.volume);
  if (found == volumes_.end())
    return fail(ErrorCode::NotFound, "its PersistentVolume " + quote(claim.volume) + " is not there");
  const Volume& volume = found->second;
  needs.where.insert(needs.where.end(), volume.where.begin(), volume.where.end());
  attach(full_name, volume.driver, volume.handle, needs);
  return {};
}

Result<plan::VolumeNeeds> Volumes::needs_of(const std::string& ns, std::span<const ClaimUse> claims) {
  plan::VolumeNeeds needs;
  for (const ClaimUse& use : claims) {
    const std::string full_name = ns + "/" + use.name;
    const std::string doing = "PersistentVolumeClaim " + quote(use.name);
    auto found = claims_.find(full_name);
    if (found == claims_.end() && use.made_from) {
      SK_TRY(auto made, read_claim(*use.made_from).within(doing));
      found = claims_.emplace(full_name, std::move(made)).first;
    }
    if (found == claims_.end()) return fail(ErrorCode::NotFound, doing + " is not there");
    SK_CHECK(bind(full_name, found->second, needs).within(doing));
  }
  std::ranges::sort(needs.own);
  std::ranges::sort(needs.shared);
  std::ranges::sort(needs.exclusive);
  return needs;
}

}  // namespace spotkeeper::control
