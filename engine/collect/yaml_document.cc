// YAML through yaml-cpp, with places. Aliases are followed up to a cap on what they unfold to.
#include <charconv>

#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "collect/document.h"

namespace rescind {
namespace {

using Kind = DocumentNode::Kind;

// Thrown and caught in this file only.
struct Refused {
  Span span;
  std::string why;
};

class YamlReader {
 public:
  YamlReader(const SourceSet& sources, SourceFileId file, const DocumentLimits& limits)
      : file_(sources.file(file)), id_(file), limits_(limits) {}

  DocumentNode read(const YAML::Node& node, std::size_t depth) {
    DocumentNode out;
    out.span = span_of(node);
    if (++nodes_ > limits_.max_nodes) {
      throw Refused{out.span, "more than " + std::to_string(limits_.max_nodes) + " values"};
    }
    if (depth > limits_.max_depth) {
      throw Refused{out.span, "nested deeper than " + std::to_string(limits_.max_depth)};
    }
    if (node.IsSequence()) {
      out.kind = Kind::List;
      for (const YAML::Node& element : node) {
        out.elements.push_back(read(element, depth + 1));
      }
    } else if (node.IsMap()) {
      out.kind = Kind::Map;
      for (const auto& entry : node) {
        read_member(entry.first, entry.second, depth, out);
      }
    } else {
      read_scalar(node, out);
    }
    return out;
  }

  [[nodiscard]] Span place(const YAML::Mark& mark) const {
    if (mark.is_null()) {
      return {id_, 0, 0};
    }
    const std::uint32_t line = file_.line_begin(static_cast<std::uint32_t>(mark.line + 1));
    const std::uint32_t at = line + static_cast<std::uint32_t>(mark.column);
    const auto size = static_cast<std::uint32_t>(file_.text().size());
    return {id_, std::min(at, size), std::min(at, size)};
  }

 private:
  void read_member(const YAML::Node& key, const YAML::Node& value, std::size_t depth,
                   DocumentNode& out) {
    const Span key_span = span_of(key);
    if (!key.IsScalar()) {
      throw Refused{key_span, "a name must stand here"};
    }
    if (out.find(key.Scalar()) != nullptr) {
      throw Refused{key_span, "`" + key.Scalar() + "` is given twice"};
    }
    out.members.push_back({key.Scalar(), key_span, read(value, depth + 1)});
  }

  static void read_scalar(const YAML::Node& node, DocumentNode& out) {
    out.text = node.IsScalar() ? node.Scalar() : "";
    out.plain = node.Tag() != "!";
    if (node.IsNull()) {
      out.kind = Kind::Null;
    } else if (out.plain && (out.text == "true" || out.text == "false")) {
      out.kind = Kind::Bool;
    } else if (out.plain && is_number(out.text)) {
      out.kind = Kind::Number;
    } else {
      out.kind = Kind::String;
    }
  }

  static bool is_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
  }

  // A scalar's span covers what is written of it on its first line.
  [[nodiscard]] Span span_of(const YAML::Node& node) const {
    Span span = place(node.Mark());
    if (!node.IsScalar()) {
      span.end = std::min(span.end + 1, static_cast<std::uint32_t>(file_.text().size()));
      return span;
    }
    const std::size_t quotes = node.Tag() == "!" ? 2 : 0;
    const std::size_t line_end = std::min(file_.text().find('\n', span.begin), file_.text().size());
    span.end =
        static_cast<std::uint32_t>(std::min(span.begin + node.Scalar().size() + quotes, line_end));
    return span;
  }

  const SourceFile& file_;
  SourceFileId id_;
  const DocumentLimits& limits_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::vector<DocumentNode> read_yaml_document(const SourceSet& sources, SourceFileId file, Code code,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics) {
  const std::string_view text = sources.file(file).text();
  if (text.size() > limits.max_bytes) {
    diagnostics.error(code, Span{file, 0, 0},
                      "the file is larger than " + std::to_string(limits.max_bytes) + " bytes");
    return {};
  }
  if (const auto bad = first_invalid_utf8(text)) {
    const auto at = static_cast<std::uint32_t>(*bad);
    diagnostics.error(code, Span{file, at, at + 1}, "the text is not valid UTF-8");
    return {};
  }
  YamlReader reader(sources, file, limits);
  std::vector<DocumentNode> documents;
  try {
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      documents.push_back(reader.read(document, 0));
    }
  } catch (const YAML::Exception& error) {
    diagnostics.error(code, reader.place(error.mark), "not YAML: " + error.msg);
    return {};
  } catch (const Refused& refused) {
    diagnostics.error(code, refused.span, refused.why);
    return {};
  }
  return documents;
}

}  // namespace rescind
