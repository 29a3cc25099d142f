// Comparisons of a run of numbers with one number, 64 answers to a word. Picks what the processor
// can.
#pragma once

#include <cstdint>

namespace rescind {

// `values` is readable up to the next multiple of 8 past `count` (at most 64) and 64-byte aligned;
// bits at and past `count` are unspecified.
struct Kernels {
  std::uint64_t (*less)(const std::int64_t* values, std::uint32_t count, std::int64_t than);
  std::uint64_t (*greater)(const std::int64_t* values, std::uint32_t count, std::int64_t than);
  std::uint64_t (*equal)(const std::int64_t* values, std::uint32_t count, std::int64_t to);
};

// The fastest set that runs here. The plain set runs everywhere.
const Kernels& best_kernels();
const Kernels& plain_kernels();

}  // namespace rescind
