// Scripts and timelines: what is wrong with a script is said with its place; a month passes in a
// moment and shows in every format.
#include "simulate/simulate.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "collect/read_events.h"
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
                             .timezone = "UTC",
                             .events = {leaver}},
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
    auto entries = script(text);
    REQUIRE_MESSAGE(entries.has_value(), said);
    SimulationRequest request;
    request.policy = &policy_;
    request.records = records_of_inventory(*inventory_);
    request.events = {leaver};
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

  static Event alice_leaves(Instant at) {
    Event event;
    event.type = "leaver";
    event.subject = "alice";
    event.at = at;
    event.source = "hr";
    event.id = "hr-1";
    return event;
  }

  Instant begin = *parse_instant("2026-01-05T17:00:00Z");
  Event leaver = alice_leaves(begin);
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

std::size_t count_lines(const Timeline& timeline, const std::string& what,
                        const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(timeline.lines.begin(), timeline.lines.end(), [&](const TimelineLine& line) {
        return line.what == what && line.text.find(text) != std::string::npos;
      }));
}

std::string text_of_file(const std::string& path) {
  std::ifstream file(std::string(RESCIND_SOURCE_DIR) + "/examples/02-retire-a-key/" + path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The second example, as `rescind simulate` plays it.
Timeline play_second_example() {
  auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  const auto loaded =
      load_policy({std::string(RESCIND_SOURCE_DIR) + "/examples/02-retire-a-key/policies"}, sources,
                  diagnostics);
  REQUIRE(loaded.has_value());
  REQUIRE_MESSAGE(loaded->has_value(), render_text(diagnostics, *sources, {}));
  const LoadedPolicy& policy = **loaded;
  const std::string records =
      text_of_file("inventory/people.jsonl") + text_of_file("sandbox/access.jsonl");
  const auto inventory = collect_inventory_from_text(records, policy.checked->schema);
  SimulationRequest request;
  request.policy = &policy;
  request.records = records;
  request.begin = *parse_instant("2026-11-20T10:00:00Z");
  request.end = request.begin + std::chrono::hours(24 * 60);
  auto events =
      read_events(*sources, sources->add("event.json", text_of_file("events/key-orphaned.json")),
                  *policy.checked->schema, inventory.get(),
                  {.timezone = "UTC", .now = request.begin}, diagnostics);
  REQUIRE(events.has_value());
  request.events = *std::move(events);
  auto script =
      read_script(*sources, sources->add("handover.yaml", text_of_file("scripts/handover.yaml")),
                  {.schema = *policy.checked->schema,
                   .inventory = *inventory,
                   .begin = request.begin,
                   .timezone = "UTC",
                   .events = request.events},
                  diagnostics);
  REQUIRE_MESSAGE(script.has_value(), render_text(diagnostics, *sources, {}));
  request.script = *std::move(script);
  request.options.plan.steward = "platform";
  request.options.execute.look_again = std::chrono::hours(24);
  request.options.unsigned_approvals = true;
  auto timeline = simulate(request);
  REQUIRE_MESSAGE(timeline.has_value(), timeline.error().to_string());
  return *std::move(timeline);
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
      "- { at: +1d, fail: { system: crm, how: refusd } }\n"
      "- { at: +1d, withdraw: { event: hr-2 } }\n"
      "- { at: +1d, undo: { subject: alicia } }\n"
      "- { at: +1d, accept_clock: no }\n");
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
  CHECK(said.find("no event `hr-2` was reported by then") != std::string::npos);
  CHECK(said.find("did you mean `hr-1`?") != std::string::npos);
  CHECK(said.find("no identity, item or system `alicia`") != std::string::npos);
  CHECK(said.find("`accept_clock` is true") != std::string::npos);
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

TEST_CASE("simulate: a run is put back, and what was disabled works again") {
  Desk desk;
  const Timeline timeline = desk.play("- { at: +1d, undo: { subject: alice } }\n");
  CHECK(has_line(timeline, "done", "crm:alice", "2026-01-06"));
  CHECK(count_lines(timeline, "done", "restore account") == 2);
  CHECK(std::any_of(timeline.runs.begin(), timeline.runs.end(),
                    [](const auto& run) { return run.second == "undone"; }));
  const Timeline nothing = desk.play("- { at: +1d, undo: { subject: bob } }\n");
  CHECK(count_lines(nothing, "failed", "there is no run about it to put back") == 1);
}

TEST_CASE("simulate: an event is moved by its second revision, and taken back by its third") {
  Desk desk;
  desk.leaver.at = desk.begin + std::chrono::hours(24 * 10);
  const Timeline moved = desk.play("- { at: +1d, revise: { event: hr-1, at: +20d } }\n");
  CHECK_FALSE(has_line(moved, "done", "crm:alice", "2026-01-15"));
  CHECK(has_line(moved, "done", "crm:alice", "2026-01-25"));
  const Timeline withdrawn = desk.play(
      "- { at: +1d, revise: { event: hr-1, at: +20d } }\n"
      "- { at: +2d, withdraw: { event: hr-1 } }\n");
  CHECK(count_lines(withdrawn, "event", "leaver alice is taken back") == 1);
  CHECK(count_lines(withdrawn, "done", "disable account") == 0);
}

TEST_CASE("simulate: a clock that jumped destroys nothing until somebody says that it is right") {
  Desk desk;
  const Timeline timeline = desk.play(
      "- { at: +1d, clock_jump: 10d }\n"
      "- { at: +12d, approve: { by: bob } }\n"
      "- { at: +14d, accept_clock: true }\n");
  CHECK(count_lines(timeline, "waits", "clock: the clock moved by") == 1);
  CHECK_FALSE(has_line(timeline, "done", "crm:laptop", "2026-01-17"));
  CHECK(std::count_if(timeline.lines.begin(), timeline.lines.end(), [](const TimelineLine& line) {
          return line.what == "done" && line.text == "wipe device" &&
                 line.at >= *parse_instant("2026-01-19T17:00:00Z");
        }) == 1);
}

TEST_CASE("simulate: a person is called, again, and no more once they have seen it") {
  Desk desk;
  const Timeline silent = desk.play("");
  CHECK(count_lines(silent, "call", "waits for approval by desk") == 2);
  const Timeline refused =
      desk.play("- { at: +8d, refuse: { item: 'crm:laptop', by: bob, reason: 'still needed' } }\n");
  CHECK(count_lines(refused, "approval", "bob refuses: still needed") == 1);
  CHECK(count_lines(refused, "done", "wipe device") == 0);
}

TEST_CASE("simulate: a record that comes later says what is new, the rest stays") {
  Desk desk;
  const Timeline timeline = desk.play(
      "- at: +1d\n  record: { record: device, id: 'crm:laptop', name: spare }\n"
      "- at: +10d\n  approve: { item: 'crm:laptop', by: bob }\n");
  CHECK(has_line(timeline, "done", "crm:laptop", "2026-01-15"));
}

TEST_CASE("simulate: the second example goes through all its stages, and back once") {
  const Timeline timeline = play_second_example();
  CHECK(count_lines(timeline, "stage", "from `replace` to `drain`") == 1);
  CHECK(count_lines(timeline, "stage",
                    "the gate of `drain` is unmet: idle for 1d: last used 21h ago by report-job") ==
        1);
  CHECK(count_lines(timeline, "stage", "from `drain` to `quarantine`") == 2);
  CHECK(count_lines(timeline, "script", "report-job is turned away") == 1);
  CHECK(count_lines(timeline, "call", "bob: retiring aws:billing-job:AKIA1: stage quarantine") ==
        1);
  CHECK(count_lines(timeline, "stage", "from `quarantine` back to `drain`: used by report-job") ==
        1);
  CHECK(count_lines(timeline, "done", "restore api_key") == 1);
  CHECK(count_lines(timeline, "stage", "hold: hold acme.year_end until 2027-01-06T12:00:00Z") == 1);
  CHECK(count_lines(timeline, "stage", "`delete` is done, it is retired") == 1);
  const auto deleted =
      std::find_if(timeline.lines.begin(), timeline.lines.end(), [](const TimelineLine& line) {
        return line.what == "done" && line.text == "delete api_key";
      });
  REQUIRE(deleted != timeline.lines.end());
  CHECK(format_instant(deleted->at) == "2027-01-06T12:00:00Z");
  REQUIRE(timeline.runs.size() == 1);
  CHECK(timeline.runs.front().second == "closed");
  CHECK(timeline.waits.empty());
  REQUIRE(timeline.rows.size() == 1);
  std::string stages;
  for (const TimelineBar& bar : timeline.rows.front().bars) {
    stages += bar.state == "stage" ? bar.title + " " : "";
  }
  CHECK(stages == "replace drain quarantine drain quarantine delete ");
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
