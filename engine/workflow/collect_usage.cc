// Evidence of use into the store.
#include "workflow/collect_usage.h"

#include <algorithm>
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

// A span that is in the store already.
struct StoredSpan {
  std::string id;
  Json record;
};

Result<std::vector<StoredSpan>> stored_spans(Store& store, const std::string& system) {
  RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_inventory());
  std::vector<StoredSpan> spans;
  for (const StoredInventoryRecord& record : records) {
    if (record.system == system && record.kind == "coverage") {
      Json object = Json::parse(record.json, nullptr, false);
      if (object.is_object()) {
        spans.push_back({record.id, std::move(object)});
      }
    }
  }
  return spans;
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
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StoredSpan> spans, stored_spans(store, system));
  const Result<EvidenceReport> report = connector.usage({covered_until(spans)});
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
      rows.push_back(coverage_row(system, std::move(record), spans, now));
    } else {
      rows.push_back(usage_row(system, std::move(record), names, now));
      ++uses;
    }
  }
  RESCIND_RETURN_IF_ERROR(store.add_inventory(rows));
  return std::optional<std::uint64_t>(uses);
}

}  // namespace rescind
