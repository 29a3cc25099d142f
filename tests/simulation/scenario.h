// What one seed means: an organisation, a policy, and what happens to both over months.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/event.h"
#include "simulate/simulated_estate.h"

namespace rescind::simulation {

// How large an organisation is, and how long it is watched. Most are small: in an hour of a machine
// they show more orders of events than a few large ones.
struct Size {
  std::size_t systems = 5, people = 4, machines = 3;
  std::size_t stories = 3;  // at the most
  Seconds days{std::chrono::hours(24 * 75)};
};

// What a `retire` of the machines' keys promises.
struct RetirePromise {
  bool replaces = false;  // a successor first
  Seconds idle{0};        // of the gate of `drain`
  Seconds drain_within{0};
  Seconds soak{0};
  bool returns = false;  // on use return to drain
  Seconds known_within{0};
};

// A job gives that right in that system.
struct Grant {
  std::string department, system, kind, name;
};

// What the policy promises, as the oracle knows it without reading the policy.
struct Promise {
  Seconds disable_within{0};
  Seconds delete_after{0};  // of accounts; 0: they are not deleted
  bool delete_approved = false;
  bool wipes = false;        // devices, after 7d, approved
  bool holds = false;        // subject.legal_hold keeps what would be destroyed
  std::int64_t at_most = 0;  // accounts of so many people contained or deleted a day; 0 no limit
  Seconds next_level{0};     // who is called when nobody answers, and when; 0: one level
  std::optional<RetirePromise> retire;  // keys of machines leave in stages
  // Whoever changes to another department has none of the rights in the end that only the old job
  // gave, or none. Empty: nobody moves.
  std::vector<Grant> grants;
};

inline constexpr const char* kOldJob = "sales";
inline constexpr const char* kNewJob = "finance";

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
  bool refuses = false;  // whatever they are asked for
  bool by_name = true;   // without a signature
};

// Somebody has seen what they were called about.
struct SeenTime {
  Instant at{};
  std::string by;
};

struct ClockJump {
  Instant at{};
  Seconds by{0};
  Seconds accepted_after{0};  // somebody says that the clock is right
};

// A program or a person uses something, or takes up its successor.
struct UseTime {
  Instant at{};
  std::string item, by;
  bool takes_up = false;
};

struct Scenario {
  std::uint64_t seed = 0;
  Size size;
  Instant begin{}, end{};
  std::string policy, records;
  Promise promise;
  std::vector<Report> reports;  // those of one instant are reported together
  std::vector<HoldChange> holds;
  std::vector<FaultWindow> faults;
  std::vector<ApprovalTime> approvals;
  // Keys are declared for those who approve: what is said without a signature does not count. From
  // then until then somebody else may sign in the place of `keeper`.
  bool signs = false;
  Instant deputy_from{}, deputy_until{};
  std::vector<SeenTime> seen;
  std::vector<ClockJump> jumps;
  std::vector<UseTime> uses;
  std::vector<Instant> undos;  // somebody puts the latest run back
  Seconds look_again{0}, retry_later{0};
  std::size_t crash_percent_of_points = 0;  // in 1/1000 of the instants at which it can crash
  std::size_t attack_percent = 0;           // of the calls on a system: somebody acts there first
  std::size_t push_percent = 0;             // of the calls on a system: a provisioner runs
  std::size_t lost_calls_percent = 0;       // of the calls to people

  // People who leave at some time, come back or not.
  [[nodiscard]] std::set<std::string> leavers() const;
};

Scenario make_scenario(std::uint64_t seed);
// One line of the inventory for a person.
std::string person_record(const std::string& id, bool held, const std::string& department = "",
                          bool gone = false);
std::string person_name(std::size_t i);
std::string system_name(std::size_t i);
std::string machine_name(std::size_t i);
// Whether access ends with such an event until another one ends that.
bool is_departure(const std::string& type);

class Dice;
// What happens to whom, and when. Fills in the scenario's reports, holds, uses and undos.
void draw_story(Dice& dice, Scenario& scenario, const std::vector<std::string>& keys);

}  // namespace rescind::simulation
