// The plan while it is being made: orders (future steps) that refer to the inventory and to
// matches, passed from pass to pass. Internal to the plan stage.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/decision.h"
#include "model/plan.h"
#include "plan/build.h"
#include "plan/estate.h"
#include "plan/principals.h"

namespace rescind {

// Approvals that are all needed; each is a list of principals of whom any one will do. Sorted.
using ApprovalList = std::vector<std::vector<std::string>>;

// One way to start.
struct Way {
  Instant not_before{};
  ApprovalList approvals;
  friend auto operator<=>(const Way&, const Way&) = default;
};

// Where an order belongs in a retirement.
struct StageOf {
  std::uint32_t retirement = 0;  // index into Draft::staged
  std::uint32_t stage = 0;       // index into its retire's stages
  friend bool operator==(const StageOf&, const StageOf&) = default;
};

// What will become one step.
struct Order {
  ItemRef item;  // none for notify and ask
  Verb verb = Verb::Revoke;
  std::string action;  // "capture", "sweep" or ""
  std::uint32_t generation = 1;
  std::string about;  // notify, ask: id of whom or what it is about
  std::string target, text;
  std::vector<std::uint32_t> matches;  // sorted; whose reasons it carries
  std::uint32_t lead = 0;              // the first of its causes
  EffectSet effects;
  std::vector<ItemRef> consequences;
  Rank rank = Rank::Prepare;
  // INVARIANT: never empty; the first is the one to rely on (it needs no approval when any way does
  // not).
  std::vector<Way> ways;
  std::optional<Instant> deadline;
  bool overdue = false;
  Seconds soak{0};
  bool implied = false;
  bool appointment = false;
  bool needs_handover = false;  // O9
  std::optional<Gate> gate;
  std::vector<LimitRef> limits;
  Outcome outcome = Outcome::Scheduled;
  std::string because;  // of steps that no rule asks for
  std::optional<StageOf> staged;
  std::string restores_run,
      restores_step;            // of `restore`: before which step the state was captured
  bool even_if_staged = false;  // a rule says so: no successor is waited for
  std::set<std::uint32_t>
      roots{};  // reported causes that it may have been named by, besides its lead's
  std::vector<std::uint32_t> weak, strong;  // predecessors: indexes into Draft::orders

  [[nodiscard]] Instant start() const { return ways.front().not_before; }

  // Starts by itself: no approval, no gate.
  [[nodiscard]] bool unconditional() const { return ways.front().approvals.empty() && !gate; }

  [[nodiscard]] bool has(Effect effect) const { return worst_effect(effects) == effect; }
};

// An item on its way out, stage by stage.
struct StagedItem {
  ItemRef item;
  std::uint32_t retire = 0;            // index into CheckedPolicy::retires
  std::vector<std::uint32_t> matches;  // indexes into Decisions::retires, by cause
  std::uint32_t start = 0;             // the stage that it begins with
  bool under_way = false;              // this very retirement, in a run that goes on
  PlannedRetirement planned;
};

struct Draft {
  Draft(const Decisions& d, const PlanOptions& o);

  const Decisions& decisions;
  const CheckedPolicy& policy;
  const PlanOptions& options;
  Estate estate;
  Principals principals;
  std::vector<Order> orders;
  std::vector<StagedItem> staged;                                   // by item id
  std::unordered_map<std::uint32_t, std::uint32_t> staged_by_item;  // cell → index

  // Items that are contained now because what becomes of them cannot be decided.
  struct Meanwhile {
    ItemRef item;
    std::uint32_t cause = 0;
    std::string because;
  };

  std::vector<Meanwhile> contain_meanwhile;
  std::vector<Order> settled;  // taken out of the plan: earlier runs did them, or will
  std::set<std::uint32_t>
      blocked_items;  // cells: not to be released or destroyed until a person decides
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> causes_on;  // item cell → causes
  Plan plan;

  // Orders on each item, by cell. Kept by add(); whoever takes orders out calls reindex().
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> orders_by_item;
  void add(Order order);
  void reindex();
  // Indexes into `orders`; notify and ask are on no item.
  [[nodiscard]] std::span<const std::uint32_t> orders_on(ItemRef item) const;

  [[nodiscard]] const Match& match(std::uint32_t index) const { return decisions.matches[index]; }

  [[nodiscard]] const Cause& cause_of(std::uint32_t match_index) const {
    return decisions.causes[match(match_index).cause];
  }

  [[nodiscard]] const CheckedClause& clause_of(std::uint32_t match_index) const {
    return policy.clauses[match(match_index).clause.index()];
  }

  [[nodiscard]] const MatchPrincipals* principals_of(std::uint32_t match_index) const;

  [[nodiscard]] Instant arrived(const Cause& cause) const {
    return std::min(cause.arrived, decisions.as_of);
  }

  [[nodiscard]] EventClass class_of(const Cause& cause) const;
  [[nodiscard]] bool leaver_type(const Cause& cause) const;

  [[nodiscard]] std::string item_text(ItemRef item) const { return std::string(estate.id(item)); }

  // The causes in whose case the match is: all that concern its item. Nobody decides in their own
  // case, not even when another cause reaches the same item.
  [[nodiscard]] std::span<const std::uint32_t> case_of(std::uint32_t match_index) const;
  [[nodiscard]] std::vector<std::string> resolve(const ResolvedPrincipals* chain,
                                                 std::uint32_t match_index) const;

  [[nodiscard]] std::vector<std::string> resolve(const ResolvedPrincipals& chain,
                                                 ItemRef item) const;

  [[nodiscard]] bool is_settled(const std::string& step) const {
    return options.is_settled && options.is_settled(step);
  }

  // What stands on the item from earlier runs.
  [[nodiscard]] std::vector<StandingChange> standing_on(ItemRef item) const {
    return options.standing_on ? options.standing_on(item_text(item))
                               : std::vector<StandingChange>();
  }

  // "" outside retirements.
  [[nodiscard]] std::string_view stage_name(const Order& order) const;
  // Whether this cause has put the item under a retirement.
  [[nodiscard]] bool under_retirement(ItemRef item, std::uint32_t cause) const;
  // Merging rule 7: whether somebody behind the cause holds, knows or can read the item.
  [[nodiscard]] bool usable_by_subject(ItemRef item, std::uint32_t cause) const;

  Reason reason_of(std::uint32_t match_index) const;
  // Of a retirement, or of one of its stages.
  Reason reason_of(const RetireMatch& match, const CheckedStage* stage) const;
  std::vector<Reason> reasons_of(const std::vector<std::uint32_t>& matches) const;
  // Of its clauses, or of the stage that it belongs to.
  std::vector<Reason> reasons_of(const Order& order) const;
  void decide(ItemRef item, Verb verb, Outcome outcome, const std::vector<std::uint32_t>& matches);
  void decide(const Order& order, Outcome outcome);
  void need_person(const std::string& item, std::string why, std::string who = {});
};

// The passes, in order. Each may rely on what those before it did.
void retire_items(Draft& draft);           // retire.cc: items under a retire, and their steps
void merge_matches(Draft& draft);          // merge.cc: orders from matches (merging rules 1-4, 11)
void imply_containment(Draft& draft);      // imply.cc: rule 5 and what a system cannot do
void start_destruction(Draft& draft);      // destroy.cc: rule 3, once containment is known
void restore_items(Draft& draft);          // restore.cc: what an absence that ended gives back
void apply_holds(Draft& draft);            // hold.cc
void add_engine_steps(Draft& draft);       // engine_steps.cc: captures, sweeps, repeated disables
void apply_limits(Draft& draft);           // limit.cc
void link_orders(Draft& draft);            // order.cc: laws O1-O12 as edges
void write_steps(Draft& draft);            // write_steps.cc: orders → steps in execution order
void find_infeasible(Draft& draft);        // summarize.cc
void find_kept_memberships(Draft& draft);  // memberships.cc
void claim_closure(Draft& draft);          // claim.cc: residual access after the plan
void summarize(Draft& draft);              // summarize.cc

// Rule 2 of merging: the earliest start that can be had, the earliest deadline. False: nobody is
// there to approve.
bool merge_urgent(Draft& draft, Order& order);
// An order with its effects there, what goes with it, and its rank. No ways yet.
Order make_order(const Draft& draft, ItemRef item, Verb verb);
// The verb itself, or the next best that contains and that the system can do; nothing: it cannot.
std::optional<Verb> containing_substitute(const Draft& draft, ItemRef item, Verb ordered);
// The item is already as the verb would leave it.
bool already_so(const Draft& draft, ItemRef item, Verb verb);
// The stage of the order asks for what has no step, and why.
void lack(Draft& draft, const Order& order, const std::string& why);
// Contains the item now, `implied`; what nothing can contain needs a person.
void contain_now(Draft& draft, ItemRef item, std::uint32_t cause, std::string because);

// Keeps the ways that no other one is at least as good as, the one to rely on first.
void prune_ways(std::vector<Way>& ways);
// The order of that item that contains it and starts by itself, the earliest; none: nullptr.
const Order* containing_order(const Draft& draft, ItemRef item);

}  // namespace rescind
