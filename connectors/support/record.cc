// Writes a found item as one line of inventory JSON.
#include "connectors/support/record.h"

#include <nlohmann/json.hpp>

#include "connectors/support/native_id.h"

namespace rescind {

std::string found_item_id(const FoundItem& item) {
  return item.kind == Kind::Account ? account_item_id(item.system, item.native_id)
                                    : item_id(item.system, kind_name(item.kind), item.native_id);
}

DiscoveredRecord record_of(const FoundItem& item) {
  nlohmann::ordered_json json;
  const auto put = [&json](const char* key, const std::string& value) {
    if (!value.empty()) {
      json[key] = value;
    }
  };
  const auto put_time = [&json](const char* key, const std::optional<Instant>& value) {
    if (value) {
      json[key] = format_instant(*value);
    }
  };
  json["record"] = std::string(kind_name(item.kind));
  json["id"] = found_item_id(item);
  json["system"] = item.system;
  put("account", item.account_native_id.empty()
                     ? std::string()
                     : account_item_id(item.system, item.account_native_id));
  put("native_id", item.native_id);
  put("name", item.name);
  if (item.enabled) {
    json["enabled"] = *item.enabled;
  }
  if (item.privileged) {
    json["privileged"] = true;
  }
  put_time("created", item.created);
  put_time("last_used", item.last_used);
  put_time("expires", item.expires);
  put("level", item.level);
  put("data_kind", item.data_kind);
  if (!item.inside.empty()) {
    json["inside"] = item.inside;
  }
  // Bytes that are no UTF-8 become U+FFFD instead of an exception: a directory may hold anything.
  return {json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), item.holder_key};
}

}  // namespace rescind
