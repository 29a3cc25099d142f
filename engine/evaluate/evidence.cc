// What the inventory can testify: support of verbs, use and non-use, delivery. Three-valued:
// silence of a source that could not have seen it is not evidence.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/interpreter.h"

namespace rescind {
namespace {

// Data is fresh when it reaches to within this part of the window from now.
constexpr std::int64_t kFreshPart = 24;

std::int64_t seconds(Instant instant) {
  return instant.time_since_epoch().count();
}

template <typename Record>
std::pair<const Record*, const Record*> records_of(const std::vector<Record>& all, ItemRef item) {
  const auto begin = std::lower_bound(all.begin(), all.end(), item,
                                      [](const Record& r, ItemRef i) { return r.item < i; });
  auto end = begin;
  while (end != all.end() && end->item == item) {
    ++end;
  }
  return {all.data() + (begin - all.begin()), all.data() + (end - all.begin())};
}

// Whether the spans together cover all of [begin, end].
bool covers(std::vector<std::pair<std::int64_t, std::int64_t>> spans, std::int64_t begin,
            std::int64_t end) {
  std::sort(spans.begin(), spans.end());
  for (const auto& [since, until] : spans) {
    if (since > begin) {
      return false;
    }
    begin = std::max(begin, until);
    if (begin >= end) {
      return true;
    }
  }
  return false;
}

}  // namespace

// The inventory names verbs, or verb and kind; where it names none, the connector alone decides,
// and without one nothing is supported.
Tri Interpreter::supports(const Value& item, Verb verb) const {
  if (!item.known()) {
    return Tri::Unknown;
  }
  const ItemRef ref{item.word()};
  const SystemRef system = inventory_.system(ref);
  if (!system.valid() || bound_.undetermined(Entity::System, system.row())) {
    return Tri::Unknown;
  }
  const std::string name(verb_name(verb));
  const std::string with_kind = name + ":" + std::string(kind_name(ref.kind()));
  const SetId said{
      inventory_.table(Entity::System).columns[system_attribute::kSupports].word_at(system.row())};
  const auto elements = inventory_.sets.elements(said);
  const bool named = std::any_of(elements.begin(), elements.end(), [&](std::uint32_t symbol) {
    const std::string_view text = inventory_.text(Symbol{symbol});
    return text == name || text == with_kind;
  });
  std::optional<bool> connector;
  if (bound_.options().supported) {
    connector = bound_.options().supported(inventory_.id(system), verb, ref.kind());
  }
  if (!connector) {
    return tri_of(named);
  }
  return tri_of(*connector && (elements.empty() || named));
}

Tri Interpreter::idle_for(const Value& item, const Value& duration) const {
  if (!item.known() || !duration.known()) {
    return Tri::Unknown;
  }
  const ItemRef ref{item.word()};
  const std::int64_t now = bound_.now();
  const std::int64_t begin = now - duration.number;
  const std::int64_t last_used = inventory_.number(ref, item_attribute::kLastUsed);
  if (last_used != kMissingInt && last_used > begin) {
    return Tri::False;
  }
  const auto [first, last] = records_of(inventory_.usages, ref);
  if (std::any_of(first, last,
                  [begin](const UsageRecord& u) { return u.success && seconds(u.at) > begin; })) {
    return Tri::False;
  }
  const std::int64_t created = inventory_.number(ref, item_attribute::kCreated);
  if (created == kMissingInt || created > begin) {
    return Tri::Unknown;  // not older than the window
  }
  const SystemRef system = inventory_.system(ref);
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
  for (const CoverageRecord& coverage : inventory_.coverages) {
    if (coverage.system == system && coverage.kinds.contains(ref.kind())) {
      spans.emplace_back(seconds(coverage.since), seconds(coverage.until));
    }
  }
  const std::int64_t fresh_from = now - duration.number / kFreshPart;
  return covers(std::move(spans), begin, fresh_from) ? Tri::True : Tri::Unknown;
}

Tri Interpreter::delivered_to(const Value& item, const Value& to) const {
  if (item.state == ValueState::Missing) {
    return Tri::False;  // no successor yet: nothing was delivered
  }
  if (!item.known() || !to.known()) {
    return Tri::Unknown;
  }
  const std::uint32_t name = bound_.symbol_of(to);
  const auto [first, last] = records_of(inventory_.deliveries, ItemRef{item.word()});
  return tri_of(std::any_of(first, last, [&](const DeliveryRecord& d) {
    return raw(d.to) == name && seconds(d.at) <= bound_.now();
  }));
}

}  // namespace rescind
