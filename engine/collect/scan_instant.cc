// Fixed-width reading of RFC 3339 in UTC; anything else goes to the general parser.
#include "collect/scan_instant.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace rescind {
namespace {

// Eight characters at once, the first in the lowest byte.
std::uint64_t word_at(const char* at) {
  static_assert(std::endian::native == std::endian::little, "bytes would have to be swapped");
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::string_view kShape = "0000-00-00T00:00:00Z";  // `0` stands for any digit

// Eight characters of the shape: as they are, and what is added to a difference from them so that
// one that is too large reaches its high bit.
struct Shape {
  std::uint64_t characters = 0, room = 0;

  explicit constexpr Shape(std::size_t from) {
    for (std::size_t i = 0; i < 8; ++i) {
      const auto character = static_cast<unsigned char>(kShape[from + i]);
      characters |= std::uint64_t{character} << (8 * i);
      room |= std::uint64_t{character == '0' ? 0x80U - 10U : 0x80U - 1U} << (8 * i);
    }
  }
};

constexpr Shape kFirst(0), kMiddle(8), kLast(12);

// The values of the digits, each in its byte, and 0 where the shape has no digit. `wrong` is not 0
// when the text has another shape.
struct Digits {
  std::uint64_t values, wrong;

  Digits(const char* text, const Shape& shape) : values(word_at(text) ^ shape.characters) {
    constexpr std::uint64_t kHigh = 0x8080808080808080U;
    wrong = (((values & ~kHigh) + shape.room) | values) & kHigh;
  }

  // The number that two digits make, by the place of the first.
  [[nodiscard]] int pair(int place) const {
    return static_cast<int>((values * 10 + (values >> 8)) >> (8 * place) & 0xFFU);
  }
};

}  // namespace

std::optional<Instant> scan_instant(std::string_view text) {
  if (text.size() != kShape.size()) {
    return parse_instant(text);
  }
  const Digits first(text.data(), kFirst);
  const Digits middle(text.data() + 8, kMiddle);
  const Digits last(text.data() + 12, kLast);
  if ((first.wrong | middle.wrong | last.wrong) != 0) {
    return parse_instant(text);
  }
  const int year = first.pair(0) * 100 + first.pair(2);
  const int month = first.pair(5);
  const int day = middle.pair(0);
  const int hour = middle.pair(3);
  const int minute = middle.pair(6);
  const int second = last.pair(5);
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
