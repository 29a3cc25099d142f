// Limits: how many subjects a plan may hit in a window. Excess waits behind a gate, subject by
// subject.
#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "plan/draft.h"

namespace rescind {
namespace {

struct Counted {
  Instant at{};
  std::string subject;
  std::uint32_t order = 0;
};

// By limit, then system ("" for all systems together).
using Scopes = std::map<std::pair<std::uint32_t, std::string>, std::vector<Counted>>;

bool counts(const CheckedLimit& limit, const Order& order) {
  const Kind kind = order.item.kind();
  // Sessions and tokens are cut whatever else waits.
  if (!order.action.empty() || order.generation > 1 || kind == Kind::Session ||
      kind == Kind::Token) {
    return false;
  }
  const std::optional<Effect> worst = worst_effect(order.effects);
  return std::any_of(limit.verbs.begin(), limit.verbs.end(), [&](Verb verb) {
    return verb == order.verb || (worst && verb_kinds(verb).contains(kind) &&
                                  worst_effect(default_effects(verb, kind)) == worst);
  });
}

std::uint64_t items_in_scope(const Draft& draft, const CheckedLimit& limit,
                             const std::string& scope) {
  const Inventory& inventory = draft.estate.inventory();
  const SystemRef system = scope.empty() ? SystemRef{} : inventory.find_system(scope);
  std::uint64_t count = 0;
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    if (limit.kinds.contains(static_cast<Kind>(kind))) {
      count += system.valid() ? inventory.by_system[kind].of(system.row()).size()
                              : inventory.table(static_cast<Kind>(kind)).rows();
    }
  }
  return count;
}

std::int64_t allowed_in(const Draft& draft, const CheckedLimit& limit, const std::string& scope) {
  std::int64_t allowed = limit.count.value_or(0);
  if (limit.percent) {
    const auto items = static_cast<std::int64_t>(items_in_scope(draft, limit, scope));
    allowed = std::max(allowed, items * *limit.percent / 100);
  }
  return allowed;
}

// Whom the limit asks, as far as it is said in constants; nobody whom the plan is about.
std::string asked(const Draft& draft, const CheckedLimit& limit) {
  std::vector<std::uint32_t> causes(draft.decisions.causes.size());
  std::iota(causes.begin(), causes.end(), 0U);
  ResolvedPrincipals chain;
  for (const ExprId id : limit.ask ? limit.ask->alternatives : std::vector<ExprId>()) {
    const Expr& expr = draft.policy.exprs[id];
    if (expr.op == ExprOp::Constant && !expr.constant.text.empty()) {
      chain.alternatives.push_back({expr.constant.text});
    }
  }
  const std::vector<std::string> found = draft.principals.resolve(chain, causes);
  return found.empty() ? std::string() : found.front();
}

Scopes collect(Draft& draft) {
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> limits_of;
  for (const LimitMatch& match : draft.decisions.limits) {
    limits_of[match.item.cell].push_back(match.limit);  // in doubt: counted
  }
  Scopes scopes;
  for (std::uint32_t i = 0; i < draft.orders.size(); ++i) {
    Order& order = draft.orders[i];
    const auto found = order.item.valid() ? limits_of.find(order.item.cell) : limits_of.end();
    for (const std::uint32_t index :
         found == limits_of.end() ? std::vector<std::uint32_t>() : found->second) {
      const CheckedLimit& limit = draft.policy.limits[index];
      if (!counts(limit, order)) {
        continue;
      }
      const std::string scope =
          limit.per_system ? std::string(draft.estate.system_id(order.item)) : "";
      const std::string_view holder = draft.estate.holder_id(order.item);
      order.limits.push_back({.name = limit.declared.qualified(), .scope = scope});
      scopes[{index, scope}].push_back(
          {.at = std::max(order.start(), draft.decisions.as_of),
           .subject = holder.empty() ? draft.item_text(order.item) : std::string(holder),
           .order = i});
    }
  }
  return scopes;
}

void gate(Order& order, const std::string& limit) {
  if (!order.gate) {
    order.gate = Gate{.kind = "limit", .text = "limit " + limit};
  }
}

void apply_limit(Draft& draft, const CheckedLimit& limit, const std::string& scope,
                 std::vector<Counted>& counted) {
  const std::string name = limit.declared.qualified();
  const std::int64_t allowed = allowed_in(draft, limit, scope);
  const auto stored = draft.options.limit_used.find({name, scope});
  const std::int64_t used = stored == draft.options.limit_used.end() ? 0 : stored->second;
  const Instant stored_until = draft.decisions.as_of + limit.window;
  std::sort(counted.begin(), counted.end(), [&](const Counted& a, const Counted& b) {
    return std::tuple(a.at, a.subject, draft.estate.id(draft.orders[a.order].item)) <
           std::tuple(b.at, b.subject, draft.estate.id(draft.orders[b.order].item));
  });
  std::map<std::string, Instant> accepted;  // subject → when it was last counted
  std::set<std::string> waiting;
  std::int64_t most = 0;
  Instant last{};
  for (const Counted& one : counted) {
    if (one.at > last) {
      std::erase_if(accepted,
                    [&](const auto& entry) { return entry.second + limit.window <= one.at; });
      last = one.at;
    }
    if (waiting.contains(one.subject)) {
      gate(draft.orders[one.order], name);
      continue;
    }
    const std::int64_t before = one.at < stored_until ? used : 0;
    const auto present = static_cast<std::int64_t>(accepted.size());
    if (!accepted.contains(one.subject) && before + present >= allowed) {
      waiting.insert(one.subject);
      gate(draft.orders[one.order], name);
      continue;
    }
    accepted.try_emplace(one.subject, one.at);
    most = std::max(most, static_cast<std::int64_t>(accepted.size()));
  }
  draft.plan.limits.push_back({.name = name,
                               .used = used + most,
                               .allowed = allowed,
                               .tripped = !waiting.empty(),
                               .scope = scope,
                               .window = limit.window,
                               .ask = asked(draft, limit)});
  if (!waiting.empty()) {
    const std::vector<std::string> who(waiting.begin(), waiting.end());
    draft.need_person(scope,
                      "limit " + name + " (" + std::to_string(allowed) + " in " +
                          format_duration(limit.window) +
                          ") is reached; these wait: " + join(who, ", "),
                      asked(draft, limit));
  }
}

}  // namespace

void apply_limits(Draft& draft) {
  Scopes scopes = collect(draft);
  for (auto& [key, counted] : scopes) {
    apply_limit(draft, draft.policy.limits[key.first], key.second, counted);
  }
  std::sort(draft.plan.limits.begin(), draft.plan.limits.end(),
            [](const LimitUse& a, const LimitUse& b) {
              return std::tie(a.name, a.scope) < std::tie(b.name, b.scope);
            });
}

}  // namespace rescind
