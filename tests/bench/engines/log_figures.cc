// Figures of a log of a million entries: what checking it, making the pack of one person and
// reporting on all of it take, in memory and time. One JSON line.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/notes.h"
#include "base/hash.h"
#include "base/sqlite.h"
#include "bench/engines/measure.h"
#include "bench/engines/results.h"
#include "report/report.h"
#include "store/audit_writer.h"
#include "workflow/audit_log.h"

namespace bench {
namespace {

using namespace rescind;

constexpr int kPeople = 8'100;
constexpr int kStepsOfOne = 24;
constexpr int kRecordsOfOne = 3;  // of a step: intent, outcome, probed

using Wall = std::chrono::steady_clock;

Instant at(int second) {
  return Instant(Seconds(1767600000 + second));
}

// Writes runs, their journal and their log as the engine does, all in one transaction.
class Writer {
 public:
  explicit Writer(const std::string& path)
      : database_(value_of(SqliteDatabase::open(path, {}))),
        transaction_(value_of(SqliteTransaction::begin(database_))) {}

  void finish() { must(transaction_.commit()); }

  // Somebody leaves: an event, a decision and a step for each of their items, what was done.
  void person(int number) {
    now_ = at(number * 60);
    who_ = "person" + std::to_string(number);
    run_ = "run:" + std::to_string(number);
    lineage_ = "leaver/" + who_ + "@hr:1#1";
    open();
    AuditNote event = note("event");
    event.who = who_;
    event.detail = "leaver of " + who_;
    event.data = {{"type", "leaver"},
                  {"lineage", lineage_},
                  {"effective", format_instant(now_)},
                  {"arrived", format_instant(now_)},
                  {"source", "hr"}};
    log(event);
    for (int i = 0; i < kStepsOfOne; ++i) {
      step(i);
    }
    AuditNote closure = note("closure");
    closure.who = who_;
    closure.data = {{"paths", "0"}, {"unforeseen", "0"}};
    log(closure);
    AuditNote closed = note("run");
    closed.data = {{"state", "closed"}, {"epoch", "0"}};
    log(closed);
  }

 private:
  [[nodiscard]] AuditNote note(const std::string& kind) const {
    AuditNote made;
    made.at = now_;
    made.kind = kind;
    made.run = run_;
    return made;
  }

  void log(const AuditNote& made) { must(audit_.append(database_, made)); }

  void open() {
    auto run = value_of(
        database_.prepare("INSERT INTO runs VALUES (?1, ?1, 0, 'closed', 0, 0, NULL, '', '')"));
    must(run.bind(run_).run());
    auto plan = value_of(database_.prepare("INSERT INTO plans VALUES (?, '{}')"));
    must(plan.bind(run_).run());
    AuditNote opened = note("run");
    opened.data = {{"state", "open"}, {"digest", run_}, {"plan", sha256_digest("{}")}};
    log(opened);
  }

  void step(int number) {
    const std::string item = "system" + std::to_string(number) + ":" + who_;
    const std::string id = "step:" + run_.substr(4) + "-" + std::to_string(number);
    AuditNote decision = note("decision");
    decision.who = who_;
    decision.item = item;
    decision.data = {{"verb", "disable"},
                     {"outcome", "scheduled"},
                     {"because", "the person has left"},
                     {"rules", "std.leaver.accounts"},
                     {"causes", lineage_},
                     {"kind", "account"}};
    log(decision);
    AuditNote planned = note("step");
    planned.step = id;
    planned.who = who_;
    planned.item = item;
    planned.detail = "disable " + item;
    planned.data = {{"verb", "disable"},
                    {"rank", "contain"},
                    {"system", "system" + std::to_string(number)},
                    {"kind", "account"},
                    {"causes", lineage_},
                    {"deadline", format_instant(now_ + Seconds(900))}};
    log(planned);
    JournalRecord line;
    line.run = run_;
    line.step = id;
    line.at = now_ + Seconds(number);
    line.generation = 1;
    const std::vector<std::pair<RecordEntry, StepState>> moves = {
        {RecordEntry::Intent, StepState::Intent},
        {RecordEntry::Outcome, StepState::Applied},
        {RecordEntry::Probed, StepState::Verified}};
    for (const auto& [entry, state] : moves) {
      line.entry = entry;
      line.state = state;
      line.result = entry == RecordEntry::Intent ? "" : "changed";
      line.requests = {"PATCH /Users/2819c223-7f76-453a-919d-413861904646 active=false"};
      record(line);
    }
  }

  void record(JournalRecord& line) {
    line.sequence = ++records_;
    auto insert = value_of(
        database_.prepare("INSERT INTO records VALUES (?,?,?,0,?,?,'',1,?,?,'',NULL,?,'')"));
    must(insert.bind(line.sequence)
             .bind(line.run)
             .bind(line.step)
             .bind(line.at.time_since_epoch().count())
             .bind(record_entry_name(line.entry))
             .bind(step_state_name(line.state))
             .bind(line.result)
             .bind("[\"" + line.requests.front() + "\"]")
             .run());
    log(note_of(line));
  }

  SqliteDatabase database_;
  SqliteTransaction transaction_;
  AuditWriter audit_;
  Instant now_{};
  std::string who_, run_, lineage_;
  std::int64_t records_ = 0;
};

struct Cost {
  double seconds = 0;
  double peak_mib = 0;
};

// In a process of its own, so that the peak is that of this work alone.
Cost cost_of(const std::function<void()>& work) {
  const auto start = Wall::now();
  const pid_t child = fork();
  if (child == 0) {
    work();
    std::_Exit(0);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
    die("log: a part of it failed");
  }
  return {std::chrono::duration<double>(Wall::now() - start).count(),
          static_cast<double>(usage.ru_maxrss) / 1024.0};
}

AuditSigner signer() {
  AuditSigner made;
  made.key = value_of(key_pair_of_seed({7}));
  made.origin = "bench";
  return made;
}

int run(const std::string& folder) {
  const std::string path = folder + "/log.db";
  const auto open = [&path] { return value_of(open_sqlite_store(path, {})); };
  cost_of([&] {
    open();
    Writer writer(path);
    for (int i = 0; i < kPeople; ++i) {
      writer.person(i);
    }
    writer.finish();
    value_of(sign_log(*open(), signer(), at(kPeople * 60)));
  });
  std::uint64_t entries = 0;
  const Cost nothing = cost_of([&] { open(); });
  const Cost checked = cost_of([&] {
    const auto store = open();
    const LogReport report = value_of(check_store_log(*store, {signer().key.public_key}, {}));
    if (!report.holds()) {
      die("log: " + report.findings.front().message);
    }
  });
  const Cost packed = cost_of([&] {
    const auto store = open();
    const EvidencePack pack = value_of(make_pack(*store, signer(), "person77", at(0)));
    const std::string page = value_of(render_pack_page(pack));
    if (pack.entries.size() < kStepsOfOne * (2 + kRecordsOfOne)) {
      die("log: the pack is too short to mean anything");
    }
  });
  const Cost reported = cost_of([&] {
    const auto store = open();
    ReportOptions options;
    options.now = at(kPeople * 60);
    const Report report = value_of(compute_report(value_of(log_of(*store)), options));
    if (report.cases.size() != kPeople || report.done != report.steps) {
      die("log: the report misses something");
    }
  });
  {
    const auto store = open();
    entries = value_of(store->audit_size());
  }
  ResultLine()
      .number("entries", static_cast<std::size_t>(entries))
      .number("open_mib", nothing.peak_mib, 1)
      .number("check_mib", checked.peak_mib, 1)
      .number("check_s", checked.seconds, 1)
      .number("pack_mib", packed.peak_mib, 1)
      .number("pack_s", packed.seconds, 1)
      .number("report_mib", reported.peak_mib, 1)
      .number("report_s", reported.seconds, 1)
      .print();
  return 0;
}

}  // namespace
}  // namespace bench

// usage: bench_log --work FOLDER, which is emptied and filled.
int main(int count, char** arguments) {
  return bench::run_in_folder(count, arguments, bench::run);
}
