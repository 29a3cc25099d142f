// Steps that end because a person refused them.
#include "execute/refusals.h"

#include <map>
#include <set>
#include <string>

#include "base/printable.h"
#include "store/run_plan.h"

namespace rescind::execute {
namespace {

// A request may be out, or the step has ended: too late to refuse.
bool has_begun(const StepRecord& record) {
  return record.attempts > 0 ||
         (record.state != StepState::Pending && record.state != StepState::Waiting &&
          record.state != StepState::Ready);
}

}  // namespace

Result<Ancestry> read_ancestry(const Plan& plan, Store& store) {
  Ancestry digests;
  std::set<std::string> seen;
  std::vector<std::string> open = plan.supersedes;
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    if (!seen.insert(id).second) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto run, store.find_run(id));
    if (!run) {
      continue;
    }
    digests.insert(run->digest);
    RESCIND_ASSIGN_OR_RETURN(const auto earlier, load_first_plan(store, id));
    open.insert(open.end(), earlier->supersedes.begin(), earlier->supersedes.end());
  }
  return digests;
}

Status end_refused(const Plan& plan, const Approvals& approvals, std::vector<StepRecord>& steps,
                   RunJournal& journal, Instant now) {
  std::map<std::string_view, const PlanStep*> planned;
  for (const PlanStep& step : plan.steps) {
    planned.emplace(step.id, &step);
  }
  for (StepRecord& record : steps) {
    const auto step = planned.find(record.step);
    if (step == planned.end() || has_begun(record)) {
      continue;
    }
    const auto refusal = approvals.refusal(*step->second, now);
    if (!refusal) {
      continue;
    }
    record.state = StepState::Refused;
    record.escalated = true;
    record.wait.clear();
    record.due.reset();
    record.settled_at = now;
    record.detail = "refused by " + refusal->approver +
                    (refusal->seat == refusal->approver ? "" : " for " + refusal->seat) + ": " +
                    printable(refusal->reason);
    Entry entry;
    entry.entry = RecordEntry::Refusal;
    entry.detail = record.detail;
    RESCIND_RETURN_IF_ERROR(journal.write(record, entry));
  }
  return {};
}

}  // namespace rescind::execute
