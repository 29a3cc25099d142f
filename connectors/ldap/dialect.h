// How each kind of directory marks an account as disabled, names its entries for ever and is told
// apart. Tables and small translations; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/client.h"

namespace rescind::ldap {

enum class Dialect : std::uint8_t {
  OpenLdap,         // pwdAccountLockedTime of the ppolicy overlay
  ActiveDirectory,  // bit 2 of userAccountControl
  Ds389,            // nsAccountLock: 389 Directory Server, FreeIPA
  Generic,          // nothing known: memberships and deletion only
};
std::string_view dialect_name(Dialect dialect);  // "openldap" "ad" "389" "generic"
std::optional<Dialect> find_dialect(std::string_view name);
// From the root entry.
Dialect detect_dialect(const Entry& root);

struct DialectTraits {
  std::string_view id_attribute;
  std::string_view holder_attribute;
  std::string_view account_filter;
  std::string_view lock_attribute;  // "" none
  std::string_view created_attribute;
  std::string_view last_used_attribute;  // "" none that is exact
  std::string_view expires_attribute;    // "" none
  std::string_view password_changed_attribute;
};

const DialectTraits& traits_of(Dialect dialect);

// The values of the lock attribute mean: this account can be used. Nothing: they cannot be
// understood.
std::optional<bool> reads_enabled(Dialect dialect, const std::vector<std::string>& lock_values);
// The changes that disable (or enable) an account with these lock values, each naming the value
// that it replaces, so that the server refuses when somebody was faster. `was`: the values to go
// back to when enabling. Empty: nothing to change.
std::vector<Change> lock_changes(Dialect dialect, const std::vector<std::string>& lock_values,
                                 bool enable, const std::vector<std::string>& was);

// An id as text, from the bytes of the id attribute; "" when there is none.
std::string id_text(std::string_view id_attribute, const Entry& entry);
// The filter that finds exactly this id; nothing when the text is no id of that attribute.
std::optional<std::string> id_filter(std::string_view id_attribute, std::string_view id);

}  // namespace rescind::ldap
