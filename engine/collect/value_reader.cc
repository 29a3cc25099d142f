// Values of attributes, by the type of the field; see the header.
#include "collect/value_reader.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/text.h"
#include "collect/scan_instant.h"
#include "collect/short_text.h"

namespace rescind {
namespace {

std::string type_text(const RecordField& field) {
  const bool set = field.type.kind == TypeKind::Set;
  std::string what;
  switch (set ? field.type.element : field.type.kind) {
  case TypeKind::Bool:
    what = "true or false";
    break;
  case TypeKind::Int:
    what = set ? "whole numbers from 0" : "a whole number";
    break;
  case TypeKind::Instant:
    what = "an instant like \"2026-01-05T17:00:00Z\"";
    break;
  case TypeKind::Duration:
    what = "a duration like \"30d\" or \"1h30m\"";
    break;
  case TypeKind::Enum:
    what = "one of";
    for (const auto& [value, symbol] : field.values) {
      what += ' ';
      what += value;
    }
    break;
  case TypeKind::String:
    what = set ? "strings" : "a string";
    if (field.time_zone) {
      what = "a time zone like \"Europe/Berlin\"";
    }
    break;
  case TypeKind::Set:
  case TypeKind::Identity:
  case TypeKind::System:
  case TypeKind::Item:
  case TypeKind::Principal:
  case TypeKind::Event:
    what = set ? "ids" : "an id";
    break;
  }
  return set ? "a list of " + what : what;
}

}  // namespace

Read ValueReader::read(RecordField& field, json::value& value) {
  const std::string_view token = token_of(value);
  if (token == "null") {
    return read_null(field);
  }
  const Read read = field.type.kind == TypeKind::Set ? read_set(field, value, token)
                                                     : read_scalar(field, value, token);
  if (read == Read::Refused) {
    break_reference(field);
  }
  return read;
}

Read ValueReader::read_null(const RecordField& field) {
  const TypeKind kind = field.type.kind;
  const bool may_be_absent = field.type.optional || kind == TypeKind::Identity;
  return may_be_absent && !field.required ? Read::Done : refuse(field, "null");
}

void ValueReader::break_reference(const RecordField& field) {
  const TypeKind kind = field.type.kind;
  if (kind == TypeKind::Identity || kind == TypeKind::System || kind == TypeKind::Item) {
    InventoryBuilder::put_word(builder_.column(entity_, field.attribute), row_, kBrokenCell);
  }
}

Read ValueReader::refuse(const RecordField& field, std::string_view found) {
  builder_.defect(Code::R0506, "`" + field.name + "` must be " + type_text(field) + ", not `" +
                                   shown_value(found) + "`");
  return Read::Refused;
}

Read ValueReader::refuse_long(const RecordField& field, std::size_t size) {
  builder_.defect(Code::R0512, "`" + field.name + "` has " + std::to_string(size) +
                                   " bytes, more than " + std::to_string(limits_.max_string_bytes));
  return Read::Refused;
}

Read ValueReader::read_scalar(RecordField& field, json::value& value, std::string_view token) {
  Column& column = builder_.column(entity_, field.attribute);
  if (field.type.kind == TypeKind::Bool) {
    if (token != "true" && token != "false") {
      return refuse(field, token);
    }
    InventoryBuilder::put_byte(column, row_, token == "true" ? 1 : 0);
    return Read::Done;
  }
  if (field.type.kind == TypeKind::Int) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (error != std::errc{} || end != token.data() + token.size() || number == kMissingInt) {
      return refuse(field, token);
    }
    InventoryBuilder::put_long(column, row_, number);
    return Read::Done;
  }
  const std::optional<std::string_view> text = string_of(value, token, escapes_);
  if (!text) {
    return refuse(field, token);
  }
  if (text->size() > limits_.max_string_bytes) {
    return refuse_long(field, text->size());
  }
  if (field.type.kind == TypeKind::Instant) {
    const std::optional<Instant> instant = scan_instant(*text);
    if (!instant) {
      return refuse(field, *text);
    }
    InventoryBuilder::put_long(column, row_, instant->time_since_epoch().count());
    return Read::Done;
  }
  if (field.type.kind == TypeKind::Duration) {
    const std::optional<Seconds> duration = parse_duration(*text);
    if (!duration) {
      return refuse(field, *text);
    }
    InventoryBuilder::put_long(column, row_, duration->count());
    return Read::Done;
  }
  return read_symbol(field, column, *text);
}

Read ValueReader::read_symbol(RecordField& field, Column& column, std::string_view text) {
  if (!same_text(text, field.last_text) || field.last_symbol == kMissingSymbol) {
    const std::optional<Symbol> symbol = symbol_of(field, text);
    if (!symbol) {
      return refuse(field, text);
    }
    field.last_symbol = *symbol;
    field.last_text = builder_.symbols().text(*symbol);
  }
  InventoryBuilder::put_word(column, row_, raw(field.last_symbol));
  return Read::Done;
}

std::optional<Symbol> ValueReader::symbol_of(const RecordField& field, std::string_view text) {
  const TypeKind kind = field.type.kind == TypeKind::Set ? field.type.element : field.type.kind;
  if (kind == TypeKind::Enum) {
    for (const auto& [value, symbol] : field.values) {
      if (same_text(value, text)) {
        return symbol;
      }
    }
    return std::nullopt;
  }
  const bool names_something = kind != TypeKind::String;
  if ((names_something && text.empty()) || (field.time_zone && !is_known_zone(text))) {
    return std::nullopt;
  }
  return builder_.symbols().intern(text);
}

// ---- Sets --------------------------------------------------------------------------------------

Read ValueReader::read_set(RecordField& field, json::value& value, std::string_view token) {
  elements_.clear();
  Read read = Read::Done;
  if (token.starts_with('[')) {
    read = read_elements(field, value);
  } else if (token.starts_with('{') && field.takes_pairs) {
    read = read_pairs(field, value);
  } else if (token.starts_with('"') && field.takes_one) {
    read = read_element(field, value);
  } else {
    return refuse(field, token);
  }
  if (read == Read::Done) {
    InventoryBuilder::put_word(builder_.column(entity_, field.attribute), row_,
                               static_cast<std::uint32_t>(builder_.sets().intern(elements_)));
  }
  return read;
}

Read ValueReader::read_elements(RecordField& field, json::value& value) {
  json::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) {
    return Read::Malformed;
  }
  Read all = Read::Done;
  for (auto entry : array) {
    json::value element;
    if (std::move(entry).get(element) != simdjson::SUCCESS) {
      return Read::Malformed;
    }
    if (all == Read::Done) {
      all = read_element(field, element);
    }
  }
  return all;
}

Read ValueReader::read_element(RecordField& field, json::value& element) {
  const std::string_view token = token_of(element);
  if (field.type.element == TypeKind::Int) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (error != std::errc{} || end != token.data() + token.size()) {
      return refuse(field, token);
    }
    elements_.push_back(number);
    return Read::Done;
  }
  const std::optional<std::string_view> text = string_of(element, token, escapes_);
  if (text && text->size() > limits_.max_string_bytes) {
    return refuse_long(field, text->size());
  }
  const std::optional<Symbol> symbol = text ? symbol_of(field, *text) : std::nullopt;
  if (!symbol) {
    return refuse(field, text.value_or(token));
  }
  elements_.push_back(raw(*symbol));
  return Read::Done;
}

Read ValueReader::read_pairs(RecordField& field, json::value& value) {
  json::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) {
    return Read::Malformed;
  }
  for (auto entry : object) {
    json::field pair;
    std::string_view key;
    if (std::move(entry).get(pair) != simdjson::SUCCESS ||
        pair.unescaped_key().get(key) != simdjson::SUCCESS) {
      return Read::Malformed;
    }
    std::string_view text;
    const std::string name{key};
    if (pair.value().get_string().get(text) != simdjson::SUCCESS) {
      return refuse(field, name);
    }
    elements_.push_back(raw(builder_.symbols().intern(name + "=" + std::string(text))));
  }
  return Read::Done;
}

}  // namespace rescind
