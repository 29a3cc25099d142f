// Collected inventory: replaced per listing, never shrunk by an incomplete one.
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

StoredInventoryRecord record(const std::string& id, const std::string& json) {
  return {"crm", "account", id, json, at_second(0)};
}

}  // namespace

TEST_CASE("store: a complete listing replaces, an incomplete one updates and removes nothing") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  REQUIRE(store->replace_listing({"crm", "account", at_second(0), true, "", 0},
                                 {record("crm:a", "1"), record("crm:b", "1")}));
  REQUIRE(store->replace_listing({"erp", "account", at_second(0), true, "", 0},
                                 {record("erp:a", "1")}));
  REQUIRE(store->replace_listing({"crm", "account", at_second(9), false, "page 2 failed", 0},
                                 {record("crm:a", "2")}));
  auto inventory = store->list_inventory();
  REQUIRE(inventory->size() == 3);
  CHECK(inventory->at(0).json == "2");
  CHECK(inventory->at(0).collected_at == at_second(9));
  CHECK(inventory->at(1).id == "crm:b");
  CHECK(inventory->at(2).system == "erp");
  auto listings = store->list_listings();
  REQUIRE(listings->size() == 2);
  CHECK_FALSE(listings->at(0).complete);
  CHECK(listings->at(0).why == "page 2 failed");
  CHECK(listings->at(0).records == 2);

  REQUIRE(store->replace_listing({"crm", "account", at_second(20), true, "", 0},
                                 {record("crm:a", "3")}));
  inventory = store->list_inventory();
  REQUIRE(inventory->size() == 2);
  CHECK(inventory->at(0).json == "3");
  CHECK(store->list_listings()->at(0).complete);
}

TEST_CASE("store: a listing that equals what is stored says when it was seen, and nothing else") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const std::vector<StoredInventoryRecord> both{record("crm:a", "1"), record("crm:b", "1")};
  REQUIRE(store->replace_listing({"crm", "account", at_second(0), true, "", 0}, both));
  REQUIRE(store->replace_listing({"crm", "account", at_second(5), false, "cut short", 0}, both));
  CHECK_FALSE(store->list_listings()->at(0).complete);
  REQUIRE(store->replace_listing({"crm", "account", at_second(9), true, "", 0}, both));
  const auto listings = store->list_listings();
  REQUIRE(listings->size() == 1);
  CHECK(listings->at(0).complete);
  CHECK(listings->at(0).why == "");
  CHECK(listings->at(0).collected_at == at_second(9));
  const auto inventory = store->list_inventory();
  REQUIRE(inventory->size() == 2);
  for (const StoredInventoryRecord& one : *inventory) {
    CHECK(one.json == "1");
    CHECK(one.collected_at == at_second(9));
  }
}

TEST_CASE("store: of a listing that names a record twice the last form counts") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const StoredListing listing{"crm", "account", at_second(0), true, "", 0};
  REQUIRE(store->replace_listing(listing, {record("crm:a", "1")}));
  REQUIRE(store->replace_listing(listing, {record("crm:a", "2"), record("crm:a", "1")}));
  CHECK(store->list_inventory()->at(0).json == "1");
}

TEST_CASE("store: what an incomplete listing leaves out was not seen again") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  REQUIRE(store->replace_listing({"crm", "account", at_second(0), true, "", 0},
                                 {record("crm:a", "1"), record("crm:b", "1")}));
  REQUIRE(store->replace_listing({"crm", "account", at_second(9), false, "page 2 failed", 0},
                                 {record("crm:b", "1")}));
  const auto inventory = store->list_inventory();
  REQUIRE(inventory->size() == 2);
  CHECK(inventory->at(0).collected_at == at_second(0));
  CHECK(inventory->at(1).collected_at == at_second(9));
}

}  // namespace rescind
