#include "organisation.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "collect/collect_inventory.h"

namespace rescind::test {
namespace {

class Evaluation {
 public:
  explicit Evaluation(const Organisation& organisation) : organisation_(organisation) {
    schema_ = std::make_shared<Schema>(builtin_schema());
    inventory_ = collect();
    decisions_.inventory = inventory_;
    decisions_.as_of = at(organisation.now);
  }

  [[nodiscard]] std::shared_ptr<const Inventory> collect() const {
    std::vector<InventoryInput> inputs = {
        {.name = "records", .text = organisation_.records, .collected_at = {}, .incomplete = {}}};
    for (const auto& [system, when] : organisation_.listed) {
      inputs.push_back(
          {.name = "collect:" + system, .text = "", .collected_at = at(when), .incomplete = {}});
    }
    Diagnostics diagnostics;
    auto inventory = collect_inventory(inputs, schema_, {}, diagnostics);
    RESCIND_CHECK(inventory.has_value(), "records of tests are well formed");
    return *std::move(inventory);
  }

  Decisions run() {
    write_policy();
    for (const Report& report : organisation_.events) {
      add_cause(report);
    }
    derive();
    match();
    hold_and_limit();
    mark_uncertain();
    return std::move(decisions_);
  }

 private:
  void write_policy() {
    auto policy = std::make_shared<CheckedPolicy>();
    policy->schema = schema_;
    policy->digest = "sha256:test";
    auto sources = std::make_shared<SourceSet>();
    const SourceFileId file = sources->add("policies/test.rescind", std::string(4000, '\n'));
    policy->sources = sources;
    std::vector<Rule> rules = organisation_.rules;
    std::sort(rules.begin(), rules.end(),
              [](const Rule& a, const Rule& b) { return a.name < b.name; });
    std::uint32_t line = 0;
    for (const Rule& rule : rules) {
      CheckedRule checked;
      checked.declared.module = "test";
      checked.declared.name = rule.name;
      checked.because = "because of " + rule.name;
      for (const std::string& event : rule.on) {
        checked.on.push_back(static_cast<std::uint32_t>(schema_->find_event(event).value()));
      }
      checked.escalate.resize(rule.escalate.size());
      std::map<Verb, int> ordinals;
      for (const Clause& clause : rule.clauses) {
        CheckedClause out;
        out.rule = static_cast<std::uint32_t>(policy->rules.size());
        out.verb = clause.verb;
        out.kinds = clause.kinds;
        out.label =
            std::string(verb_name(clause.verb)) + " #" + std::to_string(++ordinals[clause.verb]);
        out.within = clause.within;
        out.after = clause.after;
        out.text = clause.text;
        out.even_if_staged = clause.even_if_staged;
        if (!clause.approved_by.empty()) {
          out.approved_by = PrincipalExpr{};
        }
        out.span = {.file = file, .begin = line, .end = line};
        ++line;
        checked.clauses.push_back(ClauseId{static_cast<std::uint32_t>(policy->clauses.size())});
        policy->clauses.push_back(out);
        clauses_.push_back(clause);
        escalations_.push_back(rule.escalate);
      }
      policy->rules.push_back(std::move(checked));
    }
    for (const Hold& hold : organisation_.holds) {
      CheckedHold checked;
      checked.declared = {.module = "test", .name = hold.name, .doc = {}, .span = {}};
      checked.verbs = hold.verbs;
      checked.until = hold.until;
      checked.even_containment = hold.even_containment;
      checked.because = "matter";
      policy->holds.push_back(std::move(checked));
    }
    for (const Limit& limit : organisation_.limits) {
      CheckedLimit checked;
      checked.declared = {.module = "test", .name = limit.name, .doc = {}, .span = {}};
      checked.verbs = limit.verbs;
      checked.kinds = limit.kinds;
      checked.count = limit.count;
      checked.percent = limit.percent;
      checked.per_system = limit.per_system;
      checked.window = limit.window;
      policy->limits.push_back(std::move(checked));
    }
    write_retires(*policy);
    policy_ = policy;
    decisions_.policy = policy;
  }

  void write_retires(CheckedPolicy& policy) {
    retires_ = organisation_.retires;
    std::sort(retires_.begin(), retires_.end(),
              [](const Retire& a, const Retire& b) { return a.name < b.name; });
    for (const Retire& retire : retires_) {
      CheckedRetire checked;
      checked.declared = {.module = "test", .name = retire.name, .doc = {}, .span = {}};
      checked.because = "because of " + retire.name;
      checked.kinds = retire.kinds;
      for (const std::string& event : retire.on) {
        checked.on.push_back(static_cast<std::uint32_t>(schema_->find_event(event).value()));
      }
      std::sort(checked.on.begin(), checked.on.end());
      checked.escalate.resize(retire.escalate.empty() ? 0 : 1);
      for (const Stage& stage : retire.stages) {
        checked.stages.push_back(checked_stage(stage, policy));
      }
      policy.retires.push_back(std::move(checked));
    }
  }

  static CheckedStage checked_stage(const Stage& stage, CheckedPolicy& policy) {
    CheckedStage out;
    out.name = stage.name;
    for (const Action& action : stage.actions) {
      CheckedAction made;
      made.verb = action.verb;
      out.actions.push_back(made);
    }
    if (!stage.gate.empty()) {
      Expr expr;
      expr.op = stage.gate.starts_with("idle") ? ExprOp::IdleFor : ExprOp::Constant;
      out.gate = policy.exprs.add(expr);
      out.gate_text = stage.gate;
    }
    out.within = stage.within;
    out.soak = stage.soak;
    out.on_use_return_to = stage.return_to;
    if (!stage.approved_by.empty()) {
      out.approved_by = PrincipalExpr{};
    }
    if (!stage.otherwise.empty()) {
      out.otherwise_escalate = PrincipalExpr{};
    }
    return out;
  }

  void match_retires(std::uint32_t cause, ItemRef item) {
    for (std::uint32_t r = 0; r < retires_.size(); ++r) {
      const Retire& retire = retires_[r];
      const std::vector<std::uint32_t>& on = policy_->retires[r].on;
      if (!std::binary_search(on.begin(), on.end(), decisions_.causes[cause].type) ||
          !retire.kinds.contains(item.kind()) ||
          (!retire.only_item.empty() && retire.only_item != inventory_->id(item))) {
        continue;
      }
      RetireMatch match;
      match.cause = cause;
      match.retire = r;
      match.item = item;
      match.certainty = retire.unknown ? Certainty::Unknown : Certainty::Yes;
      match.start = retire.start;
      if (retire.enter) {
        match.enters.push_back({.stage = retire.enter->first,
                                .by = decisions_.causes[cause].effective + retire.enter->second});
      }
      const auto principals = [](const std::vector<std::string>& names) {
        ResolvedPrincipals out;
        if (!names.empty()) {
          out.alternatives = {names};
        }
        return out;
      };
      for (const Stage& stage : retire.stages) {
        match.approved_by.push_back(principals(stage.approved_by));
        match.otherwise_escalate.push_back(principals(stage.otherwise));
        match.action_to.emplace_back();
        for (const Action& action : stage.actions) {
          match.action_to.back().push_back(principals(action.to));
        }
      }
      if (!retire.escalate.empty()) {
        match.escalate.push_back(principals(retire.escalate));
      }
      decisions_.retires.push_back(std::move(match));
    }
  }

  Cause new_cause(const std::string& type, const std::string& subject, Instant effective,
                  Instant arrived) {
    Cause cause;
    cause.event.type = type;
    cause.event.subject = subject;
    cause.event.at = effective;
    cause.event.arrived = arrived;
    cause.event.source = "hr";
    cause.event.id = "e-" + subject;
    cause.type = static_cast<std::uint32_t>(schema_->find_event(type).value());
    cause.effective = effective;
    cause.arrived = arrived;
    const EventAbout about = schema_->events[cause.type].about;
    if (about == EventAbout::Identity) {
      cause.subject = inventory_->find_identity(subject);
    } else if (about == EventAbout::Item) {
      cause.item = inventory_->find_item(subject);
      cause.subject = cause.item.valid() ? inventory_->holder(cause.item) : IdentityRef{};
    } else {
      cause.system = inventory_->find_system(subject);
    }
    cause.lineage = type + "/" + subject + "@hr:e-" + subject + "#1";
    return cause;
  }

  void add_cause(const Report& report) {
    const Instant effective = at(report.when);
    const Instant now = decisions_.as_of;
    const Instant arrived = report.arrived.empty() ? std::min(effective, now) : at(report.arrived);
    decisions_.causes.push_back(new_cause(report.type, report.subject, effective, arrived));
  }

  [[nodiscard]] bool leaver(const Cause& cause) const {
    return schema_->events[cause.type].leaver_type;
  }

  void derive() {
    std::sort(
        decisions_.causes.begin(), decisions_.causes.end(), [](const Cause& a, const Cause& b) {
          return std::tie(a.event.type, a.event.subject) < std::tie(b.event.type, b.event.subject);
        });
    const std::size_t reported = decisions_.causes.size();
    for (std::uint32_t i = 0; i < reported; ++i) {
      if (!leaver(decisions_.causes[i]) || !decisions_.causes[i].subject.valid()) {
        continue;
      }
      std::set<std::string> owned;
      for (const std::uint32_t row : inventory_->owned_by.of(decisions_.causes[i].subject.row())) {
        owned.emplace(inventory_->id(IdentityRef::of_row(row)));
      }
      for (const std::string& machine : owned) {
        add_derived(i, "owner_left", machine);
      }
      const std::string subject = decisions_.causes[i].event.subject;
      std::set<std::string> known;
      for (std::size_t k = 0; k < kKindCount; ++k) {
        const Kind kind = static_cast<Kind>(k);
        const auto index = schema_->find(entity_of(kind), "known_to");
        for (std::uint32_t row = 0; index && row < inventory_->table(kind).rows(); ++row) {
          const SetId set{inventory_->table(kind).columns[*index].word_at(row)};
          const auto symbol = inventory_->symbols.find(subject);
          if (set != kMissingSet && symbol && inventory_->sets.contains(set, raw(*symbol))) {
            known.insert(std::string(inventory_->id(ItemRef::of(kind, row))));
          }
        }
      }
      for (const std::string& item : known) {
        add_derived(i, "knower_left", item);
      }
    }
  }

  void add_derived(std::uint32_t parent, const std::string& type, const std::string& subject) {
    const Cause& from = decisions_.causes[parent];
    Cause cause = new_cause(type, subject, from.effective, from.arrived);
    cause.parent = parent;
    cause.derived_by = type;
    cause.lineage = from.lineage + " > " + type + "/" + subject;
    decisions_.causes.push_back(std::move(cause));
  }

  [[nodiscard]] std::vector<ItemRef> reach(const Cause& cause) const {
    std::vector<ItemRef> out;
    const EventAbout about = schema_->events[cause.type].about;
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const auto add = [&](std::span<const std::uint32_t> rows) {
        for (const std::uint32_t row : rows) {
          out.push_back(ItemRef::of(static_cast<Kind>(k), row));
        }
      };
      if (about == EventAbout::Identity && cause.subject.valid()) {
        add(inventory_->by_holder[k].of(cause.subject.row()));
        add(inventory_->by_grantee[k].of(cause.subject.row()));
      } else if (about == EventAbout::Item && cause.item.valid() &&
                 cause.item.kind() == Kind::Account) {
        add(inventory_->by_account[k].of(cause.item.row()));
      } else if (about == EventAbout::System && cause.system.valid()) {
        add(inventory_->by_system[k].of(cause.system.row()));
      }
    }
    if (about == EventAbout::Item && cause.item.valid()) {
      out.push_back(cause.item);
    }
    std::sort(out.begin(), out.end(),
              [&](ItemRef a, ItemRef b) { return inventory_->id(a) < inventory_->id(b); });
    return out;
  }

  void add_match(std::uint32_t cause, std::uint32_t clause, ItemRef item) {
    const Clause& text = clauses_[clause];
    const auto index = static_cast<std::uint32_t>(decisions_.matches.size());
    decisions_.matches.push_back({.cause = cause,
                                  .clause = ClauseId{clause},
                                  .item = item,
                                  .certainty = text.unknown ? Certainty::Unknown : Certainty::Yes});
    MatchPrincipals named;
    named.match = index;
    if (!text.to.empty()) {
      named.to.alternatives = {text.to};
    }
    if (!text.approved_by.empty()) {
      named.approved_by.alternatives = {text.approved_by};
    }
    for (const std::vector<std::string>& level : escalations_[clause]) {
      named.escalate.push_back({.alternatives = {level}});
    }
    decisions_.principals.push_back(std::move(named));
  }

  void match() {
    std::map<std::string, ItemRef> reached;
    for (std::uint32_t c = 0; c < decisions_.causes.size(); ++c) {
      const std::vector<ItemRef> items = reach(decisions_.causes[c]);
      for (const ItemRef item : items) {
        in_reach_.insert(item.cell);
        match_retires(c, item);
        if (leaver(decisions_.causes[c])) {
          reached.emplace(inventory_->id(item), item);
        }
        for (std::uint32_t k = 0; k < clauses_.size(); ++k) {
          if (fires(c, k) && clauses_[k].kinds.contains(item.kind()) &&
              (clauses_[k].only_item.empty() || clauses_[k].only_item == inventory_->id(item))) {
            add_match(c, k, item);
          }
        }
      }
      for (std::uint32_t k = 0; k < clauses_.size(); ++k) {
        if (fires(c, k) && clauses_[k].kinds.empty()) {
          add_match(c, k, {});
        }
      }
    }
    for (const auto& [id, item] : reached) {
      decisions_.reached.push_back(item);
    }
    std::sort(decisions_.retires.begin(), decisions_.retires.end(),
              [&](const RetireMatch& a, const RetireMatch& b) {
                return std::tuple(inventory_->id(a.item), a.retire, a.cause) <
                       std::tuple(inventory_->id(b.item), b.retire, b.cause);
              });
  }

  [[nodiscard]] bool fires(std::uint32_t cause, std::uint32_t clause) const {
    const std::vector<std::uint32_t>& on = policy_->rules[policy_->clauses[clause].rule].on;
    return std::find(on.begin(), on.end(), decisions_.causes[cause].type) != on.end();
  }

  void hold_and_limit() {
    for (std::uint32_t h = 0; h < organisation_.holds.size(); ++h) {
      const Hold& hold = organisation_.holds[h];
      if (const ItemRef item = inventory_->find_item(hold.item); item.valid()) {
        decisions_.holds.push_back({.hold = h,
                                    .item = item,
                                    .certainty = hold.unknown ? Certainty::Unknown : Certainty::Yes,
                                    .ordered_by = {"legal"}});
      }
    }
    for (std::uint32_t l = 0; l < organisation_.limits.size(); ++l) {
      for (const std::uint32_t cell : in_reach_) {
        const ItemRef item{cell};
        if (organisation_.limits[l].kinds.contains(item.kind())) {
          decisions_.limits.push_back({.limit = l, .item = item, .certainty = Certainty::Yes});
        }
      }
    }
  }

  void mark_uncertain() {
    for (const std::string& item : organisation_.uncertain) {
      decisions_.undetermined.push_back(
          {.item = inventory_->find_item(item), .identity = {}, .why = "two records differ"});
    }
  }

  const Organisation& organisation_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<const Inventory> inventory_;
  std::shared_ptr<const CheckedPolicy> policy_;
  std::vector<Clause> clauses_;
  std::vector<Retire> retires_;  // as in the policy
  std::vector<std::vector<std::vector<std::string>>> escalations_;
  std::set<std::uint32_t> in_reach_;
  Decisions decisions_;
};

}  // namespace

Decisions Organisation::decide() const {
  return Evaluation(*this).run();
}

const PlanStep* find_step(const Plan& plan, std::string_view item, Verb verb,
                          std::string_view action, std::uint32_t generation) {
  for (const PlanStep& step : plan.steps) {
    if (step.item == item && step.action == action && (!action.empty() || step.verb == verb) &&
        step.generation == generation) {
      return &step;
    }
  }
  return nullptr;
}

bool weakly_after(const PlanStep& after, const PlanStep& before) {
  return std::find(after.after.begin(), after.after.end(), before.id) != after.after.end();
}

bool strongly_after(const PlanStep& after, const PlanStep& before) {
  return std::find(after.strong_after.begin(), after.strong_after.end(), before.id) !=
         after.strong_after.end();
}

bool comes_before(const Plan& plan, const PlanStep& before, const PlanStep& after) {
  std::set<std::string> wanted{after.id};
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
    if (wanted.contains(step->id)) {
      wanted.insert(step->after.begin(), step->after.end());
      wanted.insert(step->strong_after.begin(), step->strong_after.end());
    }
  }
  return before.id != after.id && wanted.contains(before.id);
}

std::string wrong_order(const Plan& plan) {
  std::map<std::string, const PlanStep*> seen;
  for (const PlanStep& step : plan.steps) {
    for (const auto* edges : {&step.after, &step.strong_after}) {
      for (const std::string& before : *edges) {
        const auto found = seen.find(before);
        if (found == seen.end()) {
          return step.item + " stands before its predecessor " + before;
        }
        if (found->second->rank > step.rank) {
          return "an edge falls in rank from " + found->second->item + " to " + step.item;
        }
      }
    }
    if (!seen.emplace(step.id, &step).second) {
      return "two steps have the id " + step.id;
    }
  }
  return {};
}

}  // namespace rescind::test
