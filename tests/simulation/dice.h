// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rescind::simulation {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {
    // WHY: neighbouring seeds would give one sequence, moved by one.
    state_ = next();
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  // 0 … below - 1
  std::size_t pick(std::size_t below) { return static_cast<std::size_t>(next() % below); }

  bool chance(std::size_t percent) { return pick(100) < percent; }

  template <typename T>
  const T& of(const std::vector<T>& values) {
    return values[pick(values.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace rescind::simulation
