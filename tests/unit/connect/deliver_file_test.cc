// Credentials in files: their forms, and the write that leaves the old content or the new one.
#include "connect/deliver_file.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_folder.h"

namespace rescind {
namespace {

DeliveryRequest to_file(const std::string& path, DeliveryFormat format) {
  DeliveryRequest request;
  request.login = "svc_r2";
  request.old_login = "svc";
  request.dependent = "billing";
  request.target.path = path;
  request.target.format = format;
  request.target.user_key = "PGUSER";
  request.target.value_key = "PGPASSWORD";
  return request;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& text, unsigned mode) {
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

unsigned mode_of(const std::string& path) {
  struct stat facts {};

  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777U;
}

std::string rendered(DeliveryFormat format, const std::string& before,
                     const std::string& value = "n3w-Value") {
  const Result<Secret> out = render_credential(to_file("file", format), Secret(value), before);
  REQUIRE_MESSAGE(out, out.error().to_string());
  return std::string(out->reveal());
}

TEST_CASE("deliver file: an environment file gets name and value, and keeps the rest") {
  CHECK(rendered(DeliveryFormat::Env, "") == "PGUSER=svc_r2\nPGPASSWORD=n3w-Value\n");
  CHECK(
      rendered(DeliveryFormat::Env,
               "# of billing\nexport PGUSER=svc\nPGHOST=db\nPGPASSWORD='old one'\nPGPASSWORD=x") ==
      "# of billing\nexport PGUSER=svc_r2\nPGHOST=db\nPGPASSWORD=n3w-Value\n");
  // A value that a shell would take apart is quoted.
  CHECK(rendered(DeliveryFormat::Env, "", "a b'c$d") ==
        "PGUSER=svc_r2\nPGPASSWORD='a b'\\''c$d'\n");
}

TEST_CASE("deliver file: a JSON object gets both keys and keeps the rest in order") {
  CHECK(rendered(DeliveryFormat::Json, "{\"z\": 1, \"PGUSER\": \"svc\", \"a\": [true]}") ==
        "{\n  \"z\": 1,\n  \"PGUSER\": \"svc_r2\",\n  \"a\": [\n    true\n  ],\n  \"PGPASSWORD\": "
        "\"n3w-Value\"\n}\n");
  CHECK(rendered(DeliveryFormat::Json, " \n").find("svc_r2") != std::string::npos);
  const DeliveryRequest request = to_file("config.json", DeliveryFormat::Json);
  CHECK_FALSE(render_credential(request, Secret("x"), "[1]"));
  CHECK_FALSE(render_credential(request, Secret("x"), "{broken"));
  CHECK_FALSE(render_credential(request, Secret("\xFF"), "{}"));
}

TEST_CASE(
    "deliver file: a password file gets lines for the successor beside those of the old one") {
  const std::string before =
      "# hosts\ndb1:5432:orders:svc:old\\:pass\ndb2:*:*:svc:old\ndb1:*:*:other:x\n";
  const std::string after = rendered(DeliveryFormat::Pgpass, before, "a:b\\c");
  CHECK(after == "db1:5432:orders:svc_r2:a\\:b\\\\c\ndb2:*:*:svc_r2:a\\:b\\\\c\n" + before);
  CHECK(rendered(DeliveryFormat::Pgpass, after, "a:b\\c") == after);
  CHECK(rendered(DeliveryFormat::Pgpass, "") == "*:*:*:svc_r2:n3w-Value\n");
}

TEST_CASE("deliver file: a file with the value alone cannot tell another name") {
  DeliveryRequest request = to_file("file", DeliveryFormat::Value);
  CHECK_FALSE(render_credential(request, Secret("x"), ""));
  request.login = request.old_login = "";
  const Result<Secret> out = render_credential(request, Secret("x"), "old");
  REQUIRE(out);
  CHECK(out->reveal() == "x\n");
}

TEST_CASE(
    "deliver file: the write keeps the mode, shuts others out and says nothing of the value") {
  const TemporaryFolder folder;
  const std::string path = folder.file("billing.env");
  const DeliveryRequest request = to_file(path, DeliveryFormat::Env);
  const Secret secret("n3w-Value");
  SUBCASE("a new file is its owner's alone") {
    const ActionResult answer = deliver_to_file(request, secret);
    CHECK(answer.result == ResultClass::Changed);
    CHECK(mode_of(path) == 0600U);
    for (const std::string& line : answer.requests) {
      CHECK(line.find("n3w-Value") == std::string::npos);
    }
    CHECK(answer.detail.find("n3w-Value") == std::string::npos);
  }
  SUBCASE("a mode is kept, without what it gives to everybody") {
    write(path, "PGHOST=db\n", 0644);
    CHECK(deliver_to_file(request, secret).result == ResultClass::Changed);
    CHECK(mode_of(path) == 0640U);
    CHECK(content(path) == "PGHOST=db\nPGUSER=svc_r2\nPGPASSWORD=n3w-Value\n");
  }
  SUBCASE("the configured mode is used, without what it gives to everybody") {
    DeliveryRequest with_mode = request;
    with_mode.target.mode = 0444;
    CHECK(deliver_to_file(with_mode, secret).result == ResultClass::Changed);
    CHECK(mode_of(path) == 0440U);
  }
  SUBCASE("again is already done") {
    CHECK(deliver_to_file(request, secret).result == ResultClass::Changed);

    struct stat before {};

    REQUIRE(::stat(path.c_str(), &before) == 0);
    CHECK(deliver_to_file(request, secret).result == ResultClass::AlreadyDone);

    struct stat after {};

    REQUIRE(::stat(path.c_str(), &after) == 0);
    CHECK(before.st_ino == after.st_ino);
  }
  SUBCASE("a file that the dependent holds open keeps its old content whole") {
    write(path, "PGUSER=svc\nPGPASSWORD=old\n", 0600);
    std::ifstream held(path);
    CHECK(deliver_to_file(request, secret).result == ResultClass::Changed);
    const std::string old{std::istreambuf_iterator<char>(held), {}};
    CHECK(old == "PGUSER=svc\nPGPASSWORD=old\n");
  }
}

TEST_CASE("deliver file: what is no plain file is left alone") {
  const TemporaryFolder folder;
  const Secret secret("n3w-Value");
  SUBCASE("a symbolic link") {
    write(folder.file("passwd"), "root\n", 0600);
    REQUIRE(::symlink(folder.file("passwd").c_str(), folder.file("link").c_str()) == 0);
    const ActionResult answer =
        deliver_to_file(to_file(folder.file("link"), DeliveryFormat::Env), secret);
    CHECK(answer.result == ResultClass::NeedsHuman);
    CHECK(content(folder.file("passwd")) == "root\n");
  }
  SUBCASE("a folder") {
    const ActionResult answer =
        deliver_to_file(to_file(folder.file(""), DeliveryFormat::Env), secret);
    CHECK(answer.result == ResultClass::NeedsHuman);
  }
  SUBCASE("a place that is not there") {
    const ActionResult answer =
        deliver_to_file(to_file(folder.file("none/x"), DeliveryFormat::Env), secret);
    CHECK(answer.result == ResultClass::Failed);
  }
}

TEST_CASE("deliver file: the reload program runs after a write, and its failure is said") {
  const TemporaryFolder folder;
  DeliveryRequest request = to_file(folder.file("billing.env"), DeliveryFormat::Env);
  request.target.reload = {"touch " + folder.file("reloaded")};
  CHECK(deliver_to_file(request, Secret("one")).result == ResultClass::Changed);
  CHECK(::access(folder.file("reloaded").c_str(), F_OK) == 0);
  request.target.reload = {"/bin/sh", "-c", "exit 3"};
  const ActionResult answer = deliver_to_file(request, Secret("two"));
  CHECK(answer.result == ResultClass::Changed);
  CHECK(answer.detail.find("the reload program failed: status 3") != std::string::npos);
}

TEST_CASE("deliver file: a probe tells the very value from another one") {
  const TemporaryFolder folder;
  const DeliveryRequest request = to_file(folder.file("billing.env"), DeliveryFormat::Env);
  CHECK(probe_file(request, Secret("one")).answer == ProbeAnswer::NotDone);
  CHECK(deliver_to_file(request, Secret("one")).result == ResultClass::Changed);
  CHECK(probe_file(request, Secret("one")).answer == ProbeAnswer::Done);
  CHECK(probe_file(request, Secret("two")).answer == ProbeAnswer::NotDone);
}

}  // namespace
}  // namespace rescind
