// The PostgreSQL connector: settings, capabilities, reading single items, previews.
#include "connectors/postgres/postgres.h"

#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connectors/postgres/connector.h"
#include "connectors/support/native_id.h"

namespace rescind {
namespace {

constexpr std::array kSettings = {
    SettingSpec{"url", SettingType::Text, false, "", "",
                "postgresql://HOST:PORT/DATABASE, without a user name"},
    SettingSpec{"host", SettingType::Text, false, "", "",
                "instead of url: name, address or socket folder"},
    SettingSpec{"port", SettingType::Count, false, "5432", "", "with host"},
    SettingSpec{"database", SettingType::Text, false, "postgres", "",
                "with host: the database where catalogs are read"},
    SettingSpec{"user", SettingType::Text, true, "", "", "the role to connect as"},
    SettingSpec{"password", SettingType::Secret, false, "", "", "its password"},
    SettingSpec{"sslmode", SettingType::Choice, false, "",
                "disable allow prefer require verify-ca verify-full",
                "as in libpq; default: verify-full, and prefer on this machine"},
    SettingSpec{"ca_file", SettingType::Text, false, "/etc/ssl/certs/ca-certificates.crt", "",
                "certificates (PEM) to trust"},
    SettingSpec{"reassign_to", SettingType::Text, false, "", "",
                "the role that gets the objects of a deleted one"},
    SettingSpec{"list_passwords", SettingType::Flag, false, "true", "",
                "list the password of each role that can log in as an item"},
    SettingSpec{"sample_gap", SettingType::Duration, false, "", "",
                "sessions last so long: samples no farther apart see every one"},
    SettingSpec{"settle", SettingType::Duration, false, "5s", "",
                "how long a session may take to end"},
    SettingSpec{"connect_timeout", SettingType::Duration, false, "10s", "", "time to connect"},
    SettingSpec{"timeout", SettingType::Duration, false, "30s", "", "time for one statement"},
    SettingSpec{"allow_plaintext", SettingType::Flag, false, "false", "",
                "allow connections without TLS to other machines than this one"},
};

struct Place {
  std::string host;
  std::string port;  // "" the usual one
  std::string database;
};

// From `url`, or from `host`, `port` and `database`. Nothing: the url is none.
std::optional<Place> place_of(const SettingReader& read) {
  if (!read.given("url")) {
    return Place{read.text("host"), read.text("port"), read.text("database")};
  }
  const std::optional<ParsedUrl> url = parse_url(read.text("url"));
  const bool scheme = url && (url->scheme == "postgresql" || url->scheme == "postgres");
  if (!scheme || url->path.size() < 2 || url->path.find('/', 1) != std::string::npos) {
    return std::nullopt;
  }
  return Place{url->host, url->port == 0 ? "" : std::to_string(url->port), url->path.substr(1)};
}

std::string effective_sslmode(const SettingReader& read, const Place& place) {
  const std::string given = read.text("sslmode");
  return !given.empty() ? given : is_loopback_host(place.host) ? "prefer" : "verify-full";
}

}  // namespace

std::span<const SettingSpec> postgres_settings() {
  return kSettings;
}

std::vector<SettingProblem> check_postgres_settings(const Settings& settings) {
  std::vector<SettingProblem> problems = check_settings(kSettings, settings);
  const SettingReader read(kSettings, settings);
  if (read.given("url") == read.given("host")) {
    const bool both = read.given("url");
    problems.push_back({both ? SettingFault::BadValue : SettingFault::Missing,
                        both ? "host" : "url",
                        both ? "settings `url` and `host` exclude each other"
                             : "setting `url` is missing, and so is `host`",
                        std::string(kSettings[0].help)});
    return problems;
  }
  const std::optional<Place> place = place_of(read);
  if (!place) {
    problems.push_back(
        {SettingFault::BadValue, "url",
         "setting `url`: `" + read.text("url") + "` is no postgresql://HOST/DATABASE address",
         std::string(kSettings[0].help)});
    return problems;
  }
  const std::string sslmode = effective_sslmode(read, *place);
  const bool open = sslmode == "disable" || sslmode == "allow" || sslmode == "prefer";
  if (open && !is_loopback_host(place->host) && !read.flag("allow_plaintext")) {
    problems.push_back({SettingFault::Plaintext, "sslmode",
                        "setting `sslmode`: `" + sslmode + "` may send the credential unencrypted",
                        "use verify-full, or set allow_plaintext: true"});
  }
  return problems;
}

Result<std::unique_ptr<Connector>> make_postgres_connector(const ConnectorConfig& config,
                                                           Clock& clock) {
  RESCIND_RETURN_IF_ERROR(settings_status(check_postgres_settings(config.settings)));
  const SettingReader read(kSettings, config.settings);
  const Place place = *place_of(read);
  postgres::ClientSettings client;
  client.host = place.host;
  client.port = place.port;
  client.database = place.database;
  client.user = read.text("user");
  client.password = read.text("password");
  client.sslmode = effective_sslmode(read, place);
  client.ca_file = read.text("ca_file");
  client.connect_timeout = read.duration("connect_timeout");
  client.timeout = read.duration("timeout");
  postgres::PostgresOptions options;
  options.system = config.system;
  options.reassign_to = read.text("reassign_to");
  options.settle = read.duration("settle");
  options.sample_gap = read.given("sample_gap") ? read.duration("sample_gap") : Seconds(0);
  options.list_passwords = read.flag("list_passwords");
  options.holder_is_comment = config.holder_account_attribute == "comment";
  return std::make_unique<postgres::PostgresConnector>(std::move(options), std::move(client),
                                                       clock);
}

namespace postgres {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kVersion = "2";

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error error_of(ReadState state, const std::string& why) {
  const ErrorKind kind = state == ReadState::Refused       ? ErrorKind::Auth
                         : state == ReadState::Unreachable ? ErrorKind::Network
                                                           : ErrorKind::Protocol;
  return {kind, why, state == ReadState::Refused ? RetryAdvice::Never : RetryAdvice::Safe};
}

}  // namespace

PostgresConnector::PostgresConnector(PostgresOptions options, ClientSettings client, Clock& clock)
    : options_(std::move(options)), client_(std::move(client)), clock_(clock) {}

PostgresConnector::Task PostgresConnector::task_of(Verb verb, Kind kind) {
  if (kind == Kind::Account) {
    return verb == Verb::Disable ? Task::Login : verb == Verb::Delete ? Task::Drop : Task::None;
  }
  if (kind == Kind::Session) {
    return verb == Verb::Revoke ? Task::EndSession : Task::None;
  }
  if (kind == Kind::Role) {
    return verb == Verb::Remove ? Task::Membership : Task::None;
  }
  if (kind == Kind::Permission) {
    return verb == Verb::Remove ? Task::Permission : Task::None;
  }
  if (kind == Kind::Data) {
    return verb == Verb::Transfer ? Task::Transfer : Task::None;
  }
  if (kind == Kind::Password) {
    // WHY a login and not its password alone goes: with its successor in place the role has no use.
    return verb == Verb::Rotate    ? Task::Password
           : verb == Verb::Disable ? Task::Expiry
           : verb == Verb::Delete  ? Task::Drop
                                   : Task::None;
  }
  return Task::None;
}

std::string PostgresConnector::database_of(const std::string& part) const {
  return part.empty() ? client_.settings().database : part;
}

Result<Capabilities> PostgresConnector::capabilities() {
  const Answer answer = client_.read("SELECT 1");
  if (!answer.ok()) {
    return tl::unexpected(error_of(state_of(answer), answer.why)
                              .add_context("asking " + options_.system + " what it can do"));
  }
  Capabilities out;
  out.connector = "postgres";
  out.version = kVersion;
  const ClientSettings& to = client_.settings();
  out.endpoint =
      "postgresql://" + to.host + (to.port.empty() ? "" : ":" + to.port) + "/" + to.database;
  const auto can = [&out](Verb verb, Kind kind, Reversible reversible) {
    out.verbs.push_back({verb, kind, {}, reversible, std::nullopt});
  };
  can(Verb::Revoke, Kind::Session, Reversible::Never);
  can(Verb::Disable, Kind::Account, Reversible::Yes);
  can(Verb::Delete, Kind::Account, Reversible::Never);
  can(Verb::Remove, Kind::Role, Reversible::Yes);
  can(Verb::Remove, Kind::Permission, Reversible::Yes);
  can(Verb::Transfer, Kind::Data, Reversible::Never);
  can(Verb::Rotate, Kind::Password, Reversible::Never);
  can(Verb::Disable, Kind::Password, Reversible::Yes);
  can(Verb::Replace, Kind::Password, Reversible::Yes);
  can(Verb::Delete, Kind::Password, Reversible::Never);
  out.successors = Kind::Password;
  out.evidence = {{"pg_stat_activity",
                   KindSet(Kind::Account) | Kind::Password,
                   Seconds(0),
                   {"sessions that begin and end between two samples", "refused logins"}}};
  out.enumerable =
      KindSet(Kind::Account) | Kind::Session | Kind::Role | Kind::Permission | Kind::Data;
  if (options_.list_passwords) {
    out.enumerable = out.enumerable | Kind::Password;
  }
  return out;
}

PostgresConnector::Seen PostgresConnector::see_role(const ItemAddress& item) {
  const RoleRead read = read_role(client_, item.native_id);
  Seen seen{read.state, {}, read.why};
  if (read.state != ReadState::Found) {
    return seen;
  }
  Observation& out = seen.observation;
  out.presence = Presence::Present;
  out.enabled = read.role.can_login && (item.kind == Kind::Account || !read.role.expired);
  out.facts["login"] = read.role.can_login ? "true" : "false";
  out.facts["oid"] = read.role.oid;
  out.state = dump({{"oid", read.role.oid},
                    {"role", read.role.name},
                    {"login", read.role.can_login},
                    {"valid_until", read.role.valid_until}});
  return seen;
}

PostgresConnector::Seen PostgresConnector::see_session(const ItemAddress& item) {
  const std::optional<SessionKey> key = session_of(item.native_id);
  if (!key) {
    return {ReadState::Broken, {}, "`" + item.native_id + "` names no session"};
  }
  const Answer answer =
      client_.read("SELECT " + std::string(kSessionColumns) +
                       " FROM pg_stat_activity WHERE usename = $1 AND pid = $2::int",
                   {key->role, key->pid});
  Seen seen{state_of(answer), {}, answer.why};
  seen.observation.presence = Presence::Absent;
  for (const Row& row : answer.rows) {
    // A process number is used again; the start is not.
    if (row[2] == key->start || row[2] == "hidden" || key->start == "hidden") {
      seen.observation.presence = Presence::Present;
      seen.observation.state =
          dump({{"role", key->role}, {"pid", key->pid}, {"start", key->start}});
    }
  }
  return seen;
}

PostgresConnector::Seen PostgresConnector::see_membership(const ItemAddress& item) {
  const std::vector<std::string> parts = split_native_id(item.native_id);
  if (parts.size() != 2) {
    return {ReadState::Broken, {}, "`" + item.native_id + "` names no two roles"};
  }
  const MembershipRead read = read_membership(client_, parts[0], parts[1]);
  Seen seen{read.state, {}, read.why};
  seen.observation.presence = read.member ? Presence::Present : Presence::Absent;
  seen.observation.state = dump({{"member", read.member}, {"admin", read.admin}});
  return seen;
}

PostgresConnector::Seen PostgresConnector::see_objects(const ItemAddress& item) {
  const std::vector<std::string> parts = split_native_id(item.native_id);
  if (parts.size() != 2) {
    return {ReadState::Broken, {}, "`" + item.native_id + "` names no role and database"};
  }
  const DependenceRead read = read_dependences(client_, parts[0]);
  Seen seen{read.state, {}, read.why};
  std::int64_t count = 0;
  for (const Dependence& one : read.databases) {
    if (one.database == parts[1]) {
      count = item.kind == Kind::Data ? one.owned : one.granted;
    }
  }
  Observation& out = seen.observation;
  out.presence = count > 0 ? Presence::Present : Presence::Absent;
  out.facts["objects"] = std::to_string(count);
  if (seen.state != ReadState::Found || item.kind == Kind::Data || count == 0) {
    return seen;
  }
  std::vector<Grant> grants;
  seen.state = read_grants(parts[0], parts[1], grants, seen.why);
  out.state = grants_state(grants);
  return seen;
}

PostgresConnector::Seen PostgresConnector::see(const ItemAddress& item) {
  if (item.native_id.find('\0') != std::string::npos || first_invalid_utf8(item.native_id)) {
    return {ReadState::Broken, {}, "the native id is no text"};
  }
  if (item.kind == Kind::Account || item.kind == Kind::Password) {
    return see_role(item);
  }
  if (item.kind == Kind::Session) {
    return see_session(item);
  }
  if (item.kind == Kind::Role) {
    return see_membership(item);
  }
  if (item.kind == Kind::Permission || item.kind == Kind::Data) {
    return see_objects(item);
  }
  return {ReadState::Broken,
          {},
          "this connector has no " + std::string(kind_name(item.kind)) + " items"};
}

Result<Observation> PostgresConnector::observe(const ItemAddress& given) {
  const ItemAddress item = addressed(given);
  Seen seen = see(item);
  if (seen.state == ReadState::Refused || seen.state == ReadState::Unreachable) {
    return tl::unexpected(error_of(seen.state, seen.why).add_context("reading " + item.item));
  }
  if (seen.state == ReadState::Missing) {
    seen.observation.presence = Presence::Absent;
  } else if (seen.state == ReadState::Broken) {
    seen.observation = {};
    seen.observation.detail = seen.why;
  }
  return seen.observation;
}

bool PostgresConnector::goal_holds(Task task, const Observation& seen, bool undoing) {
  if (task == Task::Login || task == Task::Expiry) {
    return seen.presence == Presence::Present && seen.enabled == undoing;
  }
  return (seen.presence == Presence::Present) == undoing;
}

ProbeResult PostgresConnector::probe(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  const Task task = task_of(request.verb, request.item.kind);
  if (task == Task::None) {
    return {ProbeAnswer::Unknown, "nothing that this connector does", std::nullopt};
  }
  const Result<Observation> seen = observe(request.item);
  if (!seen) {
    return {ProbeAnswer::Unknown, seen.error().to_string(), std::nullopt};
  }
  if (seen->presence == Presence::Unknown) {
    return {ProbeAnswer::Unknown, seen->detail, std::nullopt};
  }
  if (seen->presence == Presence::Absent) {
    return {ProbeAnswer::Done, "it is gone", std::nullopt};
  }
  if (task == Task::Password) {
    return probe_password(request, *seen);
  }
  return {goal_holds(task, *seen, false) ? ProbeAnswer::Done : ProbeAnswer::NotDone, "",
          std::nullopt};
}

ProbeResult PostgresConnector::probe_password(const ActionRequest& request,
                                              const Observation& seen) const {
  const auto login = seen.facts.find("login");
  const bool closed = login != seen.facts.end() && login->second == "false";
  return password_proof_.find(request.marker, closed ? "the role cannot log in" : "")
      .value_or(ProbeResult{ProbeAnswer::Unknown,
                            "PostgreSQL shows nobody whether a password was changed",
                            std::nullopt});
}

std::vector<std::string> PostgresConnector::preview(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  if (request.verb == Verb::Replace && request.item.kind == Kind::Password) {
    return {"CREATE ROLE " + quote_identifier(request.item.native_id + "_r…") +
            " LOGIN PASSWORD (random, told to nobody), with the memberships and settings of " +
            quote_identifier(request.item.native_id)};
  }
  const std::vector<std::string> parts = split_native_id(request.item.native_id);
  const std::string role =
      quote_identifier(request.item.kind == Kind::Account || request.item.kind == Kind::Password
                           ? request.item.native_id
                           : parts[0]);
  const std::string second = parts.size() > 1 ? parts[1] : std::string();
  const std::string to =
      receiver(request).empty() ? "(nobody is named)" : quote_identifier(receiver(request));
  switch (task_of(request.verb, request.item.kind)) {
  case Task::Login:
    return {"ALTER ROLE " + role + " NOLOGIN"};
  case Task::EndSession:
    return {"SELECT pg_terminate_backend(" + second + ")"};
  case Task::Membership:
    return {"REVOKE " + role + " FROM " + quote_identifier(second)};
  case Task::Permission:
    return {"in database " + database_of(second) + ": REVOKE ALL ON each object FROM " + role};
  case Task::Transfer:
    return {"in database " + database_of(second) + ": REASSIGN OWNED BY " + role + " TO " + to};
  case Task::Password:
    return {"ALTER ROLE " + role + " PASSWORD (random, told to nobody)"};
  case Task::Expiry:
    return {"ALTER ROLE " + role + " VALID UNTIL '1970-01-01'"};
  case Task::Drop:
    return {"in each database with its objects: REASSIGN OWNED BY " + role + " TO " + to +
                "; DROP OWNED BY " + role,
            "DROP ROLE " + role};
  case Task::None:
    break;
  }
  return {std::string(verb_name(request.verb)) + " " + std::string(kind_name(request.item.kind)) +
          " is nothing that this connector does"};
}

}  // namespace postgres
}  // namespace rescind
