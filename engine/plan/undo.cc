#include "plan/undo.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "plan/step_id.h"

namespace rescind {
namespace {

bool was_done(StepState state) {
  return state == StepState::Verified || state == StepState::Applied ||
         state == StepState::Residual;
}

bool nobody_knows(StepState state) {
  return state == StepState::Intent || state == StepState::Sent || state == StepState::Unknown;
}

struct Done {
  const PlanStep* step = nullptr;
  const StepRecord* record = nullptr;

  [[nodiscard]] Instant at() const {
    return record->settled_at.value_or(record->updated_at.value_or(Instant()));
  }
};

class Undoer {
 public:
  explicit Undoer(const UndoRequest& request) : request_(request) {
    for (const PlanStep& step : request.plan->steps) {
      steps_[step.id] = &step;
    }
    for (const PlanStep& step : request.supplements) {
      steps_[step.id] = &step;
    }
    for (const ContainmentClaim& claim : request.claims) {
      if (!claim.released_at && claim.run != request.run) {
        others_[claim.item].insert(claim.cause);
      }
    }
  }

  Plan make() {
    bind();
    std::map<std::string, std::vector<Done>> groups;  // by account, else by item
    for (const StepRecord& record : request_.records) {
      const auto found = steps_.find(record.step);
      if (found != steps_.end() && reversed(*found->second, record)) {
        const PlanStep& step = *found->second;
        groups[step.account.empty() ? step.item : step.account].push_back({&step, &record});
      }
    }
    for (auto& [account, list] : groups) {
      put_back(account, list);
    }
    sort_steps();
    finish();
    return std::move(plan_);
  }

 private:
  void bind() {
    const Plan& from = *request_.plan;
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
    plan_.undoes = request_.run;
  }

  void need_person(const PlanStep& step, std::string why) {
    plan_.needs_person.push_back(
        {.item = step.item,
         .why = "`" + std::string(verb_name(step.verb)) + "` is not put back: " + std::move(why),
         .who = request_.steward});
  }

  // Whether the step is to be put back by this plan; what is not says why.
  bool reversed(const PlanStep& step, const StepRecord& record) {
    const bool acts = step.action.empty() && !step.item.empty() && step.verb != Verb::Restore;
    if (!acts) {
      return false;
    }
    if (nobody_knows(record.state)) {
      need_person(step, "nobody knows whether it was done; resume the run, then undo it");
      return false;
    }
    if (!was_done(record.state)) {
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
    if (const auto window = window_end(step, record); window && *window < request_.now) {
      need_person(step, "it could be until " + format_instant(*window));
      return false;
    }
    const auto others = others_.find(step.item);
    if (step.effects.has(Effect::Contains) && others != others_.end()) {
      plan_.notes.push_back(
          step.item + " stays contained: by " +
          join(std::vector<std::string>(others->second.begin(), others->second.end()), ", "));
      return false;
    }
    if (!request_.captured.contains(step.id)) {
      need_person(step, "what it was before is not recorded");
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

  [[nodiscard]] std::optional<Instant> window_end(const PlanStep& step,
                                                  const StepRecord& record) const {
    const auto system = request_.systems.find(step.system);
    if (step.reversible != Reversible::Window || system == request_.systems.end()) {
      return std::nullopt;
    }
    for (const SupportedVerb& verb : system->second.verbs) {
      if (verb.verb == step.verb && kind_name(verb.kind) == step.kind && verb.undo_window) {
        return Done{&step, &record}.at() + *verb.undo_window;
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
  void put_back(const std::string& account, std::vector<Done>& list) {
    const auto key = [&](const Done& done) {
      return std::tuple(done.step->item != account, -done.at().time_since_epoch().count(),
                        -static_cast<std::int64_t>(done.record->position));
    };
    std::sort(list.begin(), list.end(),
              [&](const Done& a, const Done& b) { return key(a) < key(b); });
    std::string before;
    for (const Done& done : list) {
      PlanStep step = restore(*done.step);
      if (!before.empty()) {
        step.strong_after.push_back(before);
      }
      before = step.id;
      plan_.steps.push_back(step);
      revive(*done.step, before);
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
    return make_step_id({.lineage = request_.run,
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

  PlanStep restore(const PlanStep& of) const {
    PlanStep step = address(of, Verb::Restore, "");
    step.rank = Rank::Prepare;
    step.restores_run = request_.run;
    step.restores_step = of.id;
    step.undo = {.kind = "none", .text = "apply the event again"};
    step.probe = {.kind = "read", .text = "it reads back as captured"};
    step.text = of.text;
    step.target = of.verb == Verb::Transfer ? of.holder : std::string();
    step.reasons = {
        because(step, "puts back `" + std::string(verb_name(of.verb)) + "` of " + request_.run)};
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
      plan_.steps.push_back(std::move(sweep));
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
    plan_.steps.push_back(std::move(step));
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
  [[nodiscard]] bool contained_by_run(const StepRecord& record, const PlanStep*& step) const {
    const auto found = steps_.find(record.step);
    step = found == steps_.end() ? nullptr : found->second;
    return step != nullptr && step->verb != Verb::Rotate && step->effects.has(Effect::Contains) &&
           step->reversible != Reversible::Never && was_done(record.state);
  }

  // It is rotated when that is put back.
  [[nodiscard]] bool own_step(const std::string& item) const {
    const PlanStep* step = nullptr;
    return std::any_of(request_.records.begin(), request_.records.end(),
                       [&](const StepRecord& record) {
                         return contained_by_run(record, step) && step->item == item;
                       });
  }

  [[nodiscard]] bool contained_credential_under(const std::string& account) const {
    const PlanStep* step = nullptr;
    return std::any_of(request_.records.begin(), request_.records.end(),
                       [&](const StepRecord& record) {
                         if (!contained_by_run(record, step) || step->account != account) {
                           return false;
                         }
                         const auto kind = find_kind(step->kind);
                         return kind && *kind != Kind::Token && kCredentialKinds.contains(*kind);
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
    plan_.summary.steps = plan_.steps.size();
    for (const PlanStep& step : plan_.steps) {
      ++plan_.summary
            .by_verb[step.action.empty() ? std::string(verb_name(step.verb)) : step.action];
      ++plan_.summary.by_system[step.system];
    }
    plan_.digest = compute_plan_digest(plan_);
  }

  const UndoRequest& request_;
  std::map<std::string, const PlanStep*> steps_;
  std::map<std::string, std::set<std::string>> others_;  // item → causes of others that hold it
  Plan plan_;
};

}  // namespace

Plan plan_undo(const UndoRequest& request) {
  return Undoer(request).make();
}

}  // namespace rescind
