// The dialects of directories.
#include "connectors/ldap/dialect.h"

#include <algorithm>
#include <array>

#include "connectors/ldap/names.h"

namespace rescind::ldap {
namespace {

constexpr std::string_view kLockedForEver = "000001010000Z";
constexpr std::string_view kAdCapability = "1.2.840.113556.1.4.800";
constexpr std::int64_t kAdDisabled = 2;

constexpr std::string_view kPeople =
    "(|(objectClass=inetOrgPerson)(objectClass=posixAccount)(objectClass=account))";

constexpr std::array<DialectTraits, 4> kTraits = {{
    {"entryUUID", "uid", kPeople, "pwdAccountLockedTime", "createTimestamp", "authTimestamp", "",
     "pwdChangedTime"},
    {"objectGUID", "sAMAccountName", "(&(objectCategory=person)(objectClass=user))",
     "userAccountControl", "whenCreated", "", "accountExpires", "pwdLastSet"},
    {"nsUniqueId", "uid", kPeople, "nsAccountLock", "createTimestamp", "", "",
     "passwordGenerationTime"},
    {"entryUUID", "uid", kPeople, "", "createTimestamp", "", "", "pwdChangedTime"},
}};

constexpr std::array<std::string_view, 4> kNames = {"openldap", "ad", "389", "generic"};

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Change add(std::string_view attribute, std::string_view value) {
  return {Change::Op::Add, std::string(attribute), {std::string(value)}, false};
}

Change remove(std::string_view attribute, std::string_view value) {
  return {Change::Op::Delete, std::string(attribute), {std::string(value)}, false};
}

// One value for another: refused by the server when the old one is no longer there.
std::vector<Change> swap_values(std::string_view attribute, const std::vector<std::string>& before,
                                const std::vector<std::string>& after) {
  std::vector<Change> changes;
  changes.reserve(before.size() + after.size());
  for (const std::string& value : before) {
    changes.push_back(remove(attribute, value));
  }
  for (const std::string& value : after) {
    changes.push_back(add(attribute, value));
  }
  return changes;
}

// The user account control with the bit as wanted; nothing when it is no number.
std::optional<std::string> with_ad_bit(const std::vector<std::string>& values, bool disabled) {
  const std::optional<std::int64_t> flags =
      values.size() == 1 ? parse_integer(values[0]) : std::nullopt;
  if (!flags) {
    return std::nullopt;
  }
  return std::to_string(disabled ? *flags | kAdDisabled : *flags & ~kAdDisabled);
}

}  // namespace

std::string_view dialect_name(Dialect dialect) {
  return kNames[static_cast<std::size_t>(dialect)];
}

std::optional<Dialect> find_dialect(std::string_view name) {
  const auto it = std::find(kNames.begin(), kNames.end(), name);
  if (it == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<Dialect>(it - kNames.begin());
}

Dialect detect_dialect(const Entry& root) {
  if (contains(root.all("supportedCapabilities"), kAdCapability)) {
    return Dialect::ActiveDirectory;
  }
  const std::string vendor = root.first("vendorName") + " " + root.first("vendorVersion");
  if (vendor.find("389") != std::string::npos || vendor.find("Fedora") != std::string::npos ||
      vendor.find("Red Hat") != std::string::npos) {
    return Dialect::Ds389;
  }
  if (contains(root.all("objectClass"), "OpenLDAProotDSE")) {
    return Dialect::OpenLdap;
  }
  return Dialect::Generic;
}

const DialectTraits& traits_of(Dialect dialect) {
  return kTraits[static_cast<std::size_t>(dialect)];
}

std::optional<bool> reads_enabled(Dialect dialect, const std::vector<std::string>& lock_values) {
  switch (dialect) {
  case Dialect::OpenLdap:
    // A lock with a time ends by itself, as after too many bad passwords.
    return !contains(lock_values, kLockedForEver);
  case Dialect::ActiveDirectory: {
    const std::optional<std::int64_t> flags =
        lock_values.size() == 1 ? parse_integer(lock_values[0]) : std::nullopt;
    if (!flags) {
      return std::nullopt;
    }
    return (*flags & kAdDisabled) == 0;
  }
  case Dialect::Ds389:
    return lock_values.empty() || lower(lock_values[0]) != "true";
  case Dialect::Generic:
    break;
  }
  return std::nullopt;
}

std::vector<Change> lock_changes(Dialect dialect, const std::vector<std::string>& lock_values,
                                 bool enable, const std::vector<std::string>& was) {
  const std::string_view attribute = traits_of(dialect).lock_attribute;
  if (reads_enabled(dialect, lock_values) == enable) {
    return {};
  }
  switch (dialect) {
  case Dialect::OpenLdap:
    return swap_values(attribute, lock_values,
                       enable ? was : std::vector<std::string>{std::string(kLockedForEver)});
  case Dialect::ActiveDirectory: {
    const std::optional<std::string> flags = with_ad_bit(lock_values, !enable);
    return flags ? swap_values(attribute, lock_values, {*flags}) : std::vector<Change>{};
  }
  case Dialect::Ds389:
    return swap_values(attribute, lock_values, enable ? was : std::vector<std::string>{"TRUE"});
  case Dialect::Generic:
    break;
  }
  return {};
}

std::string id_text(std::string_view id_attribute, const Entry& entry) {
  if (lower(id_attribute) == "dn") {
    return entry.dn;
  }
  std::string value = entry.first(id_attribute);
  if (lower(id_attribute) == "objectguid") {
    return guid_text(value).value_or("");
  }
  return value;
}

std::optional<std::string> id_filter(std::string_view id_attribute, std::string_view id) {
  const std::string name = lower(id_attribute);
  if (name == "objectguid") {
    const std::optional<std::string> bytes = guid_bytes(id);
    return bytes ? std::optional(equals_filter(id_attribute, *bytes)) : std::nullopt;
  }
  if (id.empty() || (name == "entryuuid" && !is_uuid(id))) {
    return std::nullopt;
  }
  return equals_filter(id_attribute, id);
}

}  // namespace rescind::ldap
