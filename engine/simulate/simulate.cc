// Lets time pass from one thing that happens to the next, whether the script or the engine has it.
#include "simulate/simulate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "store/run_plan.h"
#include "workflow/escalate.h"

namespace rescind {
namespace {

using What = ScriptEntry::What;

// A loop that never comes to an end would be a bug of the engine; this ends it with a word.
constexpr std::size_t kMostPauses = 100'000;
// The same call again and again is told so often.
constexpr std::size_t kToldCalls = 2;

bool can_be_put_back(RunState state) {
  return state != RunState::Superseded && state != RunState::Undone && state != RunState::Undoing;
}

class Player {
 public:
  explicit Player(const SimulationRequest& request)
      : request_(request), clock_(request.begin), estate_(clock_) {}

  Result<Timeline> play();

 private:
  Status submit(const ScriptEntry& entry);
  Status happen(const ScriptEntry& entry);
  Status use(const ScriptEntry& entry);
  Status say(const ScriptEntry& entry);
  Status undo(const ScriptEntry& entry);
  Status add_record(const ScriptEntry& entry);
  Status pass_time(const ScriptEntry*& next, const ScriptEntry* last);
  Status look_at_stages();
  void hear_call(const HandOverMessage& message);

  void tell(std::string what, std::string item, std::string text) {
    said_.push_back({clock_.now(), std::move(what), std::move(item), std::move(text)});
  }

  const SimulationRequest& request_;
  SimulatedClock clock_;
  SimulatedEstate estate_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Simulation> engine_;
  std::vector<TimelineLine> said_;
  std::vector<TimelineStage> stages_;
  std::map<std::string, TimelineStage> standing_;  // by item
  std::map<std::string, std::size_t> calls_;       // by what is said to whom
  bool evidence_ = false;                          // something was used since the last look
};

std::string field_of(const HandOverMessage& message, std::string_view name) {
  for (const auto& [key, value] : message.fields) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

// The first line; of a notice without words why it was given.
std::string what_it_says(const HandOverMessage& message) {
  constexpr std::string_view kBecause = "because   ";
  const std::string& text = message.text;
  const std::size_t because = text.find(kBecause);
  const bool wordless = field_of(message, "kind") == "notify" && field_of(message, "text").empty();
  const std::size_t from = wordless && because != std::string::npos ? because + kBecause.size() : 0;
  return text.substr(from, text.find('\n', from) - from);
}

void Player::hear_call(const HandOverMessage& message) {
  const std::string kind = field_of(message, "kind");
  const std::string to = message.to.empty() ? "nobody is left to call" : message.to;
  const std::string about = what_it_says(message);
  const std::string words = kind == "notify" ? " is told: " : kind == "ask" ? " is asked: " : ": ";
  std::string text = to + words + about;
  const std::size_t times = ++calls_[kind + text];
  if (times > kToldCalls) {
    return;
  }
  text += times == kToldCalls ? " (again, and so on)" : "";
  tell("call", field_of(message, "item"), std::move(text));
}

Status Player::submit(const ScriptEntry& entry) {
  for (const Event& event : entry.events) {
    tell("event", "",
         event.type + " " + event.subject + (event.withdrawn ? " is taken back" : "") +
             (event.at == clock_.now() ? "" : ", effective " + format_instant(event.at)) +
             (event.revision > 1 ? ", revision " + std::to_string(event.revision) : ""));
  }
  const auto run = engine_->report(entry.events);
  if (!run && run.error().kind() == ErrorKind::Conflict) {
    tell("failed", "", run.error().message());
    return {};
  }
  if (run && run->empty()) {
    tell("run", "", "nothing to do");
  }
  return run ? Status() : tl::unexpected(run.error());
}

// One person's word on the steps about an item (or on all that they may speak of).
Status Player::say(const ScriptEntry& entry) {
  const bool refused = entry.what == What::Refuse;
  tell("approval", entry.item,
       entry.by + (refused ? " refuses" : " approves") +
           (entry.over_limit.empty() ? "" : " more than limit " + entry.over_limit) +
           (entry.reason.empty() ? "" : ": " + entry.reason));
  RESCIND_ASSIGN_OR_RETURN(const std::size_t steps, engine_->say({.by = entry.by,
                                                                  .item = entry.item,
                                                                  .refused = refused,
                                                                  .reason = entry.reason,
                                                                  .over_limit = entry.over_limit}));
  if (steps == 0) {
    tell("failed", entry.item, "nothing asks for the word of " + entry.by);
  }
  return {};
}

// The last run about the subject that can be put back.
Status Player::undo(const ScriptEntry& entry) {
  tell("script", entry.item, entry.text);
  RESCIND_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, store_->list_runs());
  std::reverse(runs.begin(), runs.end());
  for (const RunRecord& run : runs) {
    RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(*store_, run.id));
    if (!can_be_put_back(run.state) || !plan->undoes.empty() ||
        !subjects_of(*plan).contains(entry.item)) {
      continue;
    }
    const auto back = engine_->undo(run.id);
    if (!back && back.error().kind() == ErrorKind::Conflict) {
      tell("failed", entry.item, back.error().message());
    } else if (!back) {
      return tl::unexpected(back.error());
    } else if (back->empty()) {
      tell("run", entry.item, "nothing of " + run.id + " can be put back");
    }
    return {};
  }
  tell("failed", entry.item, "there is no run about it to put back");
  return {};
}

Status Player::use(const ScriptEntry& entry) {
  evidence_ = true;
  if (entry.what == What::Deliver) {
    estate_.confirm_delivery(entry.item, entry.to);
    tell("script", entry.item, entry.to + " takes the successor up");
  } else if (entry.what == What::Use) {
    const bool worked = estate_.use(entry.item, entry.by);
    tell("script", entry.item, entry.by + (worked ? " uses it" : " is turned away"));
  } else {
    const Status enabled = estate_.enable(entry.item, entry.by);
    tell("script", entry.item,
         entry.by +
             (enabled ? " enables it by hand" : " cannot enable it: " + enabled.error().message()));
  }
  return {};
}

// What it says replaces what was known, the rest stays.
Status Player::add_record(const ScriptEntry& entry) {
  tell("script", "", entry.text);
  RESCIND_RETURN_IF_ERROR(Simulation::seed(entry.record, estate_, *store_, clock_.now()));
  return engine_->observe().map([](const auto&) {});
}

Status Player::happen(const ScriptEntry& entry) {
  switch (entry.what) {
  case What::Event:
  case What::Withdraw:
  case What::Revise:
    return submit(entry);
  case What::Use:
  case What::Enable:
  case What::Deliver:
    return use(entry);
  case What::SignIn: {
    const auto session = estate_.sign_in(entry.item, entry.by);
    tell("script", entry.item,
         entry.by + (session ? " signs in: " + *session : " cannot sign in any more"));
    return {};
  }
  case What::Fail:
    estate_.add_fault(entry.fault);
    tell("script", entry.item, entry.text);
    return {};
  case What::Mend:
    estate_.mend(entry.fault.system);
    tell("script", "", entry.text);
    return {};
  case What::Approve:
  case What::Refuse:
    return say(entry);
  case What::Acknowledge: {
    tell("script", "", entry.by + " has seen what they were called about");
    return engine_->acknowledge(entry.by).map([](std::size_t) {});
  }
  case What::Undo:
    return undo(entry);
  case What::Record:
    return add_record(entry);
  case What::ClockJump:
    tell("script", "", entry.text);
    clock_.jump(entry.jump);
    return {};
  case What::AcceptClock:
    tell("script", "", "accept_clock: the clock is right");
    return engine_->accept_clock();
  }
  return {};
}

// Which stages items under a `retire` stand in now, as far as that has changed.
Status Player::look_at_stages() {
  RESCIND_ASSIGN_OR_RETURN(const auto all, store_->list_retirements(""));
  std::map<std::string, TimelineStage> now;
  for (const RetirementRecord& record : all) {
    const bool over = is_end_state(record.state);
    // Of several runs the one that goes on with it counts.
    if (!over || !now.contains(record.item)) {
      now[record.item] = {clock_.now(), record.item, over ? "" : record.stage,
                          std::string(retirement_state_name(record.state)), record.why};
    }
  }
  for (const auto& [item, stage] : now) {
    TimelineStage& before = standing_[item];
    if (before.stage != stage.stage || before.state != stage.state) {
      before = stage;
      stages_.push_back(stage);
    }
  }
  return {};
}

// To the next thing that happens, or that is due.
Status Player::pass_time(const ScriptEntry*& next, const ScriptEntry* last) {
  RESCIND_ASSIGN_OR_RETURN(const auto due, engine_->next_due());
  Instant until = std::min(due.value_or(request_.end), request_.end);
  if (next != last) {
    until = std::min(until, next->at);
  }
  clock_.advance_to(until);
  while (next != last && next->at <= clock_.now()) {
    RESCIND_RETURN_IF_ERROR(happen(*next));
    RESCIND_RETURN_IF_ERROR(look_at_stages());
    ++next;
  }
  RESCIND_RETURN_IF_ERROR(engine_->work(std::exchange(evidence_, false)));
  return look_at_stages();
}

Result<Timeline> Player::play() {
  RESCIND_ASSIGN_OR_RETURN(store_, open_sqlite_store(":memory:", {}));
  RESCIND_RETURN_IF_ERROR(Simulation::seed(request_.records, estate_, *store_, request_.begin));
  SimulationOptions options = request_.options;
  options.call = [this](const HandOverMessage& message) {
    hear_call(message);
    return Status();
  };
  engine_ =
      std::make_unique<Simulation>(*request_.policy, estate_, *store_, clock_, std::move(options));
  ScriptEntry first;
  first.events = request_.events;
  RESCIND_RETURN_IF_ERROR(submit(first));
  RESCIND_RETURN_IF_ERROR(look_at_stages());
  const ScriptEntry* next = request_.script.data();
  const ScriptEntry* const last = next + request_.script.size();
  for (std::size_t pause = 0; clock_.now() < request_.end; ++pause) {
    if (pause >= kMostPauses) {
      return fail(ErrorKind::Limit,
                  "something is due again and again at " + format_instant(clock_.now()));
    }
    RESCIND_RETURN_IF_ERROR(pass_time(next, last));
  }
  return build_timeline(*store_, estate_, std::move(said_), stages_, request_.begin, request_.end);
}

}  // namespace

Result<Timeline> simulate(const SimulationRequest& request) {
  return Player(request).play();
}

}  // namespace rescind
