// `rescind init`: a policy repository that works at once, on the embedded sandbox.
#include <filesystem>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "base/text.h"

namespace rescind {
namespace {

struct TemplateFile {
  const char* name;
  const char* text;
};

constexpr TemplateFile kFiles[] = {
    {"rescind.yaml", R"(# A policy repository. Every key is described in docs/configuration.md.
policies: [policies/]
inventory: [inventory/, store]      # files, and what `rescind collect` found
store: rescind.db
timezone: UTC
steward: it-security                # last in every chain of escalation
systems:
  # The embedded sandbox plays a system until you name real ones (scim, ldap, postgres).
  crm: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
  sso: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
)"},
    {"policies/offboarding.rescind", R"(/// How we take access away.
module offboarding

import rescind.std.leaver

/// Evidence of a running matter is kept.
hold litigation {
  when subject.legal_hold
  blocks delete, wipe of account, data, device
  until lifted
  ordered by "it-security"
  because "a matter is running"
}
)"},
    {"inventory/people.jsonl",
     R"({"record":"system","id":"sso","kind":"idp","tier":0}
{"record":"system","id":"crm","kind":"saas","tier":1,"federated_by":["sso"]}
{"record":"team","id":"iam-oncall","members":["bob"]}
{"record":"team","id":"it-security","members":["bob"]}
{"record":"team","id":"records","members":["bob"]}
{"record":"identity","id":"alice","kind":"employee","department":"Sales","manager":"bob"}
{"record":"identity","id":"bob","kind":"employee","department":"Sales"}
)"},
    {"sandbox/access.jsonl",
     R"({"record":"account","id":"sso:alice","system":"sso","holder":"alice","local_login":true}
{"record":"session","id":"sso:s1","system":"sso","holder":"alice","account":"sso:alice","max_life":"12h"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice","local_login":false}
{"record":"token","id":"crm:t1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:alice:sales","system":"crm","holder":"alice","account":"crm:alice","name":"Sales"}
{"record":"account","id":"sso:bob","system":"sso","holder":"bob","local_login":true}
)"},
    {"events/alice-leaves.json",
     R"({"type":"leaver","subject":"alice","at":"now","id":"hr-1","source":"hr"}
)"},
    {".gitignore", "*.db\n*.db-*\n*.plan.json\n"},
};

ExitCode run_init(const CommandContext& context, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const TemplateFile& file : kFiles) {
    if (fs::exists(fs::path(folder) / file.name, error)) {
      return context.report(
          Error(ErrorKind::Conflict, "`" + (fs::path(folder) / file.name).string() +
                                         "` is there already; nothing was written"));
    }
  }
  for (const TemplateFile& file : kFiles) {
    const fs::path path = fs::path(folder) / file.name;
    fs::create_directories(path.parent_path(), error);
    if (const Status written = write_file_atomically(path.string(), file.text); !written) {
      return context.report(written.error());
    }
  }
  if (!context.quiet) {
    const std::string at = folder == "." ? "" : " -C " + folder;
    context.out << "wrote a policy repository. Next:\n"
                << "  rescind" << at << " check\n"
                << "  rescind" << at << " collect\n"
                << "  rescind" << at << " plan --event events/alice-leaves.json\n"
                << "  rescind" << at
                << " plan --event events/alice-leaves.json --format json --out alice.plan.json\n"
                << "  rescind" << at << " apply alice.plan.json\n";
  }
  return ExitCode::Done;
}

}  // namespace

void add_init_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("init", "write a policy repository that works at once");
  const auto folder = std::make_shared<std::string>(".");
  command->add_option("DIR", *folder, "where (default: here)");
  command->callback([&context, &action, folder] {
    action = [&context, folder] { return run_init(context, *folder); };
  });
}

}  // namespace rescind
