// An e-mail: its address, its text, and its way to the server.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.h"
#include "base/signature.h"
#include "connectors/handover/curl.h"
#include "connectors/handover/ways.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxAddressBytes = 254;
constexpr std::size_t kBase64Line = 76;

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digit = [&](std::size_t at) -> int {
      const char c = at < text.size() ? text[at] : ' ';
      return c >= '0' && c <= '9'   ? c - '0'
             : c >= 'a' && c <= 'f' ? c - 'a' + 10
             : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                    : -1;
    };
    if (digit(i + 1) < 0 || digit(i + 2) < 0) {
      return std::nullopt;
    }
    out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
    i += 2;
  }
  return out;
}

// Characters of an address that cannot end a header or begin another address.
bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.size() <= kMaxAddressBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < '\x7f' && std::strchr("<>()[]\\,;:\"", c) == nullptr;
         });
}

// One line, and an encoded word of RFC 2047 where it is not plain ASCII.
std::string header_text(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
  if (plain && text.size() <= 200) {
    return text;
  }
  std::string out;
  // Words of at most 45 bytes, cut between characters.
  while (!text.empty()) {
    std::size_t size = std::min<std::size_t>(text.size(), 45);
    while (size > 1 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
      --size;
    }
    out +=
        (out.empty() ? "" : "\r\n ") + ("=?utf-8?B?" + encode_base64(text.substr(0, size))) + "?=";
    text.erase(0, size);
  }
  return out;
}

std::string mail_date(Instant at) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::weekday weekday(day);
  // "2026-11-20T17:00:00Z": the clock is characters 11 to 18.
  return std::string(kDays[weekday.c_encoding()]) + ", " +
         std::to_string(static_cast<unsigned>(date.day())) + ' ' +
         kMonths[static_cast<unsigned>(date.month()) - 1] + ' ' +
         std::to_string(static_cast<int>(date.year())) + ' ' + format_instant(at).substr(11, 8) +
         " +0000";
}

struct Upload {
  std::string_view left;
};

std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* user) {
  auto* upload = static_cast<Upload*>(user);
  const std::size_t bytes = std::min(size * count, upload->left.size());
  std::copy_n(upload->left.begin(), bytes, buffer);
  upload->left.remove_prefix(bytes);
  return bytes;
}

}  // namespace

std::optional<std::string> mail_address(std::string_view contact) {
  if (!contact.starts_with("mailto:")) {
    return std::nullopt;
  }
  const std::string_view rest = contact.substr(7);
  auto address = decode_percent(rest.substr(0, rest.find('?')));
  return address && is_address(*address) ? address : std::nullopt;
}

std::string mail_text(const HandOverMessage& message, const std::string& from,
                      const std::string& to) {
  const std::size_t at = from.rfind('@');
  const std::string host = at == std::string::npos ? "localhost" : from.substr(at + 1);
  std::string out = "From: " + header_text(from) + "\r\nTo: " + header_text(to) +
                    "\r\nSubject: " + header_text(message.subject) +
                    "\r\nDate: " + mail_date(message.at) + "\r\nMessage-ID: <" +
                    to_hex(sha256(message.key)).substr(0, 40) + '@' + header_text(host) +
                    ">\r\nIdempotency-Key: " + header_text(message.key) +
                    "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n";
  const std::string body = encode_base64(message.text);
  for (std::size_t i = 0; i < body.size(); i += kBase64Line) {
    out += body.substr(i, kBase64Line) + "\r\n";
  }
  return out;
}

Result<std::string> send_mail(const SmtpSettings& settings, const std::string& to,
                              const HandOverMessage& message) {
  const bool tls = settings.encryption == SmtpSettings::Encryption::Tls;
  const std::string url = std::string(tls ? "smtps://" : "smtp://") + settings.host + ':' +
                          std::to_string(settings.port);
  const std::string what = "mail by " + settings.host + " to " + to;
  if (!is_address(settings.from)) {
    return fail(ErrorKind::Protocol, what + ": `from` is no e-mail address");
  }
  RESCIND_ASSIGN_OR_RETURN(const CurlHandle handle, open_transfer(url, tls ? "smtps" : "smtp",
                                                                  settings.ca, settings.timeout));
  if (settings.encryption == SmtpSettings::Encryption::StartTls) {
    curl_easy_setopt(handle.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  if (!settings.user.empty()) {
    curl_easy_setopt(handle.get(), CURLOPT_USERNAME, settings.user.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PASSWORD, settings.password.c_str());
  }
  const CurlList recipients = append_line(nullptr, '<' + to + '>');
  const std::string text = mail_text(message, settings.from, to);
  const std::string from = '<' + settings.from + '>';
  Upload upload{text};
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_READFUNCTION, &read_upload);
  curl_easy_setopt(handle.get(), CURLOPT_READDATA, &upload);
  RESCIND_RETURN_IF_ERROR(perform(handle.get(), what));
  return "smtp:" + to;
}

}  // namespace rescind
