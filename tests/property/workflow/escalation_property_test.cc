// Escalation over random chains, people who come and go, and moments at which somebody looks:
// invariant 10 (no subject or leaver is called) and 12 (every wait has its next instant).
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "workflow/escalate.h"

namespace rescind {
namespace {

const std::vector<std::string> kNames = {"ann", "ben", "cem", "dot", "eve", "fay", "steward"};
constexpr Instant kStart{Seconds(1767600000)};

std::vector<std::string> some_names() {
  std::vector<std::string> out;
  for (const std::string& name : kNames) {
    if (*rc::gen::inRange(0, 3) == 0) {
      out.push_back(name);
    }
  }
  return out;
}

struct Office {
  std::set<std::string> gone;  // leaving or not active
  People people;
  EscalationCause cause;

  Office() {
    people.steward = *rc::gen::elementOf(std::vector<std::string>{"", "steward"});
    people.approvers.find_person = [this](const std::string& identity) {
      ApproverPerson person;
      person.leaving = gone.contains(identity);
      return std::optional(person);
    };
    const std::vector<std::string> owners = some_names();
    people.owners_of_identity = [owners](const std::string&) { return owners; };
    const std::vector<std::string> keepers = some_names();
    people.owners_of_system = [keepers](const std::string&) { return keepers; };
    cause.run = "run:1";
    cause.step = "step:1";
    cause.system = "crm";
    cause.holder = *rc::gen::elementOf(std::vector<std::string>{"", "bot"});
    cause.since = kStart;
    cause.asks = *rc::gen::inRange(0, 2) == 0;
    if (*rc::gen::inRange(0, 3) != 0) {
      cause.deadline = kStart + Seconds(*rc::gen::inRange(60, 200000));
    }
    for (int levels = *rc::gen::inRange(0, 4); levels > 0; --levels) {
      cause.chain.push_back(some_names());
      cause.after.emplace_back(*rc::gen::inRange(0, 20000));
    }
    const std::vector<std::string> subjects = some_names();
    cause.subjects = {subjects.begin(), subjects.end()};
  }

  Office(const Office&) = delete;
  Office& operator=(const Office&) = delete;
  Office(Office&&) = delete;
  Office& operator=(Office&&) = delete;
  ~Office() = default;
};

}  // namespace

TEST_CASE("invariants 10 and 12: nobody is called in their own case, and every call has a next") {
  std::size_t calls = 0;
  CHECK(rc::check("escalations keep moving and call only who may be called", [&calls] {
    Office office;
    EscalationRecord record = open_escalation(office.cause, "escalation:1");
    Instant now = kStart;
    std::optional<Instant> last_call;
    for (int look = 0; look < 40; ++look) {
      if (*rc::gen::inRange(0, 6) == 0) {
        const std::vector<std::string> gone = some_names();
        office.gone = {gone.begin(), gone.end()};
      }
      const EscalationRecord before = record;
      const EscalationMove move = next_escalation(record, &office.cause, office.people, now);
      record = move.record;
      const bool called = move.what != EscalationMove::What::Nothing;
      RC_ASSERT(record.calls == before.calls + (called ? 1 : 0) ||
                (office.cause.asks && before.calls == 0));
      for (const std::string& to : called ? record.to : std::vector<std::string>{}) {
        RC_ASSERT(!office.cause.subjects.contains(to));
        RC_ASSERT(!office.gone.contains(to));
      }
      RC_ASSERT(next_look(record).has_value());
      RC_ASSERT(record.next_at.has_value() && *record.next_at <= now + Seconds(400000));
      calls += called ? 1 : 0;
      if (called) {
        last_call = now;
      }
      // Whoever looks when it says so never finds a silence longer than the longest wait.
      RC_ASSERT(!last_call || now - *last_call <= Seconds(200000));
      record.unreached.clear();
      record.retry_at.reset();
      now = std::max(now, *record.next_at) + Seconds(*rc::gen::inRange(0, 100));
      if (*rc::gen::inRange(0, 4) == 0) {
        now -= Seconds(*rc::gen::inRange(0, 1000));
      }
    }
    const EscalationMove settled = next_escalation(record, nullptr, office.people, now);
    RC_ASSERT(settled.what == EscalationMove::What::Close);
    RC_ASSERT(!next_look(settled.record).has_value());
  }));
  CHECK(calls > 0);
}

}  // namespace rescind
