// Every change in the systems, in its order: who ordered it, was it time, what did it cost.
#include <algorithm>
#include <map>
#include <set>

#include "execute/approvals.h"
#include "oracle_end.h"

namespace rescind::simulation {
namespace {

bool by_engine(const EstateChange& change) {
  return change.by.starts_with("step:");
}

bool destroys(const EstateChange& change) {
  return change.what == "delete" || change.what == "wipe" || change.what == "destroyed";
}

bool in_teams(const std::string& principal, const std::string& person) {
  return principal == person || (principal == "office" && (person == "keeper" || person == "p0")) ||
         (principal == "records" && person == "second");
}

// The approvals that the step needed were there when the request was announced.
bool was_approved(Evidence& evidence, const KnownRun& run, const std::string& step,
                  const std::vector<Approval>& needed, Instant at) {
  const auto& stored = evidence.approvals(run.record.id);
  return std::all_of(needed.begin(), needed.end(), [&](const Approval& approval) {
    return std::any_of(stored.begin(), stored.end(), [&](const StoredApproval& given) {
      return given.step == step && given.at <= at && !given.refused &&
             !evidence.is_leaving(given.approver, at) &&
             std::any_of(approval.by.begin(), approval.by.end(),
                         [&](const std::string& by) { return in_teams(by, given.approver); });
    });
  });
}

void check_authority(Evidence& evidence, const EstateChange& change) {
  const std::string invariant = "2 no step fires unauthorised";
  const auto intent = evidence.intent_of(change);
  if (!intent) {
    evidence.broken_at(invariant, change.at, change.item,
                       change.what + " by " + change.by + ", which no run announced");
    return;
  }
  const std::string id = step_of_marker(change.by);
  const PlanStep* step = Evidence::form_of(*intent->run, id, intent->at);
  if (step == nullptr) {
    evidence.broken_at(invariant, change.at, change.item,
                       change.what + " by " + change.by + ", which no plan has");
    return;
  }
  // A step of a stage has its time when the stage is entered.
  const auto its_time = [&](Instant not_before) {
    return !step->retirement.empty() || intent->at >= not_before;
  };
  bool allowed = its_time(step->not_before) &&
                 was_approved(evidence, *intent->run, id, step->approvals, intent->at);
  for (const Alternative& way : step->alternatives) {
    allowed = allowed || (its_time(way.not_before) &&
                          was_approved(evidence, *intent->run, id, way.approvals, intent->at));
  }
  if (!allowed) {
    evidence.broken_at(invariant, change.at, change.item,
                       change.what + " by " + change.by + " before its time or unapproved");
  }
}

// --- destruction

// Since when each item is contained without a break, as the changes go by.
class Containment {
 public:
  explicit Containment(const Trace& trace) {
    for (const auto& [id, item] : trace.items_at_first) {
      kinds_[id] = item.kind;
      if (!item.enabled) {
        since_[id] = Instant{};
      }
    }
  }

  void take(const EstateChange& change) {
    const bool device = kinds_.contains(change.item) && kinds_.at(change.item) == Kind::Device;
    if (change.what == "disable" || change.what == "archive" || (device && change.what == "lock")) {
      since_.try_emplace(change.item, change.at);
    } else if (change.what == "enabled" || change.what == "undone") {
      since_.erase(change.item);
    }
  }

  [[nodiscard]] std::optional<Instant> since(const std::string& item) const {
    const auto found = since_.find(item);
    return found == since_.end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] Kind kind(const std::string& item) const {
    return kinds_.contains(item) ? kinds_.at(item) : Kind::Account;
  }

 private:
  std::map<std::string, Kind> kinds_;
  std::map<std::string, Instant> since_;
};

Seconds promised(const Evidence& evidence, Kind kind) {
  if (kind == Kind::Device) {
    return std::chrono::hours(7 * 24);
  }
  const auto& retire = evidence.promise().retire;
  return kind == Kind::ApiKey && retire ? retire->soak : evidence.promise().delete_after;
}

void check_destruction(Evidence& evidence, const EstateChange& change,
                       const Containment& containment, std::map<std::string, int>& times) {
  if (++times[change.item] > 1) {
    evidence.broken_at("3 nothing destructive is done twice", change.at, change.item,
                       change.what + " by " + change.by);
  }
  const auto& at_first = evidence.trace().items_at_first;
  const EstateItem& item = evidence.trace().estate->items().at(change.item);
  const std::string holder =
      at_first.contains(change.item) ? at_first.at(change.item).holder : item.holder;
  if (evidence.promise().holds && evidence.held(holder, change.at)) {
    evidence.broken_at("11 held data exists at the end", change.at, change.item,
                       change.what + " while " + holder + " is held");
  }
  if (change.what == "destroyed") {
    return;
  }
  const auto since = containment.since(change.item);
  const Seconds after = promised(evidence, containment.kind(change.item));
  if (!since) {
    evidence.broken_at("3 no D before containment", change.at, change.item,
                       change.what + " of what was not contained");
  } else if (change.at < *since + after) {
    evidence.broken_at("3 no D before its time", change.at, change.item,
                       change.what + " " + format_duration(change.at - *since) +
                           " after containment, promised " + format_duration(after));
  }
}

void check_frozen(Evidence& evidence) {
  const auto& changes = evidence.changes();
  for (const FrozenTime& frozen : evidence.trace().frozen) {
    for (std::size_t i = frozen.from; i < std::min(frozen.until, changes.size()); ++i) {
      if (by_engine(changes[i]) && destroys(changes[i])) {
        evidence.broken_at("3 nothing is destroyed while the clock cannot be believed",
                           changes[i].at, changes[i].item, changes[i].what);
      }
    }
  }
}

// --- limits, owners, successors

void check_limits(Evidence& evidence) {
  const std::int64_t at_most = evidence.promise().at_most;
  if (at_most == 0) {
    return;
  }
  std::vector<std::pair<Instant, std::string>> counted;  // when, whose
  for (const EstateChange& change : evidence.changes()) {
    const auto intent = by_engine(change) ? evidence.intent_of(change) : std::nullopt;
    const std::string id = step_of_marker(change.by);
    const PlanStep* step = intent ? Evidence::form_of(*intent->run, id, intent->at) : nullptr;
    if (step == nullptr || step->limits.empty() || step->item != change.item) {
      continue;
    }
    const auto& approvals = evidence.approvals(intent->run->record.id);
    const bool let_pass =
        std::any_of(approvals.begin(), approvals.end(), [&](const StoredApproval& given) {
          return given.step == id && given.at <= change.at &&
                 given.binding == execute::over_limit_binding(*step, "t.mass");
        });
    if (!let_pass) {
      // It counts from when it was announced.
      counted.emplace_back(intent->at, step->holder);
    }
  }
  for (const auto& [at, whose] : counted) {
    std::set<std::string> people;
    for (const auto& [when, who] : counted) {
      if (when <= at && when > at - std::chrono::hours(24)) {
        people.insert(who);
      }
    }
    if (static_cast<std::int64_t>(people.size()) > at_most) {
      evidence.broken_at("9 limits hold in every window", at, whose,
                         std::to_string(people.size()) + " people within a day, at most " +
                             std::to_string(at_most));
    }
  }
}

// Who is in charge of a group, role or permission, while changes go by.
class Owners {
 public:
  explicit Owners(Evidence& evidence) : evidence_(evidence) {
    for (const auto& [id, item] : evidence.trace().items_at_first) {
      const bool right =
          item.kind == Kind::Group || item.kind == Kind::Role || item.kind == Kind::Permission;
      if (right && !item.name.empty() &&
          item.record.find("\"privileged\":true") != std::string::npos) {
        guarded_.insert(id);
      }
      if (right && item.present) {
        present_.insert(id);
      }
    }
  }

  void take(const EstateChange& change) {
    const bool goes =
        change.what == "remove" || change.what == "removed" || change.what == "delete";
    if (change.what == "undone" && known(change.item)) {
      present_.insert(change.item);
    }
    if (!goes || present_.erase(change.item) == 0) {
      return;
    }
    if (!by_engine(change) || !guarded_.contains(change.item)) {
      return;
    }
    const auto& items = evidence_.trace().items_at_first;
    const EstateItem& gone = items.at(change.item);
    const bool somebody = std::any_of(present_.begin(), present_.end(), [&](const auto& id) {
      const EstateItem& other = items.at(id);
      return other.system == gone.system && other.kind == gone.kind && other.name == gone.name &&
             !evidence_.is_leaving(other.holder, change.at);
    });
    if (!somebody) {
      evidence_.broken_at("9 every object keeps a staying owner", change.at, change.item,
                          "the last one who stays in charge of " + gone.name + " in " +
                              gone.system + " was " + gone.holder);
    }
  }

 private:
  [[nodiscard]] bool known(const std::string& id) const {
    return evidence_.trace().items_at_first.contains(id);
  }

  Evidence& evidence_;
  std::set<std::string> guarded_, present_;
};

void check_successors(Evidence& evidence) {
  std::map<std::string, int> live;
  for (const EstateChange& change : evidence.changes()) {
    if (change.what == "created" && by_engine(change)) {
      if (++live[change.item] > 1) {
        evidence.broken_at("7 one live successor", change.at, change.item,
                           "made again while it is there");
      }
    } else if (change.what == "removed") {
      live[change.item] = 0;
    }
  }
}

}  // namespace

void check_changes(Evidence& evidence) {
  Containment containment(evidence.trace());
  Owners owners(evidence);
  std::map<std::string, int> destroyed;
  for (const EstateChange& change : evidence.changes()) {
    if (by_engine(change)) {
      check_authority(evidence, change);
      if (destroys(change)) {
        check_destruction(evidence, change, containment, destroyed);
      }
    }
    containment.take(change);
    owners.take(change);
  }
  check_frozen(evidence);
  check_limits(evidence);
  check_successors(evidence);
}

}  // namespace rescind::simulation
