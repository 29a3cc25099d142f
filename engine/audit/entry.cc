// Writing and reading the canonical line of an entry.
#include "audit/entry.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

void append_escaped(std::string& out, char byte) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  static constexpr std::string_view kNamed = "\"\\\b\t\n\f\r";
  static constexpr std::string_view kLetters = "\"\\btnfr";
  const auto value = static_cast<unsigned char>(byte);
  if (const std::size_t named = kNamed.find(byte); named != std::string_view::npos) {
    out += '\\';
    out += kLetters[named];
  } else if (value < 0x20U) {
    out += "\\u00";
    out += kDigits[value >> 4U];
    out += kDigits[value & 0xFU];
  } else {
    out += byte;
  }
}

void append_quoted(std::string& out, std::string_view text) {
  if (first_invalid_utf8(text)) {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += '"';
  const bool plain = std::none_of(text.begin(), text.end(), [](char byte) {
    return byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20U;
  });
  if (plain) {
    out += text;
  } else {
    for (const char byte : text) {
      append_escaped(out, byte);
    }
  }
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    out += ",\"";
    out += name;
    out += "\":";
    append_quoted(out, value);
  }
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorKind::Corrupt, what);
}

// The text member `name`; absent: empty.
Result<std::string> text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) {
    return std::string();
  }
  if (!found->is_string()) {
    return malformed("`" + std::string(name) + "` is no text");
  }
  return found->get<std::string>();
}

Status read_texts(const Json& object, AuditNote& note) {
  RESCIND_ASSIGN_OR_RETURN(const std::string at, text_of(object, "at"));
  const auto instant = parse_instant(at);
  if (!instant) {
    return malformed("`at` is no instant");
  }
  note.at = *instant;
  RESCIND_ASSIGN_OR_RETURN(note.kind, text_of(object, "kind"));
  RESCIND_ASSIGN_OR_RETURN(note.run, text_of(object, "run"));
  RESCIND_ASSIGN_OR_RETURN(note.step, text_of(object, "step"));
  RESCIND_ASSIGN_OR_RETURN(note.item, text_of(object, "item"));
  RESCIND_ASSIGN_OR_RETURN(note.who, text_of(object, "who"));
  RESCIND_ASSIGN_OR_RETURN(note.detail, text_of(object, "detail"));
  return {};
}

Status read_lists(const Json& object, AuditNote& note) {
  if (const auto data = object.find("data"); data != object.end()) {
    if (!data->is_object()) {
      return malformed("`data` is no object");
    }
    for (const auto& [name, value] : data->items()) {
      if (!value.is_string()) {
        return malformed("`data` holds something else than texts");
      }
      note.data[name] = value.get<std::string>();
    }
  }
  if (const auto requests = object.find("requests"); requests != object.end()) {
    if (!requests->is_array()) {
      return malformed("`requests` is no array");
    }
    for (const auto& request : *requests) {
      if (!request.is_string()) {
        return malformed("`requests` holds something else than texts");
      }
      note.requests.push_back(request.get<std::string>());
    }
  }
  return {};
}

}  // namespace

std::string quote_json(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string encode_entry(const AuditEntry& entry) {
  const AuditNote& note = entry.note;
  std::string out = "{\"sequence\":" + std::to_string(entry.sequence);
  append_member(out, "at", format_instant(note.at));
  append_member(out, "kind", note.kind);
  append_member(out, "run", note.run);
  append_member(out, "step", note.step);
  append_member(out, "item", note.item);
  append_member(out, "who", note.who);
  append_member(out, "detail", note.detail);
  if (!note.data.empty()) {
    out += ",\"data\":";
    char separator = '{';
    for (const auto& [name, value] : note.data) {
      out += separator;
      append_quoted(out, name);
      out += ':';
      append_quoted(out, value);
      separator = ',';
    }
    out += '}';
  }
  if (!note.requests.empty()) {
    out += ",\"requests\":";
    char separator = '[';
    for (const std::string& request : note.requests) {
      out += separator;
      append_quoted(out, request);
      separator = ',';
    }
    out += ']';
  }
  append_member(out, "previous", to_hex(entry.previous));
  out += '}';
  return out;
}

Result<AuditEntry> decode_entry(std::string_view line) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) {
    return malformed("it is no JSON object");
  }
  AuditEntry entry;
  const auto sequence = object.find("sequence");
  if (sequence == object.end() || !sequence->is_number_unsigned()) {
    return malformed("it has no `sequence`");
  }
  entry.sequence = sequence->get<std::uint64_t>();
  RESCIND_RETURN_IF_ERROR(read_texts(object, entry.note));
  RESCIND_RETURN_IF_ERROR(read_lists(object, entry.note));
  RESCIND_ASSIGN_OR_RETURN(const std::string previous, text_of(object, "previous"));
  const auto hash = parse_hash(previous);
  if (!hash) {
    return malformed("`previous` is no hash");
  }
  entry.previous = *hash;
  // Whatever else it holds (unknown members, spaces, another order) shows here.
  if (encode_entry(entry) != line) {
    return malformed("it is not written in the canonical form");
  }
  return entry;
}

}  // namespace rescind
