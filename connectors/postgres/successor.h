// Successors of login roles: a second role beside the first (PostgreSQL keeps one password per
// role), marked in its comment with whom it follows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/client.h"

namespace rescind::postgres {

// The name follows from the marker: ROLE_r and eight hex digits; those of an earlier rotation go.
std::string successor_name(const std::string& role, const std::string& marker);

// What is added to the comment, and the comment without it.
std::string successor_mark(const std::string& oid, const std::string& marker);
std::string without_mark(std::string_view comment);

// The items of a setting that is a list ("search_path"), without quotes.
std::vector<std::string> list_items(std::string_view value);

// A statement about a role whose name stands between the two parts.
struct RoleStatement {
  std::string before, after;
  std::string value = {};  // of a setting: it may be a secret; `after` ends with it, quoted

  [[nodiscard]] std::string for_role(const std::string& role) const {
    return before + quote_identifier(role) + after;
  }

  // For logs: without the value.
  [[nodiscard]] std::string shown_for_role(const std::string& role) const;
};

// The server's words without the values of these settings, which it may quote.
std::string without_values(std::string text, const std::vector<RoleStatement>& settings);

// What a role has that a second one needs as well.
struct LoginRights {
  ReadState state = ReadState::Broken;
  std::string why;
  std::string cannot;  // what only a person can copy; "" nothing
  std::string comment;
  std::vector<std::string> options;  // of CREATE ROLE, as SQL
  std::vector<RoleStatement> memberships;
  std::vector<RoleStatement> settings;
};

LoginRights read_login_rights(Client& client, const RoleFacts& role);

// Whether a role of that name and comment was made as the successor of this one: the mark in its
// comment names the old role and a marker, and its own name follows from both.
bool follows(const std::string& name, std::string_view comment, const RoleFacts& old);

// Who made a role, as far as the server says.
struct MadeBy {
  std::int64_t server = 0;  // server_version_num
  bool superuser = false;   // the connector's role
  // Who has the ADMIN option on it from the server itself: the connector's role, others.
  bool we = false, others = false;
};

// Whether the connector's role may have made it. From PostgreSQL 16 on the server gives whoever
// makes a role the ADMIN option on it, as the bootstrap superuser, which nobody else can do;
// superusers get none. Before that, every role with CREATEROLE is master of all others anyway.
bool made_by_us(const MadeBy& by);

// The login role that was made as the successor of this one, "" none. `several` names them when
// more than one says so, `foreign` those that somebody else made.
struct SuccessorRead {
  ReadState state = ReadState::Broken;
  std::string name;
  std::string why;
  std::string several = {};
  std::string foreign = {};
};

SuccessorRead read_successor_of(Client& client, const RoleFacts& old);

// A role and its comment.
struct CommentRead {
  ReadState state = ReadState::Broken;  // Missing: no such role
  std::string comment;
  std::string why;
};

CommentRead read_comment(Client& client, const std::string& role);

}  // namespace rescind::postgres
