// `rescind report`: how fast and how completely access was taken away, from the evidence log.
#include "report/report.h"

#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "base/printable.h"
#include "base/text.h"
#include "workflow/audit_log.h"

namespace rescind {
namespace {

struct ReportArguments {
  std::string since, until, format = "text", out;
};

// An instant that was left out is none. False: it is wrong and that was said.
bool read_instant(const CommandContext& context, const std::string& text,
                  std::optional<Instant>& instant) {
  if (text.empty()) {
    return true;
  }
  instant = parse_instant(text);
  if (!instant) {
    if (const auto date = parse_date(text)) {
      instant = start_of_day_utc(*date);
    }
  }
  if (!instant) {
    context.err << "error: `" << text << "` is no instant; write 2026-11-20T17:00Z or 2026-11-20\n";
  }
  return instant.has_value();
}

std::string render(const Report& report, const std::string& format) {
  if (format == "csv") {
    return render_report_csv(report);
  }
  if (format == "json") {
    return render_report_json(report);
  }
  return format == "html" ? render_report_page(report) : render_report_text(report);
}

ExitCode run_report(const CommandContext& context, const ReportArguments& arguments) {
  ReportOptions options;
  options.now = context.clock.now();
  if (!read_instant(context, arguments.since, options.since) ||
      !read_instant(context, arguments.until, options.until)) {
    return ExitCode::Usage;
  }
  return with_store(context, [&](Store& store) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const LogSource log, log_of(store));
    RESCIND_ASSIGN_OR_RETURN(const Report report, compute_report(log, options));
    const std::string text = render(report, arguments.format);
    if (arguments.out.empty()) {
      (arguments.format == "text" ? context.out : exact(context.out)) << text;
    } else {
      RESCIND_RETURN_IF_ERROR(write_file_atomically(arguments.out, text));
    }
    return ExitCode::Done;
  });
}

}  // namespace

void add_report_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command =
      app.add_subcommand("report", "how fast and how completely access was taken away");
  const auto arguments = std::make_shared<ReportArguments>();
  command->add_option("--since", arguments->since, "only events effective from this instant on");
  command->add_option("--until", arguments->until, "only events effective before this instant");
  command->add_option("--format", arguments->format, "text, csv, json or html")
      ->check(CLI::IsMember({"text", "csv", "json", "html"}));
  command->add_option("--out", arguments->out, "write it to a file");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_report(context, *arguments); };
  });
}

}  // namespace rescind
