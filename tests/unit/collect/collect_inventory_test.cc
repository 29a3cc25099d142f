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

}  // namespace
}  // namespace rescind
