// What whoever is gone has left, what they reached after somebody said that nothing is left, and
// how long they could keep alive what they knew.
#include <algorithm>
#include <set>

#include "oracle_end.h"

namespace rescind::simulation {
namespace {

// Only a person can help, and was told.
bool left_to_people(const Evidence& evidence, const std::string& item) {
  return std::any_of(evidence.steps().begin(), evidence.steps().end(), [&](const KnownStep& known) {
    const StepRecord& record = *known.record;
    const bool about = known.step->item == item || known.step->account == item;
    const bool waits = record.wait.starts_with("approval") || record.wait.starts_with("limit") ||
                       record.wait.starts_with("handover");
    return about && is_worked(known.run->record.state) &&
           ((waits && !is_end_state(record.state)) ||
            (is_end_state(record.state) && !is_done_state(record.state) && record.escalated));
  });
}

void check_no_access(Evidence& evidence) {
  const Instant now = evidence.now();
  for (const auto& [id, item] : evidence.trace().estate->items()) {
    if (!item.present) {
      continue;
    }
    const bool own = evidence.is_away(item.holder, now) &&
                     (item.kind == Kind::Session || item.kind == Kind::Token ||
                      (item.kind == Kind::Account && item.enabled));
    const bool credential = kCredentialKinds.contains(item.kind) && item.enabled;
    const bool known =
        credential && std::any_of(item.known_to.begin(), item.known_to.end(),
                                  [&](const auto& who) { return evidence.is_gone(who, now); });
    const std::string account = item.account.empty() ? id : item.account;
    if ((own || known) && !left_to_people(evidence, account) && !left_to_people(evidence, id)) {
      evidence.broken("5 no session, token or enabled account in the end", id,
                      std::string(kind_name(item.kind)) +
                          (own ? " of " + item.holder + " is left" : " that they know works"));
    }
  }
}

bool given_by(const Promise& promise, const char* department, const EstateItem& right) {
  return std::any_of(promise.grants.begin(), promise.grants.end(), [&](const Grant& grant) {
    return grant.department == department && grant.system == right.system &&
           grant.kind == kind_name(right.kind) && grant.name == right.name;
  });
}

// Somebody's data is kept, and what it hangs on with it.
bool may_be_kept(const Evidence& evidence, const EstateItem& right) {
  const auto& holds = evidence.trace().scenario.holds;
  return !right.carries_license.empty() &&
         std::any_of(holds.begin(), holds.end(),
                     [&](const HoldChange& hold) { return hold.person == right.holder; });
}

// Old access goes with the old job; what the new one gives as well is never touched.
void check_movers(Evidence& evidence) {
  for (const auto& [id, item] : evidence.trace().estate->items()) {
    if (!kEntitlementKinds.contains(item.kind) ||
        !evidence.has_moved(item.holder, evidence.now())) {
      continue;
    }
    const bool deserved = given_by(evidence.promise(), kNewJob, item);
    if (item.present && !deserved && !may_be_kept(evidence, item) &&
        !left_to_people(evidence, id)) {
      evidence.broken(
          "5 old access goes with the old job", id,
          item.holder + " has another job, " + item.name + " in " + item.system + " is left");
    }
    if (!item.present && deserved && evidence.only_moved(item.holder)) {
      evidence.broken("2 no step fires unauthorised", id,
                      "taken from " + item.holder + ", whose new job gives it");
    }
  }
}

void check_claims(Evidence& evidence) {
  const auto claims = evidence.trace().store->list_claims("");
  for (const ContainmentClaim& claim : *claims) {
    const EstateItem* item = evidence.trace().estate->find(claim.item);
    if (!claim.released_at && item != nullptr && item->present && item->enabled &&
        (item->kind == Kind::Account || kCredentialKinds.contains(item->kind)) && !item->locked &&
        item->version == 1 && !left_to_people(evidence, claim.item)) {
      evidence.broken("6 a standing claim means: not enabled", claim.item,
                      "claimed by " + claim.cause + " and enabled");
    }
  }
}

// --- 8

bool starts_by_itself(const PlanStep& step) {
  return step.approvals.empty() && !step.gate && step.limits.empty() && step.retirement.empty() &&
         step.rank >= Rank::Contain && step.rank <= Rank::Sweep;
}

// The plan's claim assumes that what starts by itself is done by its deadline.
bool went_as_planned(Evidence& evidence, const KnownRun& run) {
  std::map<std::string, Instant> done;
  for (const JournalRecord& record : evidence.journal(run.record.id)) {
    if (!record.step.empty() && is_done_state(record.state)) {
      done.try_emplace(record.step, record.at);
    }
  }
  const auto& steps = run.plans.front().steps;
  return std::all_of(steps.begin(), steps.end(), [&](const PlanStep& step) {
    const auto found = done.find(step.id);
    return !starts_by_itself(step) ||
           (found != done.end() && found->second <= step.deadline.value_or(step.not_before));
  });
}

// Until when what the run says of its subjects counts.
Instant valid_until(const Evidence& evidence, const KnownRun& run) {
  const bool over = !is_worked(run.record.state) && run.record.state != RunState::Closed;
  return over ? run.record.updated_at : evidence.now();
}

// Hired again since: they have access again, and what the run said of them was for the time before.
bool came_back(const Evidence& evidence, const KnownRun& run, const Reach& reach) {
  const auto& reports = evidence.trace().scenario.reports;
  return std::any_of(reports.begin(), reports.end(), [&](const Report& report) {
    return report.event.type == "rehire" && report.event.subject == reach.person &&
           report.arrives > run.record.opened_at && report.arrives <= reach.at;
  });
}

void check_claimed_ends(Evidence& evidence) {
  for (const auto& [id, run] : evidence.runs()) {
    const Plan& plan = run.plans.front();
    std::optional<Instant> closed = plan.summary.last_path_closes_at;
    if (closed && !went_as_planned(evidence, run)) {
      closed.reset();
    }
    if (run.record.state == RunState::Closed) {
      closed = closed ? std::min(*closed, run.record.updated_at) : run.record.updated_at;
    }
    if (!closed || !plan.undoes.empty()) {
      continue;
    }
    std::set<std::string> subjects;
    for (const Event& event : plan.events) {
      if (is_departure(event.type)) {
        subjects.insert(event.subject);
      }
    }
    const Instant until = valid_until(evidence, run);
    for (const Reach& reach : evidence.trace().reaches) {
      if (subjects.contains(reach.person) && reach.at > *closed && reach.at <= until &&
          evidence.is_gone(reach.person, reach.at) && !came_back(evidence, run, reach)) {
        evidence.broken_at("8 a path ends when it was said to", reach.at, reach.item,
                           reach.person + " " + reach.what + " it; by " + id +
                               " the last path closed at " + format_instant(*closed));
      }
    }
  }
}

// --- 13

struct Stay {
  RetirementRecord record;
  Instant left{};
};

// The stages that a retirement was in, each with when it left.
std::vector<Stay> stays_of(const std::vector<RetirementRecord>& forms) {
  std::vector<Stay> stays;
  for (const RetirementRecord& form : forms) {
    if (stays.empty() || stays.back().record.stage != form.stage ||
        stays.back().record.generation != form.generation) {
      if (!stays.empty()) {
        stays.back().left = form.entered_at;
      }
      stays.push_back({form, form.entered_at});
    }
  }
  return stays;
}

std::vector<Instant> uses_by_others(const Evidence& evidence, const std::string& item,
                                    const KnownRun& run) {
  std::vector<Instant> uses;
  for (const EstateChange& change : evidence.changes()) {
    const auto& events = run.plans.front().events;
    const bool own = std::any_of(events.begin(), events.end(),
                                 [&](const Event& event) { return event.subject == change.by; });
    if (change.item == item && change.what == "used" && !own) {
      uses.push_back(change.at);
    }
  }
  return uses;
}

// The first instant from `from` on at which nobody else used it for so long.
Instant idle_at(const std::vector<Instant>& uses, Instant from, Seconds idle) {
  Instant met = from;
  for (const Instant use : uses) {
    met = use <= met && use + idle > met ? use + idle : met;
  }
  return met;
}

void check_drain(Evidence& evidence, const Stay& stay, const KnownRun& run) {
  const RetirePromise& promise = *evidence.promise().retire;
  const Scenario& scenario = evidence.trace().scenario;
  const EstateItem& item = evidence.trace().estate->items().at(stay.record.item);
  const Instant entered = stay.record.entered_at;
  const Instant watched = std::max(entered, scenario.begin + promise.idle);
  const Instant by =
      std::min(idle_at(uses_by_others(evidence, item.id, run), watched, promise.idle),
               entered + 2 * promise.drain_within) +
      scenario.look_again + std::chrono::hours(1) + evidence.lost();
  if (stay.left > by && scenario.jumps.empty() && evidence.healthy(item.system, entered, by)) {
    evidence.broken_at("13 own use never lengthens", stay.left, item.id,
                       "left `drain` at " + format_instant(stay.left) +
                           ", by others' use it should have by " + format_instant(by));
  }
}

void check_return(Evidence& evidence, const Stay& before, const Stay& back, const KnownRun& run) {
  const std::vector<Instant> uses = uses_by_others(evidence, back.record.item, run);
  const bool needed = std::any_of(uses.begin(), uses.end(), [&](Instant use) {
    return use >= before.record.entered_at && use <= back.record.entered_at;
  });
  const auto& approvals = evidence.approvals(run.record.id);
  const bool approved =
      std::any_of(approvals.begin(), approvals.end(), [&](const StoredApproval& given) {
        return given.at <= back.record.entered_at && !given.refused && !given.step.empty();
      });
  if (!needed || !approved || back.record.returns > 3) {
    evidence.broken_at("13 own use never lengthens", back.record.entered_at, back.record.item,
                       !needed     ? "it went back, and no dependent used it"
                       : !approved ? "it went back, and nobody approved"
                                   : "it went back more than three times");
  }
}

void check_own_use(Evidence& evidence) {
  for (const auto& [id, forms] : evidence.trace().retirements) {
    const std::vector<Stay> stays = stays_of(forms);
    for (std::size_t i = 0; i < stays.size(); ++i) {
      const KnownRun& run = evidence.runs().at(stays[i].record.run);
      if (stays[i].record.stage == "drain" && i + 1 < stays.size()) {
        check_drain(evidence, stays[i], run);
      }
      if (i > 0 && stays[i].record.returns > stays[i - 1].record.returns) {
        check_return(evidence, stays[i - 1], stays[i], run);
      }
    }
  }
}

}  // namespace

void check_access(Evidence& evidence) {
  check_no_access(evidence);
  check_movers(evidence);
  check_claims(evidence);
  check_claimed_ends(evidence);
  check_own_use(evidence);
}

}  // namespace rescind::simulation
