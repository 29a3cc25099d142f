// An inventory as JSON Lines again, whatever files and listings it was read from.
#pragma once

#include <string>

#include "model/inventory.h"

namespace rescind {

// One record a line: systems, teams, identities, items, evidence. What equals its default and what
// could not be resolved is left out.
std::string records_of_inventory(const Inventory& inventory);

}  // namespace rescind
