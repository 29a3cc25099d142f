// A sweep round: ends what is live under an account now, whatever the plan knew of. A snapshot
// misses what was minted later, so rounds repeat until one finds nothing.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "connect/sweeping.h"
#include "execute/action.h"

namespace rescind::execute {
namespace {

constexpr std::uint32_t kQuickRounds = 3;  // then with back-off: something mints faster than we end

struct Found {
  std::vector<ItemAddress> items;
  std::string incomplete;  // why the listing cannot be trusted; "" it can
};

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

Found read_listing(const Discovery& discovery, const PlanStep& step) {
  Found found;
  for (const ListingState& listing : discovery.listings) {
    const auto kind = find_kind(listing.kind);
    if (kind && sweeping_verb(*kind) && !listing.complete && found.incomplete.empty()) {
      found.incomplete = "the " + listing.kind + " listing is incomplete: " + listing.why;
    }
  }
  for (const DiscoveredRecord& discovered : discovery.records) {
    const auto object = nlohmann::json::parse(discovered.json, nullptr, false);
    const auto kind = object.is_object() ? find_kind(text_of(object, "record")) : std::nullopt;
    if (!kind || !sweeping_verb(*kind)) {
      continue;
    }
    ItemAddress address;
    address.item = text_of(object, "id");
    address.kind = *kind;
    address.system = step.system;
    address.native_id = text_of(object, "native_id");
    address.name = text_of(object, "name");
    address.account = step.item;
    address.account_native_id = step.native_id;
    address.holder = step.holder;
    found.items.push_back(std::move(address));
  }
  std::sort(found.items.begin(), found.items.end(),
            [](const ItemAddress& a, const ItemAddress& b) { return a.item < b.item; });
  return found;
}

// What one round came to.
struct Round {
  std::size_t found = 0;
  std::size_t refused = 0;             // only a person can end it
  std::string problem;                 // the last one
  std::optional<Instant> quiet_until;  // the system asked for a pause
  std::optional<Instant> residual;     // latest
  bool auth_failed = false;
};

Status end_item(const ActionContext& context, const PlanStep& step, StepRecord& record,
                const ItemAddress& item, Round& round) {
  ActionRequest request = request_of(step, record);
  request.item = item;
  request.verb = *sweeping_verb(item.kind);
  request.marker += "/" + item.item;
  ++record.attempts;
  record.state = StepState::Intent;
  Entry intent;
  intent.entry = RecordEntry::Intent;
  intent.item = item.item;
  intent.detail = std::string(verb_name(request.verb)) + " " + item.item;
  RESCIND_RETURN_IF_ERROR(context.journal.write(record, intent));
  const ActionResult answer = context.connector->perform(request);
  Entry outcome = entry_of(RecordEntry::Outcome, answer);
  outcome.item = item.item;
  switch (answer.result) {
  case ResultClass::Changed:
  case ResultClass::AlreadyDone:
  case ResultClass::Absent:
    break;
  case ResultClass::Async:
    round.problem = item.item + " is still being ended";
    break;
  case ResultClass::ResidualUntil:
    round.residual = std::max(round.residual, answer.until);
    break;
  case ResultClass::Throttled:
    round.quiet_until = std::max(round.quiet_until, answer.until);
    round.problem = answer.detail;
    break;
  case ResultClass::AuthFailed:
    round.auth_failed = true;
    round.problem = answer.detail;
    break;
  case ResultClass::NeedsHuman:
  case ResultClass::NeedsCodeChange:
  case ResultClass::Unsupported:
    ++round.refused;
    round.problem = item.item + ": " + answer.detail;
    break;
  case ResultClass::Conflict:
  case ResultClass::Failed:
  case ResultClass::Unknown:
    round.problem = item.item + ": " + answer.detail;
    break;
  }
  return context.journal.write(record, outcome);
}

// A round that found nothing: is the account really closed?
Result<ActionReport> settle_empty_round(const ActionContext& context, const PlanStep& step,
                                        StepRecord record, Effort& effort, Entry entry) {
  ActionReport report;
  report.health = Health::Good;
  if (!context.unseen.empty()) {
    // Swept once on time; again when what it waits for is seen, because a login may slip in until
    // then.
    record.state = StepState::Waiting;
    report.next = NextMove::GiveUp;
    entry.detail += "; to be repeated, not seen yet: " + context.unseen;
    report.record = std::move(record);
    return finish_action(context, std::move(report), entry);
  }
  if (context.account_is_disabled) {
    auto account = context.connector->observe(request_of(step, record).item);
    if (!account) {
      return finish_unreadable(context, std::move(record), effort, account.error());
    }
    if (account->presence == Presence::Present && account->enabled.value_or(false)) {
      ++effort.attempts;
      record.state = StepState::Failed;
      entry.detail += kAccountEnabledAgain;
      report.next =
          effort.attempts < context.options.max_attempts ? NextMove::Backoff : NextMove::GiveUp;
      report.record = std::move(record);
      return finish_action(context, std::move(report), entry);
    }
  }
  record.state = StepState::Verified;
  if (record.until && *record.until > context.clock.now()) {
    record.state = StepState::Residual;
    entry.until = record.until;
    report.next = NextMove::At;
    report.at = *record.until;
  }
  report.record = std::move(record);
  return finish_action(context, std::move(report), entry);
}

}  // namespace

Result<ActionReport> sweep_account(const ActionContext& context, const PlanStep& step,
                                   StepRecord record, Effort& effort) {
  auto listed = context.connector->discover_account(request_of(step, record).item);
  if (!listed) {
    // Nothing can be under an account that is gone; only a reading of it proves that.
    const auto account = listed.error().kind() == ErrorKind::NotFound
                             ? context.connector->observe(request_of(step, record).item)
                             : Result<Observation>(Observation{});
    if (!account || account->presence != Presence::Absent) {
      return finish_unreadable(context, std::move(record), effort, listed.error());
    }
    listed = Discovery{};
  }
  const Found found = read_listing(*listed, step);
  Round round;
  round.found = found.items.size();
  for (const ItemAddress& item : found.items) {
    RESCIND_RETURN_IF_ERROR(end_item(context, step, record, item, round));
    if (round.auth_failed || round.quiet_until) {
      break;
    }
  }
  ++effort.rounds;
  record.until = std::max(record.until, round.residual);
  Entry entry;
  entry.entry = RecordEntry::Swept;
  entry.detail = "found " + std::to_string(round.found);
  entry.until = record.until;
  if (round.found == 0 && found.incomplete.empty()) {
    return settle_empty_round(context, step, std::move(record), effort, std::move(entry));
  }
  ActionReport report;
  report.health = round.auth_failed ? Health::AuthFailed : Health::Good;
  report.why = round.problem;
  report.system_quiet_until = round.quiet_until;
  if (!round.problem.empty()) {
    entry.detail += "; " + round.problem;
  } else if (!found.incomplete.empty()) {
    entry.detail += "; " + found.incomplete;
  }
  record.state = StepState::Failed;
  if (round.auth_failed) {
    report.next = NextMove::GiveUp;
  } else if (round.quiet_until) {
    record.state = StepState::Throttled;
    report.next = NextMove::At;
    report.at = *round.quiet_until;
  } else if (round.found > 0 && round.refused == round.found) {
    record.state = StepState::Refused;
  } else if (effort.rounds >= context.options.max_sweep_rounds) {
    report.next = NextMove::GiveUp;
  } else if (round.problem.empty() && found.incomplete.empty() && effort.rounds < kQuickRounds) {
    record.state = StepState::Ready;
    report.next = NextMove::AtOnce;
  } else {
    report.next = NextMove::Backoff;
  }
  report.record = std::move(record);
  return finish_action(context, std::move(report), entry);
}

}  // namespace rescind::execute
