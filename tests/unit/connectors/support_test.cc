// What the connectors share: settings, native ids of several parts, records, random passwords.
#include <array>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "connectors/support/attempt.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"
#include "connectors/support/secret.h"
#include "connectors/support/settings.h"

namespace rescind {
namespace {

constexpr std::array kSpecs = {
    SettingSpec{"url", SettingType::Text, true, "", "", "where it is"},
    SettingSpec{"token", SettingType::Secret, false, "", "", "what opens it"},
    SettingSpec{"timeout", SettingType::Duration, false, "30s", "", "time for an answer"},
    SettingSpec{"pages", SettingType::Count, false, "100", "", "size of a page"},
    SettingSpec{"mode", SettingType::Choice, false, "soft", "soft hard", "how"},
    SettingSpec{"quick", SettingType::Flag, false, "false", "", "or slow"},
};

}  // namespace

TEST_CASE("native id: parts with separators survive joining and splitting") {
  const std::vector<std::string> parts{"cn=a/b,ou=x%2F", "", "u1", "%"};
  CHECK(split_native_id(join_native_id(parts)) == parts);
  CHECK(join_native_id({"g1", "u1"}) == "g1/u1");
  CHECK(split_native_id("50%") == std::vector<std::string>{"50%"});
  CHECK(item_id("crm", "group", "g1/u1") == "crm:group:g1/u1");
}

TEST_CASE("native id: an item without one is found by its own id") {
  const auto native = [](Kind kind, const char* item, const char* given) {
    ItemAddress address;
    address.kind = kind;
    address.system = "crm";
    address.item = item;
    address.native_id = given;
    return addressed(address).native_id;
  };
  CHECK(native(Kind::Account, "crm:alice", "") == "alice");
  CHECK(native(Kind::Account, "crm:alice", "u1") == "u1");
  CHECK(native(Kind::Group, "crm:group:g1/u1", "") == "g1/u1");
  CHECK(native(Kind::Group, "crm:g1/u1", "") == "g1/u1");
  CHECK(native(Kind::Account, "other:alice", "") == "other:alice");
}

TEST_CASE("record: only what is known is written, and bytes that are no UTF-8 do no harm") {
  FoundItem item;
  item.kind = Kind::Group;
  item.system = "corp";
  item.native_id = "g/u";
  item.account_native_id = "u";
  item.name = "caf\xE9";
  item.inside = {"corp:group:h"};
  item.holder_key = "alice";
  const DiscoveredRecord record = record_of(item);
  const nlohmann::json json = nlohmann::json::parse(record.json);
  CHECK(json["record"] == "group");
  CHECK(json["id"] == "corp:group:g/u");
  CHECK(json["account"] == "corp:u");
  CHECK(json["inside"][0] == "corp:group:h");
  CHECK_FALSE(json.contains("created"));
  CHECK_FALSE(json.contains("holder"));
  CHECK(record.holder_key == "alice");
}

TEST_CASE("settings: good ones pass and defaults fill in") {
  const Settings settings{{"url", "x"}, {"timeout", "5m"}};
  CHECK(check_settings(kSpecs, settings).empty());
  const SettingReader read(kSpecs, settings);
  CHECK(read.duration("timeout") == std::chrono::minutes(5));
  CHECK(read.count("pages") == 100);
  CHECK(read.text("mode") == "soft");
  CHECK_FALSE(read.flag("quick"));
  CHECK_FALSE(read.given("token"));
}

TEST_CASE("settings: every kind of mistake is named, and secrets are not repeated") {
  const Settings settings{{"urll", "x"},    {"timeout", "0s"}, {"pages", "-1"},
                          {"mode", "loud"}, {"quick", "yes"},  {"token", std::string("hush\0", 5)}};
  const std::vector<SettingProblem> problems = check_settings(kSpecs, settings);
  REQUIRE(problems.size() == 7);
  std::string all;
  for (const SettingProblem& problem : problems) {
    all += problem.message + " " + problem.help + "\n";
  }
  CHECK(all.find("did you mean `url`?") != std::string::npos);
  CHECK(all.find("setting `url` is missing") != std::string::npos);
  CHECK(all.find("`loud` is none of: soft, hard") != std::string::npos);
  CHECK(all.find("hush") == std::string::npos);
  CHECK(settings_status(problems).error().retry() == RetryAdvice::Never);
}

TEST_CASE("settings: addresses are taken apart, and strange ones refused") {
  const auto url = parse_url("HTTPS://[::1]:8443/scim/v2/");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "::1");
  CHECK(url->port == 8443);
  CHECK(url->path == "/scim/v2");
  for (const char* bad :
       {"", "x", "://h", "https://", "https://u:p@h/", "https://h/?q", "https://h#f", "https://h:0",
        "https://h:99999", "https://h:x", "https://[::1", "https://h /", "https://h\r\nx"}) {
    CHECK_MESSAGE(!parse_url(bad), bad);
  }
  CHECK(is_loopback_host("127.0.0.1"));
  CHECK(is_loopback_host("localhost"));
  CHECK_FALSE(is_loopback_host("127.example.org"));
  CHECK_FALSE(is_loopback_host("db.example.org"));
}

TEST_CASE("random passwords are long, mixed and never the same") {
  const auto one = random_password();
  const auto two = random_password();
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->size() == 32);
  CHECK(*one != *two);
}

TEST_CASE("attempt: the digest covers the answers, and there is none without an answer") {
  Attempt silent;
  silent.sent("GET /x");
  const ActionResult nothing = silent.finish(ResultClass::Failed, "no connection");
  CHECK(nothing.response_digest.empty());
  CHECK(nothing.requests == std::vector<std::string>{"GET /x"});
  Attempt one;
  one.received("a");
  one.received("b");
  Attempt other;
  other.received("ab");
  CHECK(one.finish(ResultClass::Changed, "").response_digest !=
        other.finish(ResultClass::Changed, "").response_digest);
}

}  // namespace rescind
