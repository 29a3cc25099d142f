// Steps that end because a person refused them.
#include "execute/refusals.h"

#include <algorithm>
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

void add_starts(const Plan& plan, std::map<std::string, Instant>& starts) {
  for (const PlanStep& step : plan.steps) {
    Instant& start = starts.try_emplace(step.id, step.not_before).first->second;
    start = std::max(start, step.not_before);
  }
}

}  // namespace

Result<Ancestry> read_ancestry(const Plan& plan, Store& store) {
  Ancestry ancestry;
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
    std::map<std::string, Instant>& starts = ancestry[run->digest];
    RESCIND_ASSIGN_OR_RETURN(const auto earlier, load_first_plan(store, id));
    add_starts(*earlier, starts);
    RESCIND_ASSIGN_OR_RETURN(const auto supplements, store.list_supplements(id));
    for (const Supplement& supplement : supplements) {
      auto more = store.decoded_plans().decode(supplement.plan);
      if (!more) {
        return tl::unexpected(more.error().add_context("reading a supplement of " + id));
      }
      add_starts(**more, starts);
    }
    open.insert(open.end(), earlier->supersedes.begin(), earlier->supersedes.end());
  }
  return ancestry;
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
