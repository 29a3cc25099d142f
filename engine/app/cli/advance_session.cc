// The project's side of working what is due.
#include "app/cli/advance_session.h"

#include <fstream>
#include <ostream>
#include <utility>

#include "app/cli/people.h"
#include "app/cli/run_output.h"
#include "workflow/collect_systems.h"
#include "workflow/escalate.h"

namespace rescind {
namespace {

// Names this start of the machine: a steady clock counts from it.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

Result<std::shared_ptr<const Inventory>> read_facts(const CommandContext& context, Session& session,
                                                    const std::vector<std::string>& systems) {
  if (!systems.empty()) {
    RESCIND_RETURN_IF_ERROR(collect_systems(
                                session.connectors, systems, *session.store, context.clock,
                                [](const std::string&) {}, use_names(session.project))
                                .map([](const auto&) {}));
  }
  Diagnostics diagnostics;
  return reload_inventory(session, diagnostics);
}

Result<std::optional<Instant>> escalate_now(const CommandContext& context, const Session& session,
                                            const Plan& plan, const std::string& run,
                                            const std::shared_ptr<const Inventory>& inventory) {
  const Instant now = context.clock.now();
  const auto hand_over = open_hand_over(session.project);
  if (!hand_over) {
    context.err << "note: nobody is called: " << hand_over.error().to_string() << '\n';
  }
  RESCIND_ASSIGN_OR_RETURN(const People people, session_people(session, now, inventory));
  return escalate_run(plan, run, *session.store, people, hand_over ? hand_over->get() : nullptr,
                      now);
}

void print_run(std::ostream& out, const AdvancedRun& run) {
  out << run.run;
  if (run.failed) {
    out << " cannot be worked: " << run.failed->to_string() << '\n';
    return;
  }
  out << " is " << run_state_name(run.report->state) << '\n';
  for (const std::string& line : run.lines) {
    out << "  " << line << '\n';
  }
  for (const PersonNote& note : run.report->needs_person) {
    out << "  needs a person: " << note.item << " — " << note.why
        << (note.who.empty() ? "" : " (" + note.who + ')') << '\n';
  }
  if (!run.report->timers.empty()) {
    const Timer& first = run.report->timers.front();
    out << "  next: " << format_instant(first.due) << (first.why.empty() ? "" : " — " + first.why)
        << (run.report->timers.size() > 1
                ? ", and " + std::to_string(run.report->timers.size() - 1) + " more later"
                : "")
        << '\n';
  }
}

std::string frozen_words(const std::string& why) {
  return "nothing is destroyed: " + why +
         "; when the clock is right, `rescind run --due --accept-clock`\n";
}

}  // namespace

Status heed_clock(const CommandContext& context, const Session& session) {
  AdvanceRequest request;
  request.plan.store = session.store.get();
  request.clock_heartbeat = session.project.configuration.clock_heartbeat;
  request.boot = boot_id();
  RESCIND_ASSIGN_OR_RETURN(const std::string frozen, check_clock(request, context.clock));
  if (!frozen.empty()) {
    context.err << "note: " << frozen_words(frozen);
  }
  return {};
}

Result<AdvanceRequest> advance_request(const CommandContext& context, Session& session,
                                       const CapabilityMap& systems) {
  AdvanceRequest request;
  request.policy = &session.policy;
  request.plan = plan_request(session);
  RESCIND_ASSIGN_OR_RETURN(request.execute, execute_options(context, session, 0));
  request.read_inventory = [&context, &session](const std::vector<std::string>& listed) {
    return read_facts(context, session, listed);
  };
  request.take_evidence = [&context, &session](const std::string& system) -> Status {
    Connector* connector = session.connectors.find(system);
    if (connector == nullptr) {
      return {};  // its gates stay unknown, and say so
    }
    const auto taken = collect_usage(*connector, system, *session.store, context.clock,
                                     use_names(session.project));
    if (!taken && !context.quiet) {
      context.err << "note: `" << system << "` shows no use: " << taken.error().to_string() << '\n';
    }
    return taken ? Status() : tl::unexpected(taken.error());
  };
  request.escalate = [&context, &session](const Plan& plan, const std::string& run,
                                          const std::shared_ptr<const Inventory>& inventory) {
    return escalate_now(context, session, plan, run, inventory);
  };
  request.clock_heartbeat = session.project.configuration.clock_heartbeat;
  request.boot = boot_id();
  request.systems = &systems;
  return request;
}

void AdvanceTally::take(const AdvancedRun& run, std::ostream* out) {
  ++runs_;
  if (out != nullptr) {
    print_run(*out, run);
  }
  if (run.failed || run.report->failed > 0) {
    failed_ = true;
    return;
  }
  const bool proved = !run.verified || (run.verified->agrees() && run.verified->paths_left() == 0);
  waits_ = waits_ || run.report->waiting_for_person > 0 || !proved;
}

void AdvanceTally::print_end(std::ostream& out, const AdvanceReport& report) const {
  if (!report.frozen.empty()) {
    out << frozen_words(report.frozen);
  }
  for (const std::string& run : report.busy) {
    out << run << " is being worked by another process\n";
  }
  if (runs_ == 0 && report.busy.empty()) {
    out << "nothing to do\n";
  }
  if (report.next_due) {
    out << "next due " << format_instant(*report.next_due) << '\n';
  }
}

ExitCode AdvanceTally::exit_code(const AdvanceReport& report) const {
  if (failed_) {
    return ExitCode::WorldFailed;
  }
  return waits_ || !report.frozen.empty() ? ExitCode::Blocked : ExitCode::Done;
}

}  // namespace rescind
