// The texts of LDAP: filters, distinguished names, ids and times, with the escaping that keeps a
// value from becoming syntax. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace rescind::ldap {

// A value for a filter (RFC 4515): everything but plain ASCII letters, digits and a few signs as
// \XX.
std::string filter_escape(std::string_view value);
// "(attribute=value)" with the value escaped.
std::string equals_filter(std::string_view attribute, std::string_view value);

// Whether the text reads as a distinguished name with at least one part.
bool is_dn(std::string_view text);
// A form in which equal names are equal text: lower case, without optional spaces and escapes. The
// text itself, in lower case, when it is no name.
std::string comparable_dn(std::string_view dn);
// The name without its first part; "" at the top.
std::string parent_dn(std::string_view dn);
// Whether `dn` lies at or below `base`.
bool is_under(std::string_view dn, std::string_view base);
// The name that a uniqueMember value holds: without the bits that may follow it ("…#'0101'B").
std::string without_unique_bits(std::string_view value);

bool is_uuid(std::string_view text);  // 8-4-4-4-12 hex digits
// Active Directory's 16 bytes as the text that its tools show, and back. Nothing: not of that form.
std::optional<std::string> guid_text(std::string_view bytes);
std::optional<std::string> guid_bytes(std::string_view text);

// "20261120120000Z", "20261120120000.123Z"; nothing when it is not a UTC time of that form.
std::optional<Instant> parse_generalized_time(std::string_view text);
// Active Directory's 100 ns ticks since 1601; nothing for never (0 or the largest number).
std::optional<Instant> parse_filetime(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

// A password as unicodePwd wants it: quoted, UTF-16LE. Only for ASCII passwords.
std::string unicode_password(std::string_view password);

// The Win32 code in an answer of Active Directory ("00000561: SvcErr: …"); 0 when there is none.
std::uint32_t win32_code(std::string_view diagnostic);

// "member;range=0-1499" → {member, 1500}; the next index is 0 when the range is the last one.
struct RangedName {
  std::string attribute;
  std::int64_t next = 0;
};

std::optional<RangedName> parse_range(std::string_view description);

std::string lower(std::string_view text);

}  // namespace rescind::ldap
