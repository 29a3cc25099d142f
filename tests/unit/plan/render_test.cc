// Renderers: text for people, DOT, Mermaid.
#include <doctest/doctest.h>
#include <iostream>

#include "plan/render.h"
#include "records.h"

namespace rescind::test {

TEST_CASE("x") {
  const Plan plan = plan_of(alice_leaves(
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
{"record":"session","id":"okta:s1","system":"okta","holder":"alice","account":"okta:alice"}
{"record":"role","id":"crm:r1","system":"crm","holder":"alice","account":"crm:alice","name":"Std"}
{"record":"data","id":"crm:d1","system":"crm","holder":"alice","account":"crm:alice","name":"Std"}
)",
      {rule("leaver", {"leaver"}, {{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1)},
      {.verb = Verb::Revoke, .kinds = KindSet(Kind::Session)|Kind::Token, .within = minutes(5)},
      {.verb = Verb::Remove, .kinds = kEntitlementKinds, .within = hours(1)},
      {.verb = Verb::Transfer, .kinds = Kind::Data, .within = hours(24), .to={"bob"}},
      {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30), .approved_by={"security"}},
      {.verb = Verb::Ask, .kinds = {}, .within = days(1), .to={"security"}, .text="collect badge"},
      })}));
  std::cout << render_plan_text(plan, {}) << render_plan_mermaid(plan);
  std::cout << render_plan_text(plan, {.verbose = true});
}

}  // namespace rescind::test
