// The one place where inventory JSON is parsed. simdjson finds the structure; scalars are read from
// their raw tokens, so that a plain string is never copied before it is interned.
#include "collect/record_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/printable.h"
#include "base/text.h"
#include "collect/evidence_reader.h"
#include "collect/record_fields.h"
#include "collect/record_json.h"
#include "collect/salvage.h"
#include "collect/short_text.h"
#include "collect/value_reader.h"

namespace rescind {
namespace {

static_assert(kRecordPadding >= simdjson::SIMDJSON_PADDING);

// Whether an id can be shown as it is: no control characters, also none that turn text around.
bool is_printable(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20U && byte < 0x7FU;
  });
  return plain || !first_unprintable(text);
}

}  // namespace

class RecordReader::Reader {
 public:
  Reader(InventoryBuilder& builder, const RecordLimits& limits)
      : builder_(builder), limits_(limits), values_(builder, limits_) {
    fields_.reserve(kEntityCount);
    for (std::size_t entity = 0; entity < kEntityCount; ++entity) {
      fields_.emplace_back(builder.schema(), static_cast<Entity>(entity), builder.symbols());
      const std::string_view name = entity_name(static_cast<Entity>(entity));
      words_[name.size()].emplace_back(name, static_cast<Entity>(entity));
    }
  }

  void read_record(std::string_view text, std::uint32_t line) {
    text_ = text;
    line_ = line;
    escapes_ = text.find('\\') != std::string_view::npos;
    json::document document;
    json::object object;
    auto error =
        parser_.iterate(text.data(), text.size(), text.size() + kRecordPadding).get(document);
    if (error == simdjson::SUCCESS) {
      error = document.get_object().get(object);
    }
    if (error == simdjson::INCORRECT_TYPE) {
      builder_.reject(Code::R0501, line,
                      "a record is a JSON object, not `" + shown_value(text) + "`");
      return;
    }
    if (error == simdjson::SUCCESS) {
      error = read_object(document, object);
    }
    if (error != simdjson::SUCCESS) {
      keep_what_is_left(error);
    }
  }

  void refuse_large(std::string_view head, std::uint32_t line) {
    text_ = head;
    line_ = line;
    keep(Code::R0512,
         "the record is longer than " + std::to_string(limits_.max_record_bytes) + " bytes");
  }

 private:
  // The record word leads most records; where it does not, it is looked for first.
  simdjson::error_code read_object(json::document& document, json::object& object) {
    constexpr std::string_view kLead = "record\"";
    JsonFields at = object.begin();
    word_leads_ = false;
    std::optional<std::string_view> word;
    if (at != object.end()) {
      auto entry = *at;
      if (entry.error() != simdjson::SUCCESS) {
        return entry.error();
      }
      json::field&& pair = std::move(entry).value_unsafe();
      if (std::memcmp(pair.key().raw(), kLead.data(), kLead.size()) == 0) {
        word = string_of(pair.value(), token_of(pair.value()));
        word_leads_ = true;
        ++at;
        return word ? dispatch(document, at, *word) : refuse_wordless();
      }
    }
    json::value value;
    auto error = object.reset().error();
    if (error == simdjson::SUCCESS) {
      error = object.find_field_unordered("record").get(value);
    }
    if (error == simdjson::SUCCESS) {
      word = string_of(value, token_of(value));
      error = object.reset().error();
    }
    if (error == simdjson::NO_SUCH_FIELD || (error == simdjson::SUCCESS && !word)) {
      return refuse_wordless();
    }
    if (error != simdjson::SUCCESS) {
      return error;
    }
    at = object.begin();
    return dispatch(document, at, *word);
  }

  simdjson::error_code refuse_wordless() {
    builder_.reject(Code::R0503, line_, "the record does not say what it is: no `record`",
                    salvage_fields(text_).text("id"));
    return simdjson::SUCCESS;
  }

  [[nodiscard]] std::optional<Entity> entity_of_word(std::string_view word) const {
    for (const auto& [name, entity] : words_[std::min(word.size(), words_.size() - 1)]) {
      if (same_text(name, word)) {
        return entity;
      }
    }
    return std::nullopt;
  }

  simdjson::error_code dispatch(json::document& document, JsonFields& at, std::string_view word) {
    if (const std::optional<Entity> entity = entity_of_word(word)) {
      return read_entity(document, at, *entity);
    }
    if (word == "usage" || word == "coverage" || word == "delivery" || word == "successor") {
      return read_evidence(document, at, std::string(word));
    }
    std::vector<std::string> words{"usage", "coverage", "delivery", "successor"};
    for (std::size_t entity = 0; entity < kEntityCount; ++entity) {
      words.emplace_back(entity_name(static_cast<Entity>(entity)));
    }
    std::string why = "unknown record `" + shown_value(word) + "`";
    if (const auto near = nearest_name(word, words)) {
      why += "; did you mean `" + *near + "`?";
    }
    builder_.reject(Code::R0503, line_, std::move(why), salvage_fields(text_).text("id"));
    return simdjson::SUCCESS;
  }

  // --- identities, systems, teams and items ---

  simdjson::error_code read_entity(json::document& document, JsonFields& at, Entity entity) {
    RecordFields& fields = fields_[entity_index(entity)];
    values_.begin_row(entity, builder_.open_row(entity, line_), escapes_);
    entity_ = entity;
    ++record_number_;
    id_.clear();
    has_id_ = false;
    bad_id_ = false;
    std::uint32_t expected = 0;  // the field `record`
    fields.at(expected).seen_in = word_leads_ ? record_number_ : 0;
    for (const JsonFields end; at != end; ++at) {
      auto entry = *at;
      if (entry.error() != simdjson::SUCCESS) {
        builder_.abandon_row();
        return entry.error();
      }
      json::field&& pair =
          std::move(entry).value_unsafe();  // copying it would cost a stall per cell
      RecordField* field = find_field(fields, pair, expected);
      if (field == nullptr) {
        continue;
      }
      expected = fields.index_of(*field);
      if (field->seen_in == record_number_) {
        builder_.defect(Code::R0513, "`" + field->name + "` is given twice");
        continue;
      }
      field->seen_in = record_number_;
      if (read_field(*field, pair.value()) == Read::Malformed) {
        builder_.abandon_row();
        return simdjson::TAPE_ERROR;
      }
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      builder_.abandon_row();
      return simdjson::TRAILING_CONTENT;
    }
    finish_row(fields);
    return simdjson::SUCCESS;
  }

  void finish_row(RecordFields& fields) {
    for (const RecordField* field : fields.required()) {
      if (field->seen_in != record_number_) {
        builder_.defect(Code::R0507, "`" + field->name + "` is missing");
        values_.break_reference(*field);
      }
    }
    if (has_id_) {
      builder_.close_row(id_);
      return;
    }
    if (!bad_id_) {
      builder_.defect(Code::R0504, "the record has no `id`");
    }
    builder_.drop_row();
  }

  // The field of a key; an unknown one becomes a defect. `expected`: index of the field before it.
  RecordField* find_field(RecordFields& fields, json::field& pair, std::uint32_t expected) {
    RecordField& before = fields.at(expected);
    RecordField& guess = fields.at(before.next);
    const char* raw_key = pair.key().raw();
    const auto left = static_cast<std::size_t>(text_.data() + text_.size() - raw_key);
    const std::size_t size = guess.name.size();
    if (size < left && raw_key[size] == '"' && same_bytes(raw_key, guess.name.data(), size)) {
      return &guess;
    }
    std::string_view name(raw_key, left);
    name = name.substr(0, name.find('"'));
    if (name.find('\\') != std::string_view::npos &&
        pair.unescaped_key().get(name) != simdjson::SUCCESS) {
      name = "?";
    }
    RecordField* field = fields.find(name);
    if (field == nullptr) {
      std::string why =
          "`" + shown_value(name) + "` is not declared for " + std::string(entity_name(entity_));
      if (const auto near = nearest_name(name, fields.names())) {
        why += "; did you mean `" + *near + "`?";
      }
      builder_.defect(Code::R0505, std::move(why));
      return nullptr;
    }
    before.next = fields.index_of(*field);
    return field;
  }

  Read read_field(RecordField& field, json::value& value) {
    if (field.role == FieldRole::Record) {
      return Read::Done;
    }
    return field.role == FieldRole::Attribute ? values_.read(field, value)
                                              : read_identifier(field, value);
  }

  Read read_identifier(RecordField& field, json::value& value) {
    const std::optional<std::string_view> text = string_of(value, token_of(value), escapes_);
    const bool id = field.role == FieldRole::Id;
    if (!text || (id && text->empty())) {
      bad_id_ = bad_id_ || id;
      builder_.defect(id ? Code::R0504 : Code::R0506,
                      "`" + field.name + "` must be a string that is not empty");
      return Read::Refused;
    }
    if (text->size() > limits_.max_string_bytes) {
      bad_id_ = bad_id_ || id;
      return values_.refuse_long(field, text->size());
    }
    if (id && !is_printable(*text)) {
      bad_id_ = true;
      builder_.defect(Code::R0504, "control characters stand in the `id`");
      return Read::Refused;
    }
    if (id) {
      id_ = *text;
      has_id_ = true;
    } else {
      builder_.set_holder_key(*text);
    }
    return Read::Done;
  }

  simdjson::error_code read_evidence(json::document& document, JsonFields& at,
                                     const std::string& word) {
    EvidenceReader evidence(builder_, limits_, word, word_leads_);
    if (const auto error = evidence.read(at); error != simdjson::SUCCESS) {
      return error;
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return simdjson::TRAILING_CONTENT;
    }
    evidence.add(line_);
    return simdjson::SUCCESS;
  }

  // --- records that cannot be read to their end ---

  void keep_what_is_left(simdjson::error_code error) {
    if (const auto bad = first_invalid_utf8(text_)) {
      keep(Code::R0502, "byte " + std::to_string(*bad + 1) + " is not valid UTF-8");
    } else if (error == simdjson::TRAILING_CONTENT) {
      keep(Code::R0501, "something follows the record on its line");
    } else if (!text_.ends_with('}')) {
      keep(Code::R0501, "the record is cut off: no closing `}`");
    } else if (error == simdjson::UNESCAPED_CHARS) {
      keep(Code::R0501, "a control character stands in a string");
    } else {
      keep(Code::R0501, "not JSON: " + std::string(simdjson::error_message(error)));
    }
  }

  // A record whose kind and id can still be read stays as a row that may not be decided on.
  void keep(Code code, std::string why) {
    const SalvagedFields fields = salvage_fields(text_);
    const std::optional<Entity> entity = entity_of_word(fields.text("record"));
    const std::string id = fields.text("id");
    if (!entity || id.empty() || id.size() > limits_.max_string_bytes || !is_printable(id)) {
      builder_.reject(code, line_, std::move(why), id);
      return;
    }
    const std::uint32_t row = builder_.open_row(*entity, line_);
    builder_.defect(code, std::move(why));
    if (is_item(*entity)) {
      constexpr std::array<std::pair<std::string_view, AttributeIndex>, 3> kKept{
          {{"system", item_attribute::kSystem},
           {"holder", item_attribute::kHolder},
           {"account", item_attribute::kAccount}}};
      for (const auto& [name, attribute] : kKept) {
        const std::string text = fields.text(name);
        const std::uint32_t cell = text.empty() || text.size() > limits_.max_string_bytes
                                       ? kBrokenCell
                                       : raw(builder_.symbols().intern(text));
        InventoryBuilder::put_word(builder_.column(*entity, attribute), row, cell);
      }
    }
    builder_.close_row(id);
  }

  InventoryBuilder& builder_;
  RecordLimits limits_;
  ValueReader values_;
  json::parser parser_;
  std::vector<RecordFields> fields_;
  std::array<std::vector<std::pair<std::string_view, Entity>>, 16> words_;  // by their length
  std::string_view text_;
  std::uint32_t line_ = 0;
  Entity entity_{};
  std::uint32_t record_number_ = 0;
  std::string id_;
  bool has_id_ = false;
  bool word_leads_ = false;  // `record` was the first field and has been read
  bool bad_id_ = false;
  bool escapes_ = true;  // a backslash stands somewhere in the record
};

RecordReader::RecordReader(InventoryBuilder& builder, const RecordLimits& limits)
    : reader_(std::make_unique<Reader>(builder, limits)) {}

RecordReader::~RecordReader() = default;

void RecordReader::read_record(std::string_view text, std::uint32_t line) {
  reader_->read_record(text, line);
}

void RecordReader::refuse_large(std::string_view head, std::uint32_t line) {
  reader_->refuse_large(head, line);
}

}  // namespace rescind
