// Figures of many runs: planning one leaver while the store holds the runs of others, and what
// 100,000 open runs cost the process that waits for them. One JSON line.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "base/sqlite.h"
#include "bench/engines/measure.h"
#include "bench/engines/results.h"
#include "collect/collect_inventory.h"
#include "store/run_plan.h"
#include "workflow/advance.h"

namespace bench {
namespace {

using namespace rescind;

constexpr int kPeople = 10'050;
constexpr int kRuns = 100'000;
constexpr int kDue = 10;
const char* const kNow = "2026-06-01T12:00:00Z";

// Waiting counts as well: time on the wall.
using Wall = std::chrono::steady_clock;

const char* const kPolicy = R"(module bench
schema { systems { crm, aws } teams { desk } }
rule out {
  on leaver because "gone" escalate to desk
  revoke  session, token within 5m
  disable account within 15m
  rotate  password within 1h
  notify desk
  delete  account after 30d
}
)";

Instant now() {
  return *parse_instant(kNow);
}

std::string person(int number) {
  return "u" + std::to_string(number);
}

std::string records(int people) {
  std::string text = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"system","id":"aws","kind":"cloud"}
{"record":"team","id":"desk","members":["u0"]}
)";
  for (int i = 0; i < people; ++i) {
    const std::string who = person(i);
    text += R"({"record":"identity","id":")" + who + R"(","kind":"employee"})" + "\n";
    for (const char* system : {"crm", "aws"}) {
      const std::string account = std::string(system) + ":" + who;
      text += R"({"record":"account","id":")" + account + R"(","system":")" + system +
              R"(","holder":")" + who + "\"}\n";
      text += R"({"record":"session","id":")" + account + R"(:s","system":")" + system +
              R"(","holder":")" + who + R"(","account":")" + account + "\"}\n";
      text += R"({"record":"password","id":")" + account + R"(:p","system":")" + system +
              R"(","holder":")" + who + R"(","account":")" + account + "\"}\n";
    }
  }
  return text;
}

// A policy and the people that it is about.
class Organisation {
 public:
  explicit Organisation(int people) {
    Diagnostics diagnostics;
    const auto sources = std::make_shared<SourceSet>();
    auto loaded = load_policy_from_text("bench.rescind", kPolicy, sources, diagnostics);
    if (!loaded) {
      die("runs: the policy does not check");
    }
    policy = *std::move(loaded);
    inventory = collect_inventory_from_text(records(people), policy.checked->schema);
  }

  [[nodiscard]] PlanRequest request(Store* store) const {
    PlanRequest made;
    made.as_of = now();
    made.steward = "desk";
    made.store = store;
    return made;
  }

  [[nodiscard]] Plan plan(const std::string& who, Store* store) const {
    PlanRequest made = request(store);
    Event event;
    event.type = "leaver";
    event.subject = who;
    event.at = now();
    event.source = "hr";
    event.id = who;
    made.events = {event};
    Plan plan = value_of(plan_events(policy, inventory, made));
    if (plan.steps.size() < 8) {
      die("runs: the plan of " + who + " is too short to mean anything");
    }
    return plan;
  }

  LoadedPolicy policy;
  std::shared_ptr<const Inventory> inventory;
};

RunRecord open_run(Store& store, const Plan& plan) {
  NewRun made;
  made.digest = plan.digest;
  made.plan = encode_plan(plan);
  made.index = index_plan(plan);
  made.at = now();
  for (const PlanStep& step : plan.steps) {
    made.steps.push_back({.id = step.id, .generation = step.generation});
  }
  return value_of(store.open_run(made));
}

// Every step is verified, and the run is closed.
void close_run(Store& store, const std::string& run) {
  const auto claim = value_of(store.claim_run(run, now()));
  for (StepRecord step : value_of(store.list_steps(run))) {
    step.state = StepState::Verified;
    step.settled_at = now();
    JournalRecord record;
    record.run = run;
    record.step = step.step;
    record.epoch = claim.run.epoch;
    record.at = now();
    record.entry = RecordEntry::Outcome;
    record.state = step.state;
    must(store.append(record, &step, nullptr));
  }
  must(store.set_run_state(run, claim.run.epoch, RunState::Closed, now()));
}

// Milliseconds from an event to its plan while the store holds so many runs about others. In
// memory: what is measured is the work, not the disk.
std::vector<double> plan_times(const Organisation& organisation, const std::vector<int>& counts) {
  const auto store = value_of(open_sqlite_store(":memory:", {}));
  std::vector<double> out;
  int held = 0;
  for (const int count : counts) {
    for (; held < count; ++held) {
      close_run(*store, open_run(*store, organisation.plan(person(held), nullptr)).id);
    }
    std::vector<double> times;
    for (int i = 0; i < 21; ++i) {
      const auto start = Clock::now();
      static_cast<void>(organisation.plan(person(kPeople - 1 - i), store.get()));
      times.push_back(seconds(start, Clock::now()) * 1e3);
    }
    out.push_back(quantile(times, 0.5));
  }
  return out;
}

// The same run again and again under other names, each due at another time.
void copy_run(const std::string& path, const std::string& run) {
  // WHY: runs are opened one by one and durably; a hundred thousand at once only happen here.
  auto database = value_of(SqliteDatabase::open(path, {}));
  // Kept apart: these tables are found by item and subject, not by run.
  must(database.execute(
      "CREATE TEMP TABLE one_event AS SELECT source FROM run_events WHERE run = '" + run +
      "'; CREATE TEMP TABLE one_item AS SELECT item FROM run_items WHERE "
      "run = '" +
      run + "'"));
  auto transaction = value_of(SqliteTransaction::begin(database));
  for (const char* sql : {
           "INSERT INTO runs SELECT 'run:' || ?2, 'sha256:' || ?2, 1, 'settled', opened_at, "
           "updated_at, ?3, '', '' FROM runs WHERE run = ?1",
           // Only of those that are worked: two gigabytes of copies would measure the disk.
           "INSERT INTO plans SELECT 'run:' || ?2, iif(CAST(?2 AS INTEGER) % 1000 = 0, text, '') "
           "FROM plans WHERE run = ?1 AND ?3 > 0",
           "INSERT INTO run_events SELECT 'w' || ?2, source, 'w' || ?2, 'run:' || ?2 FROM "
           "one_event WHERE ?1 <> '' AND ?3 > 0",
           "INSERT INTO run_items SELECT item || ?2, 'run:' || ?2 FROM one_item WHERE ?1 <> '' "
           "AND ?3 > 0",
           "INSERT INTO steps SELECT 'run:' || ?2, step, position, 'waiting', 0, generation, "
           "0, 0, 'time', ?3, '', '', NULL, NULL, NULL FROM steps WHERE run = ?1",
       }) {
    auto copy = value_of(database.prepare(sql));
    for (int i = 0; i < kRuns; ++i) {
      const std::int64_t due = 1'790'000'000 + (i * 7919LL) % 8'000'000;
      copy.reset();
      must(copy.bind(run).bind(std::to_string(i)).bind(due).run());
    }
  }
  must(transaction.commit());
}

long resident_bytes() {
  std::ifstream file("/proc/self/statm");
  long whole = 0;
  long resident = 0;
  file >> whole >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

class FixedClock final : public rescind::Clock {
 public:
  [[nodiscard]] Instant now() const override { return bench::now(); }

  [[nodiscard]] std::chrono::milliseconds monotonic() const override {
    return std::chrono::milliseconds(0);
  }

  void sleep_for(std::chrono::milliseconds /*duration*/) override {}
};

struct OpenRuns {
  double idle_bytes = 0;  // of one run, after looking for what is due and finding nothing
  double busy_bytes = 0;  // after some were due and worked
  double idle_ms = 0;     // of a look that finds nothing
};

OpenRuns wait_for(const std::string& path, const Organisation& organisation) {
  const long before = resident_bytes();
  const auto store = value_of(open_sqlite_store(path, {}));
  ConnectorSet connectors;
  FixedClock clock;
  AdvanceRequest request;
  request.policy = &organisation.policy;
  request.plan = organisation.request(store.get());
  request.execute.inline_workers = true;
  request.execute.patience = Seconds(0);
  request.read_inventory = [&organisation](const std::vector<std::string>&) {
    return Result<std::shared_ptr<const Inventory>>(organisation.inventory);
  };
  const auto look = [&](std::size_t due) {
    const auto start = Wall::now();
    const AdvanceReport report = value_of(advance_due(request, connectors, clock));
    if (report.runs.size() != due || !report.next_due) {
      die("runs: " + std::to_string(report.runs.size()) + " were due, " + std::to_string(due) +
          " should be");
    }
    return std::chrono::duration<double, std::milli>(Wall::now() - start).count();
  };
  OpenRuns figures;
  std::vector<double> times;
  for (int i = 0; i < 11; ++i) {
    times.push_back(look(0));
  }
  figures.idle_ms = quantile(times, 0.5);
  figures.idle_bytes = static_cast<double>(resident_bytes() - before) / kRuns;
  for (int i = 0; i < kDue; ++i) {
    const std::string run = "run:" + std::to_string(i * 1000);
    must(store->set_run_due(run, value_of(store->find_run(run))->epoch, now()));
  }
  look(kDue);
  figures.busy_bytes = static_cast<double>(resident_bytes() - before) / kRuns;
  return figures;
}

int run(const std::string& folder) {
  const std::string path = folder + "/runs.db";
  // WHY a process of its own: what filling leaves behind on the heap is not what waiting costs.
  if (const pid_t child = fork(); child == 0) {
    std::string opened;
    {
      const Organisation one(1);
      const auto store = value_of(open_sqlite_store(path, {}));
      opened = open_run(*store, one.plan(person(0), nullptr)).id;
      close_run(*store, opened);
    }
    copy_run(path, opened);
    std::_Exit(0);
  } else {
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
      die("runs: the store could not be filled");
    }
  }
  OpenRuns open;
  {
    const Organisation one(1);
    open = wait_for(path, one);
  }
  const Organisation many(kPeople);
  const std::vector<double> plans = plan_times(many, {0, 1'000, 10'000});
  ResultLine()
      .number("idle_bytes_per_run", open.idle_bytes, 1)
      .number("busy_bytes_per_run", open.busy_bytes, 1)
      .number("idle_look_ms", open.idle_ms, 3)
      .number("plan_0_ms", plans[0], 3)
      .number("plan_1000_ms", plans[1], 3)
      .number("plan_10000_ms", plans[2], 3)
      .print();
  return 0;
}

}  // namespace
}  // namespace bench

// usage: bench_runs --work FOLDER, which is emptied and filled on the disk that is to be measured.
int main(int count, char** arguments) {
  return bench::run_in_folder(count, arguments, bench::run);
}
