// Limits over rolling windows: counting and reserving in one transaction, so that plans which run
// at the same time cannot pass a limit together.
#include <string>

#include "store/sqlite_store.h"

namespace rescind {

Result<std::int64_t> SqliteStore::limit_usage(const std::string& limit, const std::string& scope,
                                              Seconds window, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT count(DISTINCT subject) FROM limit_events WHERE limit_name = ? "
                        "AND scope = ? AND at > ? AND at <= ?"));
  select.bind(limit).bind(scope).bind(stored(at - window)).bind(stored(at));
  RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
  return row ? select.number(0) : 0;
}

// Nothing: the claim fits. Otherwise the answer that refuses it.
Result<std::optional<LimitAnswer>> SqliteStore::check_claim(const std::string& run,
                                                            const std::string& step,
                                                            const LimitClaim& claim, Instant at) {
  // The subjects of the window, the one whose last count is oldest first.
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT subject, max(at), max(run = ? AND step = ?) FROM limit_events "
                        "WHERE limit_name = ? AND scope = ? AND at > ? "
                        "GROUP BY subject ORDER BY max(at), subject"));
  select.bind(run).bind(step).bind(claim.limit).bind(claim.scope).bind(stored(at - claim.window));
  std::vector<Instant> counted;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      break;
    }
    if (select.text(0) == claim.subject || select.number(2) != 0) {
      return std::optional<LimitAnswer>{};
    }
    counted.push_back(instant_of(select.number(1)));
  }
  const auto used = static_cast<std::int64_t>(counted.size());
  if (used < claim.allowed) {
    return std::optional<LimitAnswer>{};
  }
  LimitAnswer answer;
  answer.full = claim.limit;
  if (claim.allowed > 0) {
    answer.room_at = counted[static_cast<std::size_t>(used - claim.allowed)] + claim.window;
  }
  return std::optional<LimitAnswer>(answer);
}

Result<LimitAnswer> SqliteStore::reserve(const std::string& run, const std::string& step,
                                         const std::vector<LimitClaim>& claims, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  for (const LimitClaim& claim : claims) {
    if (!claim.may_exceed) {
      RESCIND_ASSIGN_OR_RETURN(auto refused, check_claim(run, step, claim, at));
      if (refused) {
        return *refused;
      }
    }
    RESCIND_ASSIGN_OR_RETURN(
        auto insert, database_.prepare("INSERT INTO limit_events VALUES (?,?,?,?,?,?) ON CONFLICT "
                                       "DO UPDATE SET at = max(at, excluded.at)"));
    RESCIND_RETURN_IF_ERROR(insert.bind(claim.limit)
                                .bind(claim.scope)
                                .bind(claim.subject)
                                .bind(stored(at))
                                .bind(run)
                                .bind(step)
                                .run());
  }
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  LimitAnswer answer;
  answer.reserved = true;
  return answer;
}

}  // namespace rescind
