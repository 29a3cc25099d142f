// Handing signed approvals in: shared by approve and apply.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/project.h"
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

// Whether `as` ("" nobody) may approve without a signature. False: why not was printed.
bool may_approve_by_name(const CommandContext& context, const Session& session, const Plan& plan,
                         const std::string& as);

}  // namespace rescind
