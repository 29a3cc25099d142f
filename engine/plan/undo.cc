#include "plan/undo.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "base/text.h"
#include "model/event.h"
#include "plan/step_id.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

bool was_done(StepState state) {
  return state == StepState::Verified || state == StepState::Applied ||
         state == StepState::Residual;
}

bool nobody_knows(StepState state) {
  return state == StepState::Intent || state == StepState::Sent || state == StepState::Unknown;
}

bool contains_its_item(const PlanStep& step) {
  return step.effects.has(Effect::Contains) && step.reversible != Reversible::Never;
}

// A step as the run left it.
struct Done {
  const PlanStep* step = nullptr;
  const StepRecord* record = nullptr;
  const UndoneRun* run = nullptr;

  [[nodiscard]] Instant at() const {
    return record->settled_at.value_or(record->updated_at.value_or(Instant()));
  }
};

// What is to be put back.
struct Back {
  const PlanStep* step = nullptr;
  std::string run;  // in which it was done
  Instant at{};
  std::uint32_t position = 0;
  bool captured = false;
};

class Undoer {
 public:
  explicit Undoer(const UndoRequest& request) : request_(request) {
    for (const UndoneRun& run : request.runs) {
      for (const std::string& lineage : run.plan->event_lineages) {
        causes_.insert(claim_cause(lineage));
      }
      std::map<std::string, const PlanStep*> steps;
      for (const PlanStep& step : run.plan->steps) {
        steps[step.id] = &step;
      }
      for (const StepRecord& record : run.records) {
        if (const auto step = steps.find(record.step); step != steps.end()) {
          add({step->second, &record, &run});
        }
      }
    }
  }

  Plan make() {
    bind();
    for (const auto& [id, done] : done_) {
      const PlanStep& step = *done.step;
      if (!step.action.empty() || step.item.empty() || step.verb == Verb::Restore) {
        continue;
      }
      if (holds_item(done)) {
        held_[step.item];
      }
      if (reversed(done)) {
        if (contains_its_item(step)) {
          held_[step.item].push_back(back_of(done));
        } else {
          add_back(back_of(done));
        }
      }
    }
    for (const UndoneRun& run : request_.runs) {
      for (const PlannedRetirement& planned : run.plan->retirements) {
        if (!planned.joins.empty()) {
          held_[planned.item];  // another run's retirement holds it for this one too
        }
      }
    }
    for (const auto& [item, own] : held_) {
      give_up_hold(item, own);
    }
    for (auto& [account, list] : groups_) {
      put_back(account, list);
    }
    sort_steps();
    finish();
    return std::move(plan_);
  }

 private:
  // A step that a newer run went on with stands there, unless only the older one has done it.
  void add(const Done& done) {
    const auto [known, added] = done_.try_emplace(done.step->id, done);
    if (!added && !was_done(known->second.record->state) && was_done(done.record->state)) {
      known->second = done;
    }
  }

  void bind() {
    const Plan& from = *request_.runs.front().plan;
    plan_.engine = request_.engine;
    plan_.policy = from.policy;
    plan_.inventory = request_.inventory == nullptr ? from.inventory : Plan::InventoryRef();
    if (request_.inventory != nullptr) {
      plan_.inventory.digest = request_.inventory->digest;
      for (const Table& table : request_.inventory->tables) {
        plan_.inventory.records += table.rows();
      }
    }
    plan_.events = from.events;
    plan_.event_lineages = from.event_lineages;
    plan_.as_of = request_.now;
    plan_.expires_at = request_.now + request_.expiry;
    plan_.bindings = request_.bindings;
    plan_.undoes = request_.runs.front().run;
  }

  void need_person(const PlanStep& step, std::string why) {
    plan_.needs_person.push_back(
        {.item = step.item,
         .why = "`" + std::string(verb_name(step.verb)) + "` is not put back: " + std::move(why),
         .who = request_.steward});
  }

  [[nodiscard]] bool is_put_back(const std::string& step) const {
    return std::any_of(request_.runs.begin(), request_.runs.end(), [&](const UndoneRun& run) {
      return request_.put_back.contains({run.run, step});
    });
  }

  // The step holds its item contained, though it may have found it so.
  static bool holds_item(const Done& done) {
    return contains_its_item(*done.step) &&
           (was_done(done.record->state) || is_done_state(done.record->state));
  }

  // Whether what the step did can be put back, as far as it goes itself; what cannot says why.
  bool reversed(const Done& done) {
    const PlanStep& step = *done.step;
    if (nobody_knows(done.record->state)) {
      need_person(step, "nobody knows whether it was done; resume the run, then undo it");
      return false;
    }
    if (!was_done(done.record->state) || is_put_back(step.id)) {
      return false;
    }
    if (step.verb == Verb::Replace) {
      plan_.notes.push_back(step.item + ": its successor stays, somebody may depend on it by now");
      return false;
    }
    if (step.reversible == Reversible::Never) {
      give_up(step);
      return false;
    }
    return true;
  }

  void give_up(const PlanStep& step) {
    if (step.rank >= Rank::Release) {
      need_person(step, step.undo.text);
    } else {
      plan_.notes.push_back(step.item + ": `" + std::string(verb_name(step.verb)) +
                            "` is not put back: " + step.undo.text);
    }
  }

  // In the newest of the runs that have the state from before.
  [[nodiscard]] Back back_of(const Done& done) const {
    const auto with_state =
        std::find_if(request_.runs.begin(), request_.runs.end(),
                     [&](const UndoneRun& run) { return run.captured.contains(done.step->id); });
    const bool captured = with_state != request_.runs.end();
    return {done.step, captured ? with_state->run : done.run->run, done.at(), done.record->position,
            captured};
  }

  void add_back(const Back& back) {
    const PlanStep& step = *back.step;
    if (const auto window = window_end(back); window && *window < request_.now) {
      need_person(step, "it could be until " + format_instant(*window));
    } else if (!back.captured) {
      need_person(step, "what it was before is not recorded");
    } else {
      groups_[step.account.empty() ? step.item : step.account].push_back(back);
    }
  }

  // The claims of the run's causes on the item end. It comes back when nobody else has one.
  void give_up_hold(const std::string& item, std::vector<Back> own) {
    const auto known = request_.standing.find(item);
    const std::vector<StandingChange> none;
    const std::vector<StandingChange>& standing =
        known == request_.standing.end() ? none : known->second;
    std::set<std::string> ours;
    std::set<std::string> others;
    for (const StandingChange& change : standing) {
      if (!change.claim.released_at) {
        (causes_.contains(claim_cause(change.claim.cause)) ? ours : others)
            .insert(change.claim.cause);
      }
    }
    for (const std::string& cause : ours) {
      plan_.releases.push_back({.item = item, .cause = cause});
    }
    if (!others.empty()) {
      const std::string by = join(std::vector<std::string>(others.begin(), others.end()), ", ");
      plan_.notes.push_back(item + " stays contained: by " + by);
      plan_.bindings[std::string(kHeldBinding) + item] = by;
      return;
    }
    if (ours.empty() && was_given_up(standing, own)) {
      return;
    }
    if (const StandingChange* first = first_standing(standing)) {
      go_back_before(*first, own);
    }
    keep_first_of_each_verb(own);
    for (const Back& back : own) {
      add_back(back);
    }
  }

  // The run's hold on the item ended before. WHY not by any claim: a step that was not read back
  // yet has claimed nothing, and claims of others that ended long ago say nothing about it.
  [[nodiscard]] bool was_given_up(const std::vector<StandingChange>& standing,
                                  const std::vector<Back>& own) const {
    const auto is_own = [&](const StandingChange& change) {
      return causes_.contains(claim_cause(change.claim.cause)) ||
             std::any_of(own.begin(), own.end(),
                         [&](const Back& back) { return back.step->id == change.claim.step; });
    };
    return own.empty() ? !standing.empty() : std::any_of(standing.begin(), standing.end(), is_own);
  }

  // Another run may have taken the item out of use before this one did.
  void go_back_before(const StandingChange& first, std::vector<Back>& own) {
    const ContainmentClaim& claim = first.claim;
    const bool ours = std::any_of(own.begin(), own.end(),
                                  [&](const Back& back) { return back.step->id == claim.step; });
    const auto step = request_.others.find(claim.step);
    // What was found so nobody here took out of use.
    if (ours || first.found_so || step == request_.others.end()) {
      return;
    }
    if (first.reversible == Reversible::Never) {
      give_up(step->second);
    } else if (!first.captured) {
      need_person(step->second, "what it was before is not recorded");
    } else {
      own.push_back({&step->second, claim.run, claim.at, 0, true});
    }
  }

  // What was done twice to an item goes back to before the first time.
  static void keep_first_of_each_verb(std::vector<Back>& own) {
    std::map<Verb, Back> first;
    for (const Back& back : own) {
      const auto [known, added] = first.try_emplace(back.step->verb, back);
      if (!added &&
          std::tie(back.at, back.position) < std::tie(known->second.at, known->second.position)) {
        known->second = back;
      }
    }
    own.clear();
    for (auto& [verb, back] : first) {
      own.push_back(std::move(back));
    }
  }

  [[nodiscard]] std::optional<Instant> window_end(const Back& back) const {
    const PlanStep& step = *back.step;
    const auto system = request_.systems.find(step.system);
    if (step.reversible != Reversible::Window || system == request_.systems.end()) {
      return std::nullopt;
    }
    for (const SupportedVerb& verb : system->second.verbs) {
      if (verb.verb == step.verb && kind_name(verb.kind) == step.kind && verb.undo_window) {
        return back.at + *verb.undo_window;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool can_rotate(const std::string& system, Kind kind) const {
    const auto known = request_.systems.find(system);
    return known == request_.systems.end() ||
           std::any_of(known->second.verbs.begin(), known->second.verbs.end(),
                       [&](const SupportedVerb& verb) {
                         return verb.verb == Verb::Rotate && verb.kind == kind;
                       });
  }

  // The account before what is under it; else the newest first. One waits for the other.
  void put_back(const std::string& account, std::vector<Back>& list) {
    const auto key = [&](const Back& back) {
      return std::tuple(back.step->item != account, -back.at.time_since_epoch().count(),
                        -static_cast<std::int64_t>(back.position), back.step->id);
    };
    std::sort(list.begin(), list.end(),
              [&](const Back& a, const Back& b) { return key(a) < key(b); });
    std::string before;
    for (const Back& back : list) {
      PlanStep step = restore(back);
      if (!before.empty()) {
        step.strong_after.push_back(before);
      }
      before = step.id;
      plan_.steps.push_back(step);
      revive(*back.step, before);
    }
  }

  PlanStep address(const PlanStep& of, Verb verb, const std::string& action) const {
    PlanStep step;
    step.verb = verb;
    step.action = action;
    step.item = of.item;
    step.kind = of.kind;
    step.system = of.system;
    step.holder = of.holder;
    step.account = of.account;
    step.native_id = of.native_id;
    step.account_native_id = of.account_native_id;
    step.item_name = of.item_name;
    step.not_before = request_.now;
    step.escalate = of.escalate;
    step.escalate_after = of.escalate_after;
    return step;
  }

  [[nodiscard]] std::string name(const PlanStep& of, const PlanStep& step) const {
    const std::string undo = "undo " + of.id + " " + step.action;
    return make_step_id({.lineage = plan_.undoes,
                         .item = step.item,
                         .verb = step.verb,
                         .action = undo,
                         .stage = {},
                         .generation = 1,
                         .about = {},
                         .target = {},
                         .text = {}});
  }

  static Reason because(const PlanStep& step, std::string why) {
    Reason reason;
    reason.clause = step.action.empty() ? std::string(verb_name(step.verb)) : step.action;
    reason.because = std::move(why);
    return reason;
  }

  PlanStep restore(const Back& back) const {
    const PlanStep& of = *back.step;
    PlanStep step = address(of, Verb::Restore, "");
    step.rank = Rank::Prepare;
    step.restores_run = back.run;
    step.restores_step = of.id;
    step.undo = {.kind = "none", .text = "apply the event again"};
    step.probe = {.kind = "read", .text = "it reads back as captured"};
    step.text = of.text;
    step.target = of.verb == Verb::Transfer ? of.holder : std::string();
    step.reasons = {
        because(step, "puts back `" + std::string(verb_name(of.verb)) + "` of " + back.run)};
    step.id = name(of, step);
    return step;
  }

  // WHY: what is enabled again brings its old value and its old sessions back to life.
  void revive(const PlanStep& of, const std::string& after) {
    const std::optional<Kind> kind = find_kind(of.kind);
    if (!kind || !of.effects.has(Effect::Contains)) {
      return;
    }
    if (*kind == Kind::Account) {
      PlanStep sweep = address(of, Verb::Revoke, "sweep");
      sweep.rank = Rank::Sweep;
      sweep.effects = Effect::Contains;
      sweep.reversible = Reversible::Never;
      sweep.undo = {.kind = "none", .text = "a new one is issued at the next sign-in"};
      sweep.probe = {.kind = "read", .text = "two listings in a row find nothing live"};
      sweep.strong_after = {after};
      sweep.reasons = {because(sweep, "old sessions and tokens live again once it is enabled")};
      sweep.id = name(of, sweep);
      add_once(std::move(sweep));
      rotate_under(of, after);
    } else if (kCredentialKinds.contains(*kind) || *kind == Kind::BreakGlass) {
      rotate(of, *kind, after);
    }
  }

  void rotate(const PlanStep& of, Kind kind, const std::string& after) {
    if (!can_rotate(of.system, kind)) {
      plan_.needs_person.push_back(
          {.item = of.item,
           .why = "its old value works again and " + of.system + " cannot rotate it",
           .who = request_.steward});
      return;
    }
    PlanStep step = address(of, Verb::Rotate, "");
    step.rank = Rank::Contain;
    step.effects = Effect::Contains;
    step.reversible = Reversible::Never;
    step.undo = {.kind = "none", .text = "the old value is gone; the new one is delivered"};
    step.probe = {.kind = "read", .text = "the old value is refused"};
    step.facts["holder"] = of.holder;
    step.strong_after = {after};
    step.reasons = {because(step, "its old value works again once it is enabled")};
    step.id = name(of, step);
    add_once(std::move(step));
  }

  // What comes back in several parts, as one that was locked and disabled, is swept and rotated
  // once, after all of them.
  void add_once(PlanStep step) {
    const auto known =
        std::find_if(plan_.steps.begin(), plan_.steps.end(), [&](const PlanStep& other) {
          return other.item == step.item && other.verb == step.verb && other.action == step.action;
        });
    if (known == plan_.steps.end()) {
      plan_.steps.push_back(std::move(step));
    } else {
      known->strong_after.insert(known->strong_after.end(), step.strong_after.begin(),
                                 step.strong_after.end());
    }
  }

  void rotate_under(const PlanStep& account, const std::string& after) {
    // WHY not the inventory alone: many systems do not list what is out of use.
    bool any = request_.inventory != nullptr && contained_credential_under(account.item);
    const ItemRef ref =
        request_.inventory == nullptr ? ItemRef{} : request_.inventory->find_item(account.item);
    for (std::size_t k = 0; ref.valid() && ref.kind() == Kind::Account && k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      if (!kCredentialKinds.contains(kind) || kind == Kind::Token) {
        continue;  // tokens are swept
      }
      for (const std::uint32_t row : request_.inventory->by_account[k].of(ref.row())) {
        const std::string item(request_.inventory->id(ItemRef::of(kind, row)));
        any = true;
        if (!own_step(item)) {
          PlanStep of = account;
          of.id = account.id + " " + item;
          of.item = item;
          of.kind = std::string(kind_name(kind));
          of.account = account.item;
          of.account_native_id = account.native_id;
          of.native_id = text_of(ItemRef::of(kind, row), item_attribute::kNativeId);
          of.item_name = text_of(ItemRef::of(kind, row), item_attribute::kName);
          rotate(of, kind, after);
        }
      }
    }
    if (!any) {
      plan_.needs_person.push_back(
          {.item = account.item,
           .why =
               "its old password works again: nothing is recorded under it that could be rotated",
           .who = request_.steward});
    }
  }

  // The run took it out of use itself, in a way that can be put back.
  static bool contained_by_run(const Done& done) {
    return done.step->verb != Verb::Rotate && contains_its_item(*done.step) &&
           was_done(done.record->state);
  }

  // Whether one of the steps that took something out of use, or put it back now, is such a one.
  template <typename Test>
  [[nodiscard]] bool any_contained(const Test& test) const {
    const auto in_group = [&](const auto& group) {
      return std::any_of(group.second.begin(), group.second.end(),
                         [&](const Back& back) { return test(*back.step); });
    };
    return std::any_of(groups_.begin(), groups_.end(), in_group) ||
           std::any_of(done_.begin(), done_.end(), [&](const auto& entry) {
             return contained_by_run(entry.second) && test(*entry.second.step);
           });
  }

  // It is rotated when that is put back.
  [[nodiscard]] bool own_step(const std::string& item) const {
    return any_contained([&](const PlanStep& step) { return step.item == item; });
  }

  [[nodiscard]] bool contained_credential_under(const std::string& account) const {
    return any_contained([&](const PlanStep& step) {
      const auto kind = find_kind(step.kind);
      return step.account == account && kind && *kind != Kind::Token &&
             kCredentialKinds.contains(*kind);
    });
  }

  [[nodiscard]] std::string text_of(ItemRef item, AttributeIndex attribute) const {
    const std::uint32_t word = request_.inventory->word(item, attribute);
    return word == raw(kMissingSymbol) ? std::string()
                                       : std::string(request_.inventory->text(Symbol{word}));
  }

  // By rank; within it as they were made, which is a chain per account.
  void sort_steps() {
    std::stable_sort(plan_.steps.begin(), plan_.steps.end(),
                     [](const PlanStep& a, const PlanStep& b) { return a.rank < b.rank; });
  }

  void finish() {
    std::sort(plan_.notes.begin(), plan_.notes.end());
    plan_.notes.erase(std::unique(plan_.notes.begin(), plan_.notes.end()), plan_.notes.end());
    const auto order = [](const PersonNote& a, const PersonNote& b) {
      return std::tie(a.item, a.why) < std::tie(b.item, b.why);
    };
    std::sort(plan_.needs_person.begin(), plan_.needs_person.end(), order);
    std::sort(plan_.releases.begin(), plan_.releases.end(),
              [](const ClaimRelease& a, const ClaimRelease& b) {
                return std::tie(a.item, a.cause) < std::tie(b.item, b.cause);
              });
    plan_.summary.steps = plan_.steps.size();
    for (const PlanStep& step : plan_.steps) {
      ++plan_.summary
            .by_verb[step.action.empty() ? std::string(verb_name(step.verb)) : step.action];
      ++plan_.summary.by_system[step.system];
    }
    plan_.digest = compute_plan_digest(plan_);
  }

  const UndoRequest& request_;
  std::set<std::string> causes_;                     // of the runs
  std::map<std::string, Done> done_;                 // by step
  std::map<std::string, std::vector<Back>> held_;    // by item: own steps that hold it
  std::map<std::string, std::vector<Back>> groups_;  // by account, else by item
  Plan plan_;
};

}  // namespace

Plan plan_undo(const UndoRequest& request) {
  return Undoer(request).make();
}

}  // namespace rescind
