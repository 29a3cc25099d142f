// Finds the causes, decides each (in parallel where asked), and puts the answers into one order.
#include "evaluate/evaluate.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <tuple>

#include "evaluate/bound.h"
#include "evaluate/causes.h"
#include "evaluate/holds.h"
#include "evaluate/justify.h"
#include "evaluate/principals.h"
#include "evaluate/retires.h"

namespace rescind {
namespace {

// What deciding one cause gave.
struct CauseResult {
  std::vector<Match> matches;
  std::vector<MatchPrincipals> principals;  // `match` counts within `matches`
  std::vector<RetireMatch> retires;
  std::vector<JustifiedItem> justified;
  std::vector<ItemRef> scope;
};

// Decides causes on one thread.
class CauseDecider {
 public:
  CauseDecider(const Evaluator& evaluator, const EvaluateOptions& options,
               const std::function<bool(IdentityRef)>& leaves)
      : evaluator_(evaluator),
        bound_(evaluator.bound()),
        inventory_(bound_.inventory()),
        options_(options),
        leaves_(leaves),
        work_(evaluator),
        interpreter_(bound_),
        justifier_(bound_),
        retires_(interpreter_, leaves, options.resolve_principals) {
    interpreter_.set_justifier(&justifier_);
  }

  CauseResult decide(std::uint32_t number, const BoundCause& cause) {
    CauseResult result;
    evaluator_.decide(cause, work_);
    interpreter_.begin(cause);
    justifier_.begin(cause);
    order_items();
    for (const Hit hit : work_.without_item()) {
      result.matches.push_back({number, hit.clause(), {}, hit.certainty()});
    }
    for (const std::size_t i : order_) {
      const ItemRef item = work_.items()[i];
      result.scope.push_back(item);
      for (const Hit hit : work_.hits(i)) {
        result.matches.push_back({number, hit.clause(), item, hit.certainty()});
      }
    }
    retires_.find(number, result.scope, result.retires);
    find_justified(cause, result);
    if (options_.resolve_principals) {
      resolve_principals(result);
    }
    return result;
  }

 private:
  void order_items() {
    order_.resize(work_.items().size());
    for (std::size_t i = 0; i < order_.size(); ++i) {
      order_[i] = i;
    }
    std::sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
      return inventory_.id(work_.items()[a]) < inventory_.id(work_.items()[b]);
    });
  }

  void find_justified(const BoundCause& cause, CauseResult& result) {
    const CheckedPolicy& policy = bound_.policy();
    const bool change = policy.schema->events[cause.type].event_class == EventClass::Change;
    if (!change || cause.about != EventAbout::Identity ||
        (policy.roles.empty() && policy.keeps.empty())) {
      return;
    }
    for (const ItemRef item : result.scope) {
      std::string by = justifier_.reason(item);
      if (!by.empty()) {
        result.justified.push_back({item, std::move(by)});
      }
    }
  }

  void resolve_principals(CauseResult& result) {
    PrincipalResolver resolver(interpreter_, leaves_);
    const Program& program = bound_.program();
    for (std::size_t m = 0; m < result.matches.size(); ++m) {
      const Match& match = result.matches[m];
      const CompiledClausePrincipals& clause = program.clause_principals[match.clause.index()];
      const auto& levels =
          program.rule_escalations[bound_.policy().clauses[match.clause.index()].rule];
      const bool any = clause.to.alternatives.count + clause.approved_by.alternatives.count +
                           clause.otherwise_escalate.alternatives.count >
                       0;
      if (!any && levels.empty()) {
        continue;
      }
      MatchPrincipals resolved;
      resolved.match = static_cast<std::uint32_t>(m);
      resolved.to = resolver.resolve(clause.to, match.item);
      resolved.approved_by = resolver.resolve(clause.approved_by, match.item);
      resolved.otherwise_escalate = resolver.resolve(clause.otherwise_escalate, match.item);
      for (const CompiledPrincipals& level : levels) {
        resolved.escalate.push_back(resolver.resolve(level, match.item));
      }
      result.principals.push_back(std::move(resolved));
    }
  }

  const Evaluator& evaluator_;
  const Bound& bound_;
  const Inventory& inventory_;
  const EvaluateOptions& options_;
  const std::function<bool(IdentityRef)>& leaves_;
  Workspace work_;
  Interpreter interpreter_;
  RoleJustifier justifier_;
  RetireFinder retires_;
  std::vector<std::size_t> order_;
};

using BoundCauses = std::vector<std::shared_ptr<const BoundCause>>;

// Results by cause; which thread decided which cause does not show.
std::vector<CauseResult> decide_all(const Evaluator& evaluator, const BoundCauses& causes,
                                    const EvaluateOptions& options,
                                    const std::function<bool(IdentityRef)>& leaves) {
  std::vector<CauseResult> results(causes.size());
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    CauseDecider decider(evaluator, options, leaves);
    for (std::size_t c = next.fetch_add(1); c < causes.size(); c = next.fetch_add(1)) {
      results[c] = decider.decide(static_cast<std::uint32_t>(c), *causes[c]);
    }
  };
  const std::size_t threads =
      std::min<std::size_t>(std::max(1U, options.threads), std::max<std::size_t>(1, causes.size()));
  std::vector<std::jthread> others;
  for (std::size_t t = 1; t < threads; ++t) {
    others.emplace_back(run);
  }
  run();
  return results;
}

void sort_unique_by_id(std::vector<ItemRef>& items, const Inventory& inventory) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  std::sort(items.begin(), items.end(),
            [&](ItemRef a, ItemRef b) { return inventory.id(a) < inventory.id(b); });
}

void add_undetermined(Decisions& decisions, const std::vector<ItemRef>& scope) {
  const Inventory& inventory = *decisions.inventory;
  if (!inventory.undetermined.empty()) {
    for (const ItemRef item : scope) {
      if (const std::string* why = inventory.why_undetermined(entity_of(item.kind()), item.row())) {
        decisions.undetermined.push_back({item, {}, *why});
      }
    }
    for (const Cause& cause : decisions.causes) {
      const std::string* why =
          cause.subject.valid() ? inventory.why_undetermined(Entity::Identity, cause.subject.row())
                                : nullptr;
      if (why != nullptr) {
        decisions.undetermined.push_back({{}, cause.subject, *why});
      }
    }
  }
  auto& all = decisions.undetermined;
  const auto name = [&](const UndeterminedItem& u) {
    return u.item.valid() ? inventory.id(u.item) : inventory.id(u.identity);
  };
  std::sort(all.begin(), all.end(), [&](const UndeterminedItem& a, const UndeterminedItem& b) {
    return std::tuple(a.item.valid(), name(a), std::string_view(a.why)) <
           std::tuple(b.item.valid(), name(b), std::string_view(b.why));
  });
  // Once per id, as people see it: rows that share an id have no order among themselves.
  all.erase(std::unique(all.begin(), all.end(),
                        [&](const UndeterminedItem& a, const UndeterminedItem& b) {
                          return a.item.valid() == b.item.valid() && name(a) == name(b) &&
                                 a.why == b.why;
                        }),
            all.end());
}

// Everything that the matched items consist of, for holds and limits.
std::vector<ItemRef> concerned(const CauseResult& result, const Bound& bound) {
  std::vector<ItemRef> items = result.scope;
  for (const ItemRef item : result.scope) {
    for (const Kind kind : bound.kinds_under_accounts()) {
      if (item.kind() != Kind::Account) {
        break;
      }
      for (const std::uint32_t row :
           bound.inventory().by_account[static_cast<std::size_t>(kind)].of(item.row())) {
        items.push_back(ItemRef::of(kind, row));
      }
    }
  }
  sort_unique_by_id(items, bound.inventory());
  return items;
}

void assemble(Decisions& decisions, std::vector<CauseResult> results, const BoundCauses& causes,
              const Bound& bound, const std::function<bool(IdentityRef)>& leaves) {
  const CheckedPolicy& policy = bound.policy();
  const bool judged = !policy.holds.empty() || !policy.limits.empty();
  HoldFinder holds(bound, leaves);
  std::vector<ItemRef> scope;
  for (std::size_t c = 0; c < results.size(); ++c) {
    CauseResult& result = results[c];
    if (judged) {
      holds.judge(*causes[c], concerned(result, bound));
    }
    const auto base = static_cast<std::uint32_t>(decisions.matches.size());
    decisions.matches.insert(decisions.matches.end(), result.matches.begin(), result.matches.end());
    for (MatchPrincipals& principals : result.principals) {
      principals.match += base;
      decisions.principals.push_back(std::move(principals));
    }
    std::move(result.retires.begin(), result.retires.end(), std::back_inserter(decisions.retires));
    decisions.justified.insert(decisions.justified.end(), result.justified.begin(),
                               result.justified.end());
    scope.insert(scope.end(), result.scope.begin(), result.scope.end());
    if (policy.schema->events[decisions.causes[c].type].leaver_type) {
      decisions.reached.insert(decisions.reached.end(), result.scope.begin(), result.scope.end());
    }
    result = {};
  }
  holds.finish(decisions);
  std::sort(decisions.retires.begin(), decisions.retires.end(),
            [&](const RetireMatch& a, const RetireMatch& b) {
              return std::tuple(bound.inventory().id(a.item), a.retire, a.cause) <
                     std::tuple(bound.inventory().id(b.item), b.retire, b.cause);
            });
  sort_unique_by_id(decisions.reached, bound.inventory());
  sort_unique_by_id(scope, bound.inventory());
  const auto by_id = [&](const JustifiedItem& a, const JustifiedItem& b) {
    return std::tie(a.item, a.by) < std::tie(b.item, b.by);
  };
  std::sort(decisions.justified.begin(), decisions.justified.end(), by_id);
  decisions.justified.erase(
      std::unique(decisions.justified.begin(), decisions.justified.end(),
                  [](const JustifiedItem& a, const JustifiedItem& b) { return a.item == b.item; }),
      decisions.justified.end());
  std::sort(decisions.justified.begin(), decisions.justified.end(),
            [&](const JustifiedItem& a, const JustifiedItem& b) {
              return bound.inventory().id(a.item) < bound.inventory().id(b.item);
            });
  add_undetermined(decisions, scope);
}

}  // namespace

Decisions evaluate_program(std::shared_ptr<const Program> program,
                           std::shared_ptr<const Inventory> inventory,
                           const std::vector<Event>& events, Instant now,
                           const EvaluateOptions& options) {
  Decisions decisions;
  decisions.policy = program->policy;
  decisions.inventory = inventory;
  decisions.as_of = now;
  Evaluator evaluator(std::move(program), std::move(inventory), {now, options.supported});
  CauseFinder finder(evaluator, decisions);
  finder.find(events);
  const std::function<bool(IdentityRef)> leaves = [&finder](IdentityRef identity) {
    return finder.leaves(identity);
  };
  BoundCauses causes;
  for (const Cause& cause : decisions.causes) {
    causes.push_back(evaluator.bind(cause, cause.subject.valid() && finder.leaves(cause.subject)));
  }
  std::vector<CauseResult> results = decide_all(evaluator, causes, options, leaves);
  assemble(decisions, std::move(results), causes, evaluator.bound(), leaves);
  return decisions;
}

}  // namespace rescind
