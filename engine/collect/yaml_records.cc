// YAML inventories through yaml-cpp. Aliases are followed, up to a cap on what they unfold to.
#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "collect/to_json.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxNodes = 2'000'000;
constexpr std::size_t kMaxDepth = 32;

// Thrown and caught in this file only: the text asks for more than the caps allow.
struct TooMuch {
  std::string why;
};

std::uint32_t line_of(const YAML::Node& node) {
  return static_cast<std::uint32_t>(node.Mark().line + 1);
}

class Converter {
 public:
  explicit Converter(const Schema& schema) : schema_(schema) {}

  void convert(const YAML::Node& document, ConvertedRecords& out) {
    if (document.IsSequence()) {
      for (const YAML::Node& element : document) {
        add_record(element, out);
      }
    } else if (!document.IsNull()) {
      add_record(document, out);
    }
  }

 private:
  void add_record(const YAML::Node& node, ConvertedRecords& out) {
    if (!node.IsMap()) {
      out.records.push_back({"", line_of(node), "a record is a mapping of names to values"});
      return;
    }
    const YAML::Node word = node["record"];
    record_ = word && word.IsScalar() ? word.Scalar() : "";
    std::string json;
    append_map(node, 0, json);
    out.records.push_back({std::move(json), line_of(node), ""});
  }

  void append_map(const YAML::Node& node, std::size_t depth, std::string& out) {
    out += '{';
    bool first = true;
    for (const auto& entry : node) {
      out += first ? "" : ",";
      first = false;
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      append_json_string(key, out);
      out += ':';
      append_value(entry.second, depth == 0 ? field_type(schema_, record_, key) : nullptr,
                   depth + 1, out);
    }
    out += '}';
  }

  void append_value(const YAML::Node& node, const Type* type, std::size_t depth, std::string& out) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      throw TooMuch{depth > kMaxDepth ? "nested deeper than " + std::to_string(kMaxDepth)
                                      : "more than " + std::to_string(kMaxNodes) + " values"};
    }
    if (node.IsMap()) {
      append_map(node, depth, out);
    } else if (node.IsSequence()) {
      out += '[';
      bool first = true;
      for (const YAML::Node& element : node) {
        out += first ? "" : ",";
        first = false;
        append_value(element, type, depth + 1, out);
      }
      out += ']';
    } else if (node.IsNull()) {
      out += "null";
    } else if (node.Tag() == "!") {
      append_json_string(node.Scalar(), out);  // quoted
    } else {
      append_typed(node.Scalar(), type, out);
    }
  }

  const Schema& schema_;
  std::string record_;
  std::size_t nodes_ = 0;
};

}  // namespace

ConvertedRecords yaml_records(std::string_view text, const Schema& schema) {
  ConvertedRecords out;
  if (first_invalid_utf8(text)) {
    out.records.push_back({"", 0, "the file is not valid UTF-8"});
    return out;
  }
  try {
    Converter converter(schema);
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      converter.convert(document, out);
    }
  } catch (const YAML::Exception& error) {
    out.records.push_back(
        {"", static_cast<std::uint32_t>(error.mark.line + 1), "not YAML: " + error.msg});
  } catch (const TooMuch& cap) {
    out.records.push_back({"", 0, cap.why});
  }
  return out;
}

}  // namespace rescind
