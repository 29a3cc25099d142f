// Objects that a role owns, and the end of the role itself: reassigned and dropped in each database
// that has any, since no statement reaches into another one.
#include <set>

#include "base/counted.h"
#include "connectors/postgres/connector.h"
#include "connectors/postgres/successor.h"
#include "connectors/support/native_id.h"

namespace rescind::postgres {

std::string PostgresConnector::receiver(const ActionRequest& request) const {
  if (request.target.empty()) {
    return options_.reassign_to;
  }
  const std::string prefix = options_.system + ":";
  return request.target.starts_with(prefix) ? request.target.substr(prefix.size()) : request.target;
}

// WHY: REASSIGN OWNED and DROP OWNED need the privileges of the role itself. The membership lives
// only inside the transaction.
std::vector<std::string> PostgresConnector::as_member_of(const std::string& role,
                                                         std::vector<std::string> statements,
                                                         ReadState& state, std::string& why) {
  const Answer answer = client_.read(
      "SELECT pg_has_role(r.oid, 'USAGE') FROM pg_roles r WHERE r.rolname = $1", {role});
  state = state_of(answer);
  why = answer.why;
  if (state != ReadState::Found || answer.rows.empty() || answer.rows[0][0] == "t") {
    return statements;
  }
  const std::string name = quote_identifier(role);
  const std::string me = quote_identifier(client_.settings().user);
  statements.insert(statements.begin(), "GRANT " + name + " TO " + me);
  statements.push_back("REVOKE " + name + " FROM " + me);
  return statements;
}

ActionResult PostgresConnector::transfer(const ActionRequest& request) {
  Attempt attempt;
  const Seen before = see(request.item);
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  if (before.observation.presence == Presence::Absent) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const std::string to = receiver(request);
  if (to.empty()) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "nobody is named to get the objects; set reassign_to");
  }
  if (const RoleRead target = read_role(client_, to); target.state == ReadState::Missing) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "there is no role `" + to + "` to get the objects");
  }
  const std::vector<std::string> parts = split_native_id(request.item.native_id);
  ReadState state = ReadState::Found;
  std::string why;
  std::vector<std::string> statements = as_member_of(
      parts[0], {"REASSIGN OWNED BY " + quote_identifier(parts[0]) + " TO " + quote_identifier(to)},
      state, why);
  if (state != ReadState::Found) {
    return unread(state, why, attempt);
  }
  const Answer answer = send(database_of(parts[1]), statements, attempt);
  return settle(request, answer, attempt, false);
}

// INVARIANT: DROP OWNED never runs before REASSIGN OWNED in the same transaction. Alone it would
// drop the tables of the role, also those made since they were counted, or counted under another
// database.
Answer PostgresConnector::hand_over(const std::string& role, const std::string& heir,
                                    const std::string& successor, const std::string& database,
                                    Attempt& attempt) {
  Answer failed;
  std::vector<std::string> statements = {"REASSIGN OWNED BY " + quote_identifier(role) + " TO " +
                                         quote_identifier(heir)};
  if (!successor.empty()) {
    // What the role had on the objects of others its successor keeps.
    std::vector<Grant> grants;
    failed.delivery = Delivery::Answered;
    for (const bool shared : {false, true}) {
      if (shared && database != client_.settings().database) {
        continue;
      }
      if (read_grants(role, shared ? "" : database, grants, failed.why) != ReadState::Found) {
        failed.delivery = Delivery::NotSent;
        return failed;
      }
    }
    for (std::string& statement : grant_statements(grants, successor)) {
      statements.push_back(std::move(statement));
    }
  }
  statements.push_back("DROP OWNED BY " + quote_identifier(role));
  for (const std::string& name : {role, successor}) {
    ReadState state = ReadState::Found;
    std::string why;
    if (!name.empty()) {
      statements = as_member_of(name, std::move(statements), state, why);
    }
    if (state != ReadState::Found) {
      failed.delivery = Delivery::NotSent;
      failed.refused = state == ReadState::Refused;
      failed.why = why;
      return failed;
    }
  }
  return send(database, statements, attempt);
}

ActionResult PostgresConnector::drop(const ActionRequest& request) {
  Attempt attempt;
  const std::string& role = request.item.native_id;
  const RoleRead before = read_role(client_, role);
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  const DependenceRead depends = read_dependences(client_, role);
  if (depends.state != ReadState::Found) {
    return unread(depends.state, depends.why, attempt);
  }
  const SuccessorRead successor = read_successor_of(client_, before.role);
  if (successor.state != ReadState::Found) {
    return unread(successor.state, successor.why, attempt);
  }
  if (!successor.foreign.empty()) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "somebody else made what says that it follows this role: " +
                              successor.foreign + "; take the mark out of its comment");
  }
  if (!successor.several.empty()) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "more than one role says that it follows this one: " + successor.several +
                              "; take the mark out of the comment of those that do not");
  }
  // Who follows the role gets what it owned, unless somebody else is named.
  const std::string named = receiver(request);
  const std::string to = named.empty() ? successor.name : named;
  for (const Dependence& one : depends.databases) {
    if (one.owned > 0 && to.empty()) {
      return attempt.finish(ResultClass::NeedsHuman,
                            "the role owns " +
                                counted(static_cast<std::uint64_t>(one.owned), "object") +
                                " in database " + database_of(one.database) + "; set reassign_to");
    }
  }
  std::set<std::string> databases;
  for (const Dependence& one : depends.databases) {
    databases.insert(database_of(one.database));
  }
  for (const std::string& database : databases) {
    const Answer answer = hand_over(role, to.empty() ? client_.settings().user : to, successor.name,
                                    database, attempt);
    if (!answer.ok()) {
      return failure(answer, attempt);
    }
  }
  const Answer answer =
      send(client_.settings().database, {"DROP ROLE IF EXISTS " + quote_identifier(role)}, attempt);
  return settle(request, answer, attempt, false);
}

}  // namespace rescind::postgres
