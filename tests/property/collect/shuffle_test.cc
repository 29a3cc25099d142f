// The order of records changes nothing that can be seen of an inventory.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "collect/collect_inventory.h"

namespace rescind {
namespace {

// Few names, so that records meet, contradict each other and point at nothing.
std::string name_of(std::string_view prefix) {
  return std::string(prefix) + std::to_string(*rc::gen::inRange(0, 6));
}

std::string random_record() {
  const int sort = *rc::gen::inRange(0, 9);
  const std::string system = R"(,"system":")" + name_of("sys") + '"';
  const std::string holder = R"(,"holder":")" + name_of("p") + '"';
  const std::string account = R"(,"account":")" + name_of("a") + '"';
  switch (sort) {
  case 0:
    return R"({"record":"system","id":")" + name_of("sys") + R"(","kind":"saas"})";
  case 1:
  case 2:
    return R"({"record":"identity","id":")" + name_of("p") + R"(","kind":"employee","manager":")" +
           name_of("p") + R"("})";
  case 3:
    return R"({"record":"identity","id":")" + name_of("p") + R"(","kind":"service","owner":[")" +
           name_of("p") + R"("]})";
  case 4:
    return R"({"record":"account","id":")" + name_of("a") + '"' + system + holder + '}';
  case 5:
    return R"({"record":"account","id":")" + name_of("a") + '"' + system + account + '}';
  case 6:
    return R"({"record":"session","id":")" + name_of("s") + '"' + system + account + '}';
  case 7:
    return R"({"record":"usage","item":")" + name_of("s") + R"(","at":"2026-01-05T03:00:0)" +
           std::to_string(*rc::gen::inRange(0, 3)) + R"(Z","by":")" + name_of("p") + R"("})";
  default:
    return R"({"record":"session","id":")" + name_of("s") + R"(","system":)";
  }
}

std::shared_ptr<const Inventory> load(const std::vector<std::string>& records) {
  static const auto kSchema = std::make_shared<const Schema>(builtin_schema());
  std::string text;
  for (const std::string& record : records) {
    text += record + '\n';
  }
  return collect_inventory_from_text(text, kSchema);
}

// What a decision can read of every row: by id, without the numbers of rows or lines.
std::multiset<std::pair<std::string, std::string>> readable(const Inventory& inventory) {
  std::multiset<std::pair<std::string, std::string>> rows;
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const auto entity = static_cast<Entity>(kind);
    for (std::uint32_t row = 0; row < inventory.table(entity).rows(); ++row) {
      const ItemRef item = ItemRef::of(static_cast<Kind>(kind), row);
      const std::string* why = inventory.why_undetermined(entity, row);
      std::string text = std::string(inventory.id(inventory.holder(item))) + " " +
                         std::string(inventory.id(inventory.system(item))) + " " +
                         std::string(inventory.id(inventory.account(item))) + " " +
                         std::string(entity_name(entity)) + " " + (why ? *why : "");
      rows.emplace(std::string(inventory.id(item)), std::move(text));
    }
  }
  const Table& people = inventory.table(Entity::Identity);
  for (std::uint32_t row = 0; row < people.rows(); ++row) {
    const std::string* why = inventory.why_undetermined(Entity::Identity, row);
    const IdentityRef manager{people.columns[identity_attribute::kManager].word_at(row)};
    rows.emplace(std::string(inventory.text(people.ids[row])),
                 std::string(inventory.id(manager)) + (why ? *why : ""));
  }
  return rows;
}

std::map<std::string, std::vector<std::string>> items_by_holder(const Inventory& inventory) {
  std::map<std::string, std::vector<std::string>> held;
  const Table& people = inventory.table(Entity::Identity);
  for (std::uint32_t row = 0; row <= people.rows(); ++row) {
    const std::string who =
        row < people.rows() ? std::string(inventory.text(people.ids[row])) : "nobody";
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      for (const std::uint32_t item : inventory.by_holder[kind].of(row)) {
        held[who].emplace_back(inventory.id(ItemRef::of(static_cast<Kind>(kind), item)));
      }
    }
    std::sort(held[who].begin(), held[who].end());
  }
  return held;
}

std::vector<std::string> usages(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const UsageRecord& usage : inventory.usages) {
    out.push_back(std::string(inventory.id(usage.item)) + format_instant(usage.at) +
                  std::string(inventory.text(usage.by)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST_CASE("collect: shuffled records give the same digest and the same facts") {
  const bool holds = rc::check("shuffled records give the same inventory", [] {
    const auto size = static_cast<std::size_t>(*rc::gen::inRange(1, 60));
    std::vector<std::string> records;
    for (std::size_t i = 0; i < size; ++i) {
      records.push_back(random_record());
    }
    const auto one = load(records);
    for (std::size_t i = records.size(); i > 1; --i) {
      std::swap(records[i - 1], records[*rc::gen::inRange<std::size_t>(0, i)]);
    }
    const auto other = load(records);
    RC_ASSERT(one->digest == other->digest);
    RC_ASSERT(readable(*one) == readable(*other));
    RC_ASSERT(items_by_holder(*one) == items_by_holder(*other));
    RC_ASSERT(usages(*one) == usages(*other));
    RC_ASSERT(one->rejected.size() == other->rejected.size());
  });
  CHECK(holds);
}

TEST_CASE("collect: a single changed value changes the digest") {
  const bool holds = rc::check("a changed value changes the digest", [] {
    std::vector<std::string> records{
        R"({"record":"system","id":"sys","kind":"saas"})",
        R"({"record":"identity","id":"p","kind":"employee"})",
        R"({"record":"account","id":"a","system":"sys","holder":"p","name":"n"})"};
    const auto one = load(records);
    const int which = *rc::gen::inRange(0, 4);
    const std::string changed = "x" + std::to_string(*rc::gen::inRange(0, 1000));
    const std::array<std::string, 4> others{
        R"({"record":"account","id":"a","system":"sys","holder":"p","name":")" + changed + R"("})",
        R"({"record":"account","id":"a","system":"sys","name":"n"})",
        R"({"record":"account","id":")" + changed + R"(","system":"sys","holder":"p","name":"n"})",
        R"({"record":"token","id":"a","system":"sys","holder":"p","name":"n"})"};
    records[2] = others[static_cast<std::size_t>(which)];
    RC_ASSERT(load(records)->digest != one->digest);
  });
  CHECK(holds);
}

}  // namespace
}  // namespace rescind
