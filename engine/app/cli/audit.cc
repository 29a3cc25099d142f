// `rescind audit`: verify, checkpoint and key. The commands that hand evidence out are in
// audit_evidence.cc.
#include "app/cli/audit.h"

#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/people.h"
#include "base/counted.h"
#include "base/printable.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxCheckpointBytes = 64UL * 1024;

struct VerifyArguments {
  std::vector<std::string> checkpoints;  // files
  std::vector<std::string> keys;
  std::string format = "text";
};

std::string report_json(const LogReport& report) {
  std::string checkpoints;
  for (const Checkpoint& checkpoint : report.checkpoints) {
    checkpoints += (checkpoints.empty() ? "" : ",") +
                   ("{\"size\":" + std::to_string(checkpoint.size)) + ",\"root\":\"" +
                   to_hex(checkpoint.root) + "\",\"at\":\"" + format_instant(checkpoint.at) + "\"}";
  }
  return "{\"holds\":" + std::string(report.holds() ? "true" : "false") +
         ",\"entries\":" + std::to_string(report.entries) + ",\"root\":\"" + to_hex(report.root) +
         "\",\"signed_entries\":" + std::to_string(report.covered) + ",\"checkpoints\":[" +
         checkpoints + "],\"findings\":" + findings_json(report.findings) +
         ",\"findings_left_out\":" + std::to_string(report.findings_left_out) + "}\n";
}

void print_report(const CommandContext& context, const LogReport& report) {
  if (!report.holds()) {
    context.err << findings_text(report.findings, report.findings_left_out);
    context.out << "the evidence log does not hold\n";
    return;
  }
  context.out << "the evidence log holds: " << counted(report.entries, "entry") << ", "
              << counted(report.checkpoints.size(), "checkpoint");
  if (!report.checkpoints.empty()) {
    context.out << "; the last one covers " << report.checkpoints.back().size
                << " entries, signed at " << format_instant(report.checkpoints.back().at);
  }
  context.out << '\n';
  if (report.covered < report.entries && !context.quiet) {
    context.err << "note: entries from " << report.covered
                << " on are not signed yet; `rescind audit checkpoint` signs them\n";
  }
}

// Whose signatures count: the log's own key, where there is one, and those that were named.
Result<std::vector<PublicKey>> known_keys(const Configuration& configuration,
                                          const std::string& path,
                                          const std::vector<std::string>& named) {
  std::vector<PublicKey> keys;
  RESCIND_ASSIGN_OR_RETURN(const auto signer, find_audit_signer(configuration, path));
  if (signer) {
    keys.push_back(signer->key.public_key);
  }
  for (const std::string& text : named) {
    RESCIND_ASSIGN_OR_RETURN(const PublicKey key, parse_public_key(text));
    keys.push_back(key);
  }
  return keys;
}

ExitCode run_verify(const CommandContext& context, const VerifyArguments& arguments) {
  return with_audit_store(
      context,
      [&](const Configuration& configuration, Store& store,
          const std::string& path) -> Result<ExitCode> {
        RESCIND_ASSIGN_OR_RETURN(const auto keys, known_keys(configuration, path, arguments.keys));
        if (keys.empty()) {
          context.err << "note: the log has no key yet, and none was named by `--key`\n";
        }
        std::vector<NamedNote> notes;
        RESCIND_ASSIGN_OR_RETURN(auto remembered, remembered_checkpoint(path));
        if (remembered) {
          notes.push_back(*std::move(remembered));
        }
        for (const std::string& file : arguments.checkpoints) {
          RESCIND_ASSIGN_OR_RETURN(std::string note, read_file(file, kMaxCheckpointBytes));
          notes.push_back({"`" + file + "`", std::move(note)});
        }
        RESCIND_ASSIGN_OR_RETURN(const LogReport report, check_store_log(store, keys, notes));
        if (arguments.format == "json") {
          exact(context.out) << report_json(report);
        } else {
          print_report(context, report);
        }
        return report.holds() ? ExitCode::Done : ExitCode::Blocked;
      });
}

ExitCode run_checkpoint(const CommandContext& context, const std::string& file) {
  return with_audit(context, [&](Store& store, const AuditSigner& signer) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const std::string note, sign_log(store, signer, context.clock.now()));
    if (file.empty()) {
      exact(context.out) << note;
    } else {
      RESCIND_RETURN_IF_ERROR(write_file_atomically(file, note));
    }
    return ExitCode::Done;
  });
}

ExitCode run_key(const CommandContext& context) {
  return with_audit(context, [&](Store&, const AuditSigner& signer) -> Result<ExitCode> {
    context.out << format_public_key(signer.key.public_key) << '\n'
                << format_note_key(signer.origin, signer.key.public_key) << '\n';
    return ExitCode::Done;
  });
}

}  // namespace

std::string findings_text(const std::vector<Finding>& findings, std::uint64_t left_out) {
  std::string text;
  for (const Finding& finding : findings) {
    text += std::string(finding_kind_name(finding.kind)) + ": " + finding.message + '\n';
  }
  if (left_out > 0) {
    text += "and " + std::to_string(left_out) + " more\n";
  }
  return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
  std::string json = "[";
  for (const Finding& finding : findings) {
    json += (json.size() > 1 ? "," : "") +
            ("{\"kind\":" + quote_json(finding_kind_name(finding.kind))) +
            (finding.entry ? ",\"entry\":" + std::to_string(*finding.entry) : std::string()) +
            ",\"message\":" + quote_json(finding.message) + '}';
  }
  return json + ']';
}

ExitCode with_audit_store(
    const CommandContext& context,
    const std::function<Result<ExitCode>(const Configuration& configuration, Store& store,
                                         const std::string& path)>& work) {
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
  const auto path = store_path(**project);
  if (!path) {
    return context.report(path.error());
  }
  const Result<ExitCode> code = work((*project)->configuration, **store, *path);
  return code ? *code : context.report(code.error());
}

ExitCode with_audit(
    const CommandContext& context,
    const std::function<Result<ExitCode>(Store& store, const AuditSigner& signer)>& work) {
  return with_audit_store(context,
                          [&](const Configuration& configuration, Store& store,
                              const std::string& path) -> Result<ExitCode> {
                            RESCIND_ASSIGN_OR_RETURN(const AuditSigner signer,
                                                     open_audit_signer(configuration, path));
                            say_made(context, signer);
                            return work(store, signer);
                          });
}

void say_made(const CommandContext& context, const AuditSigner& signer) {
  if (!signer.made.empty() && !context.quiet) {
    context.err << "note: made `" << signer.made
                << "`, the key that signs the evidence log; give auditors its public key:\n  "
                << format_public_key(signer.key.public_key) << '\n';
  }
}

std::string sign_and_send(const CommandContext& context, const Project& project, Store& store) {
  const auto sign = [&]() -> Result<std::string> {
    RESCIND_ASSIGN_OR_RETURN(const std::string path, store_path(project));
    RESCIND_ASSIGN_OR_RETURN(const AuditSigner signer,
                             open_audit_signer(project.configuration, path));
    say_made(context, signer);
    RESCIND_ASSIGN_OR_RETURN(const std::string note, sign_log(store, signer, context.clock.now()));
    const std::string& witness = project.configuration.audit.witness;
    if (witness.empty()) {
      return std::string();
    }
    RESCIND_ASSIGN_OR_RETURN(const auto hand_over, open_hand_over(project));
    const Status sent = hand_over ? send_checkpoint(store, note, witness, *hand_over)
                                  : fail(ErrorKind::Unsupported, "`handover` is not configured");
    return sent ? std::string()
                : "note: `audit: witness:` got no checkpoint: " + sent.error().to_string() + '\n';
  };
  Result<std::string> trouble = sign();
  return trouble ? *std::move(trouble)
                 : "note: the evidence log could not be signed: " + trouble.error().to_string() +
                       "; `rescind audit checkpoint` tries again\n";
}

void sign_at_end(const CommandContext& context, const Project& project, Store& store) {
  context.err << sign_and_send(context, project, store);
}

void add_audit_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* audit = app.add_subcommand("audit", "check, sign and hand out the evidence log");
  audit->require_subcommand(1);

  CLI::App* verify = audit->add_subcommand(
      "verify", "check the whole log against itself, its signatures and the store");
  const auto arguments = std::make_shared<VerifyArguments>();
  verify->add_option("--checkpoint", arguments->checkpoints,
                     "a checkpoint that was kept elsewhere (may be repeated)");
  verify->add_option("--key", arguments->keys,
                     "another public key whose signatures count, such as a former one");
  verify->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  verify->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_verify(context, *arguments); };
  });

  CLI::App* checkpoint =
      audit->add_subcommand("checkpoint", "sign the log as it is now and print the checkpoint");
  const auto file = std::make_shared<std::string>();
  checkpoint->add_option("--out", *file, "write it to a file");
  checkpoint->callback([&context, &action, file] {
    action = [&context, file] { return run_checkpoint(context, *file); };
  });

  CLI::App* key = audit->add_subcommand("key", "print the public key that checks the log");
  key->callback([&context, &action] { action = [&context] { return run_key(context); }; });

  add_evidence_commands(*audit, context, action);
}

}  // namespace rescind
