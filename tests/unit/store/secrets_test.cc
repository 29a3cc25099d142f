// Sealed values and inventory that execution adds.
#include "base/sqlite.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

SealedSecret sealed(const std::string& run, std::uint32_t generation, const std::string& value) {
  return {run, "step:a", "vault:secret:1", generation, value, at_second(5)};
}

TEST_CASE("store: a sealed value is kept per run, step and generation until it is erased") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const std::string run = store->open_run(new_run("1111111111111111"))->id;
  REQUIRE(store->put_secret(sealed(run, 1, "s1:one")));
  REQUIRE(store->put_secret(sealed(run, 2, "s1:two")));
  REQUIRE(store->put_secret(sealed(run, 1, "s1:again")));
  store = open_store(folder);  // durable, and the tables are made once
  const auto first = store->find_secret("step:a", 1);
  REQUIRE((first && *first));
  CHECK((*first)->sealed == "s1:again");
  CHECK((*first)->item == "vault:secret:1");
  CHECK((*first)->at == at_second(5));
  REQUIRE(store->erase_secret("step:a", 1));
  REQUIRE(store->erase_secret("step:a", 1));
  CHECK(!*store->find_secret("step:a", 1));
  CHECK(*store->find_secret("step:a", 2));
}

TEST_CASE("store: a file from before sealed values gets their table when it is opened") {
  const TemporaryFolder folder;
  {
    auto store = open_store(folder);
    REQUIRE(store->open_run(new_run("2222222222222222")));
  }
  {
    auto file = SqliteDatabase::open(folder.file("store.db"), {});
    REQUIRE(file);
    REQUIRE(file->execute("DROP TABLE secrets"));
  }
  auto store = open_store(folder);
  CHECK(store->put_secret(sealed("run:2222222222222222", 1, "s1:x")));
  CHECK(store->list_runs()->size() == 1);
}

TEST_CASE("store: records that execution adds stand beside a listing and do not shorten it") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const StoredListing listing{"vault", "secret", at_second(0), true, "", 0};
  REQUIRE(store->replace_listing(listing, {{"vault", "secret", "a", "{\"v\":1}", at_second(0)}}));
  REQUIRE(store->add_inventory({{"vault", "secret", "b", "{}", at_second(1)},
                                {"vault", "secret", "a", "{\"v\":2}", at_second(1)},
                                {"vault", "delivery", "b to c", "{}", at_second(1)}}));
  const auto records = store->list_inventory();
  REQUIRE((records && records->size() == 3));
  CHECK((*records)[1].json == "{\"v\":2}");
  // The next complete listing knows the kind better; records of another kind stay.
  REQUIRE(store->replace_listing(listing, {{"vault", "secret", "b", "{}", at_second(2)}}));
  CHECK(store->list_inventory()->size() == 2);
  REQUIRE(store->list_listings());
  CHECK(store->list_listings()->size() == 1);
}

}  // namespace
}  // namespace rescind
