#include "tally.h"

#include <algorithm>
#include <sstream>

namespace rescind::simulation {
namespace {

template <typename List, typename Which>
std::uint64_t count_of(const List& list, const Which& which) {
  return static_cast<std::uint64_t>(std::count_if(list.begin(), list.end(), which));
}

}  // namespace

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] += other.counts[i];
  }
}

std::string Tally::to_line() const {
  std::string line = "#";
  for (const std::uint64_t count : counts) {
    line += ' ' + std::to_string(count);
  }
  return line;
}

std::optional<Tally> Tally::of_line(const std::string& line) {
  std::istringstream words(line);
  std::string mark;
  Tally out;
  words >> mark;
  for (std::uint64_t& count : out.counts) {
    words >> count;
  }
  return mark == "#" && words ? std::optional(out) : std::nullopt;
}

std::string Tally::to_words() const {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(counts[i]) + ' ' + std::string(kCounted[i]);
  }
  return text;
}

Tally tally_of(const Trace& trace) {
  const auto approvals = trace.store->list_approvals("");
  const auto& changes = trace.estate->changes();
  const auto by_engine = [](const EstateChange& change) { return change.by.starts_with("step:"); };
  const auto destroys = [&](const EstateChange& change) {
    return by_engine(change) &&
           (change.what == "delete" || change.what == "wipe" || change.what == "destroyed");
  };
  const auto ended = [](const auto& entry) {
    return entry.second.back().state == RetirementState::Ended;
  };
  const auto refused = [](const StoredApproval& one) { return one.refused; };
  const std::uint64_t refusals = count_of(*approvals, refused);
  return {{trace.scenario.reports.size(), trace.runs.size(), trace.crashes, trace.acts,
           trace.scenario.faults.size(), count_of(changes, by_engine), count_of(changes, destroys),
           approvals->size() - refusals, refusals, trace.calls.size(), trace.seen,
           trace.retirements.size(), count_of(trace.retirements, ended), trace.undone.size(),
           trace.scenario.jumps.size()}};
}

}  // namespace rescind::simulation
