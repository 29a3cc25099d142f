// Figures that were computed by hand from small logs.
#include "report/report.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "report/figures.h"

namespace {

using namespace rescind;

Instant minute(std::int64_t minutes) {
  return Instant(Seconds(1767600000 + minutes * 60));  // 2026-01-05T08:00:00Z and on
}

std::string text(Instant at) {
  return format_instant(at);
}

// A log that is written by hand, one entry after the other.
struct Log {
  AuditNote& add(const std::string& kind, Instant at, const std::string& run = "run:1") {
    AuditEntry entry;
    entry.sequence = entries.size();
    entry.note.kind = kind;
    entry.note.at = at;
    entry.note.run = run;
    entries.push_back(entry);
    return entries.back().note;
  }

  void open(const std::string& run, Instant at) { add("run", at, run).add("state", "open"); }

  void event(const std::string& run, const std::string& type, const std::string& who,
             Instant effective, Instant arrived, const std::string& lineage) {
    AuditNote& note = add("event", arrived, run);
    note.who = who;
    note.data = {{"type", type},
                 {"effective", text(effective)},
                 {"arrived", text(arrived)},
                 {"lineage", lineage}};
  }

  void step(const std::string& run, const std::string& id, const std::string& rank,
            const std::string& kind, const std::string& who, const std::string& cause,
            std::optional<Instant> deadline) {
    AuditNote& note = add("step", minute(0), run);
    note.step = id;
    note.who = who;
    note.item = "crm:" + id;
    note.detail = "change " + id;
    note.add("rank", rank);
    note.add("kind", kind);
    note.add("system", "crm");
    note.add("causes", cause);
    note.add("deadline", deadline ? text(*deadline) : "");
  }

  void record(const std::string& run, const std::string& id, Instant at, const std::string& state) {
    AuditNote& note = add("probed", at, run);
    note.step = id;
    note.data = {{"record", "1"}, {"state", state}};
  }

  void search(const std::string& run, const std::string& who, Instant at,
              const std::string& paths) {
    AuditNote& note = add("closure", at, run);
    note.who = who;
    note.add("paths", paths);
  }

  [[nodiscard]] Report report(const ReportOptions& options) const {
    const LogSource source = [this](const EntryKinds&, const EntryHearer& hear) {
      std::for_each(entries.begin(), entries.end(), hear);
      return Status();
    };
    auto made = compute_report(source, options);
    REQUIRE(made.has_value());
    return *std::move(made);
  }

  [[nodiscard]] Report report(Instant now) const { return report({now, {}, {}}); }

  std::vector<AuditEntry> entries;
};

const std::string kAlice = "leaver/alice@hr:1#1";
const std::string kBob = "leaver/bob@hr:2#1";

// Alice leaves at 0 and is known at 5. Her account is disabled at 8 (due 10), her role at 20 (due
// 15), nothing is left at 30; the license goes at 40; a mailbox is transferred later.
Log alice() {
  Log log;
  log.open("run:1", minute(5));
  log.event("run:1", "leaver", "alice", minute(0), minute(5), kAlice);
  log.step("run:1", "account", "contain", "account", "alice", kAlice, minute(10));
  log.step("run:1", "role", "strip", "role", "alice", kAlice, minute(15));
  log.step("run:1", "sweep", "sweep", "account", "alice", "", std::nullopt);
  log.step("run:1", "license", "release", "license", "alice", kAlice, minute(60));
  log.step("run:1", "mail", "preserve", "data", "alice", kAlice, minute(1000));
  log.step("run:1", "ask", "prepare", "", "alice", kAlice, minute(1));
  log.record("run:1", "account", minute(7), "applied");
  log.record("run:1", "account", minute(8), "verified");
  log.record("run:1", "sweep", minute(9), "verified");
  log.search("run:1", "alice", minute(10), "1");
  log.record("run:1", "role", minute(20), "verified");
  log.search("run:1", "alice", minute(30), "0");
  log.record("run:1", "license", minute(40), "already_done");
  log.search("run:1", "alice", minute(50), "0");
  return log;
}

TEST_CASE("report: the figures of one case are those that were computed by hand") {
  const Report report = alice().report(minute(100));
  REQUIRE(report.cases.size() == 1);
  CHECK(report.cases[0].known == minute(5));
  CHECK(report.cases[0].contained_at == minute(20));
  CHECK(report.cases[0].closed_at == minute(30));
  CHECK(report.containment.max == Seconds(15 * 60));
  CHECK(report.closure.max == Seconds(25 * 60));
  CHECK(report.residual.max == Seconds(30 * 60));
  CHECK(report.residual_open == 0);
  CHECK(report.steps == 5);
  CHECK(report.done == 4);
  CHECK(report.due == 3);  // account, role, license; the mailbox is due later
  REQUIRE(report.breaches.size() == 1);
  CHECK(report.breaches[0].what == "change role");
  CHECK(report.breaches[0].late == Seconds(5 * 60));
  CHECK(report.licenses_reclaimed == 1);
  CHECK(report.active_after_exit.empty());
  CHECK(report.unverified.empty());
  CHECK(report.by_state ==
        std::map<std::string, std::uint64_t>{{"already_done", 1}, {"planned", 1}, {"verified", 3}});
}

TEST_CASE("report: before containment there is no time to it, and the window is open until now") {
  const Report report = alice().report(minute(12));
  CHECK(report.containment.count == 0);
  CHECK(report.closure.count == 0);
  CHECK(report.residual.max == Seconds(12 * 60));
  CHECK(report.residual_open == 1);
  CHECK(report.breaches.empty());
  CHECK(report.due == 1);
  CHECK(alice().report(minute(18)).breaches.size() == 1);  // the role, open and late
  CHECK_FALSE(alice().report(minute(18)).breaches[0].done_at.has_value());
  const Report early = alice().report(minute(7));
  CHECK(early.active_after_exit == std::vector<std::string>{"crm:account"});
  CHECK(early.unverified == std::vector<std::string>{"change account (applied)"});
}

TEST_CASE("report: a change that is seen undone counts as open again") {
  Log log = alice();
  log.record("run:1", "account", minute(70), "ready");
  const Report report = log.report(minute(100));
  CHECK(report.containment.count == 0);
  CHECK(report.active_after_exit == std::vector<std::string>{"crm:account"});
  log.record("run:1", "account", minute(80), "verified");
  CHECK(log.report(minute(100)).cases[0].contained_at == minute(80));
}

TEST_CASE("report: percentiles are by nearest rank") {
  std::vector<Seconds> times;
  for (int at = 20; at >= 1; --at) {
    times.emplace_back(at);
  }
  const Spread spread = spread_of(times);
  CHECK(spread.count == 20);
  CHECK(spread.p50 == Seconds(10));
  CHECK(spread.p95 == Seconds(19));
  CHECK(spread.max == Seconds(20));
  CHECK(spread_of({Seconds(7)}).p50 == Seconds(7));
  CHECK(spread_of({}).count == 0);
}

TEST_CASE("report: a run that another took over does not count, its event once") {
  Log log = alice();
  log.open("run:2", minute(60));
  log.event("run:2", "leaver", "alice", minute(0), minute(5), kAlice);
  log.step("run:2", "account", "contain", "account", "alice", kAlice, minute(10));
  log.record("run:2", "account", minute(61), "verified");
  log.add("run", minute(60), "run:1").add("state", "superseded");
  const Report report = log.report(minute(100));
  REQUIRE(report.cases.size() == 1);
  CHECK(report.cases[0].run == "run:2");
  CHECK(report.steps == 1);
}

TEST_CASE("report: events outside the period are left out, with their steps") {
  Log log = alice();
  log.open("run:2", minute(500));
  log.event("run:2", "leaver", "bob", minute(500), minute(500), kBob);
  log.step("run:2", "bobs", "contain", "account", "bob", kBob, minute(510));
  const auto in = [&log](std::optional<Instant> since, std::optional<Instant> until) {
    return log.report({minute(600), since, until});
  };
  CHECK(in({}, {}).cases.size() == 2);
  CHECK(in(minute(500), {}).cases.size() == 1);
  CHECK(in(minute(500), {}).steps == 1);
  CHECK(in({}, minute(500)).cases.front().subject == "alice");
  CHECK(in(minute(501), {}).cases.empty());
  CHECK(in({}, {}).active_after_exit == std::vector<std::string>{"crm:bobs"});
}

TEST_CASE("report: orphans, coverage, listings, exceptions and escalations are counted") {
  Log log = alice();
  log.event("run:1", "owner_left", "bot", minute(0), minute(5), kAlice + " > owner_left/bot");
  log.step("run:1", "bots-key", "contain", "api_key", "bot", kAlice + " > owner_left/bot", {});
  const auto decide = [&log](const std::string& item, const std::string& kind,
                             const std::string& outcome) {
    AuditNote& note = log.add("decision", minute(5));
    note.item = item;
    note.who = "alice";
    note.data = {{"kind", kind}, {"outcome", outcome}};
  };
  decide("crm:account", "account", "scheduled");
  decide("crm:other", "account", "uncovered");
  decide("crm:role", "role", "undetermined");
  decide("crm:mail", "data", "protected");
  for (const auto& [kind, complete] : {std::pair{"account", "true"}, {"role", "false"}}) {
    log.add("listing", minute(6), "").data = {
        {"system", "crm"}, {"kind", kind}, {"complete", complete}};
  }
  AuditNote& held = log.add("exception", minute(5));
  held.item = "crm:mail";
  held.data = {{"verb", "delete"}, {"hold", "litigation"}, {"ordered_by", "legal"}};
  AuditNote& over = log.add("exception", minute(5));
  over.data = {{"hold", "short"}, {"until", text(minute(50))}};
  log.add("escalation", minute(6)).data = {{"id", "escalation:1"}};
  log.add("escalation", minute(7)).data = {{"id", "escalation:2"}};
  log.add("escalation", minute(8)).data = {{"id", "escalation:1"}, {"closed", "true"}};

  Report report = log.report(minute(100));
  CHECK(report.orphans == 1);
  CHECK(report.orphans_open == 1);
  CHECK(report.decided == 4);
  CHECK(report.undecided == 2);
  CHECK(report.active_after_exit == std::vector<std::string>{"crm:other"});
  CHECK(report.listings == 2);
  CHECK(report.listings_incomplete == 1);
  REQUIRE(report.exceptions.size() == 1);
  CHECK(report.exceptions[0].age == Seconds(95 * 60));
  CHECK(report.escalations == 2);
  CHECK(report.escalations_open == 1);
  log.record("run:1", "bots-key", minute(60), "verified");
  report = log.report(minute(100));
  CHECK(report.orphans == 1);
  CHECK(report.orphans_open == 0);
}

TEST_CASE("report: time in the stages of a retirement, the last one until now") {
  Log log;
  const auto stage = [&log](const std::string& id, const std::string& name, Instant entered,
                            Instant at, const std::string& state) {
    log.add("retirement", at).data = {
        {"id", id}, {"stage", name}, {"entered_at", text(entered)}, {"state", state}};
  };
  stage("retirement:1", "drain", minute(0), minute(0), "acting");
  stage("retirement:1", "drain", minute(0), minute(30), "gated");  // the same stay
  stage("retirement:1", "quarantine", minute(60), minute(60), "soaking");
  stage("retirement:1", "quarantine", minute(60), minute(90), "ended");
  stage("retirement:2", "drain", minute(80), minute(80), "acting");
  const Report report = log.report(minute(100));
  REQUIRE(report.dwell.size() == 2);
  CHECK(report.dwell.at("drain").count == 2);
  CHECK(report.dwell.at("drain").max == Seconds(60 * 60));
  CHECK(report.dwell.at("drain").p50 == Seconds(20 * 60));
  CHECK(report.dwell.at("quarantine").max == Seconds(30 * 60));
}

TEST_CASE("report: all its forms say the same") {
  const Report report = alice().report(minute(100));
  const std::string csv = render_report_csv(report);
  CHECK(
      csv.starts_with("metric,unit,value\ncases,count,1\ntime_to_containment_count,count,1\n"
                      "time_to_containment_p50,seconds,900\n"));
  CHECK(csv.find("sla_breaches,count,1\n") != std::string::npos);
  CHECK(csv.find("deadlines_met,percent,66.7\n") != std::string::npos);
  const std::string json = render_report_json(report);
  CHECK(json.find("\"p95_seconds\": 900") != std::string::npos);
  CHECK(json.find("\"late_seconds\": 300") != std::string::npos);
  const std::string words = render_report_text(report);
  CHECK(
      words.find("time to containment               p50 15 min   p95 15 min   max 15 min   (1)") !=
      std::string::npos);
  CHECK(words.find("5 min late  change role  crm") != std::string::npos);
  const std::string page = render_report_page(report);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("<td>time to containment, p95</td><td class=\"number\">15 min</td>") !=
        std::string::npos);
  CHECK(render_report_json(report) == json);
}

TEST_CASE("report: of an empty log it says that there is nothing") {
  const Report report = Log().report(minute(0));
  CHECK(report.cases.empty());
  CHECK(render_report_csv(report).find("p50") == std::string::npos);
  CHECK(render_report_text(report).find("time to containment               –") !=
        std::string::npos);
  CHECK(render_report_page(report).find("<h1>0 cases</h1>") != std::string::npos);
}

TEST_CASE("report: durations and numbers are short") {
  CHECK(duration_words(Seconds(0)) == "0 s");
  CHECK(duration_words(Seconds(59)) == "59 s");
  CHECK(duration_words(Seconds(3600)) == "1 h");
  CHECK(duration_words(Seconds(3605)) == "1 h");
  CHECK(duration_words(Seconds(3660 + 5)) == "1 h 1 min");
  CHECK(duration_words(Seconds(90061)) == "1 d 1 h");
  CHECK(number_words(66.6667) == "66.7");
  CHECK(number_words(100.0) == "100");
}

}  // namespace
