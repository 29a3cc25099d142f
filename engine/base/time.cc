// RFC 3339 instants, durations and the ends of days in IANA zones; the one user of the tz library.
#include "base/time.h"

#include <array>
#include <cstdio>
#include <stdexcept>

#include <date/tz.h>

namespace rescind {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t kMaxDurationSeconds = 10'000LL * 366 * 86'400;      // ten thousand years
constexpr Instant kFirstInstant{std::chrono::seconds{-62'135'596'800LL}};  // 0001-01-01T00:00:00Z
constexpr Instant kPastInstant{std::chrono::seconds{253'402'300'800LL}};   // 10000-01-01T00:00:00Z

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr std::array<Unit, 5> kUnits{
    {{'w', 604'800}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads fixed-width fields from the front of a text; `ok` turns false at the first mismatch.
struct Reader {
  std::string_view rest;
  bool ok = true;

  int number(std::size_t digits) {
    int value = 0;
    if (rest.size() < digits) {
      ok = false;
      return 0;
    }
    for (std::size_t i = 0; i < digits; ++i) {
      ok = ok && is_digit(rest[i]);
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return ok ? value : 0;
  }

  bool take(char c) {
    if (rest.empty() || rest.front() != c) {
      return false;
    }
    rest.remove_prefix(1);
    return true;
  }

  void expect(char c) { ok = take(c) && ok; }
};

std::optional<Date> read_date(Reader& in) {
  Date date;
  date.year = in.number(4);
  in.expect('-');
  date.month = static_cast<unsigned>(in.number(2));
  in.expect('-');
  date.day = static_cast<unsigned>(in.number(2));
  const std::chrono::year_month_day day{std::chrono::year{date.year},
                                        std::chrono::month{date.month}, std::chrono::day{date.day}};
  if (!in.ok || date.year < 1 || !day.ok()) {
    return std::nullopt;
  }
  return date;
}

sys_days days_of(Date date) {
  return sys_days{std::chrono::year_month_day{
      std::chrono::year{date.year}, std::chrono::month{date.month}, std::chrono::day{date.day}}};
}

// Seconds to subtract from local time; nothing when the offset is malformed.
std::optional<Seconds> read_offset(Reader& in) {
  if (in.take('Z') || in.take('z')) {
    return Seconds{0};
  }
  const bool minus = in.take('-');
  if (!minus) {
    in.expect('+');
  }
  const int hours = in.number(2);
  in.expect(':');
  const int minutes = in.number(2);
  if (!in.ok || hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  const Seconds offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return minus ? -offset : offset;
}

const date::time_zone* find_zone(std::string_view zone) {
  try {
    return date::locate_zone(std::string(zone));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

}  // namespace

std::optional<Instant> parse_instant(std::string_view text) {
  Reader in{text};
  const std::optional<Date> date = read_date(in);
  if (!date || !(in.take('T') || in.take('t'))) {
    return std::nullopt;
  }
  const int hour = in.number(2);
  in.expect(':');
  const int minute = in.number(2);
  int second = 0;
  if (in.ok && in.take(':')) {
    second = in.number(2);
    if (in.take('.')) {
      in.number(1);
      while (!in.rest.empty() && is_digit(in.rest.front())) {
        in.rest.remove_prefix(1);
      }
    }
  }
  const std::optional<Seconds> offset = read_offset(in);
  if (!in.ok || !offset || !in.rest.empty() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const Instant instant = days_of(*date) + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                          Seconds{second} - *offset;
  // A leap second stands only at the end of a UTC day.
  if (second == 60 && std::chrono::floor<std::chrono::days>(instant) != instant) {
    return std::nullopt;
  }
  if (instant < kFirstInstant || instant >= kPastInstant) {
    return std::nullopt;
  }
  return instant;
}

std::optional<Date> parse_date(std::string_view text) {
  Reader in{text};
  const std::optional<Date> date = read_date(in);
  return in.rest.empty() ? date : std::nullopt;
}

std::optional<Seconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    std::int64_t number = 0;
    const std::size_t first = i;
    for (; i < text.size() && is_digit(text[i]); ++i) {
      number = number * 10 + (text[i] - '0');
      if (number > kMaxDurationSeconds) {
        return std::nullopt;
      }
    }
    while (i < text.size() && next_unit < kUnits.size() && kUnits[next_unit].letter != text[i]) {
      ++next_unit;
    }
    if (i == first || i == text.size() || next_unit == kUnits.size()) {
      return std::nullopt;
    }
    if (number > kMaxDurationSeconds / kUnits[next_unit].seconds) {
      return std::nullopt;
    }
    total += number * kUnits[next_unit].seconds;
    ++next_unit;
    ++i;
  }
  if (text.empty() || total > kMaxDurationSeconds) {
    return std::nullopt;
  }
  return Seconds{total};
}

std::string format_instant(Instant instant) {
  const sys_days day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  std::array<char, 64> buffer{};
  static_cast<void>(std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count())));
  return buffer.data();
}

std::string format_date(Date date) {
  std::array<char, 64> buffer{};
  static_cast<void>(std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", date.year,
                                  date.month, date.day));
  return buffer.data();
}

std::string format_duration(Seconds duration) {
  // Weeks are left out: `30d` reads better than `4w2d`.
  std::string text = duration.count() < 0 ? "-" : "";
  std::uint64_t rest = duration.count() < 0 ? 0U - static_cast<std::uint64_t>(duration.count())
                                            : static_cast<std::uint64_t>(duration.count());
  if (rest == 0) {
    return "0s";
  }
  for (std::size_t i = 1; i < kUnits.size(); ++i) {
    const auto seconds = static_cast<std::uint64_t>(kUnits[i].seconds);
    if (rest >= seconds) {
      text += std::to_string(rest / seconds) + kUnits[i].letter;
      rest %= seconds;
    }
  }
  return text;
}

Instant start_of_day_utc(Date date) {
  return days_of(date);
}

Result<Instant> end_of_day(Date date, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) {
    return fail(ErrorKind::NotFound, "unknown time zone `" + std::string(zone) + "`");
  }
  const date::local_seconds midnight{(days_of(date) + std::chrono::days{1}).time_since_epoch()};
  try {
    const date::local_info info = found->get_info(midnight);
    if (info.result == date::local_info::nonexistent) {
      return info.second.begin;  // the clock jumps over midnight: the day ends at the jump
    }
    // Where midnight comes twice, the day is over for good only at the second one.
    const bool twice = info.result == date::local_info::ambiguous;
    return Instant{midnight.time_since_epoch() - (twice ? info.second : info.first).offset};
  } catch (const std::runtime_error& error) {
    return fail(ErrorKind::Io,
                "cannot read time zone `" + std::string(zone) + "`: " + error.what());
  }
}

Instant end_of_day_everywhere(Date date) {
  return days_of(date) + std::chrono::days{1} + std::chrono::hours{12};
}

bool is_known_zone(std::string_view zone) {
  return find_zone(zone) != nullptr;
}

}  // namespace rescind
