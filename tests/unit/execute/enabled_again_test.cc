// Before something is destroyed it is read: what was disabled and is enabled again is contained
// once more, and its time counts from then.
#include "tests/support/company.h"

namespace rescind {
namespace {

constexpr Seconds kHour{3600};

// As somebody at the console would.
void enable(Company& company, const std::string& run) {
  ActionRequest request;
  request.verb = Verb::Disable;
  request.item = {.item = "crm:alice",
                  .kind = Kind::Account,
                  .system = "crm",
                  .native_id = "alice",
                  .name = "",
                  .account = "",
                  .account_native_id = "",
                  .holder = "alice"};
  const auto captures = company.store->list_captures(run);
  REQUIRE(captures);
  for (const Capture& capture : *captures) {
    request.captured =
        capture.item == "crm:alice" && request.captured.empty() ? capture.state : request.captured;
  }
  const ActionResult done = company.connectors.find("crm")->undo(request);
  REQUIRE_MESSAGE(done.result == ResultClass::Changed, done.detail);
}

}  // namespace

TEST_CASE("execute: an account that is enabled again is disabled again before it is deleted") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  PlanStep& gone = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  gone.strong_after = {"step:disable"};
  gone.soak = kHour;
  const RunReport first = company.apply();
  REQUIRE(state_of(first, "disable") == StepState::Verified);
  REQUIRE(record_of(first, "delete").wait == "soak");
  enable(company, first.run);

  company.clock.sleep_for(kHour);
  const RunReport second = company.resume(first.run);
  CHECK(company.effect_count("delete", "crm:alice") == 0);
  CHECK(company.effect_count("disable", "crm:alice") == 2);
  CHECK(state_of(second, "disable") == StepState::Verified);
  bool said = false;
  const auto records = company.store->list_records(first.run);
  REQUIRE(records);
  for (const JournalRecord& record : *records) {
    said = said || (record.step == "step:delete" &&
                    record.detail ==
                        "containment: it was disabled by " + first.run + " and is seen enabled");
  }
  CHECK(said);

  company.clock.sleep_for(kHour);
  const RunReport third = company.resume(first.run);
  CHECK(state_of(third, "delete") == StepState::Verified);
  CHECK(company.effect_count("delete", "crm:alice") == 1);
}

TEST_CASE("execute: what another run disabled and is enabled again is not deleted") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport first = company.apply();
  enable(company, first.run);
  company.plan.steps.clear();
  company.plan.notes.push_back("another plan");
  company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  const RunReport second = company.apply();
  CHECK(company.effect_count("delete", "crm:alice") == 0);
  CHECK(record_of(second, "delete").wait ==
        "containment: it was disabled by " + first.run + " and is seen enabled");
  CHECK(record_of(second, "delete").due.has_value());
  CHECK(second.waiting_for_person == 1);
}

TEST_CASE("execute: what nobody claims to have disabled is deleted as it is") {
  Company company;
  company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  CHECK(state_of(company.apply(), "delete") == StepState::Verified);
}

}  // namespace rescind
