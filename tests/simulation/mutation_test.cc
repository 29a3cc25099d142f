// The oracle can fail: systems that do what no honest one does must be caught, each by the
// invariant that speaks of it.
#include <algorithm>

#include <doctest/doctest.h>

#include "drive.h"

namespace rescind::simulation {
namespace {

using Tamper = std::function<void(SimulatedEstate&, const Scenario&)>;

// Whether one of the first seeds breaks an invariant whose name begins so.
bool caught(const std::string& invariant, std::uint64_t seeds, const Tamper& tamper) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Trace trace =
        drive(make_scenario(seed), {.crashes = false, .verbose = false, .tamper = tamper});
    if (std::any_of(trace.violations.begin(), trace.violations.end(),
                    [&](const Violation& violation) {
                      return violation.invariant.starts_with(invariant);
                    })) {
      return true;
    }
  }
  return false;
}

// The marker of the last request that the engine made about the item.
std::string marker_of(const SimulatedEstate& estate, const std::string& item) {
  for (auto change = estate.changes().rbegin(); change != estate.changes().rend(); ++change) {
    if (change->item == item && change->by.starts_with("step:")) {
      return change->by;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("simulation: a system that deletes what it was asked to disable is caught") {
  CHECK(caught("3 ", 6, [](SimulatedEstate& estate, const Scenario&) {
    for (auto& [id, item] : estate.items()) {
      const std::string marker = marker_of(estate, id);
      if (item.kind == Kind::Account && item.present && !item.enabled && !marker.empty()) {
        item.present = false;
        estate.note(marker, "delete", id);
      }
    }
  }));
}

TEST_CASE("simulation: a request that no plan asked for is caught") {
  CHECK(caught("2 ", 6, [](SimulatedEstate& estate, const Scenario&) {
    if (estate.changes().size() == 5) {
      estate.note("step:0000000000000000#1", "remove", estate.items().begin()->first);
    }
  }));
}

TEST_CASE("simulation: a seed plays the same way every time") {
  const auto play = [] {
    return drive(make_scenario(3), {.crashes = true, .verbose = true, .tamper = {}});
  };
  const Trace one = play();
  const Trace two = play();
  CHECK(one.story == two.story);
  CHECK(one.estate->describe() == two.estate->describe());
  CHECK(one.crashes == two.crashes);
}

}  // namespace rescind::simulation
