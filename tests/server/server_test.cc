// The HTTP interface without a socket: routing, tokens, problems, decisions and previews.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "app/server/listen.h"
#include "app/server/resources.h"
#include "collect/collect_inventory.h"

using namespace rescind;
using rescind::server::Answer;
using rescind::server::Request;

namespace {

class StillClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return *parse_instant("2026-11-20T12:00:00Z"); }

  [[nodiscard]] std::chrono::milliseconds monotonic() const override {
    elapsed_ += step;
    return elapsed_;
  }

  void sleep_for(std::chrono::milliseconds /*duration*/) override {}

  std::chrono::milliseconds step{0};

 private:
  mutable std::chrono::milliseconds elapsed_{0};
};

constexpr const char* kPolicy = R"(module demo
schema { teams { "iam" } systems { crm } }
/// Nothing stays open.
rule leaver {
  on leaver
  because "access ends"
  controls "PS-4"
  escalate to "iam"
  revoke  session  within 5m
  disable account  within 15m
}
)";

constexpr const char* kInventory = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"team","id":"iam","members":["bob"]}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s1","system":"crm","holder":"alice","account":"crm:alice"}
)";

constexpr const char* kToken = "a-token-that-is-long-enough";
constexpr const char* kEvent =
    R"({"type":"leaver","subject":"alice","at":"2026-11-20T11:00:00Z","id":"1","source":"hr"})";

struct Fixture {
  StillClock clock;
  server::Service service;

  Fixture() {
    const auto sources = std::make_shared<SourceSet>();
    Diagnostics diagnostics;
    service.policy = load_policy_text(kPolicy, sources, diagnostics);
    service.inventory = collect_inventory_from_text(kInventory, service.policy.checked->schema);
    service.timezone = "UTC";
    service.tokens = {"another-long-enough-token", kToken};
    service.hosts = {"localhost", "127.0.0.1", "[::1]"};
    service.clock = &clock;
    service.ready = true;
  }

  static LoadedPolicy load_policy_text(const std::string& text,
                                       const std::shared_ptr<SourceSet>& sources,
                                       Diagnostics& diagnostics) {
    auto loaded = load_policy_from_text("demo.rescind", text, sources, diagnostics);
    REQUIRE_MESSAGE(loaded, render_text(diagnostics, *sources, {}));
    return *loaded;
  }

  static Request request(const std::string& method, const std::string& path,
                         const std::string& body = "") {
    Request out;
    out.method = method;
    out.path = path;
    out.host = "localhost:8181";
    out.authorization = std::string("Bearer ") + kToken;
    out.content_type = "application/json; charset=utf-8";
    out.body = body;
    return out;
  }

  [[nodiscard]] Answer ask(const Request& request) const {
    return server::answer(service, request);
  }
};

nlohmann::json problem_of(const Answer& answer) {
  CHECK(answer.content_type == "application/problem+json");
  return nlohmann::json::parse(answer.body);
}

}  // namespace

TEST_CASE("server: health and readiness need no token") {
  Fixture fixture;
  Request request = Fixture::request("GET", "/healthz");
  request.authorization.clear();
  CHECK(fixture.ask(request).status == 200);
  request.path = "/readyz";
  CHECK(fixture.ask(request).status == 200);
  fixture.service.ready = false;
  CHECK(problem_of(fixture.ask(request))["code"] == "R0906");
  CHECK(fixture.ask(Fixture::request("GET", "/v1/policy")).status == 503);
}

TEST_CASE("server: every other resource needs one of the tokens, compared whole (R0901)") {
  Fixture fixture;
  for (const std::string& authorization :
       {std::string(), std::string("Bearer "), std::string("Bearer a-token-that-is-long-enougH"),
        std::string("Bearer a-token-that-is-long-enough "), std::string("Basic ") + kToken,
        std::string("bearer ") + kToken}) {
    Request request = Fixture::request("GET", "/v1/policy");
    request.authorization = authorization;
    const Answer answer = fixture.ask(request);
    CHECK_MESSAGE(answer.status == 401, authorization);
    CHECK(problem_of(answer)["code"] == "R0901");
    CHECK(answer.headers.at("WWW-Authenticate") == "Bearer realm=\"rescind\"");
  }
  Request other = Fixture::request("GET", "/v1/policy");
  other.authorization = "Bearer another-long-enough-token";
  CHECK(fixture.ask(other).status == 200);
}

TEST_CASE("server: who asks is judged without the body (R0901, R0909)") {
  const Fixture fixture;
  Request request = Fixture::request("POST", "/v1/plans");
  CHECK_FALSE(server::refuse_asker(fixture.service, request).has_value());
  request.authorization.clear();
  CHECK(problem_of(*server::refuse_asker(fixture.service, request))["code"] == "R0901");
  request.host = "evil.example";
  CHECK(problem_of(*server::refuse_asker(fixture.service, request))["code"] == "R0909");
  request = Fixture::request("GET", "/healthz");
  request.authorization.clear();
  CHECK_FALSE(server::refuse_asker(fixture.service, request).has_value());
}

TEST_CASE("server: unknown paths, methods and hosts are problems (R0902, R0903, R0909)") {
  const Fixture fixture;
  CHECK(problem_of(fixture.ask(Fixture::request("GET", "/v1/plan")))["code"] == "R0902");
  const Answer wrong = fixture.ask(Fixture::request("GET", "/v1/plans"));
  CHECK(problem_of(wrong)["code"] == "R0903");
  CHECK(wrong.headers.at("Allow") == "POST");
  Request rebound = Fixture::request("GET", "/healthz");
  rebound.host = "evil.example:8181";
  CHECK(problem_of(fixture.ask(rebound))["code"] == "R0909");
  rebound.host = "[::1]:8181";
  CHECK(fixture.ask(rebound).status == 200);
}

TEST_CASE("server: an event gives its decisions") {
  const Fixture fixture;
  const Answer answer = fixture.ask(Fixture::request("POST", "/v1/evaluate", kEvent));
  REQUIRE_MESSAGE(answer.status == 200, answer.body);
  const auto objects = nlohmann::json::parse(answer.body);
  REQUIRE(objects.size() == 1);
  CHECK(objects[0]["event"]["subject"] == "alice");
  const auto& decisions = objects[0]["decisions"];
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0]["item"] == "crm:alice");
  CHECK(decisions[0]["verb"] == "disable");
  CHECK(decisions[0]["rule"] == "demo.leaver");
  CHECK(decisions[1]["item"] == "crm:s1");
  CHECK(decisions[1]["verb"] == "revoke");
}

TEST_CASE("server: a batch answers in JSON Lines when that is accepted") {
  const Fixture fixture;
  Request request = Fixture::request(
      "POST", "/v1/evaluate",
      std::string(kEvent) + "\n" +
          R"({"type":"leaver","subject":"bob","at":"2026-11-20T11:00:00Z","id":"2","source":"hr"})" +
          "\n");
  request.content_type = "application/x-ndjson";
  request.accept = "text/html, application/x-ndjson;q=0.9";
  const Answer answer = fixture.ask(request);
  REQUIRE_MESSAGE(answer.status == 200, answer.body);
  CHECK(answer.content_type == "application/x-ndjson");
  CHECK(std::count(answer.body.begin(), answer.body.end(), '\n') == 2);
}

TEST_CASE("server: wrong events are a problem that lists every mistake (R0905)") {
  const Fixture fixture;
  const Answer answer = fixture.ask(Fixture::request(
      "POST", "/v1/evaluate",
      R"([{"type":"leavr","subject":"alice","at":"2026-11-20T11:00:00Z"},{"type":"leaver","subject":"zoe","at":"noon"}])"));
  CHECK(answer.status == 422);
  const auto body = problem_of(answer);
  CHECK(body["code"] == "R0905");
  CHECK(body["diagnostics"].size() >= 2);
  CHECK(answer.body.find("leaver") != std::string::npos);  // did you mean
  CHECK(fixture.ask(Fixture::request("POST", "/v1/evaluate", "{")).status == 422);
  Request xml = Fixture::request("POST", "/v1/evaluate", "<event/>");
  xml.content_type = "text/xml";
  CHECK(fixture.ask(xml).status == 415);
}

TEST_CASE("server: too many events and too much time are refused (R0904, R0907)") {
  Fixture fixture;
  fixture.service.max_events = 1;
  const std::string second =
      R"({"type":"leaver","subject":"bob","at":"2026-11-20T11:00:00Z","id":"2","source":"hr"})";
  const std::string two = "[" + std::string(kEvent) + "," + second + "]";
  CHECK(problem_of(fixture.ask(Fixture::request("POST", "/v1/evaluate", two)))["code"] == "R0904");
  fixture.clock.step = std::chrono::milliseconds(60'000);
  CHECK(problem_of(fixture.ask(Fixture::request("POST", "/v1/evaluate", kEvent)))["code"] ==
        "R0907");
  CHECK(problem_of(fixture.ask(Fixture::request("POST", "/v1/plans", kEvent)))["code"] == "R0907");
}

TEST_CASE("server: a plan preview comes in every format (R0908)") {
  const Fixture fixture;
  Request request = Fixture::request("POST", "/v1/plans", kEvent);
  const Answer json = fixture.ask(request);
  REQUIRE_MESSAGE(json.status == 200, json.body);
  const auto plan = decode_plan(json.body);
  REQUIRE(plan);
  CHECK(plan->steps.size() >= 2);
  for (const auto& [format, needle] : std::map<std::string, std::string>{
           {"text", "crm:alice"}, {"dot", "digraph"}, {"mermaid", "flowchart"}}) {
    request.query["format"] = format;
    const Answer answer = fixture.ask(request);
    CHECK(answer.status == 200);
    CHECK_MESSAGE(answer.body.find(needle) != std::string::npos, format);
  }
  request.query["format"] = "pdf";
  CHECK(problem_of(fixture.ask(request))["code"] == "R0908");
  request.query = {{"as_of", "tomorrow"}};
  CHECK(problem_of(fixture.ask(request))["code"] == "R0908");
  request.query = {{"as_of", "2027-01-01T00:00:00Z"}};
  const auto later = decode_plan(fixture.ask(request).body);
  REQUIRE(later);
  CHECK(later->looked_at_only);
}

TEST_CASE("server: the policy tells its rules") {
  const Fixture fixture;
  const auto body = nlohmann::json::parse(fixture.ask(Fixture::request("GET", "/v1/policy")).body);
  CHECK(body["rules"][0]["name"] == "demo.leaver");
  CHECK(body["rules"][0]["doc"] == "Nothing stays open.");
  CHECK(body["rules"][0]["on"][0] == "leaver");
  CHECK(body["digest"].get<std::string>().starts_with("sha256:"));
}

TEST_CASE("server: secrets are compared whole") {
  CHECK(server::equal_secret("abc", "abc"));
  CHECK_FALSE(server::equal_secret("abc", "abd"));
  CHECK_FALSE(server::equal_secret("abc", "ab"));
  CHECK_FALSE(server::equal_secret("abc", "abca"));
  CHECK_FALSE(server::equal_secret("", "a"));
}

TEST_CASE("server: only this machine is listened on") {
  CHECK(server::parse_listen_address("127.0.0.1:0"));
  CHECK(server::parse_listen_address("[::1]:80")->host == "::1");
  CHECK_FALSE(server::parse_listen_address("0.0.0.0:8181"));
  CHECK_FALSE(server::parse_listen_address("127.0.0.1"));
  CHECK_FALSE(server::parse_listen_address("localhost:99999"));
  CHECK(server::problem(500, Code::R0910, "gone").body.find("R0910") != std::string::npos);
}
