// What the subcommands of `rescind audit` share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "audit/log_check.h"
#include "workflow/audit_log.h"

namespace rescind {

// Opens project and store, runs `work`, prints errors. `path`: the store's file.
ExitCode with_audit_store(
    const CommandContext& context,
    const std::function<Result<ExitCode>(const Configuration& configuration, Store& store,
                                         const std::string& path)>& work);

// The same with the log's key, which is made where there is none; that is said.
ExitCode with_audit(
    const CommandContext& context,
    const std::function<Result<ExitCode>(Store& store, const AuditSigner& signer)>& work);

// Says on standard error that the key was made just now, if it was.
void say_made(const CommandContext& context, const AuditSigner& signer);

// Signs the log and hands the checkpoint to the witness, where there is one. "": both are done;
// else a note that says what is not.
std::string sign_and_send(const CommandContext& context, const Project& project, Store& store);

// Signs the log at the end of a command that wrote to it. What goes wrong is a note, not a failure
// of the command.
void sign_at_end(const CommandContext& context, const Project& project, Store& store);

// "changed: entry 7 was changed …", one a line.
std::string findings_text(const std::vector<Finding>& findings, std::uint64_t left_out);
std::string findings_json(const std::vector<Finding>& findings);

// `prove`, `export` and `pack`.
void add_evidence_commands(CLI::App& audit, CommandContext& context, Action& action);

}  // namespace rescind
