#include "evaluate/kernels.h"

#include <array>
#include <cstdint>
#include <random>

#include <doctest/doctest.h>

namespace rescind {
namespace {

TEST_CASE("evaluate: every build of the comparisons gives the same bits") {
  std::mt19937_64 random(7);
  alignas(64) std::array<std::int64_t, 64> values{};
  const Kernels& plain = plain_kernels();
  const Kernels& best = best_kernels();
  for (int round = 0; round < 200; ++round) {
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(random() % 5) - 2;
    }
    values[static_cast<std::size_t>(round) % 64] = round % 2 == 0 ? INT64_MIN : INT64_MAX;
    const auto count = static_cast<std::uint32_t>(random() % 65);
    const std::uint64_t mask = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    const std::int64_t with = static_cast<std::int64_t>(random() % 5) - 2;
    CHECK((plain.less(values.data(), count, with) & mask) ==
          (best.less(values.data(), count, with) & mask));
    CHECK((plain.greater(values.data(), count, with) & mask) ==
          (best.greater(values.data(), count, with) & mask));
    CHECK((plain.equal(values.data(), count, with) & mask) ==
          (best.equal(values.data(), count, with) & mask));
  }
}

}  // namespace
}  // namespace rescind
