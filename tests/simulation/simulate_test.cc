// Scripts and timelines: what is wrong with a script is said with its place; a month passes in a
// moment and shows in every format.
#include "simulate/simulate.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "simulate/records_of_inventory.h"

namespace rescind {
namespace {

constexpr std::string_view kPolicy = R"(module t
schema { systems { crm, okta } teams { desk } }
rule out {
  on leaver because "gone" escalate to desk
  revoke  session within 5m
  disable account within 15m
  wipe    device after 7d approved by desk
}
)";

constexpr std::string_view kRecords =
    R"({"record":"system","id":"crm","kind":"saas"}
{"record":"system","id":"okta","kind":"idp"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"alice","kind":"employee","manager":"bob"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice","administers":["crm"]}
{"record":"session","id":"okta:s","system":"okta","account":"okta:alice"}
{"record":"device","id":"crm:laptop","system":"crm","holder":"alice","company_owned":true}
)";

class Desk {
 public:
  Desk() {
    Diagnostics diagnostics;
    auto loaded = load_policy_from_text("t.rescind", std::string(kPolicy), sources_, diagnostics);
    REQUIRE_MESSAGE(loaded.has_value(), render_text(diagnostics, *sources_, {}));
    policy_ = *std::move(loaded);
    inventory_ = collect_inventory_from_text(kRecords, policy_.checked->schema);
    REQUIRE(inventory_->rejected.empty());
  }

  std::optional<std::vector<ScriptEntry>> script(const std::string& text) {
    Diagnostics diagnostics;
    auto read = read_script(*sources_, sources_->add("script.yaml", text),
                            {.schema = *policy_.checked->schema,
                             .inventory = *inventory_,
                             .begin = begin,
                             .timezone = "UTC"},
                            diagnostics);
    said = render_text(diagnostics, *sources_, {});
    return read;
  }

  // Everything that is wrong with the script.
  std::string errors_of(const std::string& text) {
    CHECK_FALSE(script(text).has_value());
    return said;
  }

  Timeline play(const std::string& text) {
    Event event;
    event.type = "leaver";
    event.subject = "alice";
    event.at = begin;
    event.source = "hr";
    event.id = "1";
    auto entries = script(text);
    REQUIRE_MESSAGE(entries.has_value(), said);
    SimulationRequest request;
    request.policy = &policy_;
    request.records = records_of_inventory(*inventory_);
    request.events = {event};
    request.script = *std::move(entries);
    request.begin = begin;
    request.end = begin + std::chrono::hours(24 * 30);
    request.options.execute.approvers.teams = {{"desk", {"bob"}}};
    request.options.execute.approvers.find_person = [](const std::string&) {
      return std::optional<ApproverPerson>(ApproverPerson{});
    };
    auto timeline = simulate(request);
    REQUIRE_MESSAGE(timeline.has_value(), timeline.error().to_string());
    return *std::move(timeline);
  }

  Instant begin = *parse_instant("2026-01-05T17:00:00Z");
  std::string said;

 private:
  std::shared_ptr<SourceSet> sources_ = std::make_shared<SourceSet>();
  LoadedPolicy policy_;
  std::shared_ptr<const Inventory> inventory_;
};

bool has_line(const Timeline& timeline, const std::string& what, const std::string& item,
              const std::string& day) {
  return std::any_of(timeline.lines.begin(), timeline.lines.end(), [&](const TimelineLine& line) {
    return line.what == what && line.item == item && format_instant(line.at).starts_with(day);
  });
}

}  // namespace

TEST_CASE("script: everything that is wrong is said at once, with its place and a suggestion") {
  Desk desk;
  const std::string said = desk.errors_of(
      "- just a word\n"
      "- { at: +1d, usse: { item: 'crm:alice', by: alice } }\n"
      "- { use: { item: 'crm:alice', by: alice } }\n"
      "- { at: tomorrow, clock_jump: 5m }\n"
      "- { at: +1d, sign_in: { item: 'crm:alise', by: alice } }\n"
      "- { at: +1d, use: { item: 'crm:alice', buy: alice } }\n"
      "- { at: +1d, fail: { system: crm, how: refusd } }\n");
  CHECK(said.find("R1150") != std::string::npos);
  CHECK(said.find("R1151") != std::string::npos);
  CHECK(said.find("did you mean `use`?") != std::string::npos);
  CHECK(said.find("R1152") != std::string::npos);
  CHECK(said.find("R1153") != std::string::npos);
  CHECK(said.find("script.yaml:4:") != std::string::npos);
  CHECK(said.find("R1154") != std::string::npos);
  CHECK(said.find("did you mean `crm:alice`?") != std::string::npos);
  CHECK(said.find("did you mean `by`?") != std::string::npos);
  CHECK(said.find("did you mean `refused`?") != std::string::npos);
}

TEST_CASE("script: an event in it is read like an event file, with its own place in errors") {
  Desk desk;
  const auto script = desk.script("- at: +2d\n  event: {type: leaver, subject: bob, at: now}\n");
  REQUIRE_MESSAGE(script.has_value(), desk.said);
  REQUIRE(script->size() == 1);
  REQUIRE(script->front().events.size() == 1);
  CHECK(script->front().events.front().at == desk.begin + std::chrono::hours(48));
  const std::string said =
      desk.errors_of("- at: +2d\n  event: {type: leever, subject: bob, at: now}\n");
  CHECK(said.find("script.yaml:2:") != std::string::npos);
}

TEST_CASE("simulate: what is due is done, an approval lets the rest go on, a failure shows") {
  Desk desk;
  const Timeline timeline = desk.play(
      "- at: +0s\n  fail: { system: okta, how: refused, for: 1h }\n"
      "- at: +10d\n  approve: { item: 'crm:laptop', by: bob }\n");
  CHECK(has_line(timeline, "event", "", "2026-01-05"));
  CHECK(has_line(timeline, "done", "crm:alice", "2026-01-05"));
  CHECK(has_line(timeline, "done", "okta:alice", "2026-01-05"));
  CHECK(has_line(timeline, "waits", "crm:laptop", "2026-01-05"));
  CHECK(timeline.rows.size() >= 3);
}

TEST_CASE("simulate: a timeline shows as text, JSON, SVG and a page, and is the same every time") {
  Desk desk;
  const Timeline timeline = desk.play("");
  const std::string text = render_timeline_text(timeline, false);
  CHECK(text.starts_with("2026-01-05 Mon  +0s\n"));
  CHECK(text.find("disable account") != std::string::npos);
  CHECK(text == render_timeline_text(desk.play(""), false));
  CHECK(render_timeline_text(timeline, true).find("\x1b[") != std::string::npos);
  CHECK(render_timeline_json(timeline).find("\"what\": \"event\"") != std::string::npos);
  const std::string svg = render_timeline_svg(timeline);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.find("crm:alice") != std::string::npos);
  CHECK(render_timeline_html(timeline, "a <title>").find("a &lt;title&gt;") != std::string::npos);
}

TEST_CASE("simulate: an inventory that is written as records again is the same inventory") {
  Desk desk;
  Diagnostics diagnostics;
  auto sources = std::make_shared<SourceSet>();
  const auto policy =
      load_policy_from_text("t.rescind", std::string(kPolicy), sources, diagnostics);
  const auto first = collect_inventory_from_text(kRecords, policy->checked->schema);
  const auto again =
      collect_inventory_from_text(records_of_inventory(*first), policy->checked->schema);
  CHECK(again->rejected.empty());
  CHECK(again->digest == first->digest);
}

}  // namespace rescind
