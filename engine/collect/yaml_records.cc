// YAML inventories, record by record as JSON.
#include <algorithm>

#include "collect/to_json.h"
#include "collect/yaml_text.h"

namespace rescind {
namespace {

using Kind = DocumentNode::Kind;

class Converter {
 public:
  Converter(std::string_view text, const Schema& schema) : text_(text), schema_(schema) {}

  void convert(const DocumentNode& document, ConvertedRecords& out) {
    if (document.kind == Kind::List) {
      for (const DocumentNode& element : document.elements) {
        add_record(element, out);
      }
    } else if (document.kind != Kind::Null) {
      add_record(document, out);
    }
  }

  // Lines are asked for in rising order, except after an alias.
  std::uint32_t line_at(std::uint32_t offset) {
    if (offset < counted_) {
      counted_ = 0;
      line_ = 1;
    }
    const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(counted_);
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
    line_ += static_cast<std::uint32_t>(std::count(begin, end, '\n'));
    counted_ = offset;
    return line_;
  }

 private:
  void add_record(const DocumentNode& node, ConvertedRecords& out) {
    const std::uint32_t line = line_at(node.span.begin);
    if (node.kind != Kind::Map) {
      out.records.push_back({"", line, "a record is a mapping of names to values"});
      return;
    }
    const DocumentNode* word = node.find("record");
    record_ = word != nullptr && word->is_scalar() ? word->text : "";
    std::string json;
    append_map(node, true, json);
    out.records.push_back({std::move(json), line, ""});
  }

  void append_map(const DocumentNode& node, bool top, std::string& out) {
    out += '{';
    bool first = true;
    for (const DocumentMember& member : node.members) {
      out += first ? "" : ",";
      first = false;
      append_json_string(member.key, out);
      out += ':';
      append_value(member.value, top ? field_type(schema_, record_, member.key) : nullptr, out);
    }
    out += '}';
  }

  void append_value(const DocumentNode& node, const Type* type, std::string& out) {
    if (node.kind == Kind::Map) {
      append_map(node, false, out);
    } else if (node.kind == Kind::List) {
      out += '[';
      bool first = true;
      for (const DocumentNode& element : node.elements) {
        out += first ? "" : ",";
        first = false;
        append_value(element, type, out);
      }
      out += ']';
    } else if (node.kind == Kind::Null) {
      out += "null";
    } else if (node.plain) {
      append_typed(node.text, type, out);
    } else {
      append_json_string(node.text, out);
    }
  }

  std::string_view text_;
  const Schema& schema_;
  std::string record_;
  std::size_t counted_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

ConvertedRecords yaml_records(std::string_view text, const Schema& schema) {
  DocumentLimits limits;
  limits.max_bytes = text.size();  // the caller's cap holds
  limits.max_nodes = 2'000'000;
  const YamlText read = read_yaml_text(text, limits);
  ConvertedRecords out;
  Converter converter(text, schema);
  for (const DocumentNode& document : read.documents) {
    converter.convert(document, out);
  }
  if (!read.problem.empty()) {
    out.records.push_back({"", converter.line_at(read.problem_at), read.problem});
  }
  return out;
}

}  // namespace rescind
