// What was played, in numbers: so that a person sees that runs which hold were not empty ones.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drive.h"

namespace rescind::simulation {

inline constexpr std::array<std::string_view, 15> kCounted = {"events",
                                                              "runs",
                                                              "kills",
                                                              "attacks that got through",
                                                              "faults",
                                                              "changes",
                                                              "of them destroy",
                                                              "approvals",
                                                              "refusals",
                                                              "calls to people",
                                                              "calls acknowledged",
                                                              "retirements",
                                                              "of them ended",
                                                              "undone runs",
                                                              "clock jumps"};

struct Tally {
  std::array<std::uint64_t, kCounted.size()> counts{};

  void add(const Tally& other);
  // One line, for another process.
  [[nodiscard]] std::string to_line() const;
  static std::optional<Tally> of_line(const std::string& line);
  // "812 events, 640 runs, …"
  [[nodiscard]] std::string to_words() const;
};

Tally tally_of(const Trace& trace);

}  // namespace rescind::simulation
