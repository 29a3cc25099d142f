// Evidence of use, from a system into the store and from there into an inventory.
#include "workflow/collect_usage.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "connectors/sandbox/sandbox.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_clock.h"

namespace rescind {
namespace {

// A system that sees use and answers what the test says.
struct Watched {
  TemporaryFolder folder;
  TestClock clock;
  std::unique_ptr<SandboxWorld> world;
  std::unique_ptr<Connector> connector;
  std::unique_ptr<Store> store;

  Watched() {
    world = std::move(*open_sandbox_world(folder.file("sandbox.db")));
    REQUIRE(world->seed(R"({"record":"secret","id":"db:key","system":"db"})"));
    ConnectorConfig config;
    config.system = "db";
    config.settings["path"] = folder.file("sandbox.db");
    connector = std::move(*make_sandbox_connector(config, clock));
    store = std::move(*open_sqlite_store(folder.file("store.db"), {}));
  }

  std::optional<std::uint64_t> collect(const UseNames& names = {}) {
    const auto uses = collect_usage(*connector, "db", *store, clock, names);
    REQUIRE_MESSAGE(uses, uses.error().to_string());
    return *uses;
  }

  std::string rows(const std::string& kind) {
    std::string out;
    const auto records = store->list_inventory();
    REQUIRE(records);
    for (const StoredInventoryRecord& record : *records) {
      if (record.kind == kind) {
        out += record.json + "\n";
      }
    }
    return out;
  }
};

TEST_CASE("collect usage: a span of coverage that goes on is one span in the store") {
  Watched system;
  const std::string begin = format_instant(system.clock.now());
  system.collect();
  for (int hour = 0; hour < 3; ++hour) {
    system.clock.sleep_for(std::chrono::hours(1));
    system.collect();
  }
  const std::string coverage = system.rows("coverage");
  CHECK(std::count(coverage.begin(), coverage.end(), '\n') == 1);
  CHECK(coverage.find("\"since\":\"" + begin + "\"") != std::string::npos);
  CHECK(coverage.find("\"until\":\"" + format_instant(system.clock.now()) + "\"") !=
        std::string::npos);
}

TEST_CASE("collect usage: a gap in coverage stays a gap") {
  Watched system;
  system.collect();
  system.clock.sleep_for(std::chrono::hours(1));
  REQUIRE(system.world->watch_use("db", system.clock.now()));  // its log was lost
  system.collect();
  const std::string coverage = system.rows("coverage");
  CHECK(std::count(coverage.begin(), coverage.end(), '\n') == 2);
}

TEST_CASE(
    "collect usage: the first and the latest use of each user are kept, under the name that we "
    "know") {
  Watched system;
  const std::string first = format_instant(system.clock.now());
  REQUIRE(system.world->use_item("db:key", "billing-app", system.clock.now()));
  CHECK(system.collect({{"billing-app", "billing"}}) == 1);
  system.clock.sleep_for(std::chrono::hours(1));
  std::string later;
  for (int again = 0; again < 3; ++again) {
    system.clock.sleep_for(std::chrono::hours(1));
    later = format_instant(system.clock.now());
    REQUIRE(system.world->use_item("db:key", "billing-app", system.clock.now()));
    CHECK(system.collect({{"billing-app", "billing"}}) == 1);
  }
  const std::string used = system.rows("usage");
  CHECK(std::count(used.begin(), used.end(), '\n') == 2);
  CHECK(used.find("\"at\":\"" + first + "\"") != std::string::npos);
  CHECK(used.find("\"at\":\"" + later + "\"") != std::string::npos);
  CHECK(used.find("\"by\":\"billing\"") != std::string::npos);
}

TEST_CASE("collect usage: a system that cannot be asked changes nothing") {
  Watched system;
  SandboxFault fault;
  fault.kind = SandboxFaultKind::Refused;
  REQUIRE(system.world->add_fault(fault));
  CHECK_FALSE(collect_usage(*system.connector, "db", *system.store, system.clock, {}));
  CHECK(system.store->list_inventory()->empty());
}

}  // namespace
}  // namespace rescind
