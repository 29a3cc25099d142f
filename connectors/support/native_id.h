// Native ids made of parts: a membership is known to its system by the group and the account
// together. The parts are joined by `/`; `/` and `%` inside a part are written %2F and %25.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connect/connector.h"

namespace rescind {

std::string join_native_id(const std::vector<std::string>& parts);
// The parts again. A stray `%` stands for itself, so that any text splits.
std::vector<std::string> split_native_id(std::string_view id);

// The inventory's id of an item: SYSTEM:NATIVE for accounts, SYSTEM:KIND:NATIVE for everything
// else.
std::string account_item_id(std::string_view system, std::string_view native_id);
std::string item_id(std::string_view system, std::string_view kind_name,
                    std::string_view native_id);

// The item with its native id filled in: an inventory that people wrote often gives only the item's
// id, and that is SYSTEM:NATIVE (or SYSTEM:KIND:NATIVE).
ItemAddress addressed(ItemAddress item);
ActionRequest addressed(ActionRequest request);

}  // namespace rescind
