// The configuration of a policy repository, as read from rescind.yaml. Secrets are not in it, only
// where each is to be had.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "diagnostics/source.h"
#include "model/delivery.h"

namespace rescind {

// Where a secret is: an environment variable, a file, or the standard output of a program.
struct SecretSource {
  enum class From : std::uint8_t { Environment, File, Command };
  From from = From::Environment;
  std::string name;                  // of the variable or the file
  std::vector<std::string> command;  // program and arguments; one element: a line for the shell
  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

// A value that stands in the configuration, or the place of a secret.
struct ConfiguredValue {
  std::variant<std::string, SecretSource> value;
  Span span;  // of the value

  [[nodiscard]] bool is_secret() const { return std::holds_alternative<SecretSource>(value); }
};

struct SystemConfiguration {
  std::string id;                        // of the inventory's system
  std::string connector;                 // "ldap"
  std::string acts_as;                   // item id of the connector's own credential; "" unknown
  std::string holder_account_attribute;  // holder: { account: uid, identity: id }; "" none
  std::string holder_identity_attribute;
  std::chrono::milliseconds pause{0};  // rate: 100/1m: so long between two actions; 0 no bound
  std::uint32_t concurrency = 1;       // actions that may run there at once
  std::map<std::string, ConfiguredValue> settings;  // the connector's own; lists joined by ","
  Span span;                                        // of the system's name
  Span connector_span;                              // of the connector's name
};

struct TlsConfiguration {
  std::string certificate;  // path of the PEM chain
  std::string key;          // path of the private key
};

// The evidence log.
struct AuditConfiguration {
  std::optional<ConfiguredValue> key;  // private key in PEM; none: one is made beside the store
  std::string origin;                  // the log's name in its checkpoints; "" from its key
  Span origin_span;
  std::string witness;  // URI of who gets every checkpoint (mailto:, https:, file:); "" nobody
};

struct ServerConfiguration {
  std::string listen = "127.0.0.1:8181";
  std::optional<TlsConfiguration> tls;
  std::map<std::string, ConfiguredValue> tokens;  // by the name that the log shows; always secrets
};

// How people are reached. The secrets are always places, never values.
struct WebhookConfiguration {
  ConfiguredValue url{};                  // or where it is: in chats it is a secret
  std::optional<ConfiguredValue> secret;  // signs every request
  std::string ca;                         // PEM file of authorities beside the machine's; "" none
  Seconds timeout{10};
};

struct SmtpConfiguration {
  enum class Encryption : std::uint8_t { StartTls, Tls, None };
  std::string host;
  std::uint16_t port = 0;  // 0: the usual one of the encryption
  Encryption encryption = Encryption::StartTls;
  std::string user;  // "" no sign-in
  std::optional<ConfiguredValue> password;
  std::string from;  // address
  std::string ca;
  Seconds timeout{30};
};

struct HandoverConfiguration {
  std::optional<WebhookConfiguration> webhook;
  std::optional<SmtpConfiguration> smtp;
  std::string folder;  // of files; "" none

  [[nodiscard]] bool empty() const { return !webhook && !smtp && folder.empty(); }
};

struct Configuration {
  std::string directory;  // of the file; relative paths in it are relative to this
  std::vector<std::string> policies{"policies/"};
  std::vector<std::string> inventory{"inventory/"};  // files, folders, and the word "store"
  ConfiguredValue store{"rescind.db", {}};           // file of SQLite, or postgres://…
  std::string timezone = "UTC";
  bool timezone_given = false;
  std::string steward;  // last in every chain; "" none
  Seconds plan_expiry{std::chrono::hours(24)};
  Seconds clock_heartbeat{std::chrono::minutes(10)};
  std::vector<SystemConfiguration> systems;  // by id
  std::vector<DeliveryRoute> deliveries;     // in the order of the text
  // The key that seals what waits for its delivery; nothing: a file beside the store.
  std::optional<ConfiguredValue> seal_key;
  ServerConfiguration server;
  HandoverConfiguration handover;
  AuditConfiguration audit;
};

}  // namespace rescind
