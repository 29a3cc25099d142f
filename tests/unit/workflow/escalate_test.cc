// Escalation: who is in the chain, who is called when, what settles it. R0890 and R0891.
#include "workflow/escalate.h"

#include <map>

#include "tests/support/company.h"

namespace rescind {
namespace {

using What = EscalationMove::What;
using Names = std::vector<std::string>;

constexpr Instant kNow{Seconds(1767600000)};

struct Office {
  std::map<std::string, ApproverPerson> known;
  People people;
  EscalationCause cause;

  Office() {
    people.steward = "steward";
    people.approvers.find_person = [this](const std::string& identity) {
      const auto found = known.find(identity);
      return found == known.end() ? std::nullopt : std::optional(found->second);
    };
    people.owners_of_identity = [](const std::string& identity) {
      return identity == "ci-bot" ? Names{"carol"} : Names{};
    };
    people.owners_of_system = [](const std::string& system) {
      return system == "aws" ? Names{"cloud"} : Names{};
    };
    people.contact = [](const std::string& principal) {
      return "mailto:" + principal + "@example.org";
    };
    cause.run = "run:1";
    cause.step = "step:1";
    cause.item = "aws:key";
    cause.system = "aws";
    cause.holder = "ci-bot";
    cause.why = "disable aws:key: failed";
    cause.chain = {{"iam-oncall"}, {"it-security"}, {"steward"}};
    cause.after = {Seconds(0), Seconds(3600), Seconds(0)};
    cause.since = kNow;
    cause.deadline = kNow + Seconds(7200);
    cause.subjects = {"alice"};
  }

  Office(const Office&) = delete;
  Office& operator=(const Office&) = delete;
  Office(Office&&) = delete;
  Office& operator=(Office&&) = delete;
  ~Office() = default;

  [[nodiscard]] std::vector<Names> chain() const {
    std::vector<Names> out;
    for (const CalledLevel& level : resolve_chain(cause, people)) {
      out.push_back(level.to);
    }
    return out;
  }

  [[nodiscard]] EscalationMove next(const EscalationRecord& record, Instant now) const {
    return next_escalation(record, &cause, people, now);
  }

  // Called and heard, as a working hand-over leaves it.
  [[nodiscard]] EscalationRecord called(const EscalationRecord& record, Instant now) const {
    EscalationMove move = next(record, now);
    CHECK(move.what != What::Nothing);
    move.record.unreached.clear();
    move.record.retry_at.reset();
    return move.record;
  }
};

}  // namespace

TEST_CASE("escalation: the chain is named, then the holder's owners, the system's, the steward") {
  Office office;
  CHECK(office.chain() ==
        std::vector<Names>{{"iam-oncall"}, {"it-security"}, {"carol"}, {"cloud"}, {"steward"}});
  SUBCASE("an ownerless item: the system's owners and the steward") {
    office.cause.chain.clear();
    office.cause.holder.clear();
    CHECK(office.chain() == std::vector<Names>{{"cloud"}, {"steward"}});
  }
  SUBCASE("subjects, leavers and the inactive are passed over") {
    office.cause.chain = {{"alice", "bob", "dora"}, {"eve"}};
    office.known["bob"].leaving = true;
    office.known["eve"].active = false;
    office.known["carol"].active = false;
    office.known["carol"].away = true;
    CHECK(office.chain() == std::vector<Names>{{"dora"}, {"cloud"}, {"steward"}});
  }
  SUBCASE("a team is called while one of its members may be") {
    office.people.approvers.teams["iam-oncall"] = {"alice"};
    office.people.approvers.teams["it-security"] = {"alice", "ines"};
    CHECK(office.chain() == std::vector<Names>{{"it-security"}, {"carol"}, {"cloud"}, {"steward"}});
  }
  SUBCASE("nobody twice") {
    office.cause.chain = {{"cloud"}, {"cloud", "carol"}};
    CHECK(office.chain() == std::vector<Names>{{"cloud"}, {"carol"}, {"steward"}});
  }
}

TEST_CASE("escalation: level after level is called, the last one daily until it is settled") {
  const Office office;
  EscalationRecord record = open_escalation(office.cause, "escalation:1");
  record = office.called(record, kNow);
  CHECK(record.to == Names{"iam-oncall"});
  CHECK(record.calls == 1);
  CHECK(record.next_at == kNow + Seconds(3600));
  CHECK(office.next(record, kNow + Seconds(3599)).what == What::Nothing);
  record = office.called(record, kNow + Seconds(3600));
  CHECK(record.to == Names{"it-security"});
  CHECK(record.level == 1);
  CHECK(record.next_at == kNow + Seconds(3600) + kLevelWait);
  Instant now = kNow;
  for (const char* expected : {"carol", "cloud", "steward"}) {
    now = *record.next_at;
    record = office.called(record, now);
    CHECK(record.to == Names{expected});
  }
  CHECK(record.next_at == now + kCallAgain);
  const EscalationMove again = office.next(record, *record.next_at);
  CHECK(again.what == What::CallAgain);
  CHECK(again.record.to == Names{"steward"});
  CHECK(again.record.calls == 6);
  const EscalationMove settled =
      next_escalation(again.record, nullptr, office.people, now + Seconds(1));
  CHECK(settled.what == What::Close);
  CHECK(settled.record.closed_at == now + Seconds(1));
  CHECK_FALSE(next_look(settled.record).has_value());
  CHECK(next_escalation(settled.record, &office.cause, office.people, now).what == What::Nothing);
}

TEST_CASE("escalation: with nobody left it still calls, to nobody, and keeps calling") {
  Office office;
  office.people.steward.clear();
  office.cause.chain = {{"alice"}};
  office.cause.holder.clear();
  office.cause.system.clear();
  const EscalationMove move = office.next(open_escalation(office.cause, "escalation:1"), kNow);
  CHECK(move.what == What::Call);
  CHECK(move.record.to.empty());
  CHECK(move.record.unreached == Names{""});
  CHECK(move.record.next_at == kNow + kCallAgain);
  const HandOverMessage message = escalation_message(move.record, office.people, "", kNow);
  CHECK(message.text.find("nobody is left in the chain") != std::string::npos);
}

TEST_CASE("escalation: who leaves while being called is replaced at once") {
  Office office;
  const EscalationRecord record =
      office.called(open_escalation(office.cause, "escalation:1"), kNow);
  office.known["iam-oncall"].leaving = true;
  const EscalationMove move = office.next(record, kNow + Seconds(60));
  CHECK(move.what == What::Call);
  CHECK(move.record.to == Names{"it-security"});
  CHECK(move.record.level == 0);
}

TEST_CASE("escalation: of several who are called, who leaves hears of it no more") {
  Office office;
  office.cause.chain = {{"ann", "ben"}};
  office.cause.holder.clear();
  office.cause.system.clear();
  office.people.steward.clear();
  EscalationMove move = office.next(open_escalation(office.cause, "escalation:1"), kNow);
  REQUIRE(move.record.unreached == Names{"ann", "ben"});
  office.known["ben"].leaving = true;
  move = office.next(move.record, kNow + Seconds(60));
  CHECK(move.what == What::Nothing);
  CHECK(move.record.unreached == Names{"ann"});  // a call that is tried again leaves ben out
  move = office.next(move.record, kNow + kCallAgain);
  CHECK(move.what == What::CallAgain);
  CHECK(move.record.to == Names{"ann"});
}

TEST_CASE("escalation: acknowledging buys a day and is nothing for the subject (R0891)") {
  const Office office;
  EscalationRecord record = office.called(open_escalation(office.cause, "escalation:1"), kNow);
  Diagnostics diagnostics;
  CHECK_FALSE(acknowledge_escalation(record, "alice", {"alice"}, kNow, diagnostics));
  CHECK(code_name(diagnostics.sorted().front().code) == "R0891");
  const auto acknowledged = acknowledge_escalation(record, "ines", {"alice"}, kNow, diagnostics);
  REQUIRE(acknowledged.has_value());
  CHECK(acknowledged->acknowledged_by == "ines");
  CHECK(acknowledged->next_at == kNow + kCallAgain);
  CHECK_FALSE(acknowledged->closed_at.has_value());
  CHECK(office.next(*acknowledged, kNow + kCallAgain - Seconds(1)).what == What::Nothing);
  CHECK(office.next(*acknowledged, kNow + kCallAgain).record.to == Names{"it-security"});
}

TEST_CASE("escalation: who is asked is called first, also where that is the steward") {
  Office office;
  office.cause.chain.insert(office.cause.chain.begin(), {"steward"});
  office.cause.after.insert(office.cause.after.begin(), Seconds(0));
  CHECK(office.chain().front() == Names{"iam-oncall"});
  office.cause.first_is_asked = true;
  CHECK(office.chain().front() == Names{"steward"});
}

TEST_CASE("escalation: an ask is reminded at half and at its deadline, then moves up") {
  Office office;
  office.cause.asks = true;
  office.cause.chain.insert(office.cause.chain.begin(), {"bob"});
  office.cause.after.insert(office.cause.after.begin(), Seconds(0));
  EscalationMove move = office.next(open_escalation(office.cause, "escalation:1"), kNow);
  CHECK(move.what == What::Nothing);  // the step itself told bob
  CHECK(move.record.to == Names{"bob"});
  CHECK(move.record.next_at == kNow + Seconds(3600));
  move = office.next(move.record, kNow + Seconds(3600));
  CHECK(move.what == What::CallAgain);
  CHECK(move.record.to == Names{"bob"});
  CHECK(move.record.next_at == kNow + Seconds(7200));
  move = office.next(move.record, kNow + Seconds(7200));
  CHECK(move.what == What::CallAgain);
  CHECK(move.record.to == Names{"bob"});
  move = office.next(move.record, *move.record.next_at);
  CHECK(move.what == What::Call);
  CHECK(move.record.to == Names{"iam-oncall"});
  Diagnostics diagnostics;
  const auto answered =
      acknowledge_escalation(move.record, "bob", {"alice"}, kNow + Seconds(9999), diagnostics);
  REQUIRE(answered.has_value());
  CHECK(answered->closed_at == kNow + Seconds(9999));
  CHECK_FALSE(acknowledge_escalation(*answered, "bob", {}, kNow, diagnostics));
  CHECK(code_name(diagnostics.sorted().front().code) == "R0890");
}

namespace {

// Keeps what is handed over; fails while it is told to.
class Inbox final : public HandOver {
 public:
  std::vector<HandOverMessage> messages;
  bool fails = false;

  Result<std::string> deliver(const HandOverMessage& message) override {
    if (fails) {
      return fail(ErrorKind::Network, "connection refused");
    }
    messages.push_back(message);
    return "inbox:" + message.to;
  }
};

}  // namespace

TEST_CASE("escalation: a run's waits and refusals are called about, and closed once settled") {
  Company company;
  PlanStep& wipe = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  wipe.approvals = {{{"omar"}, ApprovalState::Needed, ""}};
  wipe.escalate = {{"iam-oncall"}};
  wipe.escalate_after = {Seconds(0)};
  const RunReport report = company.apply();
  const Office office;
  Inbox inbox;
  const auto escalate = [&] {
    const auto next = escalate_run(company.plan, report.run, *company.store, office.people, &inbox,
                                   company.clock.now());
    REQUIRE_MESSAGE(next.has_value(), next.error().to_string());
    return *next;
  };
  inbox.fails = true;
  CHECK(escalate() == company.clock.now() + kRetryCall);
  auto open = company.store->list_escalations(true);
  REQUIRE(open->size() == 1);
  CHECK(open->front().to == Names{"omar"});
  CHECK(open->front().unreached == Names{"omar"});
  CHECK(open->front().delivered.front().find("connection refused") != std::string::npos);
  CHECK(open->front().why.find("waits for approval by omar") != std::string::npos);

  inbox.fails = false;
  company.clock.sleep_for(kRetryCall);
  escalate();
  REQUIRE(inbox.messages.size() == 1);
  CHECK(inbox.messages.front().to == "omar");
  CHECK(inbox.messages.front().contact == "mailto:omar@example.org");
  const std::string first = inbox.messages.front().key;
  escalate();
  CHECK(inbox.messages.size() == 1);  // nothing is due
  company.clock.sleep_for(kLevelWait);
  escalate();
  REQUIRE(inbox.messages.size() == 2);
  CHECK(inbox.messages.back().to == "iam-oncall");
  CHECK(inbox.messages.back().key != first);

  company.options.approve_as = "omar";
  REQUIRE(state_of(company.resume(report.run), "wipe") == StepState::Verified);
  CHECK_FALSE(escalate().has_value());
  CHECK(company.store->list_escalations(true)->empty());
  CHECK(company.store->list_escalations(false)->size() == 1);
}

TEST_CASE("escalation: what was asked stays open until somebody says that it is done") {
  Company company;
  PlanStep& ask = company.step("ask", Verb::Ask, Kind::Account, "");
  ask.system.clear();
  ask.target = "bob";
  ask.text = "collect the badge";
  ask.deadline = company.clock.now() + Seconds(7200);
  const RunReport report = company.apply();
  const Office office;
  Inbox inbox;
  const auto escalate = [&] {
    REQUIRE(escalate_run(company.plan, report.run, *company.store, office.people, &inbox,
                         company.clock.now())
                .has_value());
  };
  escalate();
  CHECK(inbox.messages.empty());
  company.clock.sleep_for(Seconds(3600));
  escalate();
  REQUIRE(inbox.messages.size() == 1);
  CHECK(inbox.messages.front().subject == "Reminder: step:ask");
  CHECK(inbox.messages.front().text.find("collect the badge") != std::string::npos);
  Diagnostics diagnostics;
  const auto answered =
      acknowledge_escalation(company.store->list_escalations(true)->front(), "bob",
                             subjects_of(company.plan), company.clock.now(), diagnostics);
  REQUIRE(answered.has_value());
  REQUIRE(company.store->save_escalation(*answered).has_value());
  company.clock.sleep_for(Seconds(86400));
  escalate();
  CHECK(inbox.messages.size() == 1);
  CHECK(company.store->list_escalations(true)->empty());
}

}  // namespace rescind
