// The content of an inventory as bytes that do not depend on the order of its records.
#pragma once

#include <string>

#include "model/inventory.h"

namespace rescind {

// Whether reference cells already hold rows, or still the symbols of the ids that records name.
enum class References { Named, Resolved };

// Appends the content of one row: kind, id and every attribute that differs from its default.
void append_row_content(const Inventory& inventory, Entity entity, std::uint32_t row,
                        References references, std::string& out);

// "sha256:…" over all records, rejected ones, and what connectors said about their listings.
std::string inventory_digest(const Inventory& inventory);

}  // namespace rescind
