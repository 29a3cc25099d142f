// `rescind approve`: signs what a plan or run asks for, refuses it, hands documents in, checks
// them.
#include "workflow/approve.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>

#include "app/cli/approvals.h"
#include "app/cli/command.h"
#include "app/cli/people.h"
#include "app/cli/plan_file.h"
#include "base/printable.h"
#include "base/text.h"
#include "execute/refusals.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxDocumentBytes = 16UL * 1024 * 1024;

struct ApproveArguments {
  std::string target;  // plan file or run
  std::vector<std::string> steps;
  bool all = false;
  std::string as, key, expires, on_behalf_of, delegation, over_limit, reason, out;
  bool refuse = false;
  std::vector<std::string> import;
  std::vector<std::string> inventory;
};

struct DelegateArguments {
  std::string as, to, key, scope = "any", from, until, out;
};

// What the plan or run of the command line is.
struct Target {
  Plan plan;
  std::string run;
  execute::Ancestry ancestry;
  std::set<std::string> settled;  // steps of the run that are over
};

Result<Target> read_target(const std::string& name, Store* store) {
  Target target;
  if (name.starts_with("run:") && store != nullptr) {
    RESCIND_ASSIGN_OR_RETURN(RunPlan known, load_run_plan(*store, name));
    target.plan = std::move(known.plan);
    target.run = name;
  } else {
    RESCIND_ASSIGN_OR_RETURN(target.plan, read_plan_file(name, true));
    target.run = run_of_plan(target.plan.digest);
  }
  if (store != nullptr) {
    RESCIND_ASSIGN_OR_RETURN(target.ancestry, execute::read_ancestry(target.plan, *store));
    RESCIND_ASSIGN_OR_RETURN(const auto steps, store->list_steps(target.run));
    for (const StepRecord& step : steps) {
      if (is_end_state(step.state)) {
        target.settled.insert(step.step);
      }
    }
  }
  return target;
}

Result<ApprovalDocument> read_document(const std::string& path) {
  RESCIND_ASSIGN_OR_RETURN(const std::string text, read_file(path, kMaxDocumentBytes));
  Result<ApprovalDocument> document = decode_approval(text);
  if (!document) {
    return tl::unexpected(std::move(document).error().add_context("reading `" + path + "`"));
  }
  return document;
}

// An instant, or a duration from now.
std::optional<Instant> parse_time(const std::string& text, Instant now) {
  if (const auto duration = parse_duration(text)) {
    return now + *duration;
  }
  return parse_instant(text);
}

std::string step_words(const PlanStep& step) {
  return printable(
      std::string(step.action.empty() ? std::string(verb_name(step.verb)) : step.action) + ' ' +
      (step.kind.empty() || step.item.empty() ? "" : step.kind + ' ') +
      (step.item.empty() ? step.target : step.item) + " (" + step.holder + ") on " + step.system);
}

// What somebody is about to sign: each step, when it starts, what of it cannot be undone.
void show_steps(std::ostream& out, const Plan& plan, const ApprovalDocument& document) {
  out << (document.refuse ? "refused" : "approved")
      << (document.over_limit.empty() ? "" : " to exceed limit " + printable(document.over_limit))
      << " by " << document.approver
      << (document.on_behalf_of.empty() ? "" : " for " + document.on_behalf_of) << ", plan "
      << document.plan << ":\n";
  for (const ApprovedStep& approved : document.steps) {
    const auto step = std::find_if(plan.steps.begin(), plan.steps.end(),
                                   [&](const PlanStep& one) { return one.id == approved.id; });
    if (step == plan.steps.end()) {
      continue;
    }
    out << "  " << step->id << "  " << step_words(*step) << ", from "
        << format_instant(step->not_before)
        << (step->reversible == Reversible::Never ? "  CANNOT BE UNDONE"
            : step->reversible == Reversible::Window
                ? "  can be undone for a while: " + printable(step->undo.text)
                : "")
        << '\n';
  }
  out << (document.refuse ? "" : "until " + format_instant(document.expires) + "\n");
}

ExitCode blocked(const CommandContext& context, const Diagnostics& diagnostics) {
  context.report(diagnostics, SourceSet());
  return ExitCode::Blocked;
}

// The delegation of the command line. Nothing and `code` set: it cannot be used.
std::optional<Delegation> read_delegation(const CommandContext& context,
                                          const ApproveArguments& arguments, ExitCode& code) {
  const auto text = read_file(arguments.delegation, kMaxDocumentBytes);
  if (!text) {
    code = context.report(text.error());
    return std::nullopt;
  }
  auto delegation = decode_delegation(*text);
  if (!delegation) {
    code = context.report(delegation.error());
    return std::nullopt;
  }
  if (delegation->delegator != arguments.on_behalf_of) {
    context.err << "error: the delegation is from `" << delegation->delegator << "`, not from `"
                << arguments.on_behalf_of << "`\n";
    code = ExitCode::Usage;
    return std::nullopt;
  }
  return *std::move(delegation);
}

ExitCode usage(const CommandContext& context, const std::string& what) {
  context.err << "error: " << what << '\n';
  return ExitCode::Usage;
}

std::string wrong_usage(const ApproveArguments& arguments) {
  if (arguments.target.empty()) {
    return "name a plan file or a run, or hand documents in with `--import FILE`";
  }
  if (arguments.as.empty() || arguments.key.empty()) {
    return "`--as ID` and `--key FILE` are needed: an approval has a name and a signature";
  }
  if (arguments.all != arguments.steps.empty()) {
    return "say what is meant: `--step ID` once or more, or `--all`";
  }
  if (arguments.refuse && arguments.reason.empty()) {
    return "a refusal needs a `--reason`";
  }
  if (arguments.on_behalf_of.empty() != arguments.delegation.empty()) {
    return "`--on-behalf-of ID` and `--delegation FILE` go together";
  }
  if (first_invalid_utf8(arguments.reason)) {
    return "the `--reason` is not UTF-8";
  }
  return "";
}

ExitCode keep(const CommandContext& context, const Session& session, const Target& target,
              const ApprovalDocument& document, const std::string& out) {
  if (!out.empty() || !session.store) {
    const std::string text = encode_approval(document);
    if (out.empty()) {
      exact(context.out) << text;
      return ExitCode::Done;
    }
    const Status written = write_file_atomically(out, text);
    return written ? ExitCode::Done : context.report(written.error());
  }
  const Status stored = store_approval(*session.store, target.run, document);
  if (!stored) {
    return context.report(stored.error());
  }
  if (!context.quiet) {
    context.err << "kept for " << target.run << "; `rescind apply` or `rescind resume` goes on\n";
  }
  return ExitCode::Done;
}

ExitCode run_approve(const CommandContext& context, const ApproveArguments& arguments) {
  if (const std::string wrong = wrong_usage(arguments); !wrong.empty()) {
    return usage(context, wrong);
  }
  ApprovalRequest request;
  request.as = arguments.as;
  request.steps = arguments.steps;
  request.refuse = arguments.refuse;
  request.over_limit = arguments.over_limit;
  request.reason = arguments.reason;
  request.now = context.clock.now();
  if (!arguments.expires.empty()) {
    request.expires = parse_time(arguments.expires, request.now);
    if (!request.expires) {
      return usage(context, "`" + arguments.expires + "` is no instant and no duration");
    }
  }
  ExitCode code = ExitCode::Done;
  if (!arguments.delegation.empty()) {
    request.delegation = read_delegation(context, arguments, code);
    if (!request.delegation) {
      return code;
    }
  }
  const auto key = read_private_key(arguments.key);
  if (!key) {
    return context.report(key.error());
  }
  const auto session =
      open_session(context, {.policy = {}, .inventory = arguments.inventory}, code);
  if (!session) {
    return code;
  }
  const auto target = read_target(arguments.target, session->store.get());
  if (!target) {
    return context.report(target.error());
  }
  const auto people = session_people(*session, request.now);
  if (!people) {
    return context.report(people.error());
  }
  request.settled = target->settled;
  Diagnostics diagnostics;
  const auto document =
      make_approval(target->plan, people->approvers, target->ancestry, request, *key, diagnostics);
  if (!document) {
    return blocked(context, diagnostics);
  }
  if (!context.quiet) {
    show_steps(context.err, target->plan, *document);
  }
  return keep(context, *session, *target, *document, arguments.out);
}

ExitCode run_import(const CommandContext& context, const ApproveArguments& arguments) {
  ExitCode code = ExitCode::Done;
  const auto session =
      open_session(context, {.policy = {}, .inventory = arguments.inventory}, code);
  if (!session) {
    return code;
  }
  if (!session->store) {
    return context.report(open_store(session->project).error());
  }
  for (const std::string& path : arguments.import) {
    const auto document = read_document(path);
    if (!document) {
      return context.report(document.error());
    }
    const auto target =
        read_target(arguments.target.empty() ? run_of_plan(document->plan) : arguments.target,
                    session->store.get());
    if (!target) {
      return context.report(target.error());
    }
    if (!hand_in(context, *session, target->plan, target->run, *document)) {
      return ExitCode::Blocked;
    }
  }
  return ExitCode::Done;
}

ExitCode run_verify(const CommandContext& context, const ApproveArguments& arguments,
                    const std::string& file) {
  const auto document = read_document(file);
  if (!document) {
    return context.report(document.error());
  }
  ExitCode code = ExitCode::Done;
  const auto session =
      open_session(context, {.policy = {}, .inventory = arguments.inventory}, code);
  if (!session) {
    return code;
  }
  const auto target =
      read_target(arguments.target.empty() ? run_of_plan(document->plan) : arguments.target,
                  session->store.get());
  if (!target) {
    return context.report(target.error());
  }
  const Instant now = context.clock.now();
  const auto people = session_people(*session, now);
  if (!people) {
    return context.report(people.error());
  }
  Diagnostics diagnostics;
  if (!check_approval(target->plan, people->approvers, target->ancestry, *document, now,
                      diagnostics)) {
    return blocked(context, diagnostics);
  }
  show_steps(context.out, target->plan, *document);
  context.out << "it counts\n";
  return ExitCode::Done;
}

ExitCode run_delegate(const CommandContext& context, const DelegateArguments& arguments) {
  const Instant now = context.clock.now();
  Delegation delegation;
  delegation.delegator = arguments.as;
  delegation.delegate = arguments.to;
  const std::size_t colon = arguments.scope.find(':');
  const auto scope = find_delegation_scope(arguments.scope.substr(0, colon));
  delegation.name = colon == std::string::npos ? "" : arguments.scope.substr(colon + 1);
  if (!scope || (*scope == DelegationScope::Any) != delegation.name.empty()) {
    return usage(context, "`--scope` is `any`, `system:NAME` or `rule:NAME`");
  }
  delegation.scope = *scope;
  const auto from = arguments.from.empty() ? now : parse_time(arguments.from, now);
  const auto until = parse_time(arguments.until, now);
  if (!from || !until || *until <= *from) {
    return usage(context,
                 "`--from` and `--until` are instants or durations, the one before the "
                 "other");
  }
  delegation.from = *from;
  delegation.until = *until;
  const auto key = read_private_key(arguments.key);
  if (!key) {
    return context.report(key.error());
  }
  sign_document(delegation, *key);
  if (arguments.out.empty()) {
    exact(context.out) << encode_delegation(delegation);
    return ExitCode::Done;
  }
  const Status written = write_file_atomically(arguments.out, encode_delegation(delegation));
  return written ? ExitCode::Done : context.report(written.error());
}

void add_verify(CLI::App& approve, CommandContext& context, Action& action) {
  CLI::App* command =
      approve.add_subcommand("verify", "whether a document counts, without asking anybody");
  const auto arguments = std::make_shared<ApproveArguments>();
  const auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "an approval or a refusal")->required();
  command->add_option("--plan", arguments->target,
                      "the plan file or run that it is for (default: the run of its plan)");
  command->add_option("--inventory", arguments->inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->callback([&context, &action, arguments, file] {
    action = [&context, arguments, file] { return run_verify(context, *arguments, *file); };
  });
}

void add_delegate(CLI::App& approve, CommandContext& context, Action& action) {
  CLI::App* command = approve.add_subcommand("delegate", "let somebody approve in your place");
  const auto arguments = std::make_shared<DelegateArguments>();
  command->add_option("--as", arguments->as, "who delegates")->required();
  command->add_option("--to", arguments->to, "who approves then")->required();
  command->add_option("--key", arguments->key, "private key of who delegates")->required();
  command->add_option("--scope", arguments->scope, "any, system:NAME or rule:NAME");
  command->add_option("--from", arguments->from, "instant, or duration from now (default: now)");
  command->add_option("--until", arguments->until, "instant, or duration from now")->required();
  command->add_option("--out", arguments->out, "write to this file instead of standard output");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_delegate(context, *arguments); };
  });
}

}  // namespace

bool hand_in(const CommandContext& context, const Session& session, const Plan& plan,
             const std::string& run, const ApprovalDocument& document) {
  const Instant now = context.clock.now();
  const auto ancestry = execute::read_ancestry(plan, *session.store);
  if (!ancestry) {
    context.report(ancestry.error());
    return false;
  }
  const auto people = session_people(session, now);
  if (!people) {
    context.report(people.error());
    return false;
  }
  Diagnostics diagnostics;
  if (!check_approval(plan, people->approvers, *ancestry, document, now, diagnostics)) {
    context.report(diagnostics, SourceSet());
    return false;
  }
  if (const Status stored = store_approval(*session.store, run, document); !stored) {
    context.report(stored.error());
    return false;
  }
  if (!context.quiet) {
    show_steps(context.err, plan, document);
  }
  return true;
}

bool hand_in_files(const CommandContext& context, const Session& session, const Plan& plan,
                   const std::vector<std::string>& files) {
  return std::all_of(files.begin(), files.end(), [&](const std::string& path) {
    const auto document = read_document(path);
    if (!document) {
      context.report(document.error());
      return false;
    }
    return hand_in(context, session, plan, run_of_plan(plan.digest), *document);
  });
}

void add_named_words(CLI::App& command, NamedWords& words) {
  command.add_flag("--approve", words.approve, "approve the steps that you may approve");
  command
      .add_option("--over-limit", words.over_limit,
                  "let steps exceed this limit, which asks for you; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--as", words.as, "who says so: the id of an identity");
}

std::string wrong_words(const NamedWords& words) {
  return (words.approve || !words.over_limit.empty()) != !words.as.empty()
             ? "`--approve` or `--over-limit NAME`, and `--as ID` go together: an approval has a "
               "name"
             : "";
}

void take_words(const NamedWords& words, ExecuteOptions& options) {
  options.approve_as = words.approver();
  options.over_limit_as = words.over_limit.empty() ? "" : words.as;
  options.over_limits = {words.over_limit.begin(), words.over_limit.end()};
}

bool may_approve_by_name(const CommandContext& context, const Session& session, const Plan& plan,
                         const NamedWords& words) {
  if (words.as.empty()) {
    return true;
  }
  const auto people = session_people(session, context.clock.now());
  if (!people) {
    context.report(people.error());
    return false;
  }
  Diagnostics diagnostics;
  const bool may =
      check_named_approval(plan, people->approvers, words.as, diagnostics) &&
      check_limit_names(plan, {words.over_limit.begin(), words.over_limit.end()}, diagnostics);
  context.report(diagnostics, SourceSet());
  return may;
}

void add_approve_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("approve", "approve or refuse steps, with a signature");
  const auto arguments = std::make_shared<ApproveArguments>();
  command->add_option("TARGET", arguments->target, "a plan file, or a run");
  command->add_option("--step", arguments->steps, "this step; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--all", arguments->all, "every step that asks for you");
  command->add_option("--as", arguments->as, "who approves: the id of an identity");
  command->add_option("--key", arguments->key, "your private key");
  command->add_option("--expires", arguments->expires,
                      "instant, or duration from now (default: a week after the last step may "
                      "start)");
  command->add_option("--on-behalf-of", arguments->on_behalf_of, "who delegated it to you");
  command->add_option("--delegation", arguments->delegation, "their signed delegation");
  command->add_option("--over-limit", arguments->over_limit,
                      "let the steps exceed this limit, which asks for you; approves nothing else");
  command->add_flag("--refuse", arguments->refuse, "refuse instead");
  command->add_option("--reason", arguments->reason, "why, in words");
  command->add_option("--out", arguments->out, "write the document to this file and keep nothing");
  command->add_option("--import", arguments->import, "hand these documents in");
  command->add_option("--inventory", arguments->inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->callback([&context, &action, arguments, command] {
    if (!command->get_subcommands().empty()) {
      return;
    }
    action = [&context, arguments] {
      return arguments->import.empty() ? run_approve(context, *arguments)
                                       : run_import(context, *arguments);
    };
  });
  add_verify(*command, context, action);
  add_delegate(*command, context, action);
}

}  // namespace rescind
