// Files, folders and formats: one inventory is one inventory, however it is written down.
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "collect/collect_inventory.h"
#include "collect/document.h"
#include "collect/scan_instant.h"
#include "collect/yaml_text.h"

namespace rescind {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Schema> schema() {
  static const auto kSchema = std::make_shared<const Schema>(builtin_schema());
  return kSchema;
}

std::shared_ptr<const Inventory> read(std::string name, std::string_view text,
                                      const CollectOptions& options = {}) {
  InventoryInput input;
  input.name = std::move(name);
  input.text = std::string(text);
  Diagnostics diagnostics;
  auto inventory = collect_inventory({input}, schema(), options, diagnostics);
  REQUIRE(inventory);
  return *inventory;
}

// A folder that is gone at the end of the test.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("collect-test-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }

  ~Folder() { fs::remove_all(path_); }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

  [[nodiscard]] std::string path(const std::string& name = "") const {
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

constexpr std::string_view kLines =
    R"({"record":"system","id":"okta","kind":"idp","tier":0,"enumerable":["account","session"]}
{"record":"team","id":"ops","members":["alice"],"approver_keys":{"alice":"k1"}}
{"record":"identity","id":"alice","kind":"employee","name":"Alice, \"Al\" Moreau","title":"007","timezone":"Europe/Berlin"}
{"record":"identity","id":"bot","kind":"service","owner":["alice","ops"],"legal_hold":true}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice","created":"2024-02-01T09:00:00Z","factors":[]}
{"record":"session","id":"okta:s","system":"okta","account":"okta:alice","max_life":"8h"}
)";

constexpr std::string_view kJson = R"([
  {"id":"okta","record":"system","kind":"idp","enumerable":["session","account","session"],"tier":0},
  {"record":"session","id":"okta:s","max_life":"8h","account":"okta:alice","system":"okta"},
  {
    "record": "account", "id": "okta:alice", "system": "okta", "holder": "alice",
    "created": "2024-02-01T10:00:00+01:00", "factors": []
  },
  {"record":"identity","id":"bot","kind":"service","owner":["ops","alice"],"legal_hold":true,"status":"active"},
  {"record":"team","id":"ops","members":["alice"],"approver_keys":["alice=k1"]},
  {"record":"identity","id":"alice","kind":"employee","name":"Alice, \u0022Al\" Moreau","title":"007","timezone":"Europe/Berlin"}
]
)";

constexpr std::string_view kYaml = R"(
- record: system
  id: okta
  kind: idp
  tier: 0
  enumerable: [account, session]
- { record: team, id: ops, members: [alice], approver_keys: { alice: k1 } }
- record: identity
  id: alice
  kind: employee
  name: 'Alice, "Al" Moreau'
  title: 007
  timezone: Europe/Berlin
- record: identity
  id: bot
  kind: service
  owner: [alice, ops]
  legal_hold: true
- record: account
  id: okta:alice
  system: okta
  holder: alice
  created: 2024-02-01T09:00:00Z
  factors: []
- record: session
  id: okta:s
  system: okta
  account: okta:alice
  max_life: 8h
)";

constexpr std::string_view kCsv =
    "record,id,kind,tier,enumerable,members,approver_keys,name,title,timezone,owner,legal_hold,"
    "system,holder,created,factors,account,max_life\r\n"
    "system,okta,idp,0,account; session,,,,,,,,,,,,,\r\n"
    "team,ops,,,,alice,alice=k1,,,,,,,,,,,\r\n"
    "identity,alice,employee,,,,,\"Alice, \"\"Al\"\" Moreau\",007,Europe/Berlin,,,,,,,,\r\n"
    "identity,bot,service,,,,,,,,alice;ops,true,,,,,,\r\n"
    "account,okta:alice,,,,,,,,,,,okta,alice,2024-02-01T09:00:00Z,[],,\r\n"
    "session,okta:s,,,,,,,,,,,okta,,,,okta:alice,8h\r\n";

TEST_CASE("collect: one inventory has one digest in JSON Lines, JSON, YAML and CSV") {
  const auto lines = read("a.jsonl", kLines);
  for (const RejectedRecord& rejected : lines->rejected) {
    MESSAGE(rejected.why);
  }
  CHECK(lines->rejected.empty());
  CHECK(lines->item_count() == 2);
  for (const auto& [name, text] :
       {std::pair{"a.json", kJson}, std::pair{"a.yaml", kYaml}, std::pair{"a.csv", kCsv}}) {
    const auto other = read(name, text);
    for (const RejectedRecord& rejected : other->rejected) {
      MESSAGE(name << ":" << rejected.line << " " << rejected.why);
    }
    CHECK(other->rejected.empty());
    CHECK_MESSAGE(other->digest == lines->digest, name);
  }
  CHECK(read("b.jsonl", "{\"record\":\"identity\",\"id\":\"alice\",\"kind\":\"vendor\"}")->digest !=
        lines->digest);
}

TEST_CASE("collect: a folder is read with its subfolders, in the order of names") {
  const Folder folder;
  folder.write("b/people.jsonl", R"({"record":"identity","id":"alice","kind":"employee"})");
  folder.write("a.csv", "record,id,kind\nsystem,okta,idp\n");
  folder.write("c.yml", "record: account\nid: x\nsystem: okta\nholder: alice\n");
  folder.write("notes.txt", "not an inventory");
  Diagnostics diagnostics;
  const auto inventory =
      collect_inventory({InventoryInput{folder.path(), {}, {}, {}}}, schema(), {}, diagnostics);
  REQUIRE(inventory);
  CHECK((*inventory)->rejected.empty());
  REQUIRE((*inventory)->sources.size() == 3);
  CHECK((*inventory)->sources[0].name == folder.path("a.csv"));
  CHECK((*inventory)->sources[2].records == 1);
  CHECK((*inventory)->id((*inventory)->holder((*inventory)->find_item("x"))) == "alice");
}

TEST_CASE("collect: the inventories of the examples have no bad record") {
  for (const auto& example :
       fs::directory_iterator(std::string(RESCIND_SOURCE_DIR) + "/examples")) {
    const std::string folder = (example.path() / "inventory").string();
    if (!fs::exists(folder)) {
      continue;
    }
    Diagnostics diagnostics;
    const auto inventory =
        collect_inventory({InventoryInput{folder, {}, {}, {}}}, schema(), {}, diagnostics);
    REQUIRE(inventory);
    CHECK((*inventory)->table(Entity::Identity).rows() > 0);
    for (const RejectedRecord& rejected : (*inventory)->rejected) {
      FAIL_CHECK(rejected.file << ":" << rejected.line << " " << rejected.why);
    }
  }
}

TEST_CASE("collect: a path that is not there is the world's failure") {
  Diagnostics diagnostics;
  for (const char* path : {"/no/such/folder", "/no/such/file.jsonl", "/no/such/file.yaml"}) {
    const auto inventory =
        collect_inventory({InventoryInput{path, {}, {}, {}}}, schema(), {}, diagnostics);
    REQUIRE_FALSE(inventory);
    CHECK(inventory.error().to_string().find(path) != std::string::npos);
  }
}

TEST_CASE("collect: a byte order mark, blank lines and carriage returns do no harm") {
  const auto inventory =
      read("a.jsonl",
           "\xEF\xBB\xBF{\"record\":\"system\",\"id\":\"okta\",\"kind\":\"idp\"}\r\n"
           "\r\n   \n{\"record\":\"session\",\"id\":\"s\",\"system\":\"okta\"}");
  CHECK(inventory->rejected.empty());
  CHECK(inventory->find_item("s").valid());
}

TEST_CASE("collect: a line longer than the read buffer is read whole") {
  std::string factors;
  for (int i = 0; i < 60'000; ++i) {
    factors += ",\"factor number " + std::to_string(i) + "\"";
  }
  REQUIRE(factors.size() > 1'300'000);
  const auto inventory =
      read("a.jsonl", R"({"record":"system","id":"okta","kind":"idp"}
{"record":"account","id":"a","system":"okta","factors":["x")" +
                          factors + "]}\n" + R"({"record":"account","id":"b","system":"okta"})");
  CHECK(inventory->rejected.empty());
  CHECK(inventory->find_item("b").valid());
  const auto index = inventory->schema->find(entity_of(Kind::Account), "factors");
  const SetId set{inventory->word(inventory->find_item("a"), *index)};
  CHECK(inventory->sets.elements(set).size() == 60'001);
}

TEST_CASE("collect: what is wrong with a file as a whole is named by line") {
  const auto why = [](std::string name, std::string_view text) {
    const auto inventory = read(std::move(name), text);
    REQUIRE(inventory->rejected.size() == 1);
    return std::to_string(inventory->rejected[0].line) + " " + inventory->rejected[0].why;
  };
  CHECK(why("a.csv", "id,kind\nx,idp\n") == "1 R0515: the header line has no column `record`");
  CHECK(why("a.csv", "record,id\nsystem\n") == "2 R0515: the row has 1 cells, the header 2");
  CHECK(why("a.csv", "record,id\nsystem,\"x\n") == "2 R0515: a quoted cell does not end");
  CHECK(why("a.yaml", "- a: [1\n").find("R0515: not YAML") != std::string::npos);
  CHECK(why("a.yaml", "- just text\n") == "1 R0515: a record is a mapping of names to values");
  CHECK(why("a.yaml", "a: \xff\n") == "1 R0515: the text is not valid UTF-8");
  // Damage behind a document, on which a reader could stand still.
  CHECK(read("a.yaml", "{record: system, id: s, kind: idp},")->rejected.size() == 1);
  CHECK(why("a.yaml", "- &a [*a]\n").find("R0515") != std::string::npos);
  CHECK(why("a.json", "[{\"record\":\"system\",\n\"id\":\"x\",\"kind\":\"idp\"") ==
        "1 R0501: the record is cut off: no closing `}`");
}

TEST_CASE("collect: aliases in YAML cannot unfold without bound") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k) {
      bomb += ", " + last;
    }
    bomb += "]\n";
  }
  const auto inventory = read("a.yaml", bomb);
  REQUIRE(inventory->rejected.size() == 1);
  CHECK_MESSAGE(inventory->rejected[0].why.find("anchors and aliases repeat") != std::string::npos,
                inventory->rejected[0].why);
}

TEST_CASE("collect: aliases in YAML cannot repeat long texts without bound") {
  const std::string text(200'000, 'x');
  const auto refused = [](const std::string& yaml) {
    DocumentLimits limits;
    limits.max_bytes = 1024UL * 1024;
    return read_yaml_text(yaml, limits).problem;
  };
  std::string bomb = "a: &a " + text + "\nb: [*a";
  for (int i = 0; i < 1000; ++i) {
    bomb += ", *a";
  }
  CHECK(refused(bomb + "]\n") == "anchors and aliases repeat more than 4194304 bytes");
  std::string nested;
  for (int i = 0; i < 30; ++i) {
    nested +=
        "- &n" + std::to_string(i) + "\n" + std::string(static_cast<std::size_t>(2 * i + 2), ' ');
  }
  CHECK(refused(nested + "- " + text + "\n") ==
        "anchors and aliases repeat more than 4194304 bytes");
  CHECK(refused("a: &a " + text + "\nb: [*a, *a, *a]\n").empty());
}

TEST_CASE("collect: a name that is given twice is found among many") {
  std::string yaml;
  std::string json = "{";
  for (int i = 0; i < 100; ++i) {
    yaml += "k" + std::to_string(i) + ": 1\n";
    json += "\"k" + std::to_string(i) + "\": 1, ";
  }
  for (const int again : {0, 15, 16, 99}) {
    const std::string name = "k" + std::to_string(again);
    CHECK(read_yaml_text(yaml + name + ": 2\n", {}).problem == "`" + name + "` is given twice");
    SourceSet sources;
    Diagnostics diagnostics;
    const SourceFileId file = sources.add("a.json", json + "\"" + name + "\": 2}");
    read_json_document(sources, file, Code::R0601, {}, diagnostics);
    CHECK(render_text(diagnostics, sources, {}).find("`" + name + "` is given twice") !=
          std::string::npos);
  }
  CHECK(read_yaml_text(yaml, {}).problem.empty());
}

TEST_CASE("collect: a discovered account finds its holder by the configured attribute") {
  CollectOptions options;
  options.seal.holder_attributes = {{"ldap", "id"}, {"crm", "name"}};
  options.seal.systems = {"ldap", "crm"};
  const std::string text =
      R"({"record":"identity","id":"alice","kind":"employee","name":"Kim"}
{"record":"identity","id":"bob","kind":"employee","name":"Kim"}
)" + with_holder_key(R"({"record":"account","id":"ldap:1","system":"ldap"})", "alice") +
      "\n" + with_holder_key(R"({"record":"account","id":"ldap:2","system":"ldap"})", "zed") +
      "\n" + with_holder_key(R"({"record":"account","id":"crm:1","system":"crm"})", "Kim") + "\n";
  const auto inventory = read("collect:ldap", text, options);
  const auto holder = [&](std::string_view item) {
    return inventory->holder(inventory->find_item(item));
  };
  CHECK(inventory->id(holder("ldap:1")) == "alice");
  CHECK(holder("ldap:2").cell == kMissingCell);  // no match: nobody
  CHECK(holder("crm:1").cell == kBrokenCell);
  REQUIRE(inventory->rejected.size() == 1);
  CHECK(inventory->rejected[0].why ==
        "R0514: several identities have `Kim` as `name`: the holder is ambiguous");

  options.seal.holder_attributes = {{"ldap", "mail"}};
  const auto unknown = read("collect:ldap", text, options);
  REQUIRE(unknown->rejected.size() == 2);
  CHECK(unknown->rejected[0].why ==
        "R0514: identities have no string `mail`: the holder cannot be found");
}

TEST_CASE("collect: the digest covers how complete a listing was") {
  InventoryInput input;
  input.name = "collect:okta";
  input.text = R"({"record":"system","id":"okta","kind":"idp"})";
  Diagnostics diagnostics;
  const auto whole = collect_inventory({input}, schema(), {}, diagnostics);
  input.incomplete = {"okta session: page 3 failed"};
  const auto partly = collect_inventory({input}, schema(), {}, diagnostics);
  REQUIRE((whole && partly));
  CHECK((*whole)->digest != (*partly)->digest);
  CHECK((*partly)->sources[0].incomplete.size() == 1);
}

TEST_CASE("collect: the fast reader of instants agrees with the general one") {
  for (const std::string_view text :
       {"2026-01-05T17:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z",
        "2023-02-29T00:00:00Z", "2000-03-01T12:00:00Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2016-12-31T23:59:60Z", "2026-01-05T24:00:00Z", "2026-01-05 17:00:00Z",
        "2026-01-05T17:00:00+02:00", "1900-02-28T00:00:00Z", "2026-01-05T17:00Z", ""}) {
    CHECK_MESSAGE(scan_instant(text) == parse_instant(text), text);
  }
}

}  // namespace
}  // namespace rescind
