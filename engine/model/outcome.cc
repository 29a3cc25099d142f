// Counting, printing and encoding the outcome of a run.
#include "model/outcome.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/text.h"
#include "base/time.h"

namespace rescind {
namespace {

constexpr std::array<std::string_view, 5> kProofs = {"holds", "does_not_hold", "unknown", "open",
                                                     "not_needed"};

using Json = nlohmann::ordered_json;

std::string path_line(const ResidualPath& path) {
  std::string line = "  " + join(path.path, " > ");
  line += path.state == PathState::Unknown ? "  unknown: " : "  open: ";
  line += path.why;
  if (path.until) {
    line += ", until " + format_instant(*path.until);
  }
  return line + "\n";
}

Json encode_path(const ResidualPath& path) {
  Json object;
  object["path"] = path.path;
  object["state"] = path.state == PathState::Unknown ? "unknown" : "open";
  object["why"] = path.why;
  if (path.until) {
    object["until"] = format_instant(*path.until);
  }
  return object;
}

std::string print_steps(const VerifiedOutcome& outcome) {
  const std::uint64_t needed = outcome.steps.size() - outcome.count(Proof::NotNeeded);
  std::string text = std::to_string(outcome.count(Proof::Holds)) + " of " +
                     counted(needed, "step") + " read back as done\n";
  for (const StepProof& step : outcome.steps) {
    if (step.proof == Proof::DoesNotHold || step.proof == Proof::Unknown) {
      text +=
          "  " + step.verb + " " + step.item + "  " +
          (step.proof == Proof::Unknown ? "cannot be read: " : "claimed, but seen otherwise: ") +
          step.detail + "\n";
    }
  }
  return text;
}

}  // namespace

std::string_view proof_name(Proof proof) {
  return kProofs[static_cast<std::size_t>(proof)];
}

std::uint64_t VerifiedOutcome::count(Proof proof) const {
  return static_cast<std::uint64_t>(std::count_if(
      steps.begin(), steps.end(), [proof](const StepProof& step) { return step.proof == proof; }));
}

std::uint64_t VerifiedOutcome::paths_left() const {
  std::uint64_t paths = 0;
  for (const SubjectClosure& subject : subjects) {
    paths += subject.paths.size();
  }
  return paths;
}

bool VerifiedOutcome::agrees() const {
  return closure_checked && count(Proof::DoesNotHold) == 0 && count(Proof::Unknown) == 0 &&
         std::all_of(subjects.begin(), subjects.end(),
                     [](const SubjectClosure& subject) { return subject.unclaimed.empty(); });
}

bool VerifiedOutcome::closed() const {
  return agrees() && count(Proof::Open) == 0 && paths_left() == 0;
}

std::string print_outcome(const VerifiedOutcome& outcome) {
  std::string text = print_steps(outcome);
  if (!outcome.closure_checked) {
    return text + "paths that remain: not checked, " + outcome.why_not_checked + "\n";
  }
  if (outcome.subjects.empty()) {
    return text;  // nobody leaves by it
  }
  const std::uint64_t paths = outcome.paths_left();
  text += paths == 1 ? "1 path remains" : std::to_string(paths) + " paths remain";
  text += paths == 0 ? "\n" : ":\n";
  for (const SubjectClosure& subject : outcome.subjects) {
    for (const ResidualPath& path : subject.paths) {
      text += path_line(path);
    }
    if (!subject.unclaimed.empty()) {
      text += "  " + counted(subject.unclaimed.size(), "path") + " of " + subject.subject +
              " that the plan did not foresee\n";
    }
  }
  return text;
}

std::string encode_outcome(const VerifiedOutcome& outcome) {
  Json object;
  object["run"] = outcome.run;
  object["at"] = format_instant(outcome.at);
  object["state"] = run_state_name(outcome.state);
  object["agrees"] = outcome.agrees();
  object["closed"] = outcome.closed();
  object["steps"] = Json::array();
  for (const StepProof& step : outcome.steps) {
    object["steps"].push_back(Json{{"id", step.step},
                                   {"verb", step.verb},
                                   {"item", step.item},
                                   {"system", step.system},
                                   {"claimed", step_state_name(step.claimed)},
                                   {"proof", proof_name(step.proof)},
                                   {"detail", step.detail}});
  }
  object["closure_checked"] = outcome.closure_checked;
  object["why_not_checked"] = outcome.why_not_checked;
  object["subjects"] = Json::array();
  for (const SubjectClosure& subject : outcome.subjects) {
    Json one;
    one["subject"] = subject.subject;
    one["paths"] = Json::array();
    for (const ResidualPath& path : subject.paths) {
      one["paths"].push_back(encode_path(path));
    }
    one["unclaimed"] = Json::array();
    for (const ResidualPath& path : subject.unclaimed) {
      one["unclaimed"].push_back(encode_path(path));
    }
    if (subject.last_path_closes_at) {
      one["last_path_closes_at"] = format_instant(*subject.last_path_closes_at);
    }
    object["subjects"].push_back(std::move(one));
  }
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rescind
