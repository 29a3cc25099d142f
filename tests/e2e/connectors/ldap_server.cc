// Talks to slapd with ldap-utils, not through the connector under test.
#include "ldap_server.h"

#include <sstream>

#include <doctest/doctest.h>

#include "connectors/ldap/ldap.h"

namespace rescind::test {

std::string ldif_person(const std::string& uid, const std::string& more) {
  return "dn: uid=" + uid +
         ",ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: " + uid + "\ncn: " + uid +
         "\nsn: " + uid + "\nuserPassword: " + uid + "-secret\n" + more + "\n";
}

std::string LdapServer::person(const std::string& uid) const {
  return "uid=" + uid + ",ou=people," + base();
}

std::string LdapServer::group(const std::string& cn) const {
  return "cn=" + cn + ",ou=groups," + base();
}

CommandResult LdapServer::tool(const std::string& program, std::vector<std::string> arguments,
                               const std::string& input) {
  std::vector<std::string> command = {
      program, "-x", "-H", peer_["URL"], "-D", peer_["BIND_DN"], "-w", peer_["PASSWORD"]};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(command, {}, input);
}

int LdapServer::bind(const std::string& dn, const std::string& password) {
  return run_command({"ldapwhoami", "-x", "-H", peer_["URL"], "-D", dn, "-w", password}).status;
}

std::vector<std::string> LdapServer::values(const std::string& dn, const std::string& attribute) {
  const CommandResult found =
      tool("ldapsearch", {"-LLL", "-o", "ldif-wrap=no", "-b", dn, "-s", "base", attribute});
  std::vector<std::string> values;
  std::istringstream lines(found.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(attribute + ": ")) {
      values.push_back(line.substr(attribute.size() + 2));
    }
  }
  return values;
}

bool LdapServer::exists(const std::string& dn) {
  return tool("ldapsearch", {"-LLL", "-b", dn, "-s", "base", "1.1"}).status == 0;
}

std::string LdapServer::entry(const std::string& dn) {
  return tool("ldapsearch", {"-LLL", "-o", "ldif-wrap=no", "-b", dn, "-s", "base", "*", "+"})
      .output;
}

void LdapServer::modify(const std::string& ldif) {
  const CommandResult done = tool("ldapmodify", {}, ldif);
  REQUIRE_MESSAGE(done.status == 0, done.output);
}

void LdapServer::add(const std::string& ldif) {
  const CommandResult done = tool("ldapadd", {}, ldif);
  REQUIRE_MESSAGE(done.status == 0, done.output);
}

void LdapServer::erase(const std::string& dn) {
  const CommandResult done = tool("ldapdelete", {dn});
  REQUIRE_MESSAGE(done.status == 0, done.output);
}

std::string LdapServer::uuid(const std::string& dn) {
  const std::vector<std::string> found = values(dn, "entryUUID");
  REQUIRE(found.size() == 1);
  return found[0];
}

ConnectorConfig LdapServer::config() const {
  ConnectorConfig config;
  config.system = "corp";
  config.connector = "ldap";
  config.settings = {{"url", peer_["URL"]},
                     {"base_dn", peer_["BASE"]},
                     {"bind_dn", peer_["BIND_DN"]},
                     {"password", peer_["PASSWORD"]}};
  return config;
}

std::unique_ptr<Connector> LdapServer::connect(Settings more) {
  ConnectorConfig config = this->config();
  for (const auto& [name, value] : more) {
    config.settings[name] = value;
  }
  auto connector = make_ldap_connector(config, clock_);
  REQUIRE_MESSAGE(connector, connector.error().to_string());
  return std::move(*connector);
}

ItemAddress LdapServer::account(const std::string& uid) {
  ItemAddress item;
  item.kind = Kind::Account;
  item.system = "corp";
  item.native_id = uuid(person(uid));
  item.item = "corp:" + item.native_id;
  return item;
}

ItemAddress LdapServer::password(const std::string& uid) {
  ItemAddress item = account(uid);
  item.kind = Kind::Password;
  return item;
}

ItemAddress LdapServer::membership(const std::string& cn, const std::string& uid) {
  ItemAddress item = account(uid);
  item.account_native_id = item.native_id;
  item.kind = Kind::Group;
  item.native_id = uuid(group(cn)) + "/" + item.account_native_id;
  return item;
}

}  // namespace rescind::test
