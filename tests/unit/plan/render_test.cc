// Renderers: what must be in the text whatever it looks like; the looks are golden cases.
#include "plan/render.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/text.h"
#include "records.h"

namespace rescind::test {
namespace {

Plan sample() {
  Organisation organisation = alice_leaves(
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
{"record":"session","id":"okta:s1","system":"okta","holder":"alice","account":"okta:alice"}
{"record":"role","id":"crm:r1","system":"crm","holder":"alice","account":"crm:alice","name":"Std"}
{"record":"device","id":"mdm:1","system":"crm","holder":"alice","name":"uncovered"})",
      {rule("leaver", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
             {.verb = Verb::Revoke, .kinds = Kind::Session, .within = minutes(5)},
             {.verb = Verb::Remove, .kinds = kEntitlementKinds, .within = hours(1)},
             {.verb = Verb::Delete,
              .kinds = Kind::Account,
              .after = days(30),
              .approved_by = {"security"}},
             {.verb = Verb::Ask,
              .kinds = {},
              .within = days(1),
              .to = {"security"},
              .text = "collect \"badge\""}})});
  organisation.holds = {{.name = "litigation", .verbs = {Verb::Delete}, .item = "okta:alice"}};
  return plan_of(organisation);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("render: the text says who, when access closes, what stays, what is unclear") {
  const std::string text = render_plan_text(sample(), {});
  CHECK(has(text, "alice leaves: 5 Jan 17:00 UTC"));
  CHECK(has(text, "Access closes by 5 Jan 17:15 UTC"));
  CHECK(has(text, "Stays for now: okta:alice (hold litigation)"));
  CHECK(has(text, "by 5 Jan 17:05     revoke  session okta:s1     okta  — leaver"));
  CHECK(has(text, "point of no return: 4 Feb 17:00 UTC"));
  CHECK(has(text, "when approved by security"));
  CHECK(has(text, "uncovered: no rule speaks of these\n  mdm:1\n"));
  CHECK(has(text, "paths left\n  device mdm:1"));
  CHECK(has(text, "Not complete:"));
  CHECK_FALSE(has(text, "\x1b["));
}

TEST_CASE("render: wrapped lines keep to the width, colour comes only when asked for") {
  const std::string text =
      render_plan_text(sample(), {.color = false, .width = 80, .verbose = true});
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    CHECK_MESSAGE(display_width(text.substr(begin, end - begin)) <= 80,
                  text.substr(begin, end - begin));
    begin = end + 1;
  }
  CHECK(has(text, "policies/test.rescind:1"));
  CHECK(has(render_plan_text(sample(), {.color = true}), "\x1b[1m"));
}

TEST_CASE("render: control characters of other systems never reach the terminal") {
  Plan plan = sample();
  plan.steps[0].item = "evil\x1b[2J\nforged line";
  plan.uncovered[0].item = "evil\x1b]0;title\x07";
  const std::string text = render_plan_text(plan, {});
  CHECK_FALSE(has(text, "\x1b"));
  CHECK_FALSE(has(text, "\x07"));
  CHECK_FALSE(has(text, "\nforged"));
}

TEST_CASE("render: controls beyond ASCII and those that turn text around are replaced everywhere") {
  Plan plan = sample();
  plan.steps[0].item =
      "evil\xC2\x9B"
      "2J\u202Etxt";
  for (const std::string& text :
       {render_plan_text(plan, {}), render_plan_dot(plan), render_plan_mermaid(plan)}) {
    CHECK(has(text, "evil\uFFFD2J\uFFFDtxt"));
    CHECK_FALSE(has(text, "\xC2\x9B"));
    CHECK_FALSE(has(text, "\u202E"));
  }
}

TEST_CASE("render: no name can be a directive of Mermaid") {
  Plan plan = sample();
  plan.steps[0].item = "x%%{init: {\"securityLevel\": \"loose\"}}%%";
  const std::string text = render_plan_mermaid(plan);
  CHECK(has(text, "x#37;#37;{init"));
  CHECK_FALSE(has(text, "%"));
}

TEST_CASE("render: graphs name every step once and draw strong and weak edges apart") {
  const Plan plan = sample();
  const std::string dot = render_plan_dot(plan);
  const std::string mermaid = render_plan_mermaid(plan);
  std::size_t weak = 0;
  std::size_t strong = 0;
  for (const PlanStep& step : plan.steps) {
    weak += step.after.size();
    strong += step.strong_after.size();
  }
  const auto count = [](const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  CHECK(count(dot, "style=dashed") == weak);
  CHECK(count(dot, " -> ") == weak + strong);
  CHECK(count(mermaid, " -.-> ") == weak);
  CHECK(count(mermaid, " --> ") == strong);
  CHECK(count(dot, "[label=") == plan.steps.size());
  CHECK(has(dot, "collect \\\"badge\\\""));
  CHECK(has(mermaid, "collect #quot;badge#quot;"));
  CHECK(has(mermaid, "subgraph rank_contain"));
}

TEST_CASE("render: a plan with nothing to do says so") {
  Organisation organisation = alice_leaves("", {});
  const std::string text = render_plan_text(plan_of(organisation), {});
  CHECK(has(text, "Nothing to do."));
}

}  // namespace rescind::test
