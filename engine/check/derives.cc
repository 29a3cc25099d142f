// `derive`: events that follow from others.
#include <utility>

#include "check/selections.h"

namespace rescind::checking {
namespace {

// A derive with the texts that order it: it has no name, and its place in the text must not matter.
struct Candidate {
  CheckedDerive derive;
  std::string event;
  std::string entity;
  std::string meaning;
};

class DeriveChecker {
 public:
  DeriveChecker(Program& program, Expressions& expressions)
      : program_(program), expressions_(expressions) {}

  std::optional<Candidate> check(const Module& module, const Found<ast::Derive>& found) {
    const ast::Derive& written = *found.ast;
    Candidate candidate;
    CheckedDerive& derive = candidate.derive;
    derive.declared = {module.name, "", found.doc, found.span};
    bool complete = true;
    derive.on = resolve_events(program_, written.on, complete);

    const bool about_identity = written.entity.text == "identity";
    derive.for_identity = about_identity;
    if (!about_identity) {
      derive.kinds = resolve_kinds(program_, {written.entity});
    }
    const bool for_something = about_identity || !derive.kinds.empty();
    const bool raises = for_something && check_raised(written, derive, about_identity);

    Scope scope;
    scope.place = "a derive";
    scope.module = &module;
    scope.event = true;
    scope.any_event = !complete;
    scope.events = derive.on;
    enter(written, derive, scope);
    bool sound = true;
    derive.where = checked_condition(expressions_, written.where, scope, sound).id;
    if (!raises || !sound || !complete) {
      return std::nullopt;
    }
    candidate.event = written.event.text;
    candidate.entity = written.entity.text;
    candidate.meaning = print_checked(program_.arena, derive.where);
    for (const std::uint32_t event : derive.on) {
      candidate.meaning += " " + program_.schema.events[event].name;
    }
    return candidate;
  }

 private:
  bool check_raised(const ast::Derive& written, CheckedDerive& derive, bool about_identity) {
    const auto found = program_.events.find(written.event.text);
    if (found == program_.events.end()) {
      suggest(program_.report.error(Code::R0204, written.event.span,
                                    "unknown event `" + written.event.text + "`", "not an event"),
              written.event.text, program_.event_names());
      return false;
    }
    derive.event = found->second;
    const EventType& event = program_.schema.events[found->second];
    const EventAbout wanted = about_identity ? EventAbout::Identity : EventAbout::Item;
    if (event.about != wanted) {
      program_.report.error(Code::R0414, written.event.span,
                            "event `" + event.name + "` is about " +
                                std::string(about_article(event.about)) +
                                std::string(about_name(event.about)) +
                                " and cannot be derived for " + written.entity.text,
                            "of another sort");
      return false;
    }
    for (const Attribute& attribute : event.attributes) {
      if (attribute.required) {
        program_.report
            .error(Code::R0414, written.event.span,
                   "event `" + event.name + "` cannot be derived: nothing gives its attribute `" +
                       attribute.name + "`",
                   "has an attribute that must be given")
            .help.emplace_back("give the attribute a default or make it optional");
        return false;
      }
    }
    return true;
  }

  static std::string_view about_article(EventAbout about) {
    return about == EventAbout::System ? "a " : "an ";
  }

  void enter(const ast::Derive& written, const CheckedDerive& derive, Scope& scope) {
    if (!derive.for_identity) {
      ast::Selection selection;
      selection.kinds = {written.entity};
      selection.alias = written.alias;
      enter_item(expressions_, scope, selection, derive.kinds);
      return;
    }
    const ast::Name& name = written.alias ? *written.alias : written.entity;
    hides_visible_name(expressions_, scope, name);
    Local identity;
    identity.name = name.text;
    identity.type = simple_type(TypeKind::Identity);
    identity.key = kItemKey;
    scope.locals.push_back(std::move(identity));
  }

  Program& program_;
  Expressions& expressions_;
};

}  // namespace

void check_derives(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  DeriveChecker checker(program, expressions);
  std::vector<Candidate> candidates;
  for (const auto& [name, module] : program.modules) {
    for (const Found<ast::Derive>& found : module->derives) {
      if (std::optional<Candidate> candidate = checker.check(*module, found)) {
        candidates.push_back(*std::move(candidate));
      }
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     return std::tie(a.event, a.entity, a.derive.declared.module, a.meaning) <
                            std::tie(b.event, b.entity, b.derive.declared.module, b.meaning);
                   });
  std::map<std::string, int> ordinals;
  for (Candidate& candidate : candidates) {
    Declared& declared = candidate.derive.declared;
    declared.name = "derive " + candidate.event + " for " + candidate.entity;
    declared.name += " #" + std::to_string(++ordinals[declared.qualified()]);
    policy.derives.push_back(std::move(candidate.derive));
  }
}

}  // namespace rescind::checking
