// `rescind collect`: asks every system what it holds and keeps the answer in the store.
#include <algorithm>
#include <iomanip>
#include <map>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "base/printable.h"
#include "workflow/collect_systems.h"

namespace rescind {
namespace {

// "8 accounts": the kind's name with an s where it is more than one.
std::string counted(const CollectedListing& listing) {
  if (listing.kind == "usage") {
    return std::to_string(listing.records) + (listing.records == 1 ? " use" : " uses");
  }
  const bool plural = listing.records != 1 && listing.kind != "data";
  return std::to_string(listing.records) + ' ' + listing.kind + (plural ? "s" : "");
}

// A line per system on `out`; what could not be listed whole on `err`.
void print_listings(const CommandContext& context, const std::vector<CollectedListing>& listings) {
  std::map<std::string, std::string> lines;
  std::size_t width = 0;
  for (const CollectedListing& listing : listings) {
    width = std::max(width, listing.system.size());
    std::string& line = lines[listing.system];
    if (listing.kind.empty()) {
      context.err << listing.system << ": could not be asked: " << listing.why << '\n';
    } else if (!listing.complete) {
      context.err << listing.system << ": the listing of " << listing.kind
                  << " is not complete: " << listing.why << '\n';
    }
    if (listing.records > 0) {
      line += (line.empty() ? "" : ", ") + counted(listing);
    }
  }
  for (const auto& [system, line] : lines) {
    if (!context.quiet) {
      context.out << std::left << std::setw(static_cast<int>(width)) << system << "  "
                  << (line.empty() ? "nothing" : line) << '\n';
    }
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
      return context.report(
          Error(ErrorKind::NotFound, "no system `" + system + "` in rescind.yaml"));
    }
  }
  const auto progress = [&context](const std::string& system) {
    if (context.progress && !context.quiet) {
      painted(context.err) << "\r\x1b[Kcollecting from " << printable(system) << " …" << std::flush;
    }
  };
  const UseNames names = use_names(**project);
  const auto listings = collect_systems(*connectors, only, **store, context.clock, progress, names);
  if (context.progress && !context.quiet) {
    painted(context.err) << "\r\x1b[K";
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
  CLI::App* command = app.add_subcommand(
      "collect", "discover accounts, memberships, sessions and credentials into the store");
  const auto only = std::make_shared<std::vector<std::string>>();
  command->add_option("SYSTEM", *only, "only these systems (default: all of rescind.yaml)");
  command->callback([&context, &action, only] {
    action = [&context, only] { return run_collect(context, *only); };
  });
}

}  // namespace rescind
