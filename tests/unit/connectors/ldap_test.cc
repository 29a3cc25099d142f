// The texts and dialects of LDAP that need no server.
#include "connectors/ldap/ldap.h"

#include <doctest/doctest.h>

#include "connectors/ldap/connector.h"
#include "connectors/ldap/dialect.h"
#include "connectors/ldap/names.h"

namespace rescind::ldap {
namespace {

Entry entry_of(std::map<std::string, std::vector<std::string>> values) {
  Entry entry;
  entry.values = std::move(values);
  return entry;
}

}  // namespace

TEST_CASE("ldap: filter values are escaped, bytes too") {
  CHECK(equals_filter("uid", "a*)(uid=*") == "(uid=a\\2a\\29\\28uid=\\2a)");
  CHECK(filter_escape(std::string("\0\\\xC3\xA9", 4)) == "\\00\\5c\\c3\\a9");
  CHECK(filter_escape("uid=alice,ou=people") == "uid=alice,ou=people");
}

TEST_CASE("ldap: what can authenticate is known by its attribute") {
  for (const char* name : {"userpassword",
                           "authpassword",
                           "sambantpassword",
                           "sambalmpassword",
                           "sambapasswordhistory",
                           "sshpublickey",
                           "ipasshpubkey",
                           "krbprincipalkey",
                           "krbprincipalname",
                           "krbextradata",
                           "userpkcs12",
                           "usercertificate",
                           "usercertificate;binary",
                           "usersmimecertificate",
                           "pwdhistory",
                           "unicodepwd",
                           "ipatokenotpkey",
                           "ipanthash",
                           "msds-keycredentiallink",
                           "altsecurityidentities",
                           "supplementalcredentials",
                           "oathsecretkey"}) {
    CHECK_MESSAGE(can_authenticate(name), name);
  }
  for (const char* name :
       {"uid", "cn", "sn", "objectclass", "description", "uidnumber", "loginshell", "homedirectory",
        "mail", "memberof", "displayname", "employeenumber"}) {
    CHECK_FALSE_MESSAGE(can_authenticate(name), name);
  }
}

TEST_CASE("ldap: names are compared by what they say") {
  CHECK(comparable_dn("UID=Alice, OU=People,dc=example") ==
        comparable_dn("uid=alice,ou=people,DC=Example"));
  CHECK(comparable_dn("cn=a\\2Cb,dc=x") == comparable_dn("cn=a\\,b,dc=x"));
  CHECK(comparable_dn("cn=a\\,b,dc=x") != comparable_dn("cn=a,cn=b,dc=x"));
  CHECK(comparable_dn("cn=a+sn=b,dc=x") == comparable_dn("sn=b+cn=a,dc=x"));
  CHECK(parent_dn("cn=a\\,b,dc=x") == "dc=x");
  CHECK(is_under("uid=a,ou=people,dc=x", "OU=people,DC=x"));
  CHECK_FALSE(is_under("uid=a,ou=otherpeople,dc=x", "ou=people,dc=x"));
  CHECK(is_under("dc=x", ""));
  CHECK(is_dn("uid=a,dc=x"));
  CHECK_FALSE(is_dn("alice"));
  CHECK(without_unique_bits("cn=a,dc=x#'0101'B") == "cn=a,dc=x");
  CHECK(without_unique_bits("cn=a#b,dc=x") == "cn=a#b,dc=x");
}

TEST_CASE("ldap: objectGUID is shown as Active Directory's tools show it") {
  std::string bytes;
  for (int i = 0; i < 16; ++i) {
    bytes += static_cast<char>(i * 17);
  }
  const auto text = guid_text(bytes);
  REQUIRE(text);
  CHECK(*text == "33221100-5544-7766-8899-aabbccddeeff");
  CHECK(guid_bytes(*text) == bytes);
  CHECK_FALSE(guid_text("short"));
  CHECK_FALSE(guid_bytes("33221100554477668899aabbccddeeff"));
  CHECK_FALSE(is_uuid("33221100-5544-7766-8899-aabbccddeefg"));
}

TEST_CASE("ldap: times of both kinds are read, never is no time") {
  CHECK(parse_generalized_time("20261120120000Z") == parse_instant("2026-11-20T12:00:00Z"));
  CHECK(parse_generalized_time("20261120120000.123Z") == parse_instant("2026-11-20T12:00:00Z"));
  CHECK_FALSE(parse_generalized_time("000001010000Z"));
  CHECK_FALSE(parse_generalized_time("20261120120000+0100"));
  CHECK(parse_filetime("134081136000000000") == parse_instant("2025-11-20T12:00:00Z"));
  CHECK_FALSE(parse_filetime("0"));
  CHECK_FALSE(parse_filetime("9223372036854775807"));
}

TEST_CASE("ldap: ranges of values say where to go on") {
  const auto first = parse_range("member;range=0-1499");
  REQUIRE(first);
  CHECK(first->attribute == "member");
  CHECK(first->next == 1500);
  CHECK(parse_range("member;Range=1500-*")->next == 0);
  CHECK_FALSE(parse_range("member"));
  CHECK_FALSE(parse_range("member;range=0"));
}

TEST_CASE("ldap: the code in a refusal of Active Directory tells what it means") {
  CHECK(win32_code("00000561: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0") ==
        0x561U);
  CHECK(win32_code("000020B5: NameErr") == 0x20B5U);
  CHECK(win32_code("no such object") == 0U);
  CHECK(win32_code("") == 0U);
}

TEST_CASE("ldap: a directory is told by its root entry") {
  CHECK(detect_dialect(entry_of({{"supportedcapabilities", {"1.2.840.113556.1.4.800"}}})) ==
        Dialect::ActiveDirectory);
  CHECK(detect_dialect(entry_of({{"vendorversion", {"389-Directory/2.3"}}})) == Dialect::Ds389);
  CHECK(detect_dialect(entry_of({{"objectclass", {"top", "OpenLDAProotDSE"}}})) ==
        Dialect::OpenLdap);
  CHECK(detect_dialect(entry_of({})) == Dialect::Generic);
}

TEST_CASE("ldap: a change of the lock names the value that it replaces") {
  const auto ad = lock_changes(Dialect::ActiveDirectory, {"512"}, false, {});
  REQUIRE(ad.size() == 2);
  CHECK(ad[0].op == Change::Op::Delete);
  CHECK(ad[0].values[0] == "512");
  CHECK(ad[1].op == Change::Op::Add);
  CHECK(ad[1].values[0] == "514");
  CHECK(lock_changes(Dialect::ActiveDirectory, {"514"}, false, {}).empty());
  CHECK(lock_changes(Dialect::ActiveDirectory, {"?"}, false, {}).empty());
  CHECK(reads_enabled(Dialect::ActiveDirectory, {}) == std::nullopt);
  CHECK(lock_changes(Dialect::OpenLdap, {}, false, {}).size() == 1);
  CHECK(lock_changes(Dialect::Ds389, {"FALSE"}, false, {}).size() == 2);
  CHECK(reads_enabled(Dialect::Ds389, {"true"}) == false);
}

TEST_CASE("ldap: settings that would leak, bind as nobody or name nothing are refused") {
  const Settings good{{"url", "ldaps://ldap.example.org"},
                      {"base_dn", "dc=example,dc=org"},
                      {"bind_dn", "cn=rescind,dc=example,dc=org"},
                      {"password", "x"}};
  CHECK(check_ldap_settings(good).empty());
  const auto with = [&](const char* name, const char* value) {
    Settings changed = good;
    changed[name] = value;
    const auto problems = check_ldap_settings(changed);
    REQUIRE(problems.size() == 1);
    return problems[0].fault;
  };
  CHECK(with("url", "ldap://ldap.example.org") == SettingFault::Plaintext);
  CHECK(with("url", "https://ldap.example.org") == SettingFault::BadValue);
  CHECK(with("start_tls", "true") == SettingFault::BadValue);
  CHECK(with("base_dn", "example.org") == SettingFault::BadValue);
  CHECK(with("password", "") == SettingFault::Missing);
  CHECK(with("dialect", "novell") == SettingFault::BadValue);
  Settings principal = good;
  principal["bind_dn"] = "rescind@example.org";
  CHECK(check_ldap_settings(principal).empty());
}

}  // namespace rescind::ldap
