// Three builds of the same comparisons: plain C++, AVX2 and AVX-512.
#include "evaluate/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rescind {
namespace {

template <typename Test>
std::uint64_t collect(const std::int64_t* values, std::uint32_t count, Test test) {
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    mask |= static_cast<std::uint64_t>(test(values[i])) << i;
  }
  return mask;
}

std::uint64_t plain_less(const std::int64_t* values, std::uint32_t count, std::int64_t than) {
  return collect(values, count, [than](std::int64_t v) { return v < than; });
}

std::uint64_t plain_greater(const std::int64_t* values, std::uint32_t count, std::int64_t than) {
  return collect(values, count, [than](std::int64_t v) { return v > than; });
}

std::uint64_t plain_equal(const std::int64_t* values, std::uint32_t count, std::int64_t to) {
  return collect(values, count, [to](std::int64_t v) { return v == to; });
}

constexpr Kernels kPlain{plain_less, plain_greater, plain_equal};

#if defined(__x86_64__)

constexpr std::uint32_t kAvx2Lanes = 4;
constexpr std::uint32_t kAvx512Lanes = 8;

__attribute__((target("avx2"))) std::uint64_t avx2_bits(__m256i lanes) {
  return static_cast<std::uint64_t>(
      static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(lanes))));
}

__attribute__((target("avx2"))) __m256i avx2_load(const std::int64_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

__attribute__((target("avx2"))) std::uint64_t avx2_less(const std::int64_t* values,
                                                        std::uint32_t count, std::int64_t than) {
  const __m256i bound = _mm256_set1_epi64x(than);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx2Lanes) {
    mask |= avx2_bits(_mm256_cmpgt_epi64(bound, avx2_load(values + i))) << i;
  }
  return mask;
}

__attribute__((target("avx2"))) std::uint64_t avx2_greater(const std::int64_t* values,
                                                           std::uint32_t count, std::int64_t than) {
  const __m256i bound = _mm256_set1_epi64x(than);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx2Lanes) {
    mask |= avx2_bits(_mm256_cmpgt_epi64(avx2_load(values + i), bound)) << i;
  }
  return mask;
}

__attribute__((target("avx2"))) std::uint64_t avx2_equal(const std::int64_t* values,
                                                         std::uint32_t count, std::int64_t to) {
  const __m256i bound = _mm256_set1_epi64x(to);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx2Lanes) {
    mask |= avx2_bits(_mm256_cmpeq_epi64(avx2_load(values + i), bound)) << i;
  }
  return mask;
}

__attribute__((target("avx512f"))) std::uint64_t avx512_less(const std::int64_t* values,
                                                             std::uint32_t count,
                                                             std::int64_t than) {
  const __m512i bound = _mm512_set1_epi64(than);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx512Lanes) {
    mask |= std::uint64_t{_mm512_cmplt_epi64_mask(_mm512_load_si512(values + i), bound)} << i;
  }
  return mask;
}

__attribute__((target("avx512f"))) std::uint64_t avx512_greater(const std::int64_t* values,
                                                                std::uint32_t count,
                                                                std::int64_t than) {
  const __m512i bound = _mm512_set1_epi64(than);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx512Lanes) {
    mask |= std::uint64_t{_mm512_cmpgt_epi64_mask(_mm512_load_si512(values + i), bound)} << i;
  }
  return mask;
}

__attribute__((target("avx512f"))) std::uint64_t avx512_equal(const std::int64_t* values,
                                                              std::uint32_t count,
                                                              std::int64_t to) {
  const __m512i bound = _mm512_set1_epi64(to);
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < count; i += kAvx512Lanes) {
    mask |= std::uint64_t{_mm512_cmpeq_epi64_mask(_mm512_load_si512(values + i), bound)} << i;
  }
  return mask;
}

constexpr Kernels kAvx2{avx2_less, avx2_greater, avx2_equal};
constexpr Kernels kAvx512{avx512_less, avx512_greater, avx512_equal};

#endif

}  // namespace

const Kernels& plain_kernels() {
  return kPlain;
}

const Kernels& best_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) {
    return kAvx512;
  }
  if (__builtin_cpu_supports("avx2") != 0) {
    return kAvx2;
  }
#endif
  return kPlain;
}

}  // namespace rescind
