// The loader of the hand-written limit: simdjson's on-demand reader straight into the columns. It
// knows this inventory and no other, and refuses what it does not expect.
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include <simdjson.h>

#include "bench/engines/limit_data.h"
#include "bench/engines/measure.h"

namespace bench::limit {
namespace {

#include "limit_rules.inc"

using simdjson::ondemand::object;
using simdjson::ondemand::value;

template <std::size_t N>
std::uint8_t position(const std::string_view (&words)[N], std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) {
      return static_cast<std::uint8_t>(i);
    }
  }
  die("limit: no such word: " + std::string(word));
}

template <std::size_t N>
std::uint8_t positions(const std::string_view (&words)[N], value list) {
  unsigned bits = 0;
  for (std::string_view word : list.get_array()) {
    bits |= 1U << position(words, word);
  }
  return static_cast<std::uint8_t>(bits);
}

// "2026-01-05T17:00:00Z", as the workload writes it
std::int64_t instant(std::string_view text) {
  if (text.size() != 20 || text[19] != 'Z') {
    die("limit: no instant: " + std::string(text));
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    std::int64_t made = 0;
    for (std::size_t i = at; i < at + size; ++i) {
      made = made * 10 + (text[i] - '0');
    }
    return made;
  };
  // days_from_civil: years that begin in March
  const std::int64_t month = number(5, 2);
  const std::int64_t year = number(0, 4) - (month <= 2 ? 1 : 0);
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year =
      (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + number(8, 2) - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = era * 146097 + day_of_era - 719468;
  return ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60 + number(17, 2);
}

std::int32_t small(value number) {
  return static_cast<std::int32_t>(std::int64_t(number.get_int64()));
}

struct Loader {
  explicit Loader(std::size_t limit) : limit_(limit) {
    for (std::size_t i = 0; i < std::size(kSystems); ++i) {
      systems_.emplace(kSystems[i], static_cast<std::uint8_t>(i));
    }
  }

  // False: enough has been read. Fields are taken in the order in which the file has them.
  bool add(object record) {
    const std::string_view what = record.find_field("record").get_string();
    if (what == "system" || what == "team") {
      return true;
    }
    const std::string_view id = record.find_field("id").get_string();
    if (what != "identity") {
      add_item(position(kItemRecords, what), id, record);
      return true;
    }
    if (limit_ != 0 && data_.identities.size() == limit_) {
      return false;
    }
    add_identity(id, record);
    return true;
  }

  void add_event(object record) {
    Event event;
    std::string_view type = record.find_field("type").get_string();
    type.remove_suffix(std::string_view("_case").size());
    event.type = position(kEventType, type);
    const std::string_view subject = record.find_field("subject").get_string();
    const auto found = by_id_.find(std::string(subject));
    if (found == by_id_.end()) {
      return;  // beyond the limit
    }
    event.time = instant(record.find_field("at").get_string());
    event.urgency = small(record.find_field("attributes").find_field("urgency").value());
    data_.events[found->second] = event;
  }

  Data& data() { return data_; }

 private:
  void add_identity(std::string_view id, object& record) {
    by_id_.emplace(id, data_.identities.size());
    data_.identity_ids.add(id);
    data_.first.push_back(data_.items.type.size());
    last_id_ = id;
    Identity identity;
    identity.kind = position(kIdentityKind, record.find_field("persona").get_string());
    identity.dept = position(kIdentityDept, record.find_field("dept").get_string());
    identity.risk = small(record.find_field("risk").value());
    identity.end_date = instant(record.find_field("end_date").get_string());
    identity.manager_active = record.find_field("manager_active").get_bool() ? 1 : 0;
    identity.tags = positions(kIdentityTags, record.find_field("tags").value());
    data_.identities.push_back(identity);
  }

  void add_item(std::uint8_t type, std::string_view id, object& record) {
    auto& items = data_.items;
    items.type.push_back(type);
    data_.item_ids.add(id);
    items.system.push_back(systems_.at(record.find_field("system").get_string()));
    // Items follow their holder in this file; the columns rely on it.
    if (std::string_view(record.find_field("holder").get_string()) != last_id_) {
      die("limit: an item apart from its holder");
    }
    items.tier.push_back(small(record.find_field("tier").value()));
    items.privilege.push_back(
        position(kArtefactPrivilege, record.find_field("privilege").get_string()));
    items.last_used.push_back(instant(record.find_field("used_at").get_string()));
    items.created.push_back(instant(record.find_field("made_at").get_string()));
    items.expires.push_back(instant(record.find_field("ends_at").get_string()));
    items.shared.push_back(record.find_field("shared").get_bool() ? 1 : 0);
    items.uses.push_back(small(record.find_field("uses").value()));
    items.scopes.push_back(positions(kArtefactScopes, record.find_field("scopes").value()));
  }

  // The records of item types, in the order of the workload's vocabulary.
  static constexpr std::string_view kItemRecords[] = {"account", "role", "session", "api_key"};

  std::size_t limit_;
  std::unordered_map<std::string_view, std::uint8_t> systems_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::string last_id_;
  Data data_;
};

// Calls visit(object) for each line until it returns false.
template <typename Visit>
void each_record(const std::string& file, Visit visit) {
  const simdjson::padded_string text = simdjson::padded_string::load(file);
  simdjson::ondemand::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
  parser.threaded = false;  // the protocol is one core
#endif
  simdjson::ondemand::document_stream stream = parser.iterate_many(text, 1U << 20U);
  for (auto document : stream) {
    if (!visit(document.get_object().value())) {
      return;
    }
  }
}

}  // namespace

Data load(const std::string& folder, const std::string& workload, std::size_t limit) {
  Loader loader(limit);
  try {
    each_record(folder + "/" + workload + ".inventory.jsonl",
                [&](object record) { return loader.add(record); });
    Data& data = loader.data();
    data.first.push_back(data.items.type.size());
    data.events.resize(data.identities.size());
    each_record(folder + "/" + workload + ".events.jsonl", [&](object record) {
      loader.add_event(record);
      return true;
    });
  } catch (const std::exception& error) {
    die(std::string("limit: ") + error.what());
  }
  return std::move(loader.data());
}

}  // namespace bench::limit
