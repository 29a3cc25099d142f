// A log that is read as often as somebody asks, entry by entry, so that nobody has to hold it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "audit/entry.h"
#include "base/result.h"

namespace rescind {

// Gives the entries of these kinds (none named: all) to `hear`, in their order. Errors: those of
// where the log is kept, Corrupt when an entry cannot be read.
using EntryKinds = std::set<std::string, std::less<>>;
using EntryHearer = std::function<void(const AuditEntry& entry)>;
using LogSource = std::function<Status(const EntryKinds& kinds, const EntryHearer& hear)>;

// Gives the entry of a line to `hear` when it is of one of the kinds. Errors: Corrupt.
Status hear_line(std::string_view line, const EntryKinds& kinds, const EntryHearer& hear);

}  // namespace rescind
