#include "tests/tools/drain_minimum/world.h"

#include <algorithm>
#include <string>
#include <utility>

namespace spotkeeper::tools {
namespace {

constexpr int kMostLeaving = 8;  // more would take the search minutes
constexpr double kLongest = 3600;

Result<double> seconds(const format::JsonField& field, double fallback) {
  SK_TRY(const double value, field.get_or(fallback));
  if (value < 0 || value > kLongest) return fail(field.error("from 0 to 3600 seconds"));
  return value;
}

Result<std::vector<double>> all_seconds(const format::JsonField& field) {
  std::vector<double> found;
  SK_TRY(const auto elements, field.elements());
  for (const format::JsonField& element : elements) {
    SK_TRY(const double value, seconds(element, 0));
    found.push_back(value);
  }
  return found;
}

Result<oracle::Path> parse_path(const format::JsonField& field) {
  SK_CHECK(field.only_keys({"name", "rate", "takes", "leaves", "joins", "terminating"}));
  oracle::Path path;
  SK_TRY(path.name, field["name"].as<std::string>());
  SK_TRY(path.rate, field["rate"].as<double>());
  if (path.rate < 0) return fail(field["rate"].error("at least 0"));
  SK_TRY(path.takes, seconds(field["takes"], 0));
  SK_TRY(path.leaves, all_seconds(field["leaves"]));
  SK_TRY(path.joins, all_seconds(field["joins"]));
  SK_TRY(path.terminating, field["terminating"].get_or(false));
  return path;
}

format::JsonObject told(const oracle::FewestLost& found, const oracle::RequestWorld& world) {
  format::JsonObject paths;
  for (std::size_t i = 0; i < world.paths.size(); ++i) paths[world.paths[i].name] = found.by_path[i];
  format::JsonArray starts(found.starts.begin(), found.starts.end());
  return {{"lost", found.lost}, {"paths", std::move(paths)}, {"starts", std::move(starts)}};
}

}  // namespace

Result<MinimumQuestion> parse_minimum_question(const format::JsonValue& document) {
  const format::JsonField field(document);
  SK_CHECK(field.is_object());
  SK_CHECK(field.only_keys({"staying", "leaving", "desired", "notice", "until", "first", "margin", "step",
                            "ready_after", "grace", "answers", "starts", "paths"}));
  MinimumQuestion question;
  oracle::RequestWorld& world = question.world;
  SK_TRY(world.staying, field["staying"].as<std::int32_t>());
  SK_TRY(world.leaving, field["leaving"].as<std::int32_t>());
  if (world.staying < 0) return fail(field["staying"].error("at least 0"));
  if (world.leaving < 1 || world.leaving > kMostLeaving) return fail(field["leaving"].error("from 1 to 8"));
  SK_TRY(world.desired, field["desired"].get_or(std::int32_t{0}));
  SK_TRY(world.notice, seconds(field["notice"], 0));
  SK_TRY(world.until, seconds(field["until"], world.notice));
  SK_TRY(world.first, seconds(field["first"], world.first));
  SK_TRY(world.margin, seconds(field["margin"], world.margin));
  SK_TRY(world.step, seconds(field["step"], world.step));
  if (world.step < 0.1) return fail(field["step"].error("at least 0.1"));
  SK_TRY(world.ready_after, seconds(field["ready_after"], 0));
  SK_TRY(world.grace, seconds(field["grace"], 0));
  SK_TRY(world.answers, seconds(field["answers"], 0));
  SK_TRY(question.starts, all_seconds(field["starts"]));
  if (!question.starts.empty() && std::ssize(question.starts) != world.leaving)
    return fail(field["starts"].error("as many as leave"));
  std::ranges::sort(question.starts);
  SK_TRY(const auto paths, field["paths"].elements());
  for (const format::JsonField& path : paths) {
    SK_TRY(oracle::Path parsed, parse_path(path));
    world.paths.push_back(std::move(parsed));
  }
  return question;
}

format::JsonValue answer(const MinimumQuestion& question) {
  format::JsonObject object = told(oracle::fewest_requests_lost(question.world), question.world);
  if (!question.starts.empty())
    object["done"] = told(oracle::requests_lost(question.world, question.starts), question.world);
  return object;
}

}  // namespace spotkeeper::tools
