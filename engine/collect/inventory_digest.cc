// Digest of an inventory: a hash per record, sorted, hashed again. Names of files and lines stay
// out, so that one inventory has one digest however it is cut into files.
#include "collect/inventory_digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/hash.h"

namespace rescind {
namespace {

void append_number(std::uint64_t number, std::string& out) {
  std::array<char, sizeof number> bytes{};
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(bytes.data(), &number, sizeof number);
  } else {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>((number >> (8 * i)) & 0xFFU);
    }
  }
  out.append(bytes.data(), bytes.size());
}

// Length first, so that two fields never run into each other.
void append_field(std::string_view text, std::string& out) {
  append_number(text.size(), out);
  out += text;
}

void append_elements(const Inventory& inventory, const Type& type, SetId set, std::string& out) {
  const bool numbers = type.element == TypeKind::Int;
  std::vector<std::string> texts;
  for (const std::uint32_t element : inventory.sets.elements(set)) {
    texts.push_back(numbers ? std::to_string(element)
                            : std::string(inventory.text(Symbol{element})));
  }
  std::sort(texts.begin(), texts.end());
  append_number(texts.size(), out);
  for (const std::string& text : texts) {
    append_field(text, out);
  }
}

std::string_view reference_text(const Inventory& inventory, TypeKind kind, std::uint32_t cell) {
  if (cell == kBrokenCell) {
    return "?";
  }
  if (kind == TypeKind::Identity) {
    return inventory.id(IdentityRef{cell});
  }
  if (kind == TypeKind::System) {
    return inventory.id(SystemRef{cell});
  }
  return inventory.id(ItemRef{cell});
}

void append_word(const Inventory& inventory, const Type& type, std::uint32_t cell,
                 References references, std::string& out) {
  if (type.kind == TypeKind::Set) {
    if (SetId{cell} == kMissingSet) {
      out += '-';
    } else {
      append_elements(inventory, type, SetId{cell}, out);
    }
    return;
  }
  if (cell == kMissingCell) {
    out += '-';
    return;
  }
  const bool reference = type.kind == TypeKind::Identity || type.kind == TypeKind::System ||
                         type.kind == TypeKind::Item;
  if (reference && (references == References::Resolved || cell == kBrokenCell)) {
    append_field(reference_text(inventory, type.kind, cell), out);
  } else {
    append_field(inventory.text(Symbol{cell}), out);
  }
}

// Attribute indexes in the order of their names: declared ones are numbered by the order of policy
// files.
std::vector<AttributeIndex> named_order(const EntitySchema& schema) {
  std::vector<AttributeIndex> order;
  for (std::size_t i = 0; i < schema.attributes.size(); ++i) {
    order.push_back(static_cast<AttributeIndex>(i));
  }
  std::sort(order.begin(), order.end(), [&schema](AttributeIndex a, AttributeIndex b) {
    return schema.attributes[a].name < schema.attributes[b].name;
  });
  return order;
}

void append_row(const Inventory& inventory, Entity entity, std::uint32_t row, References references,
                const std::vector<AttributeIndex>& order, std::string& out) {
  const Table& table = inventory.table(entity);
  const EntitySchema& schema = inventory.schema->of(entity);
  append_field(entity_name(entity), out);
  append_field(inventory.text(table.ids[row]), out);
  for (const AttributeIndex attribute : order) {
    const Column& column = table.columns[attribute];
    if (!column.materialised()) {
      continue;
    }
    const Attribute& declared = schema.attributes[attribute];
    if (row < column.bytes.size() && column.bytes[row] != column.default_byte) {
      append_field(declared.name, out);
      out += static_cast<char>('0' + column.bytes[row]);
    } else if (row < column.words.size() && column.words[row] != column.default_word) {
      append_field(declared.name, out);
      append_word(inventory, declared.type, column.words[row], references, out);
    } else if (row < column.longs.size() && column.longs[row] != column.default_long) {
      append_field(declared.name, out);
      append_number(static_cast<std::uint64_t>(column.longs[row]), out);
    }
  }
}

class RecordHashes {
 public:
  void add(std::string_view content) {
    const Sha256Bytes bytes = hash_.restart().update(content).finish();
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < sizeof head; ++i) {
      head = head << 8U | bytes[i];
    }
    hashes_.push_back({head, bytes});
  }

  std::string digest() {
    std::sort(hashes_.begin(), hashes_.end());
    hash_.restart();
    for (const RecordHash& hash : hashes_) {
      hash_.update({reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()});
    }
    return "sha256:" + to_hex(hash_.finish());
  }

 private:
  struct RecordHash {
    std::uint64_t head;  // the first bytes, which almost always decide the order
    Sha256Bytes bytes;
    friend auto operator<=>(const RecordHash&, const RecordHash&) = default;
  };

  Sha256 hash_;
  std::vector<RecordHash> hashes_;
};

void add_rows(const Inventory& inventory, Entity entity, RecordHashes& hashes) {
  const std::vector<AttributeIndex> order = named_order(inventory.schema->of(entity));
  std::string content;
  for (std::uint32_t row = 0; row < inventory.table(entity).rows(); ++row) {
    content.clear();
    append_row(inventory, entity, row, References::Resolved, order, content);
    if (const std::string* why = inventory.why_undetermined(entity, row)) {
      append_field(*why, content);
    }
    hashes.add(content);
  }
}

void add_evidence(const Inventory& inventory, RecordHashes& hashes) {
  std::string content;
  const auto add = [&](std::initializer_list<std::string_view> fields) {
    content.clear();
    for (const std::string_view field : fields) {
      append_field(field, content);
    }
    hashes.add(content);
  };
  for (const UsageRecord& usage : inventory.usages) {
    add({"usage", inventory.id(usage.item), inventory.text(usage.by), format_instant(usage.at),
         inventory.text(usage.source), usage.success ? "success" : "failure"});
  }
  for (const CoverageRecord& coverage : inventory.coverages) {
    add({"coverage", inventory.id(coverage.system), std::to_string(coverage.kinds.bits),
         format_instant(coverage.since), format_instant(coverage.until),
         inventory.text(coverage.source)});
  }
  for (const DeliveryRecord& delivery : inventory.deliveries) {
    add({"delivery", inventory.id(delivery.item), inventory.text(delivery.to),
         format_instant(delivery.at), inventory.text(delivery.confirmed_by)});
  }
  for (const RejectedRecord& rejected : inventory.rejected) {
    add({"rejected", rejected.id, std::string_view(rejected.why).substr(0, 5)});
  }
  for (const InventorySource& source : inventory.sources) {
    if (source.collected_at) {
      add({"collected", source.name, format_instant(*source.collected_at)});
    }
    for (const std::string& gap : source.incomplete) {
      add({"incomplete", gap});
    }
  }
}

}  // namespace

void append_row_content(const Inventory& inventory, Entity entity, std::uint32_t row,
                        References references, std::string& out) {
  append_row(inventory, entity, row, references, named_order(inventory.schema->of(entity)), out);
}

std::string inventory_digest(const Inventory& inventory) {
  RecordHashes hashes;
  for (std::size_t entity = 0; entity < kEntityCount; ++entity) {
    add_rows(inventory, static_cast<Entity>(entity), hashes);
  }
  add_evidence(inventory, hashes);
  return hashes.digest();
}

}  // namespace rescind
