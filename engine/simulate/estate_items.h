// Simulated items from records of the inventory.
#pragma once

#include <string>

#include "simulate/simulated_estate.h"

namespace rescind::simulate {

// Errors: Corrupt, also when the record is no item.
Result<EstateItem> estate_item_of(const std::string& json);
// What the record says replaces what was known. Errors: Corrupt.
Status update_by_record(EstateItem& item, const std::string& json);

}  // namespace rescind::simulate
