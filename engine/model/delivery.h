// Where a dependent reads its credential: what the configuration says under `deliveries`, and what
// the execution of a replacement writes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/source.h"

namespace rescind {

enum class DeliveryKind : std::uint8_t {
  File,   // a file on this machine
  Ldap,   // an attribute of an entry
  Vault,  // a secret that a vault keeps in versions
};

// How a file holds the credential.
enum class DeliveryFormat : std::uint8_t {
  Value,   // the secret alone
  Pgpass,  // PostgreSQL's password file: HOST:PORT:DATABASE:USER:PASSWORD
  Env,     // NAME=value lines
  Json,    // one object
};

// What counts as the proof that the dependent has taken the successor up.
enum class DeliveryProof : std::uint8_t {
  Use,      // a system saw the dependent use or read it
  Command,  // the program of `confirm` says so (exit code 0)
  Written,  // that it stands where the dependent reads it
};

struct DeliveryTarget {
  DeliveryKind kind = DeliveryKind::File;
  std::string system;     // Ldap, Vault: the system whose connector writes it
  std::string path;       // File: the path; Ldap: the entry; Vault: the secret's item or path
  std::string attribute;  // Ldap
  DeliveryFormat format = DeliveryFormat::Value;
  std::string user_key = "USER";  // Env, Json: the name under which the login name stands
  std::string value_key = "PASSWORD";
  std::optional<unsigned> mode;  // File: permissions of a new file; nothing: 0600
  DeliveryProof proof = DeliveryProof::Use;
  std::vector<std::string> confirm;  // Command: program and arguments; one element: a shell line
  std::vector<std::string> reload;   // run after each write; the same form; empty: nothing
  std::string used_as;  // by what name systems show the dependent (application name, address); "":
                        // its id
};

// One entry of `deliveries`.
struct DeliveryRoute {
  std::string dependent;  // identity id; "" whoever depends on `item`
  std::string item;       // item id; "" every item of that dependent
  DeliveryTarget target;
  Span span;  // of the dependent's name in the configuration
};

}  // namespace rescind
