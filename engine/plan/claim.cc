// What the plan claims: which paths stay open for each identity that leaves, and when the last one
// closes, if every step that starts by itself is done by its deadline.
#include <algorithm>

#include "plan/draft.h"
#include "residual/residual.h"

namespace rescind {
namespace {

// Credentials that the cause's subject knows, from what was derived for them.
std::vector<ItemRef> known_items(const Draft& draft, std::uint32_t root) {
  std::vector<ItemRef> out;
  const std::vector<Cause>& causes = draft.decisions.causes;
  for (const Cause& cause : causes) {
    if (cause.parent == root && cause.item.valid()) {
      out.push_back(cause.item);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Instant done_by(const Draft& draft, const Order& order) {
  return std::max(order.deadline.value_or(order.start()), draft.decisions.as_of);
}

ResidualQuery query_for(const Draft& draft, IdentityRef subject, Instant from) {
  ResidualQuery query;
  query.subject = subject;
  query.from = from;
  query.systems = &draft.options.systems;
  for (const auto* orders : {&draft.orders, &draft.settled}) {
    for (const Order& order : *orders) {
      if (!order.item.valid() || !order.unconditional() || order.rank < Rank::Contain ||
          order.rank > Rank::Sweep) {
        continue;
      }
      if (order.action == "sweep") {
        query.sweeps.push_back({.account = order.item, .at = done_by(draft, order)});
      } else {
        query.changes.push_back(
            {.item = order.item, .verb = order.verb, .at = done_by(draft, order)});
      }
    }
  }
  return query;
}

// WHY: a step without a deadline may be done at any time, so nobody can say when its path closes.
bool bounded(const Draft& draft) {
  return std::all_of(draft.orders.begin(), draft.orders.end(), [](const Order& order) {
    return order.rank != Rank::Contain || !order.unconditional() || order.deadline.has_value();
  });
}

}  // namespace

void claim_closure(Draft& draft) {
  const std::vector<Cause>& causes = draft.decisions.causes;
  std::set<std::uint32_t> seen;
  std::optional<Instant> last;
  bool all_close = bounded(draft);
  for (std::uint32_t i = 0; i < causes.size(); ++i) {
    const Cause& cause = causes[i];
    if (!cause.subject.valid() || cause.item.valid() || cause.event.withdrawn ||
        !draft.leaver_type(cause) || !seen.insert(cause.subject.cell).second) {
      continue;
    }
    ResidualQuery query =
        query_for(draft, cause.subject, std::max(cause.effective, draft.decisions.as_of));
    query.known = known_items(draft, i);
    ResidualAccess access = find_residual_access(draft.estate.inventory(), query);
    for (ResidualPath& path : access.paths) {
      draft.plan.residual_access.push_back(std::move(path));
    }
    all_close = all_close && access.last_path_closes_at.has_value();
    if (access.last_path_closes_at) {
      last = std::max(last.value_or(*access.last_path_closes_at), *access.last_path_closes_at);
    }
  }
  if (all_close) {
    draft.plan.summary.last_path_closes_at = last;
  }
  std::stable_sort(draft.plan.residual_access.begin(), draft.plan.residual_access.end(),
                   [](const ResidualPath& a, const ResidualPath& b) { return a.path < b.path; });
}

}  // namespace rescind
