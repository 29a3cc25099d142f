// Typed reading of `attributes`, `before` and `after`.
#include "collect/event_values.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rescind {

std::optional<std::int64_t> integer_of(const DocumentNode& node) {
  std::int64_t number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  const bool good = node.kind == DocumentNode::Kind::Number && error == std::errc{} && stop == end;
  return good ? std::optional(number) : std::nullopt;
}

AttributeMap EventValues::read_map(const DocumentNode& node, const std::vector<Attribute>& declared,
                                   const std::string& field, const std::string& whose) {
  AttributeMap out;
  if (node.kind != DocumentNode::Kind::Map) {
    diagnostics_.error(
        Code::R0606, node.span,
        "`" + field + "` must be a mapping, not " + std::string(node_kind_name(node)));
    return out;
  }
  for (const DocumentMember& member : node.members) {
    const auto found = std::find_if(declared.begin(), declared.end(),
                                    [&member](const Attribute& a) { return a.name == member.key; });
    if (found == declared.end()) {
      std::vector<std::string> names;
      for (const Attribute& attribute : declared) {
        names.push_back(attribute.name);
      }
      Diagnostic& error = diagnostics_.error(Code::R0605, member.key_span,
                                             "unknown attribute `" + member.key + "` of " + whose,
                                             "in `" + field + "`");
      if (const auto near = nearest_name(member.key, names)) {
        error.help.push_back("did you mean `" + *near + "`?");
      }
      continue;
    }
    const bool absent = member.value.kind == DocumentNode::Kind::Null &&
                        (found->type.optional || found->type.kind == TypeKind::Identity);
    if (absent) {
      continue;
    }
    if (std::optional<AttributeValue> value = read_value(member.value, *found)) {
      out.emplace(member.key, std::move(*value));
    }
  }
  return out;
}

std::optional<AttributeValue> EventValues::read_value(const DocumentNode& node,
                                                      const Attribute& attribute) {
  const Type& type = attribute.type;
  if (type.kind == TypeKind::Set) {
    return read_set(node, attribute);
  }
  if (!fits(node, type.kind, type)) {
    refuse(node, attribute);
    return std::nullopt;
  }
  if (type.kind == TypeKind::Bool) {
    return AttributeValue(node.text == "true");
  }
  if (type.kind == TypeKind::Int) {
    return AttributeValue(*integer_of(node));
  }
  return AttributeValue(node.text);
}

std::optional<AttributeValue> EventValues::read_set(const DocumentNode& node,
                                                    const Attribute& attribute) {
  const Type& type = attribute.type;
  std::vector<std::string> elements;
  if (node.kind != DocumentNode::Kind::List) {
    // An owner may be given as a single string, as in the inventory.
    if (attribute.name != "owner" || !fits(node, type.element, type)) {
      refuse(node, attribute);
      return std::nullopt;
    }
    return AttributeValue(std::vector<std::string>{node.text});
  }
  for (const DocumentNode& element : node.elements) {
    if (!fits(element, type.element, type)) {
      refuse(element, attribute);
      return std::nullopt;
    }
    elements.push_back(element.text);
  }
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  return AttributeValue(std::move(elements));
}

bool EventValues::fits(const DocumentNode& node, TypeKind kind, const Type& type) const {
  if (kind == TypeKind::Bool) {
    return node.kind == DocumentNode::Kind::Bool;
  }
  if (kind == TypeKind::Int) {
    return integer_of(node).has_value();
  }
  if (!node.is_text() || node.kind == DocumentNode::Kind::Null) {
    return false;
  }
  switch (kind) {
  case TypeKind::Instant:
    return parse_instant(node.text).has_value();
  case TypeKind::Duration:
    return parse_duration(node.text).has_value();
  case TypeKind::Enum:
    return schema_.enums[type.enum_id].find(node.text).has_value();
  case TypeKind::Identity:
    return inventory_ == nullptr || inventory_->find_identity(node.text).valid();
  case TypeKind::System:
    return inventory_ == nullptr || inventory_->find_system(node.text).valid();
  case TypeKind::Item: {
    const ItemRef item = inventory_ == nullptr ? ItemRef{} : inventory_->find_item(node.text);
    return inventory_ == nullptr || (item.valid() && type.kinds.contains(item.kind()));
  }
  case TypeKind::Bool:
  case TypeKind::Int:
  case TypeKind::String:
  case TypeKind::Principal:
  case TypeKind::Set:
  case TypeKind::Event:
    return true;
  }
  return true;
}

std::string EventValues::what_fits(TypeKind kind, const Type& type) const {
  switch (kind) {
  case TypeKind::Bool:
    return "true or false";
  case TypeKind::Int:
    return "a whole number";
  case TypeKind::Instant:
    return "an instant like `2026-01-05T17:00:00Z`";
  case TypeKind::Duration:
    return "a duration like `30d`";
  case TypeKind::Enum:
    return "one of " + join(schema_.enums[type.enum_id].values, ", ");
  case TypeKind::Identity:
    return "the id of an identity of the inventory";
  case TypeKind::System:
    return "the id of a system of the inventory";
  case TypeKind::Item:
    return "the id of an item of the inventory, of the declared kind";
  case TypeKind::String:
  case TypeKind::Principal:
  case TypeKind::Set:
  case TypeKind::Event:
    return "a string";
  }
  return {};
}

void EventValues::refuse(const DocumentNode& node, const Attribute& attribute) {
  const Type& type = attribute.type;
  const bool set = type.kind == TypeKind::Set;
  const std::string found = node.is_scalar() && !node.text.empty()
                                ? "`" + node.text.substr(0, 60) + "`"
                                : std::string(node_kind_name(node));
  diagnostics_.error(
      Code::R0606, node.span, "`" + attribute.name + "` cannot be " + found,
      (set ? "a list; each element " : "") + what_fits(set ? type.element : type.kind, type));
}

}  // namespace rescind
