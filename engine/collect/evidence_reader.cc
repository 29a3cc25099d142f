// Few and small records: read by name into text, then checked.
#include "collect/evidence_reader.h"

#include <algorithm>

#include "base/text.h"
#include "collect/scan_instant.h"

namespace rescind {
namespace {

constexpr std::size_t kShownBytes = 40;

std::vector<std::string> fields_of(std::string_view record) {
  if (record == "usage") {
    return {"record", "item", "by", "at", "source", "outcome"};
  }
  if (record == "coverage") {
    return {"record", "system", "kinds", "since", "until", "source"};
  }
  if (record == "successor") {
    return {"record", "item", "successor", "at"};
  }
  return {"record", "item", "to", "at", "confirmed_by"};
}

}  // namespace

std::string shown_value(std::string_view text) {
  std::string out{text.substr(0, kShownBytes)};
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20U) {
      c = ' ';
    }
  }
  while (first_invalid_utf8(out)) {
    out.pop_back();
  }
  return text.size() > kShownBytes ? out + "…" : out;
}

EvidenceReader::EvidenceReader(InventoryBuilder& builder, const RecordLimits& limits,
                               std::string record, bool word_read)
    : builder_(builder), limits_(limits), record_(std::move(record)) {
  if (word_read) {
    texts_.emplace("record", record_);
  }
}

void EvidenceReader::spoil(Code code, std::string why) {
  if (bad_.empty()) {
    bad_ = std::move(why);
    code_ = code;
  }
}

simdjson::error_code EvidenceReader::read(JsonFields& at) {
  for (const JsonFields end; at != end; ++at) {
    json::field pair;
    std::string_view key;
    if (const auto error = (*at).get(pair); error != simdjson::SUCCESS) {
      return error;
    }
    if (const auto error = pair.unescaped_key().get(key); error != simdjson::SUCCESS) {
      return error;
    }
    const std::string name{key};
    if (!read_field(name, pair.value())) {
      return simdjson::TAPE_ERROR;
    }
  }
  return simdjson::SUCCESS;
}

// False: the JSON is broken.
bool EvidenceReader::read_field(const std::string& name, json::value value) {
  const std::vector<std::string> known = fields_of(record_);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    std::string why = "`" + shown_value(name) + "` is not declared for " + record_;
    if (const auto near = nearest_name(name, known)) {
      why += "; did you mean `" + *near + "`?";
    }
    spoil(Code::R0505, std::move(why));
    return true;
  }
  const std::string_view token = token_of(value);
  if (name == "kinds" && token.starts_with('[')) {
    return read_kinds(value);
  }
  const std::optional<std::string_view> text = string_of(value, token);
  if (!text) {
    spoil(Code::R0506, "`" + name + "` must be a string, not `" + shown_value(token) + "`");
  } else if (text->size() > limits_.max_string_bytes) {
    spoil(Code::R0512, "`" + name + "` has " + std::to_string(text->size()) + " bytes, more than " +
                           std::to_string(limits_.max_string_bytes));
  } else if (!texts_.emplace(name, *text).second) {
    spoil(Code::R0513, "`" + name + "` is given twice");
  }
  return true;
}

bool EvidenceReader::read_kinds(json::value& value) {
  json::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) {
    return false;
  }
  for (auto entry : array) {
    json::value element;
    if (std::move(entry).get(element) != simdjson::SUCCESS) {
      return false;
    }
    const std::string_view token = token_of(element);
    const KindSet kinds = kinds_named(string_of(element, token).value_or(""));
    if (kinds.empty()) {
      spoil(Code::R0506, "`kinds` lists `" + shown_value(token) + "`, which is no kind");
    }
    kinds_ = kinds_ | kinds;
  }
  return true;
}

std::string EvidenceReader::required_text(const std::string& name) {
  const auto found = texts_.find(name);
  if (found == texts_.end() || found->second.empty()) {
    spoil(Code::R0507, "`" + name + "` is missing");
    return {};
  }
  return found->second;
}

Instant EvidenceReader::required_instant(const std::string& name) {
  const std::string text = required_text(name);
  const std::optional<Instant> instant = scan_instant(text);
  if (!instant) {
    spoil(Code::R0506, "`" + name + "` must be an instant like \"2026-01-05T17:00:00Z\", not `" +
                           shown_value(text) + "`");
  }
  return instant.value_or(Instant{});
}

Symbol EvidenceReader::optional_symbol(const std::string& name) const {
  const auto found = texts_.find(name);
  return found == texts_.end() ? kMissingSymbol : builder_.symbols().intern(found->second);
}

void EvidenceReader::add(std::uint32_t line) {
  const bool coverage = record_ == "coverage";
  const std::string target = required_text(coverage ? "system" : "item");
  const Instant at = required_instant(coverage ? "since" : "at");
  const Instant until = coverage ? required_instant("until") : Instant{};
  const std::string to = record_ == "delivery"    ? required_text("to")
                         : record_ == "successor" ? required_text("successor")
                                                  : "";
  const std::string outcome = texts_.contains("outcome") ? texts_.at("outcome") : "success";
  if (coverage && kinds_.empty()) {
    spoil(Code::R0507, "`kinds` is missing");
  }
  if (coverage && until < at) {
    spoil(Code::R0506, "`until` is before `since`");
  }
  if (outcome != "success" && outcome != "failure") {
    spoil(Code::R0506, "`outcome` must be success or failure, not `" + shown_value(outcome) + "`");
  }
  if (!bad_.empty()) {
    builder_.reject(code_, line, record_ + ": " + bad_, target);
    return;
  }
  const Symbol symbol = builder_.symbols().intern(target);
  if (coverage) {
    builder_.add_coverage({SystemRef{}, kinds_, at, until, optional_symbol("source")}, symbol,
                          line);
  } else if (record_ == "usage") {
    builder_.add_usage(
        {ItemRef{}, optional_symbol("by"), at, optional_symbol("source"), outcome == "success"},
        symbol, line);
  } else if (record_ == "successor") {
    builder_.add_successor({builder_.symbols().intern(to), at}, symbol, line);
  } else {
    builder_.add_delivery(
        {ItemRef{}, builder_.symbols().intern(to), at, optional_symbol("confirmed_by")}, symbol,
        line);
  }
}

}  // namespace rescind
