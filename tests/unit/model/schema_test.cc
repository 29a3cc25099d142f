// The built-in schema against its index constants and the inventory format.
#include "model/schema.h"

#include <string>

#include <doctest/doctest.h>

namespace rescind {
namespace {

void check_index(const Schema& schema, Entity entity, std::string_view name, AttributeIndex index) {
  CAPTURE(std::string(entity_name(entity)));
  CAPTURE(std::string(name));
  CHECK(schema.find(entity, name) == index);
}

TEST_CASE("schema: what every item has stands at the same index in every kind") {
  const Schema schema = builtin_schema();
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Entity entity = entity_of(static_cast<Kind>(i));
    check_index(schema, entity, "system", item_attribute::kSystem);
    check_index(schema, entity, "holder", item_attribute::kHolder);
    check_index(schema, entity, "account", item_attribute::kAccount);
    check_index(schema, entity, "name", item_attribute::kName);
    check_index(schema, entity, "native_id", item_attribute::kNativeId);
    check_index(schema, entity, "grantee", item_attribute::kGrantee);
    check_index(schema, entity, "creator", item_attribute::kCreator);
    check_index(schema, entity, "privileged", item_attribute::kPrivileged);
    check_index(schema, entity, "created", item_attribute::kCreated);
    check_index(schema, entity, "last_used", item_attribute::kLastUsed);
    check_index(schema, entity, "expires", item_attribute::kExpires);
    check_index(schema, entity, "source", item_attribute::kSource);
    CHECK(schema.of(entity).attributes.size() >= item_attribute::kCommonCount);
  }
}

TEST_CASE("schema: identity and system attributes stand at their index constants") {
  const Schema schema = builtin_schema();
  const Entity identity = Entity::Identity;
  check_index(schema, identity, "kind", identity_attribute::kKind);
  check_index(schema, identity, "status", identity_attribute::kStatus);
  check_index(schema, identity, "name", identity_attribute::kName);
  check_index(schema, identity, "department", identity_attribute::kDepartment);
  check_index(schema, identity, "title", identity_attribute::kTitle);
  check_index(schema, identity, "location", identity_attribute::kLocation);
  check_index(schema, identity, "team", identity_attribute::kTeam);
  check_index(schema, identity, "manager", identity_attribute::kManager);
  check_index(schema, identity, "timezone", identity_attribute::kTimezone);
  check_index(schema, identity, "starts", identity_attribute::kStarts);
  check_index(schema, identity, "ends", identity_attribute::kEnds);
  check_index(schema, identity, "vendor", identity_attribute::kVendor);
  check_index(schema, identity, "owner", identity_attribute::kOwner);
  check_index(schema, identity, "roles", identity_attribute::kRoles);
  check_index(schema, identity, "legal_hold", identity_attribute::kLegalHold);
  check_index(schema, identity, "controls", identity_attribute::kControls);
  check_index(schema, Entity::System, "kind", system_attribute::kKind);
  check_index(schema, Entity::System, "connector", system_attribute::kConnector);
  check_index(schema, Entity::System, "tier", system_attribute::kTier);
  check_index(schema, Entity::System, "owner", system_attribute::kOwner);
  check_index(schema, Entity::System, "federated_by", system_attribute::kFederatedBy);
  check_index(schema, Entity::System, "supports", system_attribute::kSupports);
  check_index(schema, Entity::System, "mastered_by", system_attribute::kMasteredBy);
  check_index(schema, Entity::System, "pushes_to", system_attribute::kPushesTo);
  check_index(schema, Entity::System, "enumerable", system_attribute::kEnumerable);
}

TEST_CASE(
    "schema: an attribute is required, optional or has a default, and only the holder is none") {
  const Schema schema = builtin_schema();
  for (const EntitySchema& entity : schema.entities) {
    for (const Attribute& attribute : entity.attributes) {
      CAPTURE(attribute.name);
      const int ways = (attribute.required ? 1 : 0) + (attribute.type.optional ? 1 : 0) +
                       (attribute.fallback ? 1 : 0);
      CHECK(ways == (attribute.name == "holder" ? 0 : 1));
    }
  }
}

TEST_CASE("schema: defaults are those of the inventory format") {
  const Schema schema = builtin_schema();
  const auto attribute = [&schema](Entity entity, std::string_view name) -> const Attribute& {
    const auto index = schema.find(entity, name);
    REQUIRE(index);
    return schema.of(entity).attributes[*index];
  };
  CHECK(attribute(Entity::System, "tier").fallback->number == 2);
  CHECK(attribute(Entity::Identity, "status").fallback->text == "active");
  CHECK(attribute(entity_of(Kind::Account), "enabled").fallback->number == 1);
  CHECK(attribute(entity_of(Kind::Device), "company_owned").fallback->number == 1);
  CHECK(attribute(entity_of(Kind::Token), "source").fallback->text == "unknown");
  CHECK(attribute(entity_of(Kind::Secret), "dependents").type.optional);
  CHECK(attribute(entity_of(Kind::Secret), "successor").type.kinds == kCredentialKinds);
  CHECK(attribute(entity_of(Kind::Group), "inside").type.element == TypeKind::Item);
  CHECK_FALSE(schema.find(entity_of(Kind::Session), "dependents"));
  CHECK_FALSE(schema.find(Entity::Identity, "justified"));
}

TEST_CASE("schema: an attribute cannot be added twice") {
  Schema schema = builtin_schema();
  const Attribute mfa{"mfa", Type{}, false, Constant{}, false, ""};
  CHECK(schema.add(entity_of(Kind::Account), mfa));
  CHECK_FALSE(schema.add(entity_of(Kind::Account), mfa));
  CHECK(schema.add(entity_of(Kind::Token), mfa));
}

TEST_CASE("schema: entities and events are found by name") {
  const Schema schema = builtin_schema();
  CHECK(find_entity("team") == Entity::Team);
  CHECK(find_entity("api_key") == entity_of(Kind::ApiKey));
  CHECK_FALSE(find_entity("credential"));
  CHECK(entity_name(Entity::System) == "system");
  REQUIRE(schema.find_event("decommission"));
  CHECK(schema.events[*schema.find_event("decommission")].about == EventAbout::System);
  CHECK_FALSE(schema.find_event("leavr"));
}

}  // namespace
}  // namespace rescind
