// `rescind audit prove|export|pack`: evidence for others.
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/audit.h"
#include "base/counted.h"
#include "base/printable.h"
#include "base/text.h"

namespace rescind {
namespace {

struct ProveArguments {
  std::optional<std::uint64_t> entry;
  std::string step, identity;
};

// The entries that were asked for.
Result<std::vector<std::uint64_t>> wanted_entries(Store& store, const ProveArguments& arguments) {
  if (arguments.entry) {
    return std::vector<std::uint64_t>{*arguments.entry};
  }
  RESCIND_ASSIGN_OR_RETURN(const LogSource log, log_of(store));
  std::vector<std::uint64_t> wanted;
  const auto take = [&wanted](const AuditEntry& entry) { wanted.push_back(entry.sequence); };
  if (!arguments.identity.empty()) {
    RESCIND_RETURN_IF_ERROR(select_entries(log, arguments.identity, take));
  } else {
    RESCIND_RETURN_IF_ERROR(log({}, [&](const AuditEntry& entry) {
      if (entry.note.step == arguments.step) {
        take(entry);
      }
    }));
  }
  if (wanted.empty()) {
    return fail(ErrorKind::NotFound, "the evidence log says nothing about `" + arguments.step +
                                         arguments.identity + "`");
  }
  return wanted;
}

ExitCode run_prove(const CommandContext& context, const ProveArguments& arguments) {
  const int given = (arguments.entry ? 1 : 0) + (arguments.step.empty() ? 0 : 1) +
                    (arguments.identity.empty() ? 0 : 1);
  if (given != 1) {
    context.err << "error: name what to prove by one of `--entry N`, `--step ID`, "
                   "`--identity ID`\n";
    return ExitCode::Usage;
  }
  return with_audit(context, [&](Store& store, const AuditSigner& signer) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const auto wanted, wanted_entries(store, arguments));
    for (const std::uint64_t entry : wanted) {
      RESCIND_ASSIGN_OR_RETURN(const InclusionProof proof,
                               prove_entry(store, signer, entry, context.clock.now()));
      exact(context.out) << encode_proof(proof) << '\n';
    }
    return ExitCode::Done;
  });
}

ExitCode run_export(const CommandContext& context, const std::string& file) {
  return with_audit(context, [&](Store& store, const AuditSigner& signer) -> Result<ExitCode> {
    const Instant now = context.clock.now();
    if (file.empty()) {
      RESCIND_RETURN_IF_ERROR(export_log(store, signer, now, exact(context.out)));
      return ExitCode::Done;
    }
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    if (!out) {
      return fail(ErrorKind::Io, "cannot create `" + file + "`");
    }
    RESCIND_RETURN_IF_ERROR(export_log(store, signer, now, out));
    return ExitCode::Done;
  });
}

Status write_pack(const EvidencePack& pack, const std::string& out) {
  const bool page_only = out.ends_with(".html");
  const bool json_only = out.ends_with(".json");
  std::string json_file = out;
  std::string page_file = out;
  if (!page_only && !json_only) {
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error) {
      return fail(ErrorKind::Io, "cannot create the folder `" + out + "`: " + error.message());
    }
    json_file += "/evidence.json";
    page_file += "/evidence.html";
  }
  if (!page_only) {
    RESCIND_ASSIGN_OR_RETURN(const std::string json, encode_pack(pack));
    RESCIND_RETURN_IF_ERROR(write_file_atomically(json_file, json));
  }
  if (!json_only) {
    RESCIND_ASSIGN_OR_RETURN(const std::string page, render_pack_page(pack));
    RESCIND_RETURN_IF_ERROR(write_file_atomically(page_file, page));
  }
  return {};
}

ExitCode run_pack(const CommandContext& context, const std::string& identity,
                  const std::string& out) {
  return with_audit(context, [&](Store& store, const AuditSigner& signer) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const EvidencePack pack,
                             make_pack(store, signer, identity, context.clock.now()));
    RESCIND_RETURN_IF_ERROR(write_pack(pack, out));
    RESCIND_ASSIGN_OR_RETURN(const Story story, tell_pack(pack));
    if (!context.quiet) {
      context.out << identity << ": " << counted(pack.entries.size(), "entry") << ", "
                  << story.verdict << '\n';
    }
    return ExitCode::Done;
  });
}

}  // namespace

void add_evidence_commands(CLI::App& audit, CommandContext& context, Action& action) {
  CLI::App* prove =
      audit.add_subcommand("prove", "print entries with the proof that the signed log holds them");
  const auto wanted = std::make_shared<ProveArguments>();
  prove->add_option("--entry", wanted->entry, "the number of an entry");
  prove->add_option("--step", wanted->step, "all entries of a step");
  prove->add_option("--identity", wanted->identity, "all entries about an identity");
  prove->callback([&context, &action, wanted] {
    action = [&context, wanted] { return run_prove(context, *wanted); };
  });

  CLI::App* exporting =
      audit.add_subcommand("export", "write the whole log with its checkpoints as JSON Lines");
  const auto file = std::make_shared<std::string>();
  exporting->add_option("--out", *file, "write it to a file");
  exporting->callback([&context, &action, file] {
    action = [&context, file] { return run_export(context, *file); };
  });

  CLI::App* pack =
      audit.add_subcommand("pack", "write the evidence about one identity, as JSON and as a page");
  const auto identity = std::make_shared<std::string>();
  const auto out = std::make_shared<std::string>();
  pack->add_option("--identity", *identity, "the id of the identity")->required();
  pack->add_option("--out", *out, "a folder for both, or a file that ends in .json or .html")
      ->required();
  pack->callback([&context, &action, identity, out] {
    action = [&context, identity, out] { return run_pack(context, *identity, *out); };
  });
}

}  // namespace rescind
