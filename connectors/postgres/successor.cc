// What makes a second login role able to do what the first one can, read from the catalogs.
#include "connectors/postgres/successor.h"

#include <array>
#include <cstdlib>

#include "base/hash.h"
#include "base/text.h"

namespace rescind::postgres {
namespace {

constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMarkDigits = 8;
constexpr std::string_view kSuffix = "_r";
constexpr std::string_view kMarkBegin = "[rescind: follows role ";
constexpr std::string_view kValueBegin = " TO ";
constexpr std::string_view kLeftOut = "(value left out)";

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Settings that PostgreSQL keeps as a list of quoted names (GUC_LIST_QUOTE).
bool is_list(std::string_view name) {
  constexpr std::array<std::string_view, 6> kLists{"search_path",
                                                   "temp_tablespaces",
                                                   "local_preload_libraries",
                                                   "session_preload_libraries",
                                                   "shared_preload_libraries",
                                                   "unix_socket_directories"};
  for (const std::string_view list : kLists) {
    if (name == list) {
      return true;
    }
  }
  return false;
}

// "a.b" as SQL: each part quoted.
std::string quoted_setting(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    out += (out.empty() ? "" : ".") + quote_identifier(name.substr(at, dot - at));
    at = dot + 1;
  }
  return out;
}

RoleStatement setting_statement(const std::string& database, std::string_view entry) {
  const std::size_t equals = entry.find('=');
  const std::string_view name = entry.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view{} : entry.substr(equals + 1);
  std::string to;
  if (is_list(name)) {
    for (const std::string& item : list_items(value)) {
      to += (to.empty() ? "" : ", ") + quote_literal(item);
    }
  }
  if (to.empty()) {
    to = quote_literal(value);
  }
  return {"ALTER ROLE ",
          (database.empty() ? "" : " IN DATABASE " + quote_identifier(database)) + " SET " +
              quoted_setting(name) + " TO " + to,
          std::string(value)};
}

ReadState failed(const Answer& answer, LoginRights& out) {
  out.state = state_of(answer);
  out.why = answer.why;
  return out.state;
}

bool read_options(Client& client, const RoleFacts& role, LoginRights& out) {
  const Answer answer = client.read(
      "SELECT rolinherit, rolcreatedb, rolconnlimit::text, coalesce(shobj_description(oid, "
      "'pg_authid'), '') FROM pg_roles WHERE oid = $1::oid",
      {role.oid});
  if (failed(answer, out) != ReadState::Found) {
    return false;
  }
  if (answer.rows.empty()) {
    out.state = ReadState::Missing;
    out.why = "there is no role of that name";
    return false;
  }
  const Row& row = answer.rows[0];
  out.options.emplace_back(row[0] == "t" ? "INHERIT" : "NOINHERIT");
  if (row[1] == "t") {
    out.options.emplace_back("CREATEDB");
  }
  if (row[2] && *row[2] != "-1") {
    out.options.push_back("CONNECTION LIMIT " + *row[2]);
  }
  out.comment = without_mark(*row[3]);
  return true;
}

bool read_memberships(Client& client, const RoleFacts& role, LoginRights& out) {
  const Answer answer = client.read(
      "SELECT g.rolname, bool_or(m.admin_option) FROM pg_auth_members m JOIN pg_roles g ON g.oid = "
      "m.roleid WHERE m.member = $1::oid GROUP BY 1 ORDER BY 1",
      {role.oid});
  if (failed(answer, out) != ReadState::Found) {
    return false;
  }
  for (const Row& row : answer.rows) {
    out.memberships.push_back(
        {"GRANT " + quote_identifier(*row[0]) + " TO ", row[1] == "t" ? " WITH ADMIN OPTION" : ""});
  }
  return true;
}

bool read_settings(Client& client, const RoleFacts& role, LoginRights& out) {
  const Answer answer = client.read(
      "SELECT coalesce(d.datname, ''), c.entry FROM pg_db_role_setting s LEFT JOIN pg_database d "
      "ON d.oid = s.setdatabase CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS c(entry, "
      "n) WHERE s.setrole = $1::oid ORDER BY 1, c.n",
      {role.oid});
  if (failed(answer, out) != ReadState::Found) {
    return false;
  }
  for (const Row& row : answer.rows) {
    out.settings.push_back(setting_statement(*row[0], *row[1]));
  }
  return true;
}

}  // namespace

std::string successor_name(const std::string& role, const std::string& marker) {
  std::string base = role;
  const std::size_t tail = kSuffix.size() + kMarkDigits;
  if (base.size() > tail && is_hex(std::string_view(base).substr(base.size() - kMarkDigits)) &&
      base.compare(base.size() - tail, kSuffix.size(), kSuffix) == 0) {
    base.resize(base.size() - tail);
  }
  base.resize(std::min(base.size(), kMaxNameBytes - tail));
  while (first_invalid_utf8(base)) {
    base.pop_back();
  }
  return base + std::string(kSuffix) + to_hex(sha256(marker)).substr(0, kMarkDigits);
}

std::string successor_mark(const std::string& oid, const std::string& marker) {
  return std::string(kMarkBegin) + oid + " by " + marker + "]";
}

std::string without_mark(std::string_view comment) {
  const std::size_t mark = comment.rfind(kMarkBegin);
  if (mark == std::string_view::npos || !comment.ends_with("]")) {
    return std::string(comment);
  }
  std::string out(comment.substr(0, mark));
  if (out.ends_with(' ')) {
    out.pop_back();
  }
  return out;
}

std::vector<std::string> list_items(std::string_view value) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false;
  bool any = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '"' && quoted && i + 1 < value.size() && value[i + 1] == '"') {
      item += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ',' && !quoted) {
      items.push_back(std::move(item));
      item.clear();
      any = false;
    } else if (quoted || c != ' ') {
      item += c;
      any = true;
    }
  }
  if (any || !item.empty()) {
    items.push_back(std::move(item));
  }
  return items;
}

LoginRights read_login_rights(Client& client, const RoleFacts& role) {
  LoginRights out;
  if (role.privileged) {
    out.state = ReadState::Found;
    out.cannot = "a superuser, or a role that creates roles, replicates or bypasses row security";
    return out;
  }
  if (!read_options(client, role, out) || !read_memberships(client, role, out) ||
      !read_settings(client, role, out)) {
    return out;
  }
  const DependenceRead depends = read_dependences(client, role.name);
  out.state = depends.state;
  out.why = depends.why;
  bool direct = false;
  for (const Dependence& one : depends.databases) {
    direct = direct || one.owned > 0 || one.granted > 0;
  }
  // WHY: what the old role has of its own the new one gets through membership, and for itself when
  // the old one is deleted (erase.cc): nothing changes while both live.
  if (direct) {
    if (out.options.front() == "NOINHERIT") {
      out.cannot = "objects or privileges of its own without INHERIT";
    }
    out.memberships.push_back({"GRANT " + quote_identifier(role.name) + " TO ", ""});
  }
  return out;
}

std::string RoleStatement::shown_for_role(const std::string& role) const {
  if (value.empty()) {
    return for_role(role);
  }
  const std::size_t set = after.find(" SET ");
  const std::size_t to = after.find(kValueBegin, set);
  return before + quote_identifier(role) + after.substr(0, to) + std::string(kValueBegin) +
         std::string(kLeftOut);
}

std::string without_values(std::string text, const std::vector<RoleStatement>& settings) {
  for (const RoleStatement& setting : settings) {
    const std::string quoted = '"' + setting.value + '"';
    for (std::size_t at = text.find(quoted); !setting.value.empty() && at != std::string::npos;
         at = text.find(quoted, at + 1)) {
      text.replace(at, quoted.size(), kLeftOut);
    }
  }
  return text;
}

bool follows(const std::string& name, std::string_view comment, const RoleFacts& old) {
  const std::string begin = std::string(kMarkBegin) + old.oid + " by ";
  const std::size_t mark = comment.rfind(begin);
  if (mark == std::string_view::npos || !comment.ends_with("]")) {
    return false;
  }
  const std::size_t marker = mark + begin.size();
  return name ==
         successor_name(old.name, std::string(comment.substr(marker, comment.size() - 1 - marker)));
}

bool made_by_us(const MadeBy& by) {
  constexpr std::int64_t kGivesAdminToMaker = 160000;
  if (by.server < kGivesAdminToMaker) {
    return true;
  }
  return !by.others && (by.we || by.superuser);
}

SuccessorRead read_successor_of(Client& client, const RoleFacts& old) {
  // 10 is the bootstrap superuser.
  const Answer answer = client.read(
      "SELECT r.rolname, shobj_description(r.oid, 'pg_authid'), "
      "current_setting('server_version_num'), me.rolsuper, given.we, given.others "
      "FROM pg_roles r JOIN pg_roles me ON me.rolname = current_user, LATERAL (SELECT "
      "coalesce(bool_or(m.member = me.oid), false) AS we, "
      "coalesce(bool_or(m.member <> me.oid), false) AS others FROM pg_auth_members m "
      "WHERE m.roleid = r.oid AND m.grantor = 10 AND m.admin_option) given WHERE position($1 in "
      "coalesce(shobj_description(r.oid, 'pg_authid'), '')) > 0 AND r.rolcanlogin "
      "ORDER BY r.oid::bigint",
      {std::string(kMarkBegin) + old.oid + " by "});
  SuccessorRead read;
  read.state = state_of(answer);
  read.why = answer.why;
  if (read.state != ReadState::Found) {
    return read;
  }
  std::vector<std::string> names;
  for (const Row& row : answer.rows) {
    if (!follows(*row[0], *row[1], old)) {
      continue;
    }
    names.push_back(*row[0]);
    const MadeBy by{std::strtoll(row[2]->c_str(), nullptr, 10), row[3] == "t", row[4] == "t",
                    row[5] == "t"};
    if (!made_by_us(by)) {
      read.foreign += (read.foreign.empty() ? "" : ", ") + *row[0];
    }
  }
  if (names.size() > 1) {
    read.several = join(names, ", ");
  } else if (!names.empty()) {
    read.name = names.front();
  }
  return read;
}

CommentRead read_comment(Client& client, const std::string& role) {
  const Answer answer = client.read(
      "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = $1",
      {role});
  CommentRead read;
  read.state = state_of(answer);
  read.why = answer.why;
  if (read.state == ReadState::Found && answer.rows.empty()) {
    read.state = ReadState::Missing;
    read.why = "there is no role of that name";
  } else if (read.state == ReadState::Found) {
    read.comment = *answer.rows[0][0];
  }
  return read;
}

}  // namespace rescind::postgres
