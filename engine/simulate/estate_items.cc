// What verbs do to simulated items and to those that hang on them.
#include "simulate/estate_items.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace rescind {
namespace simulate {

using Json = nlohmann::json;

Result<EstateItem> estate_item_of(const std::string& json) {
  RESCIND_ASSIGN_OR_RETURN(auto read, item_of_record(json));
  if (!read) {
    return fail(ErrorKind::Corrupt, "that is no item");
  }
  EstateItem item{*std::move(read), {}};
  const Json object = Json::parse(item.record);
  if (const auto known = object.find("known_to"); known != object.end() && known->is_array()) {
    for (const Json& one : *known) {
      if (one.is_string()) {
        item.known_to.insert(one.get<std::string>());
      }
    }
  }
  return item;
}

Status update_by_record(EstateItem& item, const std::string& json) {
  const Json changes = Json::parse(json, nullptr, false);
  Json merged = Json::parse(record_of_item(item), nullptr, false);
  merged.update(changes);
  RESCIND_ASSIGN_OR_RETURN(EstateItem fresh, estate_item_of(merged.dump()));
  item.name = fresh.name;
  item.account = fresh.account;
  item.holder = fresh.holder;
  item.level = fresh.level;
  item.license = fresh.license;
  item.carries_license = fresh.carries_license;
  item.known_to = fresh.known_to;
  item.forgotten = false;  // the record says who knows it
  item.enabled = fresh.enabled;
  item.record = fresh.record;
  return {};
}

}  // namespace simulate

void SimulatedEstate::take_along(const std::string& marker,
                                 const std::function<bool(const EstateItem&)>& which) {
  for (auto& [id, item] : items_) {
    if (item.present && which(item)) {
      item.present = false;
      note(marker, item.kind == Kind::Data ? "destroyed" : "removed", id);
    }
  }
}

// What lives on the license goes with it.
void SimulatedEstate::release_license(const std::string& license, const std::string& marker) {
  take_along(marker, [&license](const EstateItem& other) {
    return other.kind == Kind::Data && other.license == license;
  });
}

// Leaving a group takes the license that the group carries.
void SimulatedEstate::leave_group(const EstateItem& group, const std::string& marker) {
  for (auto& [id, other] : items_) {
    if (!group.carries_license.empty() && other.present && other.kind == Kind::License &&
        other.system == group.system && other.name == group.carries_license &&
        other.account == group.account) {
      release_license(id, marker);
      other.present = false;
      note(marker, "removed", id);
    }
  }
}

void SimulatedEstate::apply_verb(EstateItem& item, const ActionRequest& request) {
  if (request.verb == Verb::Remove && item.kind == Kind::License) {
    release_license(item.id, request.marker);
  } else if (request.verb == Verb::Remove && item.kind == Kind::Group) {
    leave_group(item, request.marker);
  } else if (request.verb == Verb::Revoke && item.kind == Kind::Checkout) {
    if (EstateItem* taken = find(item.credential); taken != nullptr && taken->present) {
      renew_value(*taken, request.marker);
      taken->known_to.clear();
      note(request.marker, "rotate", taken->id);
    }
  } else if (request.verb == Verb::Delete && item.kind == Kind::Account) {
    take_along(request.marker,
               [&item](const EstateItem& other) { return other.account == item.id; });
  }
  change_item(item, request);
  if (item.forgotten) {
    item.known_to.clear();
  }
  note(request.marker, std::string(verb_name(request.verb)), item.id);
}

}  // namespace rescind
