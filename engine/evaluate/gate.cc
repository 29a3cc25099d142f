// Judges a gate's condition for one item, and finds the part of it that keeps the item waiting.
#include "evaluate/gate.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "evaluate/causes.h"
#include "evaluate/evaluator.h"
#include "evaluate/interpreter.h"
#include "evaluate/justify.h"

namespace rescind {
namespace {

GateAnswer answer_of(Tri tri) {
  switch (tri) {
  case Tri::True:
    return GateAnswer::Met;
  case Tri::False:
    return GateAnswer::Unmet;
  case Tri::Unknown:
    break;
  }
  return GateAnswer::Unknown;
}

GateJudgement unknown(std::string why) {
  return {.answer = GateAnswer::Unknown, .why = std::move(why), .next = {}};
}

// The conditions of a gate that do not hold, in words.
class Explainer {
 public:
  Explainer(Interpreter& interpreter, ItemRef item, const std::string& gate_text)
      : interpreter_(interpreter),
        bound_(interpreter.bound()),
        program_(bound_.program()),
        item_(item),
        gate_text_(gate_text) {}

  void explain(NodeId id) {
    const Tri tri = interpreter_.test_item(id, item_);
    if (tri == Tri::True) {
      return;
    }
    const Node& node = program_.node(id);
    const auto children = program_.children_of(node);
    if (node.op == ExprOp::And) {
      // What is known not to hold says more than what is not known.
      for (const NodeId child : children) {
        if (interpreter_.test_item(child, item_) == tri) {
          explain(child);
        }
      }
      return;
    }
    if (node.op == ExprOp::Or) {
      for (const NodeId child : children) {
        explain(child);
      }
      return;
    }
    explain_leaf(node, children, tri);
  }

  [[nodiscard]] std::string words() {
    std::sort(words_.begin(), words_.end());
    words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
    return join(words_, "; ");
  }

  [[nodiscard]] std::optional<Instant> next() const { return next_; }

 private:
  void explain_leaf(const Node& node, std::span<const NodeId> children, Tri tri) {
    if (node.op == ExprOp::IdleFor) {
      explain_idle(children);
    } else if (node.op == ExprOp::DeliveredTo) {
      explain_delivery(interpreter_.evaluate(children[0], item_),
                       {interpreter_.evaluate(children[1], item_)});
    } else if (node.op == ExprOp::All && program_.node(children[1]).op == ExprOp::DeliveredTo) {
      explain_deliveries(children);
    } else if (node.op == ExprOp::Known && program_.node(children[0]).op == ExprOp::Attribute) {
      const Node& attribute = program_.node(children[0]);
      words_.push_back("`" + program_.attributes[attribute.index].name + "` is not recorded");
    } else {
      words_.push_back((tri == Tri::Unknown ? "it cannot be told whether this holds: "
                                            : "this does not hold yet: ") +
                       gate_text_);
    }
  }

  void explain_idle(std::span<const NodeId> children) {
    const Value item = interpreter_.evaluate(children[0], item_);
    const Value duration = interpreter_.evaluate(children[1], item_);
    const IdleEvidence evidence = interpreter_.idle_evidence(item, duration);
    const Seconds window(duration.known() ? duration.number : 0);
    const std::string head = "idle for " + format_duration(window) + ": ";
    const auto later = [&] {
      if (evidence.at != kMissingInt) {
        const Instant then = Instant(Seconds(evidence.at)) + window;
        next_ = std::min(next_.value_or(then), then);
      }
    };
    using Why = IdleEvidence::Why;
    switch (evidence.why) {
    case Why::Idle:
      return;
    case Why::Used: {
      const Seconds ago(bound_.now() - evidence.at);
      std::string words = head + "last used " + format_duration(ago) + " ago";
      words += evidence.by != 0 ? " by " + std::string(bound_.text(evidence.by)) : "";
      words_.push_back(words);
      later();
      return;
    }
    case Why::NotOlder:
      words_.push_back(head + "unknown: " +
                       (evidence.at == kMissingInt
                            ? std::string("it is not recorded when it was made")
                            : "it was made only at " + instant_text(evidence.at)));
      later();
      return;
    case Why::NotKnownLong:
      words_.push_back(head +
                       "unknown: it is not recorded when it was made, and it is known only since " +
                       instant_text(evidence.at));
      later();
      return;
    case Why::NoSource:
      words_.push_back(head + "unknown: nothing reports the use of " + kind_and_system(item));
      return;
    case Why::BeginsLate:
      words_.push_back(head + "unknown: " + source_text(evidence) + " covers only since " +
                       instant_text(evidence.at));
      later();
      return;
    case Why::Stale:
      words_.push_back(head + "unknown: " + source_text(evidence) + " covers only until " +
                       instant_text(evidence.at));
      return;
    case Why::Unknown:
      words_.push_back(head + "unknown: what it asks about is missing or broken");
      return;
    }
  }

  static std::string instant_text(std::int64_t at) { return format_instant(Instant(Seconds(at))); }

  [[nodiscard]] std::string source_text(const IdleEvidence& evidence) const {
    const std::string_view name =
        evidence.source == 0 ? std::string_view() : bound_.text(evidence.source);
    return name.empty() ? "the source of its use" : std::string(name);
  }

  [[nodiscard]] std::string kind_and_system(const Value& item) const {
    const ItemRef ref{item.word()};
    const SystemRef system = bound_.inventory().system(ref);
    return std::string(kind_name(ref.kind())) + " on " +
           (system.valid() ? std::string(bound_.inventory().id(system)) : "its system");
  }

  void explain_deliveries(std::span<const NodeId> children) {
    const Value set = interpreter_.evaluate(children[0], item_);
    const auto parts = program_.children_of(program_.node(children[1]));
    if (!set.known()) {
      words_.emplace_back("who has to receive it is not known");
      return;
    }
    const Type& type = program_.node(children[0]).type;
    std::vector<Value> receivers;
    for (std::size_t i = 0; i < set.count; ++i) {
      receivers.push_back(interpreter_.element(set, i, type));
    }
    explain_delivery(interpreter_.evaluate(parts[0], item_), receivers);
  }

  void explain_delivery(const Value& what, const std::vector<Value>& receivers) {
    if (what.state == ValueState::Missing) {
      words_.emplace_back("there is no successor yet");
      return;
    }
    std::vector<std::string> waiting;
    for (const Value& receiver : receivers) {
      if (interpreter_.delivered_to(what, receiver) != Tri::True) {
        waiting.push_back(receiver.known()
                              ? std::string(bound_.text(bound_.symbol_of(receiver)))
                              : std::string("somebody whom the inventory does not have"));
      }
    }
    words_.push_back("waits for delivery to " + join(waiting, ", "));
  }

  Interpreter& interpreter_;
  const Bound& bound_;
  const Program& program_;
  ItemRef item_;
  const std::string& gate_text_;
  std::vector<std::string> words_;
  std::optional<Instant> next_;
};

}  // namespace

struct GateJudge::State {
  State(std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
        EvaluatorOptions options)
      : evaluator(std::move(program), std::move(inventory), std::move(options)),
        interpreter(evaluator.bound()),
        justifier(evaluator.bound()) {
    interpreter.set_justifier(&justifier);
  }

  GateJudgement judge(const GateQuestion& question, NodeId gate, const std::string& gate_text);

  // Symbols of the leavers that the inventory knows; others cannot be named by its records.
  [[nodiscard]] std::vector<std::uint32_t> symbols(const std::set<std::string>& names) const {
    std::vector<std::uint32_t> out;
    for (const std::string& name : names) {
      if (const auto symbol = evaluator.bound().inventory().symbols.find(name)) {
        out.push_back(raw(*symbol));
      }
    }
    return out;
  }

  Evaluator evaluator;
  Interpreter interpreter;
  RoleJustifier justifier;
};

GateJudge::GateJudge(
    std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory, Instant now,
    std::function<std::optional<bool>(std::string_view system, Verb verb, Kind kind)> supported)
    : state_(std::make_unique<State>(std::move(program), std::move(inventory),
                                     EvaluatorOptions{now, std::move(supported)})) {}

GateJudge::~GateJudge() = default;

GateJudgement GateJudge::judge(const GateQuestion& question) {
  const CheckedPolicy& policy = state_->evaluator.bound().policy();
  const auto retire = std::find_if(
      policy.retires.begin(), policy.retires.end(),
      [&](const CheckedRetire& one) { return one.declared.qualified() == question.retire; });
  if (retire == policy.retires.end()) {
    return unknown("the policy has no `retire " + question.retire + "` any more");
  }
  const auto stage =
      std::find_if(retire->stages.begin(), retire->stages.end(),
                   [&](const CheckedStage& one) { return one.name == question.stage; });
  if (stage == retire->stages.end()) {
    return unknown("`" + question.retire + "` has no stage `" + question.stage + "` any more");
  }
  const CompiledRetire& compiled =
      state_->evaluator.bound()
          .program()
          .retires[static_cast<std::size_t>(retire - policy.retires.begin())];
  const NodeId gate =
      compiled.stages[static_cast<std::size_t>(stage - retire->stages.begin())].gate;
  if (!gate.valid()) {
    return {.answer = GateAnswer::Met, .why = {}, .next = {}};
  }
  return state_->judge(question, gate, stage->gate_text);
}

GateJudgement GateJudge::State::judge(const GateQuestion& question, NodeId gate,
                                      const std::string& gate_text) {
  const Bound& bound = evaluator.bound();
  const ItemRef item = bound.inventory().find_item(question.item);
  if (!item.valid() || bound.undetermined(entity_of(item.kind()), item.row())) {
    return unknown(item.valid() ? "what is recorded of the item contradicts itself"
                                : "the inventory does not have the item");
  }
  const Schema& schema = *bound.policy().schema;
  const auto type = schema.find_event(question.cause.type);
  if (!type) {
    return unknown("event type `" + question.cause.type + "` is not declared any more");
  }
  Cause cause;
  cause.event = question.cause;
  cause.type = static_cast<std::uint32_t>(*type);
  cause.effective = question.cause.at;
  cause.arrived = question.cause.arrived.value_or(question.cause.at);
  resolve_target(bound.inventory(), schema, cause, question.cause.subject);
  const auto bound_cause = evaluator.bind(cause);
  interpreter.begin(*bound_cause);
  justifier.begin(*bound_cause);
  interpreter.discount_use_by(symbols(question.leavers));
  interpreter.know_item_since(item, question.known_since);
  const GateAnswer answer = answer_of(interpreter.test_item(gate, item));
  Explainer explainer(interpreter, item, gate_text);
  explainer.explain(gate);
  return {.answer = answer, .why = explainer.words(), .next = explainer.next()};
}

GateJudgement judge_gate(std::shared_ptr<const Program> program,
                         std::shared_ptr<const Inventory> inventory, const GateQuestion& question,
                         Instant now) {
  return GateJudge(std::move(program), std::move(inventory), now, {}).judge(question);
}

}  // namespace rescind
