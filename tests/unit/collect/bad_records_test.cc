// Bad records: each is named with file, line and reason, nothing else is lost, and what depends on
// them may not be decided on.
#include <doctest/doctest.h>

#include "collect/collect_inventory.h"

namespace rescind {
namespace {

std::shared_ptr<const Schema> schema() {
  static const auto kSchema = std::make_shared<const Schema>(builtin_schema());
  return kSchema;
}

constexpr std::string_view kGround =
    R"({"record":"system","id":"okta","kind":"idp"}
{"record":"system","id":"crm","kind":"saas"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
)";

std::shared_ptr<const Inventory> with(std::string_view lines) {
  auto inventory = collect_inventory_from_text(std::string(kGround) + std::string(lines), schema());
  REQUIRE(inventory != nullptr);
  CHECK(inventory->find_item("okta:alice").valid());
  return inventory;
}

bool undetermined(const Inventory& inventory, std::string_view item) {
  const ItemRef found = inventory.find_item(item);
  REQUIRE(found.valid());
  return inventory.why_undetermined(entity_of(found.kind()), found.row()) != nullptr;
}

// The one rejected record, on line 6.
const RejectedRecord& only(const Inventory& inventory, std::string_view why) {
  REQUIRE(inventory.rejected.size() == 1);
  const RejectedRecord& rejected = inventory.rejected.front();
  CHECK(rejected.file == "inventory.jsonl");
  CHECK(rejected.line == 6);
  CHECK_MESSAGE(rejected.why.find(why) != std::string::npos, rejected.why);
  return rejected;
}

TEST_CASE("collect: a truncated line keeps its item, undetermined") {
  const auto inventory = with(
      R"({"record":"session","id":"okta:s1","system":"okta","holder":"alice","created":"2026-01)");
  CHECK(only(*inventory, "R0501: the record is cut off").id == "okta:s1");
  CHECK(undetermined(*inventory, "okta:s1"));
  const ItemRef session = inventory->find_item("okta:s1");
  CHECK(inventory->id(inventory->holder(session)) == "alice");
  CHECK(inventory->account(session).cell == kBrokenCell);
}

TEST_CASE("collect: a line that names no record word is refused by line") {
  SUBCASE("an array") {
    only(*with("[1,2]"), "R0501: a record is a JSON object");
  }
  SUBCASE("a number") {
    only(*with("12"), "R0501");
  }
  SUBCASE("an empty object") {
    only(*with("{}"), "R0503: the record does not say what it is");
  }
  SUBCASE("no record") {
    CHECK(only(*with(R"({"id":"x"})"), "R0503").id == "x");
  }
  SUBCASE("a record that is a number") {
    only(*with(R"({"record":5,"id":"x"})"), "R0503");
  }
  SUBCASE("an unknown word") {
    only(*with(R"({"record":"acount","id":"x"})"),
         "unknown record `acount`; did you mean `account`?");
  }
  SUBCASE("text") {
    only(*with("hello"), "R0501");
  }
  SUBCASE("something after it") {
    const auto inventory = with(R"({"record":"session","id":"s","system":"okta"} {"x":1})");
    only(*inventory, "R0501: something follows the record");
    CHECK(undetermined(*inventory, "s"));
  }
  SUBCASE("a hundred thousand brackets") {
    only(*with(R"({"record":"session","id":"s","system":)" + std::string(100'000, '[')), "R0501");
  }
}

TEST_CASE("collect: invalid UTF-8 is named by its byte") {
  const auto inventory =
      with("{\"record\":\"session\",\"id\":\"s\",\"system\":\"okta\",\"name\":\"\xff\"}");
  only(*inventory, "R0502: byte 54 is not valid UTF-8");
  CHECK(undetermined(*inventory, "s"));
}

TEST_CASE("collect: a record without a usable id leaves no row") {
  SUBCASE("missing") {
    only(*with(R"({"record":"session","system":"okta"})"), "R0504");
  }
  SUBCASE("empty") {
    only(*with(R"({"record":"session","id":"","system":"okta"})"), "R0504");
  }
  SUBCASE("a number") {
    only(*with(R"({"record":"session","id":7,"system":"okta"})"), "R0504");
  }
  SUBCASE("an id that would steer a terminal") {
    only(*with(R"({"record":"session","id":"a\u001b[2J","system":"okta"})"), "R0504");
  }
  SUBCASE("an id with a control character beyond ASCII") {
    only(*with(R"({"record":"session","id":"a\u009b2J","system":"okta"})"), "R0504");
  }
  SUBCASE("an id that turns text around") {
    only(*with(R"({"record":"session","id":"a\u202eb","system":"okta"})"), "R0504");
  }
}

TEST_CASE("collect: a bad id in a broken record does not hide the next record's missing one") {
  const auto inventory = with(R"({"record":"session","id":7,"system":"okta","name":[}
{"record":"session","system":"okta"})");
  REQUIRE(inventory->rejected.size() == 2);
  CHECK(inventory->rejected[0].line == 6);
  CHECK(inventory->rejected[1].why == "R0504: the record has no `id`");
}

TEST_CASE("collect: an attribute that is not declared is named with the nearest one") {
  const auto inventory = with(R"({"record":"session","id":"s","system":"okta","holdr":"bob"})");
  only(*inventory, "R0505: `holdr` is not declared for session; did you mean `holder`?");
  CHECK(undetermined(*inventory, "s"));
}

TEST_CASE("collect: a value of the wrong type leaves the row undetermined") {
  const auto refused = [](std::string_view attribute, std::string_view why) {
    const auto inventory =
        with(R"({"record":"account","id":"a","system":"okta",)" + std::string(attribute) + "}");
    only(*inventory, why);
    CHECK(undetermined(*inventory, "a"));
  };
  SUBCASE("bool") {
    refused(R"("enabled":"yes")", "`enabled` must be true or false");
  }
  SUBCASE("malformed last_used") {
    refused(R"("last_used":"yesterday")", "R0506: `last_used` must be an instant");
  }
  SUBCASE("a day that does not exist") {
    refused(R"("created":"2026-02-30T00:00:00Z")", "R0506");
  }
  SUBCASE("a number for text") {
    refused(R"("name":5)", "`name` must be a string, not `5`");
  }
  SUBCASE("an object") {
    refused(R"("name":{"a":[1,{"b":2}]})", "`name` must be a string");
  }
  SUBCASE("enum") {
    refused(R"("source":"gift")", "one of birthright request emergency inherited unknown");
  }
  SUBCASE("null where a value must be") {
    refused(R"("privileged":null)", "not `null`");
  }
  SUBCASE("a string for a set") {
    refused(R"("known_to":"alice")", "a list of ids");
  }
  SUBCASE("a number in a set") {
    refused(R"("factors":["otp",5])", "a list of strings, not `5`");
  }
  SUBCASE("a bad escape") {
    refused(R"("name":"\q")", "R0506: `name`");
  }
  SUBCASE("given twice") {
    refused(R"("name":"a","name":"b")", "R0513: `name` is given twice");
  }
}

TEST_CASE("collect: an unknown time zone or number is named") {
  only(*with(R"({"record":"identity","id":"eve","kind":"employee","timezone":"Mars/Base"})"),
       "`timezone` must be a time zone like \"Europe/Berlin\", not `Mars/Base`");
  only(*with(R"({"record":"system","id":"s","kind":"saas","tier":1.5})"), "a whole number");
  only(*with(R"({"record":"session","id":"s","system":"okta","max_life":"long"})"), "a duration");
}

TEST_CASE("collect: a required attribute that is missing is named") {
  const auto inventory = with(R"({"record":"session","id":"s","holder":"alice"})");
  only(*inventory, "R0507: `system` is missing");
  CHECK(undetermined(*inventory, "s"));
  CHECK(inventory->system(inventory->find_item("s")).cell == kBrokenCell);
  only(*with(R"({"record":"identity","id":"eve"})"), "R0507: `kind` is missing");
}

TEST_CASE("collect: null gives no value where none is needed") {
  const auto inventory = with(
      R"({"record":"session","id":"s","system":"okta","holder":null,"account":null,"created":null})");
  CHECK(inventory->rejected.empty());
  CHECK_FALSE(inventory->holder(inventory->find_item("s")).valid());
}

TEST_CASE("collect: a record that comes twice word for word counts once") {
  const auto inventory = with(
      R"({"record":"account","holder":"alice","privileged":false,"id":"okta:alice","system":"okta"})");
  CHECK(inventory->rejected.empty());
  CHECK(inventory->item_count() == 1);
}

TEST_CASE("collect: one id with different content makes all of its records undetermined") {
  const auto inventory =
      with(R"({"record":"account","id":"okta:alice","system":"okta","holder":"bob"})");
  REQUIRE(inventory->rejected.size() == 2);
  CHECK(inventory->rejected[0].line == 5);
  CHECK(inventory->rejected[0].why ==
        "R0508: `okta:alice` is described differently at inventory.jsonl:6");
  CHECK(inventory->rejected[1].why ==
        "R0508: `okta:alice` is described differently at inventory.jsonl:5");
  CHECK(inventory->undetermined.size() == 2);
  // Each stays with the holder that it names.
  const auto& accounts = inventory->by_holder[static_cast<std::size_t>(Kind::Account)];
  CHECK(accounts.of(inventory->find_identity("alice").row()).size() == 1);
  CHECK(accounts.of(inventory->find_identity("bob").row()).size() == 1);

  SUBCASE("also when the kind differs, and for people") {
    const auto more = with(R"({"record":"token","id":"okta:alice","system":"okta"}
{"record":"identity","id":"bob","kind":"vendor"})");
    CHECK(more->rejected.size() == 4);
    CHECK(more->why_undetermined(Entity::Identity, more->find_identity("bob").row()) != nullptr);
  }
}

TEST_CASE("collect: a reference to nothing is named, and its record undetermined") {
  const auto dangling = [](std::string_view attribute, std::string_view why) {
    const auto inventory =
        with(R"({"record":"session","id":"s","system":"okta",)" + std::string(attribute) + "}");
    only(*inventory, why);
    CHECK(undetermined(*inventory, "s"));
    return inventory;
  };
  SUBCASE("holder") {
    const auto inventory =
        dangling(R"("holder":"zed")", "R0509: `holder` names `zed`, which is not an identity");
    CHECK(inventory->holder(inventory->find_item("s")).cell == kBrokenCell);
    // Not nobody's: whose it is is unknown.
    const auto& sessions = inventory->by_holder[static_cast<std::size_t>(Kind::Session)];
    CHECK(sessions.of(inventory->table(Entity::Identity).rows()).empty());
  }
  SUBCASE("account") {
    dangling(R"("account":"zed")", "`zed`, which is not an account");
  }
  SUBCASE("account that is a person") {
    dangling(R"("account":"alice")", "not an account");
  }
  SUBCASE("grantee") {
    dangling(R"("grantee":"zed")", "`grantee` names `zed`");
  }
  SUBCASE("credential") {
    dangling(R"("credential":"okta:alice")", "not a credential");
  }
  SUBCASE("system") {
    const auto inventory = with(R"({"record":"session","id":"s","system":"nowhere"})");
    only(*inventory, "`system` names `nowhere`, which is not a system");
    CHECK(undetermined(*inventory, "s"));
  }
  SUBCASE("owner in a set") {
    const auto inventory =
        with(R"({"record":"identity","id":"bot","kind":"service","owner":["alice","zed"]})");
    only(*inventory, "`owner` names `zed`, which is not an identity or team");
    CHECK(inventory->why_undetermined(Entity::Identity, inventory->find_identity("bot").row()));
  }
}

TEST_CASE("collect: an unknown manager breaks the manager and nothing else of the person") {
  const auto inventory =
      with(R"({"record":"identity","id":"eve","kind":"employee","manager":"zed"})");
  only(*inventory, "R0509: `manager` names `zed`");
  const std::uint32_t eve = inventory->find_identity("eve").row();
  CHECK(inventory->why_undetermined(Entity::Identity, eve) == nullptr);
  CHECK(inventory->table(Entity::Identity).columns[identity_attribute::kManager].word_at(eve) ==
        kBrokenCell);
}

TEST_CASE("collect: a chain of managers that is a cycle is named and broken") {
  const auto inventory = with(R"({"record":"identity","id":"c1","kind":"employee","manager":"c2"}
{"record":"identity","id":"c2","kind":"employee","manager":"c3"}
{"record":"identity","id":"c3","kind":"employee","manager":"c1"}
{"record":"identity","id":"below","kind":"employee","manager":"c1"}
{"record":"identity","id":"self","kind":"employee","manager":"self"})");
  REQUIRE(inventory->rejected.size() == 4);
  CHECK(inventory->rejected[0].why == "R0510: the managers above `c1` lead back to it");
  CHECK(inventory->rejected[3].id == "self");
  const Column& managers = inventory->table(Entity::Identity).columns[identity_attribute::kManager];
  CHECK(managers.word_at(inventory->find_identity("c2").row()) == kBrokenCell);
  CHECK(managers.word_at(inventory->find_identity("below").row()) ==
        inventory->find_identity("c1").cell);
}

TEST_CASE("collect: accounts that hang on each other in a circle are named and broken") {
  const auto inventory = with(R"({"record":"account","id":"a1","system":"okta","account":"a2"}
{"record":"account","id":"a2","system":"okta","account":"a1"}
{"record":"session","id":"s","system":"okta","account":"a1"})");
  REQUIRE(inventory->rejected.size() == 2);
  CHECK(inventory->rejected[0].why == "R0510: the accounts above `a1` lead back to it");
  CHECK(inventory->account(inventory->find_item("a2")).cell == kBrokenCell);
  CHECK(undetermined(*inventory, "s"));
}

TEST_CASE("collect: a long chain of accounts passes its holder and its faults down") {
  std::string lines = R"({"record":"account","id":"a0","system":"okta","holder":"bob","naem":"x"})";
  for (int i = 1; i < 5'000; ++i) {
    lines = R"({"record":"account","id":"a)" + std::to_string(i) +
            R"(","system":"okta","account":"a)" + std::to_string(i - 1) + "\"}\n" + lines;
  }
  const auto inventory = with(lines);
  CHECK(inventory->rejected.size() == 1);
  CHECK(inventory->id(inventory->holder(inventory->find_item("a4999"))) == "bob");
  CHECK(inventory->undetermined.size() == 5'000);
}

TEST_CASE("collect: very many records with one id are told without listing every place") {
  std::string lines;
  for (int i = 0; i < 5'000; ++i) {
    lines +=
        R"({"record":"session","id":"s","system":"okta","name":"n)" + std::to_string(i) + "\"}\n";
  }
  const auto inventory = with(lines);
  CHECK(inventory->rejected.size() == 5'000);
  CHECK(inventory->rejected[0].why ==
        "R0508: `s` is described differently at inventory.jsonl:7, inventory.jsonl:8, "
        "inventory.jsonl:9, and in 4996 more places");
}

TEST_CASE("collect: an account of another system is named") {
  const auto inventory =
      with(R"({"record":"session","id":"s","system":"crm","account":"okta:alice"})");
  only(*inventory, "R0511: its account `okta:alice` is on `okta`, not on `crm`");
  CHECK(undetermined(*inventory, "s"));
}

TEST_CASE("collect: what hangs on an undetermined account is undetermined") {
  const auto inventory = with(R"({"record":"account","id":"a","system":"okta","holder":"zed"}
{"record":"session","id":"s","system":"okta","account":"a"})");
  CHECK(undetermined(*inventory, "s"));
  CHECK(inventory->rejected.size() == 1);
  CHECK(inventory->holder(inventory->find_item("s")).cell == kBrokenCell);
}

TEST_CASE("collect: caps on strings and records are told, the rest is read") {
  const std::string megabyte(1024 * 1024, 'x');
  SUBCASE("a 1 MB attribute") {
    const auto inventory =
        with(R"({"record":"session","id":"s","system":"okta","name":")" + megabyte + "\"}");
    only(*inventory, "R0512: `name` has 1048576 bytes, more than 65536");
    CHECK(undetermined(*inventory, "s"));
  }
  SUBCASE("a 5 MB line, then another record") {
    std::string lines = R"({"record":"session","id":"s","system":"okta","name":")";
    for (int i = 0; i < 5; ++i) {
      lines += megabyte;
    }
    const auto inventory =
        with(lines + "\"}\n" + R"({"record":"session","id":"t","system":"okta"})");
    only(*inventory, "R0512: the record is longer than 4194304 bytes");
    CHECK(undetermined(*inventory, "s"));
    CHECK_FALSE(undetermined(*inventory, "t"));
  }
}

TEST_CASE("collect: bad usage, coverage and delivery records are named") {
  const auto refused = [](std::string_view line, std::string_view why) { only(*with(line), why); };
  refused(R"({"record":"usage","item":"zed","at":"2026-01-05T03:00:00Z"})",
          "R0509: a usage record names `zed`, which is not an item");
  refused(R"({"record":"usage","item":"okta:alice","at":"now"})", "R0506: usage: `at` must be");
  refused(R"({"record":"usage","item":"okta:alice"})", "R0507: usage: `at` is missing");
  refused(R"({"record":"usage","item":"okta:alice","at":"2026-01-05T03:00:00Z","outcome":"?"})",
          "`outcome` must be success or failure");
  refused(R"({"record":"usage","item":"okta:alice","att":"2026-01-05T03:00:00Z"})",
          "R0505: usage: `att` is not declared for usage; did you mean `at`?");
  refused(R"({"record":"coverage","system":"okta","kinds":["sesion"],)"
          R"("since":"2026-01-05T03:00:00Z","until":"2026-01-06T03:00:00Z"})",
          "R0506: coverage: `kinds` lists");
  refused(R"({"record":"coverage","system":"okta","kinds":["session"],)"
          R"("since":"2026-01-06T03:00:00Z","until":"2026-01-05T03:00:00Z"})",
          "R0506: coverage: `until` is before `since`");
  refused(R"({"record":"delivery","item":"okta:alice","at":"2026-01-05T03:00:00Z"})",
          "R0507: delivery: `to` is missing");
}

TEST_CASE("collect: rejected records are warnings with file and line") {
  InventoryInput input;
  input.name = "people.jsonl";
  input.text = "{\"record\":\"identity\",\"id\":\"eve\"}\n";
  Diagnostics diagnostics;
  const auto inventory = collect_inventory({input}, schema(), {}, diagnostics);
  REQUIRE(inventory);
  CHECK_FALSE(diagnostics.has_errors());
  REQUIRE(diagnostics.sorted().size() == 1);
  CHECK(diagnostics.sorted()[0].code == Code::R0507);
  CHECK(diagnostics.sorted()[0].message == "people.jsonl:1: `kind` is missing (record `eve`)");
}

}  // namespace
}  // namespace rescind
