// Nobody acts in their own case.
#include <set>

#include "oracle_end.h"

namespace rescind::simulation {
namespace {

std::set<std::string> subjects_of(const KnownRun& run) {
  std::set<std::string> subjects;
  for (const Event& event : run.plans.front().events) {
    subjects.insert(event.subject);
  }
  return subjects;
}

void check_run(Evidence& evidence, const KnownRun& run) {
  const std::set<std::string> subjects = subjects_of(run);
  for (const StoredApproval& given : evidence.approvals(run.record.id)) {
    if (subjects.contains(given.approver)) {
      evidence.broken_at("10 the subject never approves", given.at, given.step,
                         given.approver + " approved in their own case");
    }
  }
  for (const Plan& plan : run.plans) {
    for (const PlanStep& step : plan.steps) {
      // What is put back was theirs.
      if (step.verb != Verb::Restore && subjects.contains(step.target)) {
        evidence.broken("10 the subject never receives", step.item,
                        std::string(verb_name(step.verb)) + " to " + step.target);
      }
    }
  }
}

}  // namespace

void check_people(Evidence& evidence) {
  for (const auto& [id, run] : evidence.runs()) {
    check_run(evidence, run);
  }
  for (const Call& call : evidence.trace().calls) {
    const auto run = evidence.runs().find(call.run);
    const bool own = run != evidence.runs().end() && subjects_of(run->second).contains(call.to);
    if (own || evidence.is_leaving(call.to, call.at)) {
      evidence.broken_at("10 the subject is never escalated to", call.at, call.to,
                         own ? "called in their own case" : "called, and is leaving");
    }
  }
}

}  // namespace rescind::simulation
