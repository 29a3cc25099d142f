// Event files: what is read, what is refused, and where the message points.
#include "collect/read_events.h"

#include <doctest/doctest.h>

#include "collect/collect_inventory.h"

namespace rescind {
namespace {

std::shared_ptr<const Schema> schema() {
  static const auto kSchema = [] {
    auto schema = std::make_shared<Schema>(builtin_schema());
    EventType outage;
    outage.name = "outage";
    outage.about = EventAbout::System;
    outage.builtin = false;
    Type type;
    type.kind = TypeKind::Int;
    outage.attributes.push_back(Attribute{"severity", type, true, {}, false, ""});
    type.kind = TypeKind::Set;
    type.optional = true;
    outage.attributes.push_back(Attribute{"regions", type, false, {}, false, ""});
    type.kind = TypeKind::Identity;
    outage.attributes.push_back(Attribute{"lead", type, false, {}, false, ""});
    type.kind = TypeKind::Instant;
    outage.attributes.push_back(Attribute{"began", type, false, {}, false, ""});
    schema->events.push_back(outage);
    return schema;
  }();
  return kSchema;
}

const Inventory& inventory() {
  static const auto kInventory = collect_inventory_from_text(
      R"({"record":"system","id":"okta","kind":"idp"}
{"record":"identity","id":"alice","kind":"employee","timezone":"America/New_York"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
)",
      schema());
  return *kInventory;
}

struct Reading {
  SourceSet sources;
  Diagnostics diagnostics;
  std::optional<std::vector<Event>> events;
};

std::unique_ptr<Reading> read(std::string text, std::string name = "event.json") {
  auto reading = std::make_unique<Reading>();
  const SourceFileId file = reading->sources.add(std::move(name), std::move(text));
  EventOptions options;
  options.timezone = "Europe/Berlin";
  options.now = *parse_instant("2026-11-20T12:00:00Z");
  reading->events =
      read_events(reading->sources, file, *schema(), &inventory(), options, reading->diagnostics);
  CHECK(reading->events.has_value() != reading->diagnostics.has_errors());
  return reading;
}

std::vector<Event> good(std::string text, std::string name = "event.json") {
  const auto reading = read(std::move(text), std::move(name));
  if (!reading->events) {
    FAIL(render_text(reading->diagnostics, reading->sources, {}));
  }
  return *reading->events;
}

std::string errors(std::string text, std::string name = "event.json") {
  const auto reading = read(std::move(text), std::move(name));
  REQUIRE_FALSE(reading->events);
  return render_text(reading->diagnostics, reading->sources, {});
}

bool says(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) {
    MESSAGE(text);
  }
  return found;
}

TEST_CASE("events: a single event is read with all of its fields") {
  const auto events = good(R"({"type":"leaver","subject":"alice","at":"2026-01-05T17:00:00Z",
    "id":"hr-118","source":"workday","submitted_by":"hr-bot","revision":2,
    "arrived":"2026-01-04T08:00:00+01:00","attributes":{"reason":"resigned \u00e9\ud83d\ude00"},
    "before":{"department":"Sales","roles":["b","a"],"legal_hold":true,"manager":null}})");
  REQUIRE(events.size() == 1);
  const Event& e = events[0];
  CHECK(e.type == "leaver");
  CHECK(e.subject == "alice");
  CHECK(format_instant(e.at) == "2026-01-05T17:00:00Z");
  CHECK_FALSE(e.at_date);
  CHECK(e.id == "hr-118");
  CHECK(e.source == "workday");
  CHECK(e.submitted_by == "hr-bot");
  CHECK(e.revision == 2);
  CHECK(format_instant(*e.arrived) == "2026-01-04T07:00:00Z");
  CHECK(std::get<std::string>(e.attributes.at("reason")) == "resigned \u00e9\U0001F600");
  CHECK(std::get<std::vector<std::string>>(e.before->at("roles")) ==
        std::vector<std::string>{"a", "b"});
  CHECK(std::get<bool>(e.before->at("legal_hold")));
  CHECK_FALSE(e.after);
}

TEST_CASE("events: an array, JSON Lines and YAML give the same events") {
  const std::string one = R"({"type":"leaver","subject":"bob","at":"2026-01-05T17:00:00Z"})";
  const std::string two =
      R"({"type":"outage","subject":"okta","at":"now","attributes":{"severity":3,"regions":["eu"]}})";
  const auto array = good("[" + two + ",\n" + one + "]");
  const auto lines = good(one + "\n" + two + "\n", "events.jsonl");
  const auto yaml = good(R"(
- { type: leaver, subject: bob, at: 2026-01-05T17:00:00Z }
- type: outage
  subject: okta
  at: now
  attributes: { severity: 3, regions: [eu] }
)",
                         "events.yaml");
  for (const auto& events : {array, lines, yaml}) {
    REQUIRE(events.size() == 2);
    CHECK(events[0].subject == "bob");
    CHECK(events[1].type == "outage");
    CHECK(format_instant(events[1].at) == "2026-11-20T12:00:00Z");
    CHECK(std::get<std::int64_t>(events[1].attributes.at("severity")) == 3);
  }
}

TEST_CASE("events: a plain date is the end of that day where the subject is") {
  const auto at = [](const std::string& subject, const std::string& type = "leaver") {
    return good(R"({"type":")" + type + R"(","subject":")" + subject +
                R"(","at":"2026-01-05"})")[0];
  };
  CHECK(format_instant(at("alice").at) == "2026-01-06T05:00:00Z");
  CHECK_FALSE(at("alice").zone_assumed);
  CHECK(at("alice").at_date == Date{2026, 1, 5});
  CHECK(format_instant(at("okta:alice", "exposed").at) == "2026-01-06T05:00:00Z");
  CHECK(format_instant(at("bob").at) == "2026-01-05T23:00:00Z");  // the organisation's
  CHECK(at("bob").zone_assumed);
}

TEST_CASE("events: a later revision supersedes, in whatever order they come") {
  const std::string first =
      R"({"type":"leaver","subject":"bob","at":"2026-01-05T17:00:00Z","source":"hr","id":"1"})";
  const std::string second =
      R"({"type":"leaver","subject":"bob","at":"2026-01-03T17:00:00Z","source":"hr","id":"1","revision":2})";
  const std::string third = R"({"type":"leaver","subject":"bob","at":"2026-01-03T17:00:00Z",)"
                            R"("source":"hr","id":"1","revision":3,"withdrawn":true})";
  for (const std::string& text : {first + second, second + first, first + second + first}) {
    const auto events = good(text);
    REQUIRE(events.size() == 1);
    CHECK(events[0].revision == 2);
    CHECK_FALSE(events[0].withdrawn);
  }
  const auto withdrawn = good(third + first + second);
  REQUIRE(withdrawn.size() == 1);
  CHECK(withdrawn[0].withdrawn);

  const std::string other =
      R"({"type":"leaver","subject":"bob","at":"2026-01-09T17:00:00Z","source":"hr","id":"1"})";
  const std::string text = errors(first + "\n" + other + "\n");
  CHECK(says(text, "R0608"));
  CHECK(says(text, "revision 1 of event `1` is given again with other content"));
  CHECK(says(text, "event.json:2:"));
  CHECK(good(first + "\n" + other.substr(0, other.size() - 2) + "2\"}").size() == 2);
}

TEST_CASE("events: the same event twice counts once") {
  const std::string one = R"({"type":"leaver","subject":"bob","at":"2026-01-05T17:00:00Z"})";
  CHECK(good(one + one).size() == 1);
}

TEST_CASE("events: an unknown type names the nearest, derived ones cannot be reported") {
  const std::string text = errors(R"({"type":"leavr","subject":"alice","at":"2026-01-05"})");
  CHECK(says(text, "error[R0602]: unknown event `leavr`"));
  CHECK(says(text, "--> event.json:1:9"));
  CHECK(says(text, "did you mean `leaver`?"));
  CHECK(says(errors(R"({"type":"owner_left","subject":"alice","at":"2026-01-05"})"), "R0609"));
}

TEST_CASE("events: an unknown subject is pointed at") {
  const std::string text =
      errors("{\n  \"type\":\"leaver\",\n  \"subject\":\"alcie\",\"at\":\"now\"}");
  CHECK(says(text, "error[R0603]: no identity `alcie` in the inventory"));
  CHECK(says(text, "--> event.json:3:13"));
  CHECK(says(text, "did you mean `alice`?"));
  CHECK(says(errors(R"({"type":"leaver","subject":"okta:alice","at":"now"})"),
             "that is an item; `leaver` is about an identity"));
  CHECK(says(errors(R"({"type":"decommission","subject":"alice","at":"now"})"), "R0603"));
}

TEST_CASE("events: a bad time is refused") {
  for (const char* at : {"tomorrow", "2026-02-30", "2026-01-05T25:00:00Z", "", "2026"}) {
    const std::string text =
        errors(R"({"type":"leaver","subject":"alice","at":")" + std::string(at) + R"("})");
    CHECK((text.find("R0604") != std::string::npos || text.find("R0606") != std::string::npos));
  }
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":"2026-01-05T17:00:00"})"),
             "add `Z` for UTC"));
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":1767632400})"),
             "`at` must be a string, not a number"));
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":"now","arrived":"2026-01-05"})"),
             "R0604"));
}

TEST_CASE("events: unknown fields and attributes are refused with the nearest") {
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":"now","submited_by":"x"})"),
             "did you mean `submitted_by`?"));
  const std::string text =
      errors(R"({"type":"leaver","subject":"alice","at":"now","attributes":{"raeson":"x"}})");
  CHECK(says(text, "error[R0605]: unknown attribute `raeson` of event `leaver`"));
  CHECK(says(text, "did you mean `reason`?"));
  CHECK(says(errors(R"({"type":"mover","subject":"alice","at":"now","after":{"departmnt":"x"}})"),
             "unknown attribute `departmnt` of the subject"));
}

TEST_CASE("events: values are held to the types of the schema") {
  const auto outage = [](const std::string& attributes) {
    return errors(R"({"type":"outage","subject":"okta","at":"now","attributes":{)" + attributes +
                  "}}");
  };
  CHECK(says(outage(R"("severity":"high")"), "error[R0606]: `severity` cannot be `high`"));
  CHECK(says(outage(R"("severity":1.5)"), "R0606"));
  CHECK(says(outage(R"("severity":1,"regions":"eu")"), "a list; each element a string"));
  CHECK(says(outage(R"("severity":1,"regions":[1])"), "R0606"));
  CHECK(says(outage(R"("severity":1,"lead":"zed")"), "the id of an identity"));
  CHECK(says(outage(R"("severity":1,"began":"now")"), "an instant like"));
  CHECK(says(outage(R"("regions":[])"),
             "error[R0607]: event `outage` needs the attribute `severity`"));
  CHECK(says(errors(R"({"type":"mover","subject":"alice","at":"now","after":{"kind":"king"}})"),
             "one of employee, contractor"));
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":"now","revision":0})"), "R0606"));
  CHECK(
      says(errors(R"({"type":"leaver","subject":"alice","at":"now","withdrawn":"no"})"), "R0606"));
  CHECK(says(errors(R"({"type":"leaver","subject":"alice","at":"now","attributes":[]})"),
             "`attributes` must be a mapping, not a list"));
  CHECK(says(errors("[1]"), "an event is a mapping, not a number"));
}

TEST_CASE("events: what names an event holds no control characters") {
  for (const std::string field : {"subject", "id", "source", "submitted_by"}) {
    for (const std::string bad :
         {R"(a\nb)", R"(a\tb)", R"(a\u0000b)", R"(a\u007fb)", R"(a\u202eb)"}) {
      CAPTURE(field);
      CAPTURE(bad);
      const std::string subject = field == "subject" ? "" : R"("subject":"alice",)";
      CHECK(says(errors(R"({"type":"leaver","at":"now",)" + subject + '"' + field + R"(":")" + bad +
                        R"("})"),
                 "error[R0606]: a control character stands in the `" + field + "`"));
    }
  }
}

TEST_CASE("events: missing fields are all named at once") {
  const std::string text = errors("{}");
  CHECK(says(text, "the event has no `type`"));
  CHECK(says(text, "the event has no `subject`"));
  CHECK(says(text, "error[R0607]: the event has no `at`"));
}

TEST_CASE("events: text that is not JSON is pointed at, and what follows is still checked") {
  const std::string text = errors(
      "{\"type\":\"leaver\",\"subject\":\"alice\"\n{\"type\":\"leavr\",\"subject\":\"bob\",\"at\":"
      "\"now\"}\n");
  CHECK(says(text, "error[R0601]: `,` or `}` must stand here"));
  CHECK(says(text, "event.json:2:1"));
  CHECK(says(text, "did you mean `leaver`?"));
  CHECK(says(errors("{\"type\":\"lea"), "a string is not closed"));
  CHECK(says(errors("{\"type\":leaver}"), "`leaver` is not JSON"));
  CHECK(says(errors("{\"type\":\"a\",\"type\":\"b\"}"), "`type` is given twice"));
  CHECK(says(errors("{\"type\":\"\xff\"}"), "not valid UTF-8"));
  CHECK(says(errors(R"({"type":"\x"})"), "an escape that JSON does not know"));
  CHECK(says(errors(R"({"type":"\ud800"})"), "an escape that JSON does not know"));
  CHECK(says(errors(R"({"revision":01})"), "`01` is not JSON"));
  CHECK(says(errors("{type: [leaver}", "event.yaml"), "not YAML"));
  CHECK(says(errors(""), "there is no event in the file"));
  CHECK(says(errors(std::string(100'000, '[')), "nested deeper than 64"));
  CHECK(says(errors("{\"a\":1,}"), "a name in quotes must stand here"));
  CHECK(says(errors("[1 2]"), "`,` or `]` must stand here"));
}

}  // namespace
}  // namespace rescind
