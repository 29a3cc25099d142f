// The people of the project that a command works in, and the way to reach them.
#pragma once

#include <memory>
#include <string>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "connect/hand_over.h"
#include "workflow/people.h"

namespace rescind {

// As the session's inventory and the store's open events know them now. `inventory`: newer facts.
// Errors: those of the store; without its events it is not known who is leaving, and nobody's
// approval can be judged.
Result<People> session_people(const Session& session, Instant now,
                              std::shared_ptr<const Inventory> inventory = nullptr);

// Nothing configured: null. A secret that cannot be had is an error.
Result<std::shared_ptr<HandOver>> open_hand_over(const Project& project);

// Opens, calls and closes the run's escalations; what fails is a note on standard error.
void escalate(const CommandContext& context, const Session& session, const Plan& plan,
              const std::string& run);

// The same for every run with an open escalation, ended ones too, once one of them is due.
void escalate_due(const CommandContext& context, const Session& session);

}  // namespace rescind
