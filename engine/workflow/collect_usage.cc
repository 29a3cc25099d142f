// Evidence of use into the store.
#include "workflow/collect_usage.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

constexpr const char* kFirst = ", first";

// A span that is in the store already.
struct StoredSpan {
  std::string id;
  Json record;
};

// What the store has of a system's evidence.
struct StoredEvidence {
  std::vector<StoredSpan> spans;
  std::map<std::string, StoredInventoryRecord> uses;  // by id
};

Result<StoredEvidence> stored_evidence(Store& store, const std::string& system) {
  RESCIND_ASSIGN_OR_RETURN(auto records, store.list_inventory());
  StoredEvidence evidence;
  for (StoredInventoryRecord& record : records) {
    if (record.system == system && record.kind == "coverage") {
      Json object = Json::parse(record.json, nullptr, false);
      if (object.is_object()) {
        evidence.spans.push_back({record.id, std::move(object)});
      }
    } else if (record.system == system && record.kind == "usage") {
      std::string id = record.id;
      evidence.uses.emplace(std::move(id), std::move(record));
    }
  }
  return evidence;
}

// Instants of one form compare as text does.
std::optional<Instant> covered_until(const std::vector<StoredSpan>& spans) {
  std::string latest;
  for (const StoredSpan& span : spans) {
    latest = std::max(latest, text_of(span.record, "until"));
  }
  return latest.empty() ? std::nullopt : parse_instant(latest);
}

StoredInventoryRecord coverage_row(const std::string& system, Json record,
                                   const std::vector<StoredSpan>& spans, Instant now) {
  const std::string source = text_of(record, "source");
  std::string id = source + " since " + text_of(record, "since");
  for (const StoredSpan& span : spans) {
    const bool same = text_of(span.record, "source") == source &&
                      span.record.value("kinds", Json()) == record.value("kinds", Json());
    const std::string since = text_of(span.record, "since");
    const std::string until = text_of(span.record, "until");
    if (same && since <= text_of(record, "since") && text_of(record, "since") <= until) {
      record["since"] = since;
      record["until"] = std::max(until, text_of(record, "until"));
      id = span.id;
      break;
    }
  }
  return {system, "coverage", std::move(id), record.dump(), now};
}

// The latest use stands for those before it, and the first one stays: who used an item before its
// retirement began is known by it.
void add_use(StoredInventoryRecord row, const StoredEvidence& stored,
             std::vector<StoredInventoryRecord>& rows) {
  const auto before = stored.uses.find(row.id);
  if (before != stored.uses.end() && !stored.uses.contains(row.id + kFirst)) {
    StoredInventoryRecord first = before->second;
    first.id += kFirst;
    rows.push_back(std::move(first));
  }
  rows.push_back(std::move(row));
}

StoredInventoryRecord usage_row(const std::string& system, Json record, const UseNames& names,
                                Instant now) {
  if (const auto known = names.find(text_of(record, "by")); known != names.end()) {
    record["by"] = known->second;
  }
  const std::string id = text_of(record, "item") + " by " + text_of(record, "by") + ", " +
                         text_of(record, "source") + ", " + text_of(record, "outcome");
  return {system, "usage", id, record.dump(-1, ' ', false, Json::error_handler_t::replace), now};
}

}  // namespace

Result<std::optional<std::uint64_t>> collect_usage(Connector& connector, const std::string& system,
                                                   Store& store, const Clock& clock,
                                                   const UseNames& names) {
  RESCIND_ASSIGN_OR_RETURN(const StoredEvidence stored, stored_evidence(store, system));
  const Result<EvidenceReport> report = connector.usage({covered_until(stored.spans)});
  if (!report) {
    if (report.error().kind() == ErrorKind::Unsupported) {
      return std::optional<std::uint64_t>();
    }
    return tl::unexpected(report.error());
  }
  const Instant now = clock.now();
  std::vector<StoredInventoryRecord> rows;
  std::uint64_t uses = 0;
  for (const DiscoveredRecord& found : report->records) {
    Json record = Json::parse(found.json, nullptr, false);
    if (!record.is_object()) {
      return fail(ErrorKind::Protocol, "`" + system + "` gave a record of use that is no object");
    }
    if (text_of(record, "record") == "coverage") {
      rows.push_back(coverage_row(system, std::move(record), stored.spans, now));
    } else {
      add_use(usage_row(system, std::move(record), names, now), stored, rows);
      ++uses;
    }
  }
  RESCIND_RETURN_IF_ERROR(store.add_inventory(rows));
  return std::optional<std::uint64_t>(uses);
}

}  // namespace rescind
