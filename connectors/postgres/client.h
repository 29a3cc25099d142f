// SQL over libpq: statements with time-outs whose answers tell apart "never sent", "may have been
// done" and "answered". libpq stays inside client.cc.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace rescind::postgres {

struct ClientSettings {
  std::string host;      // name, address or folder of a socket
  std::string port;      // "" the usual one
  std::string database;  // where catalogs are read
  std::string user;
  std::string password;  // secret
  std::string sslmode;
  std::string ca_file;  // "" the system's own
  Seconds connect_timeout{10};
  Seconds timeout{30};  // for one statement
};

enum class Delivery : std::uint8_t { NotSent, MaybeSent, Answered };

using Row = std::vector<std::optional<std::string>>;

struct Answer {
  Delivery delivery = Delivery::NotSent;
  bool refused = false;  // our credential was not accepted
  std::string sqlstate;  // of an error that the server answered
  std::string why;       // one line for people; "" when all went well
  std::string detail;    // the server's DETAIL, such as what depends on a role
  std::vector<Row> rows;

  [[nodiscard]] bool ok() const { return delivery == Delivery::Answered && sqlstate.empty(); }
};

class Client {
 public:
  explicit Client(ClientSettings settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Reads, in the database of the settings; a connection that had gone stale is opened again once.
  Answer read(const std::string& sql, const std::vector<std::string>& parameters = {});
  Answer read_in(const std::string& database, const std::string& sql,
                 const std::vector<std::string>& parameters = {});
  // One statement that changes something.
  Answer write(const std::string& sql);
  // All or nothing. A connection that breaks before the commit was sent changed nothing.
  Answer transaction(const std::string& database, const std::vector<std::string>& statements);
  // What the server stores for a password, so that the password itself is never sent or logged.
  Result<std::string> password_verifier(const std::string& role, const std::string& password);

  [[nodiscard]] const ClientSettings& settings() const { return settings_; }

 private:
  struct Connection;
  // Connections to other databases than the one of the settings are not kept.
  void let_go(const std::string& database);
  // The open connection to a database, or null with `why`.
  Connection* connect(const std::string& database, Answer& why);
  Answer run(const std::string& database, const std::string& sql,
             const std::vector<std::string>& parameters);

  ClientSettings settings_;
  std::map<std::string, std::unique_ptr<Connection>> connections_;  // by database
};

// SQL text that stands for exactly this name or value (UTF-8, no zero bytes).
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view value);

}  // namespace rescind::postgres
