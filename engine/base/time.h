// Instants, durations and calendar days: parsing, printing and the ends of days. All instants are
// UTC seconds; nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rescind {

using Instant = std::chrono::sys_seconds;
using Seconds = std::chrono::seconds;

// The stored form of a missing instant, duration or integer; no valid value equals it.
inline constexpr std::int64_t kMissingInt = INT64_MIN;

struct Date {
  int year = 1970;
  unsigned month = 1;  // 1..12
  unsigned day = 1;    // 1..31
  friend auto operator<=>(const Date&, const Date&) = default;
};

// RFC 3339 date-time; seconds and their fraction may be left out ("2026-11-20T17:00Z"), a fraction
// is dropped, a leap second :60 is the next second. The offset (Z or ±hh:mm) is required. Years
// 0001 to 9999.
std::optional<Instant> parse_instant(std::string_view text);
// "2026-11-20"; rejects days that do not exist.
std::optional<Date> parse_date(std::string_view text);
// A run of number+unit with units w d h m s, each at most once and falling ("1h30m", "30d", "2w").
std::optional<Seconds> parse_duration(std::string_view text);

std::string format_instant(Instant instant);    // "2026-11-20T17:00:00Z"
std::string format_date(Date date);             // "2026-11-20"
std::string format_duration(Seconds duration);  // "1h30m", "30d"; "0s"; negative with a leading "-"
Instant start_of_day_utc(Date date);

// The first instant after `date` in the IANA zone (so a last day given as a date ends with it).
// Errors: NotFound when the zone is unknown.
Result<Instant> end_of_day(Date date, std::string_view zone);
// The first instant at which `date` is over everywhere on Earth (UTC-12).
Instant end_of_day_everywhere(Date date);
bool is_known_zone(std::string_view zone);

}  // namespace rescind
