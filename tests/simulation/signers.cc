#include "signers.h"

#include "base/hash.h"
#include "evidence.h"
#include "execute/refusals.h"
#include "store/run_plan.h"
#include "workflow/approve.h"
#include "workflow/load_inventory.h"
#include "workflow/people.h"

namespace rescind::simulation {
namespace {

KeyPair key_of(const std::string& person) {
  return *key_pair_of_seed(sha256(person));
}

Delegation delegation_of(const Scenario& scenario) {
  Delegation delegation;
  delegation.delegator = kKeeper;
  delegation.delegate = kDeputy;
  delegation.from = scenario.deputy_from;
  delegation.until = scenario.deputy_until;
  sign_document(delegation, key_of(kKeeper));
  return delegation;
}

Result<ApproverFacts> facts_now(Trace& trace) {
  Diagnostics ignored;
  RESCIND_ASSIGN_OR_RETURN(const auto inventory,
                           load_inventory({std::string(kStoreInventory)}, trace.store.get(),
                                          trace.policy.checked->schema, CollectOptions{}, ignored));
  RESCIND_ASSIGN_OR_RETURN(std::set<std::string> leaving,
                           find_leaving(*trace.store, *trace.policy.checked->schema));
  return read_people(inventory, kKeeper, std::move(leaving), trace.clock->now()).approvers;
}

}  // namespace

std::string public_key_of(const std::string& person) {
  return format_public_key(key_of(person).public_key);
}

Result<std::size_t> sign_everywhere(Trace& trace, const ApprovalTime& approval) {
  RESCIND_ASSIGN_OR_RETURN(const ApproverFacts facts, facts_now(trace));
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, trace.store->list_runs());
  std::size_t signed_documents = 0;
  for (const RunRecord& run : runs) {
    if (!is_worked(run.state)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const RunPlan plan, load_run_plan(*trace.store, run.id));
    RESCIND_ASSIGN_OR_RETURN(const execute::Ancestry ancestry,
                             execute::read_ancestry(plan.plan, *trace.store));
    ApprovalRequest request;
    request.as = approval.by;
    request.refuse = approval.refuses;
    request.reason = approval.refuses ? "no" : "";
    request.now = trace.clock->now();
    if (approval.by == kDeputy) {
      request.delegation = delegation_of(trace.scenario);
    }
    Diagnostics why_not;
    const auto document =
        make_approval(plan.plan, facts, ancestry, request, key_of(approval.by), why_not);
    if (document) {
      RESCIND_RETURN_IF_ERROR(store_approval(*trace.store, run.id, *document));
      ++signed_documents;
    }
  }
  return signed_documents;
}

}  // namespace rescind::simulation
