// Fixed-width reading of RFC 3339 in UTC; anything else goes to the general parser.
#include "collect/scan_instant.h"

#include <array>

namespace rescind {
namespace {

constexpr std::size_t kSize = 20;  // 2026-01-05T17:00:00Z

int two_digits(const char* at) {
  return (at[0] - '0') * 10 + (at[1] - '0');
}

bool has_common_shape(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  bool same = text.size() == kSize;
  for (std::size_t i = 0; same && i < kSize; ++i) {
    same = kShape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
  }
  return same;
}

}  // namespace

std::optional<Instant> scan_instant(std::string_view text) {
  if (!has_common_shape(text)) {
    return parse_instant(text);
  }
  const char* at = text.data();
  const int year = two_digits(at) * 100 + two_digits(at + 2);
  const int month = two_digits(at + 5);
  const int day = two_digits(at + 8);
  const int hour = two_digits(at + 11);
  const int minute = two_digits(at + 14);
  const int second = two_digits(at + 17);
  // Days that not every month has, and leap seconds, take the general way.
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 ||
      second > 59) {
    return parse_instant(text);
  }
  // Days from 1970-01-01 in the proleptic Gregorian calendar, with years that begin in March.
  const int from_march = year - (month <= 2 ? 1 : 0);
  const int era = from_march / 400;
  const int year_of_era = from_march - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = std::int64_t{era} * 146'097 + day_of_era - 719'468;
  return Instant{Seconds{days * 86'400 + hour * 3'600 + minute * 60 + second}};
}

}  // namespace rescind
