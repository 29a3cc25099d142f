// Discovery in a PostgreSQL cluster: roles, sessions, memberships, and what depends on roles where.
#include <map>

#include "connectors/postgres/connector.h"
#include "connectors/postgres/successor.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"

namespace rescind::postgres {
namespace {

// Roles that people and programs use. A role that cannot log in and has members is a group.
constexpr const char* kRoles =
    "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls, "
    "CASE WHEN isfinite(rolvaliduntil) THEN extract(epoch FROM rolvaliduntil)::bigint::text END, "
    "coalesce(shobj_description(oid, "
    "'pg_authid'), '') "
    "FROM pg_roles r WHERE rolname !~ '^pg_' AND (rolcanlogin OR NOT EXISTS "
    "(SELECT FROM pg_auth_members m WHERE m.roleid = r.oid)) ORDER BY rolname";

constexpr const char* kMemberships =
    "SELECT g.rolname, u.rolname, bool_or(m.admin_option) FROM pg_auth_members m "
    "JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member "
    "WHERE u.rolname !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2";

constexpr const char* kDependences =
    "SELECT r.rolname, coalesce(d.datname, ''), count(*) FILTER (WHERE s.deptype = 'o'), "
    "count(*) FILTER (WHERE s.deptype = 'a') FROM pg_shdepend s "
    "JOIN pg_roles r ON r.oid = s.refobjid LEFT JOIN pg_database d ON d.oid = s.dbid "
    "WHERE s.refclassid = 'pg_authid'::regclass GROUP BY 1, 2 ORDER BY 1, 2";

std::optional<Instant> epoch(const std::optional<std::string>& text, std::int64_t per_second) {
  if (!text || text->empty() || text->find_first_not_of("0123456789") != std::string::npos ||
      text->size() > 18) {
    return std::nullopt;
  }
  return Instant(Seconds(std::stoll(*text) / per_second));
}

ListingState listing(Kind kind, const Answer& answer) {
  ListingState state;
  state.kind = kind_name(kind);
  state.complete = answer.ok();
  state.why = answer.why;
  return state;
}

// Turns rows into records; knows which role is whose.
class Finder {
 public:
  explicit Finder(const PostgresOptions& options) : options_(options) {}

  void take_roles(const Answer& answer) {
    for (const Row& row : answer.rows) {
      FoundItem account = item(Kind::Account, *row[0]);
      account.name = *row[0];
      account.holder_key = options_.holder_is_comment ? without_mark(*row[4]) : *row[0];
      account.enabled = row[1] == "t";
      account.privileged = row[2] == "t";
      holder_keys_[account.native_id] = account.holder_key;
      records.push_back(record_of(account));
      // The password of a role that cannot log in opens nothing.
      if (options_.list_passwords && *account.enabled) {
        FoundItem password = under(Kind::Password, account.native_id, account.native_id);
        password.expires = epoch(row[3], 1);
        records.push_back(record_of(password));
      }
    }
  }

  void take_sessions(const Answer& answer) {
    for (const Row& row : answer.rows) {
      if (!row[0] || !row[1]) {
        continue;
      }
      FoundItem session =
          under(Kind::Session, join_native_id({*row[0], *row[1], *row[2]}), *row[0]);
      session.name = row[3].value_or("") + (row[4] ? " from " + *row[4] : "");
      session.created = epoch(row[2], 1'000'000);
      records.push_back(record_of(session));
    }
  }

  void take_memberships(const Answer& answer) {
    for (const Row& row : answer.rows) {
      if (!holder_keys_.contains(*row[1])) {
        continue;  // a group inside a group: nobody's by itself
      }
      FoundItem membership = under(Kind::Role, join_native_id({*row[0], *row[1]}), *row[1]);
      membership.name = *row[0];
      membership.level = row[2] == "t" ? "admin" : "";
      records.push_back(record_of(membership));
    }
  }

  void take_dependences(const Answer& answer) {
    for (const Row& row : answer.rows) {
      if (!holder_keys_.contains(*row[0])) {
        continue;
      }
      const std::string native = join_native_id({*row[0], *row[1]});
      const std::string where = row[1]->empty() ? "shared objects" : *row[1];
      if (row[2] != "0") {
        FoundItem data = under(Kind::Data, native, *row[0]);
        data.name = where;
        data.data_kind = "records";
        records.push_back(record_of(data));
      }
      if (row[3] != "0") {
        FoundItem permission = under(Kind::Permission, native, *row[0]);
        permission.name = where;
        records.push_back(record_of(permission));
      }
    }
  }

  std::vector<DiscoveredRecord> records;

 private:
  [[nodiscard]] FoundItem item(Kind kind, std::string native_id) const {
    FoundItem found;
    found.kind = kind;
    found.system = options_.system;
    found.native_id = std::move(native_id);
    return found;
  }

  [[nodiscard]] FoundItem under(Kind kind, std::string native_id, const std::string& role) const {
    FoundItem found = item(kind, std::move(native_id));
    found.account_native_id = role;
    const auto it = holder_keys_.find(role);
    const std::string by_name = options_.holder_is_comment ? std::string() : role;
    found.holder_key = it == holder_keys_.end() ? by_name : it->second;
    return found;
  }

  const PostgresOptions& options_;
  std::map<std::string, std::string> holder_keys_;  // by role
};

}  // namespace

Result<Discovery> PostgresConnector::discover() {
  const Answer roles = client_.read(kRoles);
  if (!roles.ok()) {
    const ErrorKind kind = roles.refused                          ? ErrorKind::Auth
                           : roles.delivery == Delivery::Answered ? ErrorKind::Protocol
                                                                  : ErrorKind::Network;
    return tl::unexpected(
        Error(kind, roles.why, roles.refused ? RetryAdvice::Never : RetryAdvice::Safe)
            .add_context("listing roles of " + options_.system));
  }
  const Answer sessions = client_.read(
      "SELECT " + std::string(kSessionColumns) +
      " FROM pg_stat_activity WHERE usename IS NOT NULL AND pid <> pg_backend_pid() ORDER BY pid");
  const Answer memberships = client_.read(kMemberships);
  const Answer dependences = client_.read(kDependences);
  Finder finder(options_);
  finder.take_roles(roles);
  finder.take_sessions(sessions);
  finder.take_memberships(memberships);
  finder.take_dependences(dependences);
  Discovery discovery;
  discovery.records = std::move(finder.records);
  discovery.listings = {listing(Kind::Account, roles), listing(Kind::Session, sessions),
                        listing(Kind::Role, memberships), listing(Kind::Permission, dependences),
                        listing(Kind::Data, dependences)};
  if (options_.list_passwords) {
    discovery.listings.push_back(listing(Kind::Password, roles));
  }
  return discovery;
}

Result<Discovery> PostgresConnector::discover_account(const ItemAddress& account) {
  const Answer sessions = client_.read("SELECT " + std::string(kSessionColumns) +
                                           " FROM pg_stat_activity WHERE usename = $1 AND pid <> "
                                           "pg_backend_pid() ORDER BY pid",
                                       {addressed(account).native_id});
  if (!sessions.ok()) {
    const ErrorKind kind = sessions.refused ? ErrorKind::Auth : ErrorKind::Network;
    return tl::unexpected(Error(kind, sessions.why, RetryAdvice::Safe)
                              .add_context("listing sessions of " + account.item));
  }
  Finder finder(options_);
  finder.take_sessions(sessions);
  Discovery discovery;
  discovery.records = std::move(finder.records);
  discovery.listings = {listing(Kind::Session, sessions)};
  return discovery;
}

}  // namespace rescind::postgres
