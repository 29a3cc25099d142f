// Invariants of planning over random organisations (docs/plans.md numbers them).
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "plan/render.h"
#include "random_organisation.h"

namespace rescind::test {
namespace {

Plan plan_of(const Organisation& organisation, const std::set<std::string>& settled = {}) {
  PlanOptions options;
  options.steward = "office";
  options.is_settled = [&settled](const std::string& step) { return settled.contains(step); };
  return build_plan(organisation.decide(), options);
}

template <typename Property>
void holds(const char* text, Property property) {
  CHECK(rc::check(text, property));
}

// The first lines that differ; "" equal.
std::string first_difference(const std::string& a, const std::string& b) {
  if (a == b) {
    return {};
  }
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto around = [](const std::string& text, std::string::const_iterator at) {
    const auto place = static_cast<std::size_t>(at - text.begin());
    return text.substr(place < 300 ? 0 : place - 300, 500);
  };
  return around(a, x) + "\n!=\n" + around(b, y);
}

std::map<std::string, const PlanStep*> by_id(const Plan& plan) {
  std::map<std::string, const PlanStep*> out;
  for (const PlanStep& step : plan.steps) {
    out[step.id] = &step;
  }
  return out;
}

// When each item is contained for certain: the earliest unapproved start, not before what must
// precede it.
std::map<std::string, Instant> contained_at(const Plan& plan) {
  std::map<std::string, Instant> start;  // by step id
  std::map<std::string, Instant> out;
  for (const PlanStep& step : plan.steps) {
    Instant earliest = std::max(step.not_before, plan.as_of);
    for (const auto* edges : {&step.strong_after, &step.after}) {
      for (const std::string& before : *edges) {
        earliest = std::max(earliest, start.at(before));
      }
    }
    start[step.id] = earliest;
    if (step.rank == Rank::Contain && step.approvals.empty() && !step.gate) {
      const auto [place, added] = out.emplace(step.item, earliest);
      place->second = std::min(place->second, earliest);
    }
  }
  return out;
}

std::set<std::string> leavers_of(const Organisation& organisation) {
  std::set<std::string> out;
  for (const Report& report : organisation.events) {
    if (report.type == "leaver" || report.type == "contract_end") {
      out.insert(report.subject);
    }
  }
  return out;
}

Instant earliest_arrival(const Plan& plan) {
  Instant earliest = plan.as_of;
  for (const Event& event : plan.events) {
    earliest = std::min(earliest, event.arrived.value_or(plan.as_of));
  }
  return earliest;
}

bool names_any(const std::vector<std::string>& principals, const std::set<std::string>& people) {
  return std::any_of(principals.begin(), principals.end(),
                     [&](const std::string& one) { return people.contains(one); });
}

}  // namespace

TEST_CASE(
    "invariant 1: no edge falls in rank, predecessors come first, shuffled input gives equal "
    "bytes") {
  holds("order and bytes", [] {
    const Organisation organisation = random_organisation({});
    const Plan plan = plan_of(organisation);
    RC_ASSERT(wrong_order(plan) == "");
    Plan other = plan_of(shuffled(organisation));
    const bool same_digest = other.digest == plan.digest;
    other.digest = plan.digest;  // so that a failure shows what differs
    RC_ASSERT(first_difference(encode_plan(other), encode_plan(plan)) == "");
    RC_ASSERT(same_digest);
  });
}

TEST_CASE("invariant 1: a plan reads back as it was written, and every renderer takes it") {
  holds("encode and decode", [] {
    const Plan plan = plan_of(random_organisation({}));
    const std::string text = encode_plan(plan);
    const Result<Plan> back = decode_plan(text);
    RC_ASSERT(back.has_value());
    RC_ASSERT(encode_plan(*back) == text);
    RC_ASSERT(!render_plan_text(plan, {.verbose = true}).empty());
    RC_ASSERT(!render_plan_dot(plan).empty());
    RC_ASSERT(!render_plan_mermaid(plan).empty());
  });
}

TEST_CASE("invariant 2: a clause that contains or strips never delays containment") {
  holds("monotone", [] {
    Organisation organisation = random_organisation({.limits = false, .replaces = false});
    const auto before = contained_at(plan_of(organisation));
    organisation.rules.push_back(random_urgent_rule("zz_added"));
    const auto after = contained_at(plan_of(organisation));
    for (const auto& [item, instant] : before) {
      const auto found = after.find(item);
      RC_ASSERT(found != after.end());
      RC_ASSERT(found->second <= instant);
    }
  });
}

TEST_CASE("invariant 2: deadlines of containment never move back when a clause is added") {
  holds("deadlines", [] {
    Organisation organisation = random_organisation({.limits = false, .replaces = false});
    const Plan base = plan_of(organisation);
    organisation.rules.push_back(random_urgent_rule("zz_added"));
    const Plan more = plan_of(organisation);
    std::map<std::string, Instant> due;
    for (const PlanStep& step : more.steps) {
      if (step.rank == Rank::Contain && step.deadline) {
        const auto [place, added] = due.emplace(step.item, *step.deadline);
        place->second = std::min(place->second, *step.deadline);
      }
    }
    for (const PlanStep& step : base.steps) {
      if (step.rank == Rank::Contain && step.deadline) {
        RC_ASSERT(due.contains(step.item));
        RC_ASSERT(due.at(step.item) <= *step.deadline);
      }
    }
  });
}

TEST_CASE("invariant 3: nothing is destroyed before its containment and the time after it") {
  holds("patience", [] {
    const Organisation organisation = random_organisation({});
    const Plan plan = plan_of(organisation);
    const auto steps = by_id(plan);
    for (const PlanStep& end : plan.steps) {
      if (end.rank != Rank::Destroy) {
        continue;
      }
      std::optional<Instant> contained;
      for (const PlanStep& step : plan.steps) {
        const bool other_stage = !step.retirement.empty() && step.retirement == end.retirement;
        if (step.item == end.item && step.rank > Rank::Prepare && step.rank < Rank::Destroy &&
            !other_stage) {
          RC_ASSERT(strongly_after(end, step));
        }
        if (step.item == end.item && step.rank == Rank::Contain && step.approvals.empty() &&
            (step.verb == Verb::Disable || step.verb == Verb::Revoke ||
             step.verb == Verb::Rotate)) {
          contained = std::min(contained.value_or(step.not_before), step.not_before);
        }
        // Parts before wholes.
        if (step.account == end.item && !end.item.empty() && step.id != end.id) {
          RC_ASSERT(strongly_after(end, step));
        }
      }
      RC_ASSERT(!contained || end.not_before >= *contained + end.soak);
    }
  });
}

TEST_CASE("invariant 3: a stage that destroys stands behind one that contains and its soak") {
  holds("stages", [] {
    const Plan plan = plan_of(random_organisation({}));
    for (const PlanStep& end : plan.steps) {
      if (end.retirement.empty() || end.rank != Rank::Destroy) {
        continue;
      }
      RC_ASSERT(end.appointment);
      const auto retirement =
          std::find_if(plan.retirements.begin(), plan.retirements.end(),
                       [&](const PlannedRetirement& one) { return one.id == end.retirement; });
      RC_ASSERT(retirement != plan.retirements.end());
      bool contained = false;
      Seconds soaked{0};
      for (const PlannedStage& stage : retirement->stages) {
        if (stage.name == end.stage) {
          break;
        }
        for (const PlanStep& step : plan.steps) {
          contained = contained || (step.retirement == end.retirement && step.stage == stage.name &&
                                    step.rank == Rank::Contain);
        }
        soaked += contained ? stage.soak.value_or(Seconds(0)) : Seconds(0);
      }
      RC_ASSERT(contained);
      RC_ASSERT(soaked > Seconds(0));
      RC_ASSERT(end.not_before >= earliest_arrival(plan) + soaked);
      // The other way to lose it: a rule beside the retirement.
      for (const PlanStep& other : plan.steps) {
        RC_ASSERT(other.item != end.item || other.rank != Rank::Destroy || &other == &end);
      }
    }
  });
}

TEST_CASE("invariant 6: what another cause still holds is not restored") {
  holds("claims", [] {
    Organisation organisation = random_organisation({});
    organisation.rules.push_back(
        {.name = "zz_back",
         .on = {"leave_end", "rehire"},
         .clauses = {{.verb = Verb::Restore,
                      .kinds = KindSet(Kind::Account) | Kind::ApiKey | Kind::Role}}});
    const bool rehired = *rc::gen::arbitrary<bool>();
    organisation.events.push_back({.type = rehired ? "rehire" : "leave_end", .subject = "p0"});
    PlanOptions options;
    options.steward = "office";
    const std::vector<std::string> causes = {"leaver", "leave_start", "risk"};
    std::map<std::string, std::vector<StandingChange>> standing;
    options.standing_on = [&standing](const std::string& item) { return standing[item]; };
    for (int s = 0; s < 5; ++s) {
      const std::string item = "sys" + std::to_string(s) + ":p0";
      const int count = *rc::gen::inRange(0, 3);
      for (int c = 0; c < count; ++c) {
        StandingChange change;
        change.claim.item = item;
        change.claim.event_type = causes[*rc::gen::inRange<std::size_t>(0, causes.size())];
        change.claim.cause = change.claim.event_type + "/p0@hr:x";
        change.claim.subject = "p0";
        change.claim.run = "run:1";
        change.claim.step = "step:" + std::to_string(c);
        change.claim.at = at(kNow) - std::chrono::hours(24 * (c + 1));
        change.captured = *rc::gen::arbitrary<bool>();
        if (*rc::gen::arbitrary<bool>()) {
          change.claim.released_at = change.claim.at + std::chrono::hours(1);
        }
        standing[item].push_back(change);
      }
    }
    const Plan plan = build_plan(organisation.decide(), options);
    RC_ASSERT(wrong_order(plan) == "");
    for (const PlanStep& step : plan.steps) {
      if (step.verb != Verb::Restore || !step.action.empty()) {
        continue;
      }
      bool any = false;
      for (const StandingChange& change : standing[step.item]) {
        const bool ends = change.claim.event_type == "leave_start" ||
                          (rehired && change.claim.event_type == "leaver");
        RC_ASSERT(ends || change.claim.released_at.has_value());
        any = any || (ends && !change.claim.released_at);
      }
      RC_ASSERT(any);
      RC_ASSERT(step.restores_run == "run:1");
      // What revives is ended again afterwards.
      if (step.kind == "account") {
        const PlanStep* sweep = find_step(plan, step.item, Verb::Revoke, "sweep");
        RC_ASSERT(sweep != nullptr);
        RC_ASSERT(strongly_after(*sweep, step));
      }
    }
  });
}

TEST_CASE("invariant 14: a plan that takes over from another keeps the names of its steps") {
  holds("names", [] {
    Organisation organisation = random_organisation({.limits = false});
    const Plan first = plan_of(organisation);
    PlanOptions options;
    options.steward = "office";
    for (const PlanStep& step : first.steps) {
      options.known_steps.insert(step.id);
    }
    organisation.events.push_back({.type = "risk", .subject = "p3"});
    const Plan second = build_plan(organisation.decide(), options);
    RC_ASSERT(wrong_order(second) == "");
    const auto key = [](const PlanStep& step) {
      return std::tuple(step.item, step.verb, step.action, step.stage, step.generation);
    };
    // A step that another event alone asks for is another step: what was done for the first may
    // have to be done again.
    const auto share_a_cause = [](const PlanStep& a, const PlanStep& b) {
      return std::any_of(a.reasons.begin(), a.reasons.end(), [&b](const Reason& one) {
        return std::any_of(b.reasons.begin(), b.reasons.end(),
                           [&one](const Reason& other) { return other.cause == one.cause; });
      });
    };
    for (const PlanStep& before : first.steps) {
      for (const PlanStep& after : second.steps) {
        const bool same =
            !before.item.empty() && key(before) == key(after) && share_a_cause(before, after);
        RC_ASSERT(!same || before.id == after.id);
      }
    }
  });
}

TEST_CASE(
    "invariant 3: what must be kept is safe before it is released or destroyed, and held data is "
    "not") {
  holds("preserve", [] {
    const Organisation organisation = random_organisation({});
    const Plan plan = plan_of(organisation);
    for (const PlanStep& keep : plan.steps) {
      for (const PlanStep& loss : plan.steps) {
        const bool license_of = loss.item == keep.account + ":seat" && keep.kind == "data";
        if (keep.rank == Rank::Preserve && loss.rank >= Rank::Release &&
            (loss.item == keep.item || loss.item == keep.account || license_of)) {
          RC_ASSERT(comes_before(plan, keep, loss));
        }
      }
    }
    for (const Hold& hold : organisation.holds) {
      const bool data = hold.item.ends_with(":box");
      if (hold.until) {
        continue;
      }
      const std::string account = data ? hold.item.substr(0, hold.item.size() - 4) : hold.item;
      const bool exists =
          organisation.records.find("\"id\":\"" + hold.item + "\"") != std::string::npos;
      RC_ASSERT(!exists || find_step(plan, hold.item, Verb::Delete) == nullptr);
      if (exists && data) {
        RC_ASSERT(find_step(plan, account, Verb::Delete) == nullptr);
        RC_ASSERT(find_step(plan, account + ":seat", Verb::Remove) == nullptr);
      }
    }
  });
}

TEST_CASE("invariant 10: no leaver approves, receives or is escalated to") {
  holds("principals", [] {
    const Organisation organisation = random_organisation({});
    const std::set<std::string> leavers = leavers_of(organisation);
    const Plan plan = plan_of(organisation);
    for (const PlanStep& step : plan.steps) {
      RC_ASSERT(!leavers.contains(step.target));
      RC_ASSERT(step.escalate.size() == step.escalate_after.size());
      for (const Approval& approval : step.approvals) {
        RC_ASSERT(!approval.by.empty());
        RC_ASSERT(!names_any(approval.by, leavers));
      }
      for (const Alternative& way : step.alternatives) {
        for (const Approval& approval : way.approvals) {
          RC_ASSERT(!names_any(approval.by, leavers));
        }
      }
      for (const std::vector<std::string>& level : step.escalate) {
        RC_ASSERT(!names_any(level, leavers));
      }
    }
  });
}

TEST_CASE("invariant 12: every wait names its cause and its next instant") {
  holds("waits", [] {
    const Plan plan = plan_of(random_organisation({}));
    const auto steps = by_id(plan);
    for (const PlanStep& step : plan.steps) {
      RC_ASSERT(step.not_before > Instant{});
      if (step.gate) {
        RC_ASSERT(!step.gate->text.empty());
        RC_ASSERT((step.gate->kind == "hold" || step.gate->kind == "limit" ||
                   step.gate->kind == "handover" || step.gate->kind == "stage"));
        RC_ASSERT(step.gate->kind != "stage" || !step.retirement.empty());
        RC_ASSERT(step.gate->kind != "hold" || step.not_before > plan.as_of);
      }
      if (step.appointment && step.retirement.empty()) {
        RC_ASSERT(step.not_before > plan.expires_at);
      }
      RC_ASSERT(!step.reasons.empty());
    }
    for (const HeldItem& held : plan.postponed) {
      RC_ASSERT(held.until.has_value());
    }
    for (const StepNote& note : plan.infeasible) {
      RC_ASSERT(steps.contains(note.step));
    }
  });
}

TEST_CASE("invariant 14: a second plan after everything is done has nothing to do") {
  holds("nothing left", [] {
    const Organisation organisation = random_organisation({});
    const Plan plan = plan_of(organisation);
    const Applied applied = apply_plan(organisation, plan);
    const Plan second = plan_of(applied.organisation, applied.settled);
    std::string left;
    for (const PlanStep& step : second.steps) {
      left += std::string(verb_name(step.verb)) + " " + step.action + " " + step.item +
              step.holder + " " + step.reasons.front().cause + "; ";
    }
    RC_ASSERT(left == "");
  });
}

TEST_CASE("invariant: over a limit only whole subjects wait, and no more start than it allows") {
  holds("limits", [] {
    const Organisation organisation = random_organisation({});
    const Plan plan = plan_of(organisation);
    for (const LimitUse& use : plan.limits) {
      std::set<std::string> started;
      for (const PlanStep& step : plan.steps) {
        const bool counted = std::any_of(
            step.limits.begin(), step.limits.end(),
            [&](const LimitRef& ref) { return ref.name == use.name && ref.scope == use.scope; });
        const bool now = step.not_before < plan.as_of + use.window;
        const bool waits = step.gate && (step.gate->kind == "limit" || step.gate->kind == "stage");
        if (counted && now && !waits) {
          started.insert(step.holder);
        }
      }
      RC_ASSERT(static_cast<std::int64_t>(started.size()) <= use.allowed);
      RC_ASSERT(use.used <= use.allowed);
    }
  });
}

}  // namespace rescind::test
