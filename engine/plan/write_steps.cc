// Orders → steps: the order of execution, ids that stay the same from plan to plan, and the words.
#include <algorithm>
#include <queue>

#include "base/check.h"
#include "plan/describe.h"
#include "plan/draft.h"
#include "plan/step_id.h"

namespace rescind {
namespace {

// Ties between steps that could both come next.
struct TieKey {
  Rank rank;
  bool not_root;
  std::int64_t tier;
  std::string_view system, item;
  Verb verb;
  std::uint32_t stage, generation;
  std::string_view action, about, target, text;
  friend auto operator<=>(const TieKey&, const TieKey&) = default;
};

TieKey tie_key(const Draft& draft, const Order& order) {
  const SystemRef system =
      order.item.valid() ? draft.estate.inventory().system(order.item) : SystemRef{};
  return {.rank = order.rank,
          .not_root = !draft.estate.is_root(system),
          .tier = draft.estate.tier(system),
          .system = order.item.valid() ? draft.estate.system_id(order.item) : std::string_view(),
          .item = order.item.valid() ? draft.estate.id(order.item) : std::string_view(),
          .verb = order.verb,
          .stage = order.staged ? order.staged->stage : 0,
          .generation = order.generation,
          .action = order.action,
          .about = order.about,
          .target = order.target,
          .text = order.text};
}

// Predecessors first, ties by key. INVARIANT: the edges have no cycle (order.cc).
std::vector<std::uint32_t> execution_order(const Draft& draft) {
  const std::size_t count = draft.orders.size();
  std::vector<TieKey> keys;
  std::vector<std::uint32_t> open(count, 0);
  std::vector<std::vector<std::uint32_t>> next(count);
  keys.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Order& order = draft.orders[i];
    keys.push_back(tie_key(draft, order));
    for (const auto* edges : {&order.weak, &order.strong}) {
      for (const std::uint32_t before : *edges) {
        RESCIND_CHECK(draft.orders[before].rank <= order.rank, "an edge falls in rank");
        next[before].push_back(i);
        ++open[i];
      }
    }
  }
  const auto later = [&](std::uint32_t a, std::uint32_t b) { return keys[b] < keys[a]; };
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(later)> ready(later);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (open[i] == 0) {
      ready.push(i);
    }
  }
  std::vector<std::uint32_t> sequence;
  while (!ready.empty()) {
    const std::uint32_t i = ready.top();
    ready.pop();
    sequence.push_back(i);
    for (const std::uint32_t after : next[i]) {
      if (--open[after] == 0) {
        ready.push(after);
      }
    }
  }
  RESCIND_CHECK(sequence.size() == count, "the order of a plan is cyclic");
  return sequence;
}

std::uint32_t root_of(const Draft& draft, std::uint32_t cause) {
  const std::vector<Cause>& causes = draft.decisions.causes;
  while (causes[cause].parent != Cause::kNoParent) {
    cause = causes[cause].parent;
  }
  return cause;
}

std::string name_by(const Draft& draft, const Order& order, std::uint32_t cause) {
  const bool item = order.item.valid();
  return make_step_id({.lineage = draft.decisions.causes[cause].lineage,
                       .item = item ? draft.estate.id(order.item) : std::string_view(),
                       .verb = order.verb,
                       .action = order.action,
                       .stage = draft.stage_name(order),
                       .generation = order.generation,
                       .about = order.about,
                       .target = order.target,
                       .text = order.text});
}

// WHY the reported event: what is derived from one may differ between two plans of it (a rotated
// secret is known to nobody any more); the step that they have in common must keep its id, or it is
// done twice. And where several events want the step, one that an earlier plan named goes on under
// that name.
std::string step_id(const Draft& draft, const Order& order) {
  if (!order.item.valid()) {
    return name_by(draft, order, order.lead);
  }
  std::set<std::uint32_t> roots;
  for (const std::uint32_t match : order.matches) {
    roots.insert(root_of(draft, draft.match(match).cause));
  }
  for (const std::uint32_t cause : order.roots) {
    roots.insert(root_of(draft, cause));
  }
  const std::uint32_t lead = root_of(draft, order.lead);
  std::string own = name_by(draft, order, lead);
  const auto known = [&](const std::string& id) {
    return draft.options.known_steps.contains(id) || draft.is_settled(id);
  };
  if (known(own)) {
    return own;
  }
  std::set<std::string> names;
  for (const std::uint32_t root : roots) {
    names.insert(name_by(draft, order, root));
  }
  const auto found = std::find_if(names.begin(), names.end(), known);
  return found == names.end() ? own : *found;
}

std::vector<Approval> approvals_of(const ApprovalList& list) {
  std::vector<Approval> out;
  for (const std::vector<std::string>& by : list) {
    out.push_back({.by = by, .state = ApprovalState::Needed, .given_by = {}});
  }
  return out;
}

void write_address(const Draft& draft, const Order& order, PlanStep& step) {
  step.verb = order.verb;
  step.action = order.action;
  step.target = order.target;
  step.text = order.text;
  step.rank = order.rank;
  if (!order.item.valid()) {
    step.holder = order.about;
    return;
  }
  const Estate& estate = draft.estate;
  step.item = draft.item_text(order.item);
  step.kind = std::string(kind_name(order.item.kind()));
  step.system = std::string(estate.system_id(order.item));
  step.holder = std::string(estate.holder_id(order.item));
  step.native_id = std::string(estate.text_of(order.item, item_attribute::kNativeId));
  step.item_name = std::string(estate.text_of(order.item, item_attribute::kName));
  if (const ItemRef account = estate.account_of(order.item); account.valid()) {
    step.account = draft.item_text(account);
    step.account_native_id = std::string(estate.text_of(account, item_attribute::kNativeId));
  }
}

// The levels of every rule behind the order, joined level by level; the steward last.
void write_escalation(const Draft& draft, const Order& order, PlanStep& step) {
  std::vector<std::set<std::string>> levels;
  std::vector<Seconds> after;
  const auto add = [&](std::size_t level, const ResolvedPrincipals& chain, std::uint32_t match,
                       Seconds wait) {
    const std::vector<std::string> found = draft.resolve(&chain, match);
    if (level >= levels.size()) {
      levels.resize(level + 1);
      after.resize(level + 1, Seconds::max());
    }
    levels[level].insert(found.begin(), found.end());
    after[level] = std::min(after[level], wait);
  };
  for (const std::uint32_t match : order.matches) {
    const MatchPrincipals* named = draft.principals_of(match);
    if (named == nullptr) {
      continue;
    }
    const CheckedClause& clause = draft.clause_of(match);
    const std::vector<EscalationLevel>& rule_levels = draft.policy.rules[clause.rule].escalate;
    const std::size_t own = clause.otherwise_escalate ? 1 : 0;
    if (own == 1) {
      add(0, named->otherwise_escalate, match, Seconds(0));
    }
    for (std::size_t i = 0; i < named->escalate.size(); ++i) {
      add(i + own, named->escalate[i], match,
          i < rule_levels.size() ? rule_levels[i].after : Seconds(0));
    }
  }
  if (order.staged) {
    const PlannedRetirement& planned = draft.staged[order.staged->retirement].planned;
    for (std::size_t i = 0; i < planned.escalate.size(); ++i) {
      levels.emplace_back(planned.escalate[i].begin(), planned.escalate[i].end());
      after.push_back(planned.escalate_after[i]);
    }
  }
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (!levels[i].empty() &&
        (step.escalate.empty() ||
         step.escalate.back() != std::vector<std::string>(levels[i].begin(), levels[i].end()))) {
      step.escalate.emplace_back(levels[i].begin(), levels[i].end());
      step.escalate_after.push_back(after[i] == Seconds::max() ? Seconds(0) : after[i]);
    }
  }
  const std::string& steward = draft.principals.steward();
  const bool named =
      std::any_of(step.escalate.begin(), step.escalate.end(), [&](const auto& level) {
        return std::find(level.begin(), level.end(), steward) != level.end();
      });
  if (!steward.empty() && !named && draft.principals.eligible(steward, {&order.lead, 1})) {
    step.escalate.push_back({steward});
    step.escalate_after.push_back(Seconds(0));
  }
}

PlanStep write_step(const Draft& draft, const Order& order) {
  PlanStep step;
  write_address(draft, order, step);
  const Way& way = order.ways.front();
  step.not_before = way.not_before;
  step.approvals = approvals_of(way.approvals);
  for (std::size_t i = 1; i < order.ways.size(); ++i) {
    step.alternatives.push_back({.not_before = order.ways[i].not_before,
                                 .approvals = approvals_of(order.ways[i].approvals)});
  }
  step.deadline = order.deadline;
  step.overdue_at_arrival = order.overdue;
  step.soak = order.soak;
  step.gate = order.gate;
  if (order.action.empty() && (order.verb == Verb::Replace || order.verb == Verb::Rotate)) {
    step.dependents = draft.estate.dependents(order.item);
  }
  step.limits = order.limits;
  std::sort(step.limits.begin(), step.limits.end());
  step.generation = order.generation;
  if (order.staged) {
    step.stage = draft.stage_name(order);
    step.retirement = draft.staged[order.staged->retirement].planned.id;
  }
  step.restores_run = order.restores_run;
  step.restores_step = order.restores_step;
  step.implied = order.implied;
  step.appointment = order.appointment;
  step.effects = order.effects;
  step.reasons = draft.reasons_of(order);
  if (!order.because.empty()) {
    Reason own;
    own.clause = order.action.empty() ? std::string(verb_name(order.verb)) : order.action;
    own.because = order.because;
    own.cause = draft.decisions.causes[order.lead].lineage;
    step.reasons.insert(step.reasons.begin(), std::move(own));
  }
  if (order.action != "capture") {
    write_escalation(draft, order, step);
  }
  describe_step(draft, order, step);
  return step;
}

// Settled steps go, and so do captures of what only settled steps change.
std::vector<bool> find_settled(const Draft& draft, const std::vector<std::string>& ids) {
  const std::size_t count = draft.orders.size();
  std::vector<bool> settled(count);
  std::vector<bool> needed(count, false);
  for (std::uint32_t i = 0; i < count; ++i) {
    settled[i] = draft.is_settled(ids[i]);
  }
  if (std::find(settled.begin(), settled.end(), true) == settled.end()) {
    return settled;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const auto* edges : {&draft.orders[i].weak, &draft.orders[i].strong}) {
      for (const std::uint32_t before : *edges) {
        needed[before] = needed[before] || !settled[i];
      }
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    settled[i] = settled[i] || (draft.orders[i].action == "capture" && !needed[i]);
  }
  return settled;
}

void drop_settled(Draft& draft, std::vector<std::string>& ids) {
  const std::size_t count = draft.orders.size();
  const std::vector<bool> settled = find_settled(draft, ids);
  std::vector<std::uint32_t> place(count, 0);
  std::vector<Order> kept;
  std::vector<std::string> kept_ids;
  for (std::uint32_t i = 0; i < count; ++i) {
    place[i] = static_cast<std::uint32_t>(kept.size());
    if (!settled[i]) {
      kept.push_back(std::move(draft.orders[i]));
      kept_ids.push_back(std::move(ids[i]));
    } else {
      draft.settled.push_back(std::move(draft.orders[i]));
    }
  }
  for (Order& order : kept) {
    for (auto* edges : {&order.weak, &order.strong}) {
      std::erase_if(*edges, [&](std::uint32_t i) { return settled[i]; });
      for (std::uint32_t& edge : *edges) {
        edge = place[edge];
      }
    }
  }
  draft.orders = std::move(kept);
  ids = std::move(kept_ids);
}

}  // namespace

void write_steps(Draft& draft) {
  std::vector<std::string> ids;
  for (const Order& order : draft.orders) {
    ids.push_back(step_id(draft, order));
  }
  if (draft.options.is_settled) {
    drop_settled(draft, ids);
  }
  draft.reindex();
  const std::vector<std::uint32_t> sequence = execution_order(draft);
  std::vector<std::uint32_t> place(sequence.size());
  for (std::uint32_t i = 0; i < sequence.size(); ++i) {
    place[sequence[i]] = i;
  }
  const auto names = [&](std::vector<std::uint32_t> edges) {
    std::sort(edges.begin(), edges.end(), [&](auto a, auto b) { return place[a] < place[b]; });
    std::vector<std::string> out;
    for (const std::uint32_t edge : edges) {
      out.push_back(ids[edge]);
    }
    return out;
  };
  std::vector<Order> ordered;
  for (const std::uint32_t i : sequence) {
    Order& order = draft.orders[i];
    PlanStep step = write_step(draft, order);
    step.id = ids[i];
    step.after = names(order.weak);
    step.strong_after = names(order.strong);
    if (draft.options.preview) {
      step.preview = draft.options.preview(step);
    }
    draft.plan.steps.push_back(std::move(step));
  }
  for (Order& order : draft.orders) {
    for (auto* edges : {&order.weak, &order.strong}) {
      for (std::uint32_t& edge : *edges) {
        edge = place[edge];
      }
    }
  }
  for (const std::uint32_t i : sequence) {
    ordered.push_back(std::move(draft.orders[i]));
  }
  draft.orders = std::move(ordered);
}

}  // namespace rescind
