// What the converters share: scalars without quotes become JSON of the attribute's type.
#include "collect/to_json.h"

#include <charconv>

namespace rescind {
namespace {

bool is_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

const Type* field_type(const Schema& schema, std::string_view record, std::string_view field) {
  const auto entity = find_entity(record);
  const auto index = entity ? schema.find(*entity, field) : std::nullopt;
  return index ? &schema.of(*entity).attributes[*index].type : nullptr;
}

void append_typed(std::string_view text, const Type* type, std::string& out) {
  const TypeKind kind = type == nullptr               ? TypeKind::String
                        : type->kind == TypeKind::Set ? type->element
                                                      : type->kind;
  const bool literal = (kind == TypeKind::Bool && (text == "true" || text == "false")) ||
                       (kind == TypeKind::Int && is_integer(text));
  if (literal) {
    out += text;
  } else {
    append_json_string(text, out);
  }
}

void append_json_string(std::string_view text, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U) {
      out += "\\u00";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace rescind
