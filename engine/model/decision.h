// What evaluate found: the causes (events and what they derive), which clause matches which item
// for which cause, holds in the way, and what could not be decided. plan merges it into steps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/checked.h"
#include "model/event.h"
#include "model/inventory.h"

namespace rescind {

// An open event, or one derived from another. Causes of one plan are decided together.
struct Cause {
  Event event;
  std::uint32_t type = 0;            // index into Schema::events
  std::uint32_t parent = kNoParent;  // index of the cause that derived it
  static constexpr std::uint32_t kNoParent = 0xFFFFFFFFU;
  std::string derived_by;  // "derive unused for credential #1", "owner_left", "knower_left"; ""
                           // when reported
  IdentityRef subject;     // about an identity: it; about an item: its holder; system: none
  ItemRef item;            // about an item
  SystemRef system;        // about a system
  Instant effective{};
  Instant arrived{};
  std::string lineage;  // "type/subject@source:id#revision", parents first, stable across runs
};

// Yes, or cannot be known (a broken record, an unknown fact): never silently no.
enum class Certainty : std::uint8_t { Yes, Unknown };

struct Match {
  std::uint32_t cause = 0;
  ClauseId clause;
  ItemRef item;  // none for notify and ask
  Certainty certainty = Certainty::Yes;
};

// Principals that a clause names, resolved for one match (they may depend on the item).
struct ResolvedPrincipals {
  std::vector<std::vector<std::string>> alternatives;  // ids; an empty inner list: nobody there
};

struct MatchPrincipals {
  std::uint32_t match = 0;  // index into Decisions::matches
  ResolvedPrincipals to, approved_by, otherwise_escalate;
  std::vector<ResolvedPrincipals> escalate;  // one per level of the rule
};

// An item that a `retire` takes for one cause.
struct RetireMatch {
  std::uint32_t cause = 0;
  std::uint32_t retire = 0;  // index into CheckedPolicy::retires
  ItemRef item;
  Certainty certainty = Certainty::Yes;
  std::uint32_t start = 0;  // the latest stage whose `start at` holds (or cannot be known), else 0

  struct Enter {
    std::uint32_t stage = 0;
    Instant by{};  // effective instant + within
  };

  std::vector<Enter> enters;  // those that hold, by stage
  // Per stage; per action of each stage.
  std::vector<ResolvedPrincipals> approved_by, otherwise_escalate;
  std::vector<std::vector<ResolvedPrincipals>> action_to;
  std::vector<ResolvedPrincipals> escalate;  // one per level
};

struct HoldMatch {
  std::uint32_t hold = 0;  // index into CheckedPolicy::holds
  ItemRef item;
  Certainty certainty = Certainty::Yes;
  std::vector<std::string> ordered_by;
};

struct LimitMatch {
  std::uint32_t limit = 0;
  ItemRef item;
  Certainty certainty = Certainty::Yes;
};

struct UndeterminedItem {
  ItemRef item;  // or
  IdentityRef identity;
  std::string why;
};

// An item that stays because a role or a keep says so.
struct JustifiedItem {
  ItemRef item;
  std::string by;  // "role sales_rep", "keep requested"
};

struct Decisions {
  std::shared_ptr<const CheckedPolicy> policy;
  std::shared_ptr<const Inventory> inventory;
  Instant as_of{};
  std::vector<Cause> causes;   // reported first in the order (type, subject, at, id), then derived
  std::vector<Match> matches;  // sorted by cause, item id, clause
  std::vector<MatchPrincipals>
      principals;  // only for matches whose clause or rule names any; sorted by match
  std::vector<RetireMatch> retires;      // sorted by item id, retire, cause
  std::vector<HoldMatch> holds;          // over every item that a match or its parts concern
  std::vector<LimitMatch> limits;        // same items
  std::vector<JustifiedItem> justified;  // of subjects of change events, sorted by item id
  std::vector<UndeterminedItem> undetermined;
  std::vector<ItemRef> reached;    // every item in scope of a leaver-type cause, sorted by id: what
                                   // no match and no hold covers is uncovered
  std::vector<std::string> notes;  // things a person should know (assumed zones, conflicts found)
};

}  // namespace rescind
