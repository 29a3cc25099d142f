// The texts of the PostgreSQL connector that need no server.
#include "connectors/postgres/postgres.h"

#include <doctest/doctest.h>

#include "connectors/postgres/client.h"
#include "connectors/postgres/connector.h"
#include "connectors/postgres/successor.h"

namespace rescind::postgres {

TEST_CASE("postgres: names and values are quoted") {
  CHECK(quote_identifier("alice") == "\"alice\"");
  CHECK(quote_identifier("a\"b; DROP ROLE c") == "\"a\"\"b; DROP ROLE c\"");
  CHECK(quote_literal("it's \\") == "E'it''s \\\\'");
}

TEST_CASE("postgres: logs show a setting's name and never its value") {
  const RoleStatement setting{"ALTER ROLE ", " SET \"app\".\"jwt_secret\" TO E' SET hush TO x'",
                              " SET hush TO x"};
  CHECK(setting.for_role("svc") ==
        "ALTER ROLE \"svc\" SET \"app\".\"jwt_secret\" TO E' SET hush TO x'");
  CHECK(setting.shown_for_role("svc") ==
        "ALTER ROLE \"svc\" SET \"app\".\"jwt_secret\" TO (value left out)");
  const RoleStatement membership{"GRANT \"app\" TO ", " WITH ADMIN OPTION"};
  CHECK(membership.shown_for_role("svc") == membership.for_role("svc"));
  CHECK(without_values("invalid value for parameter \"app.k\": \" SET hush TO x\"",
                       {setting, membership}) ==
        "invalid value for parameter \"app.k\": (value left out)");
}

TEST_CASE("postgres: from 16 on only what the connector's role made follows another") {
  MadeBy by{150004, false, false, true};
  CHECK(made_by_us(by));
  by = {160001, false, false, false};
  CHECK_FALSE(made_by_us(by));  // a superuser made it
  by.we = true;
  CHECK(made_by_us(by));
  by.others = true;
  CHECK_FALSE(made_by_us(by));
  by = {160001, true, false, true};
  CHECK_FALSE(made_by_us(by));
  by.others = false;
  CHECK(made_by_us(by));
}

TEST_CASE("postgres: a role follows another by its mark and by the name that comes of it") {
  RoleFacts old;
  old.oid = "16400";
  old.name = "billing";
  const std::string marker = "run:1/step:2";
  const std::string name = successor_name("billing", marker);
  const std::string mark = successor_mark("16400", marker);
  CHECK(follows(name, mark, old));
  CHECK(follows(name, "pays invoices " + mark, old));
  CHECK_FALSE(follows("mallory", mark, old));
  CHECK_FALSE(follows(name, successor_mark("16401", marker), old));
  CHECK_FALSE(follows(name, successor_mark("16400", "run:9/step:2"), old));
  CHECK_FALSE(follows(name, mark + " and more", old));
  CHECK_FALSE(follows(name, "", old));
}

TEST_CASE("postgres: a session is named by role, process and start") {
  const auto key = session_of("al%2Fice/4711/1763640000000000");
  REQUIRE(key);
  CHECK(key->role == "al/ice");
  CHECK(key->pid == "4711");
  CHECK(session_of("alice/1/hidden")->start == "hidden");
  for (const char* bad :
       {"alice", "alice/1", "alice/x/2", "alice/1/2;", "alice//2", "alice/1/2/3"}) {
    CHECK_MESSAGE(!session_of(bad), bad);
  }
}

TEST_CASE(
    "postgres: captured privileges are believed only in the form in which they were captured") {
  const Grant good{"TABLE", "1259", "16400", "2", "SELECT", true, "public.t", "secret"};
  const auto back = captured_grants(grants_state({good}));
  REQUIRE(back.size() == 1);
  CHECK(back[0].kind == "TABLE");
  CHECK(back[0].column == "2");
  CHECK(back[0].grantable);
  CHECK(back[0].identity.empty());
  for (const auto& spoil :
       {+[](Grant& g) { g.kind = "TABLE t TO bob; --"; }, +[](Grant& g) { g.privilege = "ALL"; },
        +[](Grant& g) { g.object_oid = "1)"; }, +[](Grant& g) { g.class_oid = ""; },
        +[](Grant& g) { g.column = "-1"; }}) {
    Grant bad = good;
    spoil(bad);
    CHECK(captured_grants(grants_state({bad})).empty());
  }
  CHECK(captured_grants("[1]").empty());
  CHECK(captured_grants("").empty());
}

TEST_CASE("postgres: statements name each object once, and columns when giving back") {
  const std::vector<Grant> grants = {
      {"TABLE", "1259", "1", "0", "INSERT", true, "public.t", ""},
      {"TABLE", "1259", "1", "2", "SELECT", false, "public.t", "secret"}};
  CHECK(revoke_statements(grants, "alice") ==
        std::vector<std::string>{"REVOKE ALL ON TABLE public.t FROM \"alice\""});
  CHECK(grant_statements(grants, "alice") ==
        std::vector<std::string>{"GRANT INSERT ON TABLE public.t TO \"alice\" WITH GRANT OPTION",
                                 "GRANT SELECT (secret) ON TABLE public.t TO \"alice\""});
}

TEST_CASE("postgres: settings that would leak or point nowhere are refused") {
  const Settings good{{"url", "postgresql://db.example.org/app"}, {"user", "rescind"}};
  CHECK(check_postgres_settings(good).empty());
  const auto fault = [&](const char* name, const char* value) {
    Settings changed = good;
    changed[name] = value;
    const auto problems = check_postgres_settings(changed);
    REQUIRE(problems.size() == 1);
    return problems[0].fault;
  };
  CHECK(fault("sslmode", "prefer") == SettingFault::Plaintext);
  CHECK(fault("sslmode", "maybe") == SettingFault::BadValue);
  CHECK(fault("url", "postgresql://db.example.org") == SettingFault::BadValue);
  CHECK(fault("url", "postgresql://u:p@db.example.org/app") == SettingFault::BadValue);
  CHECK(fault("host", "db.example.org") == SettingFault::BadValue);
  CHECK(check_postgres_settings({{"user", "r"}}).at(0).fault == SettingFault::Missing);
  const Settings apart{
      {"host", "db.example.org"}, {"port", "5433"}, {"database", "app"}, {"user", "r"}};
  CHECK(check_postgres_settings(apart).empty());
  CHECK(check_postgres_settings({{"url", "postgres://127.0.0.1:5433/app"}, {"user", "r"}}).empty());
}

}  // namespace rescind::postgres
