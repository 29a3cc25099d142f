// Random policies and inventories over one small vocabulary, so that conditions meet data often.
// Every policy passes check; inventories have broken references and undetermined records.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace rescind::testing {

class RandomWorld {
 public:
  explicit RandomWorld(std::uint32_t seed) : random_(seed) {}

  std::string policy();
  // Roles, a keep, a conflict, derives, a hold and a limit over the same vocabulary.
  [[nodiscard]] std::string standing_declarations() const;
  std::vector<std::string> records();  // JSON Lines, one each
  std::string event_type();
  std::vector<std::string> subjects() const;

  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

 private:
  enum class Over : std::uint8_t { Scalar, Item };

  std::string pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }

  bool chance(int percent) { return below(100) < percent; }

  std::string condition(Over over, int depth);
  std::string item_leaf();
  std::string scalar_leaf();
  std::string instant_of(Over over);
  std::string duration();
  std::string rule(int number);
  std::string item_record(int number);

  std::mt19937 random_;
  bool several_kinds_ = false;  // the clause in hand names more than one
  std::string verb_;            // of the clause in hand
};

}  // namespace rescind::testing
