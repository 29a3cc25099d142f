// Privileges on the objects of one database: read one by one, taken away object by object, given
// back as they were.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "connectors/postgres/connector.h"
#include "connectors/support/native_id.h"

namespace rescind::postgres {
namespace {

using Json = nlohmann::json;

struct AclCatalog {
  const char* catalog;
  const char* acl;
  const char* kind;  // the word of GRANT and REVOKE
  bool shared;       // among all databases
};

constexpr std::array<AclCatalog, 11> kCatalogs = {{
    {"pg_class", "relacl", "TABLE", false},
    {"pg_class", "relacl", "SEQUENCE", false},
    {"pg_namespace", "nspacl", "SCHEMA", false},
    {"pg_proc", "proacl", "ROUTINE", false},
    {"pg_type", "typacl", "TYPE", false},
    {"pg_language", "lanacl", "LANGUAGE", false},
    {"pg_foreign_server", "srvacl", "FOREIGN SERVER", false},
    {"pg_foreign_data_wrapper", "fdwacl", "FOREIGN DATA WRAPPER", false},
    {"pg_largeobject_metadata", "lomacl", "LARGE OBJECT", false},
    {"pg_database", "datacl", "DATABASE", true},
    {"pg_tablespace", "spcacl", "TABLESPACE", true},
}};

constexpr std::array<std::string_view, 12> kPrivileges = {
    "SELECT",  "INSERT",  "UPDATE", "DELETE", "TRUNCATE", "REFERENCES",
    "TRIGGER", "EXECUTE", "USAGE",  "CREATE", "CONNECT",  "TEMPORARY"};

bool known_kind(const std::string& kind) {
  return std::any_of(kCatalogs.begin(), kCatalogs.end(),
                     [&](const AclCatalog& one) { return kind == one.kind; });
}

bool digits(const std::string& text) {
  return !text.empty() && text.size() < 12 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::string text_of(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// Every privilege of role $1 on objects of this database, or on what all databases share.
std::string grants_query(bool shared) {
  std::string sql;
  for (const AclCatalog& one : kCatalogs) {
    if (one.shared != shared) {
      continue;
    }
    const std::string kind = one.kind;
    const std::string only = kind == "TABLE"      ? " AND o.relkind <> 'S'"
                             : kind == "SEQUENCE" ? " AND o.relkind = 'S'"
                                                  : "";
    sql += (sql.empty() ? "" : " UNION ALL ") +
           ("SELECT '" + kind + "' AS kind, '" + one.catalog +
            "'::regclass::oid AS class, o.oid AS obj, "
            "0 AS sub, a.privilege_type, a.is_grantable FROM " +
            one.catalog + " o, r, aclexplode(o." + one.acl + ") a WHERE a.grantee = r.oid" + only);
  }
  if (!shared) {
    sql +=
        " UNION ALL SELECT 'TABLE', 'pg_class'::regclass::oid, o.attrelid, o.attnum::int, "
        "a.privilege_type, a.is_grantable FROM pg_attribute o, r, aclexplode(o.attacl) a "
        "WHERE a.grantee = r.oid";
  }
  return "WITH r AS (SELECT oid FROM pg_roles WHERE rolname = $1), acl AS (" + sql +
         ") SELECT kind, class::text, obj::text, sub::text, privilege_type, is_grantable, "
         "(pg_identify_object(class, obj, 0)).identity, "
         "coalesce((SELECT quote_ident(attname) FROM pg_attribute WHERE class = "
         "'pg_class'::regclass "
         "AND sub > 0 AND attrelid = obj AND attnum = sub), '') FROM acl, r "
         // What an owner has on its own objects is no dependence, and not to be taken away.
         "WHERE EXISTS (SELECT FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND "
         "s.refobjid = r.oid AND s.deptype = 'a' AND s.classid = class AND s.objid = obj AND "
         "s.dbid IN "
         "(0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))) "
         "ORDER BY 1, 3, 4, 5";
}

// Those that default privileges and the like leave behind are no rows of grants_query.
std::string left_over(const std::string& database) {
  return "some privileges in database " + database +
         " cannot be taken away object by object (default privileges, parameters, grants made by "
         "others)";
}

}  // namespace

std::string grants_state(const std::vector<Grant>& grants) {
  Json state = Json::object();
  state["grants"] = Json::array();
  for (const Grant& grant : grants) {
    state["grants"].push_back({{"kind", grant.kind},
                               {"class", grant.class_oid},
                               {"object", grant.object_oid},
                               {"column", grant.column},
                               {"privilege", grant.privilege},
                               {"grantable", grant.grantable}});
  }
  return state.dump();
}

// Only what has the form that grants_state gives: it becomes part of statements.
std::vector<Grant> captured_grants(const std::string& text) {
  std::vector<Grant> grants;
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object() || !state.contains("grants") || !state["grants"].is_array()) {
    return grants;
  }
  for (const Json& one : state["grants"]) {
    if (!one.is_object()) {
      continue;
    }
    Grant grant;
    grant.kind = text_of(one, "kind");
    grant.class_oid = text_of(one, "class");
    grant.object_oid = text_of(one, "object");
    grant.column = text_of(one, "column");
    grant.privilege = text_of(one, "privilege");
    grant.grantable = one.contains("grantable") && one["grantable"] == true;
    const bool privilege =
        std::find(kPrivileges.begin(), kPrivileges.end(), grant.privilege) != kPrivileges.end();
    if (known_kind(grant.kind) && digits(grant.class_oid) && digits(grant.object_oid) &&
        digits(grant.column) && privilege) {
      grants.push_back(std::move(grant));
    }
  }
  return grants;
}

std::vector<std::string> revoke_statements(const std::vector<Grant>& grants,
                                           const std::string& role) {
  std::vector<std::string> statements;
  for (const Grant& grant : grants) {
    // On a table this takes the privileges on its columns too.
    std::string statement =
        "REVOKE ALL ON " + grant.kind + " " + grant.identity + " FROM " + quote_identifier(role);
    if (std::find(statements.begin(), statements.end(), statement) == statements.end()) {
      statements.push_back(std::move(statement));
    }
  }
  return statements;
}

std::vector<std::string> grant_statements(const std::vector<Grant>& grants,
                                          const std::string& role) {
  std::vector<std::string> statements;
  for (const Grant& grant : grants) {
    std::string statement = "GRANT " + grant.privilege;
    if (!grant.column_name.empty()) {
      statement += " (" + grant.column_name + ")";
    }
    statement += " ON " + grant.kind + " " + grant.identity + " TO " + quote_identifier(role);
    statement += grant.grantable ? " WITH GRANT OPTION" : "";
    statements.push_back(std::move(statement));
  }
  return statements;
}

ReadState PostgresConnector::read_grants(const std::string& role, const std::string& database,
                                         std::vector<Grant>& grants, std::string& why) {
  const Answer answer =
      client_.read_in(database_of(database), grants_query(database.empty()), {role});
  why = answer.why;
  for (const Row& row : answer.rows) {
    if (!row[6]) {
      continue;  // dropped meanwhile
    }
    grants.push_back(
        {*row[0], *row[1], *row[2], *row[3], *row[4], row[5] == "t", *row[6], *row[7]});
  }
  return state_of(answer);
}

ActionResult PostgresConnector::revoke_permissions(const ActionRequest& request) {
  Attempt attempt;
  const Seen before = see(request.item);
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  if (before.observation.presence == Presence::Absent) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const std::vector<std::string> parts = split_native_id(request.item.native_id);
  const std::string database = database_of(parts[1]);
  std::vector<Grant> grants;
  std::string why;
  if (const ReadState state = read_grants(parts[0], parts[1], grants, why);
      state != ReadState::Found) {
    return unread(state, why, attempt);
  }
  if (grants.empty()) {
    return attempt.finish(ResultClass::NeedsHuman, left_over(database));
  }
  const Answer answer = send(database, revoke_statements(grants, parts[0]), attempt);
  ActionResult result = settle(request, answer, attempt, false);
  // REVOKE by somebody who neither owns the object nor made the grant is only a warning.
  if (answer.ok() && result.result == ResultClass::Failed) {
    result.result = ResultClass::NeedsHuman;
    result.detail = left_over(database);
  }
  return result;
}

ActionResult PostgresConnector::grant_permissions(const ActionRequest& request) {
  Attempt attempt;
  const std::vector<std::string> parts = split_native_id(request.item.native_id);
  std::vector<Grant> grants = captured_grants(request.captured);
  if (grants.empty() || parts.size() != 2) {
    return attempt.finish(ResultClass::AlreadyDone, "there were no privileges before either");
  }
  const std::string database = database_of(parts[1]);
  for (Grant& grant : grants) {
    const Answer found = client_.read_in(
        database,
        "SELECT (pg_identify_object($1::oid, $2::oid, 0)).identity, coalesce((SELECT "
        "quote_ident(attname) FROM pg_attribute WHERE attrelid = $2::oid AND attnum = $3::int AND "
        "attnum > 0), '')",
        {grant.class_oid, grant.object_oid, grant.column});
    if (!found.ok()) {
      return unread(state_of(found), found.why, attempt);
    }
    if (found.rows.empty() || !found.rows[0][0]) {
      return attempt.finish(ResultClass::Failed, "an object that it had privileges on is gone");
    }
    grant.identity = *found.rows[0][0];
    grant.column_name = *found.rows[0][1];
  }
  const Answer answer = send(database, grant_statements(grants, parts[0]), attempt);
  return settle(request, answer, attempt, true);
}

}  // namespace rescind::postgres
