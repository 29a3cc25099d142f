// Rotation that delivers, in PostgreSQL: a second login role with what the first one can, and what
// pg_stat_activity shows of who uses which.
#include <utility>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "connectors/postgres/connector.h"
#include "connectors/postgres/successor.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"
#include "connectors/support/secret.h"

namespace rescind::postgres {
namespace {

using Json = nlohmann::json;

constexpr const char* kSource = "pg_stat_activity";

Successor with_answer(ActionResult answer) {
  Successor out;
  out.answer = std::move(answer);
  return out;
}

Successor ended(Attempt& attempt, ResultClass result, std::string detail) {
  return with_answer(attempt.finish(result, std::move(detail)));
}

}  // namespace

// The item, the login names and the inventory records of a role that follows another.
void PostgresConnector::describe_successor(const ActionRequest& request, const std::string& name,
                                           const std::string& comment, Successor& out) const {
  FoundItem account;
  account.kind = Kind::Account;
  account.system = options_.system;
  account.native_id = name;
  account.name = name;
  account.enabled = true;
  FoundItem password = account;
  password.kind = Kind::Password;
  password.name.clear();
  password.enabled.reset();
  password.account_native_id = name;
  out.item.item = found_item_id(password);
  out.item.kind = Kind::Password;
  out.item.system = options_.system;
  out.item.native_id = name;
  out.item.account = found_item_id(account);
  out.item.account_native_id = name;
  out.item.holder = request.item.holder;
  out.login = name;
  out.old_login = request.item.native_id;
  for (FoundItem* found : {&password, &account}) {
    found->holder_key = options_.holder_is_comment ? without_mark(comment) : name;
    Json record = Json::parse(record_of(*found).json);
    if (!request.item.holder.empty()) {
      record["holder"] = request.item.holder;
    }
    out.records.push_back({record.dump(), found->holder_key});
  }
}

Successor PostgresConnector::find_successor(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  Attempt attempt;
  if (request.item.kind != Kind::Password) {
    return ended(attempt, ResultClass::Unsupported, "only passwords have successors here");
  }
  const std::string name = successor_name(request.item.native_id, request.marker);
  const CommentRead there = read_comment(client_, name);
  if (there.state != ReadState::Found) {
    return with_answer(unread(there.state, there.why, attempt));
  }
  if (there.comment.find(" by " + request.marker + "]") == std::string::npos) {
    return ended(attempt, ResultClass::NeedsHuman,
                 "there is a role `" + name + "` that was not made by this request");
  }
  Successor out = ended(attempt, ResultClass::AlreadyDone, "the role is there");
  describe_successor(request, name, there.comment, out);
  return out;
}

Successor PostgresConnector::create_successor(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  Successor there = find_successor(request);
  if (there.answer.result != ResultClass::Absent) {
    return there;
  }
  Attempt attempt;
  const RoleRead old = read_role(client_, request.item.native_id);
  if (old.state != ReadState::Found) {
    return with_answer(unread(old.state, old.why, attempt));
  }
  const LoginRights rights = read_login_rights(client_, old.role);
  if (rights.state != ReadState::Found) {
    return with_answer(unread(rights.state, rights.why, attempt));
  }
  if (!rights.cannot.empty()) {
    return ended(attempt, ResultClass::NeedsHuman,
                 "the role has what cannot be copied: " + rights.cannot);
  }
  Result<std::string> password = random_password();
  const std::string name = successor_name(old.role.name, request.marker);
  const Result<std::string> verifier = password
                                           ? client_.password_verifier(name, *password)
                                           : Result<std::string>(tl::unexpected(password.error()));
  if (!verifier) {
    return ended(attempt, ResultClass::Failed, verifier.error().to_string());
  }
  Secret secret = Secret::take(*password);
  std::string create = "CREATE ROLE " + quote_identifier(name) + " LOGIN";
  for (const std::string& option : rights.options) {
    create += " " + option;
  }
  attempt.sent(create + " PASSWORD (random, told to nobody)");
  std::vector<std::string> statements{create + " PASSWORD " + quote_literal(*verifier)};
  const std::string mark = successor_mark(old.role.oid, request.marker);
  const std::string comment = rights.comment.empty() ? mark : rights.comment + " " + mark;
  statements.push_back("COMMENT ON ROLE " + quote_identifier(name) + " IS " +
                       quote_literal(comment));
  attempt.sent(statements.back());
  for (const auto* part : {&rights.memberships, &rights.settings}) {
    for (const RoleStatement& statement : *part) {
      statements.push_back(statement.for_role(name));
      attempt.sent(statement.shown_for_role(name));
    }
  }
  Answer answer = client_.transaction(client_.settings().database, statements);
  answer.why = without_values(std::move(answer.why), rights.settings);
  if (answer.delivery == Delivery::Answered) {
    attempt.received(answer.sqlstate);
    attempt.received(answer.why);
  }
  if (!answer.ok()) {
    return with_answer(failure(answer, attempt));
  }
  Successor out = ended(attempt, ResultClass::Changed, "");
  describe_successor(request, name, comment, out);
  out.secret = std::move(secret);
  return out;
}

ActionResult PostgresConnector::delete_successor(const ActionRequest& given,
                                                 const ItemAddress& successor) {
  const ActionRequest request = addressed(given);
  Attempt attempt;
  const std::string name = addressed(successor).native_id;
  const CommentRead there = read_comment(client_, name);
  if (there.state != ReadState::Found) {
    return unread(there.state, there.why, attempt);
  }
  if (there.comment.find(" by " + request.marker + "]") == std::string::npos) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "role `" + name + "` was not made by this request");
  }
  const Answer sessions =
      client_.read("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", {name});
  if (!sessions.ok() || sessions.rows.empty()) {
    return unread(state_of(sessions), sessions.why, attempt);
  }
  if (sessions.rows[0][0] != "0") {
    return attempt.finish(ResultClass::NeedsHuman, "role `" + name + "` has sessions");
  }
  const Answer answer =
      send(client_.settings().database, {"DROP ROLE " + quote_identifier(name)}, attempt);
  return answer.ok() ? attempt.finish(ResultClass::Changed, "") : failure(answer, attempt);
}

ProbeResult PostgresConnector::confirm_delivery(const DeliveryRequest& request) {
  const std::string name = addressed(request.successor).native_id;
  const Answer answer = client_.read(
      "SELECT coalesce(application_name, ''), coalesce(client_addr::text, '') FROM "
      "pg_stat_activity WHERE usename = $1",
      {name});
  if (!answer.ok()) {
    return {ProbeAnswer::Unknown, answer.why, std::nullopt};
  }
  const std::string& wanted =
      request.target.used_as.empty() ? request.dependent : request.target.used_as;
  for (const Row& row : answer.rows) {
    if (row[0] == wanted || row[1] == wanted) {
      return {ProbeAnswer::Done, "pg_stat_activity shows `" + wanted + "` as " + name,
              std::nullopt};
    }
  }
  return {ProbeAnswer::NotDone,
          answer.rows.empty() ? "nobody is connected as " + name
                              : "connected as " + name + ", but not as `" + wanted + "`",
          std::nullopt};
}

Result<EvidenceReport> PostgresConnector::usage(const UsageQuery& query) {
  const Answer answer = client_.read(
      "SELECT DISTINCT usename, coalesce(nullif(application_name, ''), client_addr::text, '') FROM "
      "pg_stat_activity WHERE usename IS NOT NULL AND pid <> pg_backend_pid() ORDER BY 1, 2");
  if (!answer.ok()) {
    return tl::unexpected(
        Error(answer.refused ? ErrorKind::Auth : ErrorKind::Network, answer.why, RetryAdvice::Safe)
            .add_context("reading the sessions of " + options_.system));
  }
  const Instant now = clock_.now();
  EvidenceReport report;
  for (const Row& row : answer.rows) {
    for (const Kind kind : {Kind::Account, Kind::Password}) {
      if (kind == Kind::Password && !options_.list_passwords) {
        continue;
      }
      FoundItem item;
      item.kind = kind;
      item.system = options_.system;
      item.native_id = *row[0];
      Json record{{"record", "usage"},
                  {"item", found_item_id(item)},
                  {"at", format_instant(now)},
                  {"source", kSource},
                  {"outcome", "success"}};
      if (!row[1]->empty()) {
        record["by"] = *row[1];
      }
      report.records.push_back({record.dump(-1, ' ', false, Json::error_handler_t::replace), ""});
    }
  }
  report.blind_spots = {"sessions that begin and end between two samples", "refused logins"};
  // Samples see every session only where sessions last longer than the samples are apart, and that
  // only the operator can know: without `sample_gap` no coverage is claimed.
  const bool joins = options_.sample_gap > Seconds(0) && query.since && *query.since <= now &&
                     now - *query.since <= options_.sample_gap;
  if (options_.sample_gap > Seconds(0)) {
    report.records.push_back({Json{{"record", "coverage"},
                                   {"system", options_.system},
                                   {"kinds", Json::array({"account", "password"})},
                                   {"since", format_instant(joins ? *query.since : now)},
                                   {"until", format_instant(now)},
                                   {"source", kSource}}
                                  .dump(),
                              ""});
  }
  return report;
}

}  // namespace rescind::postgres
