// Replacing a credential: create, seal, deliver, confirm, and everything that can go wrong between.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/company.h"

namespace rescind {
namespace {

constexpr std::uint8_t kKeyByte = 7;

void give_key(Company& company) {
  company.options.seal_key = []() -> Result<SealKey> {
    SealKey::Bytes bytes{};
    bytes.fill(kKeyByte);
    return SealKey(bytes);
  };
}

PlanStep& replace(Company& company, Verb verb = Verb::Replace) {
  give_key(company);
  PlanStep& step = company.step("replace", verb, Kind::Secret, "vault:db");
  step.facts.clear();
  step.holder.clear();
  step.dependents = std::vector<std::string>{"billing", "reports"};
  return step;
}

// The successors of vault:db that live now, and those that are gone.
std::pair<std::size_t, std::size_t> successors(Company& company) {
  std::size_t live = 0;
  std::size_t gone = 0;
  std::string text = company.describe();
  for (std::size_t at = 0; (at = text.find("vault:db~", at)) != std::string::npos; ++at) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    (line.find(" present ") != std::string::npos ? live : gone) += 1;
  }
  return {live, gone};
}

std::string inventory_of(Company& company, const std::string& kind) {
  std::string out;
  const auto records = company.store->list_inventory();
  REQUIRE(records);
  for (const StoredInventoryRecord& record : *records) {
    if (record.kind == kind) {
      out += record.json + "\n";
    }
  }
  return out;
}

std::vector<std::string> details_of(Company& company, const std::string& run) {
  std::vector<std::string> out;
  const auto records = company.store->list_records(run);
  REQUIRE(records);
  for (const JournalRecord& record : *records) {
    if (record.step == "step:replace") {
      out.push_back(std::string(record_entry_name(record.entry)) + " " + record.detail);
    }
  }
  return out;
}

bool has_line(const std::vector<std::string>& lines, const std::string& begin) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.starts_with(begin); });
}

// Every byte that the run left in its folder, but for the systems' own file.
std::string everything_written(const Company& company) {
  std::string out;
  for (const auto& entry : std::filesystem::directory_iterator(company.file(""))) {
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with("sandbox.db")) {
      std::ifstream file(entry.path(), std::ios::binary);
      out.append(std::istreambuf_iterator<char>(file), {});
    }
  }
  return out;
}

TEST_CASE("replace: a successor that nobody depends on is on record too") {
  Company company;
  replace(company).dependents = std::vector<std::string>{};
  CHECK(state_of(company.apply(), "replace") == StepState::Verified);
  CHECK(inventory_of(company, "successor").find("\"item\":\"vault:db\"") != std::string::npos);
}

TEST_CASE("replace: the successor is made, sealed, delivered and confirmed; the old one stays") {
  Company company;
  replace(company);
  const RunReport report = company.apply();
  CHECK(state_of(report, "replace") == StepState::Verified);
  CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
  CHECK(company.describe().find("vault:db secret present enabled") != std::string::npos);
  const std::vector<std::string> details = details_of(company, report.run);
  CHECK(has_line(details, "intent replace vault:db"));
  CHECK(has_line(details, "outcome successor vault:db~"));
  CHECK(has_line(details, "intent deliver vault:db~"));
  CHECK(has_line(details, "outcome deliver vault:db~"));
  CHECK(has_line(details, "probed billing uses vault:db~"));
  CHECK(has_line(details, "probed reports uses vault:db~"));
  SUBCASE("the inventory says so: successor, link and confirmed deliveries") {
    CHECK(inventory_of(company, "secret").find("\"id\":\"vault:db~") != std::string::npos);
    CHECK(inventory_of(company, "successor").find("\"item\":\"vault:db\"") != std::string::npos);
    const std::string deliveries = inventory_of(company, "delivery");
    CHECK(deliveries.find("\"to\":\"billing\"") != std::string::npos);
    CHECK(deliveries.find("\"to\":\"reports\"") != std::string::npos);
  }
  SUBCASE("the sealed value is erased, and the plain one is nowhere") {
    CHECK_FALSE(*company.store->find_secret("step:replace", 1));
    const auto value = company.world->read_secret("vault", "vault:db");
    REQUIRE(value);
    REQUIRE(value->size() == 32);
    const std::string written = everything_written(company);
    REQUIRE(written.find("step:replace") != std::string::npos);
    CHECK(written.find(*value) == std::string::npos);
    CHECK(encode_plan(company.plan).find(*value) == std::string::npos);
  }
}

TEST_CASE("replace: while it waits the store holds the value sealed, never in the clear") {
  Company company;
  company.fault(SandboxFaultKind::Deaf, "vault", "read", 0, -1, "reports");
  replace(company);
  const RunReport report = company.apply();
  const StepRecord& record = record_of(report, "replace");
  CHECK(record.state == StepState::Waiting);
  CHECK(record.wait.starts_with("delivery: not taken up by reports"));
  CHECK(record.due.has_value());
  CHECK(report.failed == 0);
  const auto sealed = company.store->find_secret("step:replace", 1);
  REQUIRE((sealed && *sealed));
  const auto value = company.world->read_secret("vault", "vault:db");
  REQUIRE(value);
  CHECK(everything_written(company).find(*value) == std::string::npos);
  CHECK((*sealed)->sealed.starts_with("s1:"));
  SUBCASE("later the dependent takes it up, and the same successor is finished") {
    REQUIRE(company.world->clear_faults());
    company.clock.sleep_for(std::chrono::hours(1));
    const RunReport later = company.resume(report.run);
    CHECK(state_of(later, "replace") == StepState::Verified);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
    CHECK_FALSE(*company.store->find_secret("step:replace", 1));
  }
  SUBCASE("with another key its value is lost, and what a dependent uses is not deleted") {
    company.options.seal_key = [] { return random_seal_key(); };
    company.clock.sleep_for(std::chrono::hours(1));
    const RunReport later = company.resume(report.run);
    CHECK(state_of(later, "replace") == StepState::Failed);
    CHECK(record_of(later, "replace").detail.find("is lost, and `billing` uses it") !=
          std::string::npos);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
  }
}

TEST_CASE("replace: nothing is made when it is not known where to deliver") {
  Company company;
  PlanStep& step = replace(company);
  std::string why;
  SUBCASE("the dependents are not known") {
    step.dependents.reset();
    why = "nobody knows who depends on it";
  }
  SUBCASE("there is no key to seal with") {
    company.options.seal_key = nullptr;
    why = "there is no key to seal";
  }
  SUBCASE("the key cannot be had") {
    company.options.seal_key = []() -> Result<SealKey> { return fail(ErrorKind::Io, "no disk"); };
    why = "there is no key to seal";
  }
  const RunReport report = company.apply();
  CHECK(state_of(report, "replace") == StepState::Refused);
  CHECK(record_of(report, "replace").detail.starts_with(why));
  CHECK(successors(company) == std::pair<std::size_t, std::size_t>(0, 0));
  REQUIRE(report.needs_person.size() == 1);
}

TEST_CASE("replace: without dependents the successor is made and delivered to nobody") {
  Company company;
  replace(company).dependents = std::vector<std::string>{};
  CHECK(state_of(company.apply(), "replace") == StepState::Verified);
  CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
}

TEST_CASE("replace: a successor whose value was lost is deleted by id and made anew") {
  Company company;
  replace(company);
  SUBCASE("the answer did not hold it") {
    company.fault(SandboxFaultKind::LostSecret, "vault", "create");
  }
  SUBCASE("the answer never came") {
    company.fault(SandboxFaultKind::TimeoutAfterEffect, "vault", "create");
  }
  SUBCASE("and deleting it times out too") {
    company.fault(SandboxFaultKind::TimeoutAfterEffect, "vault", "create");
    company.fault(SandboxFaultKind::TimeoutAfterEffect, "vault", "delete");
  }
  const RunReport report = company.apply();
  CHECK(state_of(report, "replace") == StepState::Verified);
  CHECK(successors(company).first == 1);
  CHECK(company.effect_count("delete", "vault:db") == 0);
  CHECK(company.effects().find("delete vault:db~") != std::string::npos);
}

// The retirement enters the stage, in that generation; its step there is a new one.
void enter(Company& company, const std::string& run, const std::string& stage,
           std::uint32_t generation, const std::vector<PlanStep>& steps) {
  RetirementRecord next = company.store->list_retirements(run)->front();
  next.stage = stage;
  next.state = RetirementState::Acting;
  next.generation = generation;
  const auto claim = company.store->claim_run(run, company.clock.now());
  JournalRecord line;
  line.run = run;
  line.epoch = claim->run.epoch;
  line.at = company.clock.now();
  line.entry = RecordEntry::Stage;
  if (steps.empty()) {
    REQUIRE(company.store->save_retirement(line, next).has_value());
    return;
  }
  Plan more;
  more.as_of = company.clock.now();
  more.expires_at = company.clock.now() + Seconds(60);
  more.steps = steps;
  more.digest = compute_plan_digest(more);
  NewSupplement supplement{more.digest, encode_plan(more), {}, "anew", company.clock.now()};
  for (const PlanStep& step : steps) {
    supplement.steps.push_back({step.id, step.generation});
  }
  supplement.retirements = {next};
  REQUIRE(company.store->extend_run(line, supplement).has_value());
}

PlanStep& replace_in_stage(Company& company) {
  PlannedRetirement planned;
  planned.id = "retirement:1";
  planned.item = "vault:db";
  planned.start = "replace";
  for (const char* name : {"replace", "quarantine"}) {
    PlannedStage stage;
    stage.name = name;
    planned.stages.push_back(stage);
  }
  company.plan.retirements = {planned};
  PlanStep& step = replace(company);
  step.retirement = planned.id;
  step.stage = "replace";
  return step;
}

TEST_CASE("replace: going back to it leaves one live successor, that of the last time") {
  Company company;
  PlanStep again = replace_in_stage(company);
  again.id = "step:replace-2";
  again.generation = 2;
  const RunReport first = company.apply();
  REQUIRE(state_of(first, "replace") == StepState::Verified);
  REQUIRE(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
  enter(company, first.run, "replace", 2, {again});
  SUBCASE("everybody takes it up") {
    const RunReport later = company.resume(first.run);
    CHECK(state_of(later, "replace-2") == StepState::Verified);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 1));
  }
  SUBCASE("the earlier one stays until they have") {
    company.fault(SandboxFaultKind::Deaf, "vault", "read", 0, -1, "reports");
    CHECK(state_of(company.resume(first.run), "replace-2") == StepState::Waiting);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(2, 0));
    REQUIRE(company.world->clear_faults());
    company.clock.sleep_for(std::chrono::hours(1));
    CHECK(state_of(company.resume(first.run), "replace-2") == StepState::Verified);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 1));
  }
  SUBCASE("deleting it does not succeed at once") {
    company.fault(SandboxFaultKind::TimeoutAfterEffect, "vault", "delete");
    const RunReport later = company.resume(first.run);
    CHECK(state_of(later, "replace-2") == StepState::Verified);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 1));
  }
}

TEST_CASE("replace: one that has begun is finished although its retirement has gone on") {
  Company company;
  company.fault(SandboxFaultKind::Deaf, "vault", "read", 0, -1, "reports");
  replace_in_stage(company);
  const RunReport first = company.apply();
  REQUIRE(state_of(first, "replace") == StepState::Waiting);
  enter(company, first.run, "quarantine", 1, {});
  company.clock.sleep_for(std::chrono::hours(1));
  CHECK(record_of(company.resume(first.run), "replace").wait.starts_with("delivery: "));
  REQUIRE(company.world->clear_faults());
  company.clock.sleep_for(std::chrono::hours(1));
  CHECK(state_of(company.resume(first.run), "replace") == StepState::Verified);
  CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
}

TEST_CASE("replace: a delivery that failed is tried again, the others are not held up by it") {
  Company company;
  replace(company);
  SUBCASE("once") {
    company.fault(SandboxFaultKind::ServerError, "vault", "deliver", 0, 1, "billing");
    const RunReport report = company.apply();
    CHECK(state_of(report, "replace") == StepState::Verified);
    CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
  }
  SUBCASE("always: it stays in the store with the sealed value") {
    company.fault(SandboxFaultKind::ServerError, "vault", "deliver", 0, -1, "billing");
    const RunReport report = company.apply();
    const StepRecord& record = record_of(report, "replace");
    CHECK(record.state == StepState::Waiting);
    CHECK(record.wait.starts_with("delivery: not taken up by billing (not delivered, "));
    CHECK(record.due.has_value());
    CHECK(*company.store->find_secret("step:replace", 1));
    CHECK(company.world->read_secret("vault", "vault:db"));  // reports has it
    CHECK(inventory_of(company, "delivery").find("\"to\":\"reports\"") != std::string::npos);
  }
  SUBCASE("lying: nobody confirms what is not there") {
    company.fault(SandboxFaultKind::Lying, "vault", "deliver", 0, -1);
    const RunReport report = company.apply();
    CHECK(state_of(report, "replace") == StepState::Waiting);
    CHECK(inventory_of(company, "delivery").empty());
  }
}

TEST_CASE("rotate: with a place to deliver to, the old one is retired by the same step") {
  Company company;
  replace(company, Verb::Rotate);
  DeliveryRoute billing;
  billing.dependent = "billing";
  billing.item = "vault:db";
  billing.target.path = company.file("billing.env");
  billing.target.format = DeliveryFormat::Env;
  DeliveryRoute reports = billing;
  reports.dependent = "reports";
  reports.target.path = company.file("reports.json");
  reports.target.format = DeliveryFormat::Json;
  Deliveries deliveries({billing, reports}, ConnectorSet());
  company.options.deliveries = &deliveries;
  const auto check_old = [&](const char* state) {
    CHECK(company.describe().find("vault:db secret present " + std::string(state)) !=
          std::string::npos);
  };
  SUBCASE("after all have taken it up") {
    const RunReport report = company.apply();
    CHECK(state_of(report, "replace") == StepState::Verified);
    check_old("disabled");

    struct stat facts {};

    REQUIRE(::stat(billing.target.path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
  }
  SUBCASE(
      "one whose place refuses it holds up neither the others nor, past the deadline, the end") {
    reports.target.path = company.file("no/such/folder/reports.json");
    Deliveries broken({billing, reports}, ConnectorSet());
    company.options.deliveries = &broken;
    company.plan.steps.back().deadline = company.clock.now() + Seconds(3600);
    const RunReport report = company.apply();
    const StepRecord& record = record_of(report, "replace");
    CHECK(record.state == StepState::Waiting);
    CHECK(record.wait.starts_with("delivery: not taken up by reports (not delivered, "));
    CHECK(std::filesystem::exists(billing.target.path));
    CHECK(inventory_of(company, "delivery").find("\"to\":\"billing\"") != std::string::npos);
    check_old("enabled");
    SUBCASE("at the deadline the old one goes") {
      company.clock.sleep_for(std::chrono::hours(1));
      const RunReport later = company.resume(report.run);
      CHECK(state_of(later, "replace") == StepState::Verified);
      CHECK(record_of(later, "replace").detail.find("had to go before reports (not delivered") !=
            std::string::npos);
      check_old("disabled");
    }
    SUBCASE("somebody gives another place, and it goes on") {
      company.options.deliveries = &deliveries;
      const RunReport later = company.resume(report.run);
      CHECK(state_of(later, "replace") == StepState::Verified);
      CHECK(successors(company) == std::pair<std::size_t, std::size_t>(1, 0));
      CHECK(record_of(later, "replace").detail.find("confirmed by 2") != std::string::npos);
      check_old("disabled");
    }
  }
  SUBCASE("the old one waits for a deaf dependent until the deadline, not longer") {
    company.fault(SandboxFaultKind::Deaf, "vault", "read", 0, -1, "reports");
    company.plan.steps.back().deadline = company.clock.now() + Seconds(3600);
    const RunReport report = company.apply();
    CHECK(state_of(report, "replace") == StepState::Waiting);
    check_old("enabled");
    company.clock.sleep_for(std::chrono::hours(1));
    const RunReport later = company.resume(report.run);
    CHECK(state_of(later, "replace") == StepState::Verified);
    CHECK(record_of(later, "replace").detail.find("had to go before reports") != std::string::npos);
    check_old("disabled");
  }
}

TEST_CASE("replace: a receiver that cannot see who reads leaves it to the system that made it") {
  Company company;
  replace(company).dependents = std::vector<std::string>{"billing"};
  DeliveryRoute route;
  route.dependent = "billing";
  route.target.path = company.file("billing.env");
  route.target.format = DeliveryFormat::Env;
  SUBCASE("use is seen where it was made") {}
  SUBCASE("a program has the word, not the system") {
    route.target.proof = DeliveryProof::Command;
    route.target.confirm = {"exit 1"};
  }
  Deliveries deliveries({route}, ConnectorSet());
  company.options.deliveries = &deliveries;
  const bool by_use = route.target.proof == DeliveryProof::Use;
  CHECK(state_of(company.apply(), "replace") ==
        (by_use ? StepState::Verified : StepState::Waiting));
}

TEST_CASE("rotate: without a place to deliver to, the system itself does it at once") {
  Company company;
  replace(company, Verb::Rotate);
  CHECK(state_of(company.apply(), "replace") == StepState::Verified);
  CHECK(successors(company) == std::pair<std::size_t, std::size_t>(0, 0));
  CHECK(company.effects() == "rotate vault:db\n");
}

// --- killed at every durable write

[[noreturn]] void run_child(const TemporaryFolder& folder, int end_at) {
  Company company(folder);
  replace(company);
  std::atomic<int> points{0};
  company.options.crash_point = [&points, end_at] {
    if (++points == end_at) {
      _exit(9);
    }
  };
  const auto runs = company.store->list_runs();
  if (runs->empty()) {
    company.apply();
  } else {
    company.resume(runs->front().id);
  }
  _exit(0);
}

int run_until(const TemporaryFolder& folder, int end_at) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    run_child(folder, end_at);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("replace: killed at any durable write, it ends with one live successor, delivered") {
  int points = 0;
  for (int end_at = 1; points == 0; ++end_at) {
    CAPTURE(end_at);
    const TemporaryFolder folder;
    if (run_until(folder, end_at) == 0) {
      points = end_at - 1;
    }
    REQUIRE(run_until(folder, 0) == 0);
    Company company(folder);
    const auto runs = company.store->list_runs();
    REQUIRE((runs && runs->size() == 1));
    const auto steps = company.store->list_steps(runs->front().id);
    REQUIRE((steps && steps->size() == 1));
    CHECK(steps->front().state == StepState::Verified);
    CHECK(successors(company).first == 1);
    CHECK_FALSE(*company.store->find_secret("step:replace", 1));
    const std::string deliveries = inventory_of(company, "delivery");
    CHECK(std::count(deliveries.begin(), deliveries.end(), '\n') == 2);
    const auto value = company.world->read_secret("vault", "vault:db");
    REQUIRE(value);
    CHECK(everything_written(company).find(*value) == std::string::npos);
  }
  CHECK(points > 20);
}

}  // namespace
}  // namespace rescind
