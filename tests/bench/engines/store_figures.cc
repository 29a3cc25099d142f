// Figures of the store: how fast the journal grows beside plain SQLite with the same durability,
// and how long finding what is due among 100,000 open runs takes. One JSON line.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/sqlite.h"
#include "bench/engines/measure.h"
#include "bench/engines/results.h"
#include "store/store.h"

namespace bench {
namespace {

using namespace rescind;

constexpr int kRecords = 2000;
constexpr int kRounds = 5;
constexpr int kRuns = 100'000;

Instant at(std::int64_t seconds) {
  return Instant(Seconds(1767600000 + seconds));
}

std::string id_of(const char* prefix, int number) {
  std::string digits = std::to_string(number);
  return prefix + std::string(16 - digits.size(), '0') + digits;
}

JournalRecord record_of(const std::string& run, std::uint64_t epoch, const std::string& step) {
  JournalRecord record;
  record.run = run;
  record.step = step;
  record.epoch = epoch;
  record.at = at(1);
  record.entry = RecordEntry::Outcome;
  record.state = StepState::Applied;
  record.result = "changed";
  record.detail = "the account is disabled";
  record.requests = {"PATCH /Users/2819c223-7f76-453a-919d-413861904646 active=false"};
  record.response_digest = "sha256:" + std::string(64, 'a');
  return record;
}

// Waiting for the disk is what costs: time on the wall.
using Wall = std::chrono::steady_clock;

double seconds_since(Wall::time_point start) {
  return std::chrono::duration<double>(Wall::now() - start).count();
}

// One transaction per record: the same row, the same file mode, nothing else.
double plain_records_per_s(const std::string& path) {
  auto database = value_of(SqliteDatabase::open(path, {}));
  must(database.execute(
      "CREATE TABLE records (sequence INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT, "
      "step TEXT, epoch INTEGER, at INTEGER, entry TEXT, item TEXT, generation "
      "INTEGER, state TEXT, result TEXT, detail TEXT, until INTEGER, requests "
      "TEXT, response TEXT)"));
  auto insert = value_of(
      database.prepare("INSERT INTO records (run, step, epoch, at, entry, item, generation, state, "
                       "result, detail, until, requests, response) VALUES "
                       "(?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const JournalRecord record = record_of("run:0123456789abcdef", 1, "step:0123456789abcdef");
  const auto start = Wall::now();
  for (int i = 0; i < kRecords; ++i) {
    auto transaction = value_of(SqliteTransaction::begin(database));
    insert.reset();
    must(insert.bind(record.run)
             .bind(record.step)
             .bind(std::int64_t{1})
             .bind(std::int64_t{i})
             .bind("outcome")
             .bind(record.item)
             .bind(std::int64_t{1})
             .bind("applied")
             .bind(record.result)
             .bind(record.detail)
             .bind(std::optional<std::int64_t>())
             .bind(record.requests.front())
             .bind(record.response_digest)
             .run());
    must(transaction.commit());
  }
  return kRecords / seconds_since(start);
}

// The journal as execution writes it: record, state of the step, evidence log.
double journal_records_per_s(const std::string& path) {
  const auto store = value_of(open_sqlite_store(path, {}));
  NewRun made;
  made.digest = "sha256:" + std::string(64, '0');
  made.plan = "{}";
  made.steps.push_back({id_of("step:", 0)});
  made.at = at(0);
  const RunRecord run = value_of(store->open_run(made));
  const auto claim = value_of(store->claim_run(run.id, at(0)));
  StepRecord step = value_of(store->list_steps(run.id)).front();
  step.state = StepState::Applied;
  const JournalRecord record = record_of(run.id, claim.run.epoch, step.step);
  const auto start = Wall::now();
  for (int i = 0; i < kRecords; ++i) {
    must(store->append(record, &step, nullptr));
  }
  return kRecords / seconds_since(start);
}

// Milliseconds until it is known what is due and when to look again, in a store with so many runs,
// each with one timer; a few are due.
double time_due(const std::string& path) {
  {
    const auto store = value_of(open_sqlite_store(path, {}));
    NewRun first;
    first.digest = "sha256:" + std::string(64, 'f');
    first.plan = "{}";
    first.at = at(0);
    value_of(store->open_run(first));
  }
  {
    // WHY: runs are opened one by one and durably; a hundred thousand at once only happen here.
    auto database = value_of(SqliteDatabase::open(path, {}));
    auto transaction = value_of(SqliteTransaction::begin(database));
    auto run = value_of(database.prepare("INSERT INTO runs VALUES (?,?,1,'settled',?,?,?,'','')"));
    auto step = value_of(database.prepare(
        "INSERT INTO steps VALUES (?,?,0,'waiting',0,1,0,0,'time',?,'','',NULL,NULL,NULL)"));
    for (int i = 0; i < kRuns; ++i) {
      const std::string id = id_of("run:", i);
      const std::int64_t due = i < 10 ? 5 : 86400 + (i * 7919LL) % 8'000'000;
      run.reset();
      must(run.bind(id)
               .bind(id)
               .bind(std::int64_t{0})
               .bind(std::int64_t{0})
               .bind(1767600000 + due)
               .run());
      step.reset();
      must(step.bind(id).bind(id_of("step:", i)).bind(1767600000 + due).run());
    }
    must(transaction.commit());
  }
  const auto store = value_of(open_sqlite_store(path, {}));
  std::vector<double> times;
  for (int i = 0; i < 101; ++i) {
    const auto start = Wall::now();
    const auto due = value_of(store->list_due_runs(at(60)));
    const auto next = value_of(store->next_due());
    times.push_back(seconds_since(start) * 1e3);
    if (due.size() != 11 || !next) {
      die("store: " + std::to_string(due.size()) + " runs are due, 11 should be");
    }
  }
  return quantile(times, 0.5);
}

bool is_in_memory(const std::string& folder) {
  struct statfs about {};

  return statfs(folder.c_str(), &about) == 0 && about.f_type == TMPFS_MAGIC;
}

int run(const std::string& folder) {
  std::vector<double> plain;
  std::vector<double> journal;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const std::string number = std::to_string(round);
    plain.push_back(plain_records_per_s(folder + "/plain" + number + ".db"));
    journal.push_back(journal_records_per_s(folder + "/store" + number + ".db"));
    ratios.push_back(journal.back() / plain.back());
  }
  const double due_ms = time_due(folder + "/runs.db");
  ResultLine()
      .number("plain_per_s", quantile(plain, 0.5), 0)
      .number("journal_per_s", quantile(journal, 0.5), 0)
      .number("journal_ratio", quantile(ratios, 0.5), 3)
      .number("due_ms", due_ms, 3)
      .number("in_memory", std::size_t{is_in_memory(folder) ? 1U : 0U})
      .print();
  return 0;
}

}  // namespace
}  // namespace bench

// usage: bench_store --work FOLDER, which is emptied and filled on the disk that is to be measured.
int main(int count, char** arguments) {
  return bench::run_in_folder(count, arguments, bench::run);
}
