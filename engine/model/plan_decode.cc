// JSON → plan. Names the first field that is not as the format says, and tells a truncated file,
// another version and an edited plan apart, because each asks for another remedy.
#include <limits>

#include <nlohmann/json.hpp>

#include "model/plan.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

// A place in the document. The first thing found wrong is kept; after it, reads give defaults. The
// path is only spelt out for the message. INVARIANT: parents outlive their children (all on the
// stack).
class Field {
 public:
  Field(const Json& value, std::string& problem) : value_(&value), problem_(&problem) {}

  [[nodiscard]] Field member(const char* key) const {
    Field child(*this, key, 0);
    if (!value_->is_object()) {
      wrong("an object");
      return child;
    }
    const auto found = value_->find(key);
    if (found == value_->end()) {
      child.report("is missing");
      return child;
    }
    child.value_ = &*found;
    return child;
  }

  [[nodiscard]] bool has(const char* key) const {
    return value_->is_object() && value_->contains(key);
  }

  [[nodiscard]] bool is_null() const { return value_->is_null(); }

  template <typename Read>
  void each(Read read) const {
    if (!value_->is_array()) {
      wrong("an array");
      return;
    }
    std::size_t index = 0;
    for (const Json& element : *value_) {
      Field child(*this, nullptr, index++);
      child.value_ = &element;
      read(child);
    }
  }

  template <typename Read>
  void each_member(Read read) const {
    if (!value_->is_object()) {
      wrong("an object");
      return;
    }
    for (auto it = value_->begin(); it != value_->end(); ++it) {
      const std::string key = it.key();
      Field child(*this, key.c_str(), 0);
      child.value_ = &*it;
      read(key, child);
    }
  }

  [[nodiscard]] std::string text() const {
    if (const auto* string = value_->get_ptr<const std::string*>()) {
      return *string;
    }
    wrong("a string");
    return {};
  }

  [[nodiscard]] bool boolean() const {
    if (const auto* value = value_->get_ptr<const bool*>()) {
      return *value;
    }
    wrong("true or false");
    return false;
  }

  [[nodiscard]] std::int64_t integer() const {
    if (value_->is_number_integer() &&
        (!value_->is_number_unsigned() ||
         value_->get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
      return value_->get<std::int64_t>();
    }
    wrong("an integer");
    return 0;
  }

  [[nodiscard]] std::uint64_t unsigned_integer() const {
    const std::int64_t value = integer();
    if (value < 0) {
      wrong("an integer of at least 0");
      return 0;
    }
    return static_cast<std::uint64_t>(value);
  }

  [[nodiscard]] std::uint32_t small() const {
    const std::uint64_t value = unsigned_integer();
    if (value > std::numeric_limits<std::uint32_t>::max()) {
      wrong("an integer below 2^32");
      return 0;
    }
    return static_cast<std::uint32_t>(value);
  }

  [[nodiscard]] Instant instant() const {
    const auto* string = value_->get_ptr<const std::string*>();
    const std::optional<Instant> parsed = string != nullptr ? parse_instant(*string) : std::nullopt;
    if (!parsed) {
      wrong("an RFC 3339 instant");
      return {};
    }
    return *parsed;
  }

  [[nodiscard]] std::optional<Instant> optional_instant() const {
    return is_null() ? std::nullopt : std::optional(instant());
  }

  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> out;
    each([&](const Field& element) { out.push_back(element.text()); });
    return out;
  }

  // A word that `find` knows.
  template <typename Find>
  [[nodiscard]] auto word(Find find, const char* what) const {
    const auto* string = value_->get_ptr<const std::string*>();
    auto found = string != nullptr ? find(*string) : decltype(find(std::string())){};
    if (!found) {
      wrong(what);
      return typename decltype(found)::value_type{};
    }
    return *found;
  }

  [[nodiscard]] Seconds duration() const {
    return word([](const std::string& text) { return parse_duration(text); }, "a duration");
  }

  [[nodiscard]] const Json& json() const { return *value_; }

  void wrong(const char* expected) const { report(std::string("is not ") + expected); }

 private:
  Field(const Field& parent, const char* key, std::size_t index)
      : value_(&null()), parent_(&parent), key_(key), index_(index), problem_(parent.problem_) {}

  void report(const std::string& what) const {
    if (problem_->empty()) {
      *problem_ = "field `" + path() + "` " + what;
    }
  }

  [[nodiscard]] std::string path() const {
    if (parent_ == nullptr) {
      return {};
    }
    const std::string before = parent_->path();
    if (key_ == nullptr) {
      return before + "[" + std::to_string(index_) + "]";
    }
    return before.empty() ? key_ : before + "." + key_;
  }

  static const Json& null() {
    static const Json value;
    return value;
  }

  const Json* value_;
  const Field* parent_ = nullptr;
  const char* key_ = nullptr;
  std::size_t index_ = 0;
  std::string* problem_;
};

AttributeValue read_attribute(const Field& field) {
  if (field.json().is_boolean()) {
    return field.boolean();
  }
  if (field.json().is_number()) {
    return field.integer();
  }
  if (field.json().is_array()) {
    return field.texts();
  }
  return field.text();
}

AttributeMap read_attributes(const Field& field) {
  AttributeMap out;
  field.each_member(
      [&](const std::string& key, const Field& value) { out[key] = read_attribute(value); });
  return out;
}

Event read_event(const Field& field) {
  Event event;
  event.type = field.member("type").text();
  event.subject = field.member("subject").text();
  event.at = field.member("at").instant();
  if (field.has("at_date")) {
    event.at_date = field.member("at_date").word(
        [](const std::string& text) { return parse_date(text); }, "a date");
  }
  if (field.has("zone_assumed")) {
    event.zone_assumed = field.member("zone_assumed").boolean();
  }
  event.arrived = field.member("arrived").optional_instant();
  event.id = field.member("id").text();
  event.source = field.member("source").text();
  event.submitted_by = field.member("submitted_by").text();
  event.revision = field.member("revision").small();
  event.withdrawn = field.member("withdrawn").boolean();
  event.attributes = read_attributes(field.member("attributes"));
  if (field.has("before")) {
    event.before = read_attributes(field.member("before"));
  }
  if (field.has("after")) {
    event.after = read_attributes(field.member("after"));
  }
  return event;
}

Reason read_reason(const Field& field) {
  Reason reason;
  reason.rule = field.member("rule").text();
  reason.clause = field.member("clause").text();
  reason.file = field.member("file").text();
  reason.line = field.member("line").small();
  reason.because = field.member("because").text();
  reason.controls = field.member("controls").texts();
  reason.cause = field.member("cause").text();
  return reason;
}

template <typename Read>
auto read_list(const Field& field, Read read) {
  std::vector<decltype(read(field))> out;
  field.each([&](const Field& element) { out.push_back(read(element)); });
  return out;
}

Approval read_approval(const Field& field) {
  Approval approval;
  approval.by = field.member("by").texts();
  approval.state = field.member("state").word(
      [](const std::string& text) -> std::optional<ApprovalState> {
        if (text == "given")
          return ApprovalState::Given;
        if (text == "needed")
          return ApprovalState::Needed;
        return std::nullopt;
      },
      "`needed` or `given`");
  approval.given_by = field.member("given_by").text();
  return approval;
}

Described read_described(const Field& field) {
  return {.kind = field.member("kind").text(), .text = field.member("text").text()};
}

EffectSet read_effects(const Field& field) {
  EffectSet effects;
  field.each([&](const Field& element) {
    const Effect effect = element.word(
        [](const std::string& text) -> std::optional<Effect> {
          for (const Effect candidate : {Effect::Contains, Effect::Strips, Effect::Preserves,
                                         Effect::Releases, Effect::Destroys}) {
            if (effect_name(candidate) == text)
              return candidate;
          }
          return std::nullopt;
        },
        "an effect");
    effects = effects | effect;
  });
  return effects;
}

Reversible read_reversible(const Field& field) {
  return field.word(
      [](const std::string& text) -> std::optional<Reversible> {
        for (const Reversible value : {Reversible::Yes, Reversible::Window, Reversible::Never}) {
          if (reversible_name(value) == text)
            return value;
        }
        return std::nullopt;
      },
      "`yes`, `window` or `never`");
}

PlanDecision read_decision(const Field& field) {
  PlanDecision decision;
  decision.item = field.member("item").text();
  decision.kind = field.member("kind").text();
  decision.system = field.member("system").text();
  decision.holder = field.member("holder").text();
  decision.verb = field.member("verb").text();
  decision.outcome = field.member("outcome").word(
      [](const std::string& text) { return find_outcome(text); }, "an outcome");
  decision.reasons = read_list(field.member("reasons"), read_reason);
  return decision;
}

void read_step_address(const Field& field, PlanStep& step) {
  step.id = field.member("id").text();
  step.verb =
      field.member("verb").word([](const std::string& text) { return find_verb(text); }, "a verb");
  step.action = field.member("action").text();
  step.item = field.member("item").text();
  step.kind = field.member("kind").text();
  step.system = field.member("system").text();
  step.holder = field.member("holder").text();
  step.account = field.member("account").text();
  step.native_id = field.member("native_id").text();
  step.account_native_id = field.member("account_native_id").text();
  step.item_name = field.member("item_name").text();
  step.target = field.member("target").text();
  step.text = field.member("text").text();
}

PlanStep read_step(const Field& field) {
  PlanStep step;
  read_step_address(field, step);
  step.rank =
      field.member("rank").word([](const std::string& text) { return find_rank(text); }, "a rank");
  step.after = field.member("after").texts();
  step.strong_after = field.member("strong_after").texts();
  step.not_before = field.member("not_before").instant();
  step.deadline = field.member("deadline").optional_instant();
  step.overdue_at_arrival = field.member("overdue_at_arrival").boolean();
  step.approvals = read_list(field.member("approvals"), read_approval);
  step.alternatives = read_list(field.member("alternatives"), [](const Field& alternative) {
    return Alternative{.not_before = alternative.member("not_before").instant(),
                       .approvals = read_list(alternative.member("approvals"), read_approval)};
  });
  step.soak = field.member("soak").duration();
  if (const Field gate = field.member("gate"); !gate.is_null()) {
    step.gate = Gate{.kind = gate.member("kind").text(), .text = gate.member("text").text()};
  }
  if (field.has("dependents")) {
    step.dependents = field.member("dependents").texts();
  }
  step.limits = read_list(field.member("limits"), [](const Field& limit) {
    return LimitRef{.name = limit.member("name").text(), .scope = limit.member("scope").text()};
  });
  step.stage = field.member("stage").text();
  if (field.has("retirement")) {
    step.retirement = field.member("retirement").text();
  }
  step.generation = field.member("generation").small();
  if (field.has("restores")) {
    const Field restores = field.member("restores");
    step.restores_run = restores.member("run").text();
    step.restores_step = restores.member("step").text();
  }
  step.implied = field.member("implied").boolean();
  step.appointment = field.member("appointment").boolean();
  step.effects = read_effects(field.member("effects"));
  step.reversible = read_reversible(field.member("reversible"));
  step.undo = read_described(field.member("undo"));
  step.reasons = read_list(field.member("reasons"), read_reason);
  step.escalate =
      read_list(field.member("escalate"), [](const Field& level) { return level.texts(); });
  step.escalate_after = read_list(field.member("escalate_after"),
                                  [](const Field& after) { return after.duration(); });
  step.preview = field.member("preview").texts();
  step.probe = read_described(field.member("probe"));
  field.member("facts").each_member(
      [&](const std::string& key, const Field& value) { step.facts[key] = value.text(); });
  return step;
}

std::optional<Seconds> read_optional_duration(const Field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.duration());
}

PlannedStage read_stage(const Field& field) {
  PlannedStage stage;
  stage.name = field.member("name").text();
  stage.gate = field.member("gate").text();
  stage.within = read_optional_duration(field.member("within"));
  stage.soak = read_optional_duration(field.member("soak"));
  stage.on_use_return_to = field.member("on_use_return_to").text();
  stage.approvals = read_list(field.member("approvals"), read_approval);
  stage.otherwise = field.member("otherwise").texts();
  stage.missing = field.member("missing").texts();
  return stage;
}

PlannedRetirement read_retirement(const Field& field) {
  PlannedRetirement retirement;
  retirement.id = field.member("id").text();
  retirement.item = field.member("item").text();
  retirement.kind = field.member("kind").text();
  retirement.system = field.member("system").text();
  retirement.holder = field.member("holder").text();
  retirement.retire = field.member("retire").text();
  retirement.cause = field.member("cause").text();
  retirement.start = field.member("start").text();
  field.member("enter_by").each_member([&](const std::string& stage, const Field& by) {
    retirement.enter_by[stage] = by.instant();
  });
  retirement.stages = read_list(field.member("stages"), read_stage);
  retirement.escalate =
      read_list(field.member("escalate"), [](const Field& level) { return level.texts(); });
  retirement.escalate_after = read_list(field.member("escalate_after"),
                                        [](const Field& after) { return after.duration(); });
  retirement.reasons = read_list(field.member("reasons"), read_reason);
  retirement.joins = field.member("joins").text();
  return retirement;
}

HeldItem read_held(const Field& field) {
  return {.item = field.member("item").text(),
          .verb = field.member("verb").text(),
          .hold = field.member("hold").text(),
          .ordered_by = field.member("ordered_by").text(),
          .until = field.member("until").optional_instant(),
          .because = field.member("because").text()};
}

ItemNote read_item_note(const Field& field) {
  return {.item = field.member("item").text(), .why = field.member("why").text()};
}

StepNote read_step_note(const Field& field) {
  return {.step = field.member("step").text(), .why = field.member("why").text()};
}

PersonNote read_person_note(const Field& field) {
  return {.item = field.member("item").text(),
          .why = field.member("why").text(),
          .who = field.member("who").text()};
}

LimitUse read_limit(const Field& field) {
  return {.name = field.member("name").text(),
          .used = field.member("used").integer(),
          .allowed = field.member("allowed").integer(),
          .tripped = field.member("tripped").boolean(),
          .scope = field.member("scope").text(),
          .window = field.member("window").duration(),
          .ask = field.member("ask").text()};
}

ResidualPath read_path(const Field& field) {
  ResidualPath path;
  path.path = field.member("path").texts();
  path.state = field.member("state").word(
      [](const std::string& text) -> std::optional<PathState> {
        if (text == "open")
          return PathState::Open;
        if (text == "unknown")
          return PathState::Unknown;
        return std::nullopt;
      },
      "`open` or `unknown`");
  path.why = field.member("why").text();
  path.until = field.member("until").optional_instant();
  return path;
}

void read_summary(const Field& field, Plan::Summary& summary) {
  summary.steps = field.member("steps").unsigned_integer();
  field.member("by_verb").each_member([&](const std::string& key, const Field& value) {
    summary.by_verb[key] = value.unsigned_integer();
  });
  field.member("by_system").each_member([&](const std::string& key, const Field& value) {
    summary.by_system[key] = value.unsigned_integer();
  });
  summary.containment_complete_at = field.member("containment_complete_at").optional_instant();
  summary.last_path_closes_at = field.member("last_path_closes_at").optional_instant();
  summary.point_of_no_return_at = field.member("point_of_no_return_at").optional_instant();
}

void read_inputs(const Field& root, Plan& plan) {
  plan.digest = root.member("digest").text();
  plan.seal = root.has("seal") ? root.member("seal").text() : std::string();
  plan.engine = root.member("engine").text();
  const Field policy = root.member("policy");
  plan.policy = {.digest = policy.member("digest").text(),
                 .revision = policy.member("revision").text()};
  const Field inventory = root.member("inventory");
  plan.inventory.digest = inventory.member("digest").text();
  plan.inventory.records = inventory.member("records").unsigned_integer();
  plan.inventory.rejected = read_list(inventory.member("rejected"),
                                      [](const Field& field) -> Plan::InventoryRef::Rejected {
                                        return {.file = field.member("file").text(),
                                                .line = field.member("line").small(),
                                                .why = field.member("why").text()};
                                      });
  root.member("events").each([&](const Field& field) {
    plan.events.push_back(read_event(field));
    plan.event_lineages.push_back(field.member("lineage").text());
  });
  plan.as_of = root.member("as_of").instant();
  plan.expires_at = root.member("expires_at").instant();
  plan.looked_at_only = root.member("looked_at_only").boolean();
  root.member("bindings").each_member([&](const std::string& key, const Field& value) {
    plan.bindings[key] = value.text();
  });
}

Plan read_plan(const Field& root) {
  Plan plan;
  plan.format_version = root.member("format_version").text();
  read_inputs(root, plan);
  read_summary(root.member("summary"), plan.summary);
  plan.decisions = read_list(root.member("decisions"), read_decision);
  plan.steps = read_list(root.member("steps"), read_step);
  if (root.has("retirements")) {
    plan.retirements = read_list(root.member("retirements"), read_retirement);
  }
  if (root.has("supersedes")) {
    plan.supersedes = root.member("supersedes").texts();
  }
  if (root.has("undoes")) {
    plan.undoes = root.member("undoes").text();
  }
  if (root.has("releases")) {
    plan.releases = read_list(root.member("releases"), [](const Field& release) -> ClaimRelease {
      return {.item = release.member("item").text(), .cause = release.member("cause").text()};
    });
  }
  plan.postponed = read_list(root.member("postponed"), read_held);
  plan.protected_items = read_list(root.member("protected"), read_held);
  plan.uncovered = read_list(root.member("uncovered"), read_item_note);
  plan.undetermined = read_list(root.member("undetermined"), read_item_note);
  plan.infeasible = read_list(root.member("infeasible"), read_step_note);
  plan.needs_person = read_list(root.member("needs_person"), read_person_note);
  plan.limits = read_list(root.member("limits"), read_limit);
  plan.residual_access = read_list(root.member("residual_access"), read_path);
  plan.notes = root.member("notes").texts();
  plan.complete = root.member("complete").boolean();
  return plan;
}

tl::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorKind::Corrupt, std::move(message));
}

Result<Json> parse_document(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // Past the last character: everything read so far was right, so the end is what is missing.
    if (error.byte > text.size()) {
      return corrupt("R0702: the plan file is truncated: it ends after " +
                     std::to_string(text.size()) + " bytes in the middle of a value");
    }
    return corrupt("R0701: not a plan file: not JSON at byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    return corrupt("R0701: not a plan file: a number in it cannot be read");
  }
}

}  // namespace

Result<Plan> decode_plan(std::string_view json, bool verify_digest) {
  RESCIND_ASSIGN_OR_RETURN(const Json document, parse_document(json));
  if (!document.is_object() || !document.contains("format_version") ||
      !document["format_version"].is_string()) {
    return corrupt("R0701: not a plan file: no `format_version` in it");
  }
  const auto& version = document["format_version"].get_ref<const std::string&>();
  if (version != kPlanFormatVersion) {
    return fail(ErrorKind::Unsupported, "R0703: plan format version `" + version +
                                            "` is not one that this program reads; it reads `" +
                                            std::string(kPlanFormatVersion) + "`");
  }
  std::string problem;
  Plan plan = read_plan(Field(document, problem));
  if (!problem.empty()) {
    return corrupt("R0704: the plan file is damaged: " + problem);
  }
  if (verify_digest && compute_plan_digest(plan) != plan.digest) {
    return corrupt(
        "R0705: the plan was edited after it was made: its content does not match its digest `" +
        plan.digest + "`");
  }
  return plan;
}

}  // namespace rescind
