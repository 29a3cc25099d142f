// build_plan: the passes of the plan stage in their order, and the inputs that the plan is bound
// to.
#include "plan/build.h"

#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

void bind_inputs(Draft& draft) {
  Plan& plan = draft.plan;
  const Inventory& inventory = draft.estate.inventory();
  plan.engine = draft.options.engine;
  plan.policy = {.digest = draft.policy.digest, .revision = draft.options.policy_revision};
  plan.inventory.digest = inventory.digest;
  plan.inventory.records = 0;
  for (const Table& table : inventory.tables) {
    plan.inventory.records += table.rows();
  }
  for (const RejectedRecord& record : inventory.rejected) {
    plan.inventory.rejected.push_back(
        {.file = record.file, .line = record.line, .why = record.why});
  }
  for (const Cause& cause : draft.decisions.causes) {
    plan.events.push_back(cause.event);
    plan.event_lineages.push_back(cause.lineage);
  }
  for (const Event& event : draft.options.withdrawn) {
    plan.events.push_back(event);
    plan.event_lineages.push_back(lineage_of(event));
  }
  plan.supersedes = draft.options.supersedes;
  plan.as_of = draft.decisions.as_of;
  plan.expires_at = plan.as_of + draft.options.expiry;
  plan.looked_at_only = draft.options.looked_at_only;
  plan.bindings = draft.options.bindings;
  plan.notes = draft.options.notes;
  for (const InventorySource& source : inventory.sources) {
    for (const std::string& incomplete : source.incomplete) {
      plan.notes.push_back("listing not complete: " + incomplete);
    }
  }
}

}  // namespace

Draft::Draft(const Decisions& d, const PlanOptions& o)
    : decisions(d),
      policy(*d.policy),
      options(o),
      estate(*d.inventory, o.systems),
      principals(d, o.steward, o.leaving) {
  const auto concern = [this](ItemRef item, std::uint32_t cause) {
    std::vector<std::uint32_t>& causes = causes_on[item.cell];
    if (std::find(causes.begin(), causes.end(), cause) == causes.end()) {
      causes.push_back(cause);
    }
  };
  for (const Match& match : d.matches) {
    if (match.item.valid()) {
      concern(match.item, match.cause);
    }
  }
  for (const RetireMatch& match : d.retires) {
    concern(match.item, match.cause);
  }
}

void Draft::add(Order order) {
  if (order.item.valid()) {
    orders_by_item[order.item.cell].push_back(static_cast<std::uint32_t>(orders.size()));
  }
  orders.push_back(std::move(order));
}

void Draft::reindex() {
  orders_by_item.clear();
  for (std::uint32_t i = 0; i < orders.size(); ++i) {
    if (orders[i].item.valid()) {
      orders_by_item[orders[i].item.cell].push_back(i);
    }
  }
}

std::span<const std::uint32_t> Draft::orders_on(ItemRef item) const {
  const auto found = orders_by_item.find(item.cell);
  return found == orders_by_item.end() ? std::span<const std::uint32_t>()
                                       : std::span(found->second);
}

std::span<const std::uint32_t> Draft::case_of(std::uint32_t match_index) const {
  const Match& one = match(match_index);
  if (!one.item.valid()) {
    return {&one.cause, 1};
  }
  return causes_on.at(one.item.cell);
}

std::vector<std::string> Draft::resolve(const ResolvedPrincipals* chain,
                                        std::uint32_t match_index) const {
  static const ResolvedPrincipals kNobody;
  return principals.resolve(chain != nullptr ? *chain : kNobody, case_of(match_index));
}

std::vector<std::string> Draft::resolve(const ResolvedPrincipals& chain, ItemRef item) const {
  const auto causes = causes_on.find(item.cell);
  return principals.resolve(chain, causes == causes_on.end()
                                       ? std::span<const std::uint32_t>()
                                       : std::span<const std::uint32_t>(causes->second));
}

std::string_view Draft::stage_name(const Order& order) const {
  return order.staged ? std::string_view(policy.retires[staged[order.staged->retirement].retire]
                                             .stages[order.staged->stage]
                                             .name)
                      : std::string_view();
}

bool Draft::under_retirement(ItemRef item, std::uint32_t cause) const {
  const auto found = staged_by_item.find(item.cell);
  if (found == staged_by_item.end()) {
    return false;
  }
  const std::vector<std::uint32_t>& by = staged[found->second].matches;
  return std::any_of(by.begin(), by.end(),
                     [&](std::uint32_t i) { return decisions.retires[i].cause == cause; });
}

bool Draft::usable_by_subject(ItemRef item, std::uint32_t cause) const {
  const auto& subjects = principals.subjects(cause);
  const auto is_leaver = [&](std::string_view id) {
    const Inventory& inventory = estate.inventory();
    const IdentityRef identity = inventory.find_identity(id);
    if (!identity.valid() || !subjects.contains(id)) {
      return false;
    }
    const Symbol kind{inventory.table(Entity::Identity)
                          .columns[identity_attribute::kKind]
                          .word_at(identity.row())};
    return principals.leaving(id) || is_human_kind(inventory.text(kind));
  };
  if (is_leaver(estate.holder_id(item))) {
    return true;
  }
  for (const std::string_view attribute : {"known_to", "readable_by"}) {
    const auto knowers = estate.named_set(item, attribute);
    if (std::any_of(knowers.begin(), knowers.end(), is_leaver)) {
      return true;
    }
  }
  return false;
}

const MatchPrincipals* Draft::principals_of(std::uint32_t match_index) const {
  const auto found = std::lower_bound(
      decisions.principals.begin(), decisions.principals.end(), match_index,
      [](const MatchPrincipals& one, std::uint32_t index) { return one.match < index; });
  return found != decisions.principals.end() && found->match == match_index ? &*found : nullptr;
}

EventClass Draft::class_of(const Cause& cause) const {
  return policy.schema->events[cause.type].event_class;
}

bool Draft::leaver_type(const Cause& cause) const {
  return policy.schema->events[cause.type].leaver_type;
}

namespace {

void place_reason(const CheckedPolicy& policy, Span span, Reason& reason) {
  if (policy.sources && span.file.valid() && span.file.index() < policy.sources->size()) {
    const SourceFile& file = policy.sources->file(span.file);
    reason.file = file.name();
    reason.line = file.locate(span.begin).line;
  }
}

}  // namespace

Reason Draft::reason_of(std::uint32_t match_index) const {
  const CheckedClause& clause = clause_of(match_index);
  const CheckedRule& rule = policy.rules[clause.rule];
  Reason reason;
  reason.rule = rule.declared.qualified();
  reason.clause = clause.label;
  place_reason(policy, clause.span, reason);
  reason.because = clause.because.empty() ? rule.because : clause.because;
  reason.controls = rule.controls;
  reason.cause = cause_of(match_index).lineage;
  return reason;
}

Reason Draft::reason_of(const RetireMatch& match, const CheckedStage* stage) const {
  const CheckedRetire& retire = policy.retires[match.retire];
  Reason reason;
  reason.rule = retire.declared.qualified();
  reason.clause = stage == nullptr ? "retire" : "stage " + stage->name;
  place_reason(policy, stage == nullptr ? retire.declared.span : stage->span, reason);
  reason.because = retire.because;
  reason.controls = retire.controls;
  reason.cause = decisions.causes[match.cause].lineage;
  return reason;
}

std::vector<Reason> Draft::reasons_of(const Order& order) const {
  if (!order.staged) {
    return reasons_of(order.matches);
  }
  const StagedItem& item = staged[order.staged->retirement];
  std::vector<Reason> out;
  for (const std::uint32_t index : item.matches) {
    out.push_back(reason_of(decisions.retires[index],
                            &policy.retires[item.retire].stages[order.staged->stage]));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<Reason> Draft::reasons_of(const std::vector<std::uint32_t>& matches) const {
  std::vector<Reason> out;
  for (const std::uint32_t match_index : matches) {
    out.push_back(reason_of(match_index));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Draft::decide(ItemRef item, Verb verb, Outcome outcome,
                   const std::vector<std::uint32_t>& matches) {
  plan.decisions.push_back({.item = item_text(item),
                            .kind = std::string(kind_name(item.kind())),
                            .system = std::string(estate.system_id(item)),
                            .holder = std::string(estate.holder_id(item)),
                            .verb = std::string(verb_name(verb)),
                            .outcome = outcome,
                            .reasons = reasons_of(matches)});
}

void Draft::decide(const Order& order, Outcome outcome) {
  decide(order.item, order.verb, outcome, {});
  plan.decisions.back().reasons = reasons_of(order);
}

void Draft::need_person(const std::string& item, std::string why, std::string who) {
  if (who.empty()) {
    who = principals.steward();
  }
  plan.needs_person.push_back({.item = item, .why = std::move(why), .who = std::move(who)});
}

Plan build_plan(const Decisions& decisions, const PlanOptions& options) {
  Draft draft(decisions, options);
  bind_inputs(draft);
  retire_items(draft);
  merge_matches(draft);
  imply_containment(draft);
  start_destruction(draft);
  restore_items(draft);
  apply_holds(draft);
  add_engine_steps(draft);
  apply_limits(draft);
  link_orders(draft);
  write_steps(draft);
  find_infeasible(draft);
  find_kept_memberships(draft);
  claim_closure(draft);
  summarize(draft);
  draft.plan.digest = compute_plan_digest(draft.plan);
  return std::move(draft.plan);
}

}  // namespace rescind
