// What PostgreSQL's catalogs say about roles: single facts by exact name. Between client.h and the
// connector.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/client.h"

namespace rescind::postgres {

enum class ReadState : std::uint8_t { Found, Missing, Refused, Unreachable, Broken };
ReadState state_of(const Answer& answer);  // Found for an answer without an error

// A role as pg_roles shows it.
struct RoleFacts {
  std::string oid;
  std::string name;
  bool can_login = false;
  bool privileged = false;  // superuser, may create roles, replicate or bypass row security
  std::string valid_until;  // of its password; "" none
  bool expired = false;     // that instant has passed: no password opens it
};

struct RoleRead {
  ReadState state = ReadState::Broken;
  RoleFacts role;
  std::string why;
};

RoleRead read_role(Client& client, const std::string& name);

// A session: role, process and start, which together never come again.
struct SessionKey {
  std::string role;
  std::string pid;
  std::string start;  // microseconds since 1970; "hidden" when our role may not see it
};

std::optional<SessionKey> session_of(const std::string& native_id);

// How a membership stands. Missing: the group or the member is gone.
struct MembershipRead {
  ReadState state = ReadState::Broken;
  bool member = false;
  bool admin = false;
  std::string why;
};

MembershipRead read_membership(Client& client, const std::string& group, const std::string& member);

// The columns of every query about sessions: role, pid, start, database, client.
extern const char* const kSessionColumns;

// What depends on a role in one database ("" for what all databases share).
struct Dependence {
  std::string database;
  std::int64_t owned = 0;
  std::int64_t granted = 0;  // objects with privileges for the role
};

struct DependenceRead {
  ReadState state = ReadState::Broken;
  std::vector<Dependence> databases;
  std::string why;
};

DependenceRead read_dependences(Client& client, const std::string& role);

}  // namespace rescind::postgres
