// Discovery into the store.
#include "workflow/collect_systems.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "collect/collect_inventory.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

// The records of one answer by kind; a record that is no object or has no id is left out and named.
struct ByKind {
  std::map<std::string, std::vector<StoredInventoryRecord>> records;
  std::vector<std::string> unusable;
};

ByKind group_by_kind(const std::string& system, const Discovery& found, Instant at) {
  ByKind out;
  for (const DiscoveredRecord& record : found.records) {
    const Json json = Json::parse(record.json, nullptr, false);
    if (!json.is_object() || !json.contains("record") || !json.contains("id") ||
        !json["record"].is_string() || !json["id"].is_string()) {
      out.unusable.push_back(record.json.substr(0, 80));
      continue;
    }
    const auto kind = json["record"].get<std::string>();
    out.records[kind].push_back({.system = system,
                                 .kind = kind,
                                 .id = json["id"].get<std::string>(),
                                 .json = with_holder_key(record.json, record.holder_key),
                                 .collected_at = at});
  }
  return out;
}

}  // namespace

Result<std::vector<CollectedListing>> collect_systems(
    ConnectorSet& connectors, const std::vector<std::string>& only, Store& store, Clock& clock,
    const std::function<void(const std::string&)>& progress, const UseNames& names) {
  std::vector<CollectedListing> report;
  for (const std::string& system : connectors.systems()) {
    if (!only.empty() && std::find(only.begin(), only.end(), system) == only.end()) {
      continue;
    }
    progress(system);
    const auto failed = [&](const std::string& why) {
      report.push_back({.system = system, .kind = "", .records = 0, .complete = false, .why = why});
    };
    Connector* connector = connectors.find(system);
    if (connector == nullptr) {
      failed(connectors.why_unavailable(system));
      continue;
    }
    const Result<Discovery> found = connector->discover();
    if (!found) {
      failed(found.error().to_string());
      continue;
    }
    const Instant at = clock.now();
    ByKind kinds = group_by_kind(system, *found, at);
    for (const ListingState& listing : found->listings) {
      std::vector<StoredInventoryRecord>& records = kinds.records[listing.kind];
      const bool complete = listing.complete && kinds.unusable.empty();
      const std::string why = !listing.complete ? listing.why
                              : complete        ? ""
                                         : "a record without kind or id: " + kinds.unusable[0];
      RESCIND_RETURN_IF_ERROR(store.replace_listing({.system = system,
                                                     .kind = listing.kind,
                                                     .collected_at = at,
                                                     .complete = complete,
                                                     .why = why,
                                                     .records = records.size()},
                                                    records));
      report.push_back({.system = system,
                        .kind = listing.kind,
                        .records = records.size(),
                        .complete = complete,
                        .why = why});
    }
    const auto uses = collect_usage(*connector, system, store, clock, names);
    if (!uses) {
      report.push_back({.system = system,
                        .kind = "usage",
                        .records = 0,
                        .complete = false,
                        .why = uses.error().to_string()});
    } else if (*uses) {
      report.push_back(
          {.system = system, .kind = "usage", .records = **uses, .complete = true, .why = ""});
    }
  }
  return report;
}

}  // namespace rescind
