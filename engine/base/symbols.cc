// Interning: open addressing over dense ids, the bytes of the strings packed into chunks.
#include "base/symbols.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"

namespace rescind {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
constexpr std::size_t kFirstSlots = 64;

std::uint32_t hash_text(std::string_view text) {
  return static_cast<std::uint32_t>(hash_bytes(text) >> 32U);
}

// Of the bits that do not choose the slot; never 0, which is an empty slot's.
std::uint8_t tag_of(std::uint32_t hash) {
  return static_cast<std::uint8_t>((hash >> 25U) | 0x80U);
}

}  // namespace

SymbolTable::SymbolTable() : slots_(kFirstSlots, 0), tags_(kFirstSlots, 0) {
  entries_.push_back({"", 0, 0});  // kMissingSymbol has no slot, so that no text finds it
  intern("");
}

std::size_t SymbolTable::slot_of(std::string_view text, std::uint32_t hash) const {
  const std::size_t mask = tags_.size() - 1;
  const std::uint8_t tag = tag_of(hash);
  std::size_t slot = hash & mask;
  for (; tags_[slot] != 0; slot = (slot + 1) & mask) {
    if (tags_[slot] == tag) {
      const Entry& entry = entries_[slots_[slot]];
      if (entry.hash == hash && std::string_view(entry.data, entry.size) == text) {
        break;
      }
    }
  }
  return slot;
}

Symbol SymbolTable::intern(std::string_view text) {
  const std::uint32_t hash = hash_text(text);
  const std::size_t slot = slot_of(text, hash);
  if (tags_[slot] != 0) {
    return Symbol{slots_[slot]};
  }
  RESCIND_CHECK(entries_.size() < UINT32_MAX && text.size() < UINT32_MAX,
                "too many symbols for 32-bit ids");
  const auto id = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({store(text), static_cast<std::uint32_t>(text.size()), hash});
  slots_[slot] = id;
  tags_[slot] = tag_of(hash);
  if (entries_.size() * 4 > slots_.size() * 3) {
    grow();
  }
  return Symbol{id};
}

std::optional<Symbol> SymbolTable::find(std::string_view text) const {
  const std::size_t slot = slot_of(text, hash_text(text));
  return tags_[slot] == 0 ? std::nullopt : std::optional(Symbol{slots_[slot]});
}

std::size_t SymbolTable::overhead_bytes() const {
  return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(slots_[0]) +
         tags_.capacity() + chunks_.capacity() * sizeof(chunks_[0]) +
         (chunk_bytes_ - string_bytes_);
}

void SymbolTable::reserve(std::size_t symbols) {
  entries_.reserve(symbols + 2);
  while ((symbols + 2) * 4 > slots_.size() * 3) {
    grow();
  }
}

void SymbolTable::grow() {
  std::vector<std::uint32_t> slots(slots_.size() * 2, 0);
  std::vector<std::uint8_t> tags(slots.size(), 0);
  const std::size_t mask = slots.size() - 1;
  for (std::size_t id = 1; id < entries_.size(); ++id) {
    std::size_t slot = entries_[id].hash & mask;
    while (tags[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    slots[slot] = static_cast<std::uint32_t>(id);
    tags[slot] = tag_of(entries_[id].hash);
  }
  slots_ = std::move(slots);
  tags_ = std::move(tags);
}

const char* SymbolTable::store(std::string_view text) {
  if (text.empty()) {
    return "";
  }
  if (chunk_size_ - chunk_used_ < text.size()) {
    chunk_size_ = std::max(kChunkBytes, text.size());
    chunk_used_ = 0;
    chunk_bytes_ += chunk_size_;
    chunks_.push_back(std::make_unique<char[]>(chunk_size_));
  }
  char* place = chunks_.back().get() + chunk_used_;
  std::memcpy(place, text.data(), text.size());
  chunk_used_ += text.size();
  string_bytes_ += text.size();
  return place;
}

}  // namespace rescind
