// The data of the hand-written limit: one event per identity, items in columns, in the order of the
// file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench::limit {

// Enums are positions in the vocabulary, sets are bits of such positions, times are UTC seconds.
struct Event {
  std::uint8_t type = 0;
  std::int64_t time = 0;
  std::int32_t urgency = 0;
};

struct Identity {
  std::uint8_t kind = 0;
  std::uint8_t dept = 0;
  std::int32_t risk = 0;
  std::int64_t end_date = 0;
  std::uint8_t manager_active = 0;
  std::uint8_t tags = 0;
};

struct Items {
  std::vector<std::uint8_t> type, system, privilege, shared, scopes;
  std::vector<std::int32_t> tier, uses;
  std::vector<std::int64_t> last_used, created, expires;
};

// Strings one after the other.
class Names {
 public:
  void add(std::string_view name) {
    characters_.append(name);
    ends_.push_back(characters_.size());
  }

  [[nodiscard]] std::size_t size() const { return ends_.size(); }

  [[nodiscard]] std::string_view operator[](std::size_t at) const {
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(characters_).substr(begin, ends_[at] - begin);
  }

 private:
  std::string characters_;
  std::vector<std::size_t> ends_;
};

struct Data {
  std::vector<Event> events;  // by identity
  std::vector<Identity> identities;
  std::vector<std::size_t> first;  // items of identity n: first[n] .. first[n + 1]
  Items items;
  Names identity_ids;
  Names item_ids;
};

// Reads FOLDER/WORKLOAD.inventory.jsonl and .events.jsonl: the very files that Rescind reads. What
// an answer needs is kept: the ids, and each item under its holder. `limit`: identities (0: all).
Data load(const std::string& folder, const std::string& workload, std::size_t limit);

}  // namespace bench::limit
