// The inventory snapshot's read side: interned sets and lookups by id. Collect fills it, everything
// after collect only reads.
#include "model/inventory.h"

#include <algorithm>

#include "base/check.h"

namespace rescind {
namespace {

constexpr std::size_t kFirstSlots = 64;

std::uint32_t hash_elements(std::span<const std::uint32_t> elements) {
  std::uint64_t hash = 0x9E3779B97F4A7C15U + elements.size();
  for (const std::uint32_t element : elements) {
    hash = (hash ^ element) * 0xFF51AFD7ED558CCDU;
    hash ^= hash >> 32U;
  }
  return static_cast<std::uint32_t>(hash);
}

std::optional<std::uint32_t> find_row(
    const std::unordered_map<std::uint32_t, std::uint32_t>& by_symbol, Symbol id) {
  const auto found = by_symbol.find(raw(id));
  if (found == by_symbol.end()) {
    return std::nullopt;
  }
  return found->second;
}

template <typename T>
std::size_t bytes_of(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

std::size_t bytes_of(const std::unordered_map<std::uint32_t, std::uint32_t>& map) {
  // A node holds the pair and a link; a bucket is a pointer.
  return map.size() * (2 * sizeof(std::uint32_t) + 2 * sizeof(void*)) +
         map.bucket_count() * sizeof(void*);
}

std::size_t bytes_of(const Grouping& grouping) {
  return bytes_of(grouping.begins) + bytes_of(grouping.rows);
}

std::size_t bytes_of(const Table& table) {
  std::size_t bytes = bytes_of(table.ids) + bytes_of(table.columns);
  for (const Column& column : table.columns) {
    bytes += bytes_of(column.bytes) + bytes_of(column.words) + bytes_of(column.longs);
  }
  return bytes;
}

}  // namespace

SetPool::SetPool() : offsets_{0, 0, 0}, slots_(kFirstSlots, 0) {
  // Ids 0 (missing) and 1 (empty) have no elements and no slot.
}

SetId SetPool::intern(std::vector<std::uint32_t>& elements) {
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  if (elements.empty()) {
    return kEmptySet;
  }
  const auto same = [&](std::uint32_t id) {
    const auto other = this->elements(SetId{id});
    return std::equal(other.begin(), other.end(), elements.begin(), elements.end());
  };
  std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_elements(elements) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (same(slots_[slot])) {
      return SetId{slots_[slot]};
    }
  }
  RESCIND_CHECK(elements_.size() + elements.size() < UINT32_MAX, "too many set elements");
  const auto id = static_cast<std::uint32_t>(size());
  elements_.insert(elements_.end(), elements.begin(), elements.end());
  offsets_.push_back(static_cast<std::uint32_t>(elements_.size()));
  slots_[slot] = id;
  if (size() * 4 > slots_.size() * 3) {
    std::vector<std::uint32_t> slots(slots_.size() * 2, 0);
    mask = slots.size() - 1;
    for (std::uint32_t i = 2; i < size(); ++i) {
      slot = hash_elements(this->elements(SetId{i})) & mask;
      while (slots[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = i;
    }
    slots_ = std::move(slots);
  }
  return SetId{id};
}

bool SetPool::contains(SetId set, std::uint32_t element) const {
  const auto all = elements(set);
  return std::binary_search(all.begin(), all.end(), element);
}

std::size_t SetPool::memory_bytes() const {
  return bytes_of(offsets_) + bytes_of(elements_) + bytes_of(slots_);
}

std::size_t Inventory::item_count() const {
  std::size_t count = 0;
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    count += tables[kind].ids.size();
  }
  return count;
}

IdentityRef Inventory::find_identity(std::string_view name) const {
  const std::optional<Symbol> symbol = symbols.find(name);
  return symbol ? identity_of(*symbol) : IdentityRef{};
}

SystemRef Inventory::find_system(std::string_view name) const {
  const std::optional<Symbol> symbol = symbols.find(name);
  return symbol ? system_of(*symbol) : SystemRef{};
}

ItemRef Inventory::find_item(std::string_view name) const {
  const std::optional<Symbol> symbol = symbols.find(name);
  return symbol ? item_of(*symbol) : ItemRef{};
}

std::optional<std::uint32_t> Inventory::find_team(std::string_view name) const {
  const std::optional<Symbol> symbol = symbols.find(name);
  return symbol ? find_row(team_by_symbol, *symbol) : std::nullopt;
}

IdentityRef Inventory::identity_of(Symbol symbol) const {
  const std::optional<std::uint32_t> row = find_row(identity_by_symbol, symbol);
  return row ? IdentityRef::of_row(*row) : IdentityRef{};
}

SystemRef Inventory::system_of(Symbol symbol) const {
  const std::optional<std::uint32_t> row = find_row(system_by_symbol, symbol);
  return row ? SystemRef::of_row(*row) : SystemRef{};
}

ItemRef Inventory::item_of(Symbol symbol) const {
  return raw(symbol) < item_by_symbol.size() ? ItemRef{item_by_symbol[raw(symbol)]} : ItemRef{};
}

std::string_view Inventory::id(IdentityRef r) const {
  return r.valid() ? text(table(Entity::Identity).ids[r.row()]) : "nobody";
}

std::string_view Inventory::id(SystemRef r) const {
  return r.valid() ? text(table(Entity::System).ids[r.row()]) : "";
}

std::string_view Inventory::id(ItemRef r) const {
  return r.valid() ? text(table(r.kind()).ids[r.row()]) : "";
}

const std::string* Inventory::why_undetermined(Entity e, std::uint32_t row) const {
  const auto found = undetermined.find(static_cast<std::uint64_t>(entity_index(e)) << 32U | row);
  return found == undetermined.end() ? nullptr : &found->second;
}

std::size_t Inventory::memory_bytes() const {
  std::size_t bytes = sizeof(Inventory) + symbols.overhead_bytes() + sets.memory_bytes();
  for (const Table& t : tables) {
    bytes += bytes_of(t);
  }
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    bytes += bytes_of(by_holder[kind]) + bytes_of(by_grantee[kind]) + bytes_of(by_account[kind]) +
             bytes_of(by_system[kind]);
  }
  bytes += bytes_of(owned_by) + bytes_of(usages) + bytes_of(coverages) + bytes_of(deliveries);
  bytes += bytes_of(rejected) + bytes_of(sources) + bytes_of(item_by_symbol);
  bytes += bytes_of(identity_by_symbol) + bytes_of(system_by_symbol) + bytes_of(team_by_symbol);
  return bytes;
}

}  // namespace rescind
