// Goals of verbs on simulated items.
#pragma once

#include "connect/connector.h"
#include "simulate/simulated_estate.h"

namespace rescind::simulate {

// Whether the goal of the request holds on a present item.
bool goal_holds(const EstateItem& item, const ActionRequest& request);
bool can_put_back(Verb verb, Kind kind);
std::string state_text(const EstateItem& item);
std::string record_text(const EstateItem& item);
void restore_state(EstateItem& item, const std::string& state);
Result<EstateItem> item_of_record(const std::string& json);
// What the record says replaces what was known. Errors: Corrupt.
Status update_by_record(EstateItem& item, const std::string& json);

}  // namespace rescind::simulate
