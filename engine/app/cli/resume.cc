// `rescind resume`: goes on with a run after a crash, an approval or when something is due.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/advance_session.h"
#include "app/cli/approvals.h"
#include "app/cli/command.h"
#include "app/cli/people.h"
#include "app/cli/run_output.h"
#include "execute/system_book.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

struct ResumeArguments {
  std::vector<std::string> runs;  // empty: every run that has not ended
  NamedWords words;
};

// The runs that have not ended, oldest first.
Result<std::vector<std::string>> open_runs(Store& store) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs());
  std::vector<std::string> open;
  for (const RunRecord& run : runs) {
    if (run.state != RunState::Closed && run.state != RunState::Superseded &&
        run.state != RunState::Undone) {
      open.push_back(run.id);
    }
  }
  return open;
}

// Whether the name alone may approve what the run asks for; a run that cannot be read is reported
// when it is resumed.
bool may_approve_in_run(const CommandContext& context, const Session& session,
                        const std::string& run, const NamedWords& words) {
  const auto known = load_run_plan(*session.store, run);
  return !known || may_approve_by_name(context, session, known->plan, words);
}

using Selection = std::function<Result<std::vector<std::string>>(Store&)>;

ExitCode run_all(const CommandContext& context, const Selection& select, const NamedWords& words) {
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, {}, code);
  if (!session) {
    return code;
  }
  if (!session->store) {
    return context.report(open_store(session->project).error());
  }
  if (const Status heeded = heed_clock(context, *session); !heeded) {
    return context.report(heeded.error());
  }
  const auto runs = select(*session->store);
  if (!runs) {
    return context.report(runs.error());
  }
  if (runs->empty() && !context.quiet) {
    context.out << "nothing to do\n";
  }
  // One run's trouble is not the next one's; the worst exit code is the command's. A system that
  // the first finds dead is left alone by the rest.
  SystemBook book;
  for (const std::string& run : *runs) {
    if (!may_approve_in_run(context, *session, run, words)) {
      code = code == ExitCode::Done ? ExitCode::Blocked : code;
      continue;
    }
    auto options = execute_options(context, *session, 0);
    if (!options) {
      return context.report(options.error());
    }
    take_words(words, *options);
    options->systems = &book;
    const auto report =
        resume_run(run, *session->store, session->connectors, context.clock, *options);
    const ExitCode one =
        report ? conclude_run(context, *session, *report) : context.report(report.error());
    code = one == ExitCode::WorldFailed || code == ExitCode::Done ? one : code;
  }
  escalate_due(context, *session);
  return code;
}

}  // namespace

void add_resume_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* resume = app.add_subcommand("resume", "go on with runs that were interrupted or wait");
  const auto arguments = std::make_shared<ResumeArguments>();
  resume->add_option("RUN", arguments->runs,
                     "only these runs (default: every one that has not ended)");
  add_named_words(*resume, arguments->words);
  resume->callback([&context, &action, arguments] {
    action = [&context, arguments] {
      if (const std::string wrong = wrong_words(arguments->words); !wrong.empty()) {
        context.err << "error: " << wrong << '\n';
        return ExitCode::Usage;
      }
      const Selection select = [arguments](Store& store) {
        return arguments->runs.empty() ? open_runs(store)
                                       : Result<std::vector<std::string>>(arguments->runs);
      };
      return run_all(context, select, arguments->words);
    };
  });
}

}  // namespace rescind
