// What the verbs do in the sandbox, with everything that follows from them.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/sqlite.h"
#include "connect/connector.h"
#include "connectors/sandbox/sandbox_items.h"

namespace rescind::sandbox {

// Nobody else holds a right of that name (where it has levels: at owner or admin level).
Result<bool> is_last_holder(SqliteDatabase& file, const Item& right);
// The system's own refusal, before anything is changed: nothing when the verb may go on.
Result<std::optional<ActionResult>> find_refusal(SqliteDatabase& file, const Item& item,
                                                 const ActionRequest& request);
// Makes the change and what follows from it; in the caller's transaction.
Status apply_verb(SqliteDatabase& file, Item item, const ActionRequest& request);
// Puts captured state back. Unsupported where there is no way back.
Result<ActionResult> undo_verb(SqliteDatabase& file, Item item, const ActionRequest& request);

}  // namespace rescind::sandbox
