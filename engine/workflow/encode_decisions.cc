// The JSON form of decisions.
#include "workflow/encode_decisions.h"

#include <nlohmann/json.hpp>

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

Json encode_event(const Cause& cause) {
  Json out;
  out["type"] = cause.event.type;
  out["subject"] = cause.event.subject;
  out["at"] = format_instant(cause.effective);
  if (!cause.event.id.empty()) {
    out["id"] = cause.event.id;
  }
  if (!cause.event.source.empty()) {
    out["source"] = cause.event.source;
  }
  out["lineage"] = cause.lineage;
  if (!cause.derived_by.empty()) {
    out["derived_by"] = cause.derived_by;
  }
  return out;
}

Json certainty_of(Certainty certainty) {
  return certainty == Certainty::Yes ? "yes" : "unknown";
}

Json encode_match(const Decisions& decisions, const Match& match) {
  const CheckedClause& clause = decisions.policy->clauses[match.clause.index()];
  const Inventory& inventory = *decisions.inventory;
  Json out;
  if (match.item.valid()) {
    out["item"] = inventory.id(match.item);
    out["kind"] = kind_name(match.item.kind());
    out["system"] = inventory.id(inventory.system(match.item));
    out["holder"] = inventory.id(inventory.holder(match.item));
  }
  out["verb"] = verb_name(clause.verb);
  out["rule"] = decisions.policy->rules[clause.rule].declared.qualified();
  out["clause"] = clause.label;
  out["certainty"] = certainty_of(match.certainty);
  if (!clause.because.empty()) {
    out["because"] = clause.because;
  }
  return out;
}

// What belongs to all causes together.
void add_shared(const Decisions& decisions, Json& out) {
  const Inventory& inventory = *decisions.inventory;
  for (const HoldMatch& hold : decisions.holds) {
    Json entry;
    entry["item"] = inventory.id(hold.item);
    entry["hold"] = decisions.policy->holds[hold.hold].declared.qualified();
    entry["certainty"] = certainty_of(hold.certainty);
    out["held"].push_back(std::move(entry));
  }
  for (const JustifiedItem& kept : decisions.justified) {
    Json entry;
    entry["item"] = inventory.id(kept.item);
    entry["by"] = kept.by;
    out["justified"].push_back(std::move(entry));
  }
  for (const UndeterminedItem& open : decisions.undetermined) {
    Json entry;
    if (open.item.valid()) {
      entry["item"] = inventory.id(open.item);
    } else {
      entry["identity"] = inventory.id(open.identity);
    }
    entry["why"] = open.why;
    out["undetermined"].push_back(std::move(entry));
  }
}

}  // namespace

std::vector<std::string> encode_decisions(const Decisions& decisions) {
  std::vector<Json> objects;
  for (const Cause& cause : decisions.causes) {
    Json object;
    object["event"] = encode_event(cause);
    object["decisions"] = Json::array();
    object["held"] = Json::array();
    object["justified"] = Json::array();
    object["undetermined"] = Json::array();
    objects.push_back(std::move(object));
  }
  for (const Match& match : decisions.matches) {
    objects[match.cause]["decisions"].push_back(encode_match(decisions, match));
  }
  if (!objects.empty()) {
    add_shared(decisions, objects.front());
  }
  std::vector<std::string> lines;
  lines.reserve(objects.size());
  for (const Json& object : objects) {
    lines.push_back(object.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return lines;
}

}  // namespace rescind
