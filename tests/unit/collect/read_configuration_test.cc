// rescind.yaml: what it may say, what is refused, and how secrets are fetched without being shown.
#include "collect/read_configuration.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

namespace rescind {
namespace {

struct Reading {
  SourceSet sources;
  Diagnostics diagnostics;
  std::optional<Configuration> configuration;
};

std::unique_ptr<Reading> read(std::string text) {
  auto reading = std::make_unique<Reading>();
  const SourceFileId file = reading->sources.add("rescind.yaml", std::move(text));
  reading->configuration =
      read_configuration(reading->sources, file, "/etc/acme", reading->diagnostics);
  CHECK(reading->configuration.has_value() != reading->diagnostics.has_errors());
  return reading;
}

// The text form of all errors.
std::string errors(std::string text) {
  const auto reading = read(std::move(text));
  REQUIRE_FALSE(reading->configuration);
  return render_text(reading->diagnostics, reading->sources, {});
}

bool says(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) {
    MESSAGE(text);
  }
  return found;
}

TEST_CASE("configuration: a full file is read") {
  const auto reading = read(R"(
policies: [policies/, ../shared]
inventory: [inventory/, store]
store: { env: DATABASE_URL }
timezone: Europe/Berlin
steward: iam-oncall
plan_expiry: 12h
clock_heartbeat: 10m
systems:
  github:
    connector: github
    org: acme
    token: { file: secrets/github }
  corp-ldap: { connector: ldap, url: "ldaps://ldap.example.org", port: 636, bases: [ou=a, ou=b],
               password: { command: [pass, show, "ldap admin"] }, acts_as: "corp-ldap:svc-rescind",
               rate: 100/1m, concurrency: 4,
               holder: { account: uid, identity: id } }
server:
  listen: 127.0.0.1:9000
  tls: { certificate: tls/cert.pem, key: tls/key.pem }
  tokens: { ci: { env: CI_TOKEN } }
)");
  REQUIRE(reading->configuration);
  const Configuration& c = *reading->configuration;
  CHECK(c.policies == std::vector<std::string>{"policies/", "../shared"});
  CHECK(c.inventory == std::vector<std::string>{"inventory/", "store"});
  CHECK(std::get<SecretSource>(c.store.value).name == "DATABASE_URL");
  CHECK(c.timezone == "Europe/Berlin");
  CHECK(c.steward == "iam-oncall");
  CHECK(c.plan_expiry == std::chrono::hours(12));
  REQUIRE(c.systems.size() == 2);
  const SystemConfiguration& ldap = c.systems[0];
  CHECK(ldap.id == "corp-ldap");
  CHECK(ldap.connector == "ldap");
  CHECK(ldap.acts_as == "corp-ldap:svc-rescind");
  CHECK(ldap.pause == std::chrono::milliseconds(600));
  CHECK(ldap.concurrency == 4);
  CHECK(ldap.settings.find("concurrency") == ldap.settings.end());
  CHECK(c.systems[1].concurrency == 1);
  CHECK(ldap.holder_account_attribute == "uid");
  CHECK(ldap.holder_identity_attribute == "id");
  CHECK(std::get<std::string>(ldap.settings.at("port").value) == "636");
  CHECK(std::get<std::string>(ldap.settings.at("bases").value) == "ou=a,ou=b");
  CHECK(std::get<SecretSource>(ldap.settings.at("password").value).command.size() == 3);
  CHECK(reading->sources.text(ldap.span) == "corp-ldap");
  CHECK(reading->sources.text(c.systems[1].settings.at("org").span) == "acme");
  CHECK(c.server.listen == "127.0.0.1:9000");
  CHECK(c.server.tls->key == "tls/key.pem");
  CHECK(c.server.tokens.at("ci").is_secret());
  CHECK(configured_path(c, "policies/") == "/etc/acme/policies/");
  CHECK(configured_path(c, "/srv/x") == "/srv/x");
}

TEST_CASE("configuration: an empty file gives the defaults") {
  const auto reading = read("# nothing yet\n");
  REQUIRE(reading->configuration);
  CHECK(std::get<std::string>(reading->configuration->store.value) == "rescind.db");
  CHECK(reading->configuration->timezone == "UTC");
  CHECK_FALSE(reading->configuration->timezone_given);
  CHECK(reading->configuration->plan_expiry == std::chrono::hours(24));
}

TEST_CASE("configuration: unknown keys are errors with the nearest known one") {
  const std::string text = errors("timezone: UTC\npolicis: [policies/]\nserver: { port: 1 }\n");
  CHECK(says(text, "R0802"));
  CHECK(says(text, "unknown key `policis` in the configuration"));
  CHECK(says(text, "rescind.yaml:2:1"));
  CHECK(says(text, "did you mean `policies`?"));
  CHECK(says(text, "unknown key `port` in server"));
  CHECK(says(text, "known here: listen, tls, tokens"));
}

TEST_CASE("configuration: a secret as a plain value is refused and not repeated") {
  for (const char* line :
       {"systems: { a: { connector: ldap, password: hunter2 } }",
        "systems: { a: { connector: scim, bearer_token: hunter2 } }",
        "systems: { a: { connector: x, url: 'https://me:hunter2@example.org/' } }",
        "store: postgres://rescind:hunter2@db/rescind", "server: { tokens: { ci: hunter2 } }"}) {
    const auto reading = read(line);
    REQUIRE(reading->diagnostics.sorted().size() == 1);
    const Diagnostic found = reading->diagnostics.sorted()[0];
    CHECK(found.code == Code::R0804);
    CHECK(found.message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("configuration: values that do not fit are named with their place") {
  CHECK(says(errors("plan_expiry: soon\n"), "R0803"));
  CHECK(says(errors("plan_expiry: 0s\n"), "longer than nothing"));
  CHECK(says(errors("timezone: Mars/Base\n"), "not `Mars/Base`"));
  for (const char* rate : {"100", "0/1m", "1m", "-1/1m", "5/", "5 /1m", "[5]"}) {
    CHECK(says(errors("systems: { a: { connector: x, rate: " + std::string(rate) + " } }\n"),
               "`rate` must be a number of actions in a time"));
  }
  for (const char* count :
       {"0", "-1", "65", "many", "2.5", "1e1", "4 at once", "''", "[4]", "{}"}) {
    CHECK(
        says(errors("systems: { a: { connector: x, concurrency: " + std::string(count) + " } }\n"),
             "`concurrency` must be a whole number from 1 to 64"));
  }
  CHECK(says(errors("systems: [a]\n"), "`systems` must be a mapping, not a list"));
  CHECK(says(errors("steward: [a]\n"), "`steward` must be a string that is not empty"));
  CHECK(says(errors("store: { vault: x }\n"), "R0805"));
  CHECK(says(errors("store: {}\n"), "R0805"));
  CHECK(says(errors("systems: { a: { url: x } }\n"), "R0806"));
  CHECK(says(errors("systems: { a: { connector: x, holder: { account: uid } } }\n"), "R0806"));
  CHECK(says(errors("server: { tls: { key: k } }\n"), "R0806"));
}

TEST_CASE("configuration: text that is not YAML is refused with its place") {
  CHECK(says(errors("policies: [a\nstore: b\n"), "R0801"));
  CHECK(says(errors("policies: \xff\n"), "R0801"));
  CHECK(says(errors("a: b\n---\nc: d\n"), "a single document"));
  CHECK(says(errors("steward: a\nsteward: b\n"), "`steward` is given twice"));
  CHECK(says(errors("- a\n"), "must be a mapping, not a list"));
  CHECK(says(errors("steward: " + std::string(100, '[') + std::string(100, ']')), "R0801"));
  std::string bomb = "a: &a [x, x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [*" + std::string(1, static_cast<char>(c - 1)) +
            ", *" + std::string(1, static_cast<char>(c - 1)) + "]\n";
  }
  CHECK(says(errors(bomb), "more than 100000 values"));
  CHECK(says(errors(std::string(2 * 1024 * 1024, '#')), "larger than"));
}

TEST_CASE("secrets: they come from the environment, a file or a program") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("secret-test-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "token") << "from file\r\n";
  ::setenv("RESCIND_TEST_SECRET", "from environment", 1);
  const auto resolve = [&](SecretSource::From from, std::string name,
                           std::vector<std::string> command = {}) {
    return resolve_secret({from, std::move(name), std::move(command)}, folder.string());
  };
  using From = SecretSource::From;
  CHECK(resolve(From::Environment, "RESCIND_TEST_SECRET").value() == "from environment");
  CHECK(resolve(From::File, "token").value() == "from file");
  CHECK(resolve(From::Command, "", {"cat token"}).value() == "from file");
  CHECK(resolve(From::Command, "", {"printf", "a $HOME\n\n"}).value() == "a $HOME\n");
  CHECK(resolve(From::Command, "", {"echo one | tr o 0"}).value() == "0ne");

  const auto why = [](const Result<std::string>& result) {
    REQUIRE_FALSE(result);
    return result.error().to_string();
  };
  CHECK(says(why(resolve(From::Environment, "RESCIND_NOT_SET")),
             "secret from environment variable RESCIND_NOT_SET: it is not set"));
  CHECK(says(why(resolve(From::File, "no-such-file")), "secret from file no-such-file"));
  CHECK(says(why(resolve(From::Command, "", {"false"})), "status 1"));
  CHECK(says(why(resolve(From::Command, "", {"no-such-program-here"})), "no-such-program-here"));
  CHECK(says(why(resolve(From::Command, "", {"true"})), "is empty"));
  ::unsetenv("RESCIND_TEST_SECRET");
  fs::remove_all(folder);
}

TEST_CASE("configuration: deliveries say where dependents read their credentials") {
  const auto reading = read(R"(
seal_key: { env: RESCIND_SEAL_KEY }
deliveries:
  billing-job:
    path: run/billing.env
    format: env
    user: PGUSER
    value: PGPASSWORD
    mode: 0640
    item: "pg:password:svc"
    used_as: billing
    reload: { command: [systemctl, reload, billing] }
    confirm: { command: "curl -fsS http://127.0.0.1/healthy" }
  reports:
    - { kind: vault, system: vault, path: reports/db }
    - { kind: ldap, system: corp, path: "cn=reports,dc=x", attribute: userPassword, confirm: written }
systems:
  vault: { connector: sandbox, path: vault.db }
  corp: { connector: ldap, url: "ldaps://ldap.example.org" }
)");
  REQUIRE(reading->configuration);
  REQUIRE(reading->configuration->seal_key);
  CHECK(reading->configuration->seal_key->is_secret());
  const std::vector<DeliveryRoute>& routes = reading->configuration->deliveries;
  REQUIRE(routes.size() == 3);
  CHECK(routes[0].dependent == "billing-job");
  CHECK(routes[0].item == "pg:password:svc");
  CHECK(routes[0].target.kind == DeliveryKind::File);
  CHECK(routes[0].target.path == "/etc/acme/run/billing.env");
  CHECK(routes[0].target.format == DeliveryFormat::Env);
  CHECK(routes[0].target.mode == 0640U);
  CHECK(routes[0].target.user_key == "PGUSER");
  CHECK(routes[0].target.value_key == "PGPASSWORD");
  CHECK(routes[0].target.used_as == "billing");
  CHECK(routes[0].target.reload.size() == 3);
  CHECK(routes[0].target.proof == DeliveryProof::Command);
  CHECK(routes[0].target.confirm.size() == 1);
  CHECK(routes[1].dependent == "reports");
  CHECK(routes[1].target.kind == DeliveryKind::Vault);
  CHECK(routes[1].target.path == "reports/db");
  CHECK(routes[1].target.proof == DeliveryProof::Use);
  CHECK(routes[2].target.attribute == "userPassword");
  CHECK(routes[2].target.proof == DeliveryProof::Written);
}

TEST_CASE("configuration: a delivery that cannot work is refused by code") {
  const auto refused = [](const std::string& line) {
    return errors("systems: { vault: { connector: sandbox } }\ndeliveries:\n  job: " + line + "\n");
  };
  CHECK(says(refused("{ kind: fiel, path: x }"), "R1020"));
  CHECK(says(refused("{ kind: fiel, path: x }"), "did you mean `file`?"));
  CHECK(says(refused("{ path: x, format: xml }"), "one of value, pgpass, env, json"));
  CHECK(says(refused("{ path: x, confirm: maybe }"), "R1020"));
  CHECK(says(refused("{ kind: file }"), "R1021"));
  CHECK(says(refused("{ kind: vault, path: x }"), "does not say its `system`"));
  CHECK(says(refused("{ kind: ldap, system: vault, path: x }"), "does not say its `attribute`"));
  CHECK(says(refused("{ kind: vault, system: vualt, path: x }"), "R1022"));
  CHECK(says(refused("{ path: x, mode: 0644 }"), "R1023"));
  CHECK(says(refused("{ path: x, mode: rw }"), "R0803"));
  CHECK(says(refused("{ path: x, modes: 0600 }"), "did you mean `mode`?"));
  CHECK(says(refused("{ path: x, reload: nginx }"), "R0803"));
  CHECK(says(refused("[x]"), "R0803"));
  CHECK(says(errors("deliveries: [x]"), "R0803"));
  CHECK(says(errors("seal_key: sesame"), "R0804"));
}

TEST_CASE("configuration: the ways to people are read") {
  const auto reading = read(R"(
handover:
  webhook: { url: "https://chat.example.org/hook", secret: { env: HOOK }, timeout: 5s }
  smtp: { host: mail.example.org, port: 2525, encryption: tls, user: rescind,
          password: { file: smtp }, from: rescind@example.org, ca: ca.pem }
  file: { folder: people/ }
)");
  REQUIRE(reading->configuration);
  const HandoverConfiguration& handover = reading->configuration->handover;
  REQUIRE(handover.webhook);
  CHECK(std::get<std::string>(handover.webhook->url.value) == "https://chat.example.org/hook");
  CHECK(handover.webhook->secret->is_secret());
  CHECK(handover.webhook->timeout == Seconds(5));
  REQUIRE(handover.smtp);
  CHECK(handover.smtp->port == 2525);
  CHECK(handover.smtp->encryption == SmtpConfiguration::Encryption::Tls);
  CHECK(handover.smtp->user == "rescind");
  CHECK(handover.smtp->password->is_secret());
  CHECK(handover.smtp->from == "rescind@example.org");
  CHECK(handover.smtp->ca == "ca.pem");
  CHECK(handover.folder == "people/");
  CHECK_FALSE(handover.empty());
  CHECK(read("steward: iam")->configuration->handover.empty());
}

TEST_CASE("configuration: the address of a webhook may be a secret") {
  const auto reading = read("handover: { webhook: { url: { env: HOOK_URL } } }\n");
  REQUIRE(reading->configuration);
  const ConfiguredValue& url = reading->configuration->handover.webhook->url;
  REQUIRE(url.is_secret());
  CHECK(std::get<SecretSource>(url.value).name == "HOOK_URL");
  CHECK(is_webhook_url("https://chat.example.org/hook"));
  CHECK_FALSE(is_webhook_url("http://chat.example.org/hook"));
  CHECK(says(errors("handover: { webhook: { url: { cloud: x } } }\n"), "R0805"));
}

TEST_CASE("configuration: a way to people that cannot work or leaks is refused") {
  const auto refused = [](const std::string& lines) { return errors("handover: " + lines + "\n"); };
  CHECK(says(refused("{ pigeon: {} }"), "R0802"));
  CHECK(says(refused("{ webhook: { secret: { env: X } } }"), "`webhook` needs `url`"));
  CHECK(says(refused("{ webhook: { url: \"http://chat.example.org\" } }"), "`https://`"));
  CHECK(says(refused("{ webhook: { url: \"http://127.0.0.1.example.org:80\" } }"), "`https://`"));
  CHECK(says(refused("{ webhook: { url: \"https://u:p@chat.example.org\" } }"), "R0804"));
  CHECK(says(refused("{ webhook: { url: \"https://x\", secret: plain } }"), "R0804"));
  CHECK(says(refused("{ smtp: { host: mail } }"), "`smtp` needs `from`"));
  CHECK(says(refused("{ smtp: { host: mail, from: a@b, port: 70000 } }"), "1 to 65535"));
  CHECK(says(refused("{ smtp: { host: mail, from: a@b, encryption: some } }"), "`starttls`"));
  CHECK(says(refused("{ smtp: { host: mail, from: a@b, encryption: none, password: { env: X } } }"),
             "unencrypted"));
  CHECK(says(refused("{ file: {} }"), "`file` needs `folder`"));
}

}  // namespace
}  // namespace rescind
