// Escaping, comparing and parsing the texts of LDAP.
#include "connectors/ldap/names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <memory>
#include <vector>

#include <ldap.h>

namespace rescind::ldap {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

struct DnFree {
  void operator()(LDAPRDN* dn) const { ldap_dnfree(dn); }
};

using OwnedDn = std::unique_ptr<LDAPRDN, DnFree>;

OwnedDn parse_dn(std::string_view text) {
  const std::string copy(text);
  LDAPDN dn = nullptr;
  if (ldap_str2dn(copy.c_str(), &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) {
    return nullptr;
  }
  return OwnedDn(dn);
}

std::string_view view_of(const berval& value) {
  return value.bv_val == nullptr ? std::string_view()
                                 : std::string_view(value.bv_val, value.bv_len);
}

// Runs of spaces count as one, and none at the ends.
std::string comparable_value(std::string_view value) {
  std::string out;
  for (const char c : lower(value)) {
    if (c != ' ') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += c;
    }
  }
  if (out.ends_with(' ')) {
    out.pop_back();
  }
  return out;
}

// The parts of a name, first one first. Lengths stand in front, so that no value can look like two.
std::optional<std::vector<std::string>> comparable_parts(std::string_view text) {
  if (text.empty()) {
    return std::vector<std::string>{};
  }
  const OwnedDn dn = parse_dn(text);
  if (dn == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> parts;
  for (LDAPRDN* rdn = dn.get(); *rdn != nullptr; ++rdn) {
    std::vector<std::string> pairs;
    for (LDAPAVA** ava = *rdn; *ava != nullptr; ++ava) {
      const std::string value = comparable_value(view_of((*ava)->la_value));
      pairs.push_back(lower(view_of((*ava)->la_attr)) + "=" + std::to_string(value.size()) + ":" +
                      value);
    }
    std::sort(pairs.begin(), pairs.end());
    std::string part;
    for (const std::string& pair : pairs) {
      part += (part.empty() ? "" : "+") + pair;
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

int hex_value(char c) {
  const std::size_t at = kHex.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Which byte of objectGUID comes where in its text: the first three groups are little-endian.
constexpr std::array<std::size_t, 16> kGuidOrder = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string filter_escape(std::string_view value) {
  constexpr std::string_view kPlain = "-_.,=@+ :'/#;&\"<>";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos)) {
      out += c;
    } else {
      out += '\\';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

std::string equals_filter(std::string_view attribute, std::string_view value) {
  return "(" + std::string(attribute) + "=" + filter_escape(value) + ")";
}

bool is_dn(std::string_view text) {
  return !text.empty() && parse_dn(text) != nullptr;
}

std::string comparable_dn(std::string_view dn) {
  const auto parts = comparable_parts(dn);
  if (!parts) {
    return lower(dn);
  }
  std::string out;
  for (const std::string& part : *parts) {
    out += (out.empty() ? "" : ",") + part;
  }
  return out;
}

std::string parent_dn(std::string_view dn) {
  // A comma inside a value is escaped or quoted; quoted values do not come from servers.
  for (std::size_t i = 0; i < dn.size(); ++i) {
    if (dn[i] == '\\') {
      ++i;
    } else if (dn[i] == ',') {
      return std::string(dn.substr(i + 1));
    }
  }
  return {};
}

bool is_under(std::string_view dn, std::string_view base) {
  const auto inner = comparable_parts(dn);
  const auto outer = comparable_parts(base);
  return inner && outer && inner->size() >= outer->size() &&
         std::equal(outer->rbegin(), outer->rend(), inner->rbegin());
}

std::string without_unique_bits(std::string_view value) {
  const std::size_t hash = value.rfind("#'");
  const bool bits = hash != std::string_view::npos && value.ends_with("'B");
  return std::string(bits ? value.substr(0, hash) : value);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : hex_value(text[i]) < 0) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> guid_text(std::string_view bytes) {
  if (bytes.size() != 16) {
    return std::nullopt;
  }
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      out += '-';
    }
    const auto byte = static_cast<unsigned char>(bytes[kGuidOrder[i]]);
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

std::optional<std::string> guid_bytes(std::string_view text) {
  if (!is_uuid(text)) {
    return std::nullopt;
  }
  std::string digits;
  for (const char c : text) {
    if (c != '-') {
      digits += c;
    }
  }
  std::string bytes(16, '\0');
  for (std::size_t i = 0; i < 16; ++i) {
    bytes[kGuidOrder[i]] =
        static_cast<char>(hex_value(digits[2 * i]) * 16 + hex_value(digits[2 * i + 1]));
  }
  return bytes;
}

std::optional<Instant> parse_generalized_time(std::string_view text) {
  if (text.size() < 15 || !text.ends_with('Z') || (text.size() > 15 && text[14] != '.') ||
      text.substr(0, 14).find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string iso;
  iso.append(text.substr(0, 4)).append("-").append(text.substr(4, 2)).append("-");
  iso.append(text.substr(6, 2)).append("T").append(text.substr(8, 2)).append(":");
  iso.append(text.substr(10, 2)).append(":").append(text.substr(12, 2)).append("Z");
  return parse_instant(iso);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<Instant> parse_filetime(std::string_view text) {
  constexpr std::int64_t kTicksPerSecond = 10'000'000;
  constexpr std::int64_t kFrom1601To1970 = 11'644'473'600;
  const std::optional<std::int64_t> ticks = parse_integer(text);
  if (!ticks || *ticks <= 0 || *ticks == INT64_MAX) {
    return std::nullopt;
  }
  return Instant(Seconds(*ticks / kTicksPerSecond - kFrom1601To1970));
}

std::string unicode_password(std::string_view password) {
  std::string out;
  const auto put = [&out](char c) {
    out += c;
    out += '\0';
  };
  put('"');
  for (const char c : password) {
    put(c);
  }
  put('"');
  return out;
}

std::uint32_t win32_code(std::string_view diagnostic) {
  std::uint32_t code = 0;
  if (diagnostic.size() < 9 || diagnostic[8] != ':') {
    return 0;
  }
  const auto [end, error] = std::from_chars(diagnostic.data(), diagnostic.data() + 8, code, 16);
  return error == std::errc{} && end == diagnostic.data() + 8 ? code : 0;
}

std::optional<RangedName> parse_range(std::string_view description) {
  const std::size_t option = lower(description).find(";range=");
  if (option == std::string::npos) {
    return std::nullopt;
  }
  const std::string_view range = description.substr(option + 7);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  RangedName name{std::string(description.substr(0, option)), 0};
  if (range.substr(dash + 1) != "*") {
    const std::optional<std::int64_t> last = parse_integer(range.substr(dash + 1));
    if (!last || *last < 0) {
      return std::nullopt;
    }
    name.next = *last + 1;
  }
  return name;
}

}  // namespace rescind::ldap
