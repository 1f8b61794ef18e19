#include "sim/invariants/watcher.h"

#include <utility>

#include "sim/clients.h"

namespace spotkeeper::sim {
namespace {

constexpr std::size_t kMost = 100;

bool of_a_request(EventKind kind) {
  return kind == EventKind::RequestArrives || kind == EventKind::RequestEnds || kind == EventKind::RequestGivenUp ||
         kind == EventKind::RequestAgain;
}

}  // namespace

Invariants::Invariants(World& world) : watcher_(std::make_unique<Watcher>(world)) {}
Invariants::~Invariants() = default;
const std::vector<Violation>& Invariants::violations() const { return watcher_->violations(); }
std::uint64_t Invariants::looks() const { return watcher_->looks(); }
void Invariants::look() { watcher_->sweep(); }

Invariants::Watcher::Watcher(World& world)
    : world_(world.parts()),
      subscription_(world.store().subscribe([this](const Change& change) { changed(change); })),
      last_(world_.now),
      version_(world_.store.version()) {
  world_.watcher = [this](const Event& event) { after_event(event); };
}

Invariants::Watcher::~Watcher() { world_.watcher = nullptr; }

void Invariants::Watcher::broken(Rule rule, std::string what) {
  // What stays broken is told once.
  if (violations_.size() >= kMost || !told_.insert(what).second) return;
  violations_.push_back({world_.now, rule, std::move(what)});
}

void Invariants::Watcher::after_event(const Event& event) {
  ++looks_;
  if (event.when < last_) {
    broken(Rule::Time, "an event of " + format_rfc3339_micro(event.when) + " happened when it was " +
                           format_rfc3339_micro(last_) + " already");
  }
  if (world_.now < last_) broken(Rule::Time, "the clock went back from " + format_rfc3339_micro(last_));
  last_ = world_.now;
  // Requests come in thousands and touch nothing else: their sum is enough until something else happens.
  if (of_a_request(event.kind)) return requests_conserved();
  sweep();
}

void Invariants::Watcher::sweep() {
  ++sweeps_;
  listed_.resize(world_.pods.size(), 0);
  for (std::size_t i = 0; i < world_.machines.size(); ++i) machine(world_.machines[i], static_cast<MachineId>(i));
  for (auto id = static_cast<PodId>(programs_.size()); id < world_.pods.size(); ++id) {
    programs_.push_back(Program::Absent);
    living_.push_back(id);
  }
  in_use_.clear();
  for (const PodId id : living_) program(id);
  std::erase_if(living_, [&](PodId id) { return world_.pods[id].gone && programs_[id] == Program::Ended; });
  for (const WorkloadRun& run : world_.workloads) workload(run);
  books_agree();
  requests_conserved();
  requests_held();
}

void Invariants::Watcher::changed(const Change& change) {
  ++looks_;
  if (world_.now < last_) broken(Rule::Time, "a change when the clock had gone back");
  last_ = world_.now;
  if (change.version != ++version_) {
    broken(Rule::Time, "change " + std::to_string(change.version) + " came after " + std::to_string(version_ - 1));
    version_ = change.version;
  }
  identity(change);
  switch (kind_of(*change.object)) {
    case Kind::Pod: return pod_changed(change);
    case Kind::Budget: return budget_changed(change);
    case Kind::EndpointSlice:
      if (change.type != ChangeType::Deleted) slice_changed(std::get<EndpointSliceObject>(*change.object));
      return;
    default: return;
  }
}

void Invariants::Watcher::identity(const Change& change) {
  const Uid& uid = uid_of(*change.object);
  if (uid.empty()) return;
  if (change.type == ChangeType::Deleted) {
    removed_.insert(uid);
    return;
  }
  const auto named = [&] {
    return std::string(sim::name_of(kind_of(*change.object))) + " " + key_of(*change.object).str();
  };
  if (removed_.contains(uid)) broken(Rule::Gone, named() + " was removed and is written to");
  if (change.type == ChangeType::Modified && uid_of(*change.before) != uid) {
    broken(Rule::Gone, named() + " became another object without being removed");
  }
}

}  // namespace spotkeeper::sim
