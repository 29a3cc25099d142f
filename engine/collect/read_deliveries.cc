// Deliveries: a map from dependents to one place or several.
#include "collect/read_deliveries.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace rescind {
namespace {

using Node = DocumentNode;

constexpr std::array<std::string_view, 12> kKeys{"kind",   "system", "path",    "attribute",
                                                 "format", "user",   "value",   "mode",
                                                 "item",   "reload", "confirm", "used_as"};

template <typename T, std::size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<DeliveryKind, 3> kKinds{
    {{"file", DeliveryKind::File}, {"ldap", DeliveryKind::Ldap}, {"vault", DeliveryKind::Vault}}};
constexpr Words<DeliveryFormat, 4> kFormats{{{"value", DeliveryFormat::Value},
                                             {"pgpass", DeliveryFormat::Pgpass},
                                             {"env", DeliveryFormat::Env},
                                             {"json", DeliveryFormat::Json}}};
constexpr Words<DeliveryProof, 2> kProofs{
    {{"use", DeliveryProof::Use}, {"written", DeliveryProof::Written}}};

class RouteReader {
 public:
  RouteReader(const DocumentMember& dependent, Diagnostics& diagnostics)
      : dependent_(dependent), diagnostics_(diagnostics) {
    route_.dependent = dependent.key;
    route_.span = dependent.key_span;
  }

  void read(const Node& node, std::vector<DeliveryRoute>& out) {
    if (node.kind != Node::Kind::Map) {
      wrong(node, dependent_.key, "a place: a map with `kind` and `path`");
      return;
    }
    const std::size_t errors = diagnostics_.error_count();
    for (const DocumentMember& member : node.members) {
      read_member(member);
    }
    if (diagnostics_.error_count() == errors) {
      check(node);
    }
    if (diagnostics_.error_count() == errors) {
      out.push_back(std::move(route_));
    }
  }

 private:
  void read_member(const DocumentMember& member) {
    DeliveryTarget& target = route_.target;
    const std::string& key = member.key;
    const Node& value = member.value;
    if (key == "kind") {
      read_word(value, key, kKinds, target.kind);
    } else if (key == "format") {
      read_word(value, key, kFormats, target.format);
    } else if (key == "system") {
      read_text(value, key, target.system);
    } else if (key == "path") {
      read_text(value, key, target.path);
    } else if (key == "attribute") {
      read_text(value, key, target.attribute);
    } else if (key == "user") {
      read_text(value, key, target.user_key);
    } else if (key == "value") {
      read_text(value, key, target.value_key);
    } else if (key == "item") {
      read_text(value, key, route_.item);
    } else if (key == "used_as") {
      read_text(value, key, target.used_as);
    } else if (key == "mode") {
      read_mode(value);
    } else if (key == "reload") {
      read_program(value, key, target.reload);
    } else if (key == "confirm" && value.kind == Node::Kind::Map) {
      read_program(value, key, target.confirm);
      target.proof = DeliveryProof::Command;
    } else if (key == "confirm") {
      read_word(value, key, kProofs, target.proof);
    } else {
      unknown(member);
    }
  }

  void unknown(const DocumentMember& member) {
    const std::vector<std::string> known(kKeys.begin(), kKeys.end());
    Diagnostic& error = diagnostics_.error(Code::R0802, member.key_span,
                                           "unknown key `" + member.key + "` in a delivery");
    const auto near = nearest_name(member.key, known);
    error.help.push_back(near ? "did you mean `" + *near + "`?"
                              : "known here: " + join(known, ", "));
  }

  void wrong(const Node& node, std::string_view what, std::string_view wanted) {
    diagnostics_.error(Code::R0803, node.span,
                       "`" + std::string(what) + "` must be " + std::string(wanted) + ", not " +
                           std::string(node_kind_name(node)));
  }

  void read_text(const Node& node, std::string_view what, std::string& out) {
    if (node.kind == Node::Kind::Null || !node.is_text() || node.text.empty()) {
      wrong(node, what, "a string that is not empty");
      return;
    }
    out = node.text;
  }

  template <typename T, std::size_t N>
  void read_word(const Node& node, std::string_view what, const Words<T, N>& words, T& out) {
    std::vector<std::string> known;
    for (const auto& [word, value] : words) {
      if (node.is_text() && node.text == word) {
        out = value;
        return;
      }
      known.emplace_back(word);
    }
    if (!node.is_text()) {
      wrong(node, what, "one of " + join(known, ", "));
      return;
    }
    Diagnostic& error =
        diagnostics_.error(Code::R1020, node.span,
                           "`" + node.text + "` is no `" + std::string(what) + "` of a delivery");
    const auto near = nearest_name(node.text, known);
    error.help.push_back(near ? "did you mean `" + *near + "`?" : "one of " + join(known, ", "));
  }

  void read_mode(const Node& node) {
    const bool octal = node.is_text() && (node.text.size() == 3 || node.text.size() == 4) &&
                       node.text.find_first_not_of("01234567") == std::string::npos;
    if (!octal) {
      diagnostics_.error(Code::R0803, node.span, "`mode` must be three octal digits, like `0600`");
      return;
    }
    const auto mode = static_cast<unsigned>(std::stoul(node.text, nullptr, 8));
    if (mode > 0770 || (mode & 07U) != 0) {
      diagnostics_.error(Code::R1023, node.span,
                         "a file with `mode` " + node.text + " would be open to everybody",
                         "a credential is for its owner and at most its group: 0600, 0640");
      return;
    }
    route_.target.mode = mode;
  }

  void read_program(const Node& node, const std::string& what, std::vector<std::string>& out) {
    const Node* const command =
        node.kind == Node::Kind::Map && node.members.size() == 1 ? node.find("command") : nullptr;
    if (command == nullptr) {
      wrong(node, what, "`{ command: LINE }` or `{ command: [PROGRAM, ARGUMENT, …] }`");
      return;
    }
    if (command->kind != Node::Kind::List) {
      read_text(*command, "command", out.emplace_back());
      return;
    }
    for (const Node& word : command->elements) {
      read_text(word, "command", out.emplace_back());
    }
    if (out.empty()) {
      wrong(*command, "command", "a line, or a list of program and arguments");
    }
  }

  void missing(const Node& node, std::string_view what) {
    diagnostics_.error(
        Code::R1021, node.members.empty() ? node.span : dependent_.key_span,
        "the delivery to `" + dependent_.key + "` does not say its `" + std::string(what) + "`");
  }

  void check(const Node& node) {
    const DeliveryTarget& target = route_.target;
    if (target.path.empty()) {
      missing(node, "path");
    }
    if (target.kind != DeliveryKind::File && target.system.empty()) {
      missing(node, "system");
    }
    if (target.kind == DeliveryKind::Ldap && target.attribute.empty()) {
      missing(node, "attribute");
    }
  }

  const DocumentMember& dependent_;
  Diagnostics& diagnostics_;
  DeliveryRoute route_;
};

}  // namespace

void read_deliveries(const DocumentNode& node, std::vector<DeliveryRoute>& out,
                     Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::Null) {
    return;
  }
  if (node.kind != Node::Kind::Map) {
    diagnostics.error(Code::R0803, node.span,
                      "`deliveries` must be a map from dependents to places, not " +
                          std::string(node_kind_name(node)));
    return;
  }
  for (const DocumentMember& member : node.members) {
    if (member.value.kind != Node::Kind::List) {
      RouteReader(member, diagnostics).read(member.value, out);
      continue;
    }
    for (const Node& place : member.value.elements) {
      RouteReader(member, diagnostics).read(place, out);
    }
  }
}

}  // namespace rescind
