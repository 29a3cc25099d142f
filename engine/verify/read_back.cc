// Asks each system whether what the run claims holds. Never changes anything.
#include "verify/read_back.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "connect/sweeping.h"

namespace rescind::verify {
namespace {

ActionRequest request_of(const PlanStep& step, const StepRecord& record) {
  ActionRequest request;
  request.marker = step.id + "#" + std::to_string(record.generation);
  request.verb = step.verb;
  request.item = {step.item,
                  find_kind(step.kind).value_or(Kind::Account),
                  step.system,
                  step.native_id,
                  step.item_name,
                  step.account,
                  step.account_native_id,
                  step.holder};
  request.target = step.target;
  request.text = step.text;
  return request;
}

bool claims_done(const StepRecord& record) {
  return is_done_state(record.state) || record.state == StepState::Residual;
}

// A replacement holds while its successor is there: the old one stays as it was until a later step.
// A rotation that made a successor has retired the old one too. Nothing: it was done otherwise.
std::optional<ProbeResult> read_successor(Connector& connector, const PlanStep& step,
                                          const StepRecord& record) {
  if (step.verb != Verb::Replace && step.verb != Verb::Rotate) {
    return std::nullopt;
  }
  ActionRequest request = request_of(step, record);
  const Successor made = connector.find_successor(request);
  if (made.answer.result == ResultClass::AlreadyDone) {
    if (step.verb == Verb::Rotate) {
      request.verb = Verb::Disable;
      return connector.probe(request);
    }
    ProbeResult there;
    there.answer = ProbeAnswer::Done;
    there.detail = "its successor " + made.item.item + " is there";
    return there;
  }
  if (step.verb == Verb::Rotate) {
    return std::nullopt;
  }
  ProbeResult seen;
  // WHY: where both are gone there is nothing to replace; making the step ready again would only
  // end it in the same way, at once and for ever.
  const auto old = made.answer.result == ResultClass::Absent ? connector.observe(request.item)
                                                             : Result<Observation>(Observation{});
  if (old && old->presence == Presence::Absent) {
    seen.answer = ProbeAnswer::Done;
    seen.detail = "nothing is left to replace";
    return seen;
  }
  seen.answer =
      made.answer.result == ResultClass::Absent ? ProbeAnswer::NotDone : ProbeAnswer::Unknown;
  seen.detail =
      seen.answer == ProbeAnswer::NotDone ? "its successor is not there" : made.answer.detail;
  return seen;
}

// What was put back is there when the goal of what had changed it holds no more.
std::optional<ProbeResult> read_restored(Connector& connector, const PlanStep& step,
                                         const StepRecord& record, const Originals& originals) {
  const auto original = originals.find(step.id);
  if (step.verb != Verb::Restore || original == originals.end()) {
    return std::nullopt;
  }
  ProbeResult seen = connector.probe(request_of(original->second, record));
  seen.residual_until.reset();
  if (seen.answer != ProbeAnswer::Unknown) {
    seen.answer = seen.answer == ProbeAnswer::Done ? ProbeAnswer::NotDone : ProbeAnswer::Done;
    seen.detail = seen.answer == ProbeAnswer::Done ? "it is back" : "it is not back";
  }
  return seen;
}

// A later step of the same retirement has changed the item again: it was put back, or what was put
// back is out of use once more.
bool changed_later(const Plan& plan, const std::vector<StepRecord>& records, const PlanStep& step) {
  if (step.retirement.empty()) {
    return false;
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& other = plan.steps[i];
    if (other.retirement != step.retirement || !claims_done(records[i])) {
      continue;
    }
    const bool put_back = other.verb == Verb::Restore && other.generation > step.generation;
    const bool taken_again =
        step.verb == Verb::Restore && other.verb != Verb::Restore &&
        other.generation >= step.generation &&
        (other.effects.has(Effect::Contains) || other.effects.has(Effect::Destroys));
    const bool replaced = step.verb == Verb::Replace;  // its successor stays
    if ((put_back && step.verb != Verb::Restore && !replaced) || taken_again) {
      return true;
    }
  }
  return false;
}

void read_step(Connector& connector, const PlanStep& step, const StepRecord& record,
               const Originals& originals, StepProof& proof) {
  std::optional<ProbeResult> other = read_restored(connector, step, record, originals);
  if (!other) {
    other = read_successor(connector, step, record);
  }
  const ProbeResult seen = other ? *other : connector.probe(request_of(step, record));
  proof.detail = seen.detail;
  switch (seen.answer) {
  case ProbeAnswer::Done:
    proof.proof = Proof::Holds;
    break;
  case ProbeAnswer::NotDone:
    proof.proof = Proof::DoesNotHold;
    break;
  case ProbeAnswer::Unknown:
    proof.proof = Proof::Unknown;
    break;
  }
  if (proof.proof == Proof::Holds && seen.residual_until) {
    proof.detail = "what was handed out before lasts until " + format_instant(*seen.residual_until);
  }
}

// A record of a kind that a sweep ends; one that cannot be read is counted.
bool is_swept(const DiscoveredRecord& record) {
  const auto object = nlohmann::json::parse(record.json, nullptr, false);
  if (!object.is_object() || !object.contains("record") || !object["record"].is_string()) {
    return true;
  }
  const auto kind = find_kind(object["record"].get<std::string>());
  return kind && sweeping_verb(*kind).has_value();
}

// A sweep holds when a complete listing of the account shows nothing live.
void read_sweep(Connector& connector, const PlanStep& step, const StepRecord& record,
                StepProof& proof) {
  const auto live = connector.discover_account(request_of(step, record).item);
  proof.proof = Proof::Unknown;
  if (!live) {
    proof.detail = live.error().to_string();
    return;
  }
  for (const ListingState& listing : live->listings) {
    const auto kind = find_kind(listing.kind);
    if (kind && sweeping_verb(*kind) && !listing.complete) {
      proof.detail = "the " + listing.kind + " listing is incomplete: " + listing.why;
      return;
    }
  }
  const auto left = std::count_if(live->records.begin(), live->records.end(), is_swept);
  proof.proof = left == 0 ? Proof::Holds : Proof::DoesNotHold;
  proof.detail = std::to_string(left) + " live under the account";
}

// Accounts that the plan puts back into use: they are swept once, and used again from then on.
std::set<std::string> revived(const Plan& plan) {
  std::set<std::string> items;
  for (const PlanStep& step : plan.steps) {
    if (step.verb == Verb::Restore && step.action.empty()) {
      items.insert(step.item);
    }
  }
  return items;
}

bool needs_reading(const PlanStep& step, const std::set<std::string>& revived) {
  return step.action != "capture" && step.verb != Verb::Notify && step.verb != Verb::Ask &&
         !(step.action == "sweep" && revived.contains(step.item));
}

}  // namespace

std::vector<StepProof> read_back(const Plan& plan, const std::vector<StepRecord>& records,
                                 const Originals& originals, ConnectorSet& connectors,
                                 bool inline_workers) {
  std::vector<StepProof> proofs(plan.steps.size());
  const std::set<std::string> used_again = revived(plan);
  std::map<std::string, std::vector<std::size_t>> by_system;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    StepProof& proof = proofs[i];
    proof.step = step.id;
    proof.item = step.item;
    proof.verb = step.action.empty() ? std::string(verb_name(step.verb)) : step.action;
    proof.system = step.system;
    proof.claimed = records[i].state;
    if (records[i].state == StepState::Cancelled || records[i].state == StepState::Undone) {
      proof.proof = Proof::NotNeeded;
      proof.detail = records[i].detail;
    } else if (!claims_done(records[i])) {
      proof.detail = records[i].wait.empty() ? records[i].detail : records[i].wait;
    } else if (!needs_reading(step, used_again)) {
      proof.proof = Proof::NotNeeded;
    } else if (changed_later(plan, records, step)) {
      proof.proof = Proof::NotNeeded;
      proof.detail = "it was changed again later";
    } else if (connectors.find(step.system) == nullptr) {
      proof.proof = Proof::Unknown;
      proof.detail = connectors.why_unavailable(step.system);
    } else {
      by_system[step.system].push_back(i);
    }
  }
  const auto read_system = [&](const std::string& system, const std::vector<std::size_t>& indexes) {
    Connector& connector = *connectors.find(system);
    const auto capabilities = connectors.capabilities(system);
    for (const std::size_t i : indexes) {
      if (!capabilities) {
        proofs[i].proof = Proof::Unknown;
        proofs[i].detail = capabilities.error().to_string();
      } else if (plan.steps[i].action == "sweep") {
        read_sweep(connector, plan.steps[i], records[i], proofs[i]);
      } else {
        read_step(connector, plan.steps[i], records[i], originals, proofs[i]);
      }
    }
  };
  std::vector<std::thread> readers;
  for (const auto& [system, indexes] : by_system) {
    if (inline_workers) {
      read_system(system, indexes);
    } else {
      readers.emplace_back(read_system, std::cref(system), std::cref(indexes));
    }
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  return proofs;
}

}  // namespace rescind::verify
