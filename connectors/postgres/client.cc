// Statements over libpq, without blocking longer than asked.
#include "connectors/postgres/client.h"

#include <array>
#include <cstring>

#include <libpq-fe.h>
#include <poll.h>

namespace rescind::postgres {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxText = 300;
// A path that cannot exist: the password comes from the settings or not at all.
constexpr const char* kNoPasswordFile = "/dev/null/none";

struct ResultClear {
  void operator()(PGresult* result) const { PQclear(result); }
};

using OwnedResult = std::unique_ptr<PGresult, ResultClear>;

// One line without what a terminal would act on.
std::string one_line(const char* text) {
  std::string out = text == nullptr ? "" : text;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) {
      c = ' ';
    }
  }
  while (out.ends_with(' ')) {
    out.pop_back();
  }
  if (out.size() > kMaxText) {
    out.resize(kMaxText);
  }
  return out;
}

// False: time is over or the socket is broken.
bool wait_for(PGconn* connection, short events, steady_clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now());
  if (left.count() <= 0) {
    return false;
  }
  pollfd watched{PQsocket(connection), events, 0};
  return poll(&watched, 1, static_cast<int>(left.count())) > 0;
}

// libpq gives no error code for a refused connection, only what the server said.
bool says_refused(PGconn* connection, const std::string& message) {
  for (const char* text :
       {"authentication failed", "no pg_hba.conf entry", "permission denied for database",
        "is not permitted to log in", "does not exist"}) {
    if (message.find(text) != std::string::npos && message.find("FATAL") != std::string::npos) {
      return true;
    }
  }
  return PQconnectionNeedsPassword(connection) != 0;
}

void take_rows(PGresult* result, Answer& answer) {
  const int columns = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    Row values;
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        values.emplace_back(std::nullopt);
      } else {
        values.emplace_back(
            std::string(PQgetvalue(result, row, column),
                        static_cast<std::size_t>(PQgetlength(result, row, column))));
      }
    }
    answer.rows.push_back(std::move(values));
  }
}

bool is_lost(const Answer& answer) {
  return answer.delivery == Delivery::MaybeSent;
}

}  // namespace

struct Client::Connection {
  explicit Connection(PGconn* raw) : pg(raw) {}

  ~Connection() { PQfinish(pg); }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  PGconn* pg;
};

Client::Client(ClientSettings settings) : settings_(std::move(settings)) {}

Client::~Client() = default;

Client::Connection* Client::connect(const std::string& database, Answer& why) {
  if (const auto it = connections_.find(database); it != connections_.end()) {
    return it->second.get();
  }
  const std::string connect_timeout = std::to_string(settings_.connect_timeout.count());
  const std::array<const char*, 12> keys = {"host",
                                            "port",
                                            "dbname",
                                            "user",
                                            "password",
                                            "sslmode",
                                            "sslrootcert",
                                            "connect_timeout",
                                            "application_name",
                                            "client_encoding",
                                            "passfile",
                                            nullptr};
  const std::array<const char*, 12> values = {settings_.host.c_str(),
                                              settings_.port.c_str(),
                                              database.c_str(),
                                              settings_.user.c_str(),
                                              settings_.password.c_str(),
                                              settings_.sslmode.c_str(),
                                              settings_.ca_file.c_str(),
                                              connect_timeout.c_str(),
                                              "rescind",
                                              "UTF8",
                                              kNoPasswordFile,
                                              nullptr};
  auto opened = std::make_unique<Connection>(PQconnectdbParams(keys.data(), values.data(), 0));
  if (PQstatus(opened->pg) != CONNECTION_OK) {
    const std::string message = one_line(PQerrorMessage(opened->pg));
    why.delivery = Delivery::NotSent;
    why.refused = says_refused(opened->pg, message);
    why.why = "no connection to database " + database + ": " + message;
    return nullptr;
  }
  PQsetNoticeProcessor(
      opened->pg, [](void*, const char*) {}, nullptr);
  Connection* connection = opened.get();
  connections_[database] = std::move(opened);
  // WHY: objects of the database must not stand in for those of the catalog.
  const std::string milliseconds = std::to_string(settings_.timeout.count() * 1000);
  const Answer prepared = run(database,
                              "SELECT pg_catalog.set_config('search_path', 'pg_catalog', false), "
                              "pg_catalog.set_config('statement_timeout', $1, false), "
                              "pg_catalog.set_config('lock_timeout', $1, false)",
                              {milliseconds});
  if (!prepared.ok()) {
    connections_.erase(database);
    why = prepared;
    why.delivery = Delivery::NotSent;
    return nullptr;
  }
  return connection;
}

Answer Client::run(const std::string& database, const std::string& sql,
                   const std::vector<std::string>& parameters) {
  Answer answer;
  Connection* connection = connect(database, answer);
  if (connection == nullptr) {
    return answer;
  }
  PGconn* pg = connection->pg;
  const auto lost = [&](const std::string& what) {
    answer.delivery = Delivery::MaybeSent;
    answer.why = what;
    connections_.erase(database);
    return answer;
  };
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) {
    values.push_back(parameter.c_str());
  }
  if (PQsendQueryParams(pg, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) != 1) {
    return lost("the connection broke: " + one_line(PQerrorMessage(pg)));
  }
  // The server gives up by itself at the time-out; a little later so do we.
  const auto end = steady_clock::now() + settings_.timeout + Seconds(2);
  OwnedResult last;
  for (;;) {
    while (PQisBusy(pg) != 0) {
      if (!wait_for(pg, POLLIN, end)) {
        return lost("no answer in time");
      }
      if (PQconsumeInput(pg) != 1) {
        return lost("the connection broke: " + one_line(PQerrorMessage(pg)));
      }
    }
    OwnedResult next(PQgetResult(pg));
    if (next == nullptr) {
      break;
    }
    last = std::move(next);
  }
  const ExecStatusType status = last == nullptr ? PGRES_FATAL_ERROR : PQresultStatus(last.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
    answer.delivery = Delivery::Answered;
    take_rows(last.get(), answer);
    return answer;
  }
  const char* state = last == nullptr ? nullptr : PQresultErrorField(last.get(), PG_DIAG_SQLSTATE);
  // Class 57P is the server going down: whether the statement took effect before is not said.
  if (state == nullptr || PQstatus(pg) != CONNECTION_OK || std::strncmp(state, "57P", 3) == 0) {
    return lost("the connection broke: " + one_line(PQerrorMessage(pg)));
  }
  answer.delivery = Delivery::Answered;
  answer.sqlstate = state;
  answer.why =
      one_line(PQresultErrorField(last.get(), PG_DIAG_MESSAGE_PRIMARY)) + " (" + state + ")";
  answer.detail = one_line(PQresultErrorField(last.get(), PG_DIAG_MESSAGE_DETAIL));
  return answer;
}

Answer Client::read(const std::string& sql, const std::vector<std::string>& parameters) {
  return read_in(settings_.database, sql, parameters);
}

Answer Client::read_in(const std::string& database, const std::string& sql,
                       const std::vector<std::string>& parameters) {
  Answer answer = run(database, sql, parameters);
  if (is_lost(answer)) {
    answer = run(database, sql, parameters);
  }
  let_go(database);
  return answer;
}

void Client::let_go(const std::string& database) {
  if (database != settings_.database) {
    connections_.erase(database);
  }
}

Answer Client::write(const std::string& sql) {
  return run(settings_.database, sql, {});
}

Answer Client::transaction(const std::string& database,
                           const std::vector<std::string>& statements) {
  Answer answer = run(database, "BEGIN", {});
  if (!answer.ok()) {
    if (is_lost(answer)) {
      answer.delivery = Delivery::NotSent;
    }
    return answer;
  }
  for (const std::string& statement : statements) {
    answer = run(database, statement, {});
    if (is_lost(answer)) {
      answer.delivery = Delivery::NotSent;  // never committed
      return answer;
    }
    if (!answer.ok()) {
      run(database, "ROLLBACK", {});
      let_go(database);
      return answer;
    }
  }
  answer = run(database, "COMMIT", {});
  let_go(database);
  return answer;
}

Result<std::string> Client::password_verifier(const std::string& role,
                                              const std::string& password) {
  Answer why;
  Connection* connection = connect(settings_.database, why);
  if (connection == nullptr) {
    return fail(why.refused ? ErrorKind::Auth : ErrorKind::Network, why.why, RetryAdvice::Safe);
  }
  char* encrypted =
      PQencryptPasswordConn(connection->pg, password.c_str(), role.c_str(), "scram-sha-256");
  if (encrypted == nullptr) {
    return fail(ErrorKind::Protocol, one_line(PQerrorMessage(connection->pg)));
  }
  std::string verifier(encrypted);
  PQfreemem(encrypted);
  return verifier;
}

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    out += c;
    if (c == '"') {
      out += '"';
    }
  }
  return out + "\"";
}

std::string quote_literal(std::string_view value) {
  // E'' so that the meaning does not hang on standard_conforming_strings.
  std::string out = "E'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') {
      out += c;
    }
    out += c;
  }
  return out + "'";
}

}  // namespace rescind::postgres
