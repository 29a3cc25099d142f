// What `schema` blocks add: systems, teams, attributes and events, in an order that does not depend
// on the order of the text.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "check/expressions.h"
#include "check/program.h"
#include "check/types.h"

namespace rescind::checking {
namespace {

constexpr std::array<std::string_view, 7> kEventReserved = {"at",   "arrived", "source", "id",
                                                            "type", "before",  "after"};
constexpr std::array<std::string_view, 3> kItemReserved = {"id", "kind", "justified"};
constexpr std::array<std::string_view, 4> kIdentityReserved = {"id", "owns", "knows", "items"};
constexpr std::array<std::string_view, 1> kSystemReserved = {"id"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_reserved(Entity entity, std::string_view name) {
  if (is_item(entity)) {
    return is_in(kItemReserved, name);
  }
  return entity == Entity::Identity ? is_in(kIdentityReserved, name) : is_in(kSystemReserved, name);
}

std::vector<std::string> type_words() {
  std::vector<std::string> words = kind_words();
  words.insert(words.end(), {"bool", "int", "string", "instant", "duration", "enum", "set",
                             "identity", "system"});
  return words;
}

std::optional<Type> plain_type(std::string_view word) {
  constexpr std::array kPlain = {
      std::pair{std::string_view("bool"), TypeKind::Bool},
      std::pair{std::string_view("int"), TypeKind::Int},
      std::pair{std::string_view("string"), TypeKind::String},
      std::pair{std::string_view("instant"), TypeKind::Instant},
      std::pair{std::string_view("duration"), TypeKind::Duration},
      std::pair{std::string_view("identity"), TypeKind::Identity},
      std::pair{std::string_view("system"), TypeKind::System},
  };
  for (const auto& [name, kind] : kPlain) {
    if (name == word) {
      return simple_type(kind);
    }
  }
  const KindSet kinds = kinds_named(word);
  if (!kinds.empty()) {
    return item_type(kinds);
  }
  return std::nullopt;
}

// An attribute as written, with where it belongs.
struct Written {
  std::string owner;             // "account", "identity", or "event NAME"
  std::vector<Entity> entities;  // empty: of an event
  const ast::AttributeDecl* ast = nullptr;
  const Module* module = nullptr;
};

class SchemaBuilder {
 public:
  explicit SchemaBuilder(Program& program) : program_(program), expressions_(program) {}

  void run() {
    for (const auto& [name, module] : program_.modules) {
      for (const Found<ast::SchemaBlock>& block : module->schemas) {
        for (const ast::SchemaBlock::Entry& entry : block.ast->entries) {
          module_ = module.get();
          std::visit([this](const auto& node) { gather(node); }, entry.node);
        }
      }
    }
    program_.schema.systems.assign(systems_.begin(), systems_.end());
    program_.schema.teams.assign(teams_.begin(), teams_.end());
    add_attributes();
    add_events();
  }

 private:
  struct WrittenEvent {
    const ast::SchemaBlock::Event* ast = nullptr;
    const Module* module = nullptr;
  };

  void gather(const ast::SchemaBlock::Systems& node) {
    for (const ast::Name& name : node.names) {
      systems_.insert(name.text);
    }
  }

  void gather(const ast::SchemaBlock::Teams& node) {
    for (const ast::Name& name : node.names) {
      teams_.insert(name.text);
    }
  }

  void gather(const ast::SchemaBlock::Entity& node) {
    std::vector<Entity> entities;
    const KindSet kinds = kinds_named(node.entity.text);
    for (std::size_t i = 0; i < kKindCount; ++i) {
      if (kinds.contains(static_cast<Kind>(i))) {
        entities.push_back(entity_of(static_cast<Kind>(i)));
      }
    }
    if (entities.empty()) {
      const std::optional<Entity> entity = find_entity(node.entity.text);
      if (!entity) {
        std::vector<std::string> words = kind_words();
        words.insert(words.end(), {"identity", "system", "team", "systems", "teams", "event"});
        suggest(program_.report.error(Code::R0205, node.entity.span,
                                      "unknown kind `" + node.entity.text + "`",
                                      "neither a kind of access item nor identity, system or team"),
                node.entity.text, words);
        return;
      }
      entities.push_back(*entity);
    }
    for (const ast::AttributeDecl& attribute : node.attributes) {
      attributes_.push_back({node.entity.text, entities, &attribute, module_});
    }
  }

  void gather(const ast::SchemaBlock::Event& node) { events_.push_back({&node, module_}); }

  // Sorted by (owner, name), so that an attribute's number does not depend on the order of the
  // text.
  void add_attributes() {
    std::stable_sort(
        attributes_.begin(), attributes_.end(), [](const Written& a, const Written& b) {
          return std::tie(a.owner, a.ast->name.text) < std::tie(b.owner, b.ast->name.text);
        });
    for (const Written& written : attributes_) {
      add_attribute(written);
    }
  }

  void add_attribute(const Written& written) {
    const std::string& name = written.ast->name.text;
    for (const Entity entity : written.entities) {
      if (is_reserved(entity, name)) {
        report_reserved(written);
        return;
      }
    }
    const auto known = declared_.find({written.owner, name});
    if (known != declared_.end()) {
      check_repetition(written, known->second);
      return;
    }
    const std::optional<Attribute> attribute = read_attribute(written);
    if (!attribute) {
      return;
    }
    for (const Entity entity : written.entities) {
      if (!program_.schema.add(entity, *attribute)) {
        report_taken(written, entity);
        return;
      }
    }
    declared_.emplace(std::pair{written.owner, name}, Known{*attribute, written});
  }

  struct Known {
    Attribute attribute;
    Written written;
  };

  void report_reserved(const Written& written) {
    program_.report.error(
        Code::R0220, written.ast->name.span,
        "`" + written.ast->name.text + "` of " + written.owner + " belongs to the language",
        "cannot be declared");
  }

  void report_taken(const Written& written, Entity entity) {
    program_.report.error(Code::R0212, written.ast->name.span,
                          "attribute `" + written.ast->name.text + "` of " +
                              std::string(entity_name(entity)) + " is declared twice",
                          "the schema has it already");
  }

  // Modules may each declare what they need: the same twice is one, unless one module repeats
  // itself.
  void check_repetition(const Written& written, const Known& first) {
    const std::size_t enums = program_.schema.enums.size();
    const std::optional<Attribute> again =
        written.module == first.written.module ? std::nullopt : read_attribute(written);
    const bool same = again && same_attribute(*again, first.attribute);
    program_.schema.enums.resize(enums);
    if (same) {
      return;
    }
    program_.report
        .error(
            Code::R0212, written.ast->name.span,
            "attribute `" + written.ast->name.text + "` of " + written.owner + " is declared twice",
            written.module == first.written.module ? "declared again here"
                                                   : "declared differently here")
        .labels.push_back({first.written.ast->name.span, "first declared here"});
  }

  bool same_attribute(const Attribute& a, const Attribute& b) const {
    const auto values = [this](const Attribute& attribute) {
      const Type& type = attribute.type;
      const bool is_enum = type.kind == TypeKind::Enum ||
                           (type.kind == TypeKind::Set && type.element == TypeKind::Enum);
      return is_enum ? program_.schema.enums[type.enum_id].values : std::vector<std::string>{};
    };
    Type of_a = a.type;
    Type of_b = b.type;
    of_a.enum_id = 0;
    of_b.enum_id = 0;
    return of_a == of_b && a.fallback == b.fallback && values(a) == values(b);
  }

  std::optional<Attribute> read_attribute(const Written& written) {
    const ast::AttributeDecl& ast = *written.ast;
    const std::optional<Type> type =
        resolve_type(program_, ast.type, written.owner + "." + ast.name.text);
    if (!type) {
      program_.broken_attributes.insert(ast.name.text);
      return std::nullopt;
    }
    Attribute attribute;
    attribute.name = ast.name.text;
    attribute.type = *type;
    attribute.builtin = false;
    attribute.doc = ast.doc.text;
    if (ast.default_value) {
      Scope scope;
      scope.place = "a default";
      attribute.type.optional = false;  // with a default it is never missing
      attribute.fallback =
          expressions_.constant(*ast.default_value, scope, attribute.type, "a default");
      if (!attribute.fallback) {
        program_.broken_attributes.insert(ast.name.text);
        return std::nullopt;
      }
    }
    attribute.required = !attribute.fallback && !attribute.type.optional;
    return attribute;
  }

  void add_events() {
    const std::vector<std::string> builtin = program_.event_names();
    builtin_events_.insert(builtin.begin(), builtin.end());
    std::stable_sort(events_.begin(), events_.end(),
                     [](const WrittenEvent& a, const WrittenEvent& b) {
                       return a.ast->name.text < b.ast->name.text;
                     });
    for (const WrittenEvent& event : events_) {
      add_event(event);
    }
    for (std::uint32_t i = 0; i < program_.schema.events.size(); ++i) {
      program_.events.emplace(program_.schema.events[i].name, i);
    }
    program_.schema.add_enum("event.type", program_.event_names());
  }

  void add_event(const WrittenEvent& written) {
    const ast::SchemaBlock::Event& ast = *written.ast;
    std::optional<EventType> event = read_event(written);
    if (!event) {
      return;
    }
    const auto before = first_events_.find(ast.name.text);
    const bool is_builtin = builtin_events_.count(ast.name.text) > 0;
    if (before == first_events_.end() && !is_builtin) {
      first_events_.emplace(ast.name.text, written);
      program_.schema.events.push_back(*std::move(event));
      return;
    }
    // Events are added in the order of their names, so the last one is the first of this name.
    const EventType& first = program_.schema.events.back();
    const bool same =
        !is_builtin && before->second.module != written.module && first.about == event->about &&
        std::equal(first.attributes.begin(), first.attributes.end(), event->attributes.begin(),
                   event->attributes.end(), [this](const Attribute& a, const Attribute& b) {
                     return a.name == b.name && same_attribute(a, b);
                   });
    if (same) {
      return;
    }
    Diagnostic& diagnostic = program_.report.error(
        Code::R0212, ast.name.span, "event `" + ast.name.text + "` is declared twice",
        is_builtin ? "an event of the language has this name" : "declared again here");
    if (!is_builtin) {
      diagnostic.labels.push_back({before->second.ast->name.span, "first declared here"});
    }
  }

  std::optional<EventType> read_event(const WrittenEvent& written) {
    const ast::SchemaBlock::Event& ast = *written.ast;
    EventType event;
    event.name = ast.name.text;
    event.builtin = false;
    event.doc = ast.doc.text;
    bool sound = true;
    if (ast.about.text == "item" || ast.about.text == "system" || ast.about.text == "identity") {
      event.about = ast.about.text == "item"     ? EventAbout::Item
                    : ast.about.text == "system" ? EventAbout::System
                                                 : EventAbout::Identity;
    } else {
      suggest(program_.report.error(Code::R0205, ast.about.span,
                                    "an event cannot be about `" + ast.about.text + "`",
                                    "must be identity, item or system"),
              ast.about.text, {"identity", "item", "system"});
      sound = false;
    }
    std::set<std::string> names;
    for (const ast::AttributeDecl& attribute : ast.attributes) {
      const Written as_attribute{"event " + ast.name.text, {}, &attribute, written.module};
      if (is_in(kEventReserved, attribute.name.text)) {
        report_reserved(as_attribute);
        sound = false;
      } else if (!names.insert(attribute.name.text).second) {
        program_.report.error(Code::R0212, attribute.name.span,
                              "attribute `" + attribute.name.text + "` of event " + ast.name.text +
                                  " is declared twice",
                              "declared again here");
        sound = false;
      } else if (std::optional<Attribute> read = read_attribute(as_attribute)) {
        event.attributes.push_back(*std::move(read));
      } else {
        sound = false;
      }
    }
    std::sort(event.attributes.begin(), event.attributes.end(),
              [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
    // An event with a broken attribute still exists, so that its uses are not errors too.
    if (!sound) {
      event.about = EventAbout::Identity;
    }
    return event;
  }

  Program& program_;
  Expressions expressions_;
  const Module* module_ = nullptr;
  std::set<std::string> systems_;
  std::set<std::string> teams_;
  std::vector<Written> attributes_;
  std::vector<WrittenEvent> events_;
  std::map<std::pair<std::string, std::string>, Known> declared_;
  std::map<std::string, WrittenEvent> first_events_;
  std::set<std::string> builtin_events_;
};

std::optional<Type> enum_type_of(Program& program, const ast::TypeExpr& written,
                                 const std::string& enum_name) {
  std::vector<std::string> values;
  for (const ast::Name& value : written.enum_values) {
    if (std::find(values.begin(), values.end(), value.text) != values.end()) {
      program.report.error(Code::R0212, value.span,
                           "value `" + value.text + "` stands twice in this enum", "given before");
      return std::nullopt;
    }
    values.push_back(value.text);
  }
  if (values.empty()) {
    program.report.error(Code::R0222, written.span, "an enum needs values",
                         "write `enum { first, second }`");
    return std::nullopt;
  }
  return enum_type(program.schema.add_enum(enum_name, std::move(values)));
}

}  // namespace

std::optional<Type> resolve_type(Program& program, const ast::TypeExpr& written,
                                 const std::string& enum_name) {
  std::optional<Type> type;
  if (written.name.text == "enum") {
    type = enum_type_of(program, written, enum_name);
    if (!type) {
      return std::nullopt;
    }
  } else if (written.name.text == "set") {
    if (!written.element) {
      program.report.error(Code::R0222, written.span, "a set needs the type of its elements",
                           "write `set<string>`");
      return std::nullopt;
    }
    const std::optional<Type> element = resolve_type(program, *written.element, enum_name);
    if (!element) {
      return std::nullopt;
    }
    if (element->kind == TypeKind::Set || element->optional) {
      program.report.error(Code::R0222, written.element->span,
                           "the elements of a set are neither sets nor missing",
                           "not a type of elements");
      return std::nullopt;
    }
    type = set_type(*element);
  } else {
    type = plain_type(written.name.text);
    if (!type) {
      suggest(program.report.error(Code::R0222, written.name.span,
                                   "unknown type `" + written.name.text + "`", "not a type"),
              written.name.text, type_words());
      return std::nullopt;
    }
  }
  type->optional = written.optional;
  return type;
}

void build_schema(Program& program) {
  SchemaBuilder(program).run();
}

}  // namespace rescind::checking
