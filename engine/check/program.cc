// What the parts of the checker share while they work on one program.
#include "check/program.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace rescind::checking {

bool Reporter::is_new(Code code, Span span) {
  return !span.file.valid() || reported_.emplace(code, span).second;
}

Diagnostic& Reporter::error(Code code, Span span, std::string message, std::string label) {
  has_errors_ = true;
  if (!is_new(code, span)) {
    scratch_ = Diagnostic{};
    return scratch_;
  }
  return diagnostics_.error(code, span, std::move(message), std::move(label));
}

Diagnostic& Reporter::warning(Code code, Span span, std::string message, std::string label) {
  if (!is_new(code, span)) {
    scratch_ = Diagnostic{};
    return scratch_;
  }
  return diagnostics_.warning(code, span, std::move(message), std::move(label));
}

void Reporter::never_holds(Span span, std::string message) {
  if (reported_.count({Code::R0319, span}) == 0) {
    warning(Code::R0406, span, std::move(message), "this is always false");
  }
}

void suggest(Diagnostic& diagnostic, std::string_view name,
             const std::vector<std::string>& candidates) {
  if (const std::optional<std::string> nearest = nearest_name(name, candidates)) {
    diagnostic.help.emplace_back("did you mean `" + *nearest + "`?");
  }
}

Program::Program(std::vector<ast::PolicyFile> parsed, std::shared_ptr<const SourceSet> set,
                 const CheckOptions& check_options, Diagnostics& diagnostics)
    : files(std::move(parsed)),
      sources(std::move(set)),
      options(check_options),
      report(diagnostics),
      schema(builtin_schema()) {}

bool Program::is_system(const std::string& name) const {
  return std::binary_search(schema.systems.begin(), schema.systems.end(), name);
}

bool Program::is_team(const std::string& name) const {
  return std::binary_search(schema.teams.begin(), schema.teams.end(), name);
}

std::vector<std::string> Program::event_names() const {
  std::vector<std::string> names;
  names.reserve(schema.events.size());
  for (const EventType& event : schema.events) {
    names.push_back(event.name);
  }
  return names;
}

std::uint16_t Program::enum_id(std::string_view name) const {
  const std::optional<std::uint16_t> id = schema.find_enum(name);
  RESCIND_CHECK(id.has_value(), "an enum of the language is missing");
  return id.value_or(0);
}

std::string Program::source_text(Span span, const std::map<Span, std::string>& instead) const {
  if (!sources || !span.file.valid()) {
    return {};
  }
  std::string written;
  Span rest = span;
  for (const auto& [place, words] : instead) {
    written += sources->text({span.file, rest.begin, place.begin});
    written += words;
    rest.begin = place.end;
  }
  written += sources->text(rest);
  std::string text;
  bool in_space = false;
  for (const char c : written) {
    const bool is_space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!is_space) {
      if (in_space && !text.empty()) {
        text += ' ';
      }
      text += c;
    }
    in_space = is_space;
  }
  return text;
}

std::vector<std::string> kind_words() {
  std::vector<std::string> words = {"credential", "entitlement"};
  for (std::size_t i = 0; i < kKindCount; ++i) {
    words.emplace_back(kind_name(static_cast<Kind>(i)));
  }
  return words;
}

std::vector<std::string> verb_words() {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    words.emplace_back(verb_name(static_cast<Verb>(i)));
  }
  return words;
}

}  // namespace rescind::checking
