// The chain of an escalation and its next move.
#include "workflow/escalate.h"

#include <algorithm>
#include <utility>

namespace rescind {
namespace {

// Adds what nobody was called for at an earlier level; a level without anybody is left out.
void add_level(std::vector<CalledLevel>& chain, const std::vector<std::string>& to, Seconds wait,
               const EscalationCause& cause, const People& people) {
  CalledLevel level;
  level.wait = wait.count() > 0 ? wait : kLevelWait;
  for (const std::string& principal : to) {
    const bool known = std::any_of(chain.begin(), chain.end(), [&](const CalledLevel& earlier) {
      return std::binary_search(earlier.to.begin(), earlier.to.end(), principal);
    });
    if (!known && may_be_called(people, principal, cause.subjects)) {
      level.to.push_back(principal);
    }
  }
  std::sort(level.to.begin(), level.to.end());
  level.to.erase(std::unique(level.to.begin(), level.to.end()), level.to.end());
  if (!level.to.empty()) {
    chain.push_back(std::move(level));
  }
}

bool is_steward_only(const std::vector<std::string>& level, const People& people) {
  return level.size() == 1 && level.front() == people.steward;
}

// When somebody who was asked is reminded: at half of the time and at its end, then daily.
Instant next_reminder(const EscalationRecord& record, Instant now) {
  if (record.deadline && *record.deadline > now) {
    const Instant half = record.raised_at + (*record.deadline - record.raised_at) / 2;
    return half > now ? half : *record.deadline;
  }
  return now + kCallAgain;
}

void call(EscalationMove& move, EscalationMove::What what, Instant now) {
  move.what = what;
  ++move.record.calls;
  move.record.unreached = move.record.to;
  if (move.record.to.empty()) {
    // WHY "": nobody is left to call, which the configured way should say as loudly as it can.
    move.record.unreached = {""};
  }
  move.record.retry_at = now;
}

// The level that is called next, and for how long it has the word.
void move_up(EscalationMove& move, const std::vector<CalledLevel>& chain, Instant now) {
  EscalationRecord& record = move.record;
  const bool reminds =
      record.asks && record.level == 0 && record.deadline && now < *record.deadline;
  if (reminds) {
    call(move, EscalationMove::What::CallAgain, now);
    record.next_at = next_reminder(record, now);
    return;
  }
  const bool last = record.level + 1 >= chain.size();
  // An `ask` is called for once more at its deadline, before anybody else hears of it.
  const bool at_deadline =
      record.asks && record.level == 0 && record.deadline && record.next_at == record.deadline;
  if (!last && !at_deadline) {
    ++record.level;
    record.to = chain[record.level].to;
  }
  call(move, last || at_deadline ? EscalationMove::What::CallAgain : EscalationMove::What::Call,
       now);
  const bool more = record.level + 1 < chain.size();
  record.next_at = now + (more ? chain[record.level + 1].wait : kCallAgain);
}

}  // namespace

std::vector<CalledLevel> resolve_chain(const EscalationCause& cause, const People& people) {
  std::vector<CalledLevel> chain;
  for (std::size_t i = 0; i < cause.chain.size(); ++i) {
    if ((i == 0 && cause.first_is_asked) || !is_steward_only(cause.chain[i], people)) {
      add_level(chain, cause.chain[i], i < cause.after.size() ? cause.after[i] : Seconds(0), cause,
                people);
    }
  }
  if (!cause.holder.empty() && people.owners_of_identity) {
    add_level(chain, people.owners_of_identity(cause.holder), Seconds(0), cause, people);
  }
  if (!cause.system.empty() && people.owners_of_system) {
    add_level(chain, people.owners_of_system(cause.system), Seconds(0), cause, people);
  }
  if (!people.steward.empty()) {
    add_level(chain, {people.steward}, Seconds(0), cause, people);
  }
  return chain;
}

EscalationRecord open_escalation(const EscalationCause& cause, const std::string& id) {
  EscalationRecord record;
  record.id = id;
  record.run = cause.run;
  record.step = cause.step;
  record.retirement = cause.retirement;
  record.item = cause.item;
  record.system = cause.system;
  record.why = cause.why;
  record.asks = cause.asks;
  record.raised_at = cause.since;
  record.deadline = cause.deadline;
  return record;
}

EscalationMove next_escalation(EscalationRecord record, const EscalationCause* cause,
                               const People& people, Instant now) {
  EscalationMove move;
  move.record = std::move(record);
  EscalationRecord& next = move.record;
  if (next.closed_at) {
    return move;
  }
  if (cause == nullptr) {
    move.what = EscalationMove::What::Close;
    next.closed_at = now;
    next.next_at.reset();
    next.retry_at.reset();
    next.unreached.clear();
    return move;
  }
  const std::vector<CalledLevel> chain = resolve_chain(*cause, people);
  next.why = cause->why;
  next.deadline = cause->deadline;
  next.item = cause->item;
  next.system = cause->system;
  if (!chain.empty() && next.level >= chain.size()) {
    next.level = static_cast<std::uint32_t>(chain.size() - 1);
  }
  const std::vector<std::string> to =
      chain.empty() ? std::vector<std::string>{} : chain[next.level].to;
  if (next.calls == 0) {
    next.to = to;
    call(move, EscalationMove::What::Call, now);
    next.next_at = next.asks          ? next_reminder(next, now)
                   : chain.size() > 1 ? now + chain[1].wait
                                      : now + kCallAgain;
    // Whoever is asked has been told by the step itself.
    if (next.asks) {
      move.what = EscalationMove::What::Nothing;
      next.unreached.clear();
      next.retry_at.reset();
    }
    return move;
  }
  // Somebody who was called is no longer there: whoever stands in their place is called at once.
  if (to != next.to && (next.to.empty() || !std::ranges::includes(next.to, to) ||
                        std::ranges::none_of(next.to, [&](const std::string& principal) {
                          return may_be_called(people, principal, cause->subjects);
                        }))) {
    next.to = to;
    call(move, EscalationMove::What::Call, now);
    return move;
  }
  // Whoever may no longer be called hears of it no more, not even what could not be handed over.
  next.to = to;
  std::erase_if(next.unreached, [&to](const std::string& principal) {
    return !principal.empty() && !std::binary_search(to.begin(), to.end(), principal);
  });
  if (next.unreached.empty()) {
    next.retry_at.reset();
  }
  if (next.next_at && *next.next_at <= now) {
    move_up(move, chain, now);
  }
  return move;
}

std::optional<Instant> next_look(const EscalationRecord& record) {
  if (record.closed_at) {
    return std::nullopt;
  }
  if (record.retry_at && record.next_at) {
    return std::min(*record.retry_at, *record.next_at);
  }
  return record.retry_at ? record.retry_at : record.next_at;
}

std::optional<EscalationRecord> acknowledge_escalation(EscalationRecord record,
                                                       const std::string& who,
                                                       const std::set<std::string>& subjects,
                                                       Instant now, Diagnostics& diagnostics) {
  if (record.closed_at) {
    diagnostics
        .error(Code::R0890, {},
               record.id + " was settled at " + format_instant(*record.closed_at) +
                   ", there is nothing to acknowledge")
        .help.push_back("`rescind escalations` lists the open ones");
    return std::nullopt;
  }
  if (subjects.contains(who)) {
    diagnostics.error(Code::R0891, {}, "`" + who + "` cannot acknowledge what is about themselves")
        .help.push_back("let one of those who were called do it");
    return std::nullopt;
  }
  record.acknowledged_by = who;
  record.acknowledged_at = now;
  record.unreached.clear();
  record.retry_at.reset();
  if (record.asks) {
    record.closed_at = now;
    record.next_at.reset();
    return record;
  }
  record.next_at = std::max(record.next_at.value_or(now), now + kCallAgain);
  return record;
}

}  // namespace rescind
