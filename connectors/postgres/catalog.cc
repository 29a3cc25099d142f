// Queries on the shared catalogs, which every role may read.
#include "connectors/postgres/catalog.h"

#include <charconv>

#include "connectors/support/native_id.h"

namespace rescind::postgres {
namespace {

std::int64_t number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (text) {
    std::from_chars(text->data(), text->data() + text->size(), value);
  }
  return value;
}

bool is_true(const std::optional<std::string>& text) {
  return text == "t";
}

}  // namespace

const char* const kSessionColumns =
    "usename, pid::text, coalesce((extract(epoch FROM backend_start) * 1000000)::bigint::text, "
    "'hidden'), datname, client_addr::text";

ReadState state_of(const Answer& answer) {
  if (answer.refused) {
    return ReadState::Refused;
  }
  if (answer.delivery != Delivery::Answered) {
    return ReadState::Unreachable;
  }
  return answer.ok() ? ReadState::Found : ReadState::Broken;
}

RoleRead read_role(Client& client, const std::string& name) {
  const Answer answer = client.read(
      "SELECT oid::text, rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolreplication OR "
      "rolbypassrls, coalesce(rolvaliduntil::text, ''), coalesce(rolvaliduntil <= now(), false) "
      "FROM pg_roles WHERE rolname = $1",
      {name});
  RoleRead read;
  read.state = state_of(answer);
  read.why = answer.why;
  if (read.state != ReadState::Found) {
    return read;
  }
  if (answer.rows.empty()) {
    read.state = ReadState::Missing;
    read.why = "there is no role of that name";
    return read;
  }
  const Row& row = answer.rows[0];
  read.role = {*row[0], *row[1], is_true(row[2]), is_true(row[3]), *row[4], is_true(row[5])};
  return read;
}

std::optional<SessionKey> session_of(const std::string& native_id) {
  const std::vector<std::string> parts = split_native_id(native_id);
  const auto digits = [](const std::string& text) {
    return !text.empty() && text.size() < 20 &&
           text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (parts.size() != 3 || !digits(parts[1]) || (parts[2] != "hidden" && !digits(parts[2]))) {
    return std::nullopt;
  }
  return SessionKey{parts[0], parts[1], parts[2]};
}

MembershipRead read_membership(Client& client, const std::string& group,
                               const std::string& member) {
  const Answer answer = client.read(
      "SELECT count(m.roleid) > 0, coalesce(bool_or(m.admin_option), false) FROM pg_roles g "
      "CROSS JOIN pg_roles u LEFT JOIN pg_auth_members m ON m.roleid = g.oid AND m.member = u.oid "
      "WHERE g.rolname = $1 AND u.rolname = $2 GROUP BY g.oid, u.oid",
      {group, member});
  MembershipRead read;
  read.state = state_of(answer);
  read.why = answer.why;
  if (read.state != ReadState::Found) {
    return read;
  }
  if (answer.rows.empty()) {
    read.state = ReadState::Missing;
    read.why = "one of the two roles is gone";
    return read;
  }
  read.member = is_true(answer.rows[0][0]);
  read.admin = is_true(answer.rows[0][1]);
  return read;
}

DependenceRead read_dependences(Client& client, const std::string& role) {
  const Answer answer = client.read(
      "SELECT coalesce(d.datname, ''), count(*) FILTER (WHERE s.deptype = 'o'), "
      "count(*) FILTER (WHERE s.deptype = 'a') FROM pg_shdepend s "
      "JOIN pg_roles r ON r.oid = s.refobjid LEFT JOIN pg_database d ON d.oid = s.dbid "
      "WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = $1 GROUP BY 1 ORDER BY 1",
      {role});
  DependenceRead read;
  read.state = state_of(answer);
  read.why = answer.why;
  for (const Row& row : answer.rows) {
    read.databases.push_back({*row[0], number(row[1]), number(row[2])});
  }
  return read;
}

}  // namespace rescind::postgres
