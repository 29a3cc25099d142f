// Gathers what evaluate and plan need from connectors and store, and calls the two.
#include "workflow/plan_events.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "evaluate/evaluate.h"
#include "model/approval.h"
#include "plan/build.h"
#include "workflow/earlier_runs.h"
#include "workflow/open_case.h"
#include "workflow/people.h"

namespace rescind {
namespace {

SystemCapabilities describe(const Capabilities& from, std::string acts_as) {
  SystemCapabilities out;
  out.connector = from.connector;
  out.version = from.version;
  out.endpoint = from.endpoint;
  out.acts_as = std::move(acts_as);
  for (const VerbSupport& verb : from.verbs) {
    out.verbs.push_back({.verb = verb.verb,
                         .kind = verb.kind,
                         .effects = verb.effects,
                         .reversible = verb.reversible,
                         .undo_window = verb.undo_window});
  }
  out.enumerable = from.enumerable;
  for (const EvidenceSource& source : from.evidence) {
    out.evidence = out.evidence | source.kinds;
  }
  out.order_inside_account = from.order_inside_account;
  return out;
}

std::optional<bool> supports(const CapabilityMap& systems, std::string_view system, Verb verb,
                             Kind kind) {
  const auto found = systems.find(system);
  if (found == systems.end()) {
    return std::nullopt;
  }
  for (const SupportedVerb& entry : found->second.verbs) {
    if (entry.verb == verb && entry.kind == kind) {
      return true;
    }
  }
  return false;
}

// Usage of each limit in its rolling window, per system where the limit counts so.
Status read_limit_usage(const PlanRequest& request, const CheckedPolicy& policy,
                        const Inventory& inventory, PlanOptions& options) {
  for (const CheckedLimit& limit : policy.limits) {
    const std::string name = limit.declared.qualified();
    std::vector<std::string> scopes;
    if (!limit.per_system) {
      scopes.emplace_back();
    } else {
      for (const Symbol id : inventory.table(Entity::System).ids) {
        scopes.emplace_back(inventory.text(id));
      }
    }
    for (const std::string& scope : scopes) {
      RESCIND_ASSIGN_OR_RETURN(
          const std::int64_t used,
          request.store->limit_usage(name, scope, limit.window, request.as_of));
      options.limit_used[{name, scope}] = used;
    }
  }
  return {};
}

ItemAddress address_of(const PlanStep& step) {
  return {.item = step.item,
          .kind = find_kind(step.kind).value_or(Kind::Account),
          .system = step.system,
          .native_id = step.native_id,
          .name = step.item_name,
          .account = step.account,
          .account_native_id = step.account_native_id,
          .holder = step.holder};
}

std::vector<std::string> preview_step(ConnectorSet& connectors, const PlanStep& step) {
  Connector* connector = connectors.find(step.system);
  if (connector == nullptr || step.item.empty() || !step.action.empty()) {
    return {};
  }
  return connector->preview({.marker = step.id,
                             .verb = step.verb,
                             .item = address_of(step),
                             .target = step.target,
                             .text = step.text,
                             .captured = ""});
}

EvaluateOptions evaluate_options(const PlanRequest& request, const ConnectorsDescribed& estate) {
  EvaluateOptions options;
  options.threads = static_cast<unsigned>(request.threads);
  options.supported = [&estate](std::string_view system, Verb verb, Kind kind) {
    return supports(estate.systems, system, verb, kind);
  };
  return options;
}

ConnectorsDescribed ask(const PlanRequest& request) {
  return request.connectors == nullptr ? ConnectorsDescribed()
                                       : describe_connectors(*request.connectors, request.acts_as);
}

}  // namespace

ConnectorsDescribed describe_connectors(ConnectorSet& connectors,
                                        const std::map<std::string, std::string>& acts_as) {
  ConnectorsDescribed out;
  for (const std::string& system : connectors.systems()) {
    const Result<Capabilities> answer = connectors.capabilities(system);
    if (!answer) {
      out.notes.push_back("system `" + system +
                          "` does not answer, its steps are planned by the inventory alone: " +
                          answer.error().to_string());
      continue;
    }
    const auto own = acts_as.find(system);
    out.systems[system] = describe(*answer, own == acts_as.end() ? "" : own->second);
    out.bindings[connector_binding_key(system)] = connector_binding_value(*answer);
  }
  return out;
}

std::vector<Event> reported_events(const Plan& plan) {
  std::vector<Event> out;
  for (std::size_t i = 0; i < plan.events.size(); ++i) {
    if (is_reported(plan, i)) {
      Event event = plan.events[i];
      event.arrived = event.arrived.value_or(plan.as_of);
      out.push_back(std::move(event));
    }
  }
  return out;
}

Decisions decide_events(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                        const PlanRequest& request) {
  const ConnectorsDescribed estate = ask(request);
  return evaluate_program(policy.program, std::move(inventory), request.events, request.as_of,
                          evaluate_options(request, estate));
}

namespace {

// What only the store knows.
Status read_store(const PlanRequest& request, const CheckedPolicy& policy,
                  const Inventory& inventory, const OpenCase& open, EarlierRuns& earlier,
                  PlanOptions& options) {
  RESCIND_ASSIGN_OR_RETURN(const auto leaving, find_leaving(*request.store, *policy.schema));
  options.leaving.insert(leaving.begin(), leaving.end());
  for (const std::vector<Event>* own : {&open.events, &open.withdrawn}) {
    for (const Event& event : *own) {
      options.leaving.erase(event.subject);  // what becomes of them is decided here
    }
  }
  RESCIND_RETURN_IF_ERROR(read_limit_usage(request, policy, inventory, options));
  options.is_settled = [&earlier](const std::string& step) { return earlier.is_settled(step); };
  options.open_retirement = [&earlier](const std::string& item) {
    return earlier.open_retirement(item);
  };
  options.standing_on = [&earlier](const std::string& item) { return earlier.standing_on(item); };
  options.supersedes = open.supersedes;
  options.continued_runs.insert(open.supersedes.begin(), open.supersedes.end());
  if (!request.again.empty()) {
    options.continued_runs.insert(request.again);
  }
  options.known_steps = open.known_steps;
  if (!request.again.empty()) {
    RESCIND_ASSIGN_OR_RETURN(const auto steps, request.store->list_steps(request.again));
    for (const StepRecord& step : steps) {
      options.known_steps.insert(step.step);
    }
  }
  options.withdrawn = open.withdrawn;
  options.notes.insert(options.notes.end(), open.notes.begin(), open.notes.end());
  return {};
}

// Successors that were made since somebody left. What is made for who leaves later, before their
// last day, is not known to them either, unless they are said to know it.
class FreshSuccessors {
 public:
  FreshSuccessors(std::map<std::string, Instant> made, const Decisions& decisions)
      : made_(std::move(made)), decisions_(decisions) {}

  // When it was made, where that cause leaves it alone.
  [[nodiscard]] std::optional<Instant> made(std::uint32_t cause_index, ItemRef item) const {
    const Cause& cause = decisions_.causes[cause_index];
    const bool owner = cause.event.type == "owner_left";
    if (!item.valid() || !(owner || cause.event.type == "knower_left")) {
      return std::nullopt;
    }
    const auto found = made_.find(std::string(decisions_.inventory->id(item)));
    const Instant since = owner ? std::min(cause.effective, cause.arrived) : cause.effective;
    const bool fresh = found != made_.end() && found->second >= since;
    return fresh ? std::optional(found->second) : std::nullopt;
  }

 private:
  std::map<std::string, Instant> made_;
  const Decisions& decisions_;
};

// Without the matches on them; principals keep their match.
void drop_matches(Decisions& decisions, const FreshSuccessors& fresh) {
  std::vector<Match> kept;
  std::map<std::uint32_t, std::uint32_t> moved;
  for (std::uint32_t i = 0; i < decisions.matches.size(); ++i) {
    const Match& match = decisions.matches[i];
    if (!fresh.made(match.cause, match.item)) {
      moved[i] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(match);
    }
  }
  std::erase_if(decisions.principals,
                [&moved](const MatchPrincipals& one) { return !moved.contains(one.match); });
  for (MatchPrincipals& one : decisions.principals) {
    one.match = moved.at(one.match);
  }
  decisions.matches = std::move(kept);
}

// What took the place of something because its owner or a knower leaves is known to neither of
// them: such an event does not take it in its turn.
Status leave_successors_alone(Store& store, Decisions& decisions, PlanOptions& options) {
  if (decisions.retires.empty() && decisions.matches.empty()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(auto made, find_successors(store));
  if (made.empty()) {
    return {};
  }
  const FreshSuccessors fresh(std::move(made), decisions);
  drop_matches(decisions, fresh);
  std::erase_if(decisions.retires, [&](const RetireMatch& match) {
    const auto at = fresh.made(match.cause, match.item);
    if (at) {
      options.notes.push_back(std::string(decisions.inventory->id(match.item)) +
                              " is left alone: it was made as a successor at " +
                              format_instant(*at));
    }
    return at.has_value();
  });
  return {};
}

}  // namespace

Result<Plan> plan_events(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                         const PlanRequest& request) {
  ConnectorsDescribed estate = ask(request);
  OpenCase open;
  open.events = request.events;
  std::optional<StoredPlans> plans;
  std::optional<EarlierRuns> earlier;
  if (request.store != nullptr) {
    plans.emplace(*request.store);
    // A run that is decided again is decided on its own events.
    if (request.again.empty()) {
      RESCIND_ASSIGN_OR_RETURN(
          open, gather_case(*plans, *policy.checked->schema, request.events, request.as_of));
    }
    earlier.emplace(*plans, open.supersedes, request.again);
  }
  Decisions decisions = evaluate_program(policy.program, inventory, open.events, request.as_of,
                                         evaluate_options(request, estate));
  PlanOptions options;
  options.expiry = request.expiry;
  options.steward = request.steward;
  options.looked_at_only = request.looked_at_only;
  options.systems = std::move(estate.systems);
  options.bindings = std::move(estate.bindings);
  for (auto& [identity, keys] : declared_keys(*inventory)) {
    options.bindings[approver_binding_key(identity)] = keys;
  }
  options.notes = std::move(estate.notes);
  if (earlier) {
    RESCIND_RETURN_IF_ERROR(
        read_store(request, *policy.checked, *inventory, open, *earlier, options));
    RESCIND_RETURN_IF_ERROR(leave_successors_alone(*request.store, decisions, options));
  }
  if (request.connectors != nullptr) {
    options.preview = [&request](const PlanStep& step) {
      return preview_step(*request.connectors, step);
    };
  }
  Plan plan = build_plan(decisions, options);
  if (earlier) {
    RESCIND_RETURN_IF_ERROR(earlier->status());
  }
  return plan;
}

}  // namespace rescind
