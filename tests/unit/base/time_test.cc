// Instants, durations and the ends of days, at the places where calendars are unkind.
#include "base/time.h"

#include <string>

#include <doctest/doctest.h>

namespace {

using namespace rescind;

std::string read(std::string_view text) {
  const auto instant = parse_instant(text);
  return instant ? format_instant(*instant) : "nothing";
}

std::string end_in(Date date, std::string_view zone) {
  const auto end = end_of_day(date, zone);
  return end ? format_instant(*end) : end.error().to_string();
}

TEST_CASE("time: instants are read with their offset and printed in UTC") {
  CHECK(read("2026-11-20T17:00Z") == "2026-11-20T17:00:00Z");
  CHECK(read("2026-11-20T17:00:05+02:00") == "2026-11-20T15:00:05Z");
  CHECK(read("2026-01-01T00:30:00.999-05:30") == "2026-01-01T06:00:00Z");
  CHECK(read("1969-12-31T23:59:59Z") == "1969-12-31T23:59:59Z");
  CHECK(read("0001-01-01T00:00Z") == "0001-01-01T00:00:00Z");
  CHECK(read("9999-12-31T23:59:59Z") == "9999-12-31T23:59:59Z");
}

TEST_CASE("time: a leap second is the next second and stands only at the end of a UTC day") {
  CHECK(read("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00Z");
  CHECK(read("2017-01-01T00:59:60+01:00") == "2017-01-01T00:00:00Z");
  CHECK(read("2016-12-31T12:59:60Z") == "nothing");
  CHECK(read("2016-12-31T23:59:61Z") == "nothing");
}

TEST_CASE("time: what is no instant is refused") {
  for (const char* text :
       {"", "2026-11-20", "2026-11-20T17:00", "2026-11-20 17:00Z", "2026-11-20T24:00Z",
        "2026-11-20T17:60Z", "2026-02-29T00:00Z", "2026-13-01T00:00Z", "0000-01-01T00:00Z",
        "2026-11-20T17Z", "2026-11-20T17:00Zx", "2026-11-20T17:00+2:00", "2026-11-20T17:00+24:00",
        "2026-11-20T17:00:00.Z", "0001-01-01T00:00+01:00", "9999-12-31T23:59:60Z",
        "+2026-11-20T17:00Z", "2026-11-20T1a:00Z"}) {
    CHECK_MESSAGE(read(text) == "nothing", text);
  }
}

TEST_CASE("time: days exist or are refused") {
  CHECK(parse_date("2024-02-29") == Date{2024, 2, 29});
  CHECK_FALSE(parse_date("2100-02-29").has_value());
  CHECK_FALSE(parse_date("2026-04-31").has_value());
  CHECK_FALSE(parse_date("2026-4-3").has_value());
  CHECK_FALSE(parse_date("2026-04-30 ").has_value());
  CHECK(format_date({7, 1, 2}) == "0007-01-02");
}

TEST_CASE("time: durations fall from weeks to seconds, each unit once") {
  CHECK(parse_duration("1h30m") == Seconds{5'400});
  CHECK(parse_duration("2w") == Seconds{14 * 86'400});
  CHECK(parse_duration("1w1d1h1m1s") == Seconds{604'800 + 86'400 + 3'600 + 60 + 1});
  CHECK(parse_duration("0s") == Seconds{0});
  CHECK(parse_duration("90m") == Seconds{5'400});
  for (const char* text : {"", "5", "m", "5min", "30m1h", "1h1h", "-5m", "1.5h", "5 m", "1y",
                           "99999999999999999999d", "9999999999w", "5m "}) {
    CHECK_FALSE_MESSAGE(parse_duration(text).has_value(), text);
  }
}

TEST_CASE("time: a printed duration reads back, days being the largest unit") {
  CHECK(format_duration(Seconds{30 * 86'400}) == "30d");
  CHECK(format_duration(Seconds{5'400}) == "1h30m");
  CHECK(format_duration(Seconds{0}) == "0s");
  CHECK(format_duration(Seconds{-90}) == "-1m30s");
  for (const std::int64_t seconds : {1LL, 59LL, 3'661LL, 86'399LL, 1'000'000'007LL}) {
    CHECK(parse_duration(format_duration(Seconds{seconds})) == Seconds{seconds});
  }
}

TEST_CASE("time: a day ends at the first instant after it in its zone") {
  CHECK(end_in({2026, 11, 20}, "UTC") == "2026-11-21T00:00:00Z");
  CHECK(end_in({2026, 11, 20}, "America/New_York") == "2026-11-21T05:00:00Z");
  CHECK(end_in({2026, 12, 31}, "Asia/Tokyo") == "2026-12-31T15:00:00Z");
  SUBCASE("the clock jumps over midnight") {  // 2018-11-04 00:00 did not exist in São Paulo
    CHECK(end_in({2018, 11, 3}, "America/Sao_Paulo") == "2018-11-04T03:00:00Z");
  }
  SUBCASE("midnight comes twice") {  // in 2018 Cuba went from 01:00 back to 00:00
    CHECK(end_in({2018, 11, 3}, "America/Havana") == "2018-11-04T05:00:00Z");
  }
  SUBCASE("a whole day is left out") {  // Samoa had no 2011-12-30
    CHECK(end_in({2011, 12, 29}, "Pacific/Apia") == "2011-12-30T10:00:00Z");
    CHECK(end_in({2011, 12, 30}, "Pacific/Apia") == "2011-12-30T10:00:00Z");
  }
  SUBCASE("an unknown zone") {
    CHECK(end_of_day({2026, 1, 1}, "Mars/Olympus").error().kind() == ErrorKind::NotFound);
    CHECK_FALSE(is_known_zone("Mars/Olympus"));
    CHECK_FALSE(is_known_zone(""));
    CHECK(is_known_zone("Europe/Berlin"));
  }
}

TEST_CASE("time: a day is over everywhere when it is over at UTC-12") {
  CHECK(format_instant(end_of_day_everywhere({2027, 6, 30})) == "2027-07-01T12:00:00Z");
  CHECK(format_instant(start_of_day_utc({2027, 6, 30})) == "2027-06-30T00:00:00Z");
}

}  // namespace
