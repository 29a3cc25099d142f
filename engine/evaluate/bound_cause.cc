// Binding of one event: its attributes become values of their declared types.
#include <algorithm>

#include "base/time.h"
#include "evaluate/bound.h"

namespace rescind {
namespace {

Value number_value(TypeKind kind, std::int64_t number) {
  return Value::of(kind, number);
}

// Text where the type is not text.
Value parse_text(const std::string& text, TypeKind kind) {
  if (kind == TypeKind::Instant) {
    if (const std::optional<Instant> instant = parse_instant(text)) {
      return number_value(kind, instant->time_since_epoch().count());
    }
  }
  if (kind == TypeKind::Duration) {
    if (const std::optional<Seconds> duration = parse_duration(text)) {
      return number_value(kind, duration->count());
    }
  }
  return Value::unknown(kind);
}

}  // namespace

Value Bound::bind_event_value(const AttributeValue& value, const Type& type, BoundCause& cause) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    return type.kind == TypeKind::Bool ? number_value(type.kind, *flag ? 1 : 0)
                                       : Value::unknown(type.kind);
  }
  if (const std::int64_t* number = std::get_if<std::int64_t>(&value)) {
    return is_number_kind(type.kind) && type.kind != TypeKind::Bool
               ? number_value(type.kind, *number)
               : Value::unknown(type.kind);
  }
  if (const auto* elements = std::get_if<std::vector<std::string>>(&value)) {
    if (type.kind != TypeKind::Set || is_number_kind(type.element)) {
      return Value::unknown(type.kind);
    }
    std::vector<std::uint32_t> symbols;
    for (const std::string& element : *elements) {
      symbols.push_back(intern(element));
    }
    std::sort(symbols.begin(), symbols.end());
    symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
    cause.sets.push_back(std::move(symbols));
    return Value::set(SetForm::Symbols, cause.sets.back());
  }
  const std::string& text = std::get<std::string>(value);
  switch (type.kind) {
  case TypeKind::String:
  case TypeKind::Enum:
  case TypeKind::Principal:
    return number_value(type.kind, intern(text));
  case TypeKind::Identity: {
    const IdentityRef ref = inventory_->find_identity(text);
    return ref.valid() ? number_value(type.kind, ref.cell) : Value::unknown(type.kind);
  }
  case TypeKind::System: {
    const SystemRef ref = inventory_->find_system(text);
    return ref.valid() ? number_value(type.kind, ref.cell) : Value::unknown(type.kind);
  }
  case TypeKind::Item: {
    const ItemRef ref = inventory_->find_item(text);
    return ref.valid() ? number_value(type.kind, ref.cell) : Value::unknown(type.kind);
  }
  case TypeKind::Set:
    if (!is_number_kind(type.element)) {  // a set of one may be written as its element
      cause.sets.push_back({intern(text)});
      return Value::set(SetForm::Symbols, cause.sets.back());
    }
    return Value::unknown(type.kind);
  case TypeKind::Bool:
  case TypeKind::Int:
  case TypeKind::Instant:
  case TypeKind::Duration:
  case TypeKind::Event:
    break;
  }
  return parse_text(text, type.kind);
}

// What an event that does not give the attribute says: the default, else that it is missing; an
// attribute that is neither was checked when the event was read, and is unknown here.
Value Bound::default_of(const Attribute& attribute, BoundCause& cause) {
  if (!attribute.fallback) {
    return attribute.type.optional ? Value::missing(attribute.type.kind)
                                   : Value::unknown(attribute.type.kind);
  }
  if (attribute.type.kind == TypeKind::Set) {
    return bind_event_value(AttributeValue(attribute.fallback->elements), attribute.type, cause);
  }
  if (is_number_kind(attribute.type.kind)) {
    return number_value(attribute.type.kind, attribute.fallback->number);
  }
  return bind_event_value(AttributeValue(attribute.fallback->text), attribute.type, cause);
}

void Bound::bind_attributes(const Event& event, BoundCause& cause) {
  const EventType& type = policy().schema->events[cause.type];
  cause.attributes.assign(program_->event_attributes.size(), Value{});
  for (std::size_t i = 0; i < cause.attributes.size(); ++i) {
    const std::string& name = program_->event_attributes[i];
    const auto declared =
        std::find_if(type.attributes.begin(), type.attributes.end(),
                     [&](const Attribute& attribute) { return attribute.name == name; });
    if (declared == type.attributes.end()) {
      continue;  // stays unknown: a condition asks `event is …` before it reads it
    }
    const auto given = event.attributes.find(name);
    cause.attributes[i] = given == event.attributes.end()
                              ? default_of(*declared, cause)
                              : bind_event_value(given->second, declared->type, cause);
  }
}

void Bound::bind_overlay(const AttributeMap& attributes, BoundCause& cause,
                         std::vector<std::pair<AttributeIndex, Value>>& overlay) {
  for (const auto& [name, value] : attributes) {
    const auto index = policy().schema->find(Entity::Identity, name);
    if (index) {
      const Type& type = policy().schema->of(Entity::Identity).attributes[*index].type;
      overlay.emplace_back(*index, bind_event_value(value, type, cause));
    }
  }
}

std::shared_ptr<BoundCause> Bound::bind(const Cause& cause) {
  auto bound = std::make_shared<BoundCause>();
  const EventType& type = policy().schema->events[cause.type];
  bound->type = cause.type;
  bound->about = type.about;
  bound->subject = cause.subject;
  bound->item = cause.item;
  bound->system = cause.system;
  bound->ends_engagement = type.leaver_type;
  bound->subject_unknown =
      cause.subject.valid() && undetermined(Entity::Identity, cause.subject.row());
  const auto instant = [](Instant at) {
    return Value::of(TypeKind::Instant, at.time_since_epoch().count());
  };
  const auto string = [this](const std::string& text) {
    return Value::of(TypeKind::String, intern(text));
  };
  bound->fields = {instant(cause.effective), instant(cause.arrived), string(cause.event.source),
                   string(cause.event.id), string(type.name)};
  bind_attributes(cause.event, *bound);
  if (cause.event.before) {
    bind_overlay(*cause.event.before, *bound, bound->before);
  }
  if (cause.event.after) {
    bind_overlay(*cause.event.after, *bound, bound->after);
  }
  return bound;
}

}  // namespace rescind
