// `rescind collect`: asks every system what it holds and keeps the answer in the store.
#include <algorithm>
#include <iomanip>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "workflow/collect_systems.h"

namespace rescind {
namespace {

void print_listings(const CommandContext& context, const std::vector<CollectedListing>& listings) {
  std::size_t width = 6;
  for (const CollectedListing& listing : listings) {
    width = std::max(width, listing.system.size());
  }
  for (const CollectedListing& listing : listings) {
    if (context.quiet && listing.complete) {
      continue;
    }
    std::ostream& stream = listing.complete ? context.out : context.err;
    stream << std::left << std::setw(static_cast<int>(width)) << listing.system << "  ";
    if (listing.kind.empty()) {
      stream << "could not be asked: " << listing.why << '\n';
      continue;
    }
    stream << std::setw(12) << listing.kind << std::right << std::setw(8) << listing.records;
    stream << (listing.complete ? "\n" : "  incomplete: " + listing.why + "\n");
  }
}

ExitCode run_collect(const CommandContext& context, const std::vector<std::string>& only) {
  SourceSet sources;
  Diagnostics diagnostics;
  const auto project = open_project(sources, diagnostics);
  if (!project) {
    return context.report(project.error());
  }
  if (!*project) {
    return context.report(diagnostics, sources);
  }
  const auto store = open_store(**project);
  if (!store) {
    return context.report(store.error());
  }
  auto connectors = make_connectors(**project, context.clock, diagnostics);
  if (!connectors) {
    return context.report(diagnostics, sources);
  }
  for (const std::string& system : only) {
    const std::vector<std::string> known = connectors->systems();
    if (std::find(known.begin(), known.end(), system) == known.end()) {
      return context.report(Error(ErrorKind::NotFound, "no system `" + system + "` in rescind.yaml"));
    }
  }
  const auto progress = [&context](const std::string& system) {
    if (context.progress && !context.quiet) {
      context.err << "\r\x1b[Kcollecting from " << system << " …" << std::flush;
    }
  };
  const auto listings = collect_systems(*connectors, only, **store, context.clock, progress);
  if (context.progress && !context.quiet) {
    context.err << "\r\x1b[K";
  }
  if (!listings) {
    return context.report(listings.error());
  }
  print_listings(context, *listings);
  const bool all = std::all_of(listings->begin(), listings->end(),
                               [](const CollectedListing& listing) { return listing.complete; });
  return all ? ExitCode::Done : ExitCode::WorldFailed;
}

}  // namespace

void add_collect_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("collect", "discover accounts, memberships, sessions and credentials into the store");
  const auto only = std::make_shared<std::vector<std::string>>();
  command->add_option("SYSTEM", *only, "only these systems (default: all of rescind.yaml)");
  command->callback([&context, &action, only] {
    action = [&context, only] { return run_collect(context, *only); };
  });
}

}  // namespace rescind
