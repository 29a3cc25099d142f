// The LDAP peer as the tests see it from outside: through the directory's own tools.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "peer.h"

namespace rescind::test {

class LdapServer {
 public:
  explicit LdapServer(const std::string& seed, std::vector<std::string> options = {})
      : peer_("slapd", seed, std::move(options)) {}

  [[nodiscard]] std::string base() const { return peer_["BASE"]; }

  [[nodiscard]] std::string person(const std::string& uid) const;
  [[nodiscard]] std::string group(const std::string& cn) const;
  // Exit status of a bind: 0 yes, 49 refused.
  int bind(const std::string& dn, const std::string& password);
  // The values of one attribute as the administrator sees them.
  std::vector<std::string> values(const std::string& dn, const std::string& attribute);
  bool exists(const std::string& dn);
  // Everything about an entry, to see that it is untouched.
  std::string entry(const std::string& dn);
  void modify(const std::string& ldif);
  void add(const std::string& ldif);
  void erase(const std::string& dn);
  std::string uuid(const std::string& dn);

  [[nodiscard]] ConnectorConfig config() const;
  std::unique_ptr<Connector> connect(Settings more = {});

  [[nodiscard]] const Peer& peer() const { return peer_; }

  ItemAddress account(const std::string& uid);
  ItemAddress password(const std::string& uid);
  ItemAddress membership(const std::string& cn, const std::string& uid);

 private:
  CommandResult tool(const std::string& program, std::vector<std::string> arguments,
                     const std::string& input = {});

  Peer peer_;
  SystemClock clock_;
};

// LDIF of a person whose password is UID-secret.
std::string ldif_person(const std::string& uid, const std::string& more = {});

}  // namespace rescind::test
