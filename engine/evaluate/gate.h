// Gates of staged retirement, judged on what the inventory knows now: use, coverage, deliveries.
// Three-valued; where a gate is not met, one line says what it waits for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "model/decision.h"
#include "model/program.h"
#include "model/record.h"

namespace rescind {

struct GateQuestion {
  std::string retire;  // qualified name
  std::string stage;
  std::string item;
  Event cause;  // of the retirement, as its plan lists it
  // Whose own use keeps nothing alive: those who leave by the causes behind the retirement.
  std::set<std::string> leavers;
  // The item was there then: stands in where nobody recorded when it was made.
  std::optional<Instant> known_since = std::nullopt;
};

struct GateJudgement {
  GateAnswer answer = GateAnswer::Unknown;
  std::string why;              // "" met; else one line for people
  std::optional<Instant> next;  // when the answer can change by time alone
};

// Judges many gates over one snapshot. Not thread-safe.
class GateJudge {
 public:
  // `supported`: as in EvaluatorOptions; may be empty.
  GateJudge(
      std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
      Instant now,
      std::function<std::optional<bool>(std::string_view system, Verb verb, Kind kind)> supported);
  ~GateJudge();
  GateJudge(const GateJudge&) = delete;
  GateJudge& operator=(const GateJudge&) = delete;

  // A stage without a gate is met. A retirement, stage or item that is not there any more is
  // unknown.
  GateJudgement judge(const GateQuestion& question);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One question over one snapshot.
GateJudgement judge_gate(std::shared_ptr<const Program> program,
                         std::shared_ptr<const Inventory> inventory, const GateQuestion& question,
                         Instant now);

}  // namespace rescind
