// An event: something happened to an identity, an item or a system. As read from a file or a
// request, before it is matched with an inventory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace rescind {

// A scalar or a set, as JSON gives it. Instants arrive as text and are parsed by the attribute's
// type.
using AttributeValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;
using AttributeMap = std::map<std::string, AttributeValue>;

struct Event {
  std::string type;
  std::string subject;             // id of the identity, item or system that it is about
  Instant at{};                    // effective instant
  std::optional<Date> at_date;     // when given as a plain date: `at` is the end of that day
  bool zone_assumed = false;       // the subject has no timezone: the organisation's was taken
  std::optional<Instant> arrived;  // when we heard; absent: now
  std::string id;                  // of the source system; may be empty
  std::string source;
  std::string submitted_by;
  std::uint32_t revision = 1;
  bool withdrawn = false;
  AttributeMap attributes;
  std::optional<AttributeMap> before;  // the subject's attributes, for movers
  std::optional<AttributeMap> after;
};

// Whether an event of the one type ends the absence that one of the other type began: back from
// leave, hired again.
bool ends_departure(std::string_view back, std::string_view departure);
std::string lineage_of(const Event& event);
// A lineage names one revision of an event: "type/subject@source:id#revision", what it was derived
// from first, joined by " > ". Without regard to the revision: that of the first one.
std::string stable_lineage(std::string_view lineage);
// The reported event that it begins with.
std::string root_lineage(std::string_view lineage);
// How a containment claim names its cause: the reported event, whatever its revision.
// "leaver/alice@hr:1#2 > owner_left/bot" → "leaver/alice@hr:1"
std::string claim_cause(std::string_view lineage);

}  // namespace rescind
