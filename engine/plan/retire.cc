// Items under a `retire`: which stage each begins with, and the steps of every stage from there on.
// The stages follow each other while the run is worked, gate by gate; here nothing is known of when
// a later one is entered but that it is not before what must soak has soaked.
#include <algorithm>

#include "base/text.h"
#include "plan/draft.h"
#include "plan/step_id.h"

namespace rescind {
namespace {

using MatchSpan = std::vector<std::uint32_t>;  // indexes into Decisions::retires

bool contains(const CheckedStage& stage, Kind kind) {
  return std::any_of(stage.actions.begin(), stage.actions.end(), [&](const CheckedAction& action) {
    return verb_kinds(action.verb).contains(kind) &&
           default_effects(action.verb, kind).has(Effect::Contains);
  });
}

class Retirer {
 public:
  explicit Retirer(Draft& draft) : draft_(draft), decisions_(draft.decisions) {}

  void run() {
    const std::vector<RetireMatch>& all = decisions_.retires;
    for (std::uint32_t begin = 0; begin < all.size();) {
      MatchSpan matches;
      std::uint32_t end = begin;
      for (; end < all.size() && all[end].item == all[begin].item; ++end) {
        if (!cause_of(end).event.withdrawn) {
          matches.push_back(end);
        }
      }
      if (!matches.empty()) {
        take(all[begin].item, matches);
      }
      begin = end;
    }
  }

 private:
  [[nodiscard]] const RetireMatch& match(std::uint32_t index) const {
    return decisions_.retires[index];
  }

  [[nodiscard]] const Cause& cause_of(std::uint32_t index) const {
    return decisions_.causes[match(index).cause];
  }

  [[nodiscard]] const CheckedRetire& retire_of(std::uint32_t index) const {
    return draft_.policy.retires[match(index).retire];
  }

  [[nodiscard]] std::optional<RetirementRecord> open_on(const std::string& item) const {
    return draft_.options.open_retirement ? draft_.options.open_retirement(item) : std::nullopt;
  }

  void take(ItemRef item, MatchSpan matches) {
    std::set<std::string> names;
    for (const std::uint32_t index : matches) {
      names.insert(retire_of(index).declared.qualified());
    }
    const std::optional<RetirementRecord> open = open_on(draft_.item_text(item));
    const RetirementRecord* record = open ? &*open : nullptr;
    if (record != nullptr) {
      names.insert(record->retire);
    }
    if (names.size() > 1) {
      const std::string why = "more than one retirement takes it: " +
                              join(std::vector<std::string>(names.begin(), names.end()), ", ");
      doubt(item, matches, why);
      draft_.contain_meanwhile.push_back({item, match(matches.front()).cause, why});
      return;
    }
    MatchSpan sure = matches;
    std::erase_if(sure, [&](std::uint32_t i) { return match(i).certainty == Certainty::Unknown; });
    if (sure.empty()) {
      doubt(item, matches,
            "whether `retire " + *names.begin() +
                "` applies cannot be known: something that it asks is missing or broken");
      const auto risk = std::find_if(matches.begin(), matches.end(), [&](std::uint32_t i) {
        return draft_.class_of(cause_of(i)) == EventClass::Risk;
      });
      if (risk != matches.end()) {
        draft_.contain_meanwhile.push_back({item, match(*risk).cause, "it is at risk"});
      }
      return;
    }
    stage(item, std::move(sure), record);
  }

  // Not decided: nothing of it is lost until a person settles it.
  void doubt(ItemRef item, const MatchSpan& matches, const std::string& why) {
    draft_.plan.undetermined.push_back({.item = draft_.item_text(item), .why = why});
    draft_.blocked_items.insert(item.cell);
    draft_.decide(item, Verb::Replace, Outcome::Undetermined, {});
    draft_.plan.decisions.back().verb.clear();
    for (const std::uint32_t index : matches) {
      draft_.plan.decisions.back().reasons.push_back(reason(index));
    }
  }

  [[nodiscard]] Reason reason(std::uint32_t index) const {
    return draft_.reason_of(match(index), nullptr);
  }

  void stage(ItemRef item, MatchSpan matches, const RetirementRecord* record) {
    StagedItem staged;
    staged.item = item;
    staged.retire = match(matches.front()).retire;
    staged.matches = std::move(matches);
    const CheckedRetire& retire = draft_.policy.retires[staged.retire];
    std::sort(staged.matches.begin(), staged.matches.end(),
              [&](std::uint32_t a, std::uint32_t b) { return match(a).cause < match(b).cause; });
    find_start(staged, retire);
    std::uint32_t generation = 1;
    bool joins = false;
    if (record != nullptr) {
      const auto at = std::find_if(retire.stages.begin(), retire.stages.end(),
                                   [&](const CheckedStage& s) { return s.name == record->stage; });
      if (at != retire.stages.end()) {
        staged.start =
            std::max(staged.start, static_cast<std::uint32_t>(at - retire.stages.begin()));
      }
      joins = !draft_.options.continued_runs.contains(record->run);
      generation = record->generation;
    }
    describe(staged, retire);
    // WHY: the same event planned again, as after a kill, must not take the retirement from the run
    // that works it.
    staged.under_way = joins && record->id == staged.planned.id;
    if (record != nullptr) {
      (joins ? staged.planned.joins : staged.planned.id) = record->id;
    }
    const bool under_way = staged.under_way;
    const auto number = static_cast<std::uint32_t>(draft_.staged.size());
    draft_.staged_by_item[item.cell] = number;
    draft_.staged.push_back(std::move(staged));
    if (joins) {
      draft_.plan.notes.push_back(draft_.item_text(item) + " is under retirement already (" +
                                  record->stage +
                                  (under_way ? ") for this event" : "): this event joins it"));
      draft_.decide(item, Verb::Replace, Outcome::Staged, {});
      draft_.plan.decisions.back().verb.clear();
      draft_.plan.decisions.back().reasons = draft_.staged.back().planned.reasons;
      return;
    }
    add_steps(number, retire, generation);
  }

  void find_start(StagedItem& staged, const CheckedRetire& retire) {
    bool usable = false;
    for (const std::uint32_t index : staged.matches) {
      staged.start = std::max(staged.start, match(index).start);
      usable = usable || draft_.usable_by_subject(staged.item, match(index).cause);
    }
    if (!usable) {
      return;
    }
    // Merging rule 7: no stage before containment for what the one who leaves could go on using.
    for (std::uint32_t s = staged.start; s < retire.stages.size(); ++s) {
      if (contains(retire.stages[s], staged.item.kind())) {
        if (s > staged.start) {
          draft_.plan.notes.push_back(draft_.item_text(staged.item) + " begins at stage `" +
                                      retire.stages[s].name +
                                      "`: who leaves could use it meanwhile");
        }
        staged.start = s;
        return;
      }
    }
  }

  void describe(StagedItem& staged, const CheckedRetire& retire) {
    const RetireMatch& lead = match(staged.matches.front());
    PlannedRetirement& planned = staged.planned;
    planned.item = draft_.item_text(staged.item);
    planned.kind = std::string(kind_name(staged.item.kind()));
    planned.system = std::string(draft_.estate.system_id(staged.item));
    planned.holder = std::string(draft_.estate.holder_id(staged.item));
    planned.retire = retire.declared.qualified();
    planned.cause = decisions_.causes[lead.cause].lineage;
    planned.id = make_retirement_id(planned.cause, planned.item);
    planned.start = retire.stages[staged.start].name;
    for (const std::uint32_t index : staged.matches) {
      for (const RetireMatch::Enter& enter : match(index).enters) {
        const auto [place, added] =
            planned.enter_by.try_emplace(retire.stages[enter.stage].name, enter.by);
        place->second = std::min(place->second, enter.by);
      }
      planned.reasons.push_back(reason(index));
    }
    std::sort(planned.reasons.begin(), planned.reasons.end());
    for (std::uint32_t s = 0; s < retire.stages.size(); ++s) {
      planned.stages.push_back(describe_stage(staged, retire, s));
    }
    describe_escalation(staged, retire);
  }

  // Principals by one field of each match, all of them; `nobody`: one was asked for and is not
  // there.
  template <typename Of>
  ApprovalList resolve_all(const StagedItem& staged, Of of, bool& nobody) const {
    ApprovalList out;
    for (const std::uint32_t index : staged.matches) {
      std::vector<std::string> found = draft_.resolve(of(match(index)), staged.item);
      nobody = nobody || found.empty();
      if (!found.empty()) {
        out.push_back(std::move(found));
      }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  PlannedStage describe_stage(const StagedItem& staged, const CheckedRetire& retire,
                              std::uint32_t s) const {
    const CheckedStage& checked = retire.stages[s];
    PlannedStage out;
    out.name = checked.name;
    out.gate = checked.gate.valid() ? checked.gate_text : std::string();
    out.within = checked.within;
    out.soak = checked.soak;
    if (checked.on_use_return_to) {
      out.on_use_return_to = retire.stages[*checked.on_use_return_to].name;
    }
    bool nobody = false;
    if (checked.approved_by) {
      for (std::vector<std::string>& by : resolve_all(
               staged, [s](const RetireMatch& m) { return at_stage(m.approved_by, s); }, nobody)) {
        out.approvals.push_back(
            {.by = std::move(by), .state = ApprovalState::Needed, .given_by = {}});
      }
    }
    std::set<std::string> otherwise;
    if (checked.otherwise_escalate) {
      for (const std::vector<std::string>& by : resolve_all(
               staged, [s](const RetireMatch& m) { return at_stage(m.otherwise_escalate, s); },
               nobody)) {
        otherwise.insert(by.begin(), by.end());
      }
    }
    out.otherwise.assign(otherwise.begin(), otherwise.end());
    return out;
  }

  static ResolvedPrincipals at_stage(const std::vector<ResolvedPrincipals>& list, std::uint32_t s) {
    return s < list.size() ? list[s] : ResolvedPrincipals();
  }

  void describe_escalation(StagedItem& staged, const CheckedRetire& retire) const {
    PlannedRetirement& planned = staged.planned;
    const std::string& steward = draft_.principals.steward();
    bool named = false;
    for (std::size_t level = 0; level < retire.escalate.size(); ++level) {
      std::set<std::string> all;
      bool nobody = false;
      for (const std::vector<std::string>& by : resolve_all(
               staged,
               [level](const RetireMatch& m) {
                 return level < m.escalate.size() ? m.escalate[level] : ResolvedPrincipals();
               },
               nobody)) {
        all.insert(by.begin(), by.end());
      }
      if (!all.empty()) {
        planned.escalate.emplace_back(all.begin(), all.end());
        planned.escalate_after.push_back(retire.escalate[level].after);
        named = named || all.contains(steward);
      }
    }
    if (!steward.empty() && !named && !draft_.resolve(ResolvedPrincipals(), staged.item).empty()) {
      planned.escalate.push_back({steward});
      planned.escalate_after.push_back(Seconds(0));
    }
  }

  void add_steps(std::uint32_t number, const CheckedRetire& retire, std::uint32_t generation) {
    const StagedItem& staged = draft_.staged[number];
    Times times = times_of(staged);
    bool contained = contained_before(staged, retire);
    for (std::uint32_t s = staged.start; s < retire.stages.size(); ++s) {
      times.earliest = s == staged.start ? times.effective : times.base + times.soaked;
      StageMaking making{.number = number,
                         .stage = s,
                         .generation = generation,
                         .times = times,
                         .contained = contained};
      for (std::size_t a = 0; a < retire.stages[s].actions.size(); ++a) {
        add_action(retire, retire.stages[s].actions[a], a, making);
      }
      contained = making.contained;
      times.soaked += retire.stages[s].soak.value_or(Seconds(0));
      note_evidence(number, retire.stages[s], s);
    }
  }

  struct Times {
    Instant effective{}, arrived{}, base{};  // base: the later of the two
    Instant ahead{};                         // when a successor may be prepared
    Instant earliest{};                      // of the stage in hand
    Seconds soaked{0};
  };

  struct StageMaking {
    std::uint32_t number = 0, stage = 0, generation = 1;
    Times times;
    bool contained = false;
  };

  // Containment is urgent: the earliest of its causes counts.
  [[nodiscard]] Times times_of(const StagedItem& staged) const {
    Times times;
    bool first = true;
    for (const std::uint32_t index : staged.matches) {
      const Cause& cause = cause_of(index);
      if (first || cause.effective < times.effective) {
        times.effective = cause.effective;
      }
      times.arrived =
          first ? draft_.arrived(cause) : std::min(times.arrived, draft_.arrived(cause));
      first = false;
    }
    times.base = std::max(times.effective, times.arrived);
    times.ahead = times.effective;
    for (const std::uint32_t index : staged.matches) {
      std::uint32_t cause = match(index).cause;
      while (decisions_.causes[cause].parent != Cause::kNoParent) {
        cause = decisions_.causes[cause].parent;
      }
      if (draft_.leaver_type(decisions_.causes[cause])) {
        times.ahead = std::min(times.ahead, times.arrived);
      }
    }
    return times;
  }

  // A retirement that goes on, or starts, beyond the stage that contains.
  [[nodiscard]] bool contained_before(const StagedItem& staged, const CheckedRetire& retire) const {
    if (staged.item.kind() == Kind::Account && !draft_.estate.enabled(staged.item)) {
      return true;
    }
    const bool goes_on = open_on(staged.planned.item).has_value();
    for (std::uint32_t s = 0; goes_on && s < staged.start; ++s) {
      if (contains(retire.stages[s], staged.item.kind())) {
        return true;
      }
    }
    return false;
  }

  Order new_order(const StageMaking& making, ItemRef item, Verb verb) {
    const StagedItem& staged = draft_.staged[making.number];
    Order order = make_order(draft_, item, verb);
    order.staged = StageOf{.retirement = making.number, .stage = making.stage};
    order.generation = making.generation;
    order.lead = match(staged.matches.front()).cause;
    for (const std::uint32_t index : staged.matches) {
      order.roots.insert(match(index).cause);
    }
    order.outcome = Outcome::Staged;
    order.ways = {{.not_before = making.times.earliest, .approvals = {}}};
    if (making.stage > staged.start) {
      const PlannedStage& before = staged.planned.stages[making.stage - 1];
      std::string text = "stage " + before.name;
      text += before.gate.empty() ? "" : ": " + before.gate;
      text += before.soak ? ", soak " + format_duration(*before.soak) : "";
      order.gate = Gate{.kind = "stage", .text = std::move(text)};
    }
    return order;
  }

  // When the stage's steps are due, as far as that can be known.
  void set_deadline(const StageMaking& making, Order& order) const {
    const StagedItem& staged = draft_.staged[making.number];
    const PlannedStage& stage = staged.planned.stages[making.stage];
    std::optional<Instant> deadline;
    if (making.stage == staged.start && stage.within) {
      deadline = making.times.base + *stage.within;
    }
    if (const auto enter = staged.planned.enter_by.find(stage.name);
        enter != staged.planned.enter_by.end() && order.rank == Rank::Contain) {
      deadline = std::min(deadline.value_or(enter->second), enter->second);
    }
    if (!deadline || order.has(Effect::Destroys)) {
      return;
    }
    order.overdue = *deadline < making.times.arrived;
    order.deadline = std::max(*deadline, decisions_.as_of);
  }

  void add_action(const CheckedRetire& retire, const CheckedAction& action, std::size_t number,
                  StageMaking& making) {
    if (action.verb == Verb::Notify || action.verb == Verb::Ask) {
      add_message(action, number, making);
      return;
    }
    const ItemRef item = draft_.staged[making.number].item;
    Order order = new_order(making, item, action.verb);
    order.text = action.text;
    const bool containing = default_effects(action.verb, item.kind()).has(Effect::Contains);
    if (containing) {
      making.contained = making.contained || already_so(draft_, item, action.verb);
      if (already_so(draft_, item, action.verb)) {
        return;
      }
    }
    if (std::string why = obstacle(retire, action, number, making, order); !why.empty()) {
      lack(draft_, order, why);
      draft_.need_person(draft_.item_text(item),
                         "stage `" + retire.stages[making.stage].name + "` cannot " +
                             std::string(verb_name(action.verb)) + " it: " + why);
      return;
    }
    if (action.verb == Verb::Replace && making.stage == draft_.staged[making.number].start) {
      order.ways.front().not_before = making.times.ahead;
    }
    making.contained = making.contained || containing;
    order.appointment = order.has(Effect::Destroys);
    set_deadline(making, order);
    draft_.add(std::move(order));
  }

  // Why the action cannot become a step as it is; "" it can. Containment may become another verb.
  std::string obstacle(const CheckedRetire& retire, const CheckedAction& action, std::size_t number,
                       const StageMaking& making, Order& order) {
    const StagedItem& staged = draft_.staged[making.number];
    const CheckedStage& stage = retire.stages[making.stage];
    for (const Approval& approval : staged.planned.stages[making.stage].approvals) {
      order.ways.front().approvals.push_back(approval.by);
    }
    if (stage.approved_by && order.ways.front().approvals.size() == 0) {
      return "nobody is there to approve it";
    }
    prune_ways(order.ways);
    const std::string cannot = std::string(draft_.estate.system_id(staged.item)) + " cannot " +
                               std::string(verb_name(action.verb)) + " this " +
                               std::string(kind_name(staged.item.kind()));
    if (default_effects(action.verb, staged.item.kind()).has(Effect::Contains)) {
      const auto verb = containing_substitute(draft_, staged.item, action.verb);
      if (!verb) {
        return cannot + ", nor anything else that contains it";
      }
      if (*verb != action.verb) {
        Order other = new_order(making, staged.item, *verb);
        other.ways = order.ways;
        other.implied = true;
        other.because = cannot;
        order = std::move(other);
      }
      return {};
    }
    if (!draft_.estate.supports(staged.item, action.verb)) {
      return cannot;
    }
    if (order.has(Effect::Destroys) && !making.contained) {
      return "nothing contains it before";
    }
    if (action.verb == Verb::Transfer || action.verb == Verb::Redirect) {
      const std::vector<std::string> receivers = receivers_of(staged, making.stage, number);
      if (receivers.empty()) {
        return "nobody is there to receive it";
      }
      order.target = receivers.front();
    }
    return {};
  }

  [[nodiscard]] std::vector<std::string> receivers_of(const StagedItem& staged, std::uint32_t stage,
                                                      std::size_t action) const {
    std::set<std::string> out;
    for (const std::uint32_t index : staged.matches) {
      const auto& by_stage = match(index).action_to;
      if (stage < by_stage.size() && action < by_stage[stage].size()) {
        const std::vector<std::string> found = draft_.resolve(by_stage[stage][action], staged.item);
        out.insert(found.begin(), found.end());
      }
    }
    return {out.begin(), out.end()};
  }

  void add_message(const CheckedAction& action, std::size_t number, const StageMaking& making) {
    const StagedItem& staged = draft_.staged[making.number];
    const std::vector<std::string> receivers = receivers_of(staged, making.stage, number);
    if (receivers.empty()) {
      draft_.need_person(staged.planned.item,
                         "nobody is there to " + std::string(verb_name(action.verb)) +
                             " in stage `" + staged.planned.stages[making.stage].name + "`");
    }
    for (const std::string& receiver : receivers) {
      Order order = new_order(making, {}, action.verb);
      order.about = draft_.staged[making.number].planned.item;
      order.target = receiver;
      order.text = action.text;
      draft_.add(std::move(order));
    }
  }

  // Every stage must be able to end: a gate on evidence that nobody reports never opens by itself.
  void note_evidence(std::uint32_t number, const CheckedStage& stage, std::uint32_t s) {
    if (!stage.gate.valid() || !asks(stage.gate, ExprOp::IdleFor)) {
      return;
    }
    const StagedItem& staged = draft_.staged[number];
    if (use_is_seen(staged.item)) {
      return;
    }
    const std::string where = staged.planned.kind + " on " + staged.planned.system;
    draft_.plan.notes.push_back("stage `" + stage.name + "` of " + staged.planned.retire +
                                " waits for evidence of non-use, and nothing reports the use of " +
                                where);
    const std::vector<std::string>& who = staged.planned.stages[s].otherwise;
    draft_.need_person(
        staged.planned.item,
        "stage `" + stage.name + "` cannot end by itself: nothing reports the use of " + where,
        who.empty() ? std::string() : who.front());
  }

  [[nodiscard]] bool asks(ExprId id, ExprOp op) const {
    if (!id.valid()) {
      return false;
    }
    const Expr& expr = draft_.policy.exprs[id];
    return expr.op == op || std::any_of(expr.operands.begin(), expr.operands.end(),
                                        [&](ExprId operand) { return asks(operand, op); });
  }

  [[nodiscard]] bool use_is_seen(ItemRef item) const {
    const Inventory& inventory = draft_.estate.inventory();
    const SystemCapabilities* system = draft_.estate.capabilities(item);
    return (system != nullptr && system->evidence.contains(item.kind())) ||
           std::any_of(inventory.coverages.begin(), inventory.coverages.end(),
                       [&](const CoverageRecord& coverage) {
                         return coverage.system == inventory.system(item) &&
                                coverage.kinds.contains(item.kind());
                       });
  }

  Draft& draft_;
  const Decisions& decisions_;
};

}  // namespace

void lack(Draft& draft, const Order& order, const std::string& why) {
  PlannedStage& stage = draft.staged[order.staged->retirement].planned.stages[order.staged->stage];
  stage.missing.push_back(std::string(verb_name(order.verb)) + ": " + why);
}

void retire_items(Draft& draft) {
  Retirer(draft).run();
}

}  // namespace rescind
