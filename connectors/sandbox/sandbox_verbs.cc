// The sandbox's verbs. Where real systems surprise, so does this one: nothing here tidies up what a
// real system would leave behind, and nothing is kept that a real one would destroy.
#include "connectors/sandbox/sandbox_verbs.h"

#include <utility>
#include <vector>

namespace rescind::sandbox {
namespace {

bool is_owner_level(const std::string& level) {
  return level == "owner" || level == "admin";
}

// Destroys or removes an item that hangs on another one.
Status take_along(SqliteDatabase& file, Item item, const std::string& marker) {
  if (!item.present) {
    return {};
  }
  item.present = false;
  RESCIND_RETURN_IF_ERROR(save_item(file, item));
  return record_effect(file, marker, item.kind == Kind::Data ? "destroyed" : "removed", item.id);
}

Status take_all_along(SqliteDatabase& file, std::string_view where,
                      const std::vector<std::string>& values, const std::string& marker) {
  RESCIND_ASSIGN_OR_RETURN(auto items, select_items(file, where, values));
  for (Item& item : items) {
    RESCIND_RETURN_IF_ERROR(take_along(file, std::move(item), marker));
  }
  return {};
}

// A mailbox or drive lives on its license.
Status release_license(SqliteDatabase& file, const Item& license, const std::string& marker) {
  return take_all_along(file, "kind = 'data' AND license = ? AND present = 1", {license.id},
                        marker);
}

// Leaving a group takes the license that the group carries, and with it what lives on that license.
Status leave_group(SqliteDatabase& file, const Item& group, const std::string& marker) {
  if (group.carries_license.empty()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(
      auto licenses,
      select_items(file,
                   "kind = 'license' AND system = ? AND name = ? AND account = ? AND present = 1",
                   {group.system, group.carries_license, group.account}));
  for (const Item& license : licenses) {
    RESCIND_RETURN_IF_ERROR(release_license(file, license, marker));
    RESCIND_RETURN_IF_ERROR(take_along(file, license, marker));
  }
  return {};
}

// What was taken out gets a new value. Sessions that the old one opened stay.
Status check_in(SqliteDatabase& file, const Item& checkout, const std::string& marker) {
  if (checkout.credential.empty()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(auto taken,
                           select_items(file, "id = ? AND present = 1", {checkout.credential}));
  for (Item& item : taken) {
    renew_value(item, marker);
    RESCIND_RETURN_IF_ERROR(save_item(file, item));
    RESCIND_RETURN_IF_ERROR(record_effect(file, marker, "rotate", item.id));
  }
  return {};
}

}  // namespace

Result<bool> is_last_holder(SqliteDatabase& file, const Item& right) {
  std::string where = "system = ? AND kind = ? AND name = ? AND id <> ? AND present = 1";
  if (!right.level.empty()) {
    where += " AND level IN ('owner', 'admin')";
  }
  RESCIND_ASSIGN_OR_RETURN(
      const auto others,
      select_items(file, where,
                   {right.system, std::string(kind_name(right.kind)), right.name, right.id}));
  return others.empty();
}

Result<std::optional<ActionResult>> find_refusal(SqliteDatabase& file, const Item& item,
                                                 const ActionRequest& request) {
  const bool ends_right = request.verb == Verb::Remove || request.verb == Verb::Narrow;
  if (!verb_kinds(request.verb).contains(item.kind)) {
    ActionResult answer;
    answer.result = ResultClass::Unsupported;
    answer.detail = std::string(verb_name(request.verb)) + " does not exist for a " +
                    std::string(kind_name(item.kind));
    return std::optional<ActionResult>(answer);
  }
  std::vector<Item> rights;
  if (ends_right) {
    rights.push_back(item);
  } else if (request.verb == Verb::Delete && item.kind == Kind::Account) {
    RESCIND_ASSIGN_OR_RETURN(
        rights, select_items(file, "account = ? AND present = 1 AND level IN ('owner', 'admin')",
                             {item.id}));
  }
  for (const Item& right : rights) {
    RESCIND_ASSIGN_OR_RETURN(const bool last, is_last_holder(file, right));
    if (last && is_owner_level(right.level)) {
      ActionResult answer;
      answer.result = ResultClass::NeedsHuman;
      answer.detail =
          right.id + " is the last " + right.level + " of " + right.name + "; hand it over first";
      return std::optional<ActionResult>(answer);
    }
  }
  return std::optional<ActionResult>{};
}

Status apply_verb(SqliteDatabase& file, Item item, const ActionRequest& request) {
  if (request.verb == Verb::Revoke && item.kind == Kind::Checkout) {
    RESCIND_RETURN_IF_ERROR(check_in(file, item, request.marker));
  } else if (request.verb == Verb::Remove && item.kind == Kind::License) {
    RESCIND_RETURN_IF_ERROR(release_license(file, item, request.marker));
  } else if (request.verb == Verb::Remove && item.kind == Kind::Group) {
    RESCIND_RETURN_IF_ERROR(leave_group(file, item, request.marker));
  } else if (request.verb == Verb::Delete && item.kind == Kind::Account) {
    RESCIND_RETURN_IF_ERROR(
        take_all_along(file, "account = ? AND present = 1", {item.id}, request.marker));
  }
  change_item(item, request);
  RESCIND_RETURN_IF_ERROR(save_item(file, item));
  return record_effect(file, request.marker, verb_name(request.verb), item.id);
}

Result<ActionResult> undo_verb(SqliteDatabase& file, Item item, const ActionRequest& request) {
  ActionResult answer;
  if (!can_put_back(request.verb, item.kind)) {
    answer.result = ResultClass::Unsupported;
    answer.detail = "there is no way back from " + std::string(verb_name(request.verb));
    return answer;
  }
  const std::string before = state_of_item(item);
  RESCIND_RETURN_IF_ERROR(restore_state(item, request.captured));
  if (state_of_item(item) == before) {
    answer.result = ResultClass::AlreadyDone;
    return answer;
  }
  RESCIND_RETURN_IF_ERROR(save_item(file, item));
  RESCIND_RETURN_IF_ERROR(record_effect(file, request.marker, "undone", item.id));
  answer.result = ResultClass::Changed;
  return answer;
}

}  // namespace rescind::sandbox
