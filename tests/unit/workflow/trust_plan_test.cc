// A plan out of a file: its seal, and whether it still stands. R0826 and R0827.
#include "workflow/trust_plan.h"

#include "tests/unit/workflow/office.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { crm } teams { desk, legal } }
rule out {
  on leaver because "gone" escalate to desk
  disable account within 15m
  delete  data after 0s
}
hold matter { when subject.legal_hold blocks delete of data until lifted ordered by "legal" because "M-1" }
)";

const std::string kSystems = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
)";

std::string alice(const std::string& more = "") {
  return R"({"record":"identity","id":"alice","kind":"employee")" + more + "}\n";
}

const std::string kAccess =
    R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","native_id":"a1"}
{"record":"data","id":"crm:mail","system":"crm","holder":"alice","account":"crm:alice"}
)";

SealKey key_of(std::uint8_t first) {
  SealKey::Bytes bytes{};
  bytes[0] = first;
  return SealKey(bytes);
}

struct Applying {
  Office office{kPolicy};
  Plan plan;

  Applying() {
    office.records = kSystems + alice() + kAccess;
    plan = office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
    REQUIRE(find_step(plan, "crm:mail", Verb::Delete) != nullptr);
    office.now += Seconds(60);
  }

  // Why the plan does not stand any more, each on a line; "" it does.
  [[nodiscard]] std::string against(const LoadedPolicy& policy) const {
    Diagnostics diagnostics;
    const auto current =
        check_current(policy, office.inventory(), office.request({}), plan, diagnostics);
    REQUIRE_MESSAGE(current.has_value(), current.error().to_string());
    CHECK(*current == (diagnostics.error_count() == 0));
    std::string out;
    for (const Diagnostic& one : diagnostics.sorted()) {
      out += code_name(one.code) + ": " + one.message + "\n";
    }
    return out;
  }

  [[nodiscard]] std::string against() const { return against(office.policy()); }
};

std::string seal_error(const Plan& plan, const SealKey& key) {
  Diagnostics diagnostics;
  const bool holds = check_seal(plan, key, diagnostics);
  CHECK(holds == (diagnostics.error_count() == 0));
  return holds ? "" : code_name(diagnostics.sorted().front().code);
}

}  // namespace

TEST_CASE("trust plan: a plan that was changed, digest and all, has no seal that fits") {
  Applying at;
  CHECK(seal_error(at.plan, key_of(1)) == "R0826");
  seal_plan(at.plan, key_of(1));
  CHECK(seal_error(at.plan, key_of(1)) == "");
  CHECK(seal_error(at.plan, key_of(2)) == "R0826");

  Plan edited = at.plan;
  SUBCASE("an approval is taken out") {
    edited.steps.back().approvals.clear();
  }
  SUBCASE("a step comes earlier") {
    edited.steps.back().not_before -= Seconds(3600);
  }
  SUBCASE("a step is added") {
    edited.steps.push_back(edited.steps.back());
    edited.steps.back().item = "crm:ceo";
  }
  SUBCASE("four eyes become two") {
    edited.events.front().submitted_by = "nobody";
  }
  edited.steps.back().text += " ";
  edited.digest = compute_plan_digest(edited);
  CHECK(seal_error(edited, key_of(1)) == "R0826");
  // The seal of another plan, with the digest that it was made over.
  edited.digest = at.plan.digest;
  CHECK(seal_error(edited, key_of(1)) == "R0826");
}

TEST_CASE("trust plan: the seal is no part of the digest, and is read back") {
  Applying at;
  const std::string digest = at.plan.digest;
  seal_plan(at.plan, key_of(1));
  CHECK(compute_plan_digest(at.plan) == digest);
  const auto read = decode_plan(encode_plan(at.plan));
  REQUIRE_MESSAGE(read.has_value(), read.error().to_string());
  CHECK(read->seal == at.plan.seal);
  CHECK(encode_plan(*read) == encode_plan(at.plan));
}

TEST_CASE("trust plan: what nothing has changed about stands") {
  Applying at;
  CHECK(at.against() == "");
}

TEST_CASE("trust plan: a hold that came after planning makes it stale") {
  Applying at;
  at.office.records = kSystems + alice(R"(,"legal_hold":true)") + kAccess;
  CHECK(at.against() ==
        "R0827: the plan is stale: `delete data crm:mail` is not to be done any more\n");
}

TEST_CASE("trust plan: what would be moved to somebody else now makes it stale") {
  const Office office(R"(module t
schema { systems { crm } teams { desk } }
rule out {
  on leaver because "gone" escalate to desk
  disable account within 15m
  transfer data to subject.manager within 1d
}
)");
  const auto records = [](const std::string& manager) {
    return kSystems + R"({"record":"identity","id":"carol","kind":"employee"})" + "\n" +
           alice(R"(,"manager":")" + manager + '"') + kAccess;
  };
  const auto facts = [&](const std::string& manager) {
    return collect_inventory_from_text(records(manager), office.policy().checked->schema);
  };
  const auto plan =
      plan_events(office.policy(), facts("bob"),
                  office.request({make_event("leaver", "alice", "2026-01-05T17:00:00Z")}));
  REQUIRE(plan.has_value());
  REQUIRE(find_step(*plan, "crm:mail", Verb::Transfer) != nullptr);
  const auto is_current = [&](const std::string& manager) {
    Diagnostics diagnostics;
    const auto current =
        check_current(office.policy(), facts(manager), office.request({}), *plan, diagnostics);
    REQUIRE_MESSAGE(current.has_value(), current.error().to_string());
    return *current;
  };
  CHECK(is_current("bob"));
  CHECK_FALSE(is_current("carol"));
}

TEST_CASE("trust plan: new facts about what is only contained hold nothing up") {
  Applying at;
  at.office.records += R"({"record":"session","id":"crm:s9","system":"crm","holder":"alice",)"
                       R"("account":"crm:alice"})"
                       "\n";
  CHECK(at.against() == "");
}

TEST_CASE("trust plan: another item under the same name is not destroyed by it") {
  Applying at;
  at.office.records =
      kSystems + alice() +
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","native_id":"a1"}
{"record":"data","id":"crm:mail","system":"crm","holder":"alice","account":"crm:alice","native_id":"other"}
)";
  CHECK(at.against() ==
        "R0827: the plan is stale: `delete data crm:mail` would be done in another way, or to "
        "something else\n");
}

TEST_CASE("trust plan: another policy makes it stale, whatever it says about this event") {
  Applying at;
  const Office other(kPolicy +
                     "rule more { on rehire because \"back\" escalate to desk notify desk }\n");
  CHECK(at.against(other.policy()) ==
        "R0827: the plan is stale: it was made by another policy than the one that is in force "
        "now\n");
}

TEST_CASE("trust plan: a cause that was taken back, or has a newer revision, stops it whole") {
  Applying at;
  Event event = at.plan.events.front();
  StoredEvent known;
  known.source = event.source;
  known.id = event.id;
  known.type = event.type;
  known.subject = event.subject;
  known.arrived = at.office.now;
  SUBCASE("taken back") {
    known.lineage = lineage_of(event);
    known.withdrawn = true;
  }
  SUBCASE("newer") {
    known.revision = event.revision = 2;
    known.lineage = lineage_of(event);
  }
  known.json = encode_event_line(event, known.lineage);
  REQUIRE(at.office.store->record_event(known).has_value());
  const std::string against = at.against();
  CHECK(against.starts_with("R0827: the plan is stale: event leaver/alice@hr:1#1 "));
  CHECK(against.find(known.withdrawn ? "was taken back" : "has the newer revision 2") !=
        std::string::npos);
}

TEST_CASE("trust plan: a run that was opened since about the same person is not left out") {
  Applying at;
  const Plan second =
      at.office.plan({make_event("leaver", "alice", "2026-01-06T17:00:00Z", "other")});
  const std::string run = at.office.open(second);
  CHECK(at.against().find(run + ", about the same people, was opened since") != std::string::npos);
}

TEST_CASE("trust plan: of two plans of one event only one is carried out") {
  Applying at;
  const Plan twin = at.office.plan({at.plan.events.front()});
  const std::string run = at.office.open(twin);
  CHECK(at.against().find(run + " works `disable account crm:alice` already") != std::string::npos);
}

}  // namespace rescind::testing
