// Good records: what the snapshot says about them, whatever their order and format.
#include "collect/collect_inventory.h"

#include <doctest/doctest.h>

#include "collect/inventory_digest.h"

namespace rescind {
namespace {

std::shared_ptr<const Schema> schema() {
  static const auto kSchema = std::make_shared<const Schema>(builtin_schema());
  return kSchema;
}

constexpr std::string_view kSmall =
    R"({"record":"system","id":"okta","kind":"idp","tier":0}
{"record":"system","id":"salesforce","kind":"saas","tier":1,"federated_by":"okta","supports":["disable","remove"]}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"alice","kind":"employee","department":"Sales","manager":"bob","roles":["b","a","b"]}
{"record":"identity","id":"ci-bot","kind":"service","owner":"alice"}
{"record":"account","id":"salesforce:alice","system":"salesforce","holder":"alice","created":"2024-02-01T09:00:00Z"}
{"record":"role","id":"salesforce:alice:std","system":"salesforce","account":"salesforce:alice","name":"Standard User"}
{"record":"api_key","id":"sf:key","system":"salesforce","holder":"ci-bot","dependents":[]}
{"record":"usage","item":"sf:key","by":"ci-bot","at":"2026-01-05T03:00:00Z","source":"log","outcome":"failure"}
{"record":"coverage","system":"okta","kinds":["session"],"since":"2025-10-01T00:00:00Z","until":"2026-01-05T04:00:00Z","source":"log"}
{"record":"delivery","item":"sf:key","to":"ci-bot","at":"2026-01-05T03:10:00Z","confirmed_by":"ci-bot"}
)";

TEST_CASE("collect: records become rows that know their holder, account and system") {
  const auto inventory = collect_inventory_from_text(kSmall, schema());
  REQUIRE(inventory != nullptr);
  for (const auto& r : inventory->rejected) {
    MESSAGE(r.why);
  }
  CHECK(inventory->rejected.empty());
  CHECK(inventory->undetermined.empty());
  CHECK(inventory->item_count() == 3);
  const ItemRef account = inventory->find_item("salesforce:alice");
  REQUIRE(account.valid());
  CHECK(account.kind() == Kind::Account);
  CHECK(inventory->id(inventory->holder(account)) == "alice");
  CHECK(inventory->id(inventory->system(account)) == "salesforce");
  CHECK(inventory->number(account, item_attribute::kCreated) == 1706778000);
  CHECK(inventory->number(account, item_attribute::kLastUsed) == kMissingInt);

  const ItemRef role = inventory->find_item("salesforce:alice:std");
  CHECK(inventory->account(role) == account);
  CHECK(inventory->id(inventory->holder(role)) == "alice");  // through its account
  const IdentityRef alice = inventory->find_identity("alice");
  CHECK(inventory->by_holder[static_cast<std::size_t>(Kind::Account)].of(alice.row()).size() == 1);
  CHECK(inventory->by_account[static_cast<std::size_t>(Kind::Role)].of(account.row()).size() == 1);
  REQUIRE(inventory->owned_by.of(alice.row()).size() == 1);
  CHECK(inventory->id(IdentityRef::of_row(inventory->owned_by.of(alice.row())[0])) == "ci-bot");

  const Table& people = inventory->table(Entity::Identity);
  const SetId roles{people.columns[identity_attribute::kRoles].word_at(alice.row())};
  CHECK(inventory->sets.elements(roles).size() == 2);
  CHECK(inventory->text(Symbol{people.columns[identity_attribute::kStatus].word_at(0)}) ==
        "active");
  const ItemRef key = inventory->find_item("sf:key");
  const auto dependents = inventory->schema->find(entity_of(Kind::ApiKey), "dependents");
  CHECK(SetId{inventory->word(key, *dependents)} == kEmptySet);
  CHECK(inventory->usages.size() == 1);
  CHECK_FALSE(inventory->usages[0].success);
  CHECK(inventory->coverages.size() == 1);
  CHECK(inventory->deliveries.size() == 1);
  CHECK(inventory->digest.starts_with("sha256:"));
}

constexpr std::string_view kReplaced =
    R"({"record":"system","id":"db","kind":"database"}
{"record":"identity","id":"svc","kind":"service"}
{"record":"identity","id":"billing","kind":"service"}
{"record":"password","id":"db:old","system":"db","holder":"svc","dependents":["reports"]}
{"record":"password","id":"db:new","system":"db","holder":"svc"}
{"record":"password","id":"db:newer","system":"db","holder":"svc"}
)";

std::string successor_of(const Inventory& inventory, std::string_view item) {
  const ItemRef found = inventory.find_item(item);
  const auto attribute = inventory.schema->find(entity_of(found.kind()), "successor");
  const ItemRef successor{inventory.word(found, *attribute)};
  return successor.valid() ? std::string(inventory.id(successor)) : "";
}

std::string dependents_of(const Inventory& inventory, std::string_view item) {
  const ItemRef found = inventory.find_item(item);
  const auto attribute = inventory.schema->find(entity_of(found.kind()), "dependents");
  const SetId set{inventory.word(found, *attribute)};
  if (set == kMissingSet) {
    return "unknown";
  }
  std::vector<std::string> names;
  for (const std::uint32_t element : inventory.sets.elements(set)) {
    names.emplace_back(inventory.text(Symbol{element}));
  }
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) {
    out += name + " ";
  }
  return out;
}

TEST_CASE("collect: a successor record names what replaced an item, the latest one counts") {
  const auto schema = std::make_shared<const Schema>(builtin_schema());
  const auto with = [&](const std::string& lines) {
    return collect_inventory_from_text(std::string(kReplaced) + lines, schema);
  };
  const std::string newer =
      R"({"record":"successor","item":"db:old","successor":"db:newer","at":"2026-01-05T04:00:00Z"})"
      "\n";
  const std::string older =
      R"({"record":"successor","item":"db:old","successor":"db:new","at":"2026-01-05T03:00:00Z"})"
      "\n";
  CHECK(successor_of(*with(""), "db:old").empty());
  CHECK(successor_of(*with(older), "db:old") == "db:new");
  CHECK(successor_of(*with(newer + older), "db:old") == "db:newer");
  CHECK(with(newer + older)->digest == with(older + newer)->digest);
  CHECK(with(older)->digest != with(newer)->digest);
  SUBCASE("one that names what is not there is rejected") {
    const auto broken = with(
        R"({"record":"successor","item":"db:old","successor":"db:x","at":"2026-01-05T04:00:00Z"})");
    REQUIRE(broken->rejected.size() == 1);
    CHECK(broken->rejected.front().why.starts_with("R0509"));
    CHECK(successor_of(*broken, "db:old").empty());
  }
  SUBCASE("what the store kept about an item that has gone is no defect") {
    InventoryInput stored;
    stored.name = "collect:db";
    stored.text =
        std::string(kReplaced) +
        R"({"record":"usage","item":"db:gone","at":"2026-01-05T04:00:00Z"})"
        "\n" +
        R"({"record":"delivery","item":"db:gone","to":"billing","at":"2026-01-05T04:00:00Z"})";
    Diagnostics diagnostics;
    const auto inventory = collect_inventory({stored}, schema, {}, diagnostics);
    REQUIRE(inventory);
    CHECK((*inventory)->rejected.empty());
    CHECK((*inventory)->usages.empty());
  }
}

TEST_CASE("collect: who was seen to use an item depends on it, where its dependents are known") {
  const auto schema = std::make_shared<const Schema>(builtin_schema());
  const std::string use = R"("at":"2026-01-05T03:00:00Z","source":"log"})"
                          "\n";
  const std::string lines = R"({"record":"usage","item":"db:old","by":"billing",)" + use +
                            R"({"record":"usage","item":"db:old","by":"psql",)" + use +
                            R"({"record":"usage","item":"db:new","by":"billing",)" + use;
  const auto inventory = collect_inventory_from_text(std::string(kReplaced) + lines, schema);
  CHECK(dependents_of(*inventory, "db:old") == "billing reports ");  // psql is nobody we know
  CHECK(dependents_of(*inventory, "db:new") == "unknown");
  CHECK(dependents_of(*inventory, "db:newer") == "unknown");
}

TEST_CASE("collect: the deliveries of the configuration say who depends on an item") {
  InventoryInput input;
  input.name = "inventory.jsonl";
  input.text = std::string(kReplaced);
  CollectOptions options;
  options.seal.dependents = {{"db:old", {"billing"}}, {"db:new", {"billing"}}, {"db:x", {"svc"}}};
  Diagnostics diagnostics;
  const auto inventory = collect_inventory(
      {input}, std::make_shared<const Schema>(builtin_schema()), options, diagnostics);
  REQUIRE(inventory);
  CHECK(dependents_of(**inventory, "db:old") == "billing reports ");
  CHECK(dependents_of(**inventory, "db:new") == "billing ");
  CHECK(dependents_of(**inventory, "db:newer") == "unknown");
}

}  // namespace
}  // namespace rescind
