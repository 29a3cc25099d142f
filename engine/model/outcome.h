// The outcome of a run: every step read back independently of those who claim it, and the closure
// proof, the residual-access search on observed facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/plan.h"
#include "model/record.h"

namespace rescind {

// What reading back says about one step.
enum class Proof : std::uint8_t {
  Holds,        // seen to be as the step wants it
  DoesNotHold,  // claimed, but seen otherwise
  Unknown,      // claimed, but could not be read
  Open,         // not claimed: the step waits or has failed
  NotNeeded,    // nothing to read (captures, notifications, questions)
};
std::string_view proof_name(Proof proof);  // "does_not_hold"

struct StepProof {
  std::string step, item, verb, system;
  StepState claimed = StepState::Pending;
  Proof proof = Proof::Open;
  std::string detail;  // why, for what does not hold, is unknown or open
};

// What one identity that left can still do.
struct SubjectClosure {
  std::string subject;
  std::vector<ResidualPath> paths;      // open or unknown on observed facts
  std::vector<ResidualPath> unclaimed;  // of those, the ones that the plan did not foresee
  std::optional<Instant> last_path_closes_at;
};

struct VerifiedOutcome {
  std::string run;
  Instant at{};
  RunState state = RunState::Open;       // after verifying
  std::vector<StepProof> steps;          // in the plan's order
  std::vector<SubjectClosure> subjects;  // identities that leave, sorted; empty when none does
  bool closure_checked = false;          // false: there was no inventory to search
  std::string why_not_checked;

  [[nodiscard]] std::uint64_t count(Proof proof) const;
  [[nodiscard]] std::uint64_t paths_left() const;
  // Claim and observation agree: what is claimed holds, no path is open that the plan did not
  // foresee.
  [[nodiscard]] bool agrees() const;
  // Nothing is left: every step done and seen, no path open, nothing unknown.
  [[nodiscard]] bool closed() const;
};

// For people: "12 of 12 steps read back as done", "0 paths remain", or what is left with the
// reasons.
std::string print_outcome(const VerifiedOutcome& outcome);
// One JSON object, two-space indented, final newline; docs/stages/verify.md has the fields.
std::string encode_outcome(const VerifiedOutcome& outcome);

}  // namespace rescind
