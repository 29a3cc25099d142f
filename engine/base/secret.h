// A secret value on its way from where it was made to where it is read. It cannot be copied or
// printed by accident, and its bytes are overwritten when it goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rescind {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view value);
  // Takes the value and overwrites what it was taken from.
  static Secret take(std::string& value);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  // The value itself: for whoever writes it where it is read, and for nobody else. Valid as long as
  // the secret lives unmoved. Never goes into a message, a record or a request's description.
  [[nodiscard]] std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  void wipe() noexcept;

  // WHY a vector: a short std::string keeps its bytes inside itself, where moving leaves them.
  std::vector<char> bytes_;
};

// Overwrites a text that held a secret, beyond what an optimizer may leave out.
void wipe_text(std::string& text) noexcept;

}  // namespace rescind
