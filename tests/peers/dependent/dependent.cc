// A service that depends on a PostgreSQL login: it queries in a loop, looks at its credential file
// before every query and connects anew when the credential there is another one. It counts every
// query that failed, a connection that is refused included.
//
//   dependent HOST PORT DATABASE CREDENTIAL_FILE STATUS_FILE
//
// The credential file has lines PGUSER=… and PGPASSWORD=…; the status file gets one line after each
// query: "ok N failed M as ROLE". Ends on SIGTERM.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <libpq-fe.h>
#include <time.h>

namespace {

volatile std::sig_atomic_t ended = 0;

void end(int) {
  ended = 1;
}

struct Credential {
  std::string user, password;
  friend bool operator==(const Credential&, const Credential&) = default;
};

Credential read_credential(const std::string& path) {
  Credential out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    const std::string name = line.substr(0, equals);
    if (equals != std::string::npos && name == "PGUSER") {
      out.user = line.substr(equals + 1);
    } else if (equals != std::string::npos && name == "PGPASSWORD") {
      out.password = line.substr(equals + 1);
    }
  }
  return out;
}

struct Close {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

using Connection = std::unique_ptr<PGconn, Close>;

Connection connect(char** arguments, const Credential& credential) {
  const char* keys[] = {"host", "port", "dbname", "user", "password", "application_name", nullptr};
  const char* values[] = {arguments[1],
                          arguments[2],
                          arguments[3],
                          credential.user.c_str(),
                          credential.password.c_str(),
                          "billing",
                          nullptr};
  return Connection(PQconnectdbParams(keys, values, 0));
}

bool query(PGconn* connection) {
  PGresult* result = PQexec(connection, "INSERT INTO invoices SELECT count(*) FROM customers");
  const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  if (!ok) {
    std::fprintf(stderr, "query failed: %s", PQerrorMessage(connection));
  }
  PQclear(result);
  return ok;
}

void write_status(const std::string& path, long ok, long failed, const std::string& user) {
  const std::string draft = path + ".new";
  std::ofstream(draft) << "ok " << ok << " failed " << failed << " as " << user << "\n";
  std::rename(draft.c_str(), path.c_str());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "dependent HOST PORT DATABASE CREDENTIAL_FILE STATUS_FILE\n");
    return 64;
  }

  struct sigaction action {};

  action.sa_handler = end;
  sigaction(SIGTERM, &action, nullptr);
  Credential credential;
  Connection connection;
  long ok = 0;
  long failed = 0;
  while (ended == 0) {
    const Credential now = read_credential(arguments[4]);
    if (connection == nullptr || !(now == credential)) {
      credential = now;
      connection = connect(arguments, credential);
    }
    if (query(connection.get())) {
      ++ok;
    } else {
      ++failed;
      connection.reset();
    }
    write_status(arguments[5], ok, failed, credential.user);
    const timespec pause{0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  return failed == 0 ? 0 : 1;
}
