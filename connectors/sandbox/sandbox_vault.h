// The sandbox's vault: successors of credentials, versions of secrets where dependents read them,
// and a log of who used what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "connect/connector.h"
#include "connectors/sandbox/sandbox_items.h"

namespace rescind::sandbox {

Status create_vault_tables(SqliteDatabase& file);

// The item that this request makes beside another, whether it is there or not.
Item successor_of(const Item& item, const ActionRequest& request);
// Seconds since 1970 of `now`. Gives the value; only the vault keeps it, once it is delivered.
Result<Secret> add_successor(SqliteDatabase& file, const Item& item, const ActionRequest& request,
                             std::int64_t now);
// Ends it, with the versions that hold it.
Status remove_successor(SqliteDatabase& file, Item successor, const std::string& marker);

// A new version of the secret at `request.target.path`. False: that version is there already.
Result<bool> write_version(SqliteDatabase& file, const std::string& system,
                           const DeliveryRequest& request, const Secret& secret, std::int64_t now);
// Whether the version that holds this successor is there.
Result<bool> has_version(SqliteDatabase& file, const std::string& system,
                         const DeliveryRequest& request);

// Notes that somebody used (or read) an item; refused use is noted as well.
Status note_use(SqliteDatabase& file, const Item& item, const std::string& by, bool success,
                std::int64_t now);
// Use after `since` and from when on use is noted, as inventory records.
Result<std::vector<DiscoveredRecord>> list_use(SqliteDatabase& file, const std::string& system,
                                               std::int64_t since, std::int64_t now);

}  // namespace rescind::sandbox
