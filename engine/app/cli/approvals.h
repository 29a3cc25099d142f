// Handing signed approvals in: shared by approve and apply.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "execute/execute_plan.h"
#include "model/approval.h"
#include "model/plan.h"

namespace rescind {

// Checks the document and keeps it for the run, which need not be open yet. False: why not was
// printed.
bool hand_in(const CommandContext& context, const Session& session, const Plan& plan,
             const std::string& run, const ApprovalDocument& document);
// The same for files, for the run that applying the plan opens.
bool hand_in_files(const CommandContext& context, const Session& session, const Plan& plan,
                   const std::vector<std::string>& files);

// What is said on the command line of apply and resume, by name and without a signature.
struct NamedWords {
  bool approve = false;                 // the steps that ask for them
  std::vector<std::string> over_limit;  // limits that steps may exceed
  std::string as;                       // who says so; "" nothing is said

  // The identity that approves steps; "" nobody.
  [[nodiscard]] std::string approver() const { return approve ? as : ""; }
};

void add_named_words(CLI::App& command, NamedWords& words);
// "" or what is wrong with it.
std::string wrong_words(const NamedWords& words);
// Puts them into the options of a run.
void take_words(const NamedWords& words, ExecuteOptions& options);

// Whether these words may be said about the plan without a signature. False: why not was printed.
bool may_approve_by_name(const CommandContext& context, const Session& session, const Plan& plan,
                         const NamedWords& words);

}  // namespace rescind
