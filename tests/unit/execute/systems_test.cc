// Systems as a whole: refused credentials, breakers, missing connectors, changed endpoints.
#include <chrono>
#include <map>
#include <optional>

#include "base/sqlite.h"
#include "tests/support/company.h"

namespace rescind {

using Milliseconds = std::chrono::milliseconds;

TEST_CASE("execute: a refused credential stops asking that system, others go on") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("crm-role", Verb::Remove, Kind::Role, "crm:r-1");
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.fault(SandboxFaultKind::AuthFailed, "crm", "disable");
  const RunReport report = company.apply();
  CHECK(state_of(report, "okta") == StepState::Verified);
  CHECK(state_of(report, "crm") == StepState::Failed);
  CHECK(state_of(report, "crm-role") == StepState::Waiting);
  CHECK(record_of(report, "crm-role").wait ==
        "system crm: it refused our credential: 401, our credential was refused");
  CHECK(company.effect_count("remove", "crm:r-1") == 0);
  CHECK(report.failed == 2);

  const RunReport later = company.resume(report.run);
  CHECK(later.failed == 0);
}

TEST_CASE("execute: a system without a connector waits and says why") {
  Company company;
  company.step("erp", Verb::Disable, Kind::Account, "erp:alice");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.connectors.add_unavailable("erp",
                                     Error(ErrorKind::Io, "no `ERP_TOKEN` in the environment"));
  const RunReport report = company.apply();
  CHECK(state_of(report, "crm") == StepState::Verified);
  CHECK(record_of(report, "erp").wait == "system erp: no `ERP_TOKEN` in the environment");
  REQUIRE(report.needs_person.size() == 1);
  CHECK(report.needs_person.front().item == "erp:alice");
}

TEST_CASE("execute: a connector that points elsewhere than the plan was made for is not used") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  SUBCASE("elsewhere") {
    company.plan.bindings[connector_binding_key("crm")] = "sandbox 2 sandbox:other.db";
    const RunReport report = company.apply();
    CHECK(company.effects().empty());
    CHECK(record_of(report, "crm")
              .detail.find("the plan was made for `sandbox 2 sandbox:other.db`") !=
          std::string::npos);
  }
  SUBCASE("the same") {
    company.plan.bindings[connector_binding_key("crm")] = "sandbox 2 sandbox:sandbox.db";
    CHECK(company.apply().failed == 0);
  }
}

TEST_CASE(
    "execute: the breaker leaves a silent system alone for a while and lets good items through") {
  Company company;
  for (int i = 0; i < 12; ++i) {
    const std::string id = "crm:x-" + std::to_string(i);
    REQUIRE(company.world->seed("{\"record\":\"session\",\"id\":\"" + id +
                                "\",\"system\":\"crm\",\"holder\":\"alice\"}"));
    company.step("x" + std::to_string(i), Verb::Revoke, Kind::Session, id);
  }
  // Six requests in a row are not answered at all.
  company.fault(SandboxFaultKind::TimeoutBeforeEffect, "crm", "revoke", 0, 6);
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  CHECK(report.state == RunState::Settled);
}

TEST_CASE("execute: a system's rate spreads what is started there and holds nobody else up") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("crm-s", Verb::Revoke, Kind::Session, "crm:s-1");
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.options.inline_workers = true;
  company.options.pauses["crm"] = std::chrono::milliseconds(4000);
  std::map<std::string, Milliseconds> started;
  company.options.progress = [&](const StepProgress& progress) {
    if (progress.what == StepProgress::What::Started) {
      started[progress.step->id] = company.clock.monotonic();
    }
  };
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  CHECK(started.at("step:okta") == Milliseconds(0));
  CHECK(started.at("step:crm-s") - started.at("step:crm") == Milliseconds(4000));
  // Two attempts and two readings.
  CHECK(company.clock.monotonic() >= Milliseconds(12000));
}

TEST_CASE("execute: systems are worked side by side") {
  Company company;
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("vault", Verb::Rotate, Kind::Secret, "vault:db").facts.clear();
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  std::vector<std::string> told;
  company.options.progress = [&told](const StepProgress& progress) {
    told.push_back((progress.what == StepProgress::What::Started ? "start " : "end ") +
                   progress.step->id);
  };
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  REQUIRE(told.size() == 8);
  // All four start before any of them can have been read back.
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(told[i].starts_with("start "));
  }
}

TEST_CASE("execute: a store that fails stops the run before anything else is sent") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("crm-role", Verb::Remove, Kind::Role, "crm:r-1");
  company.store.reset();
  StoreOptions hasty;
  hasty.busy_timeout = Seconds(0);
  auto store = open_sqlite_store(company.file("store.db"), hasty);
  REQUIRE(store.has_value());
  company.store = std::move(*store);
  auto other = SqliteDatabase::open(company.file("store.db"), {});
  REQUIRE(other.has_value());
  std::optional<SqliteTransaction> held;
  int points = 0;
  // Another process locks the store after the first intent.
  company.options.crash_point = [&] {
    if (++points == 3) {
      held.emplace(std::move(*SqliteTransaction::begin(*other)));
    }
  };
  const auto report = company.try_apply();
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().message().find("is locked by another process") != std::string::npos);
  CHECK(company.effects() == "disable crm:alice\n");

  held.reset();
  company.options.crash_point = nullptr;
  const RunReport later = company.resume(company.store->list_runs()->front().id);
  CHECK(later.failed == 0);
  CHECK(company.effects() == "disable crm:alice\nremove crm:r-1\n");
}

}  // namespace rescind
