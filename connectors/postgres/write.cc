// How the PostgreSQL connector changes roles, sessions and memberships: one transaction, then a
// fresh read that decides what it came to.
#include <nlohmann/json.hpp>

#include "connectors/postgres/connector.h"
#include "connectors/support/native_id.h"
#include "connectors/support/secret.h"

namespace rescind::postgres {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kSettlePause{50};

ActionResult plain(ResultClass result, std::string detail) {
  Attempt nothing_sent;
  return nothing_sent.finish(result, std::move(detail));
}

bool captured_flag(const std::string& captured, const char* name) {
  const Json state = Json::parse(captured, nullptr, false);
  return state.is_object() && state.contains(name) && state[name] == true;
}

}  // namespace

ActionResult unread(ReadState state, const std::string& why, Attempt& attempt) {
  if (state == ReadState::Refused) {
    return attempt.finish(ResultClass::AuthFailed, why);
  }
  if (state == ReadState::Missing) {
    return attempt.finish(ResultClass::Absent, why);
  }
  return attempt.finish(ResultClass::Failed, "nothing was changed: " + why);
}

ActionResult failure(const Answer& answer, Attempt& attempt) {
  const std::string why = answer.detail.empty() ? answer.why : answer.why + ": " + answer.detail;
  if (answer.refused) {
    return attempt.finish(ResultClass::AuthFailed, why);
  }
  if (answer.delivery == Delivery::NotSent) {
    return attempt.finish(ResultClass::Failed, "nothing was changed: " + why);
  }
  if (answer.delivery == Delivery::MaybeSent) {
    return attempt.finish(ResultClass::Unknown, why + "; it is not done yet");
  }
  if (answer.sqlstate == "42501") {
    return attempt.finish(ResultClass::NeedsHuman, "the connector's role may not do that: " + why);
  }
  return attempt.finish(ResultClass::Failed, why);
}

Answer PostgresConnector::send(const std::string& database,
                               const std::vector<std::string>& statements, Attempt& attempt) {
  for (const std::string& statement : statements) {
    attempt.sent(statement);
  }
  Answer answer = statements.size() == 1 && database == client_.settings().database
                      ? client_.write(statements[0])
                      : client_.transaction(database, statements);
  if (answer.delivery == Delivery::Answered) {
    attempt.received(answer.sqlstate);
    attempt.received(answer.why);
  }
  return answer;
}

ActionResult PostgresConnector::settle(const ActionRequest& request, const Answer& answer,
                                       Attempt& attempt, bool undoing) {
  if (answer.refused || answer.delivery == Delivery::NotSent) {
    return failure(answer, attempt);
  }
  const Task task = task_of(request.verb, request.item.kind);
  const auto give_up = clock_.monotonic() + std::chrono::milliseconds(options_.settle);
  Seen seen = see(request.item);
  while (task == Task::EndSession && answer.ok() && seen.state == ReadState::Found &&
         !goal_holds(task, seen.observation, undoing) && clock_.monotonic() < give_up) {
    clock_.sleep_for(kSettlePause);
    seen = see(request.item);
  }
  const bool gone = seen.state == ReadState::Missing;
  if (gone && undoing) {
    return attempt.finish(ResultClass::Failed, seen.why);
  }
  if (gone && task != Task::Drop) {
    return attempt.finish(ResultClass::Absent, seen.why);
  }
  if (!gone && seen.state != ReadState::Found) {
    const bool certain = answer.delivery == Delivery::Answered && !answer.ok();
    return attempt.finish(
        certain ? ResultClass::Failed : ResultClass::Unknown,
        (answer.ok() ? std::string("the server accepted the change") : answer.why) +
            "; reading back: " + seen.why);
  }
  if (gone || goal_holds(task, seen.observation, undoing)) {
    return attempt.finish(ResultClass::Changed, answer.ok() ? "" : answer.why + ", but it is done");
  }
  if (!answer.ok()) {
    return failure(answer, attempt);
  }
  return attempt.finish(ResultClass::Failed, "the server accepted the change and did not make it");
}

ActionResult PostgresConnector::set_login(const ActionRequest& request, bool login) {
  Attempt attempt;
  const RoleRead before = read_role(client_, request.item.native_id);
  if (before.state == ReadState::Missing && login) {
    return attempt.finish(ResultClass::Failed, before.why);
  }
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  const Json captured = Json::parse(request.captured, nullptr, false);
  if (captured.is_object() && captured.contains("oid") && captured["oid"] != before.role.oid) {
    return attempt.finish(ResultClass::Conflict, "another role has this name now");
  }
  if (before.role.can_login == login) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const Answer answer =
      send(client_.settings().database,
           {"ALTER ROLE " + quote_identifier(before.role.name) + (login ? " LOGIN" : " NOLOGIN")},
           attempt);
  return settle(request, answer, attempt, login);
}

ActionResult PostgresConnector::end_session(const ActionRequest& request) {
  Attempt attempt;
  const Seen before = see(request.item);
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  if (before.observation.presence == Presence::Absent) {
    return attempt.finish(ResultClass::Absent, "there is no such session");
  }
  const SessionKey key = *session_of(request.item.native_id);
  // The server compares role and start once more, in the statement that ends the session.
  std::string statement =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = " + key.pid +
      " AND usename = " + quote_literal(key.role);
  if (key.start != "hidden") {
    statement +=
        " AND (backend_start IS NULL OR (extract(epoch FROM backend_start) * "
        "1000000)::bigint = " +
        key.start + ")";
  }
  const Answer answer = send(client_.settings().database, {statement}, attempt);
  return settle(request, answer, attempt, false);
}

ActionResult PostgresConnector::change_membership(const ActionRequest& request, bool member) {
  Attempt attempt;
  const Seen before = see(request.item);
  if (before.state == ReadState::Missing && member) {
    return attempt.finish(ResultClass::Failed, before.why);
  }
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  if ((before.observation.presence == Presence::Present) == member) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const std::vector<std::string> parts = split_native_id(request.item.native_id);
  const std::string group = quote_identifier(parts[0]);
  const std::string role = quote_identifier(parts[1]);
  const bool admin = captured_flag(request.captured, "admin");
  const Answer answer =
      send(client_.settings().database,
           {member ? "GRANT " + group + " TO " + role + (admin ? " WITH ADMIN OPTION" : "")
                   : "REVOKE " + group + " FROM " + role},
           attempt);
  return settle(request, answer, attempt, member);
}

ActionResult PostgresConnector::set_password(const ActionRequest& request) {
  Attempt attempt;
  const RoleRead before = read_role(client_, request.item.native_id);
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  const std::string alter = "ALTER ROLE " + quote_identifier(before.role.name) + " PASSWORD ";
  const Result<std::string> password = random_password();
  const Result<std::string> verifier = password
                                           ? client_.password_verifier(before.role.name, *password)
                                           : Result<std::string>(tl::unexpected(password.error()));
  if (!verifier) {
    return attempt.finish(ResultClass::Failed, verifier.error().to_string());
  }
  attempt.sent(alter + "(random, told to nobody)");
  const Answer answer = client_.write(alter + quote_literal(*verifier));
  if (answer.ok()) {
    password_proof_.accept(request.marker);
  }
  return answer.ok() ? attempt.finish(ResultClass::Changed, "") : failure(answer, attempt);
}

ActionResult PostgresConnector::set_expiry(const ActionRequest& request, bool undoing) {
  Attempt attempt;
  const RoleRead before = read_role(client_, request.item.native_id);
  if (before.state == ReadState::Missing && undoing) {
    return attempt.finish(ResultClass::Failed, before.why);
  }
  if (before.state != ReadState::Found) {
    return unread(before.state, before.why, attempt);
  }
  const Json captured = Json::parse(request.captured, nullptr, false);
  if (captured.is_object() && captured.value("oid", before.role.oid) != before.role.oid) {
    return attempt.finish(ResultClass::Conflict, "another role has this name now");
  }
  std::string until = "1970-01-01 00:00:00+00";
  if (undoing) {
    until = captured.value("valid_until", "");
    until = until.empty() ? "infinity" : until;
  }
  const bool there = undoing ? before.role.valid_until == until ||
                                   (until == "infinity" && before.role.valid_until.empty())
                             : before.role.expired;
  if (there) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const Answer answer = send(
      client_.settings().database,
      {"ALTER ROLE " + quote_identifier(before.role.name) + " VALID UNTIL " + quote_literal(until)},
      attempt);
  return settle(request, answer, attempt, undoing);
}

ActionResult PostgresConnector::perform(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  if (request.verb == Verb::Restore) {
    return undo(request);
  }
  switch (task_of(request.verb, request.item.kind)) {
  case Task::Login:
    return set_login(request, false);
  case Task::EndSession:
    return end_session(request);
  case Task::Membership:
    return change_membership(request, false);
  case Task::Permission:
    return revoke_permissions(request);
  case Task::Transfer:
    return transfer(request);
  case Task::Password:
    return set_password(request);
  case Task::Expiry:
    return set_expiry(request, false);
  case Task::Drop:
    return drop(request);
  case Task::None:
    break;
  }
  return plain(ResultClass::Unsupported, std::string(verb_name(request.verb)) + " " +
                                             std::string(kind_name(request.item.kind)) +
                                             " is nothing that PostgreSQL can do");
}

ActionResult PostgresConnector::undo(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  ActionRequest original = request;
  if (request.verb == Verb::Restore) {
    const bool login = request.item.kind == Kind::Account || request.item.kind == Kind::Password;
    original.verb = login ? Verb::Disable : Verb::Remove;
  }
  const Task task = task_of(original.verb, original.item.kind);
  if (task != Task::Login && task != Task::Membership && task != Task::Permission &&
      task != Task::Expiry) {
    return plain(ResultClass::Unsupported, "this cannot be put back");
  }
  if (!Json::parse(request.captured, nullptr, false).is_object()) {
    return plain(ResultClass::Failed, "there is no captured state to go back to");
  }
  if (task == Task::Permission) {
    return grant_permissions(original);
  }
  if (task == Task::Expiry) {
    return set_expiry(original, true);
  }
  if (!captured_flag(request.captured, task == Task::Login ? "login" : "member")) {
    return plain(ResultClass::AlreadyDone, "it was not so before either");
  }
  return task == Task::Login ? set_login(original, true) : change_membership(original, true);
}

}  // namespace rescind::postgres
