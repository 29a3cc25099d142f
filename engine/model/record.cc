// Names of states and record entries, as the store, reports and docs write them.
#include "model/record.h"

#include <array>
#include <cstddef>

namespace rescind {
namespace {

constexpr std::array<std::string_view, 17> kStepStates = {
    "pending",      "waiting",     "ready",    "intent",    "sent",    "applied",
    "residual",     "throttled",   "conflict", "failed",    "unknown", "verified",
    "already_done", "unsupported", "refused",  "cancelled", "undone"};

constexpr std::array<std::string_view, 7> kRunStates = {
    "open", "contained", "settled", "closed", "superseded", "undoing", "undone"};

constexpr std::array<std::string_view, 17> kEntries = {
    "opened",  "observed", "intent",    "outcome", "probed",  "waited",
    "swept",   "approved", "escalated", "ended",   "state",   "stage",
    "decided", "refusal",  "extended",  "claimed", "released"};

constexpr std::array<std::string_view, 6> kRetirementStates = {
    "awaiting_approval", "acting", "gated", "soaking", "ended", "cancelled"};

constexpr std::array<std::string_view, 3> kGateAnswers = {"met", "unmet", "unknown"};

template <typename T, std::size_t N>
std::optional<T> find_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) {
      return static_cast<T>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view step_state_name(StepState state) {
  return kStepStates[static_cast<std::size_t>(state)];
}

std::optional<StepState> find_step_state(std::string_view name) {
  return find_in<StepState>(kStepStates, name);
}

bool is_end_state(StepState state) {
  return state >= StepState::Verified;
}

bool is_untouched_state(StepState state) {
  switch (state) {
  case StepState::Pending:
  case StepState::Waiting:
  case StepState::Ready:
  case StepState::Throttled:
  case StepState::Conflict:
  case StepState::Failed:
    return true;
  case StepState::Intent:
  case StepState::Sent:
  case StepState::Applied:
  case StepState::Residual:
  case StepState::Unknown:
  case StepState::Verified:
  case StepState::AlreadyDone:
  case StepState::Unsupported:
  case StepState::Refused:
  case StepState::Cancelled:
  case StepState::Undone:
    return false;
  }
  return false;
}

bool is_done_state(StepState state) {
  return state == StepState::Verified || state == StepState::AlreadyDone;
}

std::string_view run_state_name(RunState state) {
  return kRunStates[static_cast<std::size_t>(state)];
}

std::optional<RunState> find_run_state(std::string_view name) {
  return find_in<RunState>(kRunStates, name);
}

std::string_view record_entry_name(RecordEntry entry) {
  return kEntries[static_cast<std::size_t>(entry)];
}

std::optional<RecordEntry> find_record_entry(std::string_view name) {
  return find_in<RecordEntry>(kEntries, name);
}

bool is_end_state(RetirementState state) {
  return state == RetirementState::Ended || state == RetirementState::Cancelled;
}

std::string_view retirement_state_name(RetirementState state) {
  return kRetirementStates[static_cast<std::size_t>(state)];
}

std::optional<RetirementState> find_retirement_state(std::string_view name) {
  return find_in<RetirementState>(kRetirementStates, name);
}

std::string_view gate_answer_name(GateAnswer answer) {
  return kGateAnswers[static_cast<std::size_t>(answer)];
}

std::optional<GateAnswer> find_gate_answer(std::string_view name) {
  return find_in<GateAnswer>(kGateAnswers, name);
}

}  // namespace rescind
