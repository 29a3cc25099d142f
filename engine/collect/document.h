// JSON and YAML as one tree in which everything knows its place, for the files that people write by
// hand: events and configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/source.h"

namespace rescind {

struct DocumentMember;

struct DocumentNode {
  enum class Kind : std::uint8_t { Null, Bool, Number, String, List, Map };
  Kind kind = Kind::Null;
  std::string text;    // of a scalar: the string, or the number or word as written
  bool plain = false;  // a YAML scalar without quotes: a number may be meant as text
  Span span;
  std::vector<DocumentNode> elements;
  std::vector<DocumentMember> members;  // in the order of the text

  [[nodiscard]] bool is_text() const { return kind == Kind::String || (plain && is_scalar()); }

  [[nodiscard]] bool is_scalar() const { return kind != Kind::List && kind != Kind::Map; }

  [[nodiscard]] const DocumentNode* find(std::string_view key) const;  // null: not there
};

struct DocumentMember {
  std::string key;
  Span key_span;
  DocumentNode value;
};

// "a string", "a list", …, for messages.
std::string_view node_kind_name(const DocumentNode& node);

struct DocumentLimits {
  std::size_t max_bytes = 16UL * 1024 * 1024;
  std::size_t max_nodes = 1'000'000;
  std::size_t max_depth = 64;
};

// All values of a JSON text: one, or several one after the other (JSON Lines). What cannot be read
// is reported with `code`; reading goes on at the next line that begins a value.
std::vector<DocumentNode> read_json_document(const SourceSet& sources, SourceFileId file, Code code,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics);

// All documents of a YAML text. Nothing when it cannot be read, which is reported with `code`.
std::vector<DocumentNode> read_yaml_document(const SourceSet& sources, SourceFileId file, Code code,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics);

}  // namespace rescind
