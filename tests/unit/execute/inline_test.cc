// Runs without threads: the order is chosen, a crash is an exception.
#include <functional>
#include <set>
#include <stdexcept>

#include "tests/support/company.h"

namespace rescind {
namespace {

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crash") {}
};

// A generator of its own, so that equal seeds choose equally everywhere.
std::function<std::size_t(std::size_t)> seeded(std::uint32_t seed) {
  return [state = seed](std::size_t count) mutable {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::size_t>(state >> 8U) % count;
  };
}

void add_steps(Company& company) {
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.step("crm-s", Verb::Revoke, Kind::Session, "crm:s-1");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice").after = {"step:crm-s"};
  company.sweep("crm-sweep", "crm:alice", {"step:crm"});
  company.step("vault", Verb::Rotate, Kind::Secret, "vault:db").facts.clear();
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
}

std::string effects_with(std::uint32_t seed) {
  Company company;
  add_steps(company);
  company.options.inline_workers = true;
  company.options.choose = seeded(seed);
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  CHECK(report.state == RunState::Settled);
  return company.effects();
}

}  // namespace

TEST_CASE("execute: without threads equal choices give equal runs, others give other orders") {
  std::set<std::string> orders;
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    const std::string order = effects_with(seed);
    CHECK(order == effects_with(seed));
    orders.insert(order);
  }
  CHECK(orders.size() > 1);
}

TEST_CASE(
    "execute: without threads a crash at any durable write is an exception that can be "
    "followed by resuming") {
  std::string expected;
  {
    Company company;
    add_steps(company);
    company.options.inline_workers = true;
    company.apply();
    expected = company.describe();
  }
  int crashes = 0;
  for (int at = 1;; ++at) {
    Company company;
    add_steps(company);
    company.options.inline_workers = true;
    company.options.choose = seeded(static_cast<std::uint32_t>(at));
    int points = 0;
    company.options.crash_point = [&points, at] {
      if (++points == at) {
        throw Crash();
      }
    };
    bool crashed = false;
    try {
      company.apply();
    } catch (const Crash&) {
      crashed = true;
    }
    if (!crashed) {
      break;
    }
    ++crashes;
    company.options.crash_point = nullptr;
    const auto runs = company.store->list_runs();
    REQUIRE(runs->size() == 1);
    const RunReport report = company.resume(runs->front().id);
    CHECK(report.failed == 0);
    CHECK(company.describe() == expected);
    CHECK(company.effect_count("wipe", "mdm:laptop") == 1);
  }
  CHECK(crashes > 20);
}

}  // namespace rescind
