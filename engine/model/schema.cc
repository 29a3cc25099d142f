// The built-in schema: the attributes of the inventory format, in the order of the index constants.
#include "model/schema.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rescind {
namespace {

constexpr std::array<std::string_view, kEntityCount - kKindCount> kOtherEntityNames = {
    "identity", "system", "team"};

Type scalar(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type enum_type(std::uint16_t id) {
  Type type = scalar(TypeKind::Enum);
  type.enum_id = id;
  return type;
}

Type item_type(KindSet kinds) {
  Type type = scalar(TypeKind::Item);
  type.kinds = kinds;
  return type;
}

Type set_of(Type element) {
  element.element = element.kind;
  element.kind = TypeKind::Set;
  return element;
}

Type maybe(Type type) {
  type.optional = true;
  return type;
}

Constant number(std::int64_t value) {
  Constant constant;
  constant.number = value;
  return constant;
}

Constant text(std::string value) {
  Constant constant;
  constant.text = std::move(value);
  return constant;
}

// Adds attributes to one entity, in order.
class EntityBuilder {
 public:
  EntityBuilder(Schema& schema, Entity entity) : schema_(schema), entity_(entity) {}

  EntityBuilder& required(std::string_view name, Type type, std::string_view doc) {
    return add(name, type, true, std::nullopt, doc);
  }

  EntityBuilder& optional(std::string_view name, Type type, std::string_view doc) {
    return add(name, maybe(type), false, std::nullopt, doc);
  }

  EntityBuilder& with_default(std::string_view name, Type type, Constant fallback,
                              std::string_view doc) {
    return add(name, type, false, std::move(fallback), doc);
  }

  // Neither required nor optional: a missing one means something itself (the holder `nobody`).
  EntityBuilder& implied(std::string_view name, Type type, std::string_view doc) {
    return add(name, type, false, std::nullopt, doc);
  }

 private:
  EntityBuilder& add(std::string_view name, Type type, bool required,
                     std::optional<Constant> fallback, std::string_view doc) {
    const bool added = schema_.add(entity_, Attribute{std::string(name), type, required,
                                                      std::move(fallback), true, std::string(doc)});
    RESCIND_CHECK(added, "a built-in attribute is declared twice");
    return *this;
  }

  Schema& schema_;
  Entity entity_;
};

std::vector<std::string> words(std::span<const std::string_view> values) {
  return {values.begin(), values.end()};
}

void add_common_item_attributes(EntityBuilder& item, std::uint16_t sources) {
  item.required("system", scalar(TypeKind::System), "where the item exists")
      .implied("holder", scalar(TypeKind::Identity), "who has it; absent: nobody")
      .optional("account", item_type(Kind::Account), "the account that it hangs on")
      .with_default("name", scalar(TypeKind::String), {}, "its name in the system")
      .with_default("native_id", scalar(TypeKind::String), {}, "the system's own immutable id")
      .optional("grantee", scalar(TypeKind::Identity), "to whom the holder gave it")
      .optional("creator", scalar(TypeKind::Identity), "who created it")
      .with_default("privileged", scalar(TypeKind::Bool), {}, "gives administrative power")
      .optional("created", scalar(TypeKind::Instant), "since when it exists")
      .optional("last_used", scalar(TypeKind::Instant), "when it was last seen in use")
      .optional("expires", scalar(TypeKind::Instant), "when it ends by itself")
      .with_default("source", enum_type(sources), text("unknown"), "how it came to be granted");
}

void add_use_attributes(EntityBuilder& item) {
  item.optional("known_to", set_of(scalar(TypeKind::Identity)), "who knows the secret value")
      .optional("dependents", set_of(scalar(TypeKind::String)),
                "what stops working without it; absent: unknown, empty: nothing");
}

void add_account_attributes(EntityBuilder& account) {
  account.with_default("enabled", scalar(TypeKind::Bool), number(1), "can be signed in to")
      .optional("local_login", scalar(TypeKind::Bool), "can be signed in to without federation")
      .optional("factors", set_of(scalar(TypeKind::String)), "registered authentication factors")
      .optional("recovery_channel", item_type(kAllKinds), "what resets its password")
      .with_default("administers", set_of(scalar(TypeKind::System)), {},
                    "systems that it administers")
      .with_default("break_glass", scalar(TypeKind::Bool), {}, "sealed, for emergencies");
  add_use_attributes(account);
}

void add_credential_attributes(EntityBuilder& credential) {
  add_use_attributes(credential);
  credential.optional("successor", item_type(kCredentialKinds), "the credential that replaces it")
      .with_default("readable_by", set_of(scalar(TypeKind::Identity)), {}, "who can read its value")
      .optional("impersonates", scalar(TypeKind::Identity), "as whom it acts");
}

void add_kind_attributes(Schema& schema, Kind kind, EntityBuilder& item) {
  if (kind == Kind::Account) {
    add_account_attributes(item);
  }
  if (kCredentialKinds.contains(kind)) {
    add_credential_attributes(item);
  }
  if (kind == Kind::BreakGlass) {
    add_use_attributes(item);  // a sealed secret is known to whoever opened it
  }
  if (kind == Kind::Session || kind == Kind::Token) {
    item.optional("credential", item_type(kCredentialKinds), "the credential that it came from")
        .optional("max_life", scalar(TypeKind::Duration), "how long it can live at most");
  }
  if (kind == Kind::Group) {
    item.with_default("inside", set_of(item_type(Kind::Group)), {}, "groups that contain this one")
        .optional("carries_license", scalar(TypeKind::String), "license that membership assigns")
        .with_default("dynamic", scalar(TypeKind::Bool), {}, "membership follows from a rule");
  }
  if (kind == Kind::Role || kind == Kind::Permission || kind == Kind::Share) {
    item.with_default("level", scalar(TypeKind::String), {}, "the level of a single-valued right");
  }
  if (kind == Kind::Device) {
    item.with_default("company_owned", scalar(TypeKind::Bool), number(1), "belongs to the company")
        .with_default("returned", scalar(TypeKind::Bool), {}, "was handed back");
  }
  if (kind == Kind::Data) {
    const std::uint16_t kinds = schema.add_enum(
        "data.data_kind", {"mailbox", "drive", "repository", "records", "calendar", "other"});
    item.with_default("data_kind", enum_type(kinds), text("other"), "what sort of data")
        .optional("license", item_type(Kind::License), "the license that keeps it alive");
  }
}

void add_identity_attributes(Schema& schema) {
  const std::uint16_t kinds = schema.add_enum("identity.kind", words(identity_kinds()));
  const std::uint16_t statuses = schema.add_enum("identity.status", words(identity_statuses()));
  EntityBuilder identity(schema, Entity::Identity);
  identity.required("kind", enum_type(kinds), "what sort of person or machine")
      .with_default("status", enum_type(statuses), text("active"), "state of the engagement")
      .with_default("name", scalar(TypeKind::String), {}, "display name")
      .with_default("department", scalar(TypeKind::String), {}, "department")
      .with_default("title", scalar(TypeKind::String), {}, "job title")
      .with_default("location", scalar(TypeKind::String), {}, "place of work")
      .with_default("team", scalar(TypeKind::String), {}, "team of the organisation chart")
      .optional("manager", scalar(TypeKind::Identity), "line manager")
      .optional("timezone", scalar(TypeKind::String), "IANA time zone")
      .optional("starts", scalar(TypeKind::Instant), "begin of the engagement")
      .optional("ends", scalar(TypeKind::Instant), "end of the engagement")
      .optional("vendor", scalar(TypeKind::String), "company that the identity works for")
      .with_default("owner", set_of(scalar(TypeKind::Principal)), {}, "who answers for it")
      .with_default("roles", set_of(scalar(TypeKind::String)), {},
                    "roles from the system of record")
      .with_default("legal_hold", scalar(TypeKind::Bool), {}, "subject to a legal hold")
      .with_default("controls", set_of(scalar(TypeKind::Identity)), {},
                    "identities whose code or image it can change, or that it can act as")
      .optional("contact", scalar(TypeKind::String), "URI to reach it");
}

void add_system_attributes(Schema& schema) {
  const std::uint16_t kinds = schema.add_enum("system.kind", words(system_kinds()));
  const std::uint16_t item_kinds = *schema.find_enum("item.kind");
  EntityBuilder system(schema, Entity::System);
  system.required("kind", enum_type(kinds), "what sort of system")
      .optional("connector", scalar(TypeKind::String), "how the engine reaches it")
      .with_default("tier", scalar(TypeKind::Int), number(2), "0 is the most critical")
      .with_default("owner", set_of(scalar(TypeKind::Principal)), {}, "who answers for it")
      .with_default("federated_by", set_of(scalar(TypeKind::System)), {}, "its identity providers")
      .with_default("supports", set_of(scalar(TypeKind::String)), {}, "verbs, or verb:kind")
      .optional("mastered_by", scalar(TypeKind::System), "where its accounts come from")
      .with_default("pushes_to", set_of(scalar(TypeKind::System)), {}, "where it creates accounts")
      .optional("enumerable", set_of(enum_type(item_kinds)), "kinds that can be listed completely")
      .optional("session_life", scalar(TypeKind::Duration),
                "how long a session lives at most after its account closed; 0s: it ends with it");
}

void add_team_attributes(Schema& schema) {
  EntityBuilder team(schema, Entity::Team);
  team.with_default("members", set_of(scalar(TypeKind::Identity)), {}, "who belongs to it")
      .optional("contact", scalar(TypeKind::String), "URI to reach it")
      .with_default("approver_keys", set_of(scalar(TypeKind::String)), {},
                    "`identity=key`: the keys with which members sign approvals");
}

void add_events(Schema& schema) {
  for (const BuiltinEvent& event : builtin_events()) {
    EventType type;
    type.name = std::string(event.name);
    type.about = event.about;
    type.event_class = event.event_class;
    type.leaver_type = event.leaver_type;
    type.derived_always = event.derived_always;
    type.attributes.push_back(Attribute{"reason", scalar(TypeKind::String), false, Constant{}, true,
                                        "why it happened, in words"});
    schema.events.push_back(std::move(type));
  }
}

}  // namespace

std::string_view entity_name(Entity entity) {
  if (is_item(entity)) {
    return kind_name(static_cast<Kind>(entity));
  }
  return kOtherEntityNames[entity_index(entity) - kKindCount];
}

std::optional<Entity> find_entity(std::string_view name) {
  if (const std::optional<Kind> kind = find_kind(name)) {
    return entity_of(*kind);
  }
  const auto found = std::find(kOtherEntityNames.begin(), kOtherEntityNames.end(), name);
  if (found == kOtherEntityNames.end()) {
    return std::nullopt;
  }
  return static_cast<Entity>(static_cast<std::size_t>(found - kOtherEntityNames.begin()) +
                             kKindCount);
}

std::optional<std::size_t> EnumType::find(std::string_view value) const {
  const auto found = std::find(values.begin(), values.end(), value);
  if (found == values.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - values.begin());
}

std::optional<AttributeIndex> Schema::find(Entity entity, std::string_view name) const {
  const EntitySchema& schema = of(entity);
  const auto found = schema.by_name.find(std::string(name));
  if (found == schema.by_name.end()) {
    return std::nullopt;
  }
  return found->second;
}

std::optional<std::size_t> Schema::find_event(std::string_view name) const {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [name](const EventType& event) { return event.name == name; });
  if (found == events.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - events.begin());
}

std::optional<std::uint16_t> Schema::find_enum(std::string_view name) const {
  const auto found = std::find_if(enums.begin(), enums.end(),
                                  [name](const EnumType& type) { return type.name == name; });
  if (found == enums.end()) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(found - enums.begin());
}

bool Schema::add(Entity entity, Attribute attribute) {
  EntitySchema& schema = entities[entity_index(entity)];
  const auto index = static_cast<AttributeIndex>(schema.attributes.size());
  if (!schema.by_name.emplace(attribute.name, index).second) {
    return false;
  }
  schema.attributes.push_back(std::move(attribute));
  return true;
}

std::uint16_t Schema::add_enum(std::string name, std::vector<std::string> values) {
  enums.push_back(EnumType{std::move(name), std::move(values)});
  return static_cast<std::uint16_t>(enums.size() - 1);
}

Schema builtin_schema() {
  Schema schema;
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < kKindCount; ++i) {
    kinds.emplace_back(kind_name(static_cast<Kind>(i)));
  }
  schema.add_enum("item.kind", std::move(kinds));
  const std::uint16_t sources = schema.add_enum("item.source", words(item_sources()));
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    EntityBuilder item(schema, entity_of(kind));
    add_common_item_attributes(item, sources);
    add_kind_attributes(schema, kind, item);
  }
  add_identity_attributes(schema);
  add_system_attributes(schema);
  add_team_attributes(schema);
  add_events(schema);
  return schema;
}

}  // namespace rescind
