// What the evidence log keeps of an approval or a refusal, for whoever holds one against the other.
#pragma once

#include "audit/entry.h"
#include "store/store.h"

namespace rescind {

AuditNote note_of(const StoredApproval& approval);

}  // namespace rescind
