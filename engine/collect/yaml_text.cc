// YAML through yaml-cpp's events. WHY not its trees: they unfold aliases without a cap, and its
// loader of several documents does not end on some damaged texts.
#include "collect/yaml_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"
#include "collect/given_names.h"

namespace rescind {
namespace {

using Kind = DocumentNode::Kind;

// So many times the largest file may aliases repeat, by the bytes of their texts.
constexpr std::size_t kRepeatedFiles = 4;

// Thrown and caught in this file only.
struct Refused {
  std::uint32_t at;
  std::string why;
};

bool is_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const DocumentLimits& limits) : text_(text), limits_(limits) {
    line_begins_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
      line_begins_.push_back(static_cast<std::uint32_t>(at + 1));
    }
  }

  [[nodiscard]] std::uint32_t offset(const YAML::Mark& mark) const {
    if (mark.is_null()) {
      return 0;
    }
    const auto line = std::min(static_cast<std::size_t>(mark.line), line_begins_.size() - 1);
    return std::min(line_begins_[line] + static_cast<std::uint32_t>(mark.column),
                    static_cast<std::uint32_t>(text_.size()));
  }

  std::vector<DocumentNode> take_documents() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // A document that begins where the one before began: the text does not move on.
    if (!documents_.empty() && offset(mark) <= last_begin_) {
      throw Refused{offset(mark), "not YAML: nothing can follow here"};
    }
    last_begin_ = offset(mark);
    anchors_.clear();
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    DocumentNode node = begin_node(mark);
    node.plain = true;
    finish(std::move(node), anchor, {1, 0});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{offset(mark), "an alias stands inside of what it names"};
    }
    count(mark, found->second.size.nodes);
    bytes_ += found->second.size.bytes;
    repeat(offset(mark), found->second.size.bytes);
    finish(found->second.node, 0, found->second.size);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    DocumentNode node = begin_node(mark);
    node.text = value;
    node.plain = tag != "!";
    node.kind = !node.plain                           ? Kind::String
                : value == "true" || value == "false" ? Kind::Bool
                : is_number(value)                    ? Kind::Number
                                                      : Kind::String;
    // The span covers what is written of it on its first line.
    const std::size_t line_end = std::min(text_.find('\n', node.span.begin), text_.size());
    node.span.end = static_cast<std::uint32_t>(
        std::min(node.span.begin + value.size() + (node.plain ? 0U : 2U), line_end));
    bytes_ += value.size();
    finish(std::move(node), anchor, {1, value.size()});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Kind::List);
  }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Kind::Map);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapEnd() override { close(); }

 private:
  // Of a node with all that is in it.
  struct Size {
    std::size_t nodes;
    std::size_t bytes;  // of the texts
  };

  struct Open {
    DocumentNode node;
    YAML::anchor_t anchor;
    Size before;           // all that came before it
    bool has_key = false;  // of a map: the next node is a value
    DocumentMember member;
    GivenNames names;
  };

  struct Anchored {
    DocumentNode node;
    Size size;
  };

  // A second copy of what stands in the text once.
  void repeat(std::uint32_t at, std::size_t bytes) {
    repeated_ += bytes;
    if (repeated_ / kRepeatedFiles > limits_.max_bytes) {
      throw Refused{at, "anchors and aliases repeat more than " +
                            std::to_string(kRepeatedFiles * limits_.max_bytes) + " bytes"};
    }
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > limits_.max_nodes) {
      throw Refused{offset(mark), "more than " + std::to_string(limits_.max_nodes) + " values"};
    }
  }

  DocumentNode begin_node(const YAML::Mark& mark) {
    count(mark, 1);
    DocumentNode node;
    node.span.begin = offset(mark);
    node.span.end = std::min(node.span.begin + 1, static_cast<std::uint32_t>(text_.size()));
    return node;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind) {
    const Size before{nodes_, bytes_};
    DocumentNode node = begin_node(mark);
    node.kind = kind;
    if (open_.size() >= limits_.max_depth) {
      throw Refused{offset(mark), "nested deeper than " + std::to_string(limits_.max_depth)};
    }
    open_.push_back({std::move(node), anchor, before, false, {}, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.node), done.anchor,
           {nodes_ - done.before.nodes, bytes_ - done.before.bytes});
  }

  // Puts a whole node where it belongs.
  void finish(DocumentNode node, YAML::anchor_t anchor, Size size) {
    if (anchor != 0) {
      repeat(node.span.begin, size.bytes);
      anchors_[anchor] = {node, size};
    }
    if (open_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Kind::List) {
      parent.node.elements.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.member.value = std::move(node);
      parent.node.members.push_back(std::move(parent.member));
      parent.member = {};
      parent.has_key = false;
    } else {
      if (!node.is_scalar()) {
        throw Refused{node.span.begin, "a name must stand here"};
      }
      if (!parent.names.add(parent.node.members, node.text)) {
        throw Refused{node.span.begin, "`" + node.text + "` is given twice"};
      }
      parent.member = {node.text, node.span, {}};
      parent.has_key = true;
    }
  }

  std::string_view text_;
  const DocumentLimits& limits_;
  std::vector<std::uint32_t> line_begins_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::vector<DocumentNode> documents_;
  std::uint32_t last_begin_ = 0;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  std::size_t repeated_ = 0;
};

}  // namespace

YamlText read_yaml_text(std::string_view text, const DocumentLimits& limits) {
  YamlText out;
  if (text.size() > limits.max_bytes) {
    out.problem = "the file is larger than " + std::to_string(limits.max_bytes) + " bytes";
    return out;
  }
  if (const auto bad = first_invalid_utf8(text)) {
    out.problem = "the text is not valid UTF-8";
    out.problem_at = static_cast<std::uint32_t>(*bad);
    return out;
  }
  TreeBuilder builder(text, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    out.problem = "not YAML: " + error.msg;
    out.problem_at = builder.offset(error.mark);
  } catch (const Refused& refused) {
    out.problem = refused.why;
    out.problem_at = refused.at;
  }
  out.documents = builder.take_documents();
  return out;
}

}  // namespace rescind
