// `a.b`: attributes of identities, systems, items and events.
#include <algorithm>
#include <array>
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {
namespace {

struct BuiltinMember {
  std::string_view name;
  TypeKind type;
};

constexpr std::array kEventMembers = {
    BuiltinMember{"at", TypeKind::Instant}, BuiltinMember{"arrived", TypeKind::Instant},
    BuiltinMember{"source", TypeKind::String}, BuiltinMember{"id", TypeKind::String},
    BuiltinMember{"type", TypeKind::Enum}};

std::vector<std::string> attribute_names(const EntitySchema& entity) {
  std::vector<std::string> names;
  names.reserve(entity.attributes.size());
  for (const Attribute& attribute : entity.attributes) {
    names.push_back(attribute.name);
  }
  return names;
}

// Attributes that are stored in no column, by entity.
struct Pseudo {
  std::string_view name;
  AttributeIndex index;
  Type type;
};

std::optional<Pseudo> find_pseudo(Entity entity, std::string_view name) {
  std::vector<Pseudo> candidates = {{"id", pseudo_attribute::kId, simple_type(TypeKind::String)}};
  if (entity == Entity::Identity) {
    candidates.push_back(
        {"owns", pseudo_attribute::kOwns, set_type(simple_type(TypeKind::Identity))});
    candidates.push_back({"knows", pseudo_attribute::kKnows, set_type(item_type(kAllKinds))});
    candidates.push_back({"items", pseudo_attribute::kItems, set_type(item_type(kAllKinds))});
  }
  for (const Pseudo& pseudo : candidates) {
    if (pseudo.name == name) {
      return pseudo;
    }
  }
  return std::nullopt;
}

}  // namespace

Typed Expressions::member(const ast::Expr& expr, const ast::Member& written) {
  const Typed object = check(*written.object, nullptr);
  if (object.poisoned) {
    return poison(expr.span);
  }
  if (object.event_state != EventState::Now) {
    return changed_attribute(expr, object, written.attribute);
  }
  if (object.type.kind == TypeKind::Event) {
    return event_member(expr, object, written.attribute);
  }
  if (!require_known(object)) {
    return poison(expr.span);
  }
  if (object.type.kind == TypeKind::Identity) {
    return entity_member(expr, object, Entity::Identity, written.attribute);
  }
  if (object.type.kind == TypeKind::System) {
    return entity_member(expr, object, Entity::System, written.attribute);
  }
  if (object.type.kind == TypeKind::Item) {
    return item_member(expr, object, written.attribute);
  }
  Diagnostic& diagnostic =
      program_.report.error(Code::R0321, written.attribute.span,
                            "a value of type " + name_of(object.type) + " has no attributes",
                            "nothing can be asked of it");
  if (object.type.kind == TypeKind::Set) {
    diagnostic.help.emplace_back("ask its elements: `any(x in … where …)`");
  }
  return poison(expr.span);
}

std::vector<std::uint32_t> Expressions::current_events() const {
  return assumptions_.narrow_events(scope_->events);
}

bool Expressions::require_subject_event(Span span) {
  if (scope_->any_event) {
    return true;
  }
  for (const std::uint32_t index : current_events()) {
    const EventType& event = program_.schema.events[index];
    if (event.about == EventAbout::System) {
      Diagnostic& diagnostic = program_.report.error(
          Code::R0221, span, "`" + event.name + "` is about a system and has no subject",
          "nobody is meant");
      diagnostic.help.emplace_back("ask first: `event is … and …`");
      note_use(diagnostic);
      return false;
    }
  }
  return true;
}

Typed Expressions::event_member(const ast::Expr& expr, const Typed& object,
                                const ast::Name& attribute) {
  if (attribute.text == "before" || attribute.text == "after") {
    Typed state = object;
    state.span = expr.span;
    state.event_state = attribute.text == "before" ? EventState::Before : EventState::After;
    return state;
  }
  const bool is_builtin =
      std::any_of(kEventMembers.begin(), kEventMembers.end(),
                  [&](const BuiltinMember& member) { return member.name == attribute.text; });
  return is_builtin ? event_builtin(expr, attribute) : event_attribute(expr, attribute);
}

Typed Expressions::event_builtin(const ast::Expr& expr, const ast::Name& attribute) {
  const auto* found =
      std::find_if(kEventMembers.begin(), kEventMembers.end(),
                   [&](const BuiltinMember& member) { return member.name == attribute.text; });
  Expr node;
  node.op = ExprOp::EventBuiltin;
  node.type = found->type == TypeKind::Enum ? enum_type(program_.enum_id("event.type"))
                                            : simple_type(found->type);
  node.name = attribute.text;
  node.span = expr.span;
  return make(std::move(node));
}

Typed Expressions::event_attribute(const ast::Expr& expr, const ast::Name& attribute) {
  std::vector<std::uint32_t> events = current_events();
  if (scope_->any_event) {
    for (std::uint32_t i = 0; i < program_.schema.events.size(); ++i) {
      events.push_back(i);
    }
  }
  std::optional<Type> type;
  const EventType* lacking = nullptr;
  for (const std::uint32_t index : events) {
    const EventType& event = program_.schema.events[index];
    const auto has = std::find_if(event.attributes.begin(), event.attributes.end(),
                                  [&](const Attribute& a) { return a.name == attribute.text; });
    if (has == event.attributes.end()) {
      lacking = lacking == nullptr ? &event : lacking;
      continue;
    }
    if (type && without_optional(*type) != without_optional(has->type)) {
      program_.report.error(
          Code::R0322, attribute.span,
          "`" + attribute.text + "` has different types on the events of this place",
          "of which event?");
      return poison(expr.span);
    }
    const bool was_optional = type && type->optional;
    type = has->type;
    type->optional = type->optional || was_optional;
  }
  if (!type) {
    return unknown_attribute(attribute, events.size() == 1 ? "event " + lacking->name : "event",
                             event_attribute_names(events));
  }
  if (lacking != nullptr && !scope_->any_event) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0322, attribute.span,
        "`" + attribute.text + "` is not an attribute of event `" + lacking->name + "`",
        "not on every event that is possible here");
    diagnostic.help.emplace_back("ask first: `event is … and …`");
    note_use(diagnostic);
    return poison(expr.span);
  }
  Expr node;
  node.op = ExprOp::EventAttribute;
  node.name = attribute.text;
  Typed event;
  event.key = "event";
  return finish_member(expr, event, std::move(node), *type);
}

std::vector<std::string> Expressions::event_attribute_names(
    const std::vector<std::uint32_t>& events) const {
  std::vector<std::string> names = {"before", "after"};
  for (const BuiltinMember& member : kEventMembers) {
    names.emplace_back(member.name);
  }
  for (const std::uint32_t index : events) {
    for (const Attribute& attribute : program_.schema.events[index].attributes) {
      names.push_back(attribute.name);
    }
  }
  return names;
}

Typed Expressions::changed_attribute(const ast::Expr& expr, const Typed& object,
                                     const ast::Name& attribute) {
  for (const std::uint32_t index : current_events()) {
    const EventType& event = program_.schema.events[index];
    if (event.about != EventAbout::Identity) {
      Diagnostic& diagnostic = program_.report.error(
          Code::R0322, object.span,
          "event `" + event.name + "` is not about an identity and has no state before and after",
          "nothing to compare");
      note_use(diagnostic);
      return poison(expr.span);
    }
  }
  const std::optional<AttributeIndex> index =
      program_.schema.find(Entity::Identity, attribute.text);
  if (!index) {
    return unknown_attribute(attribute, "identity",
                             attribute_names(program_.schema.of(Entity::Identity)));
  }
  const bool before = object.event_state == EventState::Before;
  Expr node;
  node.op = before ? ExprOp::EventBefore : ExprOp::EventAfter;
  node.entity = Entity::Identity;
  node.attribute = *index;
  node.name = attribute.text;
  node.span = expr.span;
  Typed state;
  state.key = before ? "event.before" : "event.after";
  const Type type = program_.schema.of(Entity::Identity).attributes[*index].type;
  return finish_member(expr, state, std::move(node), type);
}

Typed Expressions::finish_member(const ast::Expr& expr, const Typed& object, Expr node,
                                 const Type& type) {
  std::string key = object.key.empty() ? "" : object.key + "." + node.name;
  node.type = type;
  if (type.optional && assumptions_.is_known(key)) {
    node.type.optional = false;
  }
  if (type.kind == TypeKind::Item) {
    node.type.kinds = assumptions_.narrow_kinds(key, type.kinds);
  }
  node.span = expr.span;
  Typed typed = make(std::move(node));
  typed.key = std::move(key);
  return typed;
}

Typed Expressions::entity_member(const ast::Expr& expr, const Typed& object, Entity entity,
                                 const ast::Name& attribute) {
  Expr node;
  node.op = ExprOp::Attribute;
  node.operands = {object.id};
  node.entity = entity;
  node.name = attribute.text;
  if (const std::optional<Pseudo> pseudo = find_pseudo(entity, attribute.text)) {
    node.attribute = pseudo->index;
    return finish_member(expr, object, std::move(node), pseudo->type);
  }
  const std::optional<AttributeIndex> index = program_.schema.find(entity, attribute.text);
  if (!index) {
    std::vector<std::string> candidates = attribute_names(program_.schema.of(entity));
    candidates.emplace_back("id");
    if (entity == Entity::Identity) {
      candidates.insert(candidates.end(), {"owns", "knows", "items"});
    }
    return unknown_attribute(attribute, std::string(entity_name(entity)), candidates);
  }
  node.attribute = *index;
  return finish_member(expr, object, std::move(node),
                       program_.schema.of(entity).attributes[*index].type);
}

Typed Expressions::item_member(const ast::Expr& expr, const Typed& object,
                               const ast::Name& attribute) {
  if (attribute.text == "kind") {
    return item_kind(expr, object);
  }
  Expr node;
  node.op = ExprOp::Attribute;
  node.operands = {object.id};
  node.name = attribute.text;
  node.kinds = object.type.kinds;
  if (attribute.text == "justified") {
    if (!scope_->justified) {
      Diagnostic& diagnostic = program_.report.error(
          Code::R0221, attribute.span, "`justified` cannot be used in " + scope_->place,
          "only rules can ask this");
      note_use(diagnostic);
      return poison(expr.span);
    }
    node.op = ExprOp::Justified;
    return finish_member(expr, object, std::move(node), simple_type(TypeKind::Bool));
  }
  if (attribute.text == "id") {
    node.attribute = pseudo_attribute::kId;
    return finish_member(expr, object, std::move(node), simple_type(TypeKind::String));
  }
  const CommonAttribute common = common_attribute(object.type.kinds, attribute.text);
  if (common.type == nullptr) {
    return unknown_attribute(attribute, kinds_text(object.type.kinds),
                             item_attribute_names(object.type.kinds));
  }
  if (!common.lacking.empty() || common.differs) {
    Diagnostic& diagnostic =
        program_.report.error(Code::R0322, attribute.span,
                              "`" + attribute.text + "` is not an attribute that all of " +
                                  kinds_text(object.type.kinds) + " have in common",
                              common.differs ? "of different types"
                                             : "not an attribute of " + kinds_text(common.lacking));
    diagnostic.help.emplace_back("ask first: `x is … and …`, or write a clause for each kind");
    note_use(diagnostic);
    return poison(expr.span);
  }
  node.attribute = common.attribute;
  node.entity = common.entity;
  return finish_member(expr, object, std::move(node), *common.type);
}

Expressions::CommonAttribute Expressions::common_attribute(KindSet kinds,
                                                           const std::string& name) const {
  CommonAttribute common;
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (!kinds.contains(kind)) {
      continue;
    }
    const std::optional<AttributeIndex> index = program_.schema.find(entity_of(kind), name);
    if (!index) {
      common.lacking = common.lacking | kind;
      continue;
    }
    const Type& type = program_.schema.of(kind).attributes[*index].type;
    if (common.type == nullptr) {
      common.type = &type;
      common.attribute = *index;
      common.entity = entity_of(kind);
    }
    common.differs = common.differs || !(*common.type == type);
    if (common.attribute != *index) {
      common.attribute = pseudo_attribute::kByName;
    }
  }
  return common;
}

std::vector<std::string> Expressions::item_attribute_names(KindSet kinds) const {
  std::vector<std::string> names = {"id", "kind", "justified"};
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (kinds.contains(kind)) {
      const std::vector<std::string> theirs = attribute_names(program_.schema.of(kind));
      names.insert(names.end(), theirs.begin(), theirs.end());
    }
  }
  return names;
}

Typed Expressions::item_kind(const ast::Expr& expr, const Typed& object) {
  Expr node;
  node.op = ExprOp::Attribute;
  node.operands = {object.id};
  node.name = "kind";
  node.kinds = object.type.kinds;
  node.attribute = pseudo_attribute::kItemKind;
  return finish_member(expr, object, std::move(node), enum_type(program_.enum_id("item.kind")));
}

Typed Expressions::unknown_attribute(const ast::Name& attribute, const std::string& owner,
                                     const std::vector<std::string>& candidates) {
  if (program_.broken_attributes.count(attribute.text) > 0) {
    return poison(attribute.span);
  }
  Diagnostic& diagnostic = program_.report.error(
      Code::R0203, attribute.span, "unknown attribute `" + attribute.text + "` on " + owner,
      "not an attribute of " + owner);
  suggest(diagnostic, attribute.text, candidates);
  note_use(diagnostic);
  return poison(attribute.span);
}

}  // namespace rescind::checking
