// The residual-access search: which paths stay open, which are unknown, and when the last one
// closes.
#include "residual/residual.h"

#include <algorithm>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "base/text.h"
#include "collect/collect_inventory.h"

namespace rescind {
namespace {

Instant at(std::string_view text) {
  return *parse_instant(text);
}

constexpr std::string_view kFrom = "2026-01-05T17:00:00Z";
constexpr std::string_view kQuarterPast = "2026-01-05T17:15:00Z";

struct Change {
  std::string item;
  Verb verb = Verb::Disable;
  std::string when{kQuarterPast};
};

class World {
 public:
  explicit World(const std::string& records) {
    inventory_ = collect_inventory_from_text(R"({"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"bot","kind":"service"}
{"record":"system","id":"okta","kind":"idp"}
{"record":"system","id":"crm","kind":"saas","federated_by":["okta"]}
{"record":"system","id":"db","kind":"database"}
)" + records,
                                             std::make_shared<Schema>(builtin_schema()));
    REQUIRE(inventory_->rejected.empty());
    query_.subject = inventory_->find_identity("alice");
    query_.from = at(kFrom);
  }

  World& change(std::initializer_list<Change> changes) {
    for (const Change& one : changes) {
      query_.changes.push_back(
          {.item = inventory_->find_item(one.item), .verb = one.verb, .at = at(one.when)});
    }
    return *this;
  }

  World& sweep(const std::string& account, std::string_view when = kQuarterPast) {
    query_.sweeps.push_back({.account = inventory_->find_item(account), .at = at(when)});
    return *this;
  }

  World& of(std::string_view subject) {
    query_.subject = inventory_->find_identity(subject);
    return *this;
  }

  World& systems(const CapabilityMap& systems) {
    query_.systems = &systems;
    return *this;
  }

  [[nodiscard]] ResidualAccess search() const { return find_residual_access(*inventory_, query_); }

  // Paths as "a > b (open)" lines.
  [[nodiscard]] std::vector<std::string> paths() const {
    std::vector<std::string> out;
    for (const ResidualPath& path : search().paths) {
      out.push_back(join(path.path, " > ") +
                    (path.state == PathState::Open ? " (open)" : " (unknown)"));
    }
    return out;
  }

 private:
  std::shared_ptr<const Inventory> inventory_;
  ResidualQuery query_;
};

using Paths = std::vector<std::string>;

constexpr const char* kDb =
    R"({"record":"account","id":"db:alice","system":"db","holder":"alice"})";

}  // namespace

TEST_CASE("residual: an enabled account is a path until it is disabled") {
  CHECK(World(kDb).paths() == Paths{"account db:alice (open)"});
  CHECK_FALSE(World(kDb).search().last_path_closes_at.has_value());
  const ResidualAccess closed = World(kDb).change({{"db:alice"}}).sweep("db:alice").search();
  CHECK(closed.paths.empty());
  CHECK(closed.last_path_closes_at == at(kQuarterPast));
}

TEST_CASE("residual: a session outlives the disable unless it is swept or revoked") {
  const std::string records = std::string(kDb) + R"(
{"record":"session","id":"db:s","system":"db","holder":"alice","account":"db:alice","created":"2026-01-05T16:00:00Z","max_life":"8h"})";
  const ResidualAccess open = World(records).change({{"db:alice"}}).search();
  REQUIRE(open.paths.size() == 2);
  CHECK(open.paths[0].path == Paths{"account db:alice", "session"});
  // What is minted at the last instant lives on for as long as sessions live there.
  CHECK(open.paths[0].until == at("2026-01-06T01:15:00Z"));
  CHECK(open.paths[1].path == Paths{"session db:s"});
  CHECK(open.paths[1].until == at("2026-01-06T00:00:00Z"));
  CHECK(World(records).change({{"db:alice"}}).sweep("db:alice").paths().empty());
}

TEST_CASE("residual: how long unlisted sessions live may be unknown, then the path is unknown") {
  CHECK(World(kDb).change({{"db:alice"}}).paths() == Paths{"account db:alice > session (unknown)"});
}

TEST_CASE("residual: what a system cannot list is unknown even after a sweep") {
  CapabilityMap systems;
  systems["db"] = {.connector = "x",
                   .version = "1",
                   .endpoint = "",
                   .acts_as = "",
                   .verbs = {{.verb = Verb::Revoke, .kind = Kind::Session}},
                   .enumerable = Kind::Account,
                   .order_inside_account = {}};
  CHECK(World(kDb).change({{"db:alice"}}).sweep("db:alice").systems(systems).paths() ==
        Paths{"account db:alice > session (unknown)"});
  systems["db"].enumerable = KindSet(Kind::Account) | Kind::Session;
  CHECK(World(kDb).change({{"db:alice"}}).sweep("db:alice").systems(systems).paths().empty());
}

TEST_CASE("residual: a session at an identity provider opens what federates to it") {
  const std::string records =
      R"({"record":"account","id":"okta:alice","system":"okta","holder":"alice","enabled":false}
{"record":"session","id":"okta:s","system":"okta","holder":"alice","account":"okta:alice"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice","local_login":false})";
  const Paths both{"account okta:alice > account crm:alice (open)", "session okta:s (open)"};
  CHECK(World(records).paths() == both);
  // What was opened through it up to then lives on until it is swept.
  CHECK(World(records).change({{"okta:s", Verb::Revoke}}).paths() ==
        Paths{"account okta:alice > account crm:alice > session (unknown)"});
  CHECK(World(records).change({{"okta:s", Verb::Revoke}}).sweep("crm:alice").paths().empty());
}

TEST_CASE("residual: whether a federated account has a local password may be unknown") {
  const std::string records =
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"})";
  CHECK(World(records).paths() == Paths{"account crm:alice (unknown)"});
}

TEST_CASE("residual: providers that keep each other alive are open for ever, and the search ends") {
  const std::string records = R"({"record":"system","id":"p","kind":"idp","federated_by":["q"]}
{"record":"system","id":"q","kind":"idp","federated_by":["p"]}
{"record":"account","id":"p:alice","system":"p","holder":"alice","local_login":false}
{"record":"account","id":"q:alice","system":"q","holder":"alice","local_login":false}
{"record":"session","id":"q:s","system":"q","holder":"alice","account":"q:alice","created":"2026-01-05T16:30:00Z","max_life":"1h"}
{"record":"session","id":"p:old","system":"p","holder":"alice","account":"p:alice","created":"2026-01-01T00:00:00Z","max_life":"1h"})";
  const ResidualAccess access = World(records).search();
  CHECK_FALSE(access.last_path_closes_at.has_value());
  CHECK(std::any_of(access.paths.begin(), access.paths.end(), [](const ResidualPath& path) {
    return path.path.back() == "account p:alice";
  }));
  // Disabling both at once ends it.
  const ResidualAccess closed =
      World(records).change({{"p:alice"}, {"q:alice"}}).sweep("p:alice").sweep("q:alice").search();
  CHECK(closed.paths.empty());
}

TEST_CASE("residual: a recovery channel gives the password back") {
  const std::string records =
      R"({"record":"account","id":"db:alice","system":"db","holder":"alice","recovery_channel":"okta:alice"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
{"record":"password","id":"db:pw","system":"db","holder":"alice","account":"db:alice","known_to":["alice"]})";
  const auto open = World(records).change({{"db:pw", Verb::Rotate}}).paths();
  CHECK(std::find(open.begin(), open.end(), "account db:alice (open)") != open.end());
  const auto closed = World(records)
                          .change({{"db:pw", Verb::Rotate}, {"okta:alice"}})
                          .sweep("okta:alice")
                          .sweep("db:alice")
                          .paths();
  CHECK(std::find(closed.begin(), closed.end(), "account db:alice (open)") == closed.end());
}

TEST_CASE("residual: who administers a system can enable its account again") {
  const std::string records = std::string(kDb) + R"(
{"record":"account","id":"okta:alice","system":"okta","holder":"alice","administers":["db"]})";
  const auto open = World(records).change({{"db:alice"}}).sweep("db:alice").paths();
  CHECK(std::find(open.begin(), open.end(), "account db:alice (open)") != open.end());
  CHECK(World(records)
            .change({{"db:alice"}, {"okta:alice"}})
            .sweep("db:alice")
            .sweep("okta:alice")
            .paths()
            .empty());
}

TEST_CASE("residual: a live push creates the account again, until it is disabled once more") {
  const std::string records = R"({"record":"system","id":"hub","kind":"idp","pushes_to":["db"]}
{"record":"account","id":"hub:alice","system":"hub","holder":"alice"})" +
                              std::string("\n") + kDb;
  World late(records);
  late.change({{"db:alice"}, {"hub:alice", Verb::Disable, "2026-01-05T18:00:00Z"}})
      .sweep("db:alice", "2026-01-05T18:00:00Z")
      .sweep("hub:alice", "2026-01-05T18:00:00Z");
  const auto open = late.paths();
  CHECK(std::find(open.begin(), open.end(), "account db:alice (open)") != open.end());
  CHECK(late.change({{"db:alice", Verb::Disable, "2026-01-05T18:00:00Z"}}).paths().empty());
}

TEST_CASE("residual: a known secret lets the subject act as its holder until it is rotated") {
  const std::string records = R"({"record":"account","id":"db:bot","system":"db","holder":"bot"}
{"record":"secret","id":"db:pw","system":"db","holder":"bot","account":"db:bot","known_to":["alice"]}
{"record":"secret","id":"db:read","system":"db","holder":"bot","readable_by":["alice"]})";
  const Paths known{"secret db:pw > act as bot (open)", "secret db:read > act as bot (open)"};
  CHECK(World(records).paths() == known);
  CHECK(
      World(records).change({{"db:pw", Verb::Rotate}, {"db:read", Verb::Rotate}}).paths().empty());
}

TEST_CASE("residual: rotating a known secret ends no session that was opened with it") {
  const std::string records = R"({"record":"account","id":"db:bot","system":"db","holder":"bot"}
{"record":"session","id":"db:s","system":"db","holder":"bot","account":"db:bot","created":"2026-01-05T16:00:00Z","max_life":"8h"}
{"record":"secret","id":"db:pw","system":"db","holder":"bot","account":"db:bot","known_to":["alice"]})";
  const ResidualAccess access = World(records).change({{"db:pw", Verb::Rotate}}).search();
  REQUIRE(access.paths.size() == 1);
  CHECK(access.paths[0].state == PathState::Unknown);
  CHECK(access.paths[0].until == at("2026-01-06T00:00:00Z"));
}

TEST_CASE("residual: keys, delegations, shares and devices are paths of their own") {
  const std::string records = R"({"record":"api_key","id":"db:key","system":"db","holder":"alice"}
{"record":"certificate","id":"db:cert","system":"db","holder":"alice","expires":"2026-01-05T12:00:00Z"}
{"record":"delegation","id":"db:del","system":"db","holder":"bot","grantee":"alice"}
{"record":"share","id":"db:share","system":"db","holder":"alice"}
{"record":"device","id":"db:laptop","system":"db","holder":"alice"}
{"record":"device","id":"db:back","system":"db","holder":"alice","returned":true}
{"record":"role","id":"db:role","system":"db","holder":"alice"})";
  const Paths open{"api_key db:key (open)", "delegation db:del (open)", "device db:laptop (open)",
                   "share db:share (open)"};
  CHECK(World(records).paths() == open);
  CHECK(World(records)
            .change({{"db:key"},
                     {"db:del", Verb::Remove},
                     {"db:share", Verb::Remove},
                     {"db:laptop", Verb::Lock}})
            .paths()
            .empty());
}

TEST_CASE("residual: who controls the code of a machine identity may act as it while signed in") {
  const std::string records = std::string(kDb) + R"(
{"record":"identity","id":"carol","kind":"employee","controls":["bot"]})";
  World world(R"({"record":"identity","id":"dave","kind":"employee","controls":["bot"]}
{"record":"account","id":"db:dave","system":"db","holder":"dave"})");
  world.of("dave");
  CHECK(world.paths() == Paths{"account db:dave (open)", "account db:dave > act as bot (unknown)"});
  CHECK(world.change({{"db:dave"}}).sweep("db:dave").paths().empty());
  // Without any account it cannot be told from where.
  CHECK(World(records).of("carol").paths() == Paths{"act as bot (unknown)"});
}

TEST_CASE("residual: a credential that impersonates somebody names whom") {
  const std::string records =
      R"({"record":"token","id":"db:t","system":"db","holder":"alice","impersonates":"bot"})";
  CHECK(World(records).paths() == Paths{"token db:t > act as bot (open)"});
  CHECK(World(records).change({{"db:t", Verb::Revoke}}).paths().empty());
}

TEST_CASE("residual: the order of records does not show") {
  const std::string a = R"({"record":"account","id":"db:alice","system":"db","holder":"alice"})";
  const std::string b =
      R"({"record":"account","id":"okta:alice","system":"okta","holder":"alice"})";
  const std::string c =
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","local_login":false})";
  CHECK(World(a + "\n" + b + "\n" + c).paths() == World(c + "\n" + b + "\n" + a).paths());
}

}  // namespace rescind
