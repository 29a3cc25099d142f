// What one seed means: an organisation, a policy, and what happens to both over two months.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/event.h"
#include "simulate/simulated_estate.h"

namespace rescind::simulation {

inline constexpr std::size_t kSystems = 5;
inline constexpr std::size_t kPeople = 4;
inline constexpr std::size_t kMachines = 3;

// What the policy promises, as the oracle knows it without reading the policy.
struct Promise {
  Seconds disable_within{0};
  Seconds delete_after{0};  // of accounts; 0: they are not deleted
  bool delete_approved = false;
  bool strips = false;       // entitlements go
  bool wipes = false;        // devices, after 7d, approved
  bool holds = false;        // subject.legal_hold keeps what would be destroyed
  std::int64_t at_most = 0;  // accounts of so many people disabled or deleted a day; 0 no limit
};

struct Report {
  Instant arrives{};
  Event event;
};

struct HoldChange {
  Instant at{};
  std::string person;
  bool held = false;
};

struct FaultWindow {
  Instant from{}, until{};
  EstateFault fault;
};

struct ApprovalTime {
  Instant at{};
  std::string by;
};

struct ClockJump {
  Instant at{};
  Seconds by{0};
};

struct Scenario {
  std::uint64_t seed = 0;
  Instant begin{}, end{};
  std::string policy, records;
  Promise promise;
  std::vector<Report> reports;
  std::vector<HoldChange> holds;
  std::vector<FaultWindow> faults;
  std::vector<ApprovalTime> approvals;
  std::vector<ClockJump> jumps;
  std::size_t crash_percent_of_points = 0;  // in 1/1000 of the instants at which it can crash
  std::size_t attack_percent = 0;           // of the calls on a system: somebody acts there first

  // People whose employment ends here.
  [[nodiscard]] std::set<std::string> leavers() const;
};

Scenario make_scenario(std::uint64_t seed);
// One line of the inventory for a person.
std::string person_record(const std::string& id, bool held);

}  // namespace rescind::simulation
