#include "control/node_record.h"

#include <utility>

#include "base/text.h"
#include "format/json.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;
using format::JsonObject;
using format::JsonReadOptions;
using format::JsonValue;

constexpr JsonReadOptions kShallow = {.max_depth = 8};

Result<JsonValue> read_object(std::string_view text) {
  SK_TRY(JsonValue document, format::parse_json(text, kShallow));
  SK_CHECK(JsonField(document).is_object());
  return document;
}

Result<Interruption> read_interruption(const JsonField& root, const NodeName& node) {
  Interruption what;
  what.node = node;
  SK_TRY(const auto kind, root["kind"].as<std::string>());
  const auto known_kind = interruption_kind_of(kind);
  if (!known_kind) return fail(root["kind"].error("no kind of interruption: " + quote(kind)));
  what.kind = *known_kind;
  SK_TRY(const auto effect, root["effect"].get_or(std::string(name_of(InterruptionEffect::Terminate))));
  const auto known_effect = interruption_effect_of(effect);
  if (!known_effect) return fail(root["effect"].error("no effect of an interruption: " + quote(effect)));
  what.effect = *known_effect;
  SK_TRY(what.source, root["source"].as<std::string>());
  SK_TRY(what.id, root["id"].as<std::string>());
  SK_TRY(what.noticed, root["noticed"].as<Instant>());
  SK_TRY(const auto deadline, root["deadline"].maybe<Instant>());
  if (deadline) what.deadline = Deadline{*deadline};
  SK_TRY(what.confidence, root["confidence"].get_or(1.0));
  const bool in_range = what.confidence > 0.0 && what.confidence <= 1.0;  // not so for a NaN
  if (!in_range) return fail(root["confidence"].error("not in (0, 1]"));
  return what;
}

Result<plan::NodeMark> parse_mark(std::string_view text, const NodeName& node) {
  SK_TRY(const auto document, read_object(text));
  const JsonField root(document);
  plan::NodeMark mark;
  SK_TRY(mark.interruption, read_interruption(root, node));
  SK_TRY(mark.tainted, root["did"]["taint"].get_or(false));
  SK_TRY(mark.cordoned, root["did"]["cordon"].get_or(false));
  SK_TRY(mark.excluded, root["did"]["exclude"].get_or(false));
  SK_TRY(mark.boot_id, root["bootId"].get_or(""));
  return mark;
}

}  // namespace

std::string write_mark(const plan::NodeMark& mark) {
  const Interruption& what = mark.interruption;
  JsonObject out;
  out["kind"] = name_of(what.kind);
  out["effect"] = name_of(what.effect);
  out["source"] = what.source;
  out["id"] = what.id;
  out["noticed"] = format_rfc3339(what.noticed);
  if (what.deadline) out["deadline"] = format_rfc3339(what.deadline->at);
  if (what.confidence != 1.0) out["confidence"] = what.confidence;
  JsonObject did;
  did["taint"] = mark.tainted;
  did["cordon"] = mark.cordoned;
  did["exclude"] = mark.excluded;
  out["did"] = std::move(did);
  out["bootId"] = mark.boot_id;
  return format::write_json(JsonValue(std::move(out)));
}

Result<plan::NodeMark> read_mark(std::string_view text, const NodeName& node) {
  auto mark = parse_mark(text, node);
  if (mark) return mark;
  return fail(
      std::move(mark).error().within("annotation " + std::string(kInterruptionAnnotation) + " " + quote(text, 120)));
}

Result<std::optional<plan::NodeMark>> mark_of(const Node& node) {
  const std::string* const text = node.annotations.find(kInterruptionAnnotation);
  if (text == nullptr) return std::optional<plan::NodeMark>();
  SK_TRY(auto mark, read_mark(*text, node.name));
  return std::optional<plan::NodeMark>(std::move(mark));
}

std::string write_claim(const DrainClaim& claim) {
  JsonObject out;
  out["holder"] = claim.holder;
  out["term"] = claim.term;
  out["progress"] = format_rfc3339(claim.progress);
  return format::write_json(JsonValue(std::move(out)));
}

Result<DrainClaim> read_claim(std::string_view text) {
  const std::string doing = "annotation " + std::string(kDrainAnnotation) + " " + quote(text, 120);
  auto document = read_object(text);
  if (!document) return fail(std::move(document).error().within(doing));
  const JsonField root(*document);
  DrainClaim claim;
  SK_TRY(claim.holder, root["holder"].as<std::string>().within(doing));
  SK_TRY(claim.term, root["term"].as<std::int64_t>().within(doing));
  SK_TRY(claim.progress, root["progress"].as<Instant>().within(doing));
  return claim;
}

std::optional<DrainClaim> claim_of(const Node& node) {
  const std::string* const text = node.annotations.find(kDrainAnnotation);
  if (text == nullptr) return std::nullopt;
  auto claim = read_claim(*text);
  if (!claim || claim->holder.empty()) return std::nullopt;
  return *std::move(claim);
}

std::vector<Interruption> MarkedNodes::in(const Snapshot& cluster) {
  std::vector<Interruption> marked;
  for (const Node* node : cluster.annotated_nodes()) {
    const std::string* const text = node->annotations.find(kInterruptionAnnotation);
    if (text == nullptr) continue;
    Known& known = known_[node->name];
    if (known.text != *text) {
      known.text = *text;
      known.what.reset();
      if (auto mark = read_mark(*text, node->name)) known.what = std::move(mark->interruption);
    }
    if (known.what) marked.push_back(*known.what);
  }
  return marked;
}

}  // namespace spotkeeper::control
