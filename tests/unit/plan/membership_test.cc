// Memberships that stay or come back although a plan removes them.
#include <doctest/doctest.h>

#include "records.h"

namespace rescind::test {
namespace {

constexpr std::string_view kGroups = R"(
{"record":"group","id":"db:outer","system":"db","name":"outer"}
{"record":"group","id":"db:middle","system":"db","name":"middle","inside":["db:outer"]}
{"record":"group","id":"db:outer:bob","system":"db","holder":"bob","name":"outer"}
{"record":"group","id":"db:inner:bob","system":"db","holder":"bob","name":"inner","inside":["db:middle"]}
{"record":"group","id":"crm:inner:bob","system":"crm","holder":"bob","name":"inner"}
)";

Plan moves(std::string_view records, const std::string& only_item, std::string subject = "bob",
           std::string type = "mover") {
  const Organisation organisation{.records = with(records),
                                  .rules = {rule(type, {type},
                                                 {{.verb = Verb::Remove,
                                                   .kinds = Kind::Group,
                                                   .within = hours(1),
                                                   .only_item = only_item}})},
                                  .events = {{.type = type, .subject = std::move(subject)}}};
  return plan_of(organisation);
}

const PersonNote* note_on(const Plan& plan, std::string_view item) {
  for (const PersonNote& note : plan.needs_person) {
    if (note.item == item) {
      return &note;
    }
  }
  return nullptr;
}

const PersonNote* note_on(const Plan&& plan, std::string_view item) = delete;

}  // namespace

TEST_CASE(
    "membership: who keeps a group inside the one that is left stays a member, and it is said") {
  const Plan plan = moves(kGroups, "db:outer:bob");
  REQUIRE(find_step(plan, "db:outer:bob", Verb::Remove) != nullptr);
  const PersonNote* note = note_on(plan, "db:outer:bob");
  REQUIRE(note != nullptr);
  CHECK(note->why ==
        "bob stays a member through db:inner:bob, which is inside this group and is kept");
  CHECK(note->who == "oncall");
}

TEST_CASE("membership: nothing is said when every way in goes") {
  const Plan plan = moves(kGroups, "");
  CHECK(note_on(plan, "db:outer:bob") == nullptr);
  CHECK(note_on(plan, "db:inner:bob") == nullptr);
}

TEST_CASE("membership: groups that contain each other end the search") {
  const Plan plan = moves(R"(
{"record":"group","id":"db:a","system":"db","name":"a","inside":["db:b"]}
{"record":"group","id":"db:b","system":"db","name":"b","inside":["db:a"]}
{"record":"group","id":"db:b:bob","system":"db","holder":"bob","name":"b"}
{"record":"group","id":"db:c:bob","system":"db","holder":"bob","name":"c","inside":["db:a"]}
)",
                          "db:b:bob");
  CHECK(note_on(plan, "db:b:bob") != nullptr);
}

TEST_CASE("membership: a rule of the system puts its members back") {
  const std::string dynamic =
      R"({"record":"group","id":"db:all:bob","system":"db","holder":"bob","name":"all","dynamic":true})";
  const Plan plan = moves(dynamic, "");
  const PersonNote* note = note_on(plan, "db:all:bob");
  REQUIRE(note != nullptr);
  CHECK(note->why.find("puts bob back") != std::string::npos);
}

TEST_CASE("membership: for a leaver it gives nothing, so nothing is said") {
  std::string records(kGroups);
  std::size_t at = 0;
  while ((at = records.find("bob", at)) != std::string::npos) {
    records.replace(at, 3, "alice");
  }
  const Plan plan = moves(records, "db:outer:alice", "alice", "leaver");
  REQUIRE(find_step(plan, "db:outer:alice", Verb::Remove) != nullptr);
  CHECK(note_on(plan, "db:outer:alice") == nullptr);
}

}  // namespace rescind::test
