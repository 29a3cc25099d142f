// The dialects and readings of SCIM that need no server.
#include "connectors/scim/scim.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "connectors/scim/http.h"
#include "connectors/scim/resource.h"

namespace rescind::scim {
namespace {

using Json = nlohmann::json;

Instant at(const char* text) {
  return *parse_instant(text);
}

}  // namespace

TEST_CASE("scim: active is read as a boolean or as the strings that servers store") {
  CHECK(read_active(Json{{"active", false}}) == false);
  CHECK(read_active(Json{{"active", "False"}}) == false);
  CHECK(read_active(Json{{"active", "TRUE"}}) == true);
  CHECK(read_active(Json{{"active", "no"}}) == std::nullopt);
  CHECK(read_active(Json{{"active", 0}}) == std::nullopt);
  CHECK(read_active(Json::object()) == std::nullopt);
}

TEST_CASE("scim: a value in a filter cannot end the filter") {
  Target target{Target::What::Value, "Groups", "g1", "members", "x\"] or [value pr \\"};
  const auto ways = dialects(target, false, nullptr, "");
  REQUIRE(ways.size() == 2);
  const Json body = Json::parse(ways[0].body);
  CHECK(body["Operations"][0]["path"] == "members[value eq \"x\\\"] or [value pr \\\\\"]");
}

TEST_CASE("scim: PUT carries the whole resource without what is read-only or secret") {
  const Json user = {{"id", "u1"},
                     {"userName", "alice"},
                     {"active", true},
                     {"password", "x"},
                     {"groups", Json::array({{{"value", "g1"}}})}};
  const auto ways = dialects({Target::What::Active, "Users", "u1", "", ""}, false, &user, "");
  REQUIRE(ways.size() == 3);
  const Json body = Json::parse(ways[2].body);
  CHECK(body["active"] == false);
  CHECK(body["userName"] == "alice");
  CHECK_FALSE(body.contains("password"));
  CHECK_FALSE(body.contains("groups"));
}

TEST_CASE("scim: the attribute that names the person may be nested, listed or of an extension") {
  const Json user = Json::parse(R"({"userName": "alice", "name": {"familyName": "A"},
    "emails": [{"value": "home@example.org"}, {"value": "work@example.org", "primary": true}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701"}})");
  CHECK(attribute_text(user, "userName") == "alice");
  CHECK(attribute_text(user, "name.familyName") == "A");
  CHECK(attribute_text(user, "emails") == "work@example.org");
  CHECK(attribute_text(user, "emails.value") == "work@example.org");
  CHECK(attribute_text(
            user, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber") ==
        "701");
  CHECK(attribute_text(user, "nothing").empty());
}

TEST_CASE("scim: answers that are no objects, or nest without end, are refused") {
  CHECK_FALSE(parse_object("[]"));
  CHECK_FALSE(parse_object("{"));
  CHECK_FALSE(parse_object(""));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK_FALSE(parse_object("{\"a\":" + deep + "}"));
  CHECK(error_detail(R"({"detail": "no\nway"})") == "no way");
}

TEST_CASE("scim: Retry-After is read as seconds and as a date, within bounds") {
  const Instant now = at("2026-11-20T12:00:00Z");
  CHECK(parse_retry_after("30", now) == at("2026-11-20T12:00:30Z"));
  CHECK(parse_retry_after("Fri, 20 Nov 2026 12:05:00 GMT", now) == at("2026-11-20T12:05:00Z"));
  CHECK(parse_retry_after("Fri, 20 Nov 2026 11:00:00 GMT", now) == now);
  CHECK(parse_retry_after("999999999999999999999", now) == at("2026-11-21T12:00:00Z"));
  CHECK_FALSE(parse_retry_after("soon", now));
  CHECK_FALSE(parse_retry_after("Fri, 20 Foo 2026 12:05:00 GMT", now));
  CHECK_FALSE(parse_retry_after("", now));
}

TEST_CASE("scim: settings that would leak or contradict are refused") {
  CHECK(check_scim_settings({{"url", "https://app.example.org/scim/v2"}, {"token", "t"}}).empty());
  CHECK(check_scim_settings({{"url", "http://127.0.0.1:8080"}}).empty());
  const auto fault = [](const Settings& settings) {
    const auto problems = check_scim_settings(settings);
    REQUIRE(problems.size() == 1);
    return problems[0].fault;
  };
  CHECK(fault({{"url", "http://app.example.org"}}) == SettingFault::Plaintext);
  CHECK(fault({{"url", "ftp://app.example.org"}}) == SettingFault::BadValue);
  CHECK(fault({{"url", "https://h"}, {"token", "a\n"}}) == SettingFault::BadValue);
  CHECK(fault({{"url", "https://h"}, {"token", "a"}, {"username", "b"}}) == SettingFault::BadValue);
  CHECK(fault({}) == SettingFault::Missing);
  CHECK(check_scim_settings({{"url", "http://app.example.org"}, {"allow_plaintext", "true"}})
            .empty());
}

}  // namespace rescind::scim
