// People read from an inventory: keys, states, owners and contacts.
#include "workflow/people.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "collect/collect_inventory.h"
#include "tests/support/temporary_folder.h"
#include "workflow/load_inventory.h"

namespace rescind {
namespace {

constexpr std::string_view kRecords =
    R"({"record":"system","id":"aws","kind":"cloud","owner":["cloud-team"]}
{"record":"team","id":"it-security","members":["ines","tom"],"contact":"mailto:sec@example.org","approver_keys":{"ines":"ed25519:a","mallory":"ed25519:m"}}
{"record":"team","id":"legal","members":["ines","lea"]}
{"record":"identity","id":"ines","kind":"employee","contact":"mailto:ines@example.org"}
{"record":"identity","id":"tom","kind":"employee","status":"on_leave"}
{"record":"identity","id":"lea","kind":"employee","ends":"2026-01-01T00:00:00Z"}
{"record":"identity","id":"mallory","kind":"employee"}
{"record":"identity","id":"ci-bot","kind":"service","owner":["ines"]}
)";

}  // namespace

TEST_CASE("people: keys are those that a team declares for its own members") {
  const TemporaryFolder folder;
  REQUIRE(write_file_atomically(folder.file("all.jsonl"), kRecords).has_value());
  Diagnostics diagnostics;
  const auto loaded =
      load_inventory({folder.file("all.jsonl")}, nullptr,
                     std::make_shared<const Schema>(builtin_schema()), {}, diagnostics);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().to_string());
  const People people = read_people(*loaded, "steward", {"mallory"}, Instant(Seconds(1767600000)));
  const ApproverFacts& facts = people.approvers;
  CHECK(facts.signing_teams == std::set<std::string>{"it-security"});
  CHECK(facts.teams.at("legal") == std::set<std::string>{"ines", "lea"});
  CHECK(facts.person("ines")->keys == std::set<std::string>{"ed25519:a"});
  CHECK(facts.person("mallory")->keys.empty());  // not a member of the team
  CHECK(facts.person("mallory")->leaving);
  CHECK(facts.person("tom")->away);
  CHECK_FALSE(facts.person("tom")->active);
  CHECK_FALSE(facts.person("lea")->active);  // the engagement is over
  CHECK_FALSE(facts.person("nobody-known").has_value());
  CHECK(people.owners_of_system("aws") == std::vector<std::string>{"cloud-team"});
  CHECK(people.owners_of_identity("ci-bot") == std::vector<std::string>{"ines"});
  CHECK(facts.person("ci-bot")->owners == std::set<std::string>{"ines"});
  CHECK(people.contact("it-security") == "mailto:sec@example.org");
  CHECK(people.contact("ines") == "mailto:ines@example.org");
  CHECK(people.contact("legal").empty());
  CHECK(declared_keys(**loaded) == std::map<std::string, std::string>{{"ines", "ed25519:a"}});
}

}  // namespace rescind
