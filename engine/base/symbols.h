// SymbolTable: every string once, as a dense 32-bit id; equality of strings becomes equality of
// ids.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace rescind {

// Dense ids from 0. kMissingSymbol stands for "no value", kEmptySymbol for "".
enum class Symbol : std::uint32_t {};
inline constexpr Symbol kMissingSymbol{0};
inline constexpr Symbol kEmptySymbol{1};

constexpr std::uint32_t raw(Symbol s) {
  return static_cast<std::uint32_t>(s);
}

// Not thread-safe while interning; reading is. Views stay valid as long as the table lives.
class SymbolTable {
 public:
  SymbolTable();
  ~SymbolTable() = default;
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;
  SymbolTable(SymbolTable&&) noexcept = default;
  SymbolTable& operator=(SymbolTable&&) noexcept = default;

  Symbol intern(std::string_view text);
  // The id when the string is already there, else nothing.
  [[nodiscard]] std::optional<Symbol> find(std::string_view text) const;

  [[nodiscard]] std::string_view text(Symbol symbol) const {
    const Entry& e = entries_[raw(symbol)];
    return {e.data, e.size};
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // Bytes of the strings themselves, and of everything around them (entries, hash slots, slack).
  [[nodiscard]] std::size_t string_bytes() const { return string_bytes_; }

  [[nodiscard]] std::size_t overhead_bytes() const;
  void reserve(std::size_t symbols);

  // Gives back room kept for growth; worth it once nothing more will come.
  void shrink_to_fit() { entries_.shrink_to_fit(); }

 private:
  struct Entry {
    const char* data;
    std::uint32_t size;
    std::uint32_t hash;
  };

  // Where the text is, or would be put: an empty slot.
  [[nodiscard]] std::size_t slot_of(std::string_view text, std::uint32_t hash) const;
  void grow();
  const char* store(std::string_view text);

  std::vector<Entry> entries_;
  // Open addressing. The tags, a few bits of each slot's hash, keep away from entries that are not
  // meant, which are far apart in memory; 0: an empty slot.
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint8_t> tags_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_used_ = 0;
  std::size_t chunk_size_ = 0;
  std::size_t chunk_bytes_ = 0;  // of all chunks together
  std::size_t string_bytes_ = 0;
};

}  // namespace rescind
