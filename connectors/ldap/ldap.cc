// The LDAP connector: settings, capabilities, reading single items, previews.
#include "connectors/ldap/ldap.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connectors/ldap/connector.h"
#include "connectors/ldap/names.h"
#include "connectors/support/native_id.h"

namespace rescind {
namespace {

constexpr std::array kSettings = {
    SettingSpec{"url", SettingType::Text, true, "", "",
                "ldaps://directory.example.org or ldap://directory.example.org"},
    SettingSpec{"base_dn", SettingType::Text, true, "", "",
                "where to search, such as dc=example,dc=org"},
    SettingSpec{"bind_dn", SettingType::Text, false, "", "", "the name to bind as"},
    SettingSpec{"password", SettingType::Secret, false, "", "", "its password"},
    SettingSpec{"start_tls", SettingType::Flag, false, "false", "",
                "encrypt an ldap:// connection before the bind"},
    SettingSpec{"ca_file", SettingType::Text, false, "", "",
                "certificates (PEM) to trust instead of the system's"},
    SettingSpec{"dialect", SettingType::Choice, false, "auto", "auto openldap ad 389 generic",
                "the kind of directory"},
    SettingSpec{"account_base", SettingType::Text, false, "", "",
                "where accounts are; default: base_dn"},
    SettingSpec{"group_base", SettingType::Text, false, "", "",
                "where groups are; default: base_dn"},
    SettingSpec{"account_filter", SettingType::Text, false, "", "", "which entries are accounts"},
    SettingSpec{"group_filter", SettingType::Text, false,
                "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
                "(objectClass=posixGroup)(objectClass=group))",
                "", "which entries are groups"},
    SettingSpec{"id_attribute", SettingType::Text, false, "", "",
                "the attribute that never changes; default: the directory's own"},
    SettingSpec{"placeholder_member", SettingType::Text, false, "", "",
                "a name that takes the place of a group's last member"},
    SettingSpec{"lockout_policy", SettingType::Choice, false, "check", "check trusted",
                "whether a visible password policy must make locks count (openldap)"},
    SettingSpec{"list_passwords", SettingType::Flag, false, "true", "",
                "list the password of each enabled account as an item"},
    SettingSpec{"ticket_life", SettingType::Duration, false, "10h", "",
                "how long Kerberos tickets outlive a disable (ad)"},
    SettingSpec{"binds_since", SettingType::Text, false, "", "",
                "the instant since when the last bind of every account is noted"},
    SettingSpec{"connect_timeout", SettingType::Duration, false, "10s", "", "time to connect"},
    SettingSpec{"timeout", SettingType::Duration, false, "30s", "", "time for an answer"},
    SettingSpec{"page_size", SettingType::Count, false, "500", "", "entries asked for per page"},
    SettingSpec{"allow_plaintext", SettingType::Flag, false, "false", "",
                "allow ldap:// without TLS to other machines than this one"},
};

void check_url(const SettingReader& read, std::vector<SettingProblem>& problems) {
  const std::string url = read.text("url");
  const std::optional<ParsedUrl> parsed = parse_url(url);
  if (!parsed || (parsed->scheme != "ldap" && parsed->scheme != "ldaps") || !parsed->path.empty()) {
    problems.push_back({SettingFault::BadValue, "url",
                        "setting `url`: `" + url + "` is no ldap:// or ldaps:// address",
                        std::string(kSettings[0].help)});
    return;
  }
  if (parsed->scheme == "ldap" && !read.flag("start_tls") && !is_loopback_host(parsed->host) &&
      !read.flag("allow_plaintext")) {
    problems.push_back({SettingFault::Plaintext, "url",
                        "setting `url`: `" + url + "` would send the credential unencrypted",
                        "use ldaps:// or start_tls: true, or set allow_plaintext: true"});
  }
  if (parsed->scheme == "ldaps" && read.flag("start_tls")) {
    problems.push_back({SettingFault::BadValue, "start_tls",
                        "setting `start_tls` does not go with an ldaps:// address",
                        "ldaps:// is encrypted already"});
  }
}

}  // namespace

std::span<const SettingSpec> ldap_settings() {
  return kSettings;
}

std::vector<SettingProblem> check_ldap_settings(const Settings& settings) {
  std::vector<SettingProblem> problems = check_settings(kSettings, settings);
  const SettingReader read(kSettings, settings);
  if (read.given("url")) {
    check_url(read, problems);
  }
  for (const char* name :
       {"base_dn", "bind_dn", "account_base", "group_base", "placeholder_member"}) {
    const std::string value = read.text(name);
    // Active Directory also binds by user@domain.
    const bool principal =
        std::string_view(name) == "bind_dn" && value.find('@') != std::string::npos;
    if (!value.empty() && !principal && !ldap::is_dn(value)) {
      problems.push_back(
          {SettingFault::BadValue, name,
           std::string("setting `") + name + "`: `" + value + "` is no distinguished name",
           "such as ou=people,dc=example,dc=org"});
    }
  }
  if (read.given("binds_since") && !parse_instant(read.text("binds_since"))) {
    problems.push_back({SettingFault::BadValue, "binds_since",
                        "setting `binds_since`: `" + read.text("binds_since") + "` is no instant",
                        "such as 2026-01-05T00:00:00Z"});
  }
  // WHY: a bind with a name and an empty password succeeds everywhere, as nobody.
  if (read.given("bind_dn") && !read.given("password")) {
    problems.push_back({SettingFault::Missing, "password",
                        "setting `password` is missing, and a bind without one is anonymous", ""});
  }
  return problems;
}

Result<std::unique_ptr<Connector>> make_ldap_connector(const ConnectorConfig& config,
                                                       Clock& clock) {
  RESCIND_RETURN_IF_ERROR(settings_status(check_ldap_settings(config.settings)));
  const SettingReader read(kSettings, config.settings);
  ldap::ClientSettings client;
  client.url = read.text("url");
  client.bind_dn = read.text("bind_dn");
  client.password = client.bind_dn.empty() ? "" : read.text("password");
  client.start_tls = read.flag("start_tls");
  client.ca_file = read.text("ca_file");
  client.connect_timeout = read.duration("connect_timeout");
  client.timeout = read.duration("timeout");
  client.page_size = read.count("page_size");
  ldap::DirectoryOptions directory;
  directory.base = read.text("base_dn");
  directory.account_base = read.text("account_base");
  directory.group_base = read.text("group_base");
  directory.account_filter = read.text("account_filter");
  directory.group_filter = read.text("group_filter");
  directory.id_attribute = read.text("id_attribute");
  directory.dialect = read.text("dialect");
  ldap::LdapOptions options;
  options.system = config.system;
  options.holder_attribute = config.holder_account_attribute;
  options.placeholder_member = read.text("placeholder_member");
  options.trust_lockout = read.text("lockout_policy") == "trusted";
  options.list_passwords = read.flag("list_passwords");
  options.ticket_life = read.duration("ticket_life");
  options.binds_since = parse_instant(read.text("binds_since"));
  return std::make_unique<ldap::LdapConnector>(std::move(options), std::move(directory),
                                               std::move(client), clock);
}

namespace ldap {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kVersion = "2";

Error error_of(ReadState state, const std::string& why) {
  if (state == ReadState::Refused) {
    return {ErrorKind::Auth, why};
  }
  if (state == ReadState::Unreachable) {
    return {ErrorKind::Network, why, RetryAdvice::Safe};
  }
  return {ErrorKind::Protocol, why, RetryAdvice::Safe};
}

bool looks_secret(const std::string& attribute) {
  for (const char* word : {"password", "pwd", "secret", "hash", "krbprincipalkey", "privatekey",
                           "pkcs12", "credential", "passphrase", "ipatoken", "oath"}) {
    if (attribute.find(word) != std::string::npos) {
      return attribute != "pwdaccountlockedtime" && attribute != "pwdchangedtime" &&
             attribute != "pwdlastset";
    }
  }
  return false;
}

}  // namespace

bool can_authenticate(const std::string& attribute) {
  constexpr std::array<const char*, 14> kWords{"passwd",
                                               "publickey",
                                               "sshpubkey",
                                               "authorizedkey",
                                               "certificate",
                                               "krb",
                                               "altsecurityidentities",
                                               "pgpkey",
                                               "yubikey",
                                               "passkey",
                                               "fido",
                                               "u2f",
                                               "totp",
                                               "keycredential"};
  return attribute.starts_with("pwd") || looks_secret(attribute) ||
         std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return attribute.find(word) != std::string::npos; });
}

const std::vector<std::string>& member_attributes() {
  static const std::vector<std::string> names = {"member", "uniqueMember", "memberUid"};
  return names;
}

std::string membership_state(const Membership& membership) {
  Json state = Json::object();
  state["group"] = membership.group.dn;
  state["members"] = Json::array();
  for (const MemberValue& member : membership.values) {
    state["members"].push_back({{"attribute", member.attribute}, {"value", member.value}});
  }
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<MemberValue> captured_members(const std::string& text) {
  std::vector<MemberValue> members;
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object() || !state.contains("members") || !state["members"].is_array()) {
    return members;
  }
  const std::vector<std::string>& names = member_attributes();
  for (const Json& one : state["members"]) {
    if (!one.is_object() || !one.contains("attribute") || !one["attribute"].is_string() ||
        !one.contains("value") || !one["value"].is_string()) {
      continue;
    }
    std::string attribute = one["attribute"].get<std::string>();
    if (std::find(names.begin(), names.end(), attribute) != names.end()) {
      members.push_back({std::move(attribute), one["value"].get<std::string>()});
    }
  }
  return members;
}

std::string entry_state(const Entry& entry) {
  Json state = Json::object();
  state["dn"] = entry.dn;
  for (const auto& [name, values] : entry.values) {
    const bool text = std::all_of(values.begin(), values.end(), [](const std::string& value) {
      return !first_invalid_utf8(value).has_value();
    });
    if (text && !looks_secret(name)) {
      state["attributes"][name] = values;
    }
  }
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

LdapConnector::LdapConnector(LdapOptions options, DirectoryOptions directory, ClientSettings client,
                             Clock& clock)
    : options_(std::move(options)),
      directory_(std::move(directory), std::move(client)),
      clock_(clock) {}

LdapConnector::Task LdapConnector::task_of(const ActionRequest& request) {
  const Kind kind = request.item.kind;
  if (kind == Kind::Account && request.verb == Verb::Disable) {
    return Task::Lock;
  }
  // A service account whose successor is in place goes with its password.
  if ((kind == Kind::Account || kind == Kind::Password) && request.verb == Verb::Delete) {
    return Task::Erase;
  }
  if (kind == Kind::Group && request.verb == Verb::Remove) {
    return Task::RemoveMember;
  }
  if (kind == Kind::Password && (request.verb == Verb::Rotate || request.verb == Verb::Disable)) {
    return Task::SetPassword;
  }
  return Task::None;
}

Result<Capabilities> LdapConnector::capabilities() {
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return tl::unexpected(error_of(state_of(opened), opened.why)
                              .add_context("asking " + options_.system + " what it can do"));
  }
  Capabilities out;
  out.connector = "ldap";
  out.version = std::string(kVersion) + " " + std::string(dialect_name(directory_.dialect()));
  out.endpoint = directory_.client().settings().url + "/" + directory_.options().base;
  const bool lockable = !traits().lock_attribute.empty() && why_lock_is_void(nullptr).empty();
  if (lockable) {
    out.verbs.push_back({Verb::Disable, Kind::Account, {}, Reversible::Yes, std::nullopt});
  }
  out.verbs.push_back({Verb::Delete, Kind::Account, {}, Reversible::Never, std::nullopt});
  out.verbs.push_back({Verb::Remove, Kind::Group, {}, Reversible::Yes, std::nullopt});
  for (const Verb verb : {Verb::Rotate, Verb::Disable}) {
    out.verbs.push_back({verb, Kind::Password, {}, Reversible::Never, std::nullopt});
  }
  if (directory_.dialect() != Dialect::ActiveDirectory) {
    out.verbs.push_back({Verb::Replace, Kind::Password, {}, Reversible::Yes, std::nullopt});
    out.successors = Kind::Password;
    out.evidence = {{"last bind",
                     KindSet(Kind::Account) | Kind::Password,
                     Seconds(0),
                     {"who bound", "use without a bind at this server", "refused binds"}}};
  }
  out.verbs.push_back({Verb::Delete, Kind::Password, {}, Reversible::Never, std::nullopt});
  out.receives = {DeliveryKind::Ldap};
  out.enumerable = KindSet(Kind::Account) | Kind::Group;
  if (options_.list_passwords) {
    out.enumerable = out.enumerable | Kind::Password;
  }
  return out;
}

Result<Discovery> LdapConnector::discover_account(const ItemAddress&) {
  return Discovery{};  // a directory keeps no list of who is signed in
}

ReadAnswer LdapConnector::read_account(const std::string& native_id) {
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return {state_of(opened) == ReadState::Found ? ReadState::Broken : state_of(opened),
            {},
            opened.why};
  }
  std::vector<std::string> attributes = {"*", "pwdPolicySubentry",
                                         std::string(traits().password_changed_attribute)};
  if (!traits().lock_attribute.empty()) {
    attributes.emplace_back(traits().lock_attribute);
  }
  return directory_.read(native_id, attributes);
}

ReadAnswer LdapConnector::read_membership(const std::string& native_id, Membership& found) {
  const std::vector<std::string> parts = split_native_id(native_id);
  if (parts.size() != 2) {
    return {ReadState::Broken, {}, "`" + native_id + "` names no group and account"};
  }
  ReadAnswer group = directory_.read(parts[0], member_attributes());
  if (group.state != ReadState::Found) {
    return group;
  }
  ReadAnswer user = directory_.read(parts[1], {"uid"});
  if (user.state != ReadState::Found) {
    return user;
  }
  found.group = std::move(group.entry);
  found.user = std::move(user.entry);
  const std::string name = comparable_dn(found.user.dn);
  for (const std::string& attribute : member_attributes()) {
    const bool by_uid = attribute == "memberUid";
    for (const std::string& value : found.group.all(attribute)) {
      const std::vector<std::string>& uids = found.user.all("uid");
      const bool match = by_uid ? std::find(uids.begin(), uids.end(), value) != uids.end()
                                : comparable_dn(without_unique_bits(value)) == name;
      if (match) {
        found.values.push_back({attribute, value});
      }
    }
  }
  return {ReadState::Found, {}, ""};
}

Result<Observation> LdapConnector::observe(const ItemAddress& given) {
  const ItemAddress item = addressed(given);
  Observation seen;
  Membership membership;
  const bool group = item.kind == Kind::Group;
  const ReadAnswer read =
      group ? read_membership(item.native_id, membership) : read_account(item.native_id);
  switch (read.state) {
  case ReadState::Refused:
  case ReadState::Unreachable:
    return tl::unexpected(error_of(read.state, read.why).add_context("reading " + item.item));
  case ReadState::Broken:
    seen.detail = read.why;
    return seen;
  case ReadState::Missing:
    seen.presence = Presence::Absent;
    return seen;
  case ReadState::Found:
    break;
  }
  if (group) {
    seen.presence = membership.values.empty() ? Presence::Absent : Presence::Present;
    seen.state = membership_state(membership);
    return seen;
  }
  seen.presence = Presence::Present;
  seen.facts["dn"] = read.entry.dn;
  seen.state = entry_state(read.entry);
  const std::optional<bool> enabled =
      reads_enabled(directory_.dialect(), read.entry.all(traits().lock_attribute));
  if (item.kind == Kind::Password) {
    seen.facts["changed"] = read.entry.first(traits().password_changed_attribute);
    seen.facts["locked"] = enabled == false ? "true" : "false";
  } else {
    seen.enabled = enabled;
  }
  return seen;
}

ProbeResult LdapConnector::probe(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  const Task task = task_of(request);
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
  if (task == Task::Lock && !seen->enabled) {
    return {ProbeAnswer::Unknown, "the directory does not show whether it is enabled",
            std::nullopt};
  }
  if (task != Task::SetPassword) {
    const bool locked = task == Task::Lock && seen->enabled == false;
    return {locked ? ProbeAnswer::Done : ProbeAnswer::NotDone, "", std::nullopt};
  }
  return probe_password(request, *seen);
}

ProbeResult LdapConnector::probe_password(const ActionRequest& request,
                                          const Observation& seen) const {
  const auto locked = seen.facts.find("locked");
  const bool closed = locked != seen.facts.end() && locked->second == "true";
  if (const auto proof =
          password_proof_.find(request.marker, closed ? "the account is locked" : "")) {
    return *proof;
  }
  const Json before = Json::parse(request.captured, nullptr, false);
  const Json now = Json::parse(seen.state, nullptr, false);
  const std::string attribute = lower(traits().password_changed_attribute);
  const Json::json_pointer path("/attributes/" + attribute);
  if (before.is_discarded() || !before.contains(path) || !now.contains(path)) {
    return {ProbeAnswer::Unknown, "the directory does not show when the password was changed",
            std::nullopt};
  }
  return {before[path] == now[path] ? ProbeAnswer::NotDone : ProbeAnswer::Done, "", std::nullopt};
}

std::vector<std::string> LdapConnector::preview(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  const std::string& id = request.item.native_id;
  const std::vector<std::string> parts = split_native_id(id);
  const std::string_view attribute = traits().lock_attribute;
  if (request.verb == Verb::Replace && request.item.kind == Kind::Password) {
    return {"add a copy of " + id +
                " with a random password that nobody is told, without keys, certificates and "
                "whatever else can authenticate",
            "modify each of its groups: add the copy"};
  }
  switch (task_of(request)) {
  case Task::Lock:
    if (attribute.empty()) {
      return {"modify " + id + ": disable in the way of this directory",
              "search " + id + " (read back)"};
    }
    return {"modify " + id + ": " + std::string(attribute) +
                (directory_.dialect() == Dialect::ActiveDirectory ? " with bit 2 set"
                 : directory_.dialect() == Dialect::Ds389         ? ": TRUE"
                                                                  : ": 000001010000Z"),
            "search " + id + " (read back)"};
  case Task::Erase:
    return {"delete " + id, "search " + id + " (read back)"};
  case Task::RemoveMember:
    return {"modify " + parts[0] + ": delete the member " + (parts.size() > 1 ? parts[1] : "?"),
            "search " + parts[0] + " (read back)"};
  case Task::SetPassword:
    return {"modify " + id + ": set a random password that nobody is told"};
  case Task::None:
    break;
  }
  return {std::string(verb_name(request.verb)) + " " + std::string(kind_name(request.item.kind)) +
          " is nothing that this connector does"};
}

}  // namespace ldap
}  // namespace rescind
