// Reported events become causes; the closure over derived ones works in waves, so that its result
// does not depend on the order in which anything is visited.
#include "evaluate/causes.h"

#include <algorithm>

#include "evaluate/bound.h"

namespace rescind {
namespace {

auto event_order(const Event& e) {
  return std::tie(e.type, e.subject, e.at, e.id, e.source, e.revision);
}

}  // namespace

CauseFinder::CauseFinder(Evaluator& evaluator, Decisions& decisions)
    : evaluator_(evaluator),
      bound_(evaluator.bound()),
      inventory_(bound_.inventory()),
      schema_(*bound_.policy().schema),
      decisions_(decisions),
      causes_(decisions.causes),
      interpreter_(bound_) {}

const EventType& CauseFinder::type_of(const Cause& cause) const {
  return schema_.events[cause.type];
}

void resolve_target(const Inventory& inventory, const Schema& schema, Cause& cause,
                    std::string_view id) {
  switch (schema.events[cause.type].about) {
  case EventAbout::Identity:
    cause.subject = inventory.find_identity(id);
    return;
  case EventAbout::Item:
    cause.item = inventory.find_item(id);
    if (cause.item.valid()) {
      cause.subject = inventory.holder(cause.item);
    }
    return;
  case EventAbout::System:
    cause.system = inventory.find_system(id);
    return;
  }
}

void CauseFinder::find(const std::vector<Event>& events) {
  report(events);
  for (std::size_t first = 0; first < causes_.size();) {
    const std::size_t next = causes_.size();
    follow(first);
    first = next;
  }
  std::sort(decisions_.notes.begin(), decisions_.notes.end());
  decisions_.notes.erase(std::unique(decisions_.notes.begin(), decisions_.notes.end()),
                         decisions_.notes.end());
}

// Of the revisions of one event only the newest stands, and not if it is withdrawn.
void CauseFinder::report(const std::vector<Event>& events) {
  std::map<std::pair<std::string, std::string>, std::uint32_t> newest;
  for (const Event& event : events) {
    if (!event.id.empty()) {
      std::uint32_t& revision = newest[{event.source, event.id}];
      revision = std::max(revision, event.revision);
    }
  }
  std::vector<const Event*> standing;
  for (const Event& event : events) {
    if (event.withdrawn ||
        (!event.id.empty() && newest.at({event.source, event.id}) != event.revision)) {
      continue;
    }
    standing.push_back(&event);
  }
  std::sort(standing.begin(), standing.end(),
            [](const Event* a, const Event* b) { return event_order(*a) < event_order(*b); });
  const auto last = std::unique(
      standing.begin(), standing.end(),
      [](const Event* a, const Event* b) { return event_order(*a) == event_order(*b); });
  standing.erase(last, standing.end());
  close_departures(standing);
  for (const Event* event : standing) {
    add_reported(*event);
  }
}

// WHY only what is in effect: who comes back next month still leaves today.
void CauseFinder::close_departures(std::vector<const Event*>& standing) {
  const std::vector<const Event*> all = standing;
  std::erase_if(standing, [&](const Event* departure) {
    const auto ended_by = std::find_if(all.begin(), all.end(), [&](const Event* back) {
      return ends_departure(back->type, departure->type) && back->subject == departure->subject &&
             back->at <= decisions_.as_of && departure->at <= back->at;
    });
    if (ended_by == all.end()) {
      return false;
    }
    decisions_.notes.push_back(departure->type + " of `" + departure->subject + "` at " +
                               format_instant(departure->at) + " is over: " + (*ended_by)->type +
                               " at " + format_instant((*ended_by)->at));
    return true;
  });
}

void CauseFinder::add_reported(const Event& event) {
  const std::optional<std::size_t> type = schema_.find_event(event.type);
  if (!type) {
    decisions_.notes.push_back("event type `" + event.type +
                               "` is not declared; the event about `" + event.subject +
                               "` was not decided on");
    return;
  }
  Cause cause;
  cause.event = event;
  cause.type = static_cast<std::uint32_t>(*type);
  cause.effective = event.at;
  cause.arrived = event.arrived.value_or(decisions_.as_of);
  cause.lineage = lineage_of(event);
  resolve_target(inventory_, schema_, cause, event.subject);
  if (!cause.subject.valid() && !cause.item.valid() && !cause.system.valid()) {
    decisions_.notes.push_back("event " + cause.lineage + " is about `" + event.subject +
                               "`, which the inventory does not have");
  }
  if (event.zone_assumed) {
    decisions_.notes.push_back(
        "`" + event.subject +
        "` has no time zone: that of the organisation was taken for the end of " +
        (event.at_date ? format_date(*event.at_date) : "the day"));
  }
  causes_.push_back(std::move(cause));
}

std::uint32_t CauseFinder::root_of(std::uint32_t cause) const {
  while (causes_[cause].parent != Cause::kNoParent) {
    cause = causes_[cause].parent;
  }
  return cause;
}

void CauseFinder::derive(std::uint32_t parent, std::uint32_t type, std::string_view target,
                         std::string derived_by, std::string distinct_by) {
  const std::uint32_t root = root_of(parent);
  if (distinct_by.empty()) {
    distinct_by = causes_[root].lineage;
  }
  const bool same_as_root = causes_[root].type == type && causes_[root].event.subject == target;
  if (same_as_root || !seen_.emplace(type, std::string(target), distinct_by).second) {
    return;
  }
  const Cause& from = causes_[parent];
  Cause cause;
  cause.type = type;
  cause.parent = parent;
  cause.derived_by = std::move(derived_by);
  cause.effective = from.effective;
  cause.arrived = from.arrived;
  cause.event.type = schema_.events[type].name;
  cause.event.subject = std::string(target);
  cause.event.at = from.effective;
  cause.event.arrived = from.arrived;
  cause.event.source = "derived";
  cause.lineage = from.lineage + " > " + cause.event.type + "/" + cause.event.subject;
  resolve_target(inventory_, schema_, cause, cause.event.subject);
  causes_.push_back(std::move(cause));
}

void CauseFinder::follow(std::size_t first) {
  const std::size_t last = causes_.size();
  for (std::size_t c = first; c < last; ++c) {
    const Cause& cause = causes_[c];
    const bool departs = type_of(cause).leaver_type && cause.subject.valid();
    if (departs) {
      leaving_.try_emplace(cause.subject.cell, static_cast<std::uint32_t>(c));
    }
  }
  for (std::size_t c = first; c < last; ++c) {
    follow_rules(static_cast<std::uint32_t>(c));
    find_conflicts(static_cast<std::uint32_t>(c));
  }
  follow_knowers(first, last);
  follow_owners(first, last);
  std::sort(causes_.begin() + static_cast<std::ptrdiff_t>(last), causes_.end(),
            [](const Cause& a, const Cause& b) {
              return std::tie(a.event.type, a.event.subject, a.lineage) <
                     std::tie(b.event.type, b.event.subject, b.lineage);
            });
  for (std::size_t c = last; c < causes_.size(); ++c) {
    if (causes_[c].derived_by == "owner_left") {
      left_[causes_[c].subject.cell] = static_cast<std::uint32_t>(c);
    }
  }
}

void CauseFinder::follow_rules(std::uint32_t cause) {
  const std::vector<CheckedDerive>& derives = bound_.policy().derives;
  for (std::size_t d = 0; d < derives.size(); ++d) {
    if (!std::binary_search(derives[d].on.begin(), derives[d].on.end(), causes_[cause].type)) {
      continue;
    }
    if (derives[d].for_identity) {
      derive_identities(cause, d);
    } else {
      derive_items(cause, d);
    }
  }
}

void CauseFinder::undecided(Tri tri, const CheckedDerive& rule, ItemRef item,
                            IdentityRef identity) {
  if (tri == Tri::Unknown) {
    decisions_.undetermined.push_back(
        {item, identity, "it cannot be told whether `" + rule.declared.name + "` applies"});
  }
}

// Any identity can follow from any event: the condition says which.
void CauseFinder::derive_identities(std::uint32_t cause, std::size_t rule) {
  const CheckedDerive& checked = bound_.policy().derives[rule];
  const NodeId where = bound_.program().derives[rule].where;
  const auto event = evaluator_.bind(causes_[cause]);
  interpreter_.begin(*event);
  for (std::uint32_t row = 0; row < inventory_.table(Entity::Identity).rows(); ++row) {
    const IdentityRef identity = IdentityRef::of_row(row);
    const Tri tri =
        where.valid() ? tri_of_number(interpreter_.evaluate(where, identity)) : Tri::True;
    undecided(tri, checked, {}, identity);
    if (tri == Tri::True) {
      derive(cause, checked.event, inventory_.id(identity), checked.declared.name);
    }
  }
}

// Items follow from an event when they are among what it reaches.
void CauseFinder::derive_items(std::uint32_t cause, std::size_t rule) {
  const CheckedDerive& checked = bound_.policy().derives[rule];
  const NodeId where = bound_.program().derives[rule].where;
  const auto event = evaluator_.bind(causes_[cause]);
  interpreter_.begin(*event);
  scope_.find(bound_, *event);
  for (const Segment& segment : scope_.segments()) {
    for (std::uint32_t i = 0; checked.kinds.contains(segment.kind) && i < segment.count; ++i) {
      const ItemRef item = ItemRef::of(segment.kind, segment.rows[i]);
      const Tri tri = where.valid() ? interpreter_.test_item(where, item) : Tri::True;
      undecided(tri, checked, item, {});
      if (tri == Tri::True) {
        derive(cause, checked.event, inventory_.id(item), checked.declared.name);
      }
    }
  }
}

}  // namespace rescind
