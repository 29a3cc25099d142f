// Delivery into a file of this machine: the credential in the form that the dependent reads,
// replaced in one step, never readable by everybody.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "connect/connector.h"

namespace rescind {

// The content of the file with the credential in place; what else is in it stays. `before` is the
// content now. Errors: Unsupported (a form that cannot tell it, content of another form); the
// content is never repeated.
Result<Secret> render_credential(const DeliveryRequest& request, const Secret& secret,
                                 std::string_view before);

// Writes the file (a new one and rename, owner and mode kept, others shut out) and runs the
// target's `reload`. AlreadyDone: it stood there already, and nothing was run.
ActionResult deliver_to_file(const DeliveryRequest& request, const Secret& secret);

// Whether the file holds exactly this credential.
ProbeResult probe_file(const DeliveryRequest& request, const Secret& secret);

}  // namespace rescind
