// The clock, the runs that are due, and the rounds of one run.
#include "workflow/advance.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "execute/system_book.h"
#include "verify/verify_execution.h"
#include "workflow/advance_parts.h"

namespace rescind {
namespace {

constexpr const char* kClockSetting = "clock.seen";

struct SeenClock {
  std::int64_t wall = 0, monotonic = 0;
  std::string boot;
};

std::optional<SeenClock> read_seen(const std::string& text) {
  std::istringstream words(text);
  SeenClock seen;
  if (!(words >> seen.wall >> seen.monotonic)) {
    return std::nullopt;
  }
  words >> seen.boot;
  return seen;
}

std::string span_words(std::int64_t seconds) {
  return std::to_string(seconds < 0 ? -seconds : seconds) + " s";
}

// Why the clock cannot be believed; "" it can.
std::string jump_of(const AdvanceRequest& request, const SeenClock& seen, const SeenClock& now) {
  const std::int64_t moved = now.wall - seen.wall;
  const std::int64_t heartbeat = request.clock_heartbeat.count();
  if (moved < -heartbeat) {
    return "the clock went back by " + span_words(moved);
  }
  const bool same_start = seen.boot == now.boot && now.monotonic >= seen.monotonic;
  if (!same_start) {
    return "";  // nobody waited here: what passed meanwhile cannot be told
  }
  const std::int64_t waited = (now.monotonic - seen.monotonic) / 1000;
  if (moved - waited > heartbeat || waited - moved > heartbeat) {
    return "the clock moved by " + span_words(moved) + " while " + span_words(waited) + " passed";
  }
  return "";
}

std::optional<Instant> earlier(const std::optional<Instant>& a, const std::optional<Instant>& b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

bool has_ended(RunState state) {
  return state != RunState::Open && state != RunState::Contained && state != RunState::Settled;
}

// A run that rests belongs to nobody: another process may have undone or superseded it since.
bool ended_meanwhile(const Store::Claim& claim, AdvancedRun& advanced) {
  if (!has_ended(claim.run.state)) {
    return false;
  }
  if (advanced.report) {
    advanced.report->state = claim.run.state;
  }
  return true;
}

// One look between two rounds of work. Gives whether there is more to work.
Result<bool> decide_once(const AdvanceRequest& request, const std::string& run, Clock& clock,
                         AdvancedRun& advanced) {
  Store& store = *request.plan.store;
  RESCIND_ASSIGN_OR_RETURN(RunPlan plan, load_run_plan(store, run));
  RESCIND_ASSIGN_OR_RETURN(auto claim, store.claim_run(run, clock.now()));
  if (ended_meanwhile(claim, advanced)) {
    return false;
  }
  advance::OpenRun open(request, std::move(claim), std::move(plan), clock, advanced.lines);
  RESCIND_RETURN_IF_ERROR(open.read());
  RESCIND_ASSIGN_OR_RETURN(const bool staged, open.move_retirements());
  RESCIND_ASSIGN_OR_RETURN(const bool decided, open.decide_appointments());
  RESCIND_ASSIGN_OR_RETURN(const bool swept, open.look_after_sweep());
  if (staged || decided || swept) {
    return true;
  }
  return false;
}

// Everything is decided for now: people are called, and the run rests until it is due again.
Status rest(const AdvanceRequest& request, const std::string& run, Clock& clock,
            AdvancedRun& advanced) {
  if (advanced.report && has_ended(advanced.report->state)) {
    return {};
  }
  Store& store = *request.plan.store;
  RESCIND_ASSIGN_OR_RETURN(RunPlan plan, load_run_plan(store, run));
  RESCIND_ASSIGN_OR_RETURN(auto claim, store.claim_run(run, clock.now()));
  if (ended_meanwhile(claim, advanced)) {
    return {};
  }
  advance::OpenRun open(request, std::move(claim), std::move(plan), clock, advanced.lines);
  RESCIND_RETURN_IF_ERROR(open.read());
  std::optional<Instant> due = open.next_look();
  if (request.escalate) {
    RESCIND_ASSIGN_OR_RETURN(const auto next, request.escalate(open.plan(), run, open.inventory()));
    due = earlier(due, next);
  }
  return open.set_due(due);
}

// Every step has ended: what the systems show now decides whether the run is closed.
Status verify_when_done(const AdvanceRequest& request, ConnectorSet& connectors, Clock& clock,
                        AdvancedRun& advanced) {
  if (!advanced.report || advanced.report->state != RunState::Settled ||
      !std::all_of(advanced.report->steps.begin(), advanced.report->steps.end(),
                   [](const StepRecord& step) { return is_end_state(step.state); })) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(const RunPlan plan, load_run_plan(*request.plan.store, advanced.run));
  std::set<std::string> systems;
  for (const PlanStep& step : plan.plan.steps) {
    systems.insert(step.system);
  }
  RESCIND_ASSIGN_OR_RETURN(const auto inventory,
                           request.read_inventory({systems.begin(), systems.end()}));
  VerifyOptions options;
  options.inventory = inventory.get();
  options.systems = request.systems;
  options.inline_workers = request.execute.inline_workers;
  RESCIND_ASSIGN_OR_RETURN(advanced.verified, verify_execution(advanced.run, *request.plan.store,
                                                               connectors, clock, options));
  advanced.report->state = advanced.verified->state;
  return {};
}

// Many runs ask one system for evidence. One that does not answer the first, or that is left alone
// in this pass anyway, is not waited for by the others.
std::function<Status(const std::string&)> ask_who_answers(
    const std::function<Status(const std::string&)>& ask, SystemBook& book) {
  if (!ask) {
    return ask;
  }
  const auto silent = std::make_shared<std::set<std::string>>();
  return [ask, silent, &book](const std::string& system) -> Status {
    if (!book.of(system).closed && !silent->contains(system) && !ask(system)) {
      silent->insert(system);
    }
    return {};
  };
}

// Works the runs until each has nothing left to do now: all of them, then what follows for each,
// then those again for which something did.
std::vector<AdvancedRun> advance_together(const AdvanceRequest& request,
                                          const std::vector<std::string>& runs,
                                          ConnectorSet& connectors, Clock& clock) {
  std::vector<AdvancedRun> all(runs.size());
  std::vector<AdvancedRun*> open;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    all[i].run = runs[i];
    open.push_back(&all[i]);
  }
  for (std::uint32_t round = 0; round < request.max_rounds && !open.empty(); ++round) {
    std::vector<std::string> names;
    for (const AdvancedRun* one : open) {
      names.push_back(one->run);
    }
    auto reports = resume_runs(names, *request.plan.store, connectors, clock, request.execute);
    std::vector<AdvancedRun*> again;
    for (std::size_t i = 0; i < open.size(); ++i) {
      AdvancedRun& one = *open[i];
      if (!reports[i]) {
        one.failed = reports[i].error();
        continue;
      }
      one.report = *std::move(reports[i]);
      const Result<bool> more = decide_once(request, one.run, clock, one);
      if (!more) {
        one.failed = more.error();
      } else if (*more) {
        again.push_back(&one);
      }
    }
    open = std::move(again);
  }
  for (AdvancedRun& one : all) {
    Status rested = one.failed ? Status() : verify_when_done(request, connectors, clock, one);
    if (rested && !one.failed) {
      rested = rest(request, one.run, clock, one);
    }
    if (!rested) {
      one.failed = rested.error();
    }
  }
  return all;
}

// Runs that are due and have not ended. What is not contained yet may have something to contain.
Result<std::vector<std::string>> most_urgent_first(Store& store, Instant now) {
  RESCIND_ASSIGN_OR_RETURN(const auto due, store.list_due_runs(now));
  std::vector<std::string> first;
  std::vector<std::string> later;
  for (const std::string& run : due) {
    RESCIND_ASSIGN_OR_RETURN(const auto found, store.find_run(run));
    if (found && !has_ended(found->state)) {
      (found->state == RunState::Open ? first : later).push_back(run);
    }
  }
  first.insert(first.end(), later.begin(), later.end());
  return first;
}

}  // namespace

Result<std::string> check_clock(const AdvanceRequest& request, const Clock& clock) {
  Store& store = *request.plan.store;
  SeenClock now;
  now.wall = clock.now().time_since_epoch().count();
  now.monotonic = clock.monotonic().count();
  now.boot = request.boot;
  RESCIND_ASSIGN_OR_RETURN(const auto before, store.find_setting(kClockSetting));
  RESCIND_ASSIGN_OR_RETURN(const auto frozen, store.find_setting(std::string(kClockFrozenSetting)));
  std::string why = frozen.value_or("");
  const auto seen = before ? read_seen(*before) : std::nullopt;
  if (request.accept_clock) {
    why.clear();
  } else if (seen) {
    const std::string jump = jump_of(request, *seen, now);
    why = jump.empty() ? why : jump;
  }
  if (why != frozen.value_or("")) {
    RESCIND_RETURN_IF_ERROR(store.set_setting(std::string(kClockFrozenSetting), why));
  }
  RESCIND_RETURN_IF_ERROR(store.set_setting(
      kClockSetting,
      std::to_string(now.wall) + " " + std::to_string(now.monotonic) + " " + now.boot));
  return why;
}

Result<AdvancedRun> advance_run(const AdvanceRequest& request, const std::string& run,
                                ConnectorSet& connectors, Clock& clock) {
  SystemBook book;
  AdvanceRequest alone = request;
  alone.take_evidence = ask_who_answers(request.take_evidence, book);
  AdvancedRun advanced = std::move(advance_together(alone, {run}, connectors, clock).front());
  if (advanced.failed) {
    return tl::unexpected(*advanced.failed);
  }
  return advanced;
}

Result<AdvanceReport> advance_due(const AdvanceRequest& request, ConnectorSet& connectors,
                                  Clock& clock) {
  AdvanceReport report;
  Store& store = *request.plan.store;
  RESCIND_ASSIGN_OR_RETURN(report.frozen, check_clock(request, clock));
  RESCIND_ASSIGN_OR_RETURN(const auto due, most_urgent_first(store, clock.now()));
  // A system that is found dead by some is left alone by the rest.
  SystemBook book;
  AdvanceRequest together = request;
  together.execute.systems = request.execute.systems == nullptr ? &book : request.execute.systems;
  together.take_evidence = ask_who_answers(request.take_evidence, *together.execute.systems);
  const std::size_t at_once = std::max<std::size_t>(request.runs_at_once, 1);
  for (std::size_t begin = 0; begin < due.size(); begin += at_once) {
    const auto first = due.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<std::string> some(
        first, first + static_cast<std::ptrdiff_t>(std::min(at_once, due.size() - begin)));
    std::optional<Error> broken;
    for (AdvancedRun& run : advance_together(together, some, connectors, clock)) {
      const ErrorKind kind = run.failed ? run.failed->kind() : ErrorKind::Corrupt;
      if (kind == ErrorKind::Conflict) {
        report.busy.push_back(run.run);
      } else if (kind != ErrorKind::Corrupt) {
        broken = broken ? broken : run.failed;
      } else if (request.take_run) {
        request.take_run(std::move(run));
      } else {
        // One run that cannot be read must not keep the others from their deadlines.
        report.runs.push_back(std::move(run));
      }
    }
    if (broken) {
      return tl::unexpected(*broken);
    }
  }
  RESCIND_ASSIGN_OR_RETURN(report.next_due, store.next_due());
  return report;
}

}  // namespace rescind
