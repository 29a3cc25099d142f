// What the inventory can testify: support of verbs, use and non-use, delivery. Three-valued:
// silence of a source that could not have seen it is not evidence.
#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
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

void Interpreter::discount_use_by(std::vector<std::uint32_t> symbols) {
  std::sort(symbols.begin(), symbols.end());
  discounted_ = std::move(symbols);
}

void Interpreter::know_item_since(ItemRef item, std::optional<Instant> since) {
  known_item_ = item;
  known_since_ = since ? seconds(*since) : kMissingInt;
}

bool Interpreter::discounted(Symbol by) const {
  return std::binary_search(discounted_.begin(), discounted_.end(), raw(by));
}

// The latest use after `begin` that counts.
bool Interpreter::used_within(ItemRef item, std::int64_t begin, IdleEvidence& out) const {
  const std::int64_t last_used = inventory_.number(item, item_attribute::kLastUsed);
  bool explained = false;  // the record's own instant is that of a use which does not count
  const auto [first, last] = records_of(inventory_.usages, item);
  for (const UsageRecord* use = first; use != last; ++use) {
    const std::int64_t at = seconds(use->at);
    if (!use->success || at <= begin) {
      continue;
    }
    if (discounted(use->by)) {
      explained = explained || at == last_used;
    } else if (out.at == kMissingInt || at >= out.at) {
      out.at = at;
      out.by = raw(use->by);
      out.source = raw(use->source);
    }
  }
  if (last_used != kMissingInt && last_used > begin && !explained &&
      (out.at == kMissingInt || last_used > out.at)) {
    out.at = last_used;
    out.by = out.source = 0;
  }
  return out.at != kMissingInt;
}

IdleEvidence Interpreter::idle_evidence(const Value& item, const Value& duration) const {
  using Why = IdleEvidence::Why;
  IdleEvidence out;
  if (!item.known() || !duration.known()) {
    return out;
  }
  const ItemRef ref{item.word()};
  const std::int64_t now = bound_.now();
  const std::int64_t begin = now - duration.number;
  if (used_within(ref, begin, out)) {
    out.idle = Tri::False;
    out.why = Why::Used;
    return out;
  }
  const std::int64_t created = inventory_.number(ref, item_attribute::kCreated);
  const bool recorded = created != kMissingInt || ref != known_item_;
  const std::int64_t there_since = recorded ? created : known_since_;
  if (there_since == kMissingInt || there_since > begin) {
    out.why = recorded || there_since == kMissingInt ? Why::NotOlder : Why::NotKnownLong;
    out.at = there_since;
    return out;
  }
  const SystemRef system = inventory_.system(ref);
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
  const CoverageRecord* latest = nullptr;
  for (const CoverageRecord& coverage : inventory_.coverages) {
    if (coverage.system == system && coverage.kinds.contains(ref.kind())) {
      spans.emplace_back(seconds(coverage.since), seconds(coverage.until));
      const auto order = [](const CoverageRecord& c) { return std::tie(c.until, c.since); };
      latest = latest == nullptr || order(*latest) < order(coverage) ? &coverage : latest;
    }
  }
  if (latest == nullptr) {
    out.why = Why::NoSource;
    return out;
  }
  const std::int64_t fresh_from = now - duration.number / kFreshPart;
  if (covers(std::move(spans), begin, fresh_from)) {
    out.idle = Tri::True;
    out.why = Why::Idle;
    return out;
  }
  const bool stale = seconds(latest->until) < fresh_from;
  out.why = stale ? Why::Stale : Why::BeginsLate;
  out.at = seconds(stale ? latest->until : latest->since);
  out.source = raw(latest->source);
  return out;
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
